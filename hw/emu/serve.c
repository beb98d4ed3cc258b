// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc.pb-c.h"
#include "tsr_isa.h"
#include "wire.h"

enum { SLICE_CYCLES = 1 << 14, WORD = 4, EMPTY_ANSWER = 0 };

typedef struct connection {
    int fd;
    emu_board *board;
    const emu_serve_options *options;
    uint32_t register_accesses;
    bool never_done; // until the core is reset
    uint8_t data[EMU_PACKET_BYTES]; // what an answer carries
} connection;

typedef struct answer {
    uint64_t value;
    bool empty; // nothing but the frame: calls whose answer has only optional parts
    bool has_data;
    size_t data_bytes; // of connection.data
} answer;

static void note(const connection *c, const char *what, uint64_t address, uint64_t size, bool good) {
    if (c->options->verbose)
        fprintf(stderr, "hwemu: %-14s 0x%llx, %llu bytes%s\n", what, (unsigned long long)address, (unsigned long long)size,
                good ? "" : ": refused");
}

// ---- calls ----------------------------------------------------------------------------------------------------------

static bool allocate(connection *c, const emu_message *m) {
    Emu__Allocate *call = emu__allocate__unpack(NULL, m->size, m->bytes);
    if (call == NULL)
        return false;
    const bool good = c->board != NULL && emu_board_allocate(c->board, call->address, call->size);
    note(c, "allocate", call->address, call->size, good);
    emu__allocate__free_unpacked(call, NULL);
    return good;
}

static bool release(connection *c, const emu_message *m) {
    Emu__Free *call = emu__free__unpack(NULL, m->size, m->bytes);
    if (call == NULL)
        return false;
    const bool good = c->board != NULL && emu_board_free(c->board, call->address);
    note(c, "free", call->address, 0, good);
    emu__free__free_unpacked(call, NULL);
    return good;
}

static uint8_t *memory_at(const connection *c, uint64_t address, uint64_t offset, uint64_t size) {
    return c->board != NULL && size <= EMU_PACKET_BYTES && offset <= UINT64_MAX - address
               ? emu_board_at(c->board, address + offset, size)
               : NULL;
}

static answer to_device(connection *c, const emu_message *m) {
    Emu__ToDevice *call = emu__to_device__unpack(NULL, m->size, m->bytes);
    if (call == NULL)
        return (answer){0};
    uint8_t *to = call->data.len == call->size ? memory_at(c, call->address, call->seek, call->size) : NULL;
    if (to != NULL)
        memcpy(to, call->data.data, call->size);
    note(c, "to device", call->address + call->seek, call->size, to != NULL);
    const answer a = {.value = to != NULL ? call->size : 0};
    emu__to_device__free_unpacked(call, NULL);
    return a;
}

static answer from_device(connection *c, const emu_message *m) {
    Emu__FromDevice *call = emu__from_device__unpack(NULL, m->size, m->bytes);
    if (call == NULL)
        return (answer){.has_data = true};
    const uint8_t *from = memory_at(c, call->address, call->skip, call->size);
    if (from != NULL)
        memcpy(c->data, from, call->size);
    note(c, "from device", call->address + call->skip, call->size, from != NULL);
    const size_t size = from != NULL ? call->size : 0;
    emu__from_device__free_unpacked(call, NULL);
    return (answer){.value = size, .has_data = true, .data_bytes = size};
}

static uint32_t get32(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put32(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < WORD; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

// Register accesses count for the faults that are made on purpose.
static bool may_access(connection *c) {
    const emu_fault *fault = &c->options->fault;
    if (fault->kind == EMU_FAULT_NONE || fault->kind == EMU_FAULT_NEVER_DONE || c->register_accesses++ < fault->after)
        return true;
    if (fault->kind == EMU_FAULT_DIE)
        kill(getpid(), SIGKILL);
    while (fault->kind == EMU_FAULT_MUTE)
        pause();
    return false;
}

static bool write_register(connection *c, uint64_t offset, uint32_t value) {
    if (offset == TSR_REG_SOFT_RESET)
        c->never_done = false;
    return c->board != NULL && may_access(c) && emu_board_write_register(c->board, (uint32_t)offset, value);
}

static bool read_register(connection *c, uint64_t offset, uint32_t *out_value) {
    if (c->board == NULL || !may_access(c) || !emu_board_read_register(c->board, (uint32_t)offset, out_value))
        return false;
    if (c->never_done && offset == TSR_REG_CTRL)
        *out_value = TSR_CTRL_START_MASK; // started, and that is all
    return true;
}

// A whole number of words inside the core's registers.
static bool is_register_range(const connection *c, uint64_t address, uint64_t size) {
    const uint64_t base = c->options->unit_base, range = c->options->unit_range;
    return size > 0 && size % WORD == 0 && address % WORD == 0 && size <= EMU_PACKET_BYTES && address >= base &&
           address - base < range && size <= range - (address - base);
}

static answer access_registers(connection *c, const emu_message *m) {
    Emu__Access *call = emu__access__unpack(NULL, m->size, m->bytes);
    if (call == NULL)
        return (answer){.has_data = m->call == EMU_READ_REGISTER};
    const bool writes = m->call == EMU_WRITE_REGISTER;
    const uint64_t offset = call->address - c->options->unit_base;
    bool good = is_register_range(c, call->address, call->size) && (!writes || (call->has_data && call->data.len == call->size));
    for (uint32_t i = 0; good && i < call->size; i += WORD) {
        uint32_t value = 0;
        if (writes) {
            good = write_register(c, offset + i, get32(call->data.data + i));
        } else {
            good = read_register(c, offset + i, &value);
            put32(c->data + i, value);
        }
    }
    note(c, writes ? "write register" : "read register", offset, call->size, good);
    const answer a = {.value = good, .has_data = !writes, .data_bytes = good && !writes ? call->size : 0};
    emu__access__free_unpacked(call, NULL);
    return a;
}

static answer access_memory(connection *c, const emu_message *m) {
    Emu__Access *call = emu__access__unpack(NULL, m->size, m->bytes);
    if (call == NULL)
        return (answer){.has_data = m->call == EMU_READ_MEMORY};
    const bool writes = m->call == EMU_WRITE_MEMORY;
    uint8_t *at = memory_at(c, call->address, 0, call->size);
    bool good = at != NULL && (!writes || (call->has_data && call->data.len == call->size));
    if (good && writes)
        memcpy(at, call->data.data, call->size);
    else if (good)
        memcpy(c->data, at, call->size);
    note(c, writes ? "write memory" : "read memory", call->address, call->size, good);
    const answer a = {.value = good, .has_data = !writes, .data_bytes = good && !writes ? call->size : 0};
    emu__access__free_unpacked(call, NULL);
    return a;
}

static answer handle(connection *c, const emu_message *m) {
    switch (m->call) {
    case EMU_ALLOCATE: return (answer){.value = allocate(c, m)};
    case EMU_FREE: return (answer){.value = release(c, m)};
    case EMU_TO_DEVICE: return to_device(c, m);
    case EMU_FROM_DEVICE: return from_device(c, m);
    case EMU_READ_REGISTER:
    case EMU_WRITE_REGISTER: return access_registers(c, m);
    case EMU_READ_MEMORY:
    case EMU_WRITE_MEMORY: return access_memory(c, m);
    case EMU_TIMESTAMP: return (answer){.value = c->board != NULL ? emu_board_cycle(c->board) : 0};
    case EMU_PERF_COUNTERS:
    case EMU_PERF_TRACE_COUNT:
    case EMU_PERF_TRACE:
    case EMU_BUS_STATUS:
    case EMU_DEBUG_MESSAGES: return (answer){.empty = true};
    case EMU_SET_ENVIRONMENT:
    case EMU_CLOSE: return (answer){.value = true};
    default:
        if (c->options->verbose)
            fprintf(stderr, "hwemu: call %u is not known; refused\n", m->call);
        return (answer){0};
    }
}

// ---- the connection -------------------------------------------------------------------------------------------------

static bool send_answer(connection *c, const answer *a) {
    if (a->empty)
        return emu_write_answer(c->fd, c->data, EMPTY_ANSWER);
    Emu__Answer message = EMU__ANSWER__INIT;
    message.value = a->value;
    message.has_data = a->has_data;
    message.data = (ProtobufCBinaryData){.len = a->data_bytes, .data = c->data};
    const size_t size = emu__answer__get_packed_size(&message);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return false;
    emu__answer__pack(&message, bytes);
    const bool sent = emu_write_answer(c->fd, bytes, size);
    free(bytes);
    return sent;
}

// Lets the core's clocks pass until the host has something to say.
static void wait_for_call(const connection *c) {
    struct pollfd request = {.fd = c->fd, .events = POLLIN};
    while (c->board != NULL && emu_board_is_busy(c->board)) {
        if (poll(&request, 1, 0) != 0)
            return;
        emu_board_run(c->board, SLICE_CYCLES);
    }
    (void)poll(&request, 1, -1);
}

uint32_t emu_serve(int fd, emu_board *board, const emu_serve_options *options) {
    connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return 0;
    *c = (connection){.fd = fd, .board = board, .options = options, .never_done = options->fault.kind == EMU_FAULT_NEVER_DONE};
    emu_message message = {0};
    const char *why = NULL;
    bool open = true;
    while (open) {
        wait_for_call(c);
        if (!emu_read_call(fd, &message, &why)) {
            if (options->verbose)
                fprintf(stderr, "hwemu: %s\n", why);
            break;
        }
        const answer a = handle(c, &message);
        open = send_answer(c, &a) && message.call != EMU_CLOSE;
    }
    free(message.bytes);
    free(c);
    const char *broken = board != NULL ? emu_board_protocol_error(board) : NULL;
    if (broken != NULL)
        fprintf(stderr, "hwemu: the core broke a rule of its bus at %s\n", broken);
    return board != NULL ? emu_board_buffers(board) : 0;
}
