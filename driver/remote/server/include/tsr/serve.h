// SPDX-License-Identifier: Apache-2.0
// Lends a device to clients over TCP; they open it as remote:HOST:PORT (driver/remote/PROTOCOL.md).
//
// Several clients share the device: each has buffers of its own, and their runs take turns, first come, first served. One
// thread calls the device; each client has a thread that reads and checks what it sends.
#ifndef TSR_SERVE_H
#define TSR_SERVE_H

#include <stdint.h>

#include "tsr/status.h"

#define TSR_SERVE_LISTEN "127.0.0.1:7433"
enum {
    TSR_SERVE_CLIENTS = 8,
    TSR_SERVE_BUFFERS = 1024,
    TSR_SERVE_MEMORY_MIB = 1024,
    TSR_SERVE_IDLE_S = 600,
    TSR_SERVE_RUN_S = 3600,
};

typedef struct tsr_serve_options {
    const char *device;     // a device name, as for tsr_device_open
    const char *listen;     // "HOST:PORT"; port 0 takes a free one. NULL = TSR_SERVE_LISTEN
    const char *token_file; // NULL: the environment variable TESSERA_TOKEN, or no token
    // 0 = the defaults above.
    uint32_t max_clients;
    uint32_t max_buffers; // of one client
    uint32_t memory_mib;  // of all buffers together, and of records of instructions on their way
    uint32_t idle_s;      // a client that asks for nothing for so long is sent away
    uint32_t run_s;       // a run that takes longer ends with TSR_TIMEOUT
    int stop_fd;          // the server stops when this can be read
    void (*on_listen)(void *context, const char *address); // what clients can connect to
    void (*on_line)(void *context, const char *line);      // a line of the log, from any thread, one at a time
    void *context;
} tsr_serve_options;

// Serves until stop_fd can be read; then ends the run under way, sends the clients away and closes the device. Refuses an
// address that other computers can reach when there is no token.
tsr_status tsr_serve(const tsr_serve_options *options);

#endif
