// SPDX-License-Identifier: Apache-2.0
// The messages between a remote device and its server, as bytes: driver/remote/PROTOCOL.md in C. Nothing here touches a socket.
// Decoders take any bytes; TSR_CORRUPT says what is wrong with them.
#ifndef DRIVER_REMOTE_WIRE_H
#define DRIVER_REMOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/driver.h"

enum {
    WIRE_VERSION = 1,
    WIRE_HEADER_BYTES = 8,
    WIRE_CHUNK_BYTES = 1 << 20,           // most bytes of a buffer in one message
    WIRE_MAX_PAYLOAD = (1 << 20) + 64,    // of any message
    WIRE_MAX_GREETING = 2048,             // of any message before WELCOME, and of WELCOME
    WIRE_NONCE_BYTES = 32,
    WIRE_PROOF_BYTES = 32,
    WIRE_RECORD_BYTES = 72,
    WIRE_RECORDS_MAX = 4096, // in one message
    WIRE_DEFAULT_PORT = 7433,
};
#define WIRE_NO_BUFFER UINT32_MAX

typedef enum wire_type {
    WIRE_HELLO = 1,
    WIRE_PROOF = 2,
    WIRE_ALLOC = 16,
    WIRE_FREE = 17,
    WIRE_WRITE = 18,
    WIRE_READ = 19,
    WIRE_RUN = 20,
    WIRE_BYE = 21,
    WIRE_CHALLENGE = 129,
    WIRE_WELCOME = 130,
    WIRE_ALLOCATED = 144,
    WIRE_DONE = 145,
    WIRE_DATA = 146,
    WIRE_RECORDS = 147,
    WIRE_RESULT = 148,
    WIRE_BUSY = 149,
    WIRE_ERROR = 150,
} wire_type;
const char *wire_type_name(uint32_t type); // "RUN"; "?" for a number without a name

typedef struct wire_header {
    uint32_t size; // of the payload that follows
    uint16_t type;
    uint16_t zero;
} wire_header;
void wire_put_header(uint8_t out[WIRE_HEADER_BYTES], uint32_t type, size_t size);
// limit: the largest payload that the reader takes in its state.
tsr_status wire_get_header(const uint8_t in[WIRE_HEADER_BYTES], size_t limit, wire_header *out);

typedef struct wire_hello {
    uint32_t version;
    uint8_t nonce[WIRE_NONCE_BYTES];
} wire_hello;
typedef struct wire_challenge {
    uint32_t version, token_wanted; // 0 or 1
    uint8_t nonce[WIRE_NONCE_BYTES];
} wire_challenge;
typedef struct wire_welcome {
    uint8_t proof[WIRE_PROOF_BYTES]; // zero when no token is in use
    bool cycle_accurate, records;    // records: the device can tell when instructions ran
    uint32_t isa_version, max_buffers;
    uint64_t max_buffer_bytes;
    char driver[16];   // behind the server
    tsr_config config; // all zero when the device has no accelerator
} wire_welcome;
typedef struct wire_write {
    uint32_t buffer;
    uint64_t offset;
    const uint8_t *bytes; // in the payload
    uint32_t size;
} wire_write;
typedef struct wire_read {
    uint32_t buffer, size;
    uint64_t offset;
} wire_read;
typedef struct wire_run {
    uint32_t segment[TSR_SEGMENTS]; // buffers; WIRE_NO_BUFFER = none
    uint32_t insn_offset, insn_count;
    uint32_t timeout_ms;
    bool records;
} wire_run;
typedef struct wire_result {
    tsr_status status;
    tsr_fault fault;
    tsr_profile profile;
} wire_result;
typedef struct wire_error {
    tsr_status status; // never TSR_OK
    bool fatal;        // the server closes the connection after it
} wire_error;

// Encoders write a payload and return its size; `out` has the room that the constant says.
enum {
    WIRE_HELLO_BYTES = 8 + 4 + WIRE_NONCE_BYTES,
    WIRE_CHALLENGE_BYTES = 8 + WIRE_NONCE_BYTES,
    WIRE_WRITE_BYTES = 16, // in front of the buffer's bytes
    WIRE_READ_BYTES = 16,
    WIRE_RUN_BYTES = 32,
    WIRE_COUNTERS = 6 + 6 * TSR_UNITS,
    WIRE_RESULT_BYTES = 16 + 8 * WIRE_COUNTERS,
    WIRE_STATUS_BYTES = WIRE_RESULT_BYTES + TSR_MESSAGE_BYTES, // room for RESULT and ERROR
};
size_t wire_put_hello(uint8_t *out, const wire_hello *hello);
size_t wire_put_challenge(uint8_t *out, const wire_challenge *challenge);
size_t wire_put_welcome(uint8_t out[WIRE_MAX_GREETING], const wire_welcome *welcome);
size_t wire_put_u32(uint8_t *out, uint32_t value); // FREE, ALLOCATED: a buffer
size_t wire_put_u64(uint8_t *out, uint64_t value); // ALLOC: bytes
size_t wire_put_write(uint8_t *out, const wire_write *write); // without the buffer's bytes
size_t wire_put_read(uint8_t *out, const wire_read *read);
size_t wire_put_run(uint8_t *out, const wire_run *run);
size_t wire_put_record(uint8_t *out, const tsr_insn_profile *record);
size_t wire_put_result(uint8_t out[WIRE_STATUS_BYTES], const wire_result *result);
size_t wire_put_error(uint8_t out[WIRE_STATUS_BYTES], const wire_error *error);

tsr_status wire_get_hello(const uint8_t *in, size_t size, wire_hello *out);
tsr_status wire_get_challenge(const uint8_t *in, size_t size, wire_challenge *out);
tsr_status wire_get_proof(const uint8_t *in, size_t size, const uint8_t **out_proof);
// Also checks the configuration's rules, and that it has the identity that the message names.
tsr_status wire_get_welcome(const uint8_t *in, size_t size, wire_welcome *out);
tsr_status wire_get_u32(const uint8_t *in, size_t size, uint32_t *out);
tsr_status wire_get_u64(const uint8_t *in, size_t size, uint64_t *out);
tsr_status wire_get_write(const uint8_t *in, size_t size, wire_write *out);
tsr_status wire_get_read(const uint8_t *in, size_t size, wire_read *out);
tsr_status wire_get_run(const uint8_t *in, size_t size, wire_run *out);
tsr_status wire_get_records(const uint8_t *in, size_t size, uint32_t *out_count);
tsr_status wire_get_record(const uint8_t in[WIRE_RECORD_BYTES], tsr_insn_profile *out);
tsr_status wire_get_result(const uint8_t *in, size_t size, wire_result *out);
tsr_status wire_get_error(const uint8_t *in, size_t size, wire_error *out);
tsr_status wire_get_nothing(size_t size); // BYE, DONE, BUSY

#endif
