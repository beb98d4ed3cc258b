// SPDX-License-Identifier: Apache-2.0
// LOAD. Stage numbers: hw/rtl/README.md, "LOAD".
#include <string.h>

#include "machine.h"

// ---- what has left the data FIFO -------------------------------------------------------------------------------------------

enum { TO_TAKE = 2, TO_MOVE = 3 }; // clocks from a beat to its leaving the FIFO, and to its write

static clock_t64 between(clock_t64 first, clock_t64 last, uint64_t i, uint64_t count) {
    return last - first == count - 1 ? first + i : first + (last - first) * i / (count - 1); // a word a clock, or slower
}

// Word i of a burst that has been written came into the byte queue a clock after the word QUEUED ahead of it left that, or later.
static clock_t64 room_for(const passage *p, uint64_t i) {
    return 1 + (i < QUEUED ? p->before[i] : between(p->move, p->move_last, i - QUEUED, p->count));
}

// When a word leaves the data FIFO; *burst: where to look, moved on. False: nobody knows yet.
static bool word_leaves(const machine *m, uint64_t word, uint64_t *burst, clock_t64 *out_when) {
    while (*burst < m->back.granted) {
        const passage *p = &m->back.bursts[*burst % MOST_BURSTS];
        if (word < p->first + p->count) {
            const uint64_t i = word - p->first;
            *out_when = between(p->arrive, p->arrive_last, i, p->count) + TO_TAKE;
            if (*burst < m->back.done)
                *out_when = later(*out_when, room_for(p, i));
            else if (*burst == m->back.done && i < QUEUED && m->back.regular)
                *out_when = later(*out_when, m->back.last[i] + 1);
            else
                return false;
            return true;
        }
        ++*burst;
    }
    return false;
}

// ---- address phase -----------------------------------------------------------------------------------------------------

static bool moves_data(const tsr_load_insn *l) { return l->x_count != 0 && l->y_count != 0; }

static void begin_regions(machine *m, const entry *e) {
    const tsr_load_insn *l = &e->insn.load;
    const bool merge_x = l->x_count == 1 || l->x_stride == l->run;
    const uint64_t row_bytes = (uint64_t)(l->x_count - 1) * l->x_stride + l->run;
    const bool merge_all = merge_x && (l->y_count == 1 || l->y_stride == row_bytes);
    m->ahead.current = e;
    m->ahead.base = m->run->segment[l->segment].base;
    m->ahead.row = m->ahead.at = l->dram_offset;
    m->ahead.bytes = (uint32_t)(merge_all ? (uint64_t)(l->y_count - 1) * l->y_stride + row_bytes : merge_x ? row_bytes : l->run);
    m->ahead.x_count = merge_x ? 1 : l->x_count;
    m->ahead.y_count = merge_all ? 1 : l->y_count;
    m->ahead.x = m->ahead.y = 0;
}

// Takes the next instruction of the queue; false when that has to wait.
static bool take_ahead(machine *m) {
    queue *q = &m->queues[TSR_UNIT_LOAD];
    if (m->ahead.taken == q->pushed)
        return false;
    entry *e = at(q, m->ahead.taken);
    const uint32_t wait = e->insn.wait & 1u << TSR_UNIT_STORE;
    if (!tokens_known(m, TSR_UNIT_LOAD, wait))
        return false;
    const clock_t64 free = later(e->pushed + 1, m->ahead.ready);
    e->ahead = later(free, take_tokens(m, TSR_UNIT_LOAD, wait));
    e->ahead_token = e->ahead - free;
    m->ahead.taken++;
    m->ahead.ready = e->ahead + 1;
    if (moves_data(&e->insn.load))
        begin_regions(m, e);
    m->dirty |= 1u << BACK;
    return true;
}

// Words that the data FIFO has room for.
static uint64_t fifo_words(const machine *m) { return 8 * (uint64_t)m->config->burst_beats; }

// Gives the cutter the next region; false when that has to wait.
static bool give_region(machine *m) {
    clock_t64 when = later(m->ahead.ready, m->ahead.cutter), left;
    if (m->ahead.regions >= REGIONS) {
        const uint64_t before = m->ahead.regions - REGIONS;
        uint64_t burst = m->back.done;
        if (before < m->back.regions)
            left = m->back.region_left[before % REGIONS];
        else if (!word_leaves(m, m->ahead.region_last[before % REGIONS], &burst, &left))
            return false;
        when = later(when, left + 1);
    }
    m->ahead.next = true;
    m->ahead.next_address = m->ahead.base + m->ahead.at;
    m->ahead.next_bytes = m->ahead.bytes;
    const uint64_t words = bus_words(m, m->ahead.next_address, m->ahead.bytes);
    const bool small = words * REGIONS + m->config->burst_beats <= fifo_words(m);
    m->ahead.small = small ? m->ahead.small + 1 : 0;
    m->ahead.given_words += words;
    m->ahead.region_last[m->ahead.regions++ % REGIONS] = m->ahead.given_words - 1;
    m->ahead.given = when;
    m->ahead.ready = when + 1;
    const tsr_load_insn *l = &m->ahead.current->insn.load;
    if (++m->ahead.x < m->ahead.x_count) {
        m->ahead.at += l->x_stride;
        return true;
    }
    m->ahead.x = 0;
    m->ahead.row += l->y_stride;
    m->ahead.at = m->ahead.row;
    if (++m->ahead.y == m->ahead.y_count)
        m->ahead.current = NULL;
    return true;
}

// The region in the cutter's first register moves on to be cut, once the last burst of the one before it has been granted.
static void cut_next(machine *m) {
    m->ahead.cutter = later(m->ahead.given + 1, m->ahead.granted);
    m->ahead.valid = m->ahead.cutter + 1;
    m->ahead.address = m->ahead.next_address;
    m->ahead.left_bytes = m->ahead.next_bytes;
    m->ahead.left = bus_words(m, m->ahead.address, m->ahead.left_bytes);
    m->ahead.next = false;
}

// Its steps are the grants of bursts; all else in between touches nobody.
clock_t64 ahead_next(machine *m) {
    for (;;) {
        if (m->ahead.left == 0 && m->ahead.next)
            cut_next(m);
        if (m->ahead.next || !(m->ahead.current != NULL ? give_region(m) : take_ahead(m)))
            break;
    }
    if (m->ahead.left == 0)
        return NEVER;
    const uint64_t end = m->ahead.words + m->config->burst_beats; // there has to be room for a longest burst
    clock_t64 when = later(m->ahead.valid, read_bus_free(m)), left;
    if (end > fifo_words(m) && m->ahead.small <= REGIONS) {
        if (m->back.granted - m->back.credit_burst > MOST_BURSTS / 2) // those before have left long ago
            m->back.credit_burst = m->back.granted - MOST_BURSTS / 2;
        if (!word_leaves(m, end - fifo_words(m) - 1, &m->back.credit_burst, &left))
            return NEVER;
        when = later(when, left + 1);
    }
    return when;
}

static bool write_bursts(machine *m, uint64_t unseen);

static bool grant_burst(machine *m, clock_t64 now) {
    const uint64_t bus = m->bus;
    const uint32_t beats = burst_beats(m, m->ahead.address, m->ahead.left, m->config->burst_beats);
    const uint32_t offset = (uint32_t)(m->ahead.address & (bus - 1)), room = beats * (uint32_t)bus - offset;
    const uint32_t bytes = m->ahead.left_bytes < room ? m->ahead.left_bytes : room;
    const clock_t64 first = read_bus_grant(m, now, beats);
    passage *p = &m->back.bursts[m->back.granted++ % MOST_BURSTS];
    p->first = m->ahead.words;
    p->count = beats;
    p->offset = offset;
    p->ends_region = m->ahead.left == beats;
    p->bytes = bytes;
    p->arrive = first;
    p->arrive_last = m->read.data.last;
    m->ahead.words += beats;
    m->ahead.left -= beats;
    m->ahead.left_bytes -= bytes;
    m->ahead.address = (m->ahead.address & ~(bus - 1)) + beats * bus;
    m->ahead.valid = now + 1;
    m->ahead.granted = now;
    if (m->back.current != NULL)
        return write_bursts(m, m->back.granted - 1);
    busy_clocks(&m->back.busy, first, m->read.data.last);
    return false;
}

// As many grants as nobody else can come between.
void ahead_step(machine *m, clock_t64 now) {
    do {
        if (grant_burst(m, now)) // an instruction has completed: others may go on
            return;
        now = ahead_next(m);
    } while (now < m->horizon);
}

// ---- data phase --------------------------------------------------------------------------------------------------------

// A buffer's address as its data phase counts: a diagonal load spreads each byte over block_in.
static uint32_t shift_of(const machine *m, const tsr_load_insn *l) {
    uint32_t shift = 0;
    while (l->diag && 1u << shift < m->config->block_in)
        shift++;
    return shift;
}

static bool is_regular(const machine *m, const tsr_load_insn *l) {
    const uint64_t bus = m->bus, base = m->run->segment[l->segment].base;
    const uint32_t shift = shift_of(m, l), sram = l->sram_addr >> shift | l->sram_x_stride >> shift | l->sram_y_stride >> shift;
    const uint64_t dram = (base + l->dram_offset) | (l->x_count > 1 ? l->x_stride : 0) | (l->y_count > 1 ? l->y_stride : 0);
    return ((l->run | sram | dram) & (bus - 1)) == 0;
}

static void note_move(machine *m, clock_t64 when) {
    memmove(m->back.last, m->back.last + 1, sizeof m->back.last - sizeof *m->back.last);
    m->back.last[QUEUED - 1] = when;
}

// So many words one a clock, up to clock `last`.
static void note_moves(machine *m, clock_t64 last, uint64_t count) {
    for (uint64_t k = count < QUEUED ? count : QUEUED; k > 0; k--)
        note_move(m, last - k + 1);
}

static void pad(machine *m, uint64_t cells) { // regular
    const uint64_t writes = cells * (m->back.current->insn.load.run >> m->bus_shift);
    m->back.moved += writes;
    m->back.writes += writes;
}

// Rows of whole words, with padding around them.
static void write_regular(machine *m, passage *p) {
    const tsr_load_insn *l = &m->back.current->insn.load;
    memcpy(p->before, m->back.last, sizeof p->before);
    if (p->count < m->back.segment && p->count >= QUEUED) { // within a row
        p->move = later(m->back.moved + 1, p->arrive + TO_MOVE);
        p->move_last = later(p->move + p->count - 1, p->arrive_last + TO_MOVE);
        m->back.moved = p->move_last;
        note_moves(m, p->move_last, p->count);
        m->back.segment -= p->count;
        m->back.writes += p->count;
        return;
    }
    for (uint32_t i = 0; i < p->count;) {
        const uint32_t run = p->count - i < m->back.segment ? p->count - i : m->back.segment;
        const clock_t64 first = later(m->back.moved + 1, between(p->arrive, p->arrive_last, i, p->count) + TO_MOVE);
        const clock_t64 last = later(first + run - 1, between(p->arrive, p->arrive_last, i + run - 1, p->count) + TO_MOVE);
        p->move = i == 0 ? first : p->move;
        note_moves(m, last, run);
        m->back.moved = last;
        m->back.segment -= run;
        m->back.writes += run;
        i += run;
        if (m->back.segment > 0)
            continue;
        if (++m->back.y < l->y_count) {
            pad(m, (uint64_t)l->x_after + l->x_before);
            m->back.segment = l->x_count * (l->run >> m->bus_shift);
        } else {
            pad(m, l->x_after + (uint64_t)l->y_after * (l->x_before + l->x_count + l->x_after));
        }
    }
    p->move_last = m->back.last[QUEUED - 1];
}

// ---- the same word by word, where runs and bus words are cut at different places --------------------------------------------

static bool is_inside(const machine *m) {
    const tsr_load_insn *l = &m->back.current->insn.load;
    return m->back.x >= l->x_before && m->back.x < l->x_before + l->x_count && m->back.y >= l->y_before &&
           m->back.y < l->y_before + l->y_count;
}

static bool at_end(const machine *m) {
    const tsr_load_insn *l = &m->back.current->insn.load;
    return m->back.y == (uint32_t)l->y_before + l->y_count + l->y_after;
}

// Writes what the byte queue holds, and padding, up to the first write that lacks bytes.
static void write_queued(machine *m) {
    const tsr_load_insn *l = &m->back.current->insn.load;
    const uint32_t bus = (uint32_t)m->bus, shift = shift_of(m, l);
    while (!at_end(m)) {
        const uint32_t sram = (l->sram_addr >> shift) + m->back.x * (l->sram_x_stride >> shift) +
                              m->back.y * (l->sram_y_stride >> shift) + (l->run - m->back.run_left);
        const uint32_t room = bus - (sram & (bus - 1)), chunk = m->back.run_left < room ? m->back.run_left : room;
        if (is_inside(m)) {
            if (m->back.out + chunk > m->back.in)
                return;
            m->back.moved = later(m->back.moved + 1, m->back.queued + 1);
            m->back.out += chunk;
            m->back.move_at[m->back.moves % MOVES] = m->back.moved;
            m->back.move_out[m->back.moves++ % MOVES] = m->back.out;
            note_move(m, m->back.moved);
        } else {
            m->back.moved++;
        }
        m->back.writes++;
        m->back.run_left -= chunk;
        if (m->back.run_left > 0)
            continue;
        m->back.run_left = l->run;
        if (++m->back.x == (uint32_t)l->x_before + l->x_count + l->x_after) {
            m->back.x = 0;
            m->back.y++;
        }
    }
}

static void write_irregular(machine *m, passage *p) {
    const uint32_t bus = (uint32_t)m->bus;
    clock_t64 first = 0, last = 0;
    uint32_t left = p->bytes;
    for (uint32_t i = 0; i < p->count; i++) {
        const uint32_t room = bus - (i == 0 ? p->offset : 0), length = left < room ? left : room;
        clock_t64 queued = later(between(p->arrive, p->arrive_last, i, p->count) + TO_TAKE, m->back.queued + 1);
        // The byte queue takes a word when it has room for a whole one.
        const uint64_t most = (uint64_t)(QUEUED - 1) * bus;
        while (m->back.oldest_move < m->back.moves && m->back.move_out[m->back.oldest_move % MOVES] + most < m->back.in)
            m->back.oldest_move++;
        if (m->back.in > most && m->back.oldest_move < m->back.moves)
            queued = later(queued, m->back.move_at[m->back.oldest_move % MOVES] + 1);
        m->back.queued = queued;
        m->back.in += length;
        left -= length;
        first = i == 0 ? queued : first;
        last = queued;
        write_queued(m);
    }
    p->arrive = first - TO_TAKE; // that is all that matters then
    p->arrive_last = last - TO_TAKE;
    memset(p->before, 0, sizeof p->before);
    p->move = 0;
    p->move_last = p->count - 1;
}

// ---- an instruction's life ---------------------------------------------------------------------------------------------

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

static void finish_load(machine *m) {
    enum { SETTLE = 3 };
    const entry *e = m->back.current;
    const tsr_load_insn *l = &e->insn.load;
    if (l->buffer == TSR_BUF_UOP && moves_data(l))
        copy_uops(m, l);
    timing t = {.begin = e->ahead, .end = m->back.moved + SETTLE};
    // Words that come while the data phase waits for tokens count as work.
    const uint64_t alone = m->back.busy.count - m->back.counted - m->back.writes;
    const uint64_t active = t.end - later(m->back.take, m->back.ended);
    const uint64_t waits = alone > m->back.token ? alone - m->back.token : 0;
    t.busy = m->back.writes + alone;
    t.token = m->back.token > alone ? m->back.token - alone : 0;
    t.memory = active > m->back.writes + waits ? active - m->back.writes - waits : 0;
    m->back.counted = m->back.busy.count;
    m->back.ended = t.end;
    m->back.free = m->back.moved + 1;
    m->back.current = NULL;
    m->dirty |= 1u << BACK; // the next one may have been taken by the address phase long ago
    m->profile->bytes_read += (uint64_t)l->run * l->x_count * l->y_count;
    complete(m, e, &t);
}

// Writes what has been asked for, as far as the instruction goes; true when that is to its end.
// Bursts from number `unseen` on have not been counted among the busy clocks.
static bool write_bursts(machine *m, uint64_t unseen) {
    bool ended = false;
    while (!ended && m->back.done < m->back.granted) {
        passage *p = &m->back.bursts[m->back.done % MOST_BURSTS];
        const uint64_t writes = m->back.writes;
        const clock_t64 beat = p->arrive, beat_last = p->arrive_last;
        if (m->back.regular)
            write_regular(m, p);
        else
            write_irregular(m, p);
        const clock_t64 first_write = m->back.moved + 2 - (m->back.writes - writes);
        if (m->back.done >= unseen && first_write <= beat_last + 1) {
            busy_clocks(&m->back.busy, beat, m->back.moved + 1);
        } else {
            if (m->back.done >= unseen)
                busy_clocks(&m->back.busy, beat, beat_last);
            busy_clocks(&m->back.busy, first_write, m->back.moved + 1);
        }
        m->back.done++;
        if (p->ends_region) {
            const uint64_t word = p->count - 1;
            m->back.region_left[m->back.regions++ % REGIONS] = later(p->arrive_last + TO_TAKE, room_for(p, word));
        }
        ended = m->back.regular ? m->back.y == m->back.current->insn.load.y_count : at_end(m);
    }
    if (ended)
        finish_load(m);
    return ended;
}

clock_t64 back_next(machine *m) {
    const queue *q = &m->queues[TSR_UNIT_LOAD];
    if (m->back.current != NULL || q->taken == m->ahead.taken)
        return NEVER;
    const entry *e = at(q, q->taken);
    const uint32_t wait = e->insn.wait & ~(1u << TSR_UNIT_STORE);
    if (!tokens_known(m, TSR_UNIT_LOAD, wait))
        return NEVER;
    return later(later(e->ahead + 1, m->back.free), tokens_there(m, TSR_UNIT_LOAD, wait));
}

void back_step(machine *m, clock_t64 now) {
    queue *q = &m->queues[TSR_UNIT_LOAD];
    entry *e = at(q, q->taken++);
    const tsr_load_insn *l = &e->insn.load;
    const bool was_regular = m->back.regular;
    (void)take_tokens(m, TSR_UNIT_LOAD, e->insn.wait & ~(1u << TSR_UNIT_STORE));
    e->left = now;
    const clock_t64 free = later(e->ahead + 1, m->back.free);
    m->back.token = now - free;
    if (e->ahead > m->back.free) // nothing older on its way: the address phase's wait counts
        m->back.token += e->ahead - m->back.free < e->ahead_token ? e->ahead - m->back.free : e->ahead_token;
    m->back.current = e;
    m->back.take = m->back.moved = now;
    m->back.writes = 0;
    m->back.x = m->back.y = 0;
    m->back.run_left = l->run;
    m->back.regular = is_regular(m, l);
    m->dirty |= 1u << DISPATCH | 1u << AHEAD;
    if (m->back.regular) {
        const uint64_t columns = (uint64_t)l->x_before + l->x_count + l->x_after;
        if (moves_data(l)) {
            pad(m, l->y_before * columns + l->x_before);
            m->back.segment = l->x_count * (l->run >> m->bus_shift);
        } else {
            pad(m, columns * ((uint64_t)l->y_before + l->y_count + l->y_after));
        }
    } else {
        if (was_regular) { // the byte queue starts with the latest whole words
            m->back.in = m->back.out = (uint64_t)QUEUED * m->bus;
            m->back.oldest_move = m->back.moves;
            for (uint64_t i = 0; i < QUEUED; i++) {
                m->back.move_at[m->back.moves % MOVES] = m->back.last[i];
                m->back.move_out[m->back.moves++ % MOVES] = (i + 1) * m->bus;
            }
        }
        write_queued(m);
    }
    if (m->back.writes > 0)
        busy_clocks(&m->back.busy, now + 2, m->back.moved + 1);
    if (!moves_data(l))
        finish_load(m);
    else
        (void)write_bursts(m, UINT64_MAX);
}
