// SPDX-License-Identifier: Apache-2.0
#include "core.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tsr/driver_isa.h"
#include "tsr/sim_load.h"

enum {
    SLICE_CYCLES = 1 << 16,       // between looks at the clock
    QUIET_CYCLES = 1000000,       // without any progress: the core hangs
    RESET_POLLS = 50000,
    REPORT_BYTES = 360,
};

struct core {
    void *library;
    const tsr_sim_api *api;
    tsr_sim *sim;
    tsr_control control;
    uint32_t isa_version;
    tsr_sim_on_insn *on_insn;
    void *on_insn_context;
};

static bool read_register(void *context, uint32_t offset, uint32_t *out_value) {
    const core *c = context;
    return c->api->read(c->sim, offset, out_value);
}

static bool write_register(void *context, uint32_t offset, uint32_t value) {
    const core *c = context;
    return c->api->write(c->sim, offset, value);
}

// The registers must name this build's ISA and this configuration: a stale library is found here.
static tsr_status check_identity(core *c, const tsr_config *config) {
    const tsr_control_identity identity = tsr_control_identify(&c->control);
    c->isa_version = identity.isa_version;
    if (!identity.is_core)
        return tsr_error(TSR_MISMATCH,
                         "the simulator of configuration %s does not answer as a Tessera core (magic 0x%08x); build it again "
                         "with `make sims`",
                         config->name, identity.magic);
    if (!identity.same_isa)
        return tsr_error(TSR_MISMATCH,
                         "the simulator of configuration %s has ISA %u.%u, this program %u.%u; build it again with "
                         "`make sims`",
                         config->name, identity.isa_version >> 16, identity.isa_version & 0xffff, tsr_driver_isa_version() >> 16,
                         tsr_driver_isa_version() & 0xffff);
    if (identity.config_id != tsr_config_id(config))
        return tsr_error(TSR_MISMATCH,
                         "the simulator of configuration %s was built from other parameters (identity %016llx) than its file "
                         "has now (%016llx); build it again with `make sims`",
                         config->name, (unsigned long long)identity.config_id, (unsigned long long)tsr_config_id(config));
    return tsr_ok();
}

tsr_status core_open(const tsr_config *config, const tsr_sim_memory *memory, core **out_core) {
    *out_core = NULL;
    core *c = calloc(1, sizeof *c);
    if (c == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    c->control = (tsr_control){.context = c, .read = read_register, .write = write_register};
    tsr_status status = tsr_sim_load(config->name, &c->library, &c->api);
    if (status.code == TSR_OK) {
        c->sim = c->api->create(memory);
        status = c->sim == NULL ? tsr_error(TSR_OUT_OF_MEMORY, "no memory for a simulator") : check_identity(c, config);
    }
    if (status.code != TSR_OK) {
        core_close(c);
        return status;
    }
    *out_core = c;
    return status;
}

void core_close(core *c) {
    if (c == NULL)
        return;
    if (c->sim != NULL)
        c->api->destroy(c->sim);
    if (c->library != NULL)
        dlclose(c->library);
    free(c);
}

bool core_attach(core *c, uint64_t base, void *host, uint64_t size) { return c->api->attach(c->sim, base, host, size); }
void core_detach(core *c, uint64_t base) { (void)c->api->detach(c->sim, base); }
uint32_t core_isa_version(const core *c) { return c->isa_version; }

tsr_status core_trace(core *c, const char *path, uint64_t start, uint64_t stop, uint64_t max_bytes) {
    uint64_t now = c->api->cycle(c->sim);
    if (!c->api->trace_open(c->sim, path, now + start, now + stop, max_bytes))
        return tsr_error(TSR_IO, "the waveform file %s cannot be written", path);
    return tsr_ok();
}

static void insn_completed(void *context, const tsr_sim_insn *insn) {
    core *c = context;
    tsr_sim_insn from_start = *insn;
    // Each cycle of a run is in one of a unit's counters.
    const uint64_t age = insn->busy + insn->stall_token + insn->stall_memory + insn->stall_queue + insn->stall_bank;
    const uint64_t started = insn->end - age;
    from_start.begin -= started;
    from_start.end -= started;
    c->on_insn(c->on_insn_context, &from_start);
}

void core_on_insn(core *c, tsr_sim_on_insn *callback, void *context) {
    c->on_insn = callback;
    c->on_insn_context = context;
    c->api->on_insn(c->sim, callback != NULL ? insn_completed : NULL, c);
}

// ---- running --------------------------------------------------------------------------------------------------------

void core_start(core *c, const tsr_control_segment segment[TSR_SEGMENTS], uint32_t insn_offset, uint32_t insn_count) {
    c->control.failed = false;
    tsr_control_set_run(&c->control, segment, insn_offset, insn_count);
    tsr_control_start(&c->control, true);
}

// Back to a core that takes the next run: gently, or with the reset pin when that does not work.
static void recover(core *c) {
    if (!tsr_control_soft_reset(&c->control, RESET_POLLS, NULL))
        c->api->reset(c->sim);
    c->control.failed = false;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tsr_status give_up(core *c, const char *why, tsr_profile *out) {
    char report[REPORT_BYTES];
    c->api->report(c->sim, report, sizeof report);
    c->control.failed = false;
    tsr_control_read_profile(&c->control, out);
    recover(c);
    return tsr_error(TSR_TIMEOUT, "%s; %s", why, report);
}

tsr_status core_finish(core *c, core_limits limits, tsr_profile *out, tsr_fault *out_fault) {
    uint64_t begin = c->api->cycle(c->sim), quiet_since = begin, progress = UINT64_MAX;
    double deadline = seconds() + limits.timeout_ms / 1000.0;
    char why[80];
    for (;;) {
        if (c->control.failed) {
            return give_up(c, "a control register does not answer", out);
        }
        uint64_t passed = c->api->cycle(c->sim) - begin, slice = SLICE_CYCLES;
        if (limits.cycles != 0) {
            if (passed >= limits.cycles) {
                snprintf(why, sizeof why, "no end after %llu cycles, the limit", (unsigned long long)passed);
                return give_up(c, why, out);
            }
            slice = limits.cycles - passed < slice ? limits.cycles - passed : slice;
        }
        if (c->api->run(c->sim, slice) == TSR_SIM_INTERRUPT)
            break;
        if (atomic_load(limits.interrupted))
            return give_up(c, "interrupted", out);
        if (limits.timeout_ms != 0 && seconds() > deadline) {
            snprintf(why, sizeof why, "no end after %u ms", limits.timeout_ms);
            return give_up(c, why, out);
        }
        if (c->api->cycle(c->sim) - quiet_since > QUIET_CYCLES) {
            uint64_t so_far = tsr_control_read_progress(&c->control);
            if (so_far == progress) {
                snprintf(why, sizeof why, "the core hangs: nothing moved for %d cycles", QUIET_CYCLES);
                return give_up(c, why, out);
            }
            progress = so_far;
            quiet_since = c->api->cycle(c->sim);
        }
    }
    *out_fault = tsr_control_read_fault(&c->control);
    tsr_control_read_profile(&c->control, out);
    tsr_control_acknowledge(&c->control);
    if (c->control.failed)
        return give_up(c, "a control register does not answer", out);
    const char *broken = c->api->protocol_error(c->sim);
    if (broken != NULL)
        return tsr_error(TSR_INTERNAL, "the core broke a rule of its bus at %s", broken);
    return tsr_ok();
}
