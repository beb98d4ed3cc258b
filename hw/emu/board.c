// SPDX-License-Identifier: Apache-2.0
#include "board.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/sim_load.h"
#include "tsr_isa.h"

enum {
    JUNK = 0xa5,
    SETTLE_CLOCKS = 100000, // more than the core takes to drain the bus and clear its state
};

typedef struct region {
    uint64_t address, size;
    uint8_t *bytes;
} region;

struct emu_board {
    void *library;
    const tsr_sim_api *api;
    tsr_sim *sim;
    region *regions;
    uint32_t count, space;
    uint64_t clocks_left; // that have to pass while nobody asks; UINT64_MAX: no end known
};

tsr_status emu_board_open(const char *config_name, const tsr_sim_memory *memory, emu_board **out_board) {
    *out_board = NULL;
    emu_board *board = calloc(1, sizeof *board);
    if (board == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a board");
    tsr_status status = tsr_sim_load(config_name, &board->library, &board->api);
    if (status.code == TSR_OK) {
        board->sim = board->api->create(memory);
        if (board->sim == NULL)
            status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for a simulator");
    }
    if (status.code != TSR_OK) {
        emu_board_close(board);
        return status;
    }
    *out_board = board;
    return status;
}

void emu_board_close(emu_board *board) {
    if (board == NULL)
        return;
    if (board->sim != NULL)
        board->api->destroy(board->sim);
    if (board->library != NULL)
        dlclose(board->library);
    for (uint32_t i = 0; i < board->count; i++)
        free(board->regions[i].bytes);
    free(board->regions);
    free(board);
}

bool emu_board_allocate(emu_board *board, uint64_t address, uint64_t size) {
    if (size == 0 || size > SIZE_MAX)
        return false;
    if (board->count == board->space) {
        const uint32_t space = board->space != 0 ? 2 * board->space : 16;
        region *regions = realloc(board->regions, space * sizeof *regions);
        if (regions == NULL)
            return false;
        board->regions = regions;
        board->space = space;
    }
    uint8_t *bytes = malloc(size);
    if (bytes == NULL)
        return false;
    memset(bytes, JUNK, size);
    if (!board->api->attach(board->sim, address, bytes, size)) {
        free(bytes);
        return false;
    }
    board->regions[board->count++] = (region){address, size, bytes};
    return true;
}

bool emu_board_free(emu_board *board, uint64_t address) {
    for (uint32_t i = 0; i < board->count; i++) {
        region *r = &board->regions[i];
        if (r->address != address)
            continue;
        board->api->detach(board->sim, address);
        free(r->bytes);
        *r = board->regions[--board->count];
        return true;
    }
    return false;
}

uint32_t emu_board_buffers(const emu_board *board) { return board->count; }

uint8_t *emu_board_at(emu_board *board, uint64_t address, uint64_t size) {
    for (uint32_t i = 0; i < board->count; i++) {
        const region *r = &board->regions[i];
        if (address >= r->address && address - r->address <= r->size && size <= r->size - (address - r->address))
            return r->bytes + (address - r->address);
    }
    return NULL;
}

bool emu_board_read_register(emu_board *board, uint32_t offset, uint32_t *out_value) {
    if (!board->api->read(board->sim, offset, out_value))
        return false;
    if (offset == TSR_REG_CTRL && (*out_value & TSR_CTRL_DONE_MASK) != 0)
        board->clocks_left = SETTLE_CLOCKS;
    if (offset == TSR_REG_CTRL && (*out_value & TSR_CTRL_IDLE_MASK) != 0)
        board->clocks_left = 0;
    return true;
}

bool emu_board_write_register(emu_board *board, uint32_t offset, uint32_t value) {
    if (offset == TSR_REG_CTRL && (value & TSR_CTRL_START_MASK) != 0)
        board->clocks_left = UINT64_MAX;
    else if (offset == TSR_REG_SOFT_RESET)
        board->clocks_left = SETTLE_CLOCKS;
    return board->api->write(board->sim, offset, value);
}

bool emu_board_is_busy(const emu_board *board) { return board->clocks_left != 0; }

void emu_board_run(emu_board *board, uint64_t cycles) {
    board->api->run(board->sim, cycles);
    if (board->clocks_left != UINT64_MAX)
        board->clocks_left -= cycles < board->clocks_left ? cycles : board->clocks_left;
}

uint64_t emu_board_cycle(const emu_board *board) { return board->api->cycle(board->sim); }
const char *emu_board_protocol_error(const emu_board *board) { return board->api->protocol_error(board->sim); }
