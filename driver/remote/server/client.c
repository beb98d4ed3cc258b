// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    GREETING_MS = 5000,  // for each message of the greeting
    MESSAGE_MS = 30000,  // for a message that has been begun
    SEND_MS = 30000,     // for a client to take an answer
    BUSY_TICKS = 8,      // a sign of life every 2 seconds
};

typedef struct client {
    const client_rules *rules;
    uint32_t number;
    int fd;
    bool over;      // dismissed, or gone: nothing is sent any more
    bool malformed; // the message at hand breaks the protocol's rules
    unsigned ticks;
    socket_message in;
    uint8_t *out; // WIRE_MAX_PAYLOAD bytes, for DATA and RECORDS
    tsr_buffer **buffers; // max_buffers places; NULL = free
    uint64_t runs, bytes_in, bytes_out;
} client;

#define LOG(c, ...) (c)->rules->log((c)->rules->context, (c)->number, __VA_ARGS__)

// ---- answers --------------------------------------------------------------------------------------------------------

static void answer(client *c, uint32_t type, const void *head, size_t head_size, const void *body, size_t body_size) {
    tsr_status why;
    if (!c->over && socket_send(c->fd, SEND_MS, type, head, head_size, body, body_size, &why) != SOCKET_OK) {
        LOG(c, "cannot be answered: %s", why.message);
        c->over = true;
    }
}

static void refuse(client *c, tsr_status status) {
    uint8_t bytes[WIRE_STATUS_BYTES];
    answer(c, WIRE_ERROR, bytes, wire_put_error(bytes, &(wire_error){status, false}), NULL, 0);
}

// An ERROR after which the connection ends.
static void dismiss(client *c, tsr_status status) {
    uint8_t bytes[WIRE_STATUS_BYTES];
    LOG(c, "sent away: %s", status.message);
    answer(c, WIRE_ERROR, bytes, wire_put_error(bytes, &(wire_error){status, true}), NULL, 0);
    c->over = true;
}

// ---- greeting -------------------------------------------------------------------------------------------------------

static bool receive_greeting(client *c, uint32_t type) {
    const socket_end how = socket_receive(c->fd, GREETING_MS, GREETING_MS, &c->in);
    if (how == SOCKET_OK && c->in.type == type)
        return true;
    if (how == SOCKET_OK)
        dismiss(c, tsr_error(TSR_CORRUPT, "%s where %s belongs", wire_type_name(c->in.type), wire_type_name(type)));
    else if (how == SOCKET_CLOSED || how == SOCKET_BROKEN)
        LOG(c, "left before the greeting was over: %s", c->in.why.message);
    else
        dismiss(c, c->in.why);
    return false;
}

static bool greet(client *c) {
    const client_rules *r = c->rules;
    wire_hello hello;
    if (!receive_greeting(c, WIRE_HELLO))
        return false;
    tsr_status status = wire_get_hello(c->in.data, c->in.size, &hello);
    wire_challenge challenge = {.version = WIRE_VERSION, .token_wanted = r->secret.size != 0};
    if (status.code == TSR_OK)
        status = token_nonce(challenge.nonce);
    if (status.code != TSR_OK)
        return dismiss(c, status), false;
    uint8_t bytes[WIRE_MAX_GREETING];
    answer(c, WIRE_CHALLENGE, bytes, wire_put_challenge(bytes, &challenge), NULL, 0);
    if (c->over || !receive_greeting(c, WIRE_PROOF))
        return false;
    const uint8_t *proof;
    status = wire_get_proof(c->in.data, c->in.size, &proof);
    if (status.code == TSR_OK && r->secret.size != 0) {
        uint8_t right[WIRE_PROOF_BYTES];
        token_prove(&r->secret, TOKEN_CLIENT, hello.nonce, challenge.nonce, NULL, 0, right);
        if (!token_same(right, proof))
            status = tsr_error(TSR_INVALID_ARGUMENT, "the token is not the server's");
    }
    if (status.code != TSR_OK)
        return dismiss(c, status), false;
    if (!r->enter(r->context, c->number))
        return dismiss(c, tsr_error(TSR_IO, "the server has %u clients already (--clients); try again later", r->max_clients)),
               false;
    const size_t size = wire_put_welcome(bytes, &r->welcome);
    if (r->secret.size != 0)
        token_prove(&r->secret, TOKEN_SERVER, hello.nonce, challenge.nonce, bytes + WIRE_PROOF_BYTES, size - WIRE_PROOF_BYTES,
                    bytes);
    answer(c, WIRE_WELCOME, bytes, size, NULL, 0);
    return true;
}

// ---- requests -------------------------------------------------------------------------------------------------------

// A message that cannot be understood ends the connection; one that asks for what cannot be is refused.
#define UNDERSTOOD(c, expr)                                                                                                      \
    do {                                                                                                                         \
        const tsr_status understood_ = (expr);                                                                                   \
        if (understood_.code != TSR_OK) {                                                                                        \
            (c)->malformed = true;                                                                                               \
            return understood_;                                                                                                  \
        }                                                                                                                        \
    } while (0)

// While the device works or others have their turn: tells the client that the server lives, and sees whether the client does.
static bool tick(void *context, job_state state) {
    client *c = context;
    (void)state;
    if (socket_gone(c->fd)) {
        LOG(c, "gone while it waited");
        c->over = true;
    } else if (++c->ticks % BUSY_TICKS == 0) {
        answer(c, WIRE_BUSY, NULL, 0, NULL, 0);
    }
    return !c->over;
}

static bool do_job(client *c, job *j) {
    c->ticks = 0;
    return engine_do(c->rules->engine, j, tick, c);
}

static void free_buffer(client *c, uint32_t id) {
    job j = {.kind = JOB_FREE, .buffer = c->buffers[id]};
    const uint64_t size = tsr_buffer_size(c->buffers[id]);
    engine_do_now(c->rules->engine, &j); // also when the client is gone
    engine_give_bytes(c->rules->engine, size);
    c->buffers[id] = NULL;
}

static tsr_status serve_alloc(client *c) {
    uint64_t size;
    UNDERSTOOD(c, wire_get_u64(c->in.data, c->in.size, &size));
    uint32_t id = 0;
    while (id < c->rules->max_buffers && c->buffers[id] != NULL)
        id++;
    if (id == c->rules->max_buffers)
        return tsr_error(TSR_OUT_OF_MEMORY, "the server gives a client at most %u buffers (--buffers)", c->rules->max_buffers);
    if (size == 0 || size > c->rules->welcome.max_buffer_bytes)
        return tsr_error(TSR_OUT_OF_MEMORY, "a buffer of %llu bytes; the server gives at most %llu (--memory)",
                         (unsigned long long)size, (unsigned long long)c->rules->welcome.max_buffer_bytes);
    if (!engine_take_bytes(c->rules->engine, size))
        return tsr_error(TSR_OUT_OF_MEMORY,
                         "the server has not %llu bytes left for a buffer; all clients together get what --memory says",
                         (unsigned long long)size);
    job j = {.kind = JOB_ALLOC, .size = size};
    (void)do_job(c, &j);
    if (j.state != JOB_OVER || j.status.code != TSR_OK) {
        engine_give_bytes(c->rules->engine, size);
        return j.status;
    }
    c->buffers[id] = j.buffer; // also when the client is gone: freed with the others
    uint8_t bytes[4];
    answer(c, WIRE_ALLOCATED, bytes, wire_put_u32(bytes, id), NULL, 0);
    return tsr_ok();
}

static tsr_buffer *find_buffer(const client *c, uint32_t id) { return id < c->rules->max_buffers ? c->buffers[id] : NULL; }

static tsr_status no_such_buffer(uint32_t id) { return tsr_error(TSR_INVALID_ARGUMENT, "the client has no buffer %u", id); }

static tsr_status check_range(const client *c, uint32_t id, uint64_t offset, uint64_t size) {
    const tsr_buffer *buffer = find_buffer(c, id);
    if (buffer == NULL)
        return no_such_buffer(id);
    const uint64_t whole = tsr_buffer_size(buffer);
    if (offset > whole || size > whole - offset)
        return tsr_error(TSR_OUT_OF_RANGE, "%llu bytes at %llu of a buffer of %llu bytes", (unsigned long long)size,
                         (unsigned long long)offset, (unsigned long long)whole);
    return tsr_ok();
}

static tsr_status serve_free(client *c) {
    uint32_t id;
    UNDERSTOOD(c, wire_get_u32(c->in.data, c->in.size, &id));
    if (find_buffer(c, id) == NULL)
        return no_such_buffer(id);
    free_buffer(c, id);
    answer(c, WIRE_DONE, NULL, 0, NULL, 0);
    return tsr_ok();
}

static tsr_status serve_write(client *c) {
    wire_write write;
    UNDERSTOOD(c, wire_get_write(c->in.data, c->in.size, &write));
    TSR_TRY(check_range(c, write.buffer, write.offset, write.size));
    job j = {
        .kind = JOB_WRITE, .buffer = c->buffers[write.buffer], .offset = write.offset, .size = write.size, .in = write.bytes};
    if (!do_job(c, &j))
        return tsr_ok();
    c->bytes_in += write.size;
    TSR_TRY(j.status);
    answer(c, WIRE_DONE, NULL, 0, NULL, 0);
    return tsr_ok();
}

static tsr_status serve_read(client *c) {
    wire_read read;
    UNDERSTOOD(c, wire_get_read(c->in.data, c->in.size, &read));
    TSR_TRY(check_range(c, read.buffer, read.offset, read.size));
    job j = {.kind = JOB_READ, .buffer = c->buffers[read.buffer], .offset = read.offset, .size = read.size, .out = c->out};
    if (!do_job(c, &j))
        return tsr_ok();
    TSR_TRY(j.status);
    c->bytes_out += read.size;
    answer(c, WIRE_DATA, c->out, read.size, NULL, 0);
    return tsr_ok();
}

static void send_records(client *c, const job *j) {
    for (uint32_t i = 0; i < j->record_count;) {
        size_t used = 0;
        for (uint32_t n = 0; n < WIRE_RECORDS_MAX && i < j->record_count; n++, i++)
            used += wire_put_record(c->out + used, &j->records[i]);
        answer(c, WIRE_RECORDS, c->out, used, NULL, 0);
    }
}

static void run(client *c, job *j) {
    if (!do_job(c, j))
        return;
    c->runs++;
    send_records(c, j);
    uint8_t bytes[WIRE_STATUS_BYTES];
    answer(c, WIRE_RESULT, bytes, wire_put_result(bytes, &(wire_result){j->status, j->fault, j->profile}), NULL, 0);
}

static tsr_status run_with_records(client *c, job *j) {
    if (!c->rules->welcome.records)
        return tsr_error(TSR_UNSUPPORTED, "the device does not know when an instruction runs");
    // A stream that is longer than its segment faults before its first instruction.
    const uint64_t most = tsr_buffer_size(j->run.segment[0]) / TSR_INSN_BYTES;
    j->record_room = j->run.insn_count < most ? j->run.insn_count : (uint32_t)most;
    const uint64_t bytes = (uint64_t)j->record_room * sizeof *j->records;
    if (!engine_take_bytes(c->rules->engine, bytes))
        return tsr_error(TSR_OUT_OF_MEMORY, "the server has no memory left for the records of %u instructions (--memory)",
                         j->record_room);
    j->records = malloc(bytes + 1);
    tsr_status status = tsr_ok();
    if (j->records != NULL)
        run(c, j);
    else
        status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for the records of %u instructions", j->record_room);
    free(j->records);
    engine_give_bytes(c->rules->engine, bytes);
    return status;
}

static tsr_status serve_run(client *c) {
    wire_run asked;
    UNDERSTOOD(c, wire_get_run(c->in.data, c->in.size, &asked));
    job j = {.kind = JOB_RUN,
             .run = {.insn_offset = asked.insn_offset, .insn_count = asked.insn_count},
             .timeout_ms = asked.timeout_ms};
    for (int s = 0; s < TSR_SEGMENTS; s++) {
        if (asked.segment[s] == WIRE_NO_BUFFER)
            continue;
        j.run.segment[s] = find_buffer(c, asked.segment[s]);
        if (j.run.segment[s] == NULL)
            return no_such_buffer(asked.segment[s]);
    }
    if (asked.records && j.run.segment[0] != NULL)
        return run_with_records(c, &j);
    run(c, &j);
    return tsr_ok();
}

static tsr_status serve_message(client *c) {
    switch (c->in.type) {
    case WIRE_ALLOC: return serve_alloc(c);
    case WIRE_FREE: return serve_free(c);
    case WIRE_WRITE: return serve_write(c);
    case WIRE_READ: return serve_read(c);
    case WIRE_RUN: return serve_run(c);
    case WIRE_BYE: c->over = true; return wire_get_nothing(c->in.size);
    default: c->malformed = true; return tsr_error(TSR_CORRUPT, "%s is no request", wire_type_name(c->in.type));
    }
}

// One request; false when the connection is over.
static bool serve_request(client *c) {
    const socket_end how = socket_receive(c->fd, c->rules->idle_ms, MESSAGE_MS, &c->in);
    if (how == SOCKET_SILENT) {
        dismiss(c, tsr_error(TSR_TIMEOUT, "nothing was asked for %u s (--idle)", c->rules->idle_ms / 1000));
        return false;
    }
    if (how == SOCKET_CORRUPT || how == SOCKET_SLOW) {
        dismiss(c, c->in.why);
        return false;
    }
    if (how != SOCKET_OK) {
        LOG(c, "gone: %s", c->in.why.message);
        return false;
    }
    const tsr_status status = serve_message(c);
    if (status.code != TSR_OK && c->malformed)
        dismiss(c, status);
    else if (status.code != TSR_OK)
        refuse(c, status);
    return !c->over;
}

static void serve_requests(client *c) {
    uint8_t *in = malloc(WIRE_MAX_PAYLOAD);
    c->out = malloc(WIRE_MAX_PAYLOAD);
    c->buffers = calloc(c->rules->max_buffers, sizeof *c->buffers);
    if (in == NULL || c->out == NULL || c->buffers == NULL) {
        dismiss(c, tsr_error(TSR_OUT_OF_MEMORY, "the server has no memory for another client"));
    } else {
        c->in.data = in;
        c->in.capacity = WIRE_MAX_PAYLOAD;
        while (serve_request(c)) {
        }
        for (uint32_t id = 0; id < c->rules->max_buffers; id++)
            if (c->buffers[id] != NULL)
                free_buffer(c, id);
        LOG(c, "ended: %llu runs, %llu bytes in, %llu bytes out", (unsigned long long)c->runs, (unsigned long long)c->bytes_in,
            (unsigned long long)c->bytes_out);
    }
    free(in);
    free(c->out);
    free(c->buffers);
}

void client_serve(const client_rules *rules, uint32_t number, int fd) {
    uint8_t greeting[WIRE_MAX_GREETING];
    client c = {.rules = rules, .number = number, .fd = fd, .in = {.data = greeting, .capacity = sizeof greeting}};
    if (!greet(&c))
        return;
    if (!c.over)
        serve_requests(&c);
    rules->leave(rules->context, number);
}
