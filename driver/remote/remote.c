// SPDX-License-Identifier: Apache-2.0
// A device on another computer, behind `tessera serve` there (driver/remote/PROTOCOL.md). A buffer lives on both sides; syncs
// carry its bytes across. The run is sent and happens inside wait.
//
// Options: HOST:PORT or address=HOST:PORT (IPv6 in brackets; port 7433 when left out); token_file=FILE: the secret that the
// server was started with (else the environment variable TESSERA_TOKEN); config=NAME: refuse a server whose device has another
// configuration; connect=SECONDS (10): for making the connection; silence=SECONDS (20): without a sign of life from the server
// the connection is taken for lost.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"
#include "token.h"
#include "tsr/driver.h"
#include "tsr/driver_host.h"

enum { OPTION_BYTES = 1024 };

typedef struct remote_options {
    bool address_given, config_given;
    socket_address address;
    char token_file[OPTION_BYTES];
    tsr_config config;
    uint32_t connect_s, silence_s;
} remote_options;

typedef struct remote_device {
    tsr_device base;
    remote_options options;
    int fd;
    char server[ADDRESS_BYTES]; // as messages name it
    tsr_status lost;            // once the connection is lost, every call says so
    bool records;
    tsr_run run; // submitted
    tsr_on_insn *on_insn;
    void *on_insn_context;
    socket_message answer;
} remote_device;

typedef struct remote_buffer {
    tsr_buffer base;
    uint32_t id; // the server's number for it
} remote_buffer;

// ---- options --------------------------------------------------------------------------------------------------------

static tsr_status visit_option(void *context, const char *key, const char *value) {
    remote_options *o = context;
    if (strcmp(key, "address") == 0) {
        if (o->address_given)
            return tsr_error(TSR_INVALID_ARGUMENT, "the address is given twice");
        o->address_given = true;
        return socket_parse(value, strlen(value), &o->address);
    }
    if (strcmp(key, "token_file") == 0) {
        snprintf(o->token_file, sizeof o->token_file, "%s", value);
        return tsr_ok();
    }
    if (strcmp(key, "config") == 0) {
        o->config_given = true;
        return tsr_find_config(value, &o->config);
    }
    if (strcmp(key, "connect") == 0)
        return tsr_option_u32(key, value, 1, 3600, &o->connect_s);
    if (strcmp(key, "silence") == 0)
        return tsr_option_u32(key, value, 5, 3600, &o->silence_s); // a server gives a sign of life every 2 seconds
    return tsr_error(TSR_INVALID_ARGUMENT, "unknown option \"%s\"; known: address, token_file, config, connect, silence", key);
}

static tsr_status read_options(const char *text, remote_options *out) {
    *out = (remote_options){.connect_s = 10, .silence_s = 20};
    const char *rest;
    const size_t length = tsr_options_address(text, &rest);
    if (length != 0) {
        out->address_given = true;
        TSR_TRY(socket_parse(text, length, &out->address));
    }
    TSR_TRY(tsr_options_each(rest, visit_option, out));
    if (!out->address_given || out->address.host[0] == '\0')
        return tsr_error(TSR_INVALID_ARGUMENT, "which computer? Write remote:HOST:PORT, where `tessera serve` runs");
    return tsr_ok();
}

// ---- messages -------------------------------------------------------------------------------------------------------

static tsr_status lose(remote_device *d, tsr_status why) {
    d->lost = tsr_error(why.code == TSR_OK ? TSR_IO : why.code,
                        "%s: the connection is lost (%s); see that `tessera serve` runs there, and open the device again",
                        d->server, why.message);
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    return d->lost;
}

// Takes the next answer; an ERROR becomes the status. BUSY, the server's sign of life, is passed over.
static tsr_status take_answer(remote_device *d) {
    const uint32_t silence_ms = d->options.silence_s * 1000;
    do {
        if (socket_receive(d->fd, silence_ms, silence_ms, &d->answer) != SOCKET_OK)
            return lose(d, d->answer.why);
    } while (d->answer.type == WIRE_BUSY && d->answer.size == 0);
    if (d->answer.type != WIRE_ERROR)
        return tsr_ok();
    wire_error error;
    const tsr_status status = wire_get_error(d->answer.data, d->answer.size, &error);
    if (status.code != TSR_OK)
        return lose(d, status);
    return error.fatal ? lose(d, error.status) : tsr_annotate(error.status, "%s", d->server);
}

static tsr_status send_request(remote_device *d, uint32_t type, const void *head, size_t head_size, const void *body,
                               size_t body_size) {
    if (d->lost.code != TSR_OK)
        return d->lost;
    tsr_status why;
    if (socket_send(d->fd, d->options.silence_s * 1000, type, head, head_size, body, body_size, &why) == SOCKET_OK)
        return tsr_ok();
    // The server may have said why before it closed.
    if (socket_receive(d->fd, 0, 1000, &d->answer) == SOCKET_OK && d->answer.type == WIRE_ERROR) {
        wire_error error;
        if (wire_get_error(d->answer.data, d->answer.size, &error).code == TSR_OK)
            why = error.status;
    }
    return lose(d, why);
}

static tsr_status unexpected(remote_device *d, const char *wanted) {
    return lose(d, tsr_error(TSR_CORRUPT, "the server answered %s where %s belongs", wire_type_name(d->answer.type), wanted));
}

// One request, one answer of the given type.
static tsr_status ask(remote_device *d, uint32_t type, const void *head, size_t head_size, const void *body, size_t body_size,
                      uint32_t wanted) {
    TSR_TRY(send_request(d, type, head, head_size, body, body_size));
    TSR_TRY(take_answer(d));
    return d->answer.type == wanted ? tsr_ok() : unexpected(d, wire_type_name(wanted));
}

// ---- greeting -------------------------------------------------------------------------------------------------------

static tsr_status check_server(remote_device *d, const token *secret, const wire_hello *hello, const wire_challenge *challenge,
                               wire_welcome *out) {
    const tsr_status status = wire_get_welcome(d->answer.data, d->answer.size, out);
    if (status.code != TSR_OK)
        return tsr_annotate(status, "%s", d->server);
    if (secret->size == 0)
        return tsr_ok();
    uint8_t proof[WIRE_PROOF_BYTES];
    token_prove(secret, TOKEN_SERVER, hello->nonce, challenge->nonce, d->answer.data + WIRE_PROOF_BYTES,
                d->answer.size - WIRE_PROOF_BYTES, proof);
    if (!token_same(proof, out->proof))
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: the server does not know the token; it may not be the one you mean",
                         d->server);
    return tsr_ok();
}

static tsr_status greet(remote_device *d, const token *secret, wire_welcome *out) {
    wire_hello hello = {.version = WIRE_VERSION};
    wire_challenge challenge;
    TSR_TRY(token_nonce(hello.nonce));
    uint8_t bytes[WIRE_HELLO_BYTES];
    TSR_TRY(ask(d, WIRE_HELLO, bytes, wire_put_hello(bytes, &hello), NULL, 0, WIRE_CHALLENGE));
    const tsr_status status = wire_get_challenge(d->answer.data, d->answer.size, &challenge);
    if (status.code != TSR_OK)
        return tsr_annotate(status, "%s", d->server);
    if (challenge.token_wanted != 0 && secret->size == 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: the server wants a token; give it with token_file=FILE or in TESSERA_TOKEN",
                         d->server);
    if (challenge.token_wanted == 0 && secret->size != 0)
        return tsr_error(
            TSR_INVALID_ARGUMENT,
            "%s: the server has no token, so it cannot prove that it is the one you mean; start it with the token, or "
            "take token_file and TESSERA_TOKEN away here",
            d->server);
    uint8_t proof[WIRE_PROOF_BYTES] = {0};
    if (secret->size != 0)
        token_prove(secret, TOKEN_CLIENT, hello.nonce, challenge.nonce, NULL, 0, proof);
    TSR_TRY(ask(d, WIRE_PROOF, proof, sizeof proof, NULL, 0, WIRE_WELCOME));
    return check_server(d, secret, &hello, &challenge, out);
}

static tsr_status connect_and_greet(remote_device *d) {
    const remote_options *o = &d->options;
    token secret;
    TSR_TRY(token_load(o->token_file[0] != '\0' ? o->token_file : NULL, &secret));
    wire_welcome welcome;
    tsr_status status = socket_connect(&o->address, o->connect_s * 1000, &d->fd);
    if (status.code == TSR_OK)
        status = greet(d, &secret, &welcome);
    token_wipe(&secret);
    TSR_TRY(status);
    if (o->config_given && (welcome.config.batch == 0 || tsr_config_id(&welcome.config) != tsr_config_id(&o->config)))
        return tsr_error(TSR_MISMATCH, "%s: the device there (%s) has configuration %s, not %s", d->server, welcome.driver,
                         welcome.config.batch != 0 ? welcome.config.name : "none", o->config.name);
    d->records = welcome.records;
    d->base.info = (tsr_device_info){
        .driver = "remote",
        .config = welcome.config,
        .isa_version = welcome.isa_version,
        .cycle_accurate = welcome.cycle_accurate,
        .max_buffer_bytes = welcome.max_buffer_bytes,
    };
    return tsr_ok();
}

static void remote_close(tsr_device *base) {
    remote_device *d = (remote_device *)base;
    if (d->fd >= 0) {
        tsr_status ignored;
        socket_send(d->fd, 1000, WIRE_BYE, NULL, 0, NULL, 0, &ignored);
        close(d->fd);
    }
    free(d->answer.data);
    free(d);
}

static tsr_status remote_open(const char *text, tsr_device **out_device) {
    remote_device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    d->fd = -1;
    d->lost = tsr_ok();
    d->answer.capacity = WIRE_MAX_PAYLOAD;
    d->answer.data = malloc(WIRE_MAX_PAYLOAD);
    tsr_status status = d->answer.data == NULL ? tsr_error(TSR_OUT_OF_MEMORY, "no memory for messages") : tsr_ok();
    if (status.code == TSR_OK)
        status = read_options(text, &d->options);
    if (status.code == TSR_OK) {
        snprintf(d->server, sizeof d->server, strchr(d->options.address.host, ':') != NULL ? "[%s]:%s" : "%s:%s",
                 d->options.address.host, d->options.address.port);
        status = connect_and_greet(d);
    }
    if (status.code != TSR_OK) {
        remote_close(&d->base);
        return status;
    }
    *out_device = &d->base;
    return tsr_ok();
}

// ---- buffers --------------------------------------------------------------------------------------------------------

static tsr_status remote_buffer_alloc(tsr_device *base, uint64_t size, tsr_buffer **out_buffer) {
    remote_device *d = (remote_device *)base;
    TSR_TRY(tsr_host_buffer_alloc(sizeof(remote_buffer), size, out_buffer));
    uint8_t bytes[8];
    tsr_status status = ask(d, WIRE_ALLOC, bytes, wire_put_u64(bytes, size), NULL, 0, WIRE_ALLOCATED);
    if (status.code == TSR_OK) {
        status = wire_get_u32(d->answer.data, d->answer.size, &((remote_buffer *)*out_buffer)->id);
        if (status.code != TSR_OK)
            status = lose(d, status);
    }
    if (status.code != TSR_OK) {
        tsr_host_buffer_free(base, *out_buffer);
        *out_buffer = NULL;
    }
    return status;
}

static void remote_buffer_free(tsr_device *base, tsr_buffer *buffer) {
    remote_device *d = (remote_device *)base;
    uint8_t bytes[4];
    (void)ask(d, WIRE_FREE, bytes, wire_put_u32(bytes, ((remote_buffer *)buffer)->id), NULL, 0, WIRE_DONE);
    tsr_host_buffer_free(base, buffer);
}

static uint32_t chunk_of(uint64_t size) { return size < WIRE_CHUNK_BYTES ? (uint32_t)size : WIRE_CHUNK_BYTES; }

static tsr_status remote_sync_to_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    remote_device *d = (remote_device *)base;
    while (size > 0) {
        const wire_write write = {((remote_buffer *)buffer)->id, offset, (const uint8_t *)buffer->host + offset, chunk_of(size)};
        uint8_t head[WIRE_WRITE_BYTES];
        TSR_TRY(ask(d, WIRE_WRITE, head, wire_put_write(head, &write), write.bytes, write.size, WIRE_DONE));
        offset += write.size;
        size -= write.size;
    }
    return tsr_ok();
}

static tsr_status remote_sync_from_device(tsr_device *base, tsr_buffer *buffer, uint64_t offset, uint64_t size) {
    remote_device *d = (remote_device *)base;
    while (size > 0) {
        const wire_read read = {((remote_buffer *)buffer)->id, chunk_of(size), offset};
        uint8_t head[WIRE_READ_BYTES];
        TSR_TRY(ask(d, WIRE_READ, head, wire_put_read(head, &read), NULL, 0, WIRE_DATA));
        if (d->answer.size != read.size)
            return lose(d, tsr_error(TSR_CORRUPT, "%u bytes of a buffer instead of %u", d->answer.size, read.size));
        memcpy((uint8_t *)buffer->host + offset, d->answer.data, read.size);
        offset += read.size;
        size -= read.size;
    }
    return tsr_ok();
}

// ---- runs -----------------------------------------------------------------------------------------------------------

static tsr_status remote_submit(tsr_device *base, const tsr_run *run) {
    remote_device *d = (remote_device *)base;
    d->run = *run;
    return d->lost;
}

static tsr_status give_records(remote_device *d) {
    uint32_t count;
    TSR_TRY(wire_get_records(d->answer.data, d->answer.size, &count));
    for (uint32_t i = 0; i < count; i++) {
        tsr_insn_profile record;
        TSR_TRY(wire_get_record(d->answer.data + (size_t)i * WIRE_RECORD_BYTES, &record));
        if (record.index >= d->run.insn_count)
            return tsr_error(TSR_CORRUPT, "a record of instruction %u of %u", record.index, d->run.insn_count);
        if (d->on_insn != NULL)
            d->on_insn(d->on_insn_context, &record);
    }
    return tsr_ok();
}

static tsr_status remote_wait(tsr_device *base, uint32_t timeout_ms, tsr_profile *out_profile, tsr_fault *out_fault) {
    remote_device *d = (remote_device *)base;
    wire_run run = {.insn_offset = d->run.insn_offset,
                    .insn_count = d->run.insn_count,
                    .timeout_ms = timeout_ms,
                    .records = d->on_insn != NULL};
    for (int s = 0; s < TSR_SEGMENTS; s++)
        run.segment[s] = d->run.segment[s] != NULL ? ((const remote_buffer *)d->run.segment[s])->id : WIRE_NO_BUFFER;
    uint8_t bytes[WIRE_RUN_BYTES];
    TSR_TRY(send_request(d, WIRE_RUN, bytes, wire_put_run(bytes, &run), NULL, 0));
    for (;;) {
        TSR_TRY(take_answer(d));
        if (d->answer.type != WIRE_RECORDS)
            break;
        const tsr_status status = give_records(d);
        if (status.code != TSR_OK)
            return lose(d, status);
    }
    if (d->answer.type != WIRE_RESULT)
        return unexpected(d, "RESULT");
    wire_result result;
    const tsr_status status = wire_get_result(d->answer.data, d->answer.size, &result);
    if (status.code != TSR_OK)
        return lose(d, status);
    *out_profile = result.profile;
    *out_fault = result.fault;
    return tsr_annotate(result.status, "%s", d->server);
}

static tsr_status remote_on_insn(tsr_device *base, tsr_on_insn *callback, void *context) {
    remote_device *d = (remote_device *)base;
    if (!d->records && callback != NULL)
        return tsr_error(TSR_UNSUPPORTED, "%s: the device there does not know when an instruction runs", d->server);
    d->on_insn = callback;
    d->on_insn_context = context;
    return tsr_ok();
}

const tsr_driver tsr_driver_remote = {
    .name = "remote",
    .summary = "a device of another computer, on which `tessera serve` runs",
    .options = "HOST:PORT token_file=FILE config=NAME connect=SECONDS silence=SECONDS",
    .ops =
        {
            .open = remote_open,
            .close = remote_close,
            .buffer_alloc = remote_buffer_alloc,
            .buffer_free = remote_buffer_free,
            .sync_to_device = remote_sync_to_device,
            .sync_from_device = remote_sync_from_device,
            .submit = remote_submit,
            .wait = remote_wait,
            .on_insn = remote_on_insn,
        },
};
