// SPDX-License-Identifier: Apache-2.0
// The state of a simulated run, shared by the files of the cycle model. All times are clocks since the start of the run.
#ifndef DRIVER_TIMING_MACHINE_H
#define DRIVER_TIMING_MACHINE_H

#include "cycle.h"
#include "tsr/insn.h"

typedef uint64_t clock_t64; // a point in time

enum {
    MOST_TOKENS = 256,
    MOST_QUEUED = 256,
    MOST_BURSTS = 2048,
    MOST_OUTSTANDING = 256,
    LOGGED = 256,
    REGIONS = 32,
    BANKS = 4,
    SPANS = 8
};

// What one instruction did, for counters and callbacks.
typedef struct timing {
    clock_t64 begin, end;
    uint64_t busy, token, memory, bank; // of the unit's clocks; what is left is queue
} timing;

// A burst whose words are on their way through LOAD's data FIFO: words [first, first + count) of all words ever read leave it
// between `taken` and `last_taken`.
typedef struct passage {
    uint64_t first;
    uint32_t count;
    clock_t64 taken, last_taken;
} passage;

// Clocks in which a unit kept a bank busy.
typedef struct span {
    clock_t64 begin, end; // end: first clock in which the other unit may issue
    uint8_t acc_banks, inp_banks;
} span;

typedef struct unit_spans {
    span items[SPANS]; // the latest, a ring
    uint32_t next;
} unit_spans;

typedef struct machine {
    const tsr_config *config;
    cycle_memory memory;
    const cycle_run *run;

    clock_t64 token[TSR_UNITS][TSR_UNITS][MOST_TOKENS]; // when each could be taken, [producer][consumer], a ring
    uint32_t given[TSR_UNITS][TSR_UNITS], taken[TSR_UNITS][TSR_UNITS];
    clock_t64 left[TSR_UNITS][MOST_QUEUED]; // when an instruction left its queue, a ring of queue_depth
    uint32_t queued[TSR_UNITS], executed[TSR_UNITS];
    clock_t64 done; // of whatever ended last

    struct { // instruction fetch and dispatch, which runs ahead of the units as far as the queues go
        uint32_t dispatched;              // instructions
        tsr_insn insn[LOGGED];            // dispatched and not yet executed, rings
        clock_t64 pushed[LOGGED];         // into its queue
        clock_t64 taken[LOGGED];          // from fetch
        clock_t64 arrived[LOGGED];        // when its last word came
        uint64_t requested, asked;        // bytes of the stream, instructions whose arrival is known
        clock_t64 last_request, data;     // data: first clock after the last beat
        clock_t64 request[LOGGED], end[LOGGED]; // of bursts: asked for, after the last beat; rings
        uint64_t length[LOGGED];          // clocks that their data takes
        uint64_t bursts;
    } fetch;

    struct { // AXI read channels
        clock_t64 grant, data;             // earliest for the next burst of LOAD; first free data clock
        clock_t64 granted[LOGGED], last_beat[LOGGED]; // of bursts, a ring
        uint64_t bursts;
    } read;

    struct {
        clock_t64 ahead, back, burst; // first clocks in which address phase, data phase and burst cutter are free
        clock_t64 region_end[REGIONS]; // when a region left the region FIFO, a ring
        uint64_t regions, words;       // so far
        passage passages[MOST_BURSTS]; // a ring; those before `oldest` have left
        uint64_t oldest, newest;
    } load;

    struct { // AXI write channels and STORE
        clock_t64 take, grant, data, burst;
        clock_t64 sent[MOST_OUTSTANDING], answered[MOST_OUTSTANDING]; // last word, response: rings of outstanding bursts
        uint64_t bursts;
        clock_t64 done[MOST_OUTSTANDING]; // of instructions, a ring
        uint64_t insns;
    } store;

    struct {
        clock_t64 issue; // first clock in which the next micro-op may issue
        unit_spans spans;
    } gemm, alu;
    clock_t64 *written; // ACC entries: clock in which ALU last issued a micro-op that writes it, plus 1; 0 = never
    uint64_t *uops;     // contents of the UOP buffer

    tsr_profile *profile;
} machine;

static inline clock_t64 later(clock_t64 a, clock_t64 b) { return a > b ? a : b; }

// When every token of the mask is there; takes them.
clock_t64 take_tokens(machine *m, uint32_t unit, uint32_t mask);
uint32_t bus_words(const machine *m, uint64_t address, uint64_t bytes); // touched by [address, address + bytes)

// One instruction, pushed into its unit's queue in clock `pushed`. Returns when its slot in the queue is free again.
clock_t64 simulate_load(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t);
clock_t64 simulate_gemm(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t);
clock_t64 simulate_alu(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t);
clock_t64 simulate_store(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t);

// When instruction `index` is complete in front of dispatch.
clock_t64 fetch_arrival(machine *m, uint32_t index);

#endif
