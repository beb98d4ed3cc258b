// SPDX-License-Identifier: Apache-2.0
#include "race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Who touched an entry last. Instructions are named by their number within their unit, from 1; 0 = nobody. One write is
// enough to remember: an earlier one that is not ordered before it has already been reported.
typedef struct sram_cell {
    uint32_t write, write_unit;
    uint32_t read[TSR_UNITS];
} sram_cell;

// DRAM: only STORE writes, only LOAD reads.
typedef struct dram_cell {
    uint32_t store, load;
} dram_cell;

typedef struct token_queue {
    uint32_t clock[UINT8_MAX + 1][TSR_UNITS]; // what the giver knew
    uint8_t head, count;
} token_queue;

struct race_checker {
    tsr_config config;
    sram_cell *sram[RACE_SPACES];
    uint64_t sram_entries[RACE_SPACES];
    dram_cell *dram[TSR_MODEL_SEGMENTS]; // one for segments that are the same memory
    uint8_t alias[TSR_MODEL_SEGMENTS];   // lowest segment with the same memory

    uint32_t clock[TSR_UNITS][TSR_UNITS];
    uint32_t address_clock[TSR_UNITS]; // of LOAD when it reads DRAM
    token_queue queue[TSR_UNITS][TSR_UNITS];
    uint32_t *insn_of[TSR_UNITS]; // index in the stream of a unit's n-th instruction

    uint64_t stream_begin;
    uint32_t stream_count;
    uint32_t unit, index; // the current instruction
    tsr_model_race found;
};

static const char *const space_names[RACE_SPACES] = {"INP", "WGT", "UOP", "PAR", "ACC", "OUT"};
static const char *const segment_names[TSR_MODEL_SEGMENTS] = {"segment 0", "segment 1", "segment 2", "segment 3"};

race_checker *race_create(const tsr_config *config) {
    race_checker *race = calloc(1, sizeof *race);
    if (race == NULL)
        return NULL;
    race->config = *config;
    const uint64_t entries[RACE_SPACES] = {tsr_inp_entries(config), tsr_wgt_entries(config), tsr_uop_entries(config),
                                           tsr_par_entries(config), tsr_acc_entries(config), tsr_out_entries(config)};
    for (int s = 0; s < RACE_SPACES; s++) {
        race->sram_entries[s] = entries[s];
        race->sram[s] = calloc(entries[s], sizeof *race->sram[s]);
        if (race->sram[s] == NULL) {
            race_destroy(race);
            return NULL;
        }
    }
    return race;
}

static void free_run(race_checker *race) {
    for (int s = 0; s < TSR_MODEL_SEGMENTS; s++) {
        free(race->dram[s]);
        race->dram[s] = NULL;
    }
    for (int u = 0; u < TSR_UNITS; u++) {
        free(race->insn_of[u]);
        race->insn_of[u] = NULL;
    }
}

void race_destroy(race_checker *race) {
    if (race == NULL)
        return;
    free_run(race);
    for (int s = 0; s < RACE_SPACES; s++)
        free(race->sram[s]);
    free(race);
}

tsr_status race_begin_run(race_checker *race, const tsr_model_segment segment[TSR_MODEL_SEGMENTS], uint32_t insn_offset,
                          uint32_t insn_count) {
    free_run(race);
    for (int s = 0; s < RACE_SPACES; s++)
        memset(race->sram[s], 0, race->sram_entries[s] * sizeof *race->sram[s]);
    memset(race->clock, 0, sizeof race->clock);
    memset(race->address_clock, 0, sizeof race->address_clock);
    memset(race->queue, 0, sizeof race->queue);
    memset(&race->found, 0, sizeof race->found);
    race->stream_begin = insn_offset;
    race->stream_count = insn_count;
    for (uint8_t s = 0; s < TSR_MODEL_SEGMENTS; s++) {
        race->alias[s] = s;
        for (uint8_t lower = 0; lower < s; lower++)
            if (segment[lower].data == segment[s].data && segment[lower].size == segment[s].size && segment[s].size != 0)
                race->alias[s] = race->alias[lower];
        if (race->alias[s] != s || segment[s].size == 0)
            continue;
        race->dram[s] = calloc(segment[s].size, sizeof *race->dram[s]);
        if (race->dram[s] == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory to check segment %d of %llu bytes for races", s,
                             (unsigned long long)segment[s].size);
    }
    for (int u = 0; u < TSR_UNITS; u++) {
        race->insn_of[u] = calloc((size_t)insn_count + 1, sizeof *race->insn_of[u]);
        if (race->insn_of[u] == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory to check %u instructions for races", insn_count);
    }
    return tsr_ok();
}

static void learn(uint32_t clock[TSR_UNITS], const uint32_t news[TSR_UNITS]) {
    for (int u = 0; u < TSR_UNITS; u++)
        if (news[u] > clock[u])
            clock[u] = news[u];
}

void race_begin_insn(race_checker *race, const tsr_insn *insn, uint32_t index) {
    uint32_t unit = (uint32_t)tsr_insn_unit(insn->opcode);
    race->unit = unit;
    race->index = index;
    race->clock[unit][unit]++;
    race->insn_of[unit][race->clock[unit][unit]] = index;
    for (uint32_t giver = 0; giver < TSR_UNITS; giver++) {
        if ((insn->wait >> giver & 1) == 0)
            continue;
        token_queue *queue = &race->queue[giver][unit];
        const uint32_t *news = queue->clock[queue->head];
        learn(race->clock[unit], news);
        if (unit == TSR_UNIT_LOAD && giver == TSR_UNIT_STORE)
            learn(race->address_clock, news);
        queue->head++;
        queue->count--;
    }
}

void race_end_insn(race_checker *race, const tsr_insn *insn) {
    for (uint32_t taker = 0; taker < TSR_UNITS; taker++) {
        if ((insn->signal >> taker & 1) == 0)
            continue;
        token_queue *queue = &race->queue[race->unit][taker];
        uint8_t tail = (uint8_t)(queue->head + queue->count);
        memcpy(queue->clock[tail], race->clock[race->unit], sizeof queue->clock[tail]);
        queue->count++;
    }
}

// The current instruction conflicts with instruction `number` of `unit` on one entry or byte.
static void report(race_checker *race, const char *space, uint64_t at, uint32_t unit, uint32_t number, bool writes0,
                   bool writes1) {
    tsr_model_race *f = &race->found;
    uint32_t other = race->insn_of[unit][number];
    if (f->found) {
        if (f->insn[0] == other && f->insn[1] == race->index && f->space == space && f->end == at)
            f->end++;
        return;
    }
    *f = (tsr_model_race){
        .found = true,
        .space = space,
        .begin = at,
        .end = at + 1,
        .insn = {other, race->index},
        .unit = {unit, race->unit},
        .writes = {writes0, writes1},
    };
}

void race_buffer(race_checker *race, race_space space, uint64_t begin, uint64_t count, bool write) {
    const uint32_t *clock = race->clock[race->unit];
    uint32_t number = clock[race->unit];
    for (uint64_t e = begin; e < begin + count; e++) {
        sram_cell *cell = &race->sram[space][e];
        if (cell->write != 0 && cell->write_unit != race->unit && clock[cell->write_unit] < cell->write)
            report(race, space_names[space], e, cell->write_unit, cell->write, true, write);
        for (uint32_t u = 0; write && u < TSR_UNITS; u++)
            if (u != race->unit && clock[u] < cell->read[u])
                report(race, space_names[space], e, u, cell->read[u], false, true);
        if (write) {
            cell->write = number;
            cell->write_unit = race->unit;
        } else {
            cell->read[race->unit] = number;
        }
    }
}

// A write into instructions that are still to come: fetch runs ahead and is ordered by nothing.
static void check_stream(race_checker *race, uint64_t begin, uint64_t count) {
    uint64_t next = race->stream_begin + (race->index + UINT64_C(1)) * TSR_INSN_BYTES;
    uint64_t end = race->stream_begin + (uint64_t)race->stream_count * TSR_INSN_BYTES;
    uint64_t from = begin > next ? begin : next;
    uint64_t to = begin + count < end ? begin + count : end;
    if (from >= to || race->found.found)
        return;
    race->found = (tsr_model_race){
        .found = true,
        .space = segment_names[0],
        .begin = from,
        .end = to,
        .insn = {race->index, (uint32_t)((from - race->stream_begin) / TSR_INSN_BYTES)},
        .unit = {race->unit, TSR_UNIT_DISPATCH},
        .writes = {true, false},
    };
}

void race_dram(race_checker *race, uint32_t segment, uint64_t begin, uint64_t count, bool write) {
    dram_cell *cells = race->dram[race->alias[segment]];
    uint32_t number = race->clock[race->unit][race->unit];
    for (uint64_t at = begin; at < begin + count; at++) {
        if (write) {
            if (race->clock[TSR_UNIT_STORE][TSR_UNIT_LOAD] < cells[at].load)
                report(race, segment_names[segment], at, TSR_UNIT_LOAD, cells[at].load, false, true);
            cells[at].store = number;
        } else {
            if (race->address_clock[TSR_UNIT_STORE] < cells[at].store)
                report(race, segment_names[segment], at, TSR_UNIT_STORE, cells[at].store, true, false);
            cells[at].load = number;
        }
    }
    if (write && race->alias[segment] == 0)
        check_stream(race, begin, count);
}

tsr_model_race race_get(const race_checker *race) { return race->found; }
