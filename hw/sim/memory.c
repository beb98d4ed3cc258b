// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OUTSTANDING = 256, MAX_LATENCY = 1 << 20, PAGE = 4096 };

typedef struct region {
    uint64_t base, size;
    uint8_t *host;
} region;

typedef struct burst {
    uint64_t addr;  // of the next beat
    uint64_t ready; // cycle of the first read beat, or of the write response
    uint32_t beats; // still to come
    uint8_t resp;
} burst;

// A ring of accepted requests, oldest first.
typedef struct ring {
    burst items[MAX_OUTSTANDING];
    uint32_t head, count;
} ring;

struct tsr_memory {
    tsr_axi_response out;
    uint64_t now; // the cycle that `out` belongs to
    uint32_t bus_bytes, latency, read_bandwidth, write_bandwidth, outstanding, random_latency, random_stall;
    uint32_t read_credit, write_credit; // bytes that may move; at most one beat is saved up
    uint64_t random;
    ring reads, writes;    // writes whose data is not complete yet
    ring answers;          // complete writes waiting for their response
    region *regions, *hit; // hit: found last, tried first
    size_t region_count, region_space;
    uint64_t error_base, error_size;
    int error_directions;
    tsr_axi_request last; // of the cycle before, for the stability rule
    bool stalled, last_ar_stalled, last_aw_stalled, last_w_stalled; // the first: any of the others
    uint8_t last_w_data[TSR_MEMORY_MAX_BUS];
    char protocol_error[200];
};

static uint64_t next_random(tsr_memory *m) { // xorshift64*
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return m->random * 0x2545f4914f6cdd1dull;
}

static bool stalls(tsr_memory *m) { return m->random_stall != 0 && (next_random(m) >> 56) < m->random_stall; }

static burst *oldest(ring *r) { return &r->items[r->head % MAX_OUTSTANDING]; }
static void push(ring *r, burst b) { r->items[(r->head + r->count++) % MAX_OUTSTANDING] = b; }
static void pop(ring *r) {
    r->head = (r->head + 1) % MAX_OUTSTANDING;
    r->count--;
}

__attribute__((format(printf, 2, 3), noinline, cold)) static void broken(tsr_memory *m, const char *format, ...) {
    if (m->protocol_error[0] != '\0')
        return;
    int n = snprintf(m->protocol_error, sizeof m->protocol_error, "cycle %llu: ", (unsigned long long)m->now);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(m->protocol_error + n, sizeof m->protocol_error - (size_t)n, format, arguments);
    va_end(arguments);
}

static bool power_of_two_bus(uint32_t n) { return n == 8 || n == 16 || n == 32 || n == 64; }

tsr_memory *tsr_memory_create(const tsr_sim_memory *options, uint32_t bus_bytes) {
    static const tsr_sim_memory defaults = {0};
    if (options == NULL)
        options = &defaults;
    if (!power_of_two_bus(bus_bytes) || options->latency > MAX_LATENCY || options->outstanding > MAX_OUTSTANDING ||
        options->random_latency > MAX_LATENCY || options->random_stall > 240 || options->read_bandwidth > 4096 ||
        options->write_bandwidth > 4096)
        return NULL;
    tsr_memory *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->bus_bytes = bus_bytes;
    m->latency = options->latency != 0 ? options->latency : 64;
    m->read_bandwidth = options->read_bandwidth != 0 ? options->read_bandwidth : bus_bytes;
    m->write_bandwidth = options->write_bandwidth != 0 ? options->write_bandwidth : bus_bytes;
    m->outstanding = options->outstanding != 0 ? options->outstanding : 16;
    m->random_latency = options->random_latency;
    m->random_stall = options->random_stall;
    m->random = (options->seed ^ 0x9e3779b97f4a7c15ull) | 1;
    return m;
}

void tsr_memory_destroy(tsr_memory *m) {
    if (m == NULL)
        return;
    free(m->regions);
    free(m);
}

bool tsr_memory_attach(tsr_memory *m, uint64_t base, void *host, uint64_t size) {
    if (host == NULL || size == 0 || base + size < base)
        return false;
    for (size_t i = 0; i < m->region_count; i++)
        if (base < m->regions[i].base + m->regions[i].size && m->regions[i].base < base + size)
            return false;
    if (m->region_count == m->region_space) {
        size_t space = m->region_space != 0 ? 2 * m->region_space : 8;
        region *regions = realloc(m->regions, space * sizeof *regions);
        if (regions == NULL)
            return false;
        m->regions = regions;
        m->region_space = space;
    }
    m->regions[m->region_count++] = (region){base, size, host};
    m->hit = m->regions;
    return true;
}

bool tsr_memory_detach(tsr_memory *m, uint64_t base) {
    for (size_t i = 0; i < m->region_count; i++) {
        if (m->regions[i].base != base)
            continue;
        m->regions[i] = m->regions[--m->region_count];
        m->hit = m->regions;
        return true;
    }
    return false;
}

void tsr_memory_inject_error(tsr_memory *m, int directions, uint64_t base, uint64_t size) {
    m->error_directions = directions;
    m->error_base = base;
    m->error_size = size;
}

const tsr_axi_response *tsr_memory_response(const tsr_memory *m) { return &m->out; }
uint32_t tsr_memory_reads_in_flight(const tsr_memory *m) { return m->reads.count; }
uint32_t tsr_memory_writes_in_flight(const tsr_memory *m) { return m->writes.count + m->answers.count; }
const char *tsr_memory_protocol_error(const tsr_memory *m) { return m->protocol_error[0] != '\0' ? m->protocol_error : NULL; }

void tsr_memory_reset(tsr_memory *m) {
    uint64_t now = m->now;
    memset(&m->out, 0, sizeof m->out);
    memset(&m->reads, 0, sizeof m->reads);
    memset(&m->writes, 0, sizeof m->writes);
    memset(&m->answers, 0, sizeof m->answers);
    m->stalled = m->last_ar_stalled = m->last_aw_stalled = m->last_w_stalled = false;
    m->protocol_error[0] = '\0';
    m->now = now;
}

// The region that holds this byte, or NULL.
static region *find(tsr_memory *m, uint64_t addr) {
    if (m->hit != NULL && m->region_count != 0 && addr - m->hit->base < m->hit->size)
        return m->hit;
    for (size_t i = 0; i < m->region_count; i++)
        if (addr - m->regions[i].base < m->regions[i].size)
            return m->hit = &m->regions[i];
    return NULL;
}

static bool error_here(const tsr_memory *m, int direction, uint64_t addr, uint64_t size) {
    return m->error_size != 0 && (m->error_directions & direction) != 0 && addr < m->error_base + m->error_size &&
           m->error_base < addr + size;
}

static uint8_t read_beat(tsr_memory *m, uint64_t addr, uint8_t *data) {
    uint64_t bus = m->bus_bytes, start = addr & ~(bus - 1);
    if (error_here(m, TSR_SIM_READ, addr, start + bus - addr))
        return TSR_AXI_SLVERR;
    const region *whole = find(m, start);
    if (whole != NULL && start - whole->base + bus <= whole->size) {
        memcpy(data, whole->host + (start - whole->base), bus);
        return TSR_AXI_OKAY;
    }
    bool any = false;
    memset(data, TSR_MEMORY_POISON, bus);
    for (uint64_t i = addr - start; i < bus; i++) {
        const region *r = find(m, start + i);
        if (r == NULL)
            continue;
        data[i] = r->host[start + i - r->base];
        any = true;
    }
    return any ? TSR_AXI_OKAY : TSR_AXI_DECERR;
}

static uint8_t write_beat(tsr_memory *m, uint64_t addr, const uint8_t *data, uint64_t strobe) {
    uint64_t bus = m->bus_bytes, start = addr & ~(bus - 1);
    uint64_t all = bus == 64 ? UINT64_MAX : (1ull << bus) - 1;
    if (strobe == 0)
        return TSR_AXI_OKAY;
    if ((strobe & ~all) != 0 || (strobe & ((1ull << (addr - start)) - 1)) != 0)
        broken(m, "write strobe 0x%llx outside of the beat at 0x%llx", (unsigned long long)strobe, (unsigned long long)addr);
    for (uint64_t i = 0; i < bus; i++)
        if ((strobe >> i & 1) != 0 && error_here(m, TSR_SIM_WRITE, start + i, 1))
            return TSR_AXI_SLVERR;
    region *whole = find(m, start);
    if (strobe == all && whole != NULL && start - whole->base + bus <= whole->size) {
        memcpy(whole->host + (start - whole->base), data, bus);
        return TSR_AXI_OKAY;
    }
    uint8_t resp = TSR_AXI_OKAY;
    for (uint64_t i = 0; i < bus; i++) {
        if ((strobe >> i & 1) == 0)
            continue;
        region *r = find(m, start + i);
        if (r != NULL)
            r->host[start + i - r->base] = data[i];
        else
            resp = TSR_AXI_DECERR;
    }
    return resp;
}

static void check_burst(tsr_memory *m, const char *channel, uint64_t addr, uint32_t len, uint32_t size, uint32_t kind) {
    uint64_t start = addr & ~(uint64_t)(m->bus_bytes - 1);
    uint64_t last = start + (uint64_t)(len + 1) * m->bus_bytes - 1;
    if (kind != 1)
        broken(m, "%s burst kind %u, expected INCR", channel, kind);
    if (1u << size != m->bus_bytes)
        broken(m, "%s beat size 2^%u, expected the bus width %u", channel, size, m->bus_bytes);
    if (start / PAGE != last / PAGE)
        broken(m, "%s burst of %u beats at 0x%llx crosses a 4 KiB border", channel, len + 1, (unsigned long long)addr);
}

// AXI: what is valid stays, unchanged, until it is taken.
static void check_stalled(tsr_memory *m, const tsr_axi_request *q) {
    if (m->last_ar_stalled && (!q->ar_valid || q->ar_addr != m->last.ar_addr || q->ar_len != m->last.ar_len))
        broken(m, "AR changed while it waited");
    if (m->last_aw_stalled && (!q->aw_valid || q->aw_addr != m->last.aw_addr || q->aw_len != m->last.aw_len))
        broken(m, "AW changed while it waited");
    if (m->last_w_stalled) {
        if (!q->w_valid || q->w_last != m->last.w_last || q->w_strb != m->last.w_strb)
            broken(m, "W changed while it waited");
        else
            for (uint32_t i = 0; i < m->bus_bytes; i++)
                if ((q->w_strb >> i & 1) != 0 && q->w_data[i] != m->last_w_data[i])
                    broken(m, "W data changed while it waited");
    }
}

static void check_stability(tsr_memory *m, const tsr_axi_request *q) {
    if (m->stalled)
        check_stalled(m, q);
    m->last_ar_stalled = q->ar_valid && !m->out.ar_ready;
    m->last_aw_stalled = q->aw_valid && !m->out.aw_ready;
    m->last_w_stalled = q->w_valid && !m->out.w_ready;
    m->stalled = m->last_ar_stalled || m->last_aw_stalled || m->last_w_stalled;
    if (m->stalled)
        m->last = *q;
    if (m->last_w_stalled)
        memcpy(m->last_w_data, q->w_data, m->bus_bytes);
}

static uint64_t delay(tsr_memory *m) {
    return m->latency + (m->random_latency != 0 ? next_random(m) % (m->random_latency + 1) : 0);
}

// At most one beat's worth is saved, so that a pause does not turn into a burst above the bandwidth.
static uint32_t earn(uint32_t credit, uint32_t bandwidth, uint32_t bus_bytes) {
    uint32_t limit = bus_bytes > bandwidth ? bus_bytes + bandwidth - 1 : bandwidth;
    return credit + bandwidth < limit ? credit + bandwidth : limit;
}

static void tick_reads(tsr_memory *m, const tsr_axi_request *q) {
    tsr_axi_response *out = &m->out;
    if (q->ar_valid && out->ar_ready) {
        check_burst(m, "read", q->ar_addr, q->ar_len, q->ar_size, q->ar_burst);
        push(&m->reads, (burst){q->ar_addr, m->now + delay(m), q->ar_len + 1u, TSR_AXI_OKAY});
    }
    if (out->r_valid && q->r_ready) {
        out->r_valid = false;
        if (out->r_last)
            pop(&m->reads);
    }
    m->read_credit = earn(m->read_credit, m->read_bandwidth, m->bus_bytes);
    if (!out->r_valid && m->reads.count != 0) {
        burst *b = oldest(&m->reads);
        if (m->now + 1 >= b->ready && m->read_credit >= m->bus_bytes && !stalls(m)) {
            m->read_credit -= m->bus_bytes;
            out->r_resp = read_beat(m, b->addr, out->r_data);
            out->r_last = --b->beats == 0;
            out->r_valid = true;
            b->addr = (b->addr & ~(uint64_t)(m->bus_bytes - 1)) + m->bus_bytes;
        }
    }
    out->ar_ready = m->reads.count < m->outstanding && !stalls(m);
}

static void tick_writes(tsr_memory *m, const tsr_axi_request *q) {
    tsr_axi_response *out = &m->out;
    if (q->aw_valid && out->aw_ready) {
        check_burst(m, "write", q->aw_addr, q->aw_len, q->aw_size, q->aw_burst);
        push(&m->writes, (burst){q->aw_addr, 0, q->aw_len + 1u, TSR_AXI_OKAY});
    }
    if (q->w_valid && out->w_ready) { // w_ready is only given when there is a request to take data for
        burst *b = oldest(&m->writes);
        uint8_t resp = write_beat(m, b->addr, q->w_data, q->w_strb);
        if (resp > b->resp)
            b->resp = resp;
        b->addr = (b->addr & ~(uint64_t)(m->bus_bytes - 1)) + m->bus_bytes;
        b->beats--;
        if (q->w_last != (b->beats == 0))
            broken(m, "WLAST is %d with %u beats to come", q->w_last, b->beats);
        if (b->beats == 0) {
            b->ready = m->now + delay(m);
            push(&m->answers, *b);
            pop(&m->writes);
        }
        m->write_credit -= m->bus_bytes;
    }
    if (out->b_valid && q->b_ready) {
        out->b_valid = false;
        pop(&m->answers);
    }
    if (!out->b_valid && m->answers.count != 0 && m->now + 1 >= oldest(&m->answers)->ready && !stalls(m)) {
        out->b_valid = true;
        out->b_resp = oldest(&m->answers)->resp;
    }
    m->write_credit = earn(m->write_credit, m->write_bandwidth, m->bus_bytes);
    out->w_ready = m->writes.count != 0 && m->write_credit >= m->bus_bytes && !stalls(m);
    out->aw_ready = m->writes.count + m->answers.count < m->outstanding && !stalls(m);
}

void tsr_memory_tick(tsr_memory *m, const tsr_axi_request *q) {
    if (m->stalled || q->ar_valid || q->aw_valid || q->w_valid)
        check_stability(m, q);
    tick_reads(m, q);
    tick_writes(m, q);
    m->now++;
}
