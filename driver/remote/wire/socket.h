// SPDX-License-Identifier: Apache-2.0
// Messages over TCP. All sockets are non-blocking; every function ends by its own time limit. None raises SIGPIPE.
#ifndef DRIVER_REMOTE_SOCKET_H
#define DRIVER_REMOTE_SOCKET_H

#include <stdbool.h>

#include "wire.h"

enum { ADDRESS_BYTES = 300 };

// "HOST:PORT", "HOST", "[IPV6]:PORT", "[IPV6]", ":PORT"; the port may be left out (7433). HOST may be empty: the caller decides.
typedef struct socket_address {
    char host[256], port[8];
} socket_address;
tsr_status socket_parse(const char *text, size_t length, socket_address *out);

// Tries every address that the name has. shown: "127.0.0.1:7433", what it was.
tsr_status socket_connect(const socket_address *address, uint32_t timeout_ms, int *out_fd);
// port 0 takes a free one. out_shown is what one can connect to; out_loopback: only this computer can.
tsr_status socket_listen(const socket_address *address, int *out_fd, char out_shown[ADDRESS_BYTES], bool *out_loopback);
// A connection that has come in, ready for use; -1 when there is none after all.
int socket_accept(int listener, char out_peer[ADDRESS_BYTES]);

typedef enum socket_end {
    SOCKET_OK,
    SOCKET_CLOSED,  // by the other side, between two messages
    SOCKET_SILENT,  // nothing came within first_ms
    SOCKET_SLOW,    // a message was begun and not finished within message_ms
    SOCKET_BROKEN,  // closed within a message, or an error of the network
    SOCKET_CORRUPT, // no message of this protocol, or one that is too large
} socket_end;

typedef struct socket_message {
    uint32_t type, size;
    uint8_t *data; // capacity bytes, the owner's
    size_t capacity;
    tsr_status why; // when the end is not SOCKET_OK
} socket_message;

// Waits for a message: its first byte within first_ms, the rest within message_ms.
socket_end socket_receive(int fd, uint32_t first_ms, uint32_t message_ms, socket_message *message);
// The payload is head and then body; body may be NULL. `why` as above.
socket_end socket_send(int fd, uint32_t timeout_ms, uint32_t type, const void *head, size_t head_size, const void *body,
                       size_t body_size, tsr_status *why);
bool socket_gone(int fd); // the other side has closed or reset the connection

#endif
