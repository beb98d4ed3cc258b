// SPDX-License-Identifier: Apache-2.0
// STORE and the write channels. Nobody else uses them, so an instruction is worked out as a whole when it is taken. Stage
// numbers: hw/rtl/README.md, "STORE".
#include <string.h>

#include "machine.h"

// The runs of an instruction in OUT, as they are read.
typedef struct reader {
    const tsr_store_insn *s;
    uint32_t x, y, run_left;
    bool regular; // whole words on both sides
} reader;

// Words are read and sent from clock first to last.
static void count_busy(machine *m, clock_t64 first, clock_t64 last) {
    const clock_t64 from = later(first, m->store.busy_until + 1);
    m->store.busy += last >= from ? last - from + 1 : 0;
    m->store.busy_until = later(m->store.busy_until, last);
}

static clock_t64 sent_when(const machine *m, uint64_t bytes) { // when `out` reached that
    uint64_t i = m->store.sends;
    clock_t64 when = 0;
    while (i > 0 && m->store.sends - i < MOVES && m->store.send_out[(i - 1) % MOVES] >= bytes)
        when = m->store.send_at[--i % MOVES];
    return when;
}

// One word of OUT, through the register behind it into the byte queue.
static void read_word(machine *m, reader *r) {
    const tsr_store_insn *s = r->s;
    const uint32_t bus = (uint32_t)m->bus;
    const uint32_t sram = s->sram_addr + r->x * s->sram_x_stride + r->y * s->sram_y_stride + (s->run - r->run_left);
    const uint32_t room = bus - (sram & (bus - 1)), chunk = r->run_left < room ? r->run_left : room;
    m->store.read = later(m->store.read + 1, m->store.queued); // the word before has left the register
    m->store.queued = m->store.read + 1;
    const uint64_t most = (uint64_t)(QUEUED - 1) * bus; // with more in it the byte queue has no room for a whole word
    if (m->store.in > most)
        m->store.queued = later(m->store.queued, sent_when(m, m->store.in - most) + 1);
    m->store.in += chunk;
    count_busy(m, m->store.read, m->store.read);
    r->run_left -= chunk;
    if (r->run_left > 0)
        return;
    r->run_left = s->run;
    if (++r->x == s->x_count) {
        r->x = 0;
        r->y++;
    }
}

// First clock in which a burst is granted, and when AW takes it.
static clock_t64 grant(machine *m, clock_t64 valid, clock_t64 *out_accepted) {
    const uint32_t core = m->config->outstanding_bursts, memory = m->memory.outstanding;
    clock_t64 when = later(valid, m->store.granted);
    if (m->store.bursts >= core)
        when = later(when, m->store.answered[(m->store.bursts - core) % LOGGED] + 1);
    *out_accepted = when + 1;
    if (m->store.bursts >= memory)
        *out_accepted = later(*out_accepted, m->store.answered[(m->store.bursts - memory) % LOGGED] + 1);
    m->store.granted = *out_accepted;
    return when;
}

static void note_send(machine *m, clock_t64 when, uint64_t out) {
    memmove(m->store.recent, m->store.recent + 1, sizeof m->store.recent - sizeof *m->store.recent);
    m->store.recent[QUEUED] = when;
    m->store.send_at[m->store.sends % MOVES] = when;
    m->store.send_out[m->store.sends++ % MOVES] = out;
}

static void send_word(machine *m, reader *r, clock_t64 granted, clock_t64 accepted, uint32_t bytes) {
    if (m->store.whole) { // the ring begins with the latest words
        for (uint64_t i = 0; i <= QUEUED; i++) {
            m->store.send_at[m->store.sends % MOVES] = m->store.recent[i];
            m->store.send_out[m->store.sends++ % MOVES] = m->store.out - ((QUEUED - i) << m->bus_shift);
        }
        m->store.whole = false;
    }
    while (m->store.in < m->store.out + bytes)
        read_word(m, r);
    m->store.sent = later(later(m->store.sent + 1, granted + 1), later(m->store.queued + 1, m->store.beat[0] + 1));
    m->store.out += bytes;
    note_send(m, m->store.sent, m->store.out);
    count_busy(m, m->store.sent, m->store.sent);
    m->store.beat[0] = m->store.beat[1];
    m->store.beat[1] = channel_beats(m, &m->store.data, later(m->store.sent, accepted) + 1, 1);
}

// A burst of whole words, one a clock: reading goes on ahead as far as the registers on the way have room.
static void send_burst(machine *m, clock_t64 granted, uint64_t count) {
    clock_t64 recent[QUEUED + 1];
    memcpy(recent, m->store.recent, sizeof recent);
    // A word comes into the queue when the one QUEUED ahead of it has been sent, and is read when the one before it is there.
    const clock_t64 read = later(m->store.read + 1, m->store.queued), queued = later(read + 1, recent[1] + 1);
    const clock_t64 first = later(later(m->store.sent + 1, granted + 1), later(queued + 1, m->store.beat[0] + 1));
    const clock_t64 last = first + count - 1;
    const clock_t64 last_read = later(read + count - 1, count > QUEUED + 1 ? last - QUEUED : recent[count - 1] + 1);
    if (first > last_read + 1)
        count_busy(m, last_read - count + 1, last_read);
    count_busy(m, first > last_read + 1 ? first : last_read - count + 1, last);
    m->store.read = last_read;
    m->store.queued = later(last_read + 1, count > QUEUED ? last - QUEUED + 1 : recent[count] + 1);
    m->store.sent = last;
    m->store.in += count << m->bus_shift;
    m->store.out += count << m->bus_shift;
    for (uint64_t i = 0; i <= QUEUED; i++)
        m->store.recent[i] = i + count > QUEUED ? last - (QUEUED - i) : recent[i + count];
    m->store.whole = true;
    (void)channel_beats(m, &m->store.data, first + 1, count);
    m->store.beat[0] = count > 1 ? m->store.data.last - 1 : m->store.beat[1];
    m->store.beat[1] = m->store.data.last;
}

// The regions [address, address + bytes) of DRAM; returns the clock in which the cutter took it.
static clock_t64 region(machine *m, reader *r, clock_t64 ready, uint64_t address, uint64_t bytes) {
    const uint64_t bus = m->bus;
    clock_t64 when = later(ready, m->store.cutter);
    if (m->store.regions >= REGIONS)
        when = later(when, m->store.region_sent[m->store.regions % REGIONS] + 1);
    m->store.cutter = later(when + 1, m->store.last_granted);
    clock_t64 valid = m->store.cutter + 1;
    for (uint64_t left = bus_words(m, address, bytes); left > 0;) {
        const uint32_t beats = burst_beats(m, address, left, m->config->burst_beats);
        clock_t64 accepted;
        const clock_t64 granted = grant(m, valid, &accepted);
        const bool whole = r->regular && accepted == granted + 1 && m->memory.bandwidth >= bus;
        if (whole) {
            send_burst(m, granted, beats);
            address += beats * bus;
        }
        for (uint32_t i = 0; !whole && i < beats; i++) {
            const uint64_t room = bus - (address & (bus - 1)), length = bytes < room ? bytes : room;
            send_word(m, r, granted, accepted, (uint32_t)length);
            address += length;
            bytes -= length;
        }
        const clock_t64 answer = m->store.data.last + m->memory.latency;
        m->store.answered[m->store.bursts % LOGGED] =
            later(answer, m->store.bursts > 0 ? m->store.answered[(m->store.bursts - 1) % LOGGED] + 1 : 0);
        m->store.bursts++;
        left -= beats;
        valid = granted + 1;
        m->store.last_granted = granted;
    }
    m->store.region_sent[m->store.regions++ % REGIONS] = m->store.sent;
    return when;
}

static bool is_regular(const machine *m, const tsr_store_insn *s) {
    const uint64_t dram = (m->run->segment[s->segment].base + s->dram_offset) | (s->x_count > 1 ? s->x_stride : 0) |
                          (s->y_count > 1 ? s->y_stride : 0);
    return ((s->run | s->sram_addr | s->sram_x_stride | s->sram_y_stride | dram) & (m->bus - 1)) == 0;
}

// First clock in which it could be taken but for tokens.
static clock_t64 free_for(const machine *m, const entry *e) {
    const uint32_t most = m->config->outstanding_bursts; // also of instructions
    const clock_t64 free = later(e->pushed + 1, m->store.free);
    return m->store.insns < most ? free : later(free, m->store.done[(m->store.insns - most) % LOGGED] + 1);
}

clock_t64 store_next(machine *m) {
    const queue *q = &m->queues[TSR_UNIT_STORE];
    if (q->taken == q->pushed)
        return NEVER;
    const entry *e = at(q, q->taken);
    if (!tokens_known(m, TSR_UNIT_STORE, e->insn.wait))
        return NEVER;
    return later(free_for(m, e), tokens_there(m, TSR_UNIT_STORE, e->insn.wait));
}

void store_step(machine *m, clock_t64 now) {
    queue *q = &m->queues[TSR_UNIT_STORE];
    entry *e = at(q, q->taken++);
    const tsr_store_insn *s = &e->insn.store;
    const clock_t64 free = free_for(m, e);
    (void)take_tokens(m, TSR_UNIT_STORE, e->insn.wait);
    e->left = now;
    m->dirty |= 1u << DISPATCH;
    const uint64_t base = m->run->segment[s->segment].base + s->dram_offset;
    const bool merge_x = s->x_count == 1 || s->x_stride == s->run;
    const uint64_t row_bytes = (uint64_t)(s->x_count - 1) * s->x_stride + s->run;
    const bool merge_all = merge_x && (s->y_count == 1 || s->y_stride == row_bytes);
    const uint64_t busy = m->store.busy;
    reader r = {.s = s, .run_left = s->run, .regular = is_regular(m, s)};
    m->store.read = later(m->store.read, now);
    clock_t64 ready = now + 1;
    for (uint32_t y = 0; y < (merge_all ? 1 : s->y_count); y++)
        for (uint32_t x = 0; x < (merge_x ? 1 : s->x_count); x++) {
            const uint64_t bytes = merge_all ? s->y_count * row_bytes : merge_x ? row_bytes : s->run;
            ready = region(m, &r, ready, base + (uint64_t)y * s->y_stride + (uint64_t)x * s->x_stride, bytes) + 1;
        }
    const clock_t64 answered = m->store.answered[(m->store.bursts - 1) % LOGGED];
    m->store.free = later(m->store.read + 1, ready);
    m->store.done[m->store.insns++ % LOGGED] = answered;
    timing t = {.begin = now, .end = answered};
    const clock_t64 idle = later(free, m->store.quiet);
    t.token = now > idle ? now - idle : 0;
    t.busy = m->store.busy - busy;
    const clock_t64 active = answered + 1 - later(now + 1, m->store.quiet);
    t.memory = active > t.busy ? active - t.busy : 0;
    m->store.quiet = answered + 1;
    m->profile->bytes_written += (uint64_t)s->run * s->x_count * s->y_count;
    complete(m, e, &t);
}
