// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <assert.h>
#include <string.h>

static const char magic[8] = {'T', 'S', 'R', 'R', 'E', 'M', 'O', 'T'};

// Codes cross the wire as these numbers (PROTOCOL.md, "Codes").
static_assert(TSR_OK == 0 && TSR_INVALID_ARGUMENT == 1 && TSR_NOT_FOUND == 2 && TSR_CORRUPT == 3 && TSR_UNSUPPORTED == 4 &&
                  TSR_MISMATCH == 5 && TSR_OUT_OF_RANGE == 6 && TSR_OUT_OF_MEMORY == 7 && TSR_IO == 8 && TSR_TIMEOUT == 9 &&
                  TSR_DEVICE_FAULT == 10 && TSR_INTERNAL == 11,
              "a change of these numbers is a change of the protocol");

const char *wire_type_name(uint32_t type) {
    switch (type) {
    case WIRE_HELLO: return "HELLO";
    case WIRE_PROOF: return "PROOF";
    case WIRE_ALLOC: return "ALLOC";
    case WIRE_FREE: return "FREE";
    case WIRE_WRITE: return "WRITE";
    case WIRE_READ: return "READ";
    case WIRE_RUN: return "RUN";
    case WIRE_BYE: return "BYE";
    case WIRE_CHALLENGE: return "CHALLENGE";
    case WIRE_WELCOME: return "WELCOME";
    case WIRE_ALLOCATED: return "ALLOCATED";
    case WIRE_DONE: return "DONE";
    case WIRE_DATA: return "DATA";
    case WIRE_RECORDS: return "RECORDS";
    case WIRE_RESULT: return "RESULT";
    case WIRE_BUSY: return "BUSY";
    case WIRE_ERROR: return "ERROR";
    default: return "?";
    }
}

// ---- numbers --------------------------------------------------------------------------------------------------------

typedef struct cursor {
    uint8_t *to;
} cursor;

static void put(cursor *c, const void *bytes, size_t size) {
    memcpy(c->to, bytes, size);
    c->to += size;
}

static void put_number(cursor *c, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        *c->to++ = (uint8_t)(value >> (8 * i));
}
static void put32(cursor *c, uint32_t value) { put_number(c, value, 4); }
static void put64(cursor *c, uint64_t value) { put_number(c, value, 8); }

typedef struct reader {
    const uint8_t *at;
} reader;

static uint64_t get_number(reader *r, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)*r->at++ << (8 * i);
    return value;
}
static uint32_t get32(reader *r) { return (uint32_t)get_number(r, 4); }
static uint64_t get64(reader *r) { return get_number(r, 8); }
static void get(reader *r, void *out, size_t size) {
    memcpy(out, r->at, size);
    r->at += size;
}

static tsr_status exactly(size_t size, size_t wanted) {
    return size == wanted ? tsr_ok() : tsr_error(TSR_CORRUPT, "a message of %zu bytes instead of %zu", size, wanted);
}
static tsr_status at_least(size_t size, size_t wanted, size_t most) {
    return size >= wanted && size <= most
               ? tsr_ok()
               : tsr_error(TSR_CORRUPT, "a message of %zu bytes instead of %zu to %zu", size, wanted, most);
}

// ---- header ---------------------------------------------------------------------------------------------------------

void wire_put_header(uint8_t out[WIRE_HEADER_BYTES], uint32_t type, size_t size) {
    cursor c = {out};
    put32(&c, (uint32_t)size);
    put_number(&c, type, 2);
    put_number(&c, 0, 2);
}

tsr_status wire_get_header(const uint8_t in[WIRE_HEADER_BYTES], size_t limit, wire_header *out) {
    reader r = {in};
    out->size = get32(&r);
    out->type = (uint16_t)get_number(&r, 2);
    out->zero = (uint16_t)get_number(&r, 2);
    if (out->zero != 0 || wire_type_name(out->type)[0] == '?')
        return tsr_error(TSR_CORRUPT, "no message of Tessera's remote protocol (type %u)", out->type);
    if (out->size > limit)
        return tsr_error(TSR_CORRUPT, "a message %s of %u bytes; at most %zu are taken here", wire_type_name(out->type),
                         out->size, limit);
    return tsr_ok();
}

// ---- greeting -------------------------------------------------------------------------------------------------------

size_t wire_put_hello(uint8_t *out, const wire_hello *hello) {
    cursor c = {out};
    put(&c, magic, sizeof magic);
    put32(&c, hello->version);
    put(&c, hello->nonce, sizeof hello->nonce);
    return WIRE_HELLO_BYTES;
}

// The version is read before the size is checked, so that another version is told so.
tsr_status wire_get_hello(const uint8_t *in, size_t size, wire_hello *out) {
    memset(out, 0, sizeof *out);
    if (size < sizeof magic + 4 || memcmp(in, magic, sizeof magic) != 0)
        return tsr_error(TSR_CORRUPT, "the client does not speak Tessera's remote protocol");
    reader r = {in + sizeof magic};
    out->version = get32(&r);
    if (out->version != WIRE_VERSION)
        return tsr_error(TSR_MISMATCH,
                         "the client speaks version %u of the remote protocol, the server version %d; use the same "
                         "release of Tessera on both sides",
                         out->version, WIRE_VERSION);
    TSR_TRY(exactly(size, WIRE_HELLO_BYTES));
    get(&r, out->nonce, sizeof out->nonce);
    return tsr_ok();
}

size_t wire_put_challenge(uint8_t *out, const wire_challenge *challenge) {
    cursor c = {out};
    put32(&c, challenge->version);
    put32(&c, challenge->token_wanted);
    put(&c, challenge->nonce, sizeof challenge->nonce);
    return WIRE_CHALLENGE_BYTES;
}

tsr_status wire_get_challenge(const uint8_t *in, size_t size, wire_challenge *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(exactly(size, WIRE_CHALLENGE_BYTES));
    reader r = {in};
    out->version = get32(&r);
    out->token_wanted = get32(&r);
    get(&r, out->nonce, sizeof out->nonce);
    if (out->version != WIRE_VERSION || out->token_wanted > 1)
        return tsr_error(TSR_CORRUPT, "a CHALLENGE with version %u and token %u", out->version, out->token_wanted);
    return tsr_ok();
}

tsr_status wire_get_proof(const uint8_t *in, size_t size, const uint8_t **out_proof) {
    *out_proof = in;
    return exactly(size, WIRE_PROOF_BYTES);
}

enum { WELCOME_FIXED_BYTES = WIRE_PROOF_BYTES + 8 + 3 * 4 + 8 + 16 + 4, FLAG_CYCLES = 1, FLAG_RECORDS = 2 };
static_assert(WELCOME_FIXED_BYTES + TSR_CONFIG_TEXT_BYTES <= WIRE_MAX_GREETING, "WELCOME fits the limit");

size_t wire_put_welcome(uint8_t out[WIRE_MAX_GREETING], const wire_welcome *w) {
    cursor c = {out};
    const bool accelerator = w->config.batch != 0;
    put(&c, w->proof, sizeof w->proof);
    put64(&c, accelerator ? tsr_config_id(&w->config) : 0);
    put32(&c, w->isa_version);
    put32(&c, (w->cycle_accurate ? FLAG_CYCLES : 0U) | (w->records ? FLAG_RECORDS : 0U));
    put32(&c, w->max_buffers);
    put64(&c, w->max_buffer_bytes);
    put(&c, w->driver, sizeof w->driver);
    char text[TSR_CONFIG_TEXT_BYTES];
    const size_t length = accelerator ? tsr_config_print(&w->config, text, sizeof text) : 0;
    put32(&c, (uint32_t)length);
    put(&c, text, length);
    return (size_t)(c.to - out);
}

tsr_status wire_get_welcome(const uint8_t *in, size_t size, wire_welcome *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(at_least(size, WELCOME_FIXED_BYTES, WIRE_MAX_GREETING));
    reader r = {in};
    get(&r, out->proof, sizeof out->proof);
    const uint64_t id = get64(&r);
    out->isa_version = get32(&r);
    const uint32_t flags = get32(&r);
    out->cycle_accurate = (flags & FLAG_CYCLES) != 0;
    out->records = (flags & FLAG_RECORDS) != 0;
    out->max_buffers = get32(&r);
    out->max_buffer_bytes = get64(&r);
    get(&r, out->driver, sizeof out->driver);
    const uint32_t length = get32(&r);
    TSR_TRY(exactly(size, WELCOME_FIXED_BYTES + (size_t)length));
    if ((flags & ~(uint32_t)(FLAG_CYCLES | FLAG_RECORDS)) != 0 || out->driver[sizeof out->driver - 1] != '\0')
        return tsr_error(TSR_CORRUPT, "a WELCOME that breaks the protocol's rules");
    if (length == 0)
        return id == 0 ? tsr_ok() : tsr_error(TSR_CORRUPT, "a WELCOME with an identity and no configuration");
    TSR_TRY(tsr_config_parse((const char *)r.at, length, "the server's configuration", &out->config));
    if (tsr_config_id(&out->config) != id)
        return tsr_error(TSR_CORRUPT, "the server's configuration %s does not have the identity that it names", out->config.name);
    return tsr_ok();
}

// ---- requests -------------------------------------------------------------------------------------------------------

size_t wire_put_u32(uint8_t *out, uint32_t value) {
    cursor c = {out};
    put32(&c, value);
    return 4;
}

size_t wire_put_u64(uint8_t *out, uint64_t value) {
    cursor c = {out};
    put64(&c, value);
    return 8;
}

tsr_status wire_get_u32(const uint8_t *in, size_t size, uint32_t *out) {
    *out = 0;
    TSR_TRY(exactly(size, 4));
    *out = get32(&(reader){in});
    return tsr_ok();
}

tsr_status wire_get_u64(const uint8_t *in, size_t size, uint64_t *out) {
    *out = 0;
    TSR_TRY(exactly(size, 8));
    *out = get64(&(reader){in});
    return tsr_ok();
}

size_t wire_put_write(uint8_t *out, const wire_write *write) {
    cursor c = {out};
    put32(&c, write->buffer);
    put32(&c, 0);
    put64(&c, write->offset);
    return WIRE_WRITE_BYTES;
}

tsr_status wire_get_write(const uint8_t *in, size_t size, wire_write *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(at_least(size, WIRE_WRITE_BYTES + 1, WIRE_WRITE_BYTES + WIRE_CHUNK_BYTES));
    reader r = {in};
    out->buffer = get32(&r);
    if (get32(&r) != 0)
        return tsr_error(TSR_CORRUPT, "a WRITE with a reserved field set");
    out->offset = get64(&r);
    out->bytes = r.at;
    out->size = (uint32_t)(size - WIRE_WRITE_BYTES);
    return tsr_ok();
}

size_t wire_put_read(uint8_t *out, const wire_read *read) {
    cursor c = {out};
    put32(&c, read->buffer);
    put32(&c, read->size);
    put64(&c, read->offset);
    return WIRE_READ_BYTES;
}

tsr_status wire_get_read(const uint8_t *in, size_t size, wire_read *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(exactly(size, WIRE_READ_BYTES));
    reader r = {in};
    out->buffer = get32(&r);
    out->size = get32(&r);
    out->offset = get64(&r);
    if (out->size == 0 || out->size > WIRE_CHUNK_BYTES)
        return tsr_error(TSR_CORRUPT, "a READ of %u bytes; 1 to %d are allowed", out->size, WIRE_CHUNK_BYTES);
    return tsr_ok();
}

size_t wire_put_run(uint8_t *out, const wire_run *run) {
    cursor c = {out};
    for (int s = 0; s < TSR_SEGMENTS; s++)
        put32(&c, run->segment[s]);
    put32(&c, run->insn_offset);
    put32(&c, run->insn_count);
    put32(&c, run->timeout_ms);
    put32(&c, run->records ? 1 : 0);
    return WIRE_RUN_BYTES;
}

tsr_status wire_get_run(const uint8_t *in, size_t size, wire_run *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(exactly(size, WIRE_RUN_BYTES));
    reader r = {in};
    for (int s = 0; s < TSR_SEGMENTS; s++)
        out->segment[s] = get32(&r);
    out->insn_offset = get32(&r);
    out->insn_count = get32(&r);
    out->timeout_ms = get32(&r);
    const uint32_t flags = get32(&r);
    out->records = flags == 1;
    return flags <= 1 ? tsr_ok() : tsr_error(TSR_CORRUPT, "a RUN with unknown flags");
}

// ---- answers --------------------------------------------------------------------------------------------------------

static void put_unit(cursor *c, const tsr_unit_profile *u) {
    put64(c, u->busy);
    put64(c, u->stall_token);
    put64(c, u->stall_memory);
    put64(c, u->stall_queue);
    put64(c, u->stall_bank);
    put64(c, u->insns);
}

static void get_unit(reader *r, tsr_unit_profile *u) {
    u->busy = get64(r);
    u->stall_token = get64(r);
    u->stall_memory = get64(r);
    u->stall_queue = get64(r);
    u->stall_bank = get64(r);
    u->insns = get64(r);
}

size_t wire_put_record(uint8_t *out, const tsr_insn_profile *record) {
    cursor c = {out};
    put32(&c, record->index);
    put32(&c, record->unit);
    put64(&c, record->begin);
    put64(&c, record->end);
    put_unit(&c, &record->counters);
    return WIRE_RECORD_BYTES;
}

tsr_status wire_get_records(const uint8_t *in, size_t size, uint32_t *out_count) {
    (void)in;
    *out_count = (uint32_t)(size / WIRE_RECORD_BYTES);
    if (size == 0 || size % WIRE_RECORD_BYTES != 0 || size / WIRE_RECORD_BYTES > WIRE_RECORDS_MAX)
        return tsr_error(TSR_CORRUPT, "RECORDS of %zu bytes", size);
    return tsr_ok();
}

tsr_status wire_get_record(const uint8_t in[WIRE_RECORD_BYTES], tsr_insn_profile *out) {
    reader r = {in};
    out->index = get32(&r);
    out->unit = get32(&r);
    out->begin = get64(&r);
    out->end = get64(&r);
    get_unit(&r, &out->counters);
    return out->unit < TSR_UNITS ? tsr_ok() : tsr_error(TSR_CORRUPT, "a record of unit %u", out->unit);
}

// A message from elsewhere goes to somebody's terminal.
static tsr_status get_status(uint32_t code, const uint8_t *text, size_t length) {
    tsr_status status = {.code = code <= TSR_INTERNAL ? (tsr_code)code : TSR_IO};
    if (length > sizeof status.message - 1)
        length = sizeof status.message - 1;
    for (size_t i = 0; i < length; i++)
        status.message[i] = text[i] < 0x20 || text[i] == 0x7f ? '?' : (char)text[i];
    status.message[length] = '\0';
    return status;
}

size_t wire_put_result(uint8_t out[WIRE_STATUS_BYTES], const wire_result *result) {
    cursor c = {out};
    const tsr_profile *p = &result->profile;
    put32(&c, (uint32_t)result->status.code);
    put32(&c, result->fault.code);
    put32(&c, result->fault.unit);
    put32(&c, result->fault.insn_index);
    put64(&c, p->cycles);
    put64(&c, p->insns);
    put64(&c, p->bytes_read);
    put64(&c, p->bytes_written);
    put64(&c, p->gemm_uops);
    put64(&c, p->alu_uops);
    for (int u = 0; u < TSR_UNITS; u++)
        put_unit(&c, &p->unit[u]);
    put(&c, result->status.message, strlen(result->status.message));
    return (size_t)(c.to - out);
}

tsr_status wire_get_result(const uint8_t *in, size_t size, wire_result *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(at_least(size, WIRE_RESULT_BYTES, WIRE_STATUS_BYTES));
    reader r = {in};
    const uint32_t code = get32(&r);
    out->fault = (tsr_fault){.code = get32(&r)};
    out->fault.unit = get32(&r);
    out->fault.insn_index = get32(&r);
    tsr_profile *p = &out->profile;
    p->cycles = get64(&r);
    p->insns = get64(&r);
    p->bytes_read = get64(&r);
    p->bytes_written = get64(&r);
    p->gemm_uops = get64(&r);
    p->alu_uops = get64(&r);
    for (int u = 0; u < TSR_UNITS; u++)
        get_unit(&r, &p->unit[u]);
    out->status = get_status(code, r.at, size - WIRE_RESULT_BYTES);
    return tsr_ok();
}

size_t wire_put_error(uint8_t out[WIRE_STATUS_BYTES], const wire_error *error) {
    cursor c = {out};
    put32(&c, (uint32_t)error->status.code);
    put32(&c, error->fatal ? 1 : 0);
    put(&c, error->status.message, strlen(error->status.message));
    return (size_t)(c.to - out);
}

tsr_status wire_get_error(const uint8_t *in, size_t size, wire_error *out) {
    memset(out, 0, sizeof *out);
    TSR_TRY(at_least(size, 8, 8 + TSR_MESSAGE_BYTES));
    reader r = {in};
    const uint32_t code = get32(&r), fatal = get32(&r);
    out->fatal = fatal != 0;
    out->status = get_status(code, r.at, size - 8);
    if (code == TSR_OK || fatal > 1)
        return tsr_error(TSR_CORRUPT, "an ERROR that breaks the protocol's rules");
    return tsr_ok();
}

tsr_status wire_get_nothing(size_t size) { return exactly(size, 0); }
