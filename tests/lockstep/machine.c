// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

enum { CYCLE_LIMIT = 4000000, MEMORIES = 6 };

struct machine {
    void *library;
    const tsr_sim_api *api;
    const tsr_config *config;
    // A simulator for each kind of memory; they live on, so that state leaking from one run into the next is found.
    tsr_sim *sim[MEMORIES];
    tsr_model *model, *race_model;
    uint64_t patience; // left for a model run
    uint8_t *expected[SEGMENTS], *actual[SEGMENTS];
};

static const tsr_sim_memory memories[MEMORIES] = {
    {.latency = 64, .seed = 1},
    {.latency = 1, .seed = 2},
    {.latency = 20, .random_latency = 60, .random_stall = 100, .seed = 3},
    {.latency = 3, .random_latency = 20, .random_stall = 30, .outstanding = 3, .seed = 4},
    {.latency = 200, .outstanding = 2, .random_stall = 10, .seed = 5},
    {.latency = 10, .read_bandwidth = 3, .write_bandwidth = 2, .random_stall = 180, .seed = 6},
};

static bool stop_model(void *context) {
    machine *m = context;
    return m->patience-- == 0;
}

machine *machine_open(const char *library, const tsr_config *config) {
    machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->config = config;
    m->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (m->library == NULL) {
        fprintf(stderr, "%s: %s; build it with `make sims`\n", library, dlerror());
        free(m);
        return NULL;
    }
    union { // ISO C has no conversion from an object pointer to a function pointer
        void *object;
        tsr_sim_get_api_function *function;
    } entry = {dlsym(m->library, "tsr_sim_get_api")};
    m->api = entry.object != NULL ? entry.function() : NULL;
    if (m->api == NULL || m->api->version != TSR_SIM_API_VERSION || strcmp(m->api->config_name, config->name) != 0) {
        fprintf(stderr, "%s is no simulator of configuration %s; build it again with `make sims`\n", library, config->name);
        machine_close(m);
        return NULL;
    }
    for (int i = 0; i < MEMORIES; i++)
        m->sim[i] = m->api->create(&memories[i]);
    tsr_model_options options = {.stop = stop_model, .stop_context = m};
    bool ok = tsr_model_create(config, &options, &m->model).code == TSR_OK;
    options.check_races = true;
    ok &= tsr_model_create(config, &options, &m->race_model).code == TSR_OK;
    for (int s = 0; s < SEGMENTS; s++) {
        m->expected[s] = malloc(MAX_SEGMENT_BYTES);
        m->actual[s] = malloc(MAX_SEGMENT_BYTES);
        ok &= m->expected[s] != NULL && m->actual[s] != NULL;
    }
    for (int i = 0; i < MEMORIES; i++)
        ok &= m->sim[i] != NULL;
    if (!ok) {
        fprintf(stderr, "out of memory\n");
        machine_close(m);
        return NULL;
    }
    return m;
}

void machine_close(machine *m) {
    if (m == NULL)
        return;
    for (int i = 0; i < MEMORIES && m->api != NULL; i++)
        m->api->destroy(m->sim[i]);
    for (int s = 0; s < SEGMENTS; s++) {
        free(m->expected[s]);
        free(m->actual[s]);
    }
    tsr_model_destroy(m->model);
    tsr_model_destroy(m->race_model);
    dlclose(m->library);
    free(m);
}

__attribute__((format(printf, 2, 3))) static void differs(result *r, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t used = strlen(r->detail);
    vsnprintf(r->detail + used, sizeof r->detail - used, format, arguments);
    va_end(arguments);
    used = strlen(r->detail);
    snprintf(r->detail + used, sizeof r->detail - used, "\n");
    r->outcome = OUTCOME_DIFFERENT;
}

typedef struct core_run {
    bool ended;
    uint32_t fault, unit, index;
    uint64_t counter[TSR_COUNTERS];
} core_run;

static void set_up(const machine *m, tsr_sim *sim, const program *p) {
    const tsr_sim_api *api = m->api;
    for (int s = 0; s < SEGMENTS; s++) {
        memcpy(m->actual[s], p->data[s], MAX_SEGMENT_BYTES);
        uint32_t at = TSR_REG_SEG0_BASE_LO + 12 * (uint32_t)s;
        api->write(sim, at, (uint32_t)p->base[s]);
        api->write(sim, at + 4, (uint32_t)(p->base[s] >> 32));
        api->write(sim, at + 8, p->size[s]);
    }
    api->write(sim, TSR_REG_INSN_OFFSET, p->insn_offset);
    api->write(sim, TSR_REG_INSN_COUNT, p->insn_count);
    api->write(sim, TSR_REG_GIE, 1);
    api->write(sim, TSR_REG_IER, 1);
}

static void read_core(const machine *m, tsr_sim *sim, core_run *out) {
    const tsr_sim_api *api = m->api;
    uint32_t value;
    api->write(sim, TSR_REG_ISR, 1);
    api->read(sim, TSR_REG_CTRL, &value); // clears done
    api->read(sim, TSR_REG_FAULT, &value);
    out->fault = (value & TSR_FAULT_CODE_MASK) >> TSR_FAULT_CODE_SHIFT;
    out->unit = (value & TSR_FAULT_UNIT_MASK) >> TSR_FAULT_UNIT_SHIFT;
    api->read(sim, TSR_REG_FAULT_INDEX, &out->index);
    for (uint32_t i = 0; i < TSR_COUNTERS; i++) {
        uint32_t low, high;
        api->read(sim, TSR_REG_COUNTERS + 8 * i, &low);
        api->read(sim, TSR_REG_COUNTERS + 8 * i + 4, &high);
        out->counter[i] = (uint64_t)high << 32 | low;
    }
}

static void clear_interrupt(const tsr_sim_api *api, tsr_sim *sim) {
    uint32_t isr;
    api->read(sim, TSR_REG_ISR, &isr);
    if (isr != 0)
        api->write(sim, TSR_REG_ISR, isr);
}

// Starts a run, lets it go on for a while, aborts it. Whatever it did must not be seen in the next. A start during the abort
// is kept until the core is clear again. The first run may have ended before: its interrupt must not be taken for the second's.
static bool abort_a_run(const machine *m, tsr_sim *sim, uint32_t cycles, bool start_again) {
    const tsr_sim_api *api = m->api;
    api->write(sim, TSR_REG_CTRL, TSR_CTRL_START_MASK);
    api->run(sim, cycles);
    api->write(sim, TSR_REG_SOFT_RESET, 1);
    clear_interrupt(api, sim);
    if (start_again)
        api->write(sim, TSR_REG_CTRL, TSR_CTRL_START_MASK);
    uint32_t busy = 1;
    for (int i = 0; i < 20000 && busy != 0; i++)
        api->read(sim, TSR_REG_SOFT_RESET, &busy);
    if (start_again && busy == 0)
        busy = api->run(sim, CYCLE_LIMIT) != TSR_SIM_INTERRUPT;
    clear_interrupt(api, sim);
    return busy == 0;
}

static void compare_memory(const machine *m, const program *p, result *r) {
    for (int s = 0; s < SEGMENTS; s++) {
        if (memcmp(m->expected[s], m->actual[s], p->size[s]) == 0)
            continue;
        uint32_t first = 0, count = 0;
        for (uint32_t i = p->size[s]; i-- > 0;) {
            if (m->expected[s][i] != m->actual[s][i]) {
                first = i;
                count++;
            }
        }
        differs(r, "segment %d differs in %u bytes, first at offset 0x%x: specified 0x%02x, got 0x%02x", s, count, first,
                m->expected[s][first], m->actual[s][first]);
    }
}

static void compare_counters(const core_run *core, const tsr_model_counters *want, result *r) {
    static const char *const units[] = {"LOAD", "GEMM", "ALU", "STORE"};
    const uint64_t *c = core->counter;
    if (c[TSR_COUNTER_GEMM_UOPS] != want->gemm_uops || c[TSR_COUNTER_ALU_UOPS] != want->alu_uops ||
        c[TSR_COUNTER_INSNS] != want->insns)
        differs(r, "counters: insns %llu, gemm_uops %llu, alu_uops %llu; specified %llu, %llu, %llu",
                (unsigned long long)c[TSR_COUNTER_INSNS], (unsigned long long)c[TSR_COUNTER_GEMM_UOPS],
                (unsigned long long)c[TSR_COUNTER_ALU_UOPS], (unsigned long long)want->insns, (unsigned long long)want->gemm_uops,
                (unsigned long long)want->alu_uops);
    if (c[TSR_COUNTER_BYTES_WRITTEN] != want->bytes_written)
        differs(r, "counters: bytes_written %llu, specified %llu", (unsigned long long)c[TSR_COUNTER_BYTES_WRITTEN],
                (unsigned long long)want->bytes_written);
    for (uint32_t u = 0; u < TSR_UNITS; u++) {
        uint64_t sum = 0;
        for (uint32_t k = TSR_UNIT_COUNTER_BUSY; k <= TSR_UNIT_COUNTER_STALL_BANK; k++)
            sum += c[8 + 8 * u + k];
        if (sum != c[TSR_COUNTER_CYCLES])
            differs(r, "counters: the cycles of %s add up to %llu, not %llu", units[u], (unsigned long long)sum,
                    (unsigned long long)c[TSR_COUNTER_CYCLES]);
        if (c[TSR_UNIT_COUNTER(u, INSNS)] != want->unit_insns[u])
            differs(r, "counters: %s completed %llu instructions, specified %llu", units[u],
                    (unsigned long long)c[TSR_UNIT_COUNTER(u, INSNS)], (unsigned long long)want->unit_insns[u]);
    }
}

static bool is_bus_error(const program *p) { return p->error_bytes != 0; }

// What a bus error must be reported as; the specification has no bus.
static tsr_model_fault bus_fault(const program *p) {
    switch (p->injection) {
    case INJECT_BUS_READ: return (tsr_model_fault){TSR_FAULT_BUS_READ, TSR_UNIT_LOAD, p->victim};
    case INJECT_BUS_WRITE: return (tsr_model_fault){TSR_FAULT_BUS_WRITE, TSR_UNIT_STORE, p->victim};
    default: return (tsr_model_fault){TSR_FAULT_BUS_READ, TSR_UNIT_DISPATCH, p->victim};
    }
}

result machine_run(machine *m, const program *p, bool check_races) {
    const tsr_sim_api *api = m->api;
    result r = {.outcome = OUTCOME_SAME};
    rng random = {p->seed ^ 0x3e3043};
    tsr_sim *sim = m->sim[below(&random, MEMORIES)];

    // The specification.
    check_races |= p->injection == INJECT_BIT; // a mutated program may have a race, which is no mistake of anybody's
    tsr_model *model = check_races ? m->race_model : m->model;
    tsr_model_segment segments[SEGMENTS];
    for (int s = 0; s < SEGMENTS; s++) {
        memcpy(m->expected[s], p->data[s], MAX_SEGMENT_BYTES);
        segments[s] = (tsr_model_segment){p->size[s] != 0 ? m->expected[s] : NULL, p->size[s]};
    }
    tsr_model_fault want;
    tsr_model_counters counters;
    m->patience = 2000;
    tsr_status status = tsr_model_run(model, segments, p->insn_offset, p->insn_count, &want, &counters);
    if (status.code != TSR_OK) {
        differs(&r, "the specification: %s", status.message);
        return r;
    }
    if (check_races) {
        tsr_model_race race = tsr_model_get_race(model);
        if (race.found && p->injection == INJECT_BIT) {
            r.outcome = OUTCOME_SKIPPED;
        } else if (race.found && (want.code == TSR_FAULT_NONE || race.insn[1] < want.insn_index)) {
            differs(&r, "a race in %s [%llu, %llu) between instructions %u and %u: the generator's tokens do not suffice",
                    race.space, (unsigned long long)race.begin, (unsigned long long)race.end, race.insn[0], race.insn[1]);
            return r;
        }
    }
    if (is_bus_error(p))
        want = bus_fault(p);
    r.fault = want.code;

    // The core.
    for (int s = 0; s < SEGMENTS; s++)
        if (p->size[s] != 0 && !api->attach(sim, p->base[s], m->actual[s], p->size[s]))
            differs(&r, "segment %d cannot be attached", s);
    set_up(m, sim, p);
    if (chance(&random, 8)) {
        if (!abort_a_run(m, sim, mostly_small(&random, 5000), chance(&random, 30)))
            differs(&r, "soft reset, or the run started during it, does not end");
        if (chance(&random, 30))
            api->reset(sim);
        set_up(m, sim, p);
    }
    if (is_bus_error(p))
        api->inject_error(sim, p->injection == INJECT_BUS_WRITE ? TSR_SIM_WRITE : TSR_SIM_READ, p->error_base, p->error_bytes);
    uint64_t begin = api->cycle(sim);
    core_run core = {0};
    api->write(sim, TSR_REG_CTRL, TSR_CTRL_START_MASK);
    if (api->run(sim, CYCLE_LIMIT) == TSR_SIM_INTERRUPT) {
        read_core(m, sim, &core);
        if (core.fault != want.code || (want.code != 0 && (core.unit != want.unit || core.index != want.insn_index)))
            differs(&r, "fault %s in %s at instruction %u; specified: %s in %s at %u", tsr_fault_name(core.fault),
                    tsr_unit_name(core.unit), core.index, tsr_fault_name(want.code), tsr_unit_name(want.unit), want.insn_index);
        else if (r.outcome != OUTCOME_SKIPPED) {
            bool executing = want.code >= TSR_FAULT_ILLEGAL_UOP && want.code <= TSR_FAULT_BUS_WRITE;
            if (!executing) // after the others memory is not specified
                compare_memory(m, p, &r);
            if (want.code == TSR_FAULT_NONE)
                compare_counters(&core, &counters, &r);
        }
    } else {
        char text[600];
        api->report(sim, text, sizeof text);
        differs(&r, "no end after %d cycles: %s", CYCLE_LIMIT, text);
        api->reset(sim);
    }
    r.cycles = api->cycle(sim) - begin;
    r.stall_bank =
        core.counter[TSR_UNIT_COUNTER(TSR_UNIT_GEMM, STALL_BANK)] + core.counter[TSR_UNIT_COUNTER(TSR_UNIT_ALU, STALL_BANK)];
    if (api->protocol_error(sim) != NULL) {
        differs(&r, "bus rule broken: %s", api->protocol_error(sim));
        api->reset(sim); // the next program is not to blame
    }
    api->inject_error(sim, 0, 0, 0);
    for (int s = 0; s < SEGMENTS; s++)
        if (p->size[s] != 0)
            api->detach(sim, p->base[s]);
    return r;
}
