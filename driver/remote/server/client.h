// SPDX-License-Identifier: Apache-2.0
// One client: greeting, then requests, each checked before the engine does it.
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "engine.h"
#include "socket.h"
#include "token.h"

// What all clients are served with; not changed while there are any.
typedef struct client_rules {
    engine *engine;
    token secret;
    wire_welcome welcome; // but for the proof
    uint32_t max_clients, max_buffers, idle_ms;
    void (*log)(void *context, uint32_t client, const char *format, ...) __attribute__((format(printf, 3, 4)));
    bool (*enter)(void *context, uint32_t client); // after the greeting: false when the device has as many clients as it may
    void (*leave)(void *context, uint32_t client);
    void *context;
} client_rules;

// Serves the connection until it ends. fd stays open; the caller closes it.
void client_serve(const client_rules *rules, uint32_t number, int fd);

#endif
