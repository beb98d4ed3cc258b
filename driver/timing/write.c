// SPDX-License-Identifier: Apache-2.0
// STORE and the write channels. Stage numbers: hw/rtl/README.md, "STORE".
#include "machine.h"

static uint64_t beats_time(const machine *m, uint64_t beats) {
    const uint64_t bus = m->config->bus_bytes;
    return m->memory.bandwidth >= bus ? beats : (beats * bus + m->memory.bandwidth - 1) / m->memory.bandwidth;
}

typedef struct job {
    clock_t64 step, read; // address phase; first clock in which OUT can be read
    clock_t64 answered;   // of the last burst
    uint64_t words;
} job;

static uint32_t in_flight(const machine *m) {
    return m->config->outstanding_bursts < m->memory.outstanding ? m->config->outstanding_bursts : m->memory.outstanding;
}

// One burst whose words have been read from OUT by clock `there` (the last one).
static void write_burst(machine *m, job *j, clock_t64 ready, uint32_t beats, clock_t64 first_there, clock_t64 last_there) {
    const uint32_t flight = in_flight(m);
    clock_t64 grant = later(ready, m->store.grant);
    if (m->store.bursts >= flight)
        grant = later(grant, m->store.answered[(m->store.bursts - flight) % MOST_OUTSTANDING] + 1);
    m->store.grant = grant + 1;
    const clock_t64 first = later(later(grant + 3, m->store.data), first_there);
    const clock_t64 last = later(first + beats_time(m, beats) - 1, last_there);
    m->store.data = last + 1;
    j->answered = last + m->memory.latency;
    m->store.answered[m->store.bursts++ % MOST_OUTSTANDING] = j->answered;
    m->store.burst = grant;
}

// A region of DRAM, filled from `reads` words of OUT.
static void region(machine *m, job *j, uint64_t address, uint64_t bytes, uint64_t reads) {
    enum { TO_SEND = 4 }; // clocks from the read of an OUT word to its place on W
    const uint64_t bus = m->config->bus_bytes, words = bus_words(m, address, bytes);
    clock_t64 ready = later(j->step, m->store.burst);
    j->step = ready + 1;
    uint64_t done = 0, read = 0;
    for (uint64_t at = address; done < words;) {
        const uint64_t start = at & ~(bus - 1), page = (4096 - (start & 4095)) / bus;
        uint64_t beats = words - done;
        beats = beats < page ? beats : page;
        beats = beats < m->config->burst_beats ? beats : m->config->burst_beats;
        done += beats;
        const uint64_t now = reads * done / words - read;
        read += now;
        write_burst(m, j, ready + 1, (uint32_t)beats, j->read + TO_SEND, j->read + TO_SEND + (now > 0 ? now - 1 : 0));
        j->read = later(j->read + now, m->store.data > TO_SEND ? m->store.data - TO_SEND : 0); // OUT is read only as W moves
        ready = m->store.burst;
        at = start + beats * bus;
    }
    j->words += words;
}

clock_t64 simulate_store(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t) {
    const tsr_store_insn *s = &insn->store;
    clock_t64 free = later(pushed + 1, m->store.take);
    if (m->store.insns >= m->config->outstanding_bursts)
        free = later(free, m->store.done[(m->store.insns - m->config->outstanding_bursts) % MOST_OUTSTANDING] + 1);
    const clock_t64 tokens = take_tokens(m, TSR_UNIT_STORE, insn->wait), take = later(free, tokens);
    const uint64_t base = m->run->segment[s->segment].base + s->dram_offset, bus = m->config->bus_bytes;
    const bool merge_x = s->x_count == 1 || s->x_stride == s->run;
    const uint64_t row_bytes = (uint64_t)(s->x_count - 1) * s->x_stride + s->run;
    const bool merge_all = merge_x && (s->y_count == 1 || s->y_stride == row_bytes);
    const bool even = s->sram_x_stride % bus == 0 && s->sram_y_stride % bus == 0;
    job j = {.step = take + 1, .read = take + 1};
    uint64_t reads = 0;
    for (uint64_t y = 0; y < s->y_count; y++) {
        uint64_t row_reads = 0;
        if (even && merge_x)
            row_reads = (uint64_t)s->x_count * bus_words(m, s->sram_addr, s->run);
        for (uint64_t x = 0; x < s->x_count && !(even && merge_x); x++) {
            const uint64_t words = bus_words(m, s->sram_addr + x * s->sram_x_stride + y * s->sram_y_stride, s->run);
            row_reads += words;
            if (!merge_x)
                region(m, &j, base + y * s->y_stride + x * s->x_stride, s->run, words);
        }
        reads += row_reads;
        if (merge_x && !merge_all)
            region(m, &j, base + y * s->y_stride, row_bytes, row_reads);
    }
    if (merge_all)
        region(m, &j, base, s->y_count * row_bytes, reads);
    m->store.take = later(j.read, j.step);
    m->store.done[m->store.insns++ % MOST_OUTSTANDING] = j.answered;
    *t = (timing){.begin = take, .end = j.answered, .busy = j.words};
    t->token = tokens > free ? tokens - free : 0;
    return take + 1;
}
