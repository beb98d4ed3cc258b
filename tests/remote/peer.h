// SPDX-License-Identifier: Apache-2.0
// Both sides of the remote protocol for tests: `tessera serve` in a process of its own, raw connections to it, and servers that
// are none.
#ifndef TESTS_REMOTE_PEER_H
#define TESTS_REMOTE_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "socket.h"
#include "token.h"
#include "tsr/driver.h"

typedef struct serving {
    pid_t pid;
    int log;            // what it says on standard error
    char address[ADDRESS_BYTES];
    char device[400];   // "remote:ADDRESS"
} serving;

// Starts build/bin/tessera serve --listen 127.0.0.1:0 with the device and more arguments, NULL at the end. false: it did not come
// up; its exit code is in pid and its words in text.
bool serving_start(serving *s, char *text, size_t room, const char *device, ...) __attribute__((sentinel));
// Sends the signal; its exit code, or -1 when it does not end within ten seconds or dies of a signal.
int serving_stop(serving *s, int signal_number);
bool serving_says(serving *s, const char *text); // so far, in its log; reads what there is

// A raw connection, after `steps` of the greeting: 0 connected, 1 HELLO sent, 2 CHALLENGE taken, 3 PROOF sent, 4 WELCOME taken.
typedef struct raw {
    int fd;
    wire_hello hello;
    wire_challenge challenge;
    uint8_t proof[WIRE_PROOF_BYTES];
    socket_message in;
    uint8_t data[WIRE_MAX_PAYLOAD];
} raw;
bool raw_open(raw *r, const serving *s, int steps, const token *secret); // secret may be NULL
void raw_close(raw *r);
bool raw_send(raw *r, uint32_t type, const void *payload, size_t size);
bool raw_bytes(raw *r, const void *bytes, size_t size);
// The answer to come: its type, 0 when the server closes the connection or five seconds pass. BUSY is passed over.
uint32_t raw_answer(raw *r);
// The same; the code of an ERROR, TSR_OK for anything else.
tsr_code raw_error(raw *r, bool *out_fatal, char message[TSR_MESSAGE_BYTES]);
bool raw_closed(raw *r); // the server closes the connection within ten seconds

// A process that takes one connection at a time and sends it these bytes after HELLO, then after PROOF.
typedef struct pretender {
    pid_t pid;
    char device[100];
} pretender;
typedef struct pretence {
    const uint8_t *first, *second;
    size_t first_size, second_size;
    bool stay; // keep the connection open and silent, else close it
} pretence;
bool pretender_start(pretender *p, const pretence *what);
void pretender_stop(pretender *p);

double seconds_now(void);

#endif
