// SPDX-License-Identifier: Apache-2.0
// The conformance suite of the device interface: every driver passes it. Takes device names; without any it runs on all that
// this build has, the accelerator's simulators among them when they are built.
//
//   test_devices [-v] [-l] [-t TEXT] [--csv FILE] [DEVICE...]
#include <assert.h>

#include "check.h"
#include "programs.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

static const char *device_name;

// What a device cannot do by its nature, and why it is excused.
typedef enum { ANY = 0, RUNS = 1, RESULTS = 2 } ability;
static const struct {
    const char *driver;
    ability lacks;
    const char *reason;
} excuses[] = {
    {"null", RESULTS, "computes nothing by design"},
    {"cpu", RUNS, "has no accelerator by design"},
    {"cpu", RESULTS, "has no accelerator by design"},
};

// Devices that this computer may have only one of: a second one at the same time need not be there.
static const char *const single[] = {"xrt", "opencl"};

typedef struct fixture {
    tsr_device *device;
    tsr_config config;
} fixture;

#define CHECK_OK(expr)                                                                                                           \
    do {                                                                                                                         \
        tsr_status check_status_ = (expr);                                                                                       \
        if (check_status_.code != TSR_OK) {                                                                                      \
            fprintf(stderr, "%s\n", check_status_.message);                                                                      \
            return false;                                                                                                        \
        }                                                                                                                        \
    } while (0)

// ---- helpers --------------------------------------------------------------------------------------------------------

typedef struct memory {
    tsr_buffer *consts, *work;
} memory;

static bool upload(tsr_device *device, const device_program *program, memory *out) {
    *out = (memory){0};
    CHECK_OK(tsr_buffer_alloc(device, program->consts_bytes, &out->consts));
    CHECK_OK(tsr_buffer_alloc(device, PROGRAM_WORK, &out->work));
    memcpy(tsr_buffer_map(out->consts), program->consts, program->consts_bytes);
    uint8_t *work = tsr_buffer_map(out->work);
    for (uint32_t i = 0; i < PROGRAM_WORK; i++)
        work[i] = (uint8_t)(i * 11 + i / 97);
    CHECK_OK(tsr_buffer_sync_to_device(device, out->consts, 0, program->consts_bytes));
    CHECK_OK(tsr_buffer_sync_to_device(device, out->work, 0, PROGRAM_WORK));
    return true;
}

static void release(tsr_device *device, memory *m) {
    tsr_buffer_free(device, m->consts);
    tsr_buffer_free(device, m->work);
    *m = (memory){0};
}

static tsr_run run_of(const device_program *program, const memory *m) {
    return (tsr_run){.segment = {m->consts, m->work}, .insn_offset = program->insn_offset, .insn_count = program->insn_count};
}

// Uploads, runs, waits, fetches segment 1.
static tsr_status run_program(tsr_device *device, const device_program *program, uint32_t timeout_ms, tsr_fault *out_fault,
                              tsr_profile *out_profile, uint8_t out_work[PROGRAM_WORK]) {
    memory m;
    if (!upload(device, program, &m))
        return tsr_error(TSR_INTERNAL, "cannot upload");
    tsr_run run = run_of(program, &m);
    tsr_status status = tsr_device_submit(device, &run);
    if (status.code == TSR_OK)
        status = tsr_device_wait(device, timeout_ms, out_profile, out_fault);
    tsr_status sync = tsr_buffer_sync_from_device(device, m.work, 0, PROGRAM_WORK);
    memcpy(out_work, tsr_buffer_map(m.work), PROGRAM_WORK);
    release(device, &m);
    return status.code != TSR_OK ? status : sync;
}

static bool copy_is_right(const uint8_t work[PROGRAM_WORK], const tsr_config *config, int delta) {
    for (uint32_t i = 0; i < program_copy_bytes(config); i++) {
        uint32_t from = PROGRAM_IN + i;
        int want = (int8_t)(uint8_t)(from * 11 + from / 97) + delta;
        want = want > 127 ? 127 : want < -128 ? -128 : want;
        if ((int8_t)work[PROGRAM_OUT + i] != want)
            return false;
    }
    // Nothing beside it.
    uint32_t end = PROGRAM_OUT + program_copy_bytes(config);
    return work[PROGRAM_OUT - 1] == (uint8_t)((PROGRAM_OUT - 1) * 11 + (PROGRAM_OUT - 1) / 97) &&
           work[end] == (uint8_t)(end * 11 + end / 97);
}

static bool copies(tsr_device *device, const tsr_config *config, int delta) {
    uint8_t work[PROGRAM_WORK];
    device_program program = program_copy(config, (int16_t)delta);
    tsr_status status = run_program(device, &program, 0, NULL, NULL, work);
    program_free(&program);
    CHECK_OK(status);
    return copy_is_right(work, config, delta);
}

static bool is_single(const tsr_device *device) {
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        if (strcmp(device->driver->name, single[i]) == 0)
            return true;
    return false;
}

// ---- cases: what a device is ----------------------------------------------------------------------------------------

TEST says_what_it_is(const fixture *f) {
    const tsr_device_info *info = tsr_device_get_info(f->device);
    ASSERT(strncmp(info->driver, device_name, strlen(info->driver)) == 0);
    ASSERT(info->isa_version >> 16 >= 1);
    ASSERT(info->max_buffer_bytes >= 1 << 20);
    ASSERT(info->config.name[0] != '\0');
    PASS();
}

TEST rejects_options_it_does_not_know(const fixture *f) {
    (void)f;
    char name[300];
    static const char *const bad[] = {"nonsense=1", "config", "=1", "config=", "config=tiny,,", "config=no_such_config"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        tsr_device *device = (tsr_device *)(uintptr_t)1;
        snprintf(name, sizeof name, "%s%s%s", device_name, strchr(device_name, ':') != NULL ? "," : ":", bad[i]);
        tsr_status status = tsr_device_open(name, &device);
        ASSERT_NEQ(TSR_OK, status.code);
        ASSERT(device == NULL);
        ASSERT(status.message[0] != '\0');
    }
    PASS();
}

TEST opens_again_and_again(const fixture *f) {
    (void)f;
    for (int i = 0; i < 3; i++) {
        tsr_device *device = NULL;
        ASSERT_OK(tsr_device_open(device_name, &device));
        tsr_device_close(device);
    }
    tsr_device_close(NULL);
    PASS();
}

// ---- cases: buffers -------------------------------------------------------------------------------------------------

TEST buffers_are_zeroed_and_aligned(const fixture *f) {
    static const uint64_t sizes[] = {1, 63, 64, 4097, 1 << 20};
    for (int round = 0; round < 2; round++) // the second time memory is likely to be used again
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            tsr_buffer *buffer = NULL;
            ASSERT_OK(tsr_buffer_alloc(f->device, sizes[i], &buffer));
            ASSERT_EQ(sizes[i], tsr_buffer_size(buffer));
            uint8_t *bytes = tsr_buffer_map(buffer);
            ASSERT_EQ(0, (uintptr_t)bytes % 64);
            for (uint64_t b = 0; b < sizes[i]; b++)
                ASSERT_EQ(0, bytes[b]);
            memset(bytes, 0xff, sizes[i]);
            tsr_buffer_free(f->device, buffer);
        }
    tsr_buffer_free(f->device, NULL);
    PASS();
}

TEST impossible_sizes_are_refused(const fixture *f) {
    tsr_buffer *buffer = (tsr_buffer *)(uintptr_t)1;
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_buffer_alloc(f->device, 0, &buffer).code);
    ASSERT(buffer == NULL);
    ASSERT_EQ(TSR_OUT_OF_MEMORY, tsr_buffer_alloc(f->device, UINT64_MAX, &buffer).code);
    ASSERT(buffer == NULL);
    PASS();
}

TEST syncs_carry_bytes_both_ways(const fixture *f) {
    tsr_buffer *buffer = NULL;
    ASSERT_OK(tsr_buffer_alloc(f->device, 1000, &buffer));
    uint8_t *bytes = tsr_buffer_map(buffer);
    for (int i = 0; i < 1000; i++)
        bytes[i] = (uint8_t)(i * 3);
    ASSERT_OK(tsr_buffer_sync_to_device(f->device, buffer, 0, 1000));
    ASSERT_OK(tsr_buffer_sync_from_device(f->device, buffer, 100, 500));
    for (int i = 0; i < 1000; i++)
        ASSERT_EQ((uint8_t)(i * 3), bytes[i]);
    tsr_buffer_free(f->device, buffer);
    PASS();
}

TEST syncs_stay_inside_the_buffer(const fixture *f) {
    static const uint64_t bad[][2] = {{0, 101}, {100, 1}, {101, 0}, {UINT64_MAX, 2}, {2, UINT64_MAX}};
    tsr_buffer *buffer = NULL;
    ASSERT_OK(tsr_buffer_alloc(f->device, 100, &buffer));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ASSERT_EQ(TSR_OUT_OF_RANGE, tsr_buffer_sync_to_device(f->device, buffer, bad[i][0], bad[i][1]).code);
        ASSERT_EQ(TSR_OUT_OF_RANGE, tsr_buffer_sync_from_device(f->device, buffer, bad[i][0], bad[i][1]).code);
    }
    ASSERT_OK(tsr_buffer_sync_to_device(f->device, buffer, 100, 0));
    tsr_buffer_free(f->device, buffer);
    PASS();
}

TEST buffers_of_another_device_are_refused(const fixture *f) {
    tsr_device *other = NULL;
    tsr_buffer *foreign = NULL;
    tsr_status opened = tsr_device_open(device_name, &other);
    if (opened.code != TSR_OK && is_single(f->device))
        SKIPm("needs two boards, and there is one");
    ASSERT_OK(opened);
    ASSERT_OK(tsr_buffer_alloc(other, 64, &foreign));
    tsr_run run = {.segment = {foreign}, .insn_count = 1};
    tsr_code sync = tsr_buffer_sync_to_device(f->device, foreign, 0, 1).code;
    tsr_code submit = tsr_device_submit(f->device, &run).code;
    tsr_device_close(other);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, sync);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, submit);
    PASS();
}

TEST close_frees_what_is_left(const fixture *f) {
    (void)f;
    tsr_device *device = NULL;
    tsr_buffer *buffer = NULL;
    ASSERT_OK(tsr_device_open(device_name, &device));
    for (int i = 0; i < 10; i++)
        ASSERT_OK(tsr_buffer_alloc(device, 5000, &buffer));
    tsr_device_close(device); // the leak checker of the sanitizer build is the judge
    PASS();
}

// ---- cases: runs ----------------------------------------------------------------------------------------------------

TEST wait_needs_a_submit(const fixture *f) {
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_wait(f->device, 1, NULL, NULL).code);
    PASS();
}

TEST a_run_needs_segment_0(const fixture *f) {
    tsr_run run = {.insn_count = 1};
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_submit(f->device, &run).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_submit(f->device, NULL).code);
    PASS();
}

TEST runs_one_at_a_time(const fixture *f) {
    device_program program = program_copy(&f->config, 1);
    memory m;
    ASSERT(upload(f->device, &program, &m));
    tsr_run run = run_of(&program, &m);
    ASSERT_OK(tsr_device_submit(f->device, &run));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_submit(f->device, &run).code);
    ASSERT_OK(tsr_device_wait(f->device, 0, NULL, NULL));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_wait(f->device, 0, NULL, NULL).code);
    ASSERT_OK(tsr_device_submit(f->device, &run));
    ASSERT_OK(tsr_device_wait(f->device, 0, NULL, NULL));
    release(f->device, &m);
    program_free(&program);
    PASS();
}

TEST close_ends_a_run_that_nobody_waits_for(const fixture *f) {
    tsr_device *device = NULL;
    device_program program = program_endless(&f->config);
    memory m;
    ASSERT_OK(tsr_device_open(device_name, &device));
    bool ready = upload(device, &program, &m);
    tsr_run run = run_of(&program, &m);
    tsr_status status = tsr_device_submit(device, &run);
    tsr_device_close(device);
    program_free(&program);
    ASSERT(ready);
    ASSERT_OK(status);
    PASS();
}

TEST computes_a_copy(const fixture *f) {
    ASSERT(copies(f->device, &f->config, 0));
    ASSERT(copies(f->device, &f->config, 100)); // saturates
    PASS();
}

// The executable specification is the judge.
TEST computes_a_layer_as_the_specification_does(const fixture *f) {
    uint8_t work[PROGRAM_WORK], want[PROGRAM_WORK];
    device_program program = program_layer(&f->config);
    tsr_device *judge = NULL;
    char judge_name[64];
    snprintf(judge_name, sizeof judge_name, "func:config=%s,race=1", f->config.name);
    ASSERT_OK(tsr_device_open(judge_name, &judge));
    tsr_profile profile = {0}, judge_profile = {0};
    tsr_status judged = run_program(judge, &program, 0, NULL, &judge_profile, want);
    tsr_status status = run_program(f->device, &program, 0, NULL, &profile, work);
    tsr_device_close(judge);
    program_free(&program);
    ASSERT_OK(judged);
    ASSERT_OK(status);
    ASSERT_MEM_EQ(want, work, PROGRAM_WORK);
    ASSERT_EQ(judge_profile.insns, profile.insns);
    ASSERT_EQ(judge_profile.gemm_uops, profile.gemm_uops);
    ASSERT_EQ(judge_profile.alu_uops, profile.alu_uops);
    ASSERT_EQ(tsr_device_get_info(f->device)->cycle_accurate, profile.cycles != 0);
    PASS();
}

typedef struct insn_log {
    uint64_t count[TSR_UNITS], last_end[TSR_UNITS];
    bool in_order, within; // per unit; begin before end
} insn_log;

static void log_insn(void *context, const tsr_insn_profile *insn) {
    insn_log *log = context;
    if (insn->unit >= TSR_UNITS)
        return;
    log->count[insn->unit]++;
    log->in_order &= insn->end >= log->last_end[insn->unit];
    log->within &= insn->begin < insn->end;
    log->last_end[insn->unit] = insn->end;
}

TEST says_when_each_instruction_ran_or_that_it_cannot(const fixture *f) {
    insn_log log = {.in_order = true, .within = true};
    tsr_status status = tsr_device_on_insn(f->device, log_insn, &log);
    if (f->device->driver->ops.on_insn == NULL || !tsr_device_get_info(f->device)->cycle_accurate) {
        ASSERT_EQ(TSR_UNSUPPORTED, status.code);
        PASS();
    }
    ASSERT_OK(status);
    uint8_t work[PROGRAM_WORK];
    tsr_profile profile = {0};
    device_program program = program_layer(&f->config);
    status = run_program(f->device, &program, 0, NULL, &profile, work);
    program_free(&program);
    ASSERT_OK(status);
    ASSERT_OK(tsr_device_on_insn(f->device, NULL, NULL));
    for (int u = 0; u < TSR_UNITS; u++) {
        ASSERT_EQ_FMT(profile.unit[u].insns, log.count[u], "%lu");
        ASSERT(log.last_end[u] <= profile.cycles);
    }
    ASSERT(log.in_order);
    ASSERT(log.within);
    PASS();
}

TEST a_second_run_gives_the_same_bytes(const fixture *f) {
    uint8_t first[PROGRAM_WORK], again[PROGRAM_WORK];
    device_program program = program_layer(&f->config);
    tsr_status one = run_program(f->device, &program, 0, NULL, NULL, first);
    bool between = copies(f->device, &f->config, 7);
    tsr_status two = run_program(f->device, &program, 0, NULL, NULL, again);
    program_free(&program);
    ASSERT_OK(one);
    ASSERT(between);
    ASSERT_OK(two);
    ASSERT_MEM_EQ(first, again, PROGRAM_WORK);
    PASS();
}

static check_result faults_and_recovers(const fixture *f, device_program program) {
    uint8_t work[PROGRAM_WORK];
    tsr_fault fault = {0};
    tsr_status status = run_program(f->device, &program, 0, &fault, NULL, work);
    device_program want = program;
    program_free(&program);
    ASSERT_EQ_FMT(TSR_DEVICE_FAULT, status.code, "%d");
    ASSERT_EQ_FMT(want.fault_code, fault.code, "%u");
    ASSERT_EQ_FMT(want.fault_unit, fault.unit, "%u");
    ASSERT_EQ_FMT(want.fault_index, fault.insn_index, "%u");
    ASSERT(status.message[0] != '\0');
    if (want.out_bytes != 0)
        ASSERT(copy_is_right(work, &f->config, 1)); // what comes before a fault at dispatch completes
    ASSERT(copies(f->device, &f->config, -5));
    PASS();
}

TEST reports_a_dispatch_fault_and_recovers(const fixture *f) {
    return faults_and_recovers(f, program_dispatch_fault(&f->config));
}

TEST reports_a_unit_fault_and_recovers(const fixture *f) { return faults_and_recovers(f, program_unit_fault(&f->config)); }

TEST reports_a_missing_finish_and_recovers(const fixture *f) {
    return faults_and_recovers(f, program_without_finish(&f->config));
}

TEST reports_a_stream_outside_segment_0(const fixture *f) {
    device_program program = program_copy(&f->config, 1);
    program.insn_offset += 4;
    tsr_fault fault = {0};
    uint8_t work[PROGRAM_WORK];
    tsr_status status = run_program(f->device, &program, 0, &fault, NULL, work);
    program_free(&program);
    ASSERT_EQ(TSR_DEVICE_FAULT, status.code);
    ASSERT_EQ_FMT(12U, fault.code, "%u"); // INSN_ALIGN, isa/spec.md
    ASSERT(copies(f->device, &f->config, 2));
    PASS();
}

TEST times_out_and_recovers(const fixture *f) {
    device_program program = program_endless(&f->config);
    uint8_t work[PROGRAM_WORK];
    tsr_status status = run_program(f->device, &program, 30, NULL, NULL, work);
    program_free(&program);
    ASSERT_EQ_FMT(TSR_TIMEOUT, status.code, "%d");
    ASSERT(status.message[0] != '\0');
    ASSERT(copies(f->device, &f->config, 4));
    PASS();
}

// ---- the suite ------------------------------------------------------------------------------------------------------

typedef struct conformance_case {
    const char *name;
    check_result (*test)(const fixture *f);
    ability needs;
    bool alone; // it opens devices itself; the suite's own is closed meanwhile, for there may be one board only
} conformance_case;

#define CASE(name, needs) {#name, name, needs, false}
#define ALONE(name, needs) {#name, name, needs, true}
static const conformance_case cases[] = {
    CASE(says_what_it_is, ANY),
    ALONE(rejects_options_it_does_not_know, ANY),
    ALONE(opens_again_and_again, ANY),
    CASE(buffers_are_zeroed_and_aligned, ANY),
    CASE(impossible_sizes_are_refused, ANY),
    CASE(syncs_carry_bytes_both_ways, ANY),
    CASE(syncs_stay_inside_the_buffer, ANY),
    CASE(buffers_of_another_device_are_refused, ANY),
    ALONE(close_frees_what_is_left, ANY),
    CASE(wait_needs_a_submit, ANY),
    CASE(a_run_needs_segment_0, ANY),
    CASE(runs_one_at_a_time, RUNS),
    ALONE(close_ends_a_run_that_nobody_waits_for, RUNS),
    CASE(computes_a_copy, RESULTS),
    CASE(computes_a_layer_as_the_specification_does, RESULTS),
    CASE(says_when_each_instruction_ran_or_that_it_cannot, RESULTS),
    CASE(a_second_run_gives_the_same_bytes, RESULTS),
    CASE(reports_a_dispatch_fault_and_recovers, RESULTS),
    CASE(reports_a_unit_fault_and_recovers, RESULTS),
    CASE(reports_a_missing_finish_and_recovers, RESULTS),
    CASE(reports_a_stream_outside_segment_0, RESULTS),
    CASE(times_out_and_recovers, RESULTS),
};
enum { CASES = sizeof cases / sizeof cases[0] };

static FILE *csv;

static void record(const char *config, const char *name, check_result result) {
    static const char *const words[] = {"fail", "pass", "skip"};
    const char *commit = getenv("TESSERA_COMMIT");
    if (csv != NULL)
        fprintf(csv, "%s,%s,device,%s,\"%s\",%s,\"%s\"\n", commit != NULL ? commit : "", config, name, device_name,
                words[result + 1], result == CHECK_PASS || check.message == NULL ? "" : check.message);
}

static const char *excuse(const char *driver, ability needs) {
    for (size_t i = 0; i < sizeof excuses / sizeof excuses[0]; i++)
        if (needs == excuses[i].lacks && strcmp(driver, excuses[i].driver) == 0)
            return excuses[i].reason;
    return NULL;
}

static void run_suite(const char *name, bool must_open) {
    device_name = name;
    fixture f = {0};
    tsr_status status = tsr_device_open(name, &f.device);
    if (status.code != TSR_OK) {
        check.message = status.message;
        check.file = __FILE__;
        check_report(name, must_open ? CHECK_FAIL : CHECK_SKIP);
        record("", "opens", must_open ? CHECK_FAIL : CHECK_SKIP);
        return;
    }
    // A device without an accelerator still gets streams to refuse.
    f.config = tsr_device_get_info(f.device)->config;
    const char *driver = f.device->driver->name;
    for (int i = 0; i < CASES; i++) {
        char title[200];
        snprintf(title, sizeof title, "%s/%s", name, cases[i].name);
        if (!check_wanted(title))
            continue;
        check_result result = CHECK_SKIP;
        check.message = excuse(driver, cases[i].needs);
        if (check.message == NULL && cases[i].alone) {
            tsr_device_close(f.device);
            f.device = NULL;
        }
        if (check.message == NULL)
            result = cases[i].test(&f);
        check_report(title, result);
        record(f.config.name, cases[i].name, result);
        if (f.device == NULL && tsr_device_open(name, &f.device).code != TSR_OK) {
            check.message = "the device does not open any more";
            check_report(title, CHECK_FAIL);
            return;
        }
    }
    tsr_device_close(f.device);
}

static bool have_driver(const char *name) {
    for (const tsr_driver *const *d = tsr_drivers; *d != NULL; d++)
        if (strcmp((*d)->name, name) == 0)
            return true;
    return false;
}

static void run_defaults(void) {
    static const char *const always[] = {"null",
                                         "cpu",
                                         "func:config=tiny",
                                         "func:config=pynq",
                                         "func:config=wide",
                                         "func:config=batch4",
                                         "func:config=tiny,race=1",
                                         "timing:config=tiny",
                                         "timing:config=batch4",
                                         "fault:device=func,config=pynq"};
    static const char *const simulated[] = {"rtl:config=tiny", "rtl:config=pynq", "rtl:config=wide", "rtl:config=batch4",
                                            "fault:device=rtl,config=tiny"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        run_suite(always[i], true);
    for (size_t i = 0; i < sizeof simulated / sizeof simulated[0] && have_driver("rtl"); i++)
        run_suite(simulated[i], false);
}

int main(int argc, char **argv) {
    const char *devices[32];
    char *rest[32] = {argv[0]};
    int device_count = 0, rest_count = 1;
    for (int i = 1; i < argc && device_count < 32 && rest_count < 31; i++) {
        if (strcmp(argv[i], "--csv") == 0 && i + 1 < argc) {
            csv = fopen(argv[++i], "w");
            if (csv == NULL) {
                fprintf(stderr, "%s: cannot be written\n", argv[i]);
                return 2;
            }
            fprintf(csv, "commit,config,suite,case,device,result,reason\n");
        } else if (strcmp(argv[i], "-t") == 0 && i + 1 < argc) {
            rest[rest_count++] = argv[i++];
            rest[rest_count++] = argv[i];
        } else if (argv[i][0] == '-') {
            rest[rest_count++] = argv[i];
        } else {
            devices[device_count++] = argv[i];
        }
    }
    check_arguments(rest_count, rest);
    for (int i = 0; i < device_count; i++)
        run_suite(devices[i], true);
    if (device_count == 0)
        run_defaults();
    if (csv != NULL)
        fclose(csv);
    GREATEST_MAIN_END();
}
