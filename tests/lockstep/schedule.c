// SPDX-License-Identifier: Apache-2.0
// Tokens for a sequential program. Every unit keeps a clock of what it knows to be complete in the others; an instruction
// that touches what another unit touched later than its clock says (one of them writing) waits for a token from the latest
// such instruction. The tokens of a pair of units match in order, as the hardware's counters need, because each wait of a
// pair is for a later instruction than the wait before.
//
// LOAD reads DRAM before it has taken tokens from GEMM and ALU (isa/spec.md, tokens), so what it learns from those orders its
// buffer writes but not its DRAM reads. It has two clocks.
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "random.h"

typedef struct knowledge { // the number (from 1) of the last instruction of each unit that is known to be complete
    uint16_t known[TSR_UNITS];
} knowledge;

typedef struct cell { // numbers of the last instructions of each unit that read and wrote it
    uint16_t reads[TSR_UNITS], writes[TSR_UNITS];
} cell;

typedef struct schedule {
    program *p;
    cell *cells[SPACES];
    uint32_t unit;
    uint32_t number;               // of the instruction, from 1
    uint16_t sram_need[TSR_UNITS]; // the latest conflicting instruction of each unit
    uint16_t dram_need[TSR_UNITS];
} schedule;

static void visit_need(void *context, space s, uint32_t at, bool writes) {
    schedule *sc = context;
    const cell *c = &sc->cells[s][at];
    uint16_t *need = s >= SPACE_SEGMENT ? sc->dram_need : sc->sram_need;
    for (int u = 0; u < TSR_UNITS; u++) {
        uint16_t last = writes && c->reads[u] > c->writes[u] ? c->reads[u] : c->writes[u];
        if (last > need[u])
            need[u] = last;
    }
}

static void visit_note(void *context, space s, uint32_t at, bool writes) {
    schedule *sc = context;
    cell *c = &sc->cells[s][at];
    (writes ? c->writes : c->reads)[sc->unit] = (uint16_t)sc->number;
}

static void learn(knowledge *to, const knowledge *from) {
    for (int u = 0; u < TSR_UNITS; u++)
        if (from->known[u] > to->known[u])
            to->known[u] = from->known[u];
}

static void encode(program *p) {
    for (uint32_t i = 0; i < p->count; i++)
        if (tsr_insn_encode(&p->insn[i], p->data[0] + p->insn_space + i * TSR_INSN_BYTES).code != TSR_OK)
            abort(); // the generator made a field that does not fit
}

void program_schedule(program *p) {
    schedule *sc = calloc(1, sizeof *sc);
    uint64_t *uops = calloc(tsr_uop_entries(p->config), sizeof *uops);
    knowledge *complete = calloc(MAX_INSNS + 1, sizeof *complete); // what is known once instruction number n is complete
    if (sc == NULL || uops == NULL || complete == NULL)
        abort();
    sc->p = p;
    for (int s = 0; s < SPACES; s++) {
        sc->cells[s] = calloc(space_cells(p, (space)s) + 1, sizeof(cell));
        if (sc->cells[s] == NULL)
            abort();
    }
    rng r = {p->seed ^ 0x5c4ed01e};
    uint32_t extra = chance(&r, 50) ? 0 : below(&r, 30);
    knowledge now[TSR_UNITS] = {0}, load_address = {0};
    uint16_t last_of[TSR_UNITS] = {0};                     // the last instruction of each unit so far
    uint16_t given[TSR_UNITS][TSR_UNITS] = {0}; // [from][to]: the last instruction that signals that way

    for (uint32_t i = 0; i < p->count; i++)
        p->insn[i].wait = p->insn[i].signal = 0;
    for (uint32_t i = 0; i + 1 < p->count; i++) {
        tsr_insn *insn = &p->insn[i];
        uint32_t unit = (uint32_t)tsr_insn_unit(insn->opcode);
        sc->unit = unit;
        sc->number = i + 1;
        memset(sc->sram_need, 0, sizeof sc->sram_need);
        memset(sc->dram_need, 0, sizeof sc->dram_need);
        program_accesses(p, insn, uops, visit_need, sc);
        const knowledge *dram_clock = unit == TSR_UNIT_LOAD ? &load_address : &now[unit];
        // STORE first: its token may teach LOAD about others too.
        for (int k = 0; k < TSR_UNITS; k++) {
            uint32_t u = (uint32_t)(TSR_UNITS - 1 - k);
            if (u == unit)
                continue;
            uint16_t need = sc->sram_need[u] > now[unit].known[u] ? sc->sram_need[u] : 0;
            if (sc->dram_need[u] > dram_clock->known[u] && sc->dram_need[u] > need)
                need = sc->dram_need[u];
            if (need != 0) {
                COVER(token_needed);
            } else if (extra != 0 && last_of[u] > given[u][unit] && chance(&r, extra)) {
                need = last_of[u];
                COVER(token_extra);
            } else {
                continue;
            }
            given[u][unit] = need;
            p->insn[need - 1].signal |= 1u << unit;
            insn->wait |= 1u << u;
            learn(&now[unit], &complete[need]);
            if (unit == TSR_UNIT_LOAD && u == TSR_UNIT_STORE)
                learn(&load_address, &complete[need]);
        }
        now[unit].known[unit] = (uint16_t)sc->number;
        complete[sc->number] = now[unit];
        last_of[unit] = (uint16_t)sc->number;
        program_accesses(p, insn, uops, visit_note, sc);
        program_load_uops(p, insn, uops);
    }
    // Tokens that nobody takes: only behind the last one that somebody does.
    for (uint32_t i = 0; extra != 0 && i + 1 < p->count; i++) {
        uint32_t unit = (uint32_t)tsr_insn_unit(p->insn[i].opcode);
        for (uint32_t u = 0; u < TSR_UNITS; u++) {
            if (u != unit && i + 1 > given[unit][u] && chance(&r, extra / 4)) {
                p->insn[i].signal |= 1u << u;
                COVER(token_left);
            }
        }
    }
    encode(p);
    p->insn_offset = p->insn_space;
    p->insn_count = p->count;
    p->error_bytes = 0;
    for (int s = 0; s < SPACES; s++)
        free(sc->cells[s]);
    free(complete);
    free(uops);
    free(sc);
}
