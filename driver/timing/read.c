// SPDX-License-Identifier: Apache-2.0
// Instruction fetch and LOAD: everything that shares the read channels. Stage numbers: hw/rtl/README.md, "LOAD".
#include <string.h>

#include "machine.h"

// Clocks that so many beats take on the data channel.
static uint64_t beats_time(const machine *m, uint64_t beats) {
    const uint64_t bus = m->config->bus_bytes;
    return m->memory.bandwidth >= bus ? beats : (beats * bus + m->memory.bandwidth - 1) / m->memory.bandwidth;
}

// Beats of the next burst of [address, end): not over 4 KiB, not longer than `most`.
static uint32_t next_burst(const machine *m, uint64_t address, uint64_t end, uint32_t most) {
    const uint64_t bus = m->config->bus_bytes, start = address & ~(bus - 1);
    const uint64_t words = (end - start + bus - 1) / bus, page = (4096 - (start & 4095)) / bus;
    const uint64_t limit = page < most ? page : most;
    return (uint32_t)(words < limit ? words : limit);
}

// ---- instruction fetch -------------------------------------------------------------------------------------------------

// Fetch and LOAD share AR, fetch first, and data comes in the order of requests. The two are simulated apart from each other, so
// each looks up what the other had asked for by then.

// The first beat of a fetch: behind the bursts of LOAD that were asked for before.
static clock_t64 fetch_first_beat(machine *m, clock_t64 request, uint32_t beats) {
    clock_t64 first = later(request + 1 + m->memory.latency, m->fetch.data);
    for (uint64_t i = 0; i < LOGGED && i < m->read.bursts; i++) { // the latest first
        const uint64_t at = (m->read.bursts - 1 - i) % LOGGED;
        if (m->read.granted[at] < request) {
            first = later(first, m->read.last_beat[at] + 1);
            break;
        }
    }
    m->fetch.data = first + beats_time(m, beats);
    m->fetch.request[m->fetch.bursts % LOGGED] = request;
    m->fetch.length[m->fetch.bursts % LOGGED] = beats_time(m, beats);
    m->fetch.end[m->fetch.bursts++ % LOGGED] = m->fetch.data;
    return first;
}

// For a burst of LOAD granted in that clock: when the fetches asked for before it end, and how many are in flight.
static clock_t64 fetches_before(const machine *m, clock_t64 granted, uint32_t *out_in_flight) {
    clock_t64 end = 0;
    *out_in_flight = 0;
    for (uint64_t i = 0; i < LOGGED && i < m->fetch.bursts; i++) {
        const uint64_t at = (m->fetch.bursts - 1 - i) % LOGGED;
        if (m->fetch.request[at] > granted)
            continue;
        end = later(end, m->fetch.end[at]);
        if (m->fetch.end[at] <= granted)
            break;
        (*out_in_flight)++;
    }
    return end;
}

enum { FETCH_BURST = 256, FETCH_FIFO = 1024 }; // bytes

// The instruction that must have been taken before the burst's bytes [requested, requested + bytes) have room: what lies a FIFO's
// size before them has gone to the assembly of an instruction, one ahead of dispatch. 0: there is room from the start.
static uint64_t room_after(const machine *m, uint64_t bytes) {
    const uint64_t end = m->fetch.requested + bytes;
    const uint64_t gone = end > FETCH_FIFO ? (end - FETCH_FIFO + TSR_INSN_BYTES - 1) / TSR_INSN_BYTES : 0;
    return gone >= 2 ? gone - 1 : 0;
}

// Every burst that can be asked for once `taken` instructions have been taken.
static void fetch_ahead(machine *m, uint64_t taken) {
    enum { ALIGN = 4 }; // clocks from a word's arrival to the complete instruction
    const uint64_t base = m->run->segment[0].base + m->run->insn_offset, bus = m->config->bus_bytes;
    const uint32_t most = FETCH_BURST / bus > m->config->burst_beats ? m->config->burst_beats : FETCH_BURST / (uint32_t)bus;
    const uint64_t end = base + (uint64_t)TSR_INSN_BYTES * m->run->insn_count;
    while (base + m->fetch.requested < end) {
        const uint64_t address = base + m->fetch.requested;
        const uint32_t beats = next_burst(m, address, end, most);
        uint64_t bytes = beats * bus - (address & (bus - 1));
        bytes = bytes < end - address ? bytes : end - address;
        const uint64_t after = room_after(m, bytes);
        if (after > taken)
            return;
        clock_t64 request = m->fetch.last_request + 1;
        if (after > 0)
            request = later(request, m->fetch.taken[(after - 1) % LOGGED] + 1);
        m->fetch.last_request = request;
        const clock_t64 first = fetch_first_beat(m, request, beats);
        m->fetch.requested += bytes;
        for (; (m->fetch.asked + 1) * TSR_INSN_BYTES <= m->fetch.requested; m->fetch.asked++) {
            const uint64_t last_byte = base + (m->fetch.asked + 1) * TSR_INSN_BYTES - 1;
            const uint64_t word = last_byte / bus - address / bus;
            m->fetch.arrived[m->fetch.asked % LOGGED] = first + beats_time(m, word) + ALIGN;
        }
    }
}

clock_t64 fetch_arrival(machine *m, uint32_t index) {
    fetch_ahead(m, index);
    return m->fetch.arrived[index % LOGGED];
}

// ---- LOAD: the address phase ---------------------------------------------------------------------------------------------

// When the data FIFO has room for `beats` more words: the word that lies its size before has left it.
static clock_t64 credit(machine *m, uint32_t beats) {
    const uint64_t fifo = 4 * (uint64_t)m->config->burst_beats, end = m->load.words + beats;
    if (end <= fifo)
        return 0;
    const uint64_t word = end - fifo - 1; // must have been taken
    while (m->load.oldest < m->load.newest) {
        const passage *p = &m->load.passages[m->load.oldest % MOST_BURSTS];
        if (p->first + p->count > word)
            return p->taken + (p->last_taken - p->taken) * (word - p->first + 1) / p->count + 1;
        m->load.oldest++;
    }
    return 0;
}

// Fetches that were asked for after a burst of LOAD but simulated before it move behind its data.
static void push_fetches_back(machine *m, clock_t64 granted, clock_t64 data_end) {
    uint64_t oldest = m->fetch.bursts;
    while (oldest > 0 && m->fetch.bursts - oldest < LOGGED && m->fetch.request[(oldest - 1) % LOGGED] > granted)
        oldest--;
    for (uint64_t i = oldest; i < m->fetch.bursts; i++) {
        const uint64_t length = m->fetch.length[i % LOGGED], begin = m->fetch.end[i % LOGGED] - length;
        if (begin >= data_end)
            break;
        m->fetch.end[i % LOGGED] = data_end + length;
        data_end += length;
    }
    if (m->fetch.bursts > 0)
        m->fetch.data = later(m->fetch.data, m->fetch.end[(m->fetch.bursts - 1) % LOGGED]);
}

// One burst: grant, request, data. Returns the clock of its first beat.
static clock_t64 read_burst(machine *m, clock_t64 ready, uint32_t beats, clock_t64 *out_granted) {
    const uint32_t most =
        m->config->outstanding_bursts < m->memory.outstanding ? m->config->outstanding_bursts : m->memory.outstanding;
    clock_t64 grant = later(ready, later(m->read.grant, credit(m, beats)));
    uint32_t fetches;
    (void)fetches_before(m, grant, &fetches);
    const uint32_t places = most > fetches ? most - fetches : 1;
    if (m->read.bursts >= places)
        grant = later(grant, m->read.last_beat[(m->read.bursts - places) % LOGGED] + 1);
    m->read.grant = grant + 1;
    const clock_t64 first = later(later(grant + 1 + m->memory.latency, m->read.data), fetches_before(m, grant, &fetches));
    m->read.data = first + beats_time(m, beats);
    m->read.granted[m->read.bursts % LOGGED] = grant;
    m->read.last_beat[m->read.bursts % LOGGED] = m->read.data - 1;
    m->read.bursts++;
    push_fetches_back(m, grant, m->read.data);
    *out_granted = grant;
    return first;
}

// ---- LOAD: both phases ---------------------------------------------------------------------------------------------------

typedef struct job {
    const tsr_load_insn *l;
    uint32_t shift; // diag: destination addresses count source bytes
    clock_t64 step; // first clock in which the address phase can give a region
    clock_t64 move; // first clock in which the data phase can write
    uint64_t moves; // writes so far
    bool even; // every run lies alike in its bus words
    uint32_t run_writes; // of such a run
} job;

static uint32_t writes_of_run(const machine *m, const job *j, uint64_t x, uint64_t y) {
    if (j->even)
        return j->run_writes;
    const tsr_load_insn *l = j->l;
    const uint64_t to = (l->sram_addr >> j->shift) + x * (l->sram_x_stride >> j->shift) + y * (l->sram_y_stride >> j->shift);
    return bus_words(m, to, l->run);
}

// Padding cells [x, x + count) of row y.
static void pad(const machine *m, job *j, uint64_t x, uint64_t count, uint64_t y) {
    uint64_t writes = 0;
    for (uint64_t i = 0; i < count; i++)
        writes += writes_of_run(m, j, x + i, y);
    j->move += writes;
    j->moves += writes;
}

// A region of DRAM that is read in one go and written by `writes` writes.
static void region(machine *m, job *j, uint64_t address, uint64_t bytes, uint64_t writes) {
    enum { TO_MOVE = 4, TO_TAKE = 2 }; // clocks from a beat to its write, and to its leaving the data FIFO
    clock_t64 step = later(j->step, m->load.burst);
    if (m->load.regions >= REGIONS)
        step = later(step, m->load.region_end[m->load.regions % REGIONS] + 1);
    const uint64_t words = bus_words(m, address, bytes);
    uint64_t read = 0, written = 0;
    clock_t64 grant = step, last_taken = 0;
    for (uint64_t at = address; read < words;) {
        const uint32_t beats = next_burst(m, at, address + bytes, m->config->burst_beats);
        const clock_t64 first = read_burst(m, grant + 1, beats, &grant), last = m->read.data - 1;
        read += beats;
        const uint64_t moves = writes * read / words - written;
        written += moves;
        const clock_t64 first_move = later(j->move, first + TO_MOVE);
        const clock_t64 last_move = later(first_move + (moves > 0 ? moves - 1 : 0), last + TO_MOVE);
        j->move = last_move + 1;
        passage *p = &m->load.passages[m->load.newest++ % MOST_BURSTS];
        *p = (passage){m->load.words, beats, later(first + TO_TAKE, first_move - TO_TAKE), last_move - TO_TAKE};
        p->last_taken = later(p->last_taken, p->taken);
        last_taken = p->last_taken;
        m->load.words += beats;
        at = (at & ~(uint64_t)(m->config->bus_bytes - 1)) + (uint64_t)beats * m->config->bus_bytes;
    }
    j->moves += writes;
    m->load.burst = grant; // the cutter takes the next region in the clock of its last burst
    m->load.region_end[m->load.regions++ % REGIONS] = last_taken;
    j->step = step + 1;
}

// Rows and columns as the address phase sees them: rows, or all of it, merge into one region where they touch.
static void regions(machine *m, job *j) {
    const tsr_load_insn *l = j->l;
    const uint64_t base = m->run->segment[l->segment].base + l->dram_offset, row = l->x_before + l->x_count + l->x_after;
    const bool merge_x = l->x_count == 1 || l->x_stride == l->run;
    const bool merge_all = merge_x && (l->y_count == 1 || l->y_stride == (uint64_t)(l->x_count - 1) * l->x_stride + l->run);
    const uint64_t row_bytes = (uint64_t)(l->x_count - 1) * l->x_stride + l->run;
    const bool whole_rows = l->x_before == 0 && l->x_after == 0;
    if (merge_all && whole_rows && j->even) {
        region(m, j, base, l->y_count > 1 ? l->y_count * row_bytes : row_bytes,
               (uint64_t)l->y_count * l->x_count * j->run_writes);
        return;
    }
    for (uint64_t y = 0; y < l->y_count; y++) {
        const uint64_t at_row = l->y_before + y;
        pad(m, j, 0, l->x_before, at_row);
        if (merge_x) {
            uint64_t writes = 0;
            for (uint64_t x = 0; x < l->x_count; x++)
                writes += writes_of_run(m, j, l->x_before + x, at_row);
            region(m, j, base + y * l->y_stride, row_bytes, writes);
        } else {
            for (uint64_t x = 0; x < l->x_count; x++)
                region(m, j, base + y * l->y_stride + x * l->x_stride, l->run, writes_of_run(m, j, l->x_before + x, at_row));
        }
        pad(m, j, row - l->x_after, l->x_after, at_row);
    }
}

// Micro-ops are the one thing whose contents decide about time.
static void copy_uops(machine *m, const tsr_load_insn *l) {
    const cycle_segment *s = &m->run->segment[l->segment];
    for (uint64_t y = 0; y < l->y_count; y++)
        for (uint64_t x = 0; x < l->x_count; x++) {
            const uint64_t from = l->dram_offset + y * l->y_stride + x * l->x_stride;
            const uint64_t to = l->sram_addr + y * l->sram_y_stride + x * l->sram_x_stride;
            memcpy((uint8_t *)m->uops + to, s->data + from, l->run);
        }
}

clock_t64 simulate_load(machine *m, const tsr_insn *insn, clock_t64 pushed, timing *t) {
    enum { SETTLE = 3 };
    const tsr_load_insn *l = &insn->load;
    const bool moves = l->x_count != 0 && l->y_count != 0;
    const clock_t64 tokens_ahead = take_tokens(m, TSR_UNIT_LOAD, insn->wait & 1u << TSR_UNIT_STORE);
    const clock_t64 ahead = later(later(pushed + 1, m->load.ahead), tokens_ahead);
    const clock_t64 tokens_back = take_tokens(m, TSR_UNIT_LOAD, insn->wait & ~(1u << TSR_UNIT_STORE));
    const clock_t64 free_back = later(ahead + 1, m->load.back), back = later(free_back, tokens_back);
    job j = {.l = l, .step = ahead + 1, .move = back + 1};
    while (l->diag && 1u << j.shift < m->config->block_in)
        j.shift++;
    const uint32_t bus = m->config->bus_bytes;
    j.even = (l->sram_x_stride >> j.shift) % bus == 0 && (l->sram_y_stride >> j.shift) % bus == 0;
    j.run_writes = bus_words(m, l->sram_addr >> j.shift, l->run);
    const uint64_t columns = l->x_before + l->x_count + l->x_after, rows = l->y_before + l->y_count + l->y_after;
    for (uint64_t y = 0; y < l->y_before; y++)
        pad(m, &j, 0, columns, y);
    if (moves)
        regions(m, &j);
    for (uint64_t y = moves ? l->y_before + l->y_count : l->y_before; y < (moves ? rows : l->y_before + l->y_after); y++)
        pad(m, &j, 0, columns, y);
    if (!moves && l->y_count > 0) // rows of side padding alone
        for (uint64_t y = 0; y < l->y_count; y++)
            pad(m, &j, 0, columns, l->y_before + y);
    if (l->buffer == TSR_BUF_UOP && moves)
        copy_uops(m, l);
    m->load.ahead = j.step;
    const clock_t64 idle_since = m->load.back;
    m->load.back = j.move;
    *t = (timing){.begin = ahead, .end = j.move - 1 + SETTLE, .busy = j.moves};
    t->token = tokens_back > free_back ? tokens_back - free_back : 0;
    if (tokens_ahead > later(pushed + 1, idle_since)) // nothing older on its way: the address phase's wait counts
        t->token += tokens_ahead - later(pushed + 1, idle_since);
    const clock_t64 active = j.move - later(idle_since, pushed + 1);
    t->memory = active > t->busy + t->token ? active - t->busy - t->token : 0;
    return back + 1;
}
