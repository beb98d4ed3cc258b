// SPDX-License-Identifier: Apache-2.0
// The secret that client and server share. It never crosses the wire: each side proves that it has it by an HMAC-SHA256 over
// random numbers of both (driver/remote/PROTOCOL.md, "Greeting").
#ifndef DRIVER_REMOTE_TOKEN_H
#define DRIVER_REMOTE_TOKEN_H

#include <stdbool.h>

#include "wire.h"

enum { TOKEN_LEAST_BYTES = 16, TOKEN_MOST_BYTES = 512 };

typedef struct token {
    size_t size; // 0: none
    uint8_t bytes[TOKEN_MOST_BYTES];
} token;

// From the file, or else from the environment variable TESSERA_TOKEN, or else none. White space at the end does not count.
// Refuses a file that others than its owner may read.
tsr_status token_load(const char *file, token *out);
void token_wipe(token *t);

tsr_status token_nonce(uint8_t out[WIRE_NONCE_BYTES]);

typedef enum token_side { TOKEN_CLIENT, TOKEN_SERVER } token_side;
// body: what else the proof vouches for.
void token_prove(const token *t, token_side side, const uint8_t client_nonce[WIRE_NONCE_BYTES],
                 const uint8_t server_nonce[WIRE_NONCE_BYTES], const uint8_t *body, size_t body_size,
                 uint8_t out[WIRE_PROOF_BYTES]);
bool token_same(const uint8_t a[WIRE_PROOF_BYTES], const uint8_t b[WIRE_PROOF_BYTES]); // in constant time

#endif
