// SPDX-License-Identifier: Apache-2.0
// Sessions: compiled models on devices, through the public header alone.
#include "check.h"
#include "support/sample_build.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

static const uint32_t shape[2] = {2, 4};

static tsr_tensor tensor_of(int8_t data[BUILD_BYTES]) {
    tsr_tensor t = {.dtype = TSR_I8, .rank = 2, .shape = {shape[0], shape[1]}, .data = data, .bytes = BUILD_BYTES};
    return t;
}

typedef struct setup {
    tsr_device *device;
    tsr_program *program;
    tsr_session *session;
} setup;

static void tear_down(setup *s) {
    tsr_session_destroy(s->session);
    tsr_device_close(s->device);
    tsr_program_free(s->program);
    *s = (setup){0};
}

static tsr_status set_up(setup *s, const char *device, tsr_program *program) {
    *s = (setup){.program = program};
    tsr_status status = tsr_device_open(device, &s->device);
    if (status.code == TSR_OK)
        status = tsr_session_create(s->device, program, &s->session);
    return status;
}

// Input {first, first + 1, ...}; expects every element to have grown by delta.
static tsr_status run(tsr_session *session, int first, int8_t out[BUILD_BYTES]) {
    int8_t in[BUILD_BYTES];
    for (int i = 0; i < BUILD_BYTES; i++)
        in[i] = (int8_t)(first + i);
    tsr_tensor input = tensor_of(in), output = tensor_of(out);
    TSR_TRY(tsr_session_set_input(session, 0, &input));
    TSR_TRY(tsr_session_invoke(session, 0));
    return tsr_session_get_output(session, 0, &output);
}

static bool runs_right(tsr_session *session, int first, int delta) {
    int8_t out[BUILD_BYTES];
    tsr_status status = run(session, first, out);
    if (status.code != TSR_OK) {
        fprintf(stderr, "%s\n", status.message);
        return false;
    }
    for (int i = 0; i < BUILD_BYTES; i++)
        if (out[i] != first + i + delta)
            return false;
    return true;
}

TEST runs_a_model_and_counts_its_work(void) {
    setup s;
    ASSERT_OK(set_up(&s, "func:config=tiny", build_sample(5, false)));
    bool right = runs_right(s.session, 10, 5);
    tsr_session_profile profile = tsr_session_get_profile(s.session);
    uint32_t steps = profile.step_count;
    uint64_t insns = profile.steps[0].device.insns, total = profile.total.device.insns, uops = profile.total.device.alu_uops;
    tear_down(&s);
    ASSERT(right);
    ASSERT_EQ(1, steps);
    ASSERT_EQ(7, insns);
    ASSERT_EQ(7, total);
    ASSERT_EQ(6, uops);
    PASS();
}

TEST two_programs_share_a_device(void) {
    setup s;
    tsr_program *second = build_sample(-3, false);
    tsr_session *other = NULL;
    ASSERT_OK(set_up(&s, "func:config=tiny", build_sample(5, false)));
    ASSERT_OK(tsr_session_create(s.device, second, &other));
    bool right =
        runs_right(s.session, 10, 5) && runs_right(other, 20, -3) && runs_right(s.session, 30, 5) && runs_right(other, 10, -3);
    tsr_session_destroy(other);
    tsr_program_free(second);
    tear_down(&s);
    ASSERT(right);
    PASS();
}

TEST an_input_stays_set_though_the_run_uses_its_place(void) {
#if !defined(__x86_64__)
    SKIPm("the machine code of this test is for x86-64");
#endif
    setup s;
    ASSERT_OK(set_up(&s, "func:config=tiny", build_sample(5, true)));
    int8_t out[2][BUILD_BYTES];
    ASSERT_OK(run(s.session, 10, out[0])); // the host adds 1 to the first element where it lies
    tsr_tensor output = tensor_of(out[1]);
    ASSERT_OK(tsr_session_invoke(s.session, 0));
    ASSERT_OK(tsr_session_get_output(s.session, 0, &output));
    tear_down(&s);
    ASSERT_EQ_FMT(16, out[0][0], "%d");
    ASSERT_EQ_FMT(16, out[0][1], "%d");
    ASSERT_MEM_EQ(out[0], out[1], BUILD_BYTES);
    PASS();
}

TEST host_only_programs_run_anywhere(void) {
#if !defined(__x86_64__)
    SKIPm("the machine code of this test is for x86-64");
#endif
    static const char *const devices[] = {"cpu", "null:config=pynq", "func:config=batch4"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        setup s;
        int8_t out[BUILD_BYTES];
        ASSERT_OK(set_up(&s, devices[i], build_host_only()));
        ASSERT_OK(run(s.session, 40, out));
        tear_down(&s);
        ASSERT_EQ(41, out[0]);
        ASSERT_EQ(41, out[1]);
    }
    PASS();
}

static check_result refused(const char *device, tsr_program *program, tsr_code code, const char *one, const char *other) {
    setup s;
    tsr_status status = set_up(&s, device, program);
    tear_down(&s);
    ASSERT_EQ_FMT(code, status.code, "%d");
    ASSERT_STR_CONTAINS(one, status.message);
    ASSERT_STR_CONTAINS(other, status.message);
    PASS();
}

TEST programs_for_something_else_are_refused_with_both_named(void) {
    CHECK_CALL(refused("func:config=pynq", build_sample(1, false), TSR_MISMATCH, "tiny", "pynq"));
    CHECK_CALL(refused("cpu", build_sample(1, false), TSR_MISMATCH, "cpu", "func:config=tiny"));
    tsr_program *p = build_sample(1, false);
    p->isa_version = 9 << 16 | 7;
    CHECK_CALL(refused("func:config=tiny", p, TSR_MISMATCH, "9.7", "1.0"));
    p = build_sample(1, true);
    snprintf(p->target, sizeof p->target, "mips64-unknown-linux-gnu");
    CHECK_CALL(refused("func:config=tiny", p, TSR_MISMATCH, "mips64-unknown-linux-gnu", "linux"));
    p = build_sample(1, true);
    snprintf(p->kinds[0].features, sizeof p->kinds[0].features, "sse2,quantum");
#if defined(__x86_64__)
    CHECK_CALL(refused("func:config=tiny", p, TSR_MISMATCH, "quantum", "x86_64"));
#else
    tsr_program_free(p);
#endif
    PASS();
}

TEST tensors_that_do_not_fit_are_refused_with_both_named(void) {
    setup s;
    ASSERT_OK(set_up(&s, "func:config=tiny", build_sample(1, false)));
    int8_t data[64] = {0};
    tsr_tensor good = tensor_of(data), bad[4] = {good, good, good, good};
    bad[0].dtype = TSR_U8;
    bad[1].shape[1] = 5;
    bad[2].rank = 1;
    bad[3].bytes = 7;
    static const char *const given[4] = {"uint8 [2, 4]", "int8 [2, 5]", "int8 [2]", "7"};
    for (int i = 0; i < 4; i++) {
        tsr_status status = tsr_session_set_input(s.session, 0, &bad[i]);
        ASSERT_EQ(TSR_MISMATCH, status.code);
        ASSERT_STR_CONTAINS("int8 [2, 4]", status.message);
        ASSERT_STR_CONTAINS(given[i], status.message);
    }
    tsr_code beyond = tsr_session_set_input(s.session, 1, &good).code, none = tsr_session_set_input(s.session, 0, NULL).code;
    tsr_status unset = tsr_session_invoke(s.session, 0);
    tsr_code early = tsr_session_get_output(s.session, 0, &good).code;
    tear_down(&s);
    ASSERT_EQ(TSR_OUT_OF_RANGE, beyond);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, none);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, unset.code);
    ASSERT_STR_CONTAINS("in", unset.message);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, early);
    PASS();
}

// ---- what goes wrong during a run -----------------------------------------------------------------------------------

TEST a_fault_names_the_layer_and_leaves_the_device_usable(void) {
    setup s;
    tsr_program *good = build_sample(2, false);
    tsr_session *next = NULL;
    ASSERT_OK(set_up(&s, "func:config=tiny", build_faulting()));
    ASSERT_OK(tsr_session_create(s.device, good, &next));
    int8_t out[BUILD_BYTES];
    tsr_status status = run(s.session, 0, out);
    tsr_session_profile profile = tsr_session_get_profile(s.session);
    tsr_tensor output = tensor_of(out);
    tsr_code stale = tsr_session_get_output(s.session, 0, &output).code;
    bool right = runs_right(next, 3, 2);
    tsr_session_destroy(next);
    tsr_program_free(good);
    tear_down(&s);
    ASSERT_EQ(TSR_DEVICE_FAULT, status.code);
    ASSERT_STR_CONTAINS("layer copy (Add)", status.message);
    ASSERT_STR_CONTAINS("instruction 1", status.message);
    ASSERT_NEQ(0, profile.total.fault.code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, stale);
    ASSERT(right);
    PASS();
}

TEST a_timeout_leaves_the_device_usable(void) {
    setup s;
    tsr_program *good = build_sample(2, false);
    tsr_session *next = NULL;
    ASSERT_OK(set_up(&s, "func:config=tiny", build_endless()));
    ASSERT_OK(tsr_session_create(s.device, good, &next));
    int8_t in[BUILD_BYTES] = {0};
    tsr_tensor input = tensor_of(in);
    ASSERT_OK(tsr_session_set_input(s.session, 0, &input));
    tsr_code code = tsr_session_invoke(s.session, 20).code;
    bool right = runs_right(next, 3, 2);
    tsr_session_destroy(next);
    tsr_program_free(good);
    tear_down(&s);
    ASSERT_EQ(TSR_TIMEOUT, code);
    ASSERT(right);
    PASS();
}

typedef struct injection {
    const char *options;
    tsr_code code;   // of the first run
    bool at_create;  // the session itself fails
    const char *message;
} injection;

// Segments: allocation 1 constants, 2 work area; sync 1 constants, 2 work area in, 3 output.
static const injection injections[] = {
    {"fail_alloc=1", TSR_OUT_OF_MEMORY, true, "constants"},
    {"fail_alloc=2", TSR_OUT_OF_MEMORY, true, "work area"},
    {"fail_sync=1", TSR_IO, true, "constants"},
    {"fail_sync=2", TSR_IO, false, "sync 2"},
    {"fail_sync=3", TSR_IO, false, "output 0 (out)"},
    {"fail_submit=1", TSR_IO, false, "submit 1"},
    {"timeout=1", TSR_TIMEOUT, false, "step 0"},
    {"bus_fault=1", TSR_DEVICE_FAULT, false, "bus_read"},
};

TEST survives(const injection *wanted) {
    setup s;
    char device[128];
    snprintf(device, sizeof device, "fault:device=func,config=tiny,%s", wanted->options);
    tsr_status status = set_up(&s, device, build_sample(4, false));
    bool failed_at_create = status.code != TSR_OK;
    int8_t out[BUILD_BYTES];
    if (failed_at_create) {
        tsr_status again = tsr_session_create(s.device, s.program, &s.session);
        if (again.code != TSR_OK)
            status = again;
    } else {
        status = run(s.session, 9, out);
    }
    bool right = runs_right(s.session, 9, 4);
    tear_down(&s);
    ASSERT_EQ_FMT(wanted->code, status.code, "%d");
    ASSERT_EQ(wanted->at_create, failed_at_create);
    ASSERT_STR_CONTAINS(wanted->message, status.message);
    ASSERT(right);
    PASS();
}

TEST a_corrupt_transfer_hurts_one_run_only(void) {
    setup s;
    int8_t out[BUILD_BYTES];
    ASSERT_OK(set_up(&s, "fault:device=func,config=tiny,corrupt_sync=1", build_sample(0, false)));
    ASSERT_OK(run(s.session, 0, out));
    bool right = runs_right(s.session, 0, 0);
    tear_down(&s);
    ASSERT_EQ(-1, out[0]);
    ASSERT_EQ(1, out[1]);
    ASSERT(right);
    PASS();
}

// ---- devices and options --------------------------------------------------------------------------------------------

TEST unknown_devices_and_configurations_say_what_there_is(void) {
    tsr_device *device = NULL;
    tsr_status status = tsr_device_open("gpu", &device);
    ASSERT_EQ(TSR_NOT_FOUND, status.code);
    ASSERT_STR_CONTAINS("\"gpu\"", status.message);
    ASSERT_STR_CONTAINS("func", status.message);
    status = tsr_device_open("func:config=huge", &device);
    ASSERT_EQ(TSR_NOT_FOUND, status.code);
    ASSERT_STR_CONTAINS("huge.cfg", status.message);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("func:config=..", &device).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("func:race=2", &device).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("func:race=-1", &device).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open("fault:device=fault", &device).code);
    ASSERT_EQ(TSR_NOT_FOUND, tsr_device_open("fault:device=gpu", &device).code);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, tsr_device_open(NULL, &device).code);
    ASSERT(device == NULL);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(runs_a_model_and_counts_its_work);
    RUN_TEST(two_programs_share_a_device);
    RUN_TEST(an_input_stays_set_though_the_run_uses_its_place);
    RUN_TEST(host_only_programs_run_anywhere);
    RUN_TEST(programs_for_something_else_are_refused_with_both_named);
    RUN_TEST(tensors_that_do_not_fit_are_refused_with_both_named);
    RUN_TEST(a_fault_names_the_layer_and_leaves_the_device_usable);
    RUN_TEST(a_timeout_leaves_the_device_usable);
    for (size_t i = 0; i < sizeof injections / sizeof injections[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "survives/%s", injections[i].options);
        RUN_TEST_AS(name, survives, &injections[i]);
    }
    RUN_TEST(a_corrupt_transfer_hurts_one_run_only);
    RUN_TEST(unknown_devices_and_configurations_say_what_there_is);
    GREATEST_MAIN_END();
}
