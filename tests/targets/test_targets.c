// SPDX-License-Identifier: Apache-2.0
// The same models for every processor: code for each kind that this computer can run, and code for others under qemu-user,
// give the bytes that the CPU of this computer gives. Loading chooses the best kind.
#include <dirent.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../models/npy.h"
#include "check.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

enum { MAX_CASES = 100, PATH_BYTES = 512 };

// A model, its inputs one after another, and what the code made for this computer answers.
typedef struct model_case {
    char model[PATH_BYTES];
    uint8_t *input, *output;
    size_t input_bytes, output_bytes;
} model_case;

static model_case cases[MAX_CASES];
static unsigned case_count;

// ---- the answers of this computer ---------------------------------------------------------------------------------------
static tsr_status run_here(const tsr_program *program, uint32_t threads, const uint8_t *input, uint8_t *output) {
    tsr_device *device = NULL;
    tsr_session *session = NULL;
    tsr_status status = tsr_device_open("cpu", &device);
    if (status.code == TSR_OK)
        status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = tsr_session_set_threads(session, threads);
    for (uint32_t i = 0; status.code == TSR_OK && i < program->input_count; input += program->inputs[i++].bytes) {
        tsr_tensor tensor = tsr_tensor_for(&program->inputs[i], (void *)(uintptr_t)input);
        status = tsr_session_set_input(session, i, &tensor);
    }
    if (status.code == TSR_OK)
        status = tsr_session_invoke(session, 0);
    tsr_tensor tensor = tsr_tensor_for(&program->outputs[0], output);
    if (status.code == TSR_OK)
        status = tsr_session_get_output(session, 0, &tensor);
    tsr_session_destroy(session);
    tsr_device_close(device);
    return status;
}

static tsr_status compile(const char *model, const char *target, const char *cpu, tsr_program **out_program) {
    return tsr_compile_file(model, &(tsr_compile_options){.host_only = true, .target = target, .cpu = cpu}, out_program);
}

// Recorded inputs; pixels in 0..1 where the model takes floats.
static bool fill_inputs(const tsr_program *p, const npy *recorded, uint8_t *to) {
    for (uint32_t i = 0; i < p->input_count; to += p->inputs[i++].bytes) {
        const tsr_io *io = &p->inputs[i];
        const npy *from = &recorded[recorded[1].data != NULL && strcmp(io->name, "input_1") == 0];
        if (from->data == NULL)
            return false;
        if (from->bytes == io->bytes) {
            memcpy(to, from->data, io->bytes);
            continue;
        }
        if (io->dtype != TSR_F32 || from->bytes < io->bytes / 4)
            return false;
        for (uint64_t k = 0; k < io->bytes / 4; k++) {
            const float value = (float)from->data[k] / 255.0f;
            memcpy(to + 4 * k, &value, 4);
        }
    }
    return true;
}

static bool add_case(const char *model, const char *input, const char *input_1) {
    model_case *c = &cases[case_count];
    tsr_program *p = NULL;
    snprintf(c->model, sizeof c->model, "%s", model);
    tsr_status status = compile(model, NULL, NULL, &p);
    if (status.code != TSR_OK) {
        fprintf(stderr, "%s\n", status.message);
        return false;
    }
    npy recorded[2] = {npy_read(input), npy_read(input_1)};
    for (uint32_t i = 0; i < p->input_count; i++)
        c->input_bytes += p->inputs[i].bytes;
    c->output_bytes = p->outputs[0].bytes;
    c->input = malloc(c->input_bytes);
    c->output = malloc(c->output_bytes);
    bool good = fill_inputs(p, recorded, c->input) && run_here(p, 1, c->input, c->output).code == TSR_OK;
    free(recorded[0].file);
    free(recorded[1].file);
    tsr_program_free(p);
    case_count += good;
    if (!good)
        fprintf(stderr, "%s: no input for it, or it does not run\n", model);
    return good;
}

static int only_folders(const struct dirent *entry) { return entry->d_name[0] != '.' && strchr(entry->d_name, '.') == NULL; }

static bool add_cases(void) {
    struct dirent **names;
    int count = scandir("tests/models/qdq", &names, only_folders, alphasort);
    bool good = count > 0 && add_case("models/digits/digits_qdq.onnx", "models/digits/test_images.npy", "");
    for (int i = 0; i < count; i++) {
        char model[PATH_BYTES], input[PATH_BYTES], input_1[PATH_BYTES];
        snprintf(model, sizeof model, "tests/models/qdq/%s/model.onnx", names[i]->d_name);
        snprintf(input, sizeof input, "tests/models/qdq/%s/input.npy", names[i]->d_name);
        snprintf(input_1, sizeof input_1, "tests/models/qdq/%s/input_1.npy", names[i]->d_name);
        good = good && case_count < MAX_CASES && add_case(model, input, input_1);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return good;
}

// ---- kinds of this computer's code ----------------------------------------------------------------------------------------
TEST kind_gives_the_same_bytes(const char *cpu) {
    unsigned wrong = 0;
    for (unsigned i = 0; i < case_count; i++) {
        const model_case *c = &cases[i];
        tsr_program *p = NULL;
        ASSERT_OK(compile(c->model, NULL, cpu, &p));
        uint8_t *output = malloc(c->output_bytes);
        tsr_status status = run_here(p, 3, c->input, output);
        bool same = status.code == TSR_OK && memcmp(output, c->output, c->output_bytes) == 0;
        free(output);
        tsr_program_free(p);
        if (status.code == TSR_MISMATCH)
            SKIPm("this CPU lacks some of the features");
        if (!same)
            fprintf(stderr, "%s differs%s%s\n", c->model, status.code != TSR_OK ? ": " : "", status.message);
        wrong += !same;
    }
    ASSERT_EQ_FMT(0u, wrong, "%u models differ");
    PASS();
}

// ResNet-8: its convolutions are large enough to be shared.
TEST the_number_of_threads_changes_nothing(void) {
    static const char model[] = "../shared/models/mlperf_tiny/ic_resnet8_int8.tflite";
    static const uint32_t threads[] = {1, 2, 5, TSR_MAX_THREADS, 0};
    if (access(model, R_OK) != 0)
        SKIPm("the models folder is not beside the project");
    tsr_program *p = NULL;
    ASSERT_OK(compile(model, NULL, NULL, &p));
    uint8_t *input = malloc(p->inputs[0].bytes), *first = malloc(p->outputs[0].bytes), *other = malloc(p->outputs[0].bytes);
    for (uint64_t i = 0; i < p->inputs[0].bytes; i++)
        input[i] = (uint8_t)(i * i % 251);
    tsr_status status = run_here(p, 1, input, first);
    bool same = true;
    for (size_t t = 0; t < sizeof threads / sizeof threads[0] && status.code == TSR_OK; t++) {
        status = run_here(p, threads[t], input, other);
        same = same && memcmp(first, other, p->outputs[0].bytes) == 0;
    }
    free(input);
    free(first);
    free(other);
    tsr_program_free(p);
    ASSERT_OK(status);
    ASSERT(same);
    PASS();
}

static tsr_status run_first_case(const tsr_program *p, bool *out_same) {
    uint8_t *output = malloc(cases[0].output_bytes);
    tsr_status status = run_here(p, 1, cases[0].input, output);
    *out_same = status.code == TSR_OK && memcmp(output, cases[0].output, cases[0].output_bytes) == 0;
    free(output);
    return status;
}

// A CPU without the features of the first kind is made by asking for a feature that no CPU has.
TEST loading_takes_the_first_kind_that_the_cpu_can_run(void) {
    tsr_program *p = NULL;
    ASSERT_OK(compile(cases[0].model, NULL, "portable", &p));
    ASSERTm("a portable program has several kinds of code", p->kind_count > 1);
    bool same;
    ASSERT_OK(run_first_case(p, &same));
    ASSERT(same);
    for (uint32_t k = 0; k + 1 < p->kind_count; k++)
        snprintf(p->kinds[k].features, sizeof p->kinds[k].features, "teleport");
    ASSERT_OK(run_first_case(p, &same));
    ASSERT(same);
    snprintf(p->kinds[p->kind_count - 1].features, sizeof p->kinds[0].features, "sse3,timetravel");
    tsr_status status = run_first_case(p, &same);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("timetravel", status.message);
    ASSERT_STR_CONTAINS("--cpu", status.message);
    tsr_program_free(p);
    PASS();
}

TEST code_for_another_processor_is_refused_with_both_named(void) {
    static const char *const targets[] = {"aarch64", "armv7", "riscv64", "x86-64"};
    unsigned refused = 0;
    for (int i = 0; i < 4; i++) {
        tsr_program *p = NULL;
        bool same;
        ASSERT_OK(compile(cases[0].model, targets[i], "baseline", &p));
        tsr_status status = run_first_case(p, &same);
        if (status.code != TSR_OK) {
            ASSERT_EQ(TSR_MISMATCH, status.code);
            ASSERT_STR_CONTAINS(p->target, status.message);
            refused++;
        }
        tsr_program_free(p);
    }
    ASSERT_EQ_FMT(3u, refused, "%u");
    PASS();
}

TEST unknown_targets_and_kinds_are_answered_with_what_there_is(void) {
    ASSERT_OK(tsr_compile_check_target(NULL, NULL));
    ASSERT_OK(tsr_compile_check_target("riscv64", "portable"));
    tsr_status status = tsr_compile_check_target("mips", NULL);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, status.code);
    ASSERT_STR_CONTAINS("x86-64, aarch64, armv7, riscv64", status.message);
    status = tsr_compile_check_target("x86-64", "neon");
    ASSERT_STR_CONTAINS("avx512, avx2, baseline, portable", status.message);
    status = tsr_compile_check_target("riscv64", "avx2");
    ASSERT_STR_CONTAINS("v, baseline, portable", status.message);
    PASS();
}

// ---- the same in each process, and in each run --------------------------------------------------------------------------
TEST compiling_twice_gives_the_same_file(void) {
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *bytes[2] = {NULL, NULL};
        size_t sizes[2] = {0, 0};
        for (int n = 0; n < 2; n++) {
            tsr_program *p = NULL;
            ASSERT_OK(compile(cases[i].model, NULL, "portable", &p));
            ASSERT_OK(tsr_program_serialise(p, &bytes[n], &sizes[n]));
            tsr_program_free(p);
        }
        bool same = sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
        free(bytes[0]);
        free(bytes[1]);
        ASSERT(same);
    }
    PASS();
}

// ---- other processors ---------------------------------------------------------------------------------------------------
typedef struct machine {
    const char *name, *target, *cpu, *runner, *emulator, *emulator_cpu;
    unsigned every; // of so many models one
} machine;

static const machine machines[] = {
    {"aarch64", "aarch64", "baseline", "aarch64-linux-gnu", "qemu-aarch64", "cortex-a53", 1},
    {"aarch64_with_dot_products", "aarch64", "dotprod", "aarch64-linux-gnu", "qemu-aarch64", "max", 3},
    {"armv7", "armv7", "baseline", "arm-linux-gnueabihf", "qemu-arm", "cortex-a9", 1},
    {"riscv64", "riscv64", "baseline", "riscv64-linux-gnu", "qemu-riscv64", "rv64,v=false", 1},
    {"riscv64_with_vectors", "riscv64", "v", "riscv64-linux-gnu", "qemu-riscv64", "rv64,v=true", 3},
};

static bool write_file(const char *folder, unsigned n, const char *ending, const void *data, size_t bytes) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%u.%s", folder, n, ending);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool good = fwrite(data, 1, bytes, file) == bytes;
    return fclose(file) == 0 && good;
}

static bool write_case(const machine *m, const char *folder, unsigned n) {
    const model_case *c = &cases[n * m->every];
    tsr_program *p = NULL;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%u.tsr", folder, n);
    tsr_status status = compile(c->model, m->target, m->cpu, &p);
    if (status.code == TSR_OK)
        status = tsr_program_save(p, path);
    tsr_program_free(p);
    if (status.code != TSR_OK)
        fprintf(stderr, "%s\n", status.message);
    return status.code == TSR_OK && write_file(folder, n, "in", c->input, c->input_bytes) &&
           write_file(folder, n, "out", c->output, c->output_bytes);
}

// The exit code, or -1; 127 without the emulator.
static int emulate(const machine *m, const char *runner, const char *folder) {
    pid_t child = fork();
    if (child == 0) {
        execlp(m->emulator, m->emulator, "-cpu", m->emulator_cpu, runner, folder, (char *)NULL);
        _exit(127);
    }
    int state;
    if (child < 0 || waitpid(child, &state, 0) != child)
        return -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void remove_folder(const char *folder, unsigned count) {
    static const char *const endings[] = {"tsr", "in", "out"};
    char path[PATH_BYTES];
    for (unsigned n = 0; n < count; n++)
        for (int i = 0; i < 3; i++) {
            snprintf(path, sizeof path, "%s/%u.%s", folder, n, endings[i]);
            unlink(path);
        }
    rmdir(folder);
}

TEST machine_gives_the_bytes_of_this_computer(const machine *m) {
    const char *build = getenv("BUILD");
    char runner[PATH_BYTES], folder[] = "/tmp/tessera-test-XXXXXX";
    snprintf(runner, sizeof runner, "%s/tests/targets/run_cases-%s", build != NULL ? build : "build", m->runner);
    if (access(runner, X_OK) != 0)
        SKIPm("there was no cross compiler (packages.txt) to build the test program with");
    ASSERT(mkdtemp(folder) != NULL);
    unsigned written = 0, wanted = (case_count + m->every - 1) / m->every;
    while (written < wanted && write_case(m, folder, written))
        written++;
    int code = written == wanted ? emulate(m, runner, folder) : 1;
    remove_folder(folder, wanted);
    if (code == 127)
        SKIPm("qemu-user (packages.txt) is not installed");
    ASSERT_EQ_FMT(wanted, written, "%u");
    ASSERT_EQ(0, code);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    if (!add_cases())
        return 1;
    RUN_TEST1(kind_gives_the_same_bytes, "baseline");
    RUN_TEST(the_number_of_threads_changes_nothing);
    RUN_TEST(loading_takes_the_first_kind_that_the_cpu_can_run);
    RUN_TEST(code_for_another_processor_is_refused_with_both_named);
    RUN_TEST(unknown_targets_and_kinds_are_answered_with_what_there_is);
    RUN_TEST(compiling_twice_gives_the_same_file);
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_gives_the_bytes_of_this_computer", machines[i].name);
        RUN_TEST_AS(name, machine_gives_the_bytes_of_this_computer, &machines[i]);
    }
    for (unsigned i = 0; i < case_count; i++) {
        free(cases[i].input);
        free(cases[i].output);
    }
    GREATEST_MAIN_END();
}
