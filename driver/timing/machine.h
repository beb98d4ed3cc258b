// SPDX-License-Identifier: Apache-2.0
// The state of a simulated run, shared by the files of the cycle model. All times are clocks since the start of the run.
//
// Seven actors take turns. Each knows the clock of its next step, or that it waits for something another one has not done yet
// (NEVER); the earliest goes. A step may only change what happens later than itself, so nothing is ever taken back.
#ifndef DRIVER_TIMING_MACHINE_H
#define DRIVER_TIMING_MACHINE_H

#include "cycle.h"
#include "tsr/insn.h"

typedef uint64_t clock_t64; // a point in time
#define NEVER UINT64_MAX

// REGIONS: of a unit's region FIFO and the register behind it. QUEUED: bus words of the byte queue.
enum { MOST_TOKENS = 256, LOGGED = 256, MOST_BURSTS = 2048, REGIONS = 33, BANKS = 4, SPANS = 8, MOVES = 256, QUEUED = 4 };

// In the order in which they go in one clock: fetch, if it has waited, before LOAD on the read bus, GEMM before ALU in a bank.
enum { FETCH, AHEAD, BACK, DISPATCH, GEMM, ALU, STORE, ACTORS };

// An instruction in its unit's queue, and on until it has completed.
typedef struct entry {
    tsr_insn insn;
    uint32_t index;
    clock_t64 pushed, left; // into the queue; out of it
    clock_t64 ahead, ahead_token; // LOAD: taken by the address phase; clocks that this waited for tokens
} entry;

typedef struct queue {
    entry *items; // a ring, owned
    uint32_t mask;
    uint32_t pushed, taken; // instructions so far
} queue;

// What one instruction did, for counters and callbacks.
typedef struct timing {
    clock_t64 begin, end;
    uint64_t busy, token, memory, bank; // of the unit's clocks; what is left is queue
} timing;

// A data channel of the memory: a beat a clock, or fewer when it has less bandwidth than the bus is wide.
typedef struct channel {
    clock_t64 last;    // beat
    uint64_t credit;   // bytes saved up after it
    uint64_t first_credit; // and after the first beat of its burst
    bool used;
} channel;

// A burst of LOAD. Its words are `first` and up of all words that LOAD ever reads.
typedef struct passage {
    uint64_t first;
    uint32_t count, offset, bytes; // words; bytes in the first one ahead of the region; of the region
    bool ends_region;
    clock_t64 arrive, arrive_last; // at the core
    clock_t64 before[QUEUED];      // moves of the words ahead of it: its own first ones wait for them
    clock_t64 move, move_last;     // first and last word written, 0: not yet; what room in the data FIFO is counted by
} passage;

// Clocks in which a unit keeps banks of accumulators.
typedef struct span {
    clock_t64 begin, end; // end: first clock in which the other unit may issue
    uint8_t acc_banks;
} span;

typedef struct unit_spans {
    span items[SPANS]; // the latest, a ring
    uint32_t next;
} unit_spans;

typedef struct gemm_run { // micro-ops of one instruction, one a clock
    clock_t64 begin, last;
    tsr_gemm_insn insn;
    uint8_t inp_banks;
} gemm_run;

typedef struct issuer { // GEMM, ALU
    const entry *current;  // taken, and waiting for the bank of its first micro-op
    clock_t64 take, token; // of the current one: when it was taken, clocks that it waited for tokens before
    clock_t64 free;        // first clock in which an instruction can be taken
    clock_t64 last_issue;  // of a micro-op
    uint64_t bank;         // clocks that it waited for banks and accumulators
    clock_t64 wanted;      // first clock in which its first micro-op could issue but for banks
    uint8_t acc_banks, inp_banks; // that it wants
    uint8_t src_banks, dst_banks; // ALU: of accumulators, both in acc_banks
    clock_t64 first, next;        // ALU: when its first micro-op issued, when the next one can
    uint64_t issued;              // ALU: micro-ops of the current instruction
    unit_spans spans;
} issuer;

// Clocks in which a unit does something, each counted once: a bit for each of the latest ones.
enum { CLOCK_WORDS = 64 };
typedef struct clock_set {
    uint64_t count;
    uint64_t bits[CLOCK_WORDS]; // a ring of 64 clocks each
    uint64_t head;              // number of the latest 64
} clock_set;

typedef struct machine {
    const tsr_config *config;
    cycle_memory memory;
    const cycle_run *run;
    uint64_t bus; // bytes of a word, a power of two
    uint32_t bus_shift;
    uint32_t dirty; // actors whose next step has to be found anew
    clock_t64 horizon; // of a step: nobody else has one before

    clock_t64 token[TSR_UNITS][TSR_UNITS][MOST_TOKENS]; // when each can be taken, [producer][consumer], a ring
    uint32_t given[TSR_UNITS][TSR_UNITS], taken[TSR_UNITS][TSR_UNITS];
    queue queues[TSR_UNITS];
    clock_t64 done; // of whatever ended last

    struct { // dispatch
        uint32_t count;          // instructions taken from fetch
        clock_t64 taken[LOGGED]; // when, a ring
        clock_t64 ready;         // first clock in which another can be taken
        entry held;              // checked, and waiting for a place in its queue
        bool holds, ended;
        clock_t64 finish; // FINISH at the head; NEVER: a fault ended the stream
        tsr_fault_code fault;
        uint64_t sizes[TSR_SEGMENTS];
        tsr_tokens tokens;
    } dispatch;

    struct { // instruction fetch
        uint64_t requested, words;  // bytes of the stream, bus words
        uint32_t complete;          // instructions whose last word has been asked for
        clock_t64 arrived[LOGGED];  // when that is assembled, a ring
        clock_t64 word[LOGGED];     // when a bus word comes, a ring; LOGGED is more than the FIFO and a burst hold
        clock_t64 ready;            // first clock for the next request
        clock_t64 asks;             // since then it waits for the bus
    } fetch;

    struct { // AXI read channels
        clock_t64 free;               // first clock in which AR takes another burst
        clock_t64 last_beat[LOGGED];  // of bursts, a ring
        uint64_t bursts;
        channel data;
    } read;

    struct { // LOAD's address phase and burst cutter
        const entry *current;
        uint64_t base;
        uint32_t row, at, bytes, x, y, x_count, y_count; // the region that comes next
        clock_t64 ready;           // first clock in which it can be given
        bool next;                 // the cutter's first register holds a region:
        uint64_t next_address;
        uint32_t next_bytes;
        clock_t64 given, cutter;   // since then; first clock in which it takes another one
        uint64_t address, left;    // behind it, being cut: next byte address, bus words,
        uint32_t left_bytes;       // bytes
        clock_t64 valid, granted;  // first clock in which a burst is offered; the latest one's grant
        uint32_t taken;            // instructions so far
        uint64_t words, given_words; // granted; of regions given
        uint64_t regions, region_last[REGIONS]; // last word of each, a ring
        uint64_t small; // of the latest regions, so many are so short that all the FIFO of regions can hold fits the data FIFO
    } ahead;

    struct { // LOAD's data phase
        entry *current;
        bool regular;              // every write takes a whole bus word
        clock_t64 take, token, free;
        uint32_t x, y;             // cell of the destination
        uint32_t run_left, sram;   // bytes of its run, destination in the buffer
        uint32_t segment;          // regular: whole words up to the next padding
        clock_t64 moved;           // last write, or when there could have been one
        clock_t64 last[QUEUED];    // writes of the latest words
        clock_t64 queued;          // irregular: when the word before came into the byte queue
        uint64_t in, out;          // bytes that went through the byte queue
        clock_t64 move_at[MOVES];  // of the latest writes, a ring
        uint64_t move_out[MOVES];  // `out` after each
        uint64_t moves, oldest_move;
        uint64_t writes;           // of the instruction
        passage bursts[MOST_BURSTS]; // a ring
        uint64_t granted, done;    // bursts asked for, written
        uint64_t regions;          // whose last word has been written
        clock_t64 region_left[REGIONS]; // and when that left the data FIFO, a ring
        uint64_t credit_burst;     // where the latest look-up ended
        clock_set busy;            // beats and writes
        uint64_t counted;          // of them, up to the instruction before
        clock_t64 ended;           // of the instruction before
    } back;

    struct { // STORE and the AXI write channels
        clock_t64 free, granted, cutter; // first clock for an instruction, a burst, a region
        clock_t64 last_granted;          // the latest burst's grant
        clock_t64 answered[LOGGED];      // of bursts, a ring
        uint64_t bursts;
        clock_t64 region_sent[REGIONS];
        uint64_t regions;
        channel data;
        clock_t64 beat[2];          // handshakes of the latest two words
        clock_t64 done[LOGGED];     // of instructions, a ring
        uint64_t insns;
        clock_t64 read, queued;          // of the latest word: from OUT, into the byte queue
        uint64_t in, out;
        bool whole;                     // the latest burst was sent as a whole
        clock_t64 recent[QUEUED + 1];    // words into the write channel: the latest
        clock_t64 sent, send_at[MOVES]; // words into the write channel: the latest, and a ring
        uint64_t send_out[MOVES], sends; // `out` after each
        uint64_t busy;                   // clocks with words read or sent
        clock_t64 busy_until;            // the latest of them
        clock_t64 quiet;                 // nothing is in flight from here on
    } store;

    issuer gemm, alu;
    gemm_run gemm_runs[SPANS]; // the latest, a ring
    uint32_t gemm_run_count;
    clock_t64 *written; // ACC entries: clock in which ALU last issued a micro-op that writes it, plus 1; 0 = never
    uint8_t late[8];    // banks + 1 of the ALU's late reads by issue clock modulo 8
    clock_t64 late_clock[8];
    uint64_t *uops; // contents of the UOP buffer

    tsr_profile *profile;
} machine;

static inline clock_t64 later(clock_t64 a, clock_t64 b) { return a > b ? a : b; }
static inline entry *at(const queue *q, uint32_t number) { return &q->items[number & q->mask]; }

// Tokens. known: whoever gives them has got that far; take: when every one of the mask is there.
bool tokens_known(const machine *m, uint32_t unit, uint32_t mask);
clock_t64 take_tokens(machine *m, uint32_t unit, uint32_t mask);
clock_t64 tokens_there(const machine *m, uint32_t unit, uint32_t mask); // the same without taking them
// Adds clocks first to last. Those further back than the latest 4096 count as new.
void busy_clocks_far(clock_set *s, clock_t64 first, clock_t64 last);
static inline void busy_clocks(clock_set *s, clock_t64 first, clock_t64 last) {
    const uint64_t word = first / 64;
    if (word == last / 64 && word <= s->head && s->head < word + CLOCK_WORDS) {
        const uint64_t mask = UINT64_MAX >> (63 - last % 64) & UINT64_MAX << first % 64;
        uint64_t *bits = &s->bits[word % CLOCK_WORDS];
        if ((*bits & mask) == 0) {
            *bits |= mask;
            s->count += last - first + 1;
            return;
        }
    }
    busy_clocks_far(s, first, last);
}
// An instruction has completed: tokens, counters, callback.
void complete(machine *m, const entry *e, const timing *t);

// Bus words touched by [address, address + bytes).
static inline uint64_t bus_words(const machine *m, uint64_t address, uint64_t bytes) {
    return (((address & (m->bus - 1)) + bytes + m->bus - 1)) >> m->bus_shift;
}

// Beats of the next burst at address, with so many words to go: up to the next multiple of `most` words.
static inline uint32_t burst_beats(const machine *m, uint64_t address, uint64_t words, uint32_t most) {
    const uint64_t limit = most - (address >> m->bus_shift & (most - 1));
    return (uint32_t)(words < limit ? words : limit);
}

// `count` beats, the first no earlier than `wanted`; returns the first one's clock, the last one's is in c->last.
clock_t64 channel_beats(const machine *m, channel *c, clock_t64 wanted, uint64_t count);

// The read bus, which fetch and LOAD share: first clock in which it grants another burst (AR free, a place among the outstanding
// ones); and a grant, which returns the first beat's clock and leaves the last one's in m->read.data.last.
clock_t64 read_bus_free(const machine *m);
// When beat i of a burst comes, whose first one comes at `first` and leaves the channel that credit.
clock_t64 channel_beat(const machine *m, clock_t64 first, uint64_t credit, uint64_t i);
clock_t64 read_bus_grant(machine *m, clock_t64 now, uint32_t beats);

// Of each actor: the clock of its next step, and the step.
clock_t64 fetch_next(machine *m);
void fetch_step(machine *m, clock_t64 now);
clock_t64 dispatch_next(machine *m);
void dispatch_step(machine *m, clock_t64 now);
clock_t64 ahead_next(machine *m);
void ahead_step(machine *m, clock_t64 now);
clock_t64 back_next(machine *m);
void back_step(machine *m, clock_t64 now);
clock_t64 gemm_next(machine *m);
void gemm_step(machine *m, clock_t64 now);
clock_t64 alu_next(machine *m);
void alu_step(machine *m, clock_t64 now);
clock_t64 store_next(machine *m);
void store_step(machine *m, clock_t64 now);

#endif
