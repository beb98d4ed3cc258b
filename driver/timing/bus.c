// SPDX-License-Identifier: Apache-2.0
// What bursts cost on the bus and in the memory of hw/sim.
#include "machine.h"

clock_t64 channel_beat(const machine *m, clock_t64 first, uint64_t credit, uint64_t i) {
    const uint64_t bandwidth = m->memory.bandwidth, bytes = i * m->bus;
    if (bandwidth >= m->bus)
        return first + i;
    return bytes > credit ? first + (bytes - credit + bandwidth - 1) / bandwidth : first;
}

// hw/sim/memory.c, `earn`: bandwidth adds up from clock to clock, to little more than one beat.
clock_t64 channel_beats(const machine *m, channel *c, clock_t64 wanted, uint64_t count) {
    const uint64_t bus = m->bus, bandwidth = m->memory.bandwidth;
    clock_t64 first = c->used ? later(wanted, c->last + 1) : wanted;
    if (bandwidth >= bus) {
        c->last = first + count - 1;
    } else {
        uint64_t credit = bandwidth - 1;
        if (c->used) {
            const uint64_t needed = c->credit >= bus ? 1 : (bus - c->credit + bandwidth - 1) / bandwidth;
            first = later(first, c->last + needed);
            const uint64_t earned = c->credit + (first - c->last) * bandwidth, most = bus + bandwidth - 1;
            credit = (earned < most ? earned : most) - bus;
        }
        c->first_credit = credit;
        c->last = channel_beat(m, first, credit, count - 1);
        c->credit = credit + (c->last - first) * bandwidth - (count - 1) * bus;
    }
    c->used = true;
    return first;
}

clock_t64 read_bus_free(const machine *m) {
    const uint32_t most = m->config->outstanding_bursts;
    return m->read.bursts < most ? m->read.free : later(m->read.free, m->read.last_beat[(m->read.bursts - most) % LOGGED] + 1);
}

clock_t64 read_bus_grant(machine *m, clock_t64 now, uint32_t beats) {
    clock_t64 accepted = now + 1;
    const uint32_t most = m->memory.outstanding;
    if (m->read.bursts >= most)
        accepted = later(accepted, m->read.last_beat[(m->read.bursts - most) % LOGGED] + 1);
    m->read.free = accepted;
    const clock_t64 first = channel_beats(m, &m->read.data, accepted + m->memory.latency, beats);
    m->read.last_beat[m->read.bursts++ % LOGGED] = m->read.data.last;
    return first;
}
