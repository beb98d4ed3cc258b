// SPDX-License-Identifier: Apache-2.0
// A conversation of the remote protocol, either side's messages one after another.
#include <stdlib.h>
#include <string.h>

#include "targets.h"
#include "wire.h"

// Decodes the payload and, where it was accepted, encodes it again: the bytes must be the same.
static tsr_status decode(uint32_t type, const uint8_t *in, size_t size, uint8_t *again, size_t *out_size) {
    *out_size = size; // for messages that are not compared
    memcpy(again, in, size);
    uint32_t number32, count;
    uint64_t number64;
    const uint8_t *proof;
    switch (type) {
    case WIRE_HELLO: {
        wire_hello m;
        TSR_TRY(wire_get_hello(in, size, &m));
        *out_size = wire_put_hello(again, &m);
        break;
    }
    case WIRE_CHALLENGE: {
        wire_challenge m;
        TSR_TRY(wire_get_challenge(in, size, &m));
        *out_size = wire_put_challenge(again, &m);
        break;
    }
    case WIRE_PROOF: return wire_get_proof(in, size, &proof);
    case WIRE_WELCOME: { // its configuration's text can be written in several ways
        wire_welcome m, second;
        TSR_TRY(wire_get_welcome(in, size, &m));
        uint8_t text[WIRE_MAX_GREETING];
        const size_t length = wire_put_welcome(text, &m);
        if (wire_get_welcome(text, length, &second).code != TSR_OK || tsr_config_id(&second.config) != tsr_config_id(&m.config))
            *out_size = 0;
        break;
    }
    case WIRE_FREE:
    case WIRE_ALLOCATED:
        TSR_TRY(wire_get_u32(in, size, &number32));
        *out_size = wire_put_u32(again, number32);
        break;
    case WIRE_ALLOC:
        TSR_TRY(wire_get_u64(in, size, &number64));
        *out_size = wire_put_u64(again, number64);
        break;
    case WIRE_WRITE: {
        wire_write m;
        TSR_TRY(wire_get_write(in, size, &m));
        const size_t head = wire_put_write(again, &m);
        memcpy(again + head, m.bytes, m.size);
        *out_size = head + m.size;
        break;
    }
    case WIRE_READ: {
        wire_read m;
        TSR_TRY(wire_get_read(in, size, &m));
        *out_size = wire_put_read(again, &m);
        break;
    }
    case WIRE_RUN: {
        wire_run m;
        TSR_TRY(wire_get_run(in, size, &m));
        *out_size = wire_put_run(again, &m);
        break;
    }
    case WIRE_RECORDS:
        TSR_TRY(wire_get_records(in, size, &count));
        for (uint32_t i = 0; i < count; i++) {
            tsr_insn_profile record;
            TSR_TRY(wire_get_record(in + (size_t)i * WIRE_RECORD_BYTES, &record));
            wire_put_record(again + (size_t)i * WIRE_RECORD_BYTES, &record);
        }
        break;
    case WIRE_RESULT: { // the text is made fit for a terminal
        wire_result m;
        TSR_TRY(wire_get_result(in, size, &m));
        uint8_t bytes[WIRE_STATUS_BYTES];
        if (wire_put_result(bytes, &m) < WIRE_RESULT_BYTES || memcmp(bytes + 4, in + 4, WIRE_RESULT_BYTES - 4) != 0)
            *out_size = 0;
        break;
    }
    case WIRE_ERROR: {
        wire_error m;
        TSR_TRY(wire_get_error(in, size, &m));
        for (const char *c = m.status.message; *c != '\0'; c++)
            if ((uint8_t)*c < 0x20 || *c == 0x7f)
                *out_size = 0;
        break;
    }
    default: return wire_get_nothing(size);
    }
    return tsr_ok();
}

const char *fuzz_remote(const uint8_t *data, size_t size) {
    *fuzz_phase = FUZZ_READING;
    while (size >= WIRE_HEADER_BYTES) {
        wire_header header;
        tsr_status status = wire_get_header(data, WIRE_MAX_PAYLOAD, &header);
        data += WIRE_HEADER_BYTES;
        size -= WIRE_HEADER_BYTES;
        if (status.code != TSR_OK)
            return status.code == TSR_CORRUPT && status.message[0] != '\0' ? NULL : fuzz_complain("a header", status);
        // A payload that ends early is decoded all the same, from memory of its own size.
        const size_t length = header.size < size ? header.size : size;
        uint8_t *payload = malloc(length + (length == 0)), *again = malloc(length + WIRE_STATUS_BYTES + WIRE_MAX_GREETING);
        if (payload == NULL || again == NULL)
            abort();
        memcpy(payload, data, length);
        size_t again_size;
        status = decode(header.type, payload, length, again, &again_size);
        const bool same = again_size == length && memcmp(again, payload, length) == 0;
        free(payload);
        free(again);
        if (status.code == TSR_OK && !same)
            return fuzz_complain("a message changes when it is written again", status);
        if (status.code != TSR_OK && (status.code == TSR_INTERNAL || status.message[0] == '\0'))
            return fuzz_complain("a message is refused without saying why", status);
        data += length;
        size -= length;
    }
    return NULL;
}
