// SPDX-License-Identifier: Apache-2.0
#include "core.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tsr_isa.h"

enum {
    PATH_BYTES = 1024,
    SLICE_CYCLES = 1 << 16,       // between looks at the clock
    QUIET_CYCLES = 1000000,       // without any progress: the core hangs
    RESET_POLLS = 50000,
    REPORT_BYTES = 360,
};

struct core {
    void *library;
    const tsr_sim_api *api;
    tsr_sim *sim;
    uint32_t isa_version;
    bool register_failed; // an access to a control register was not answered
    tsr_sim_on_insn *on_insn;
    void *on_insn_context;
};

static uint32_t read_register(core *c, uint32_t offset) {
    uint32_t value;
    c->register_failed |= !c->api->read(c->sim, offset, &value);
    return value;
}

static void write_register(core *c, uint32_t offset, uint32_t value) {
    c->register_failed |= !c->api->write(c->sim, offset, value);
}

static uint64_t read_counter(core *c, uint32_t index) {
    // The core may be running: the halves belong together when the high one has not moved.
    uint32_t at = TSR_REG_COUNTERS + 8 * index, high = read_register(c, at + 4);
    for (;;) {
        uint32_t low = read_register(c, at), again = read_register(c, at + 4);
        if (again == high || c->register_failed)
            return (uint64_t)high << 32 | low;
        high = again;
    }
}

// ---- finding the library --------------------------------------------------------------------------------------------

static bool readable(char path[PATH_BYTES], const char *folder, const char *below, const char *file) {
    int length = snprintf(path, PATH_BYTES, "%s%s/%s", folder, below, file);
    return length > 0 && length < PATH_BYTES && access(path, R_OK) == 0;
}

// Beside the program or above it: build/sim in a checkout, lib/tessera installed.
static bool find_library(const char *file, char path[PATH_BYTES]) {
    static const char *const below[] = {"", "/sim", "/build/sim", "/lib/tessera"};
    const char *set = getenv("TESSERA_SIM_DIR");
    if (set != NULL && set[0] != '\0')
        return readable(path, set, "", file);
    char folder[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    for (int level = 0; level < 5; level++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
        for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
            if (readable(path, folder, below[i], file))
                return true;
    }
    return readable(path, "build/sim", "", file);
}

static bool cpu_has_avx2(void) {
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

static tsr_status load_library(core *c, const char *config_name) {
    char file[96], path[PATH_BYTES];
    snprintf(file, sizeof file, "libtessera_sim_%s.so", config_name);
    if (!find_library(file, path)) {
        const char *set = getenv("TESSERA_SIM_DIR");
        return tsr_error(TSR_NOT_FOUND, "there is no simulator of configuration %s (%s) in %s; build it with `make sims`",
                         config_name, file, set != NULL && set[0] != '\0' ? set : "build/sim");
    }
    c->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (c->library == NULL)
        return tsr_error(TSR_IO, "the simulator cannot be loaded: %s", dlerror());
    union { // ISO C has no conversion from an object pointer to a function pointer
        void *object;
        tsr_sim_get_api_function *function;
    } entry = {dlsym(c->library, "tsr_sim_get_api")};
    if (entry.object == NULL)
        return tsr_error(TSR_MISMATCH, "%s is no Tessera simulator", path);
    c->api = entry.function();
    if (c->api->version != TSR_SIM_API_VERSION)
        return tsr_error(TSR_MISMATCH, "%s has interface version %u, this program %d; build it again with `make sims`", path,
                         c->api->version, TSR_SIM_API_VERSION);
    if (c->api->needs_avx2 && !cpu_has_avx2())
        return tsr_error(TSR_UNSUPPORTED, "%s was built for a CPU with AVX2; build it with `make sims SIM_MARCH=x86-64`", path);
    return tsr_ok();
}

// The registers must name this build's ISA and this configuration: a stale library is found here.
static tsr_status check_identity(core *c, const tsr_config *config) {
    uint32_t magic = read_register(c, TSR_REG_MAGIC);
    c->isa_version = read_register(c, TSR_REG_ISA_VERSION);
    uint32_t low = read_register(c, TSR_REG_CONFIG_ID_LO), high = read_register(c, TSR_REG_CONFIG_ID_HI);
    uint64_t id = (uint64_t)high << 32 | low;
    if (c->register_failed || magic != TSR_ISA_MAGIC)
        return tsr_error(TSR_MISMATCH,
                         "the simulator of configuration %s does not answer as a Tessera core (magic 0x%08x); build it again "
                         "with `make sims`",
                         config->name, magic);
    if (c->isa_version != TSR_ISA_VERSION)
        return tsr_error(TSR_MISMATCH,
                         "the simulator of configuration %s has ISA %u.%u, this program %d.%d; build it again with "
                         "`make sims`",
                         config->name, c->isa_version >> 16, c->isa_version & 0xffff, TSR_ISA_MAJOR, TSR_ISA_MINOR);
    if (id != tsr_config_id(config))
        return tsr_error(TSR_MISMATCH,
                         "the simulator of configuration %s was built from other parameters (identity %016llx) than its file "
                         "has now (%016llx); build it again with `make sims`",
                         config->name, (unsigned long long)id, (unsigned long long)tsr_config_id(config));
    return tsr_ok();
}

tsr_status core_open(const tsr_config *config, const tsr_sim_memory *memory, core **out_core) {
    *out_core = NULL;
    core *c = calloc(1, sizeof *c);
    if (c == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a device");
    tsr_status status = load_library(c, config->name);
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

void core_start(core *c, const core_segment segment[CORE_SEGMENTS], uint32_t insn_offset, uint32_t insn_count) {
    c->register_failed = false;
    for (uint32_t s = 0; s < CORE_SEGMENTS; s++) {
        uint32_t at = TSR_REG_SEG0_BASE_LO + s * (TSR_REG_SEG1_BASE_LO - TSR_REG_SEG0_BASE_LO);
        write_register(c, at, (uint32_t)segment[s].base);
        write_register(c, at + 4, (uint32_t)(segment[s].base >> 32));
        write_register(c, at + 8, segment[s].size);
    }
    write_register(c, TSR_REG_INSN_OFFSET, insn_offset);
    write_register(c, TSR_REG_INSN_COUNT, insn_count);
    write_register(c, TSR_REG_GIE, 1);
    write_register(c, TSR_REG_IER, 1);
    write_register(c, TSR_REG_CTRL, TSR_CTRL_START_MASK);
}

static void read_counters(core *c, core_outcome *out) {
    out->cycles = read_counter(c, TSR_COUNTER_CYCLES);
    out->insns = read_counter(c, TSR_COUNTER_INSNS);
    out->bytes_read = read_counter(c, TSR_COUNTER_BYTES_READ);
    out->bytes_written = read_counter(c, TSR_COUNTER_BYTES_WRITTEN);
    out->gemm_uops = read_counter(c, TSR_COUNTER_GEMM_UOPS);
    out->alu_uops = read_counter(c, TSR_COUNTER_ALU_UOPS);
    for (uint32_t u = 0; u < CORE_UNITS; u++) {
        core_unit_counters *unit = &out->unit[u];
        unit->busy = read_counter(c, TSR_UNIT_COUNTER(u, BUSY));
        unit->stall_token = read_counter(c, TSR_UNIT_COUNTER(u, STALL_TOKEN));
        unit->stall_memory = read_counter(c, TSR_UNIT_COUNTER(u, STALL_MEMORY));
        unit->stall_queue = read_counter(c, TSR_UNIT_COUNTER(u, STALL_QUEUE));
        unit->stall_bank = read_counter(c, TSR_UNIT_COUNTER(u, STALL_BANK));
        unit->insns = read_counter(c, TSR_UNIT_COUNTER(u, INSNS));
    }
}

// Grows with everything that moves.
static uint64_t read_progress(core *c) {
    return read_counter(c, TSR_COUNTER_INSNS) + read_counter(c, TSR_COUNTER_BYTES_READ) +
           read_counter(c, TSR_COUNTER_BYTES_WRITTEN) + read_counter(c, TSR_COUNTER_GEMM_UOPS) +
           read_counter(c, TSR_COUNTER_ALU_UOPS);
}

static void acknowledge(core *c) {
    uint32_t pending = read_register(c, TSR_REG_ISR);
    write_register(c, TSR_REG_ISR, pending); // writing 1 toggles
    (void)read_register(c, TSR_REG_CTRL);    // clears done
}

// Back to a core that takes the next run: gently, or with the reset pin when that does not work.
static void recover(core *c) {
    write_register(c, TSR_REG_SOFT_RESET, 1);
    for (int i = 0; i < RESET_POLLS; i++) {
        if (read_register(c, TSR_REG_SOFT_RESET) == 0 && !c->register_failed) {
            acknowledge(c);
            return;
        }
        if (c->register_failed)
            break;
    }
    c->api->reset(c->sim);
    c->register_failed = false;
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tsr_status give_up(core *c, const char *why, core_outcome *out) {
    char report[REPORT_BYTES];
    c->api->report(c->sim, report, sizeof report);
    c->register_failed = false;
    read_counters(c, out);
    recover(c);
    return tsr_error(TSR_TIMEOUT, "%s; %s", why, report);
}

tsr_status core_finish(core *c, core_limits limits, core_outcome *out) {
    memset(out, 0, sizeof *out);
    uint64_t begin = c->api->cycle(c->sim), quiet_since = begin, progress = UINT64_MAX;
    double deadline = seconds() + limits.timeout_ms / 1000.0;
    char why[80];
    for (;;) {
        if (c->register_failed) {
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
        if (limits.timeout_ms != 0 && seconds() > deadline) {
            snprintf(why, sizeof why, "no end after %u ms", limits.timeout_ms);
            return give_up(c, why, out);
        }
        if (c->api->cycle(c->sim) - quiet_since > QUIET_CYCLES) {
            uint64_t so_far = read_progress(c);
            if (so_far == progress) {
                snprintf(why, sizeof why, "the core hangs: nothing moved for %d cycles", QUIET_CYCLES);
                return give_up(c, why, out);
            }
            progress = so_far;
            quiet_since = c->api->cycle(c->sim);
        }
    }
    uint32_t fault = read_register(c, TSR_REG_FAULT);
    out->fault = (fault & TSR_FAULT_CODE_MASK) >> TSR_FAULT_CODE_SHIFT;
    out->fault_unit = (fault & TSR_FAULT_UNIT_MASK) >> TSR_FAULT_UNIT_SHIFT;
    out->fault_index = read_register(c, TSR_REG_FAULT_INDEX);
    read_counters(c, out);
    acknowledge(c);
    if (c->register_failed)
        return give_up(c, "a control register does not answer", out);
    const char *broken = c->api->protocol_error(c->sim);
    if (broken != NULL)
        return tsr_error(TSR_INTERNAL, "the core broke a rule of its bus at %s", broken);
    return tsr_ok();
}
