// SPDX-License-Identifier: Apache-2.0
// What can go wrong with a board, against the real XRT library and emulated boards. Each case runs in a process of its own
// under tessera-hwemu and a time limit: an error has to come back, in time, and nothing may be left behind.
//
//   test_board_faults [-v] [-l] [-t TEXT]
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../conformance/programs.h"
#include "check.h"
#include "tsr/driver.h"
#include "tsr/xclbin.h"

GREATEST_MAIN_DEFS();

enum { CASE_LIMIT_S = 90, RUN_LIMIT_MS = 10000 };

// ---- helpers of the cases -------------------------------------------------------------------------------------------

static const char *device_name = "xrt";

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct job {
    tsr_device *device;
    tsr_buffer *consts, *work;
    device_program program;
} job;

static tsr_status prepare(job *j, tsr_device *device, device_program program) {
    *j = (job){.device = device, .program = program};
    TSR_TRY(tsr_buffer_alloc(device, program.consts_bytes, &j->consts));
    TSR_TRY(tsr_buffer_alloc(device, PROGRAM_WORK, &j->work));
    memcpy(tsr_buffer_map(j->consts), program.consts, program.consts_bytes);
    TSR_TRY(tsr_buffer_sync_to_device(device, j->consts, 0, program.consts_bytes));
    return tsr_buffer_sync_to_device(device, j->work, 0, PROGRAM_WORK);
}

static tsr_status submit(const job *j) {
    const tsr_run run = {
        .segment = {j->consts, j->work}, .insn_offset = j->program.insn_offset, .insn_count = j->program.insn_count};
    return tsr_device_submit(j->device, &run);
}

static void finish(job *j) {
    tsr_buffer_free(j->device, j->consts);
    tsr_buffer_free(j->device, j->work);
    program_free(&j->program);
}

static tsr_status run_copy(tsr_device *device) {
    job j;
    tsr_status status = prepare(&j, device, program_copy(&tsr_device_get_info(device)->config, 3));
    if (status.code == TSR_OK)
        status = submit(&j);
    if (status.code == TSR_OK)
        status = tsr_device_wait(device, RUN_LIMIT_MS, NULL, NULL);
    if (status.code == TSR_OK)
        status = tsr_buffer_sync_from_device(device, j.work, 0, PROGRAM_WORK);
    const uint8_t *work = status.code == TSR_OK ? tsr_buffer_map(j.work) : NULL;
    if (work != NULL && work[PROGRAM_OUT] != 3)
        status = tsr_error(TSR_INTERNAL, "the copy is wrong");
    finish(&j);
    return status;
}

static bool kill_board(void) {
    char path[256];
    int pid = 0;
    snprintf(path, sizeof path, "%s/board.pid", getenv("TESSERA_HWEMU_DIR"));
    FILE *file = fopen(path, "r");
    const bool found = file != NULL && fscanf(file, "%d", &pid) == 1;
    if (file != NULL)
        fclose(file);
    return found && kill((pid_t)pid, SIGKILL) == 0;
}

static bool write_file(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    const bool written = file != NULL && fwrite(bytes, 1, size, file) == size;
    return (file == NULL || fclose(file) == 0) && written;
}

static bool read_file(const char *path, uint8_t bytes[65536], size_t *out_size) {
    FILE *file = fopen(path, "rb");
    *out_size = file != NULL ? fread(bytes, 1, 65536, file) : 0;
    if (file != NULL)
        fclose(file);
    return *out_size > 0;
}

// An xclbin for emulation, of the configuration.
static check_result write_xclbin(const char *config_name, const char *path) {
    tsr_config config;
    tsr_xclbin_spec spec;
    uint8_t *bytes;
    size_t size;
    ASSERT_OK(tsr_find_config(config_name, &config));
    tsr_xclbin_emulation_spec(&config, &spec);
    ASSERT_OK(tsr_xclbin_write(&spec, &bytes, &size));
    const bool written = write_file(path, bytes, size);
    free(bytes);
    ASSERT(written);
    PASS();
}

static void path_in_folder(const char *name, char path[256]) { snprintf(path, 256, "%s/%s", getenv("TESSERA_HWEMU_DIR"), name); }

static tsr_status open_with(const char *options, const char *xclbin) {
    char name[400];
    tsr_device *device;
    snprintf(name, sizeof name, "%s:%s%sxclbin=%s", device_name, options, options[0] != '\0' ? "," : "", xclbin);
    const tsr_status status = tsr_device_open(name, &device);
    tsr_device_close(device);
    return status;
}

// ---- cases ----------------------------------------------------------------------------------------------------------

TEST board_dies_in_a_run(void) {
    tsr_device *device;
    job j;
    ASSERT_OK(tsr_device_open(device_name, &device));
    ASSERT_OK(prepare(&j, device, program_endless(&tsr_device_get_info(device)->config)));
    ASSERT_OK(submit(&j));
    ASSERT(kill_board());
    const double begin = now();
    const tsr_status status = tsr_device_wait(device, RUN_LIMIT_MS, NULL, NULL);
    ASSERT_EQ_FMT(TSR_IO, status.code, "%d");
    ASSERT(now() - begin < RUN_LIMIT_MS / 1000.0);
    ASSERT_STR_CONTAINS("do not answer", status.message);
    ASSERT_EQ_FMT(TSR_IO, submit(&j).code, "%d"); // and stays so
    finish(&j);
    tsr_device_close(device);
    ASSERT_OK(tsr_device_open(device_name, &device)); // another board takes its place
    ASSERT_OK(run_copy(device));
    tsr_device_close(device);
    PASS();
}

TEST board_dies_before_buffers_are_used(void) {
    tsr_device *device;
    job j;
    ASSERT_OK(tsr_device_open(device_name, &device));
    ASSERT_OK(prepare(&j, device, program_copy(&tsr_device_get_info(device)->config, 1)));
    ASSERT(kill_board());
    (void)tsr_buffer_sync_to_device(device, j.work, 0, PROGRAM_WORK); // XRT's emulation says nothing of failed copies
    (void)tsr_buffer_sync_from_device(device, j.work, 0, PROGRAM_WORK);
    ASSERT_EQ_FMT(TSR_IO, submit(&j).code, "%d");
    finish(&j);
    tsr_device_close(device);
    PASS();
}

// The board answers so many register accesses and then dies, goes silent or gives errors: at every point of a run. How often a
// driver looks while it waits depends on how busy the computer is, so the fault may come in a later run than the first.
static check_result ends_with_an_error(void) {
    enum { RUNS = 50 }; // each takes several accesses
    tsr_device *device;
    tsr_status status = tsr_device_open(device_name, &device);
    for (int i = 0; status.code == TSR_OK && i < RUNS; i++)
        status = run_copy(device);
    tsr_device_close(device);
    ASSERT_EQ_FMT(TSR_IO, status.code, "%d");
    ASSERT_STR_CONTAINS("not answer", status.message);
    PASS();
}

TEST board_dies_at_a_register(void) { return ends_with_an_error(); }
TEST board_goes_silent(void) { return ends_with_an_error(); }
TEST registers_give_errors(void) { return ends_with_an_error(); }

TEST a_run_that_never_ends_times_out(void) {
    tsr_device *device;
    job j;
    tsr_profile profile;
    ASSERT_OK(tsr_device_open(device_name, &device));
    ASSERT_OK(prepare(&j, device, program_copy(&tsr_device_get_info(device)->config, 1)));
    ASSERT_OK(submit(&j));
    const double begin = now();
    const tsr_status status = tsr_device_wait(device, 300, &profile, NULL);
    ASSERT_EQ_FMT(TSR_TIMEOUT, status.code, "%d");
    ASSERT_STR_CONTAINS("no end after 300 ms", status.message);
    ASSERT(now() - begin < 20); // a busy computer
    finish(&j);
    tsr_device_close(device);
    PASS();
}

TEST a_core_in_which_nothing_moves_has_hung(void) {
    tsr_device *device;
    char name[64];
    job j;
    snprintf(name, sizeof name, "%s:patience=1", device_name);
    ASSERT_OK(tsr_device_open(name, &device));
    ASSERT_OK(prepare(&j, device, program_copy(&tsr_device_get_info(device)->config, 1)));
    ASSERT_OK(submit(&j));
    const tsr_status status = tsr_device_wait(device, 0, NULL, NULL); // no time limit at all
    ASSERT_EQ_FMT(TSR_TIMEOUT, status.code, "%d");
    ASSERT_STR_CONTAINS("hangs", status.message);
    finish(&j);
    tsr_device_close(device);
    PASS();
}

TEST wrong_files_are_refused(void) {
    static uint8_t bytes[65536];
    char path[256];
    size_t size;
    ASSERT(read_file(getenv("TESSERA_XCLBIN"), bytes, &size));
    path_in_folder("bad.xclbin", path);
    ASSERT_EQ(TSR_NOT_FOUND, open_with("", "/nowhere/at.all").code);
    ASSERT_NEQ(TSR_OK, open_with("", getenv("TESSERA_HWEMU_DIR")).code);
    ASSERT(write_file(path, "This is a text.", 15));
    ASSERT_EQ(TSR_CORRUPT, open_with("", path).code);
    ASSERT(write_file(path, bytes, size - 100));
    ASSERT_EQ(TSR_CORRUPT, open_with("", path).code);
    // Another kernel in an otherwise good file.
    for (size_t i = 0; i + 9 < size; i++)
        if (memcmp(bytes + i, "tessera:t", 9) == 0)
            bytes[i] = 'T';
    ASSERT(write_file(path, bytes, size));
    const tsr_status status = open_with("", path);
    ASSERT_NEQ(TSR_OK, status.code);
    ASSERT(status.message[0] != '\0');
    ASSERT_OK(open_with("", getenv("TESSERA_XCLBIN"))); // the board is none the worse
    PASS();
}

// The file says tiny, pynq is asked for: found before anything is loaded. The file lies: found in the registers.
TEST wrong_configurations_are_refused_with_both_names(void) {
    char path[256];
    tsr_status status = open_with("config=pynq", getenv("TESSERA_XCLBIN"));
    ASSERT_EQ_FMT(TSR_MISMATCH, status.code, "%d");
    ASSERT_STR_CONTAINS("tiny", status.message);
    ASSERT_STR_CONTAINS("pynq", status.message);
    path_in_folder("pynq.xclbin", path);
    CHECK_CALL(write_xclbin("pynq", path));
    status = open_with("", path);
    ASSERT_EQ_FMT(TSR_MISMATCH, status.code, "%d");
    ASSERT_STR_CONTAINS("the core on the board is of configuration tiny", status.message);
    ASSERT_STR_CONTAINS("pynq", status.message);
    ASSERT_OK(open_with("config=tiny", getenv("TESSERA_XCLBIN")));
    PASS();
}

TEST memory_runs_out_and_comes_back(void) {
    tsr_device *device;
    tsr_buffer *a, *b;
    ASSERT_OK(tsr_device_open(device_name, &device)); // 8 MiB
    ASSERT_EQ(8 << 20, tsr_device_get_info(device)->max_buffer_bytes);
    ASSERT_EQ(TSR_OUT_OF_MEMORY, tsr_buffer_alloc(device, (8 << 20) + 1, &a).code);
    ASSERT_OK(tsr_buffer_alloc(device, 5 << 20, &a));
    const tsr_status status = tsr_buffer_alloc(device, 5 << 20, &b);
    ASSERT_EQ_FMT(TSR_OUT_OF_MEMORY, status.code, "%d");
    ASSERT(b == NULL);
    ASSERT_OK(run_copy(device));
    tsr_buffer_free(device, a);
    ASSERT_OK(tsr_buffer_alloc(device, 5 << 20, &b));
    ASSERT_OK(run_copy(device));
    tsr_device_close(device);
    PASS();
}

// More small buffers than one buffer object has room for: none touches another, on the board or on the host.
TEST small_buffers_do_not_touch(void) {
    enum { COUNT = 300, BYTES = 4000 };
    static tsr_buffer *buffers[COUNT];
    tsr_device *device;
    ASSERT_OK(tsr_device_open(device_name, &device));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            ASSERT_OK(tsr_buffer_alloc(device, BYTES + (uint64_t)(i % 3) * 4096, &buffers[i]));
            memset(tsr_buffer_map(buffers[i]), i, BYTES);
            ASSERT_OK(tsr_buffer_sync_to_device(device, buffers[i], 0, BYTES));
        }
        for (int i = 0; i < COUNT; i++) {
            uint8_t *bytes = tsr_buffer_map(buffers[i]);
            memset(bytes, 0xee, BYTES);
            ASSERT_OK(tsr_buffer_sync_from_device(device, buffers[i], 100, 200));
            for (int b = 0; b < BYTES; b++)
                ASSERT_EQ(b >= 100 && b < 300 ? (uint8_t)i : 0xee, bytes[b]);
        }
        for (int i = 0; i < COUNT; i += 2)
            tsr_buffer_free(device, buffers[i]);
        for (int i = COUNT - 1; i > 0; i -= 2)
            tsr_buffer_free(device, buffers[i]);
    }
    ASSERT_OK(run_copy(device));
    tsr_device_close(device);
    PASS();
}

TEST fresh_buffers_are_zero_on_the_board(void) {
    static const uint64_t sizes[] = {1, 4000, 65537, 300000}; // a board's memory comes up with junk in it
    tsr_device *device;
    ASSERT_OK(tsr_device_open(device_name, &device));
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            tsr_buffer *buffer;
            ASSERT_OK(tsr_buffer_alloc(device, sizes[i], &buffer));
            uint8_t *bytes = tsr_buffer_map(buffer);
            memset(bytes, 0xff, sizes[i]);
            ASSERT_OK(tsr_buffer_sync_from_device(device, buffer, 0, sizes[i]));
            for (uint64_t b = 0; b < sizes[i]; b++)
                ASSERT_EQ(0, bytes[b]);
            memset(bytes, 0xff, sizes[i]);
            ASSERT_OK(tsr_buffer_sync_to_device(device, buffer, 0, sizes[i]));
            tsr_buffer_free(device, buffer);
        }
    tsr_device_close(device);
    PASS();
}

// The second program, of the case below.
TEST second_program(void) {
    tsr_device *device;
    const tsr_status status = tsr_device_open(device_name, &device);
    ASSERT_EQ_FMT(TSR_IO, status.code, "%d");
    ASSERT_STR_CONTAINS("in use", status.message);
    PASS();
}

TEST a_board_has_one_program_at_a_time(void) {
    tsr_device *device;
    char command[400];
    char self[256] = "";
    ASSERT(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    ASSERT_OK(tsr_device_open(device_name, &device));
    ASSERT_OK(run_copy(device));
    snprintf(command, sizeof command, "%s --device %s --case second_program", self, device_name);
    ASSERT_EQ(0, system(command)); // NOLINT(cert-env33-c): the shell is what a user has, too
    ASSERT_OK(run_copy(device));  // undisturbed
    tsr_device_close(device);
    ASSERT_OK(tsr_device_open(device_name, &device)); // free again
    tsr_device_close(device);
    PASS();
}

TEST the_program_is_killed(void) {
    tsr_device *device;
    ASSERT_OK(tsr_device_open(device_name, &device));
    ASSERT_OK(run_copy(device));
    kill(getpid(), SIGKILL);
    FAIL();
}

// ---- running them ---------------------------------------------------------------------------------------------------

typedef struct fault_case {
    const char *name;
    check_result (*test)(void);
    const char *options, *environment;
    int exit_code;
    bool keeps_nothing; // tessera-hwemu says so when buffers stay on the board
    bool xrt_only;      // OpenCL would wait for the run for ever, and XRT's emulation cannot leave a program then; or its own
                        // thread meets the error before the driver does and aborts the program (an assertion in xclRead)
} fault_case;

#define CASE(name, ...) {#name, name, __VA_ARGS__}
static const fault_case cases[] = {
    CASE(board_dies_in_a_run, "", "", 0, false, false),
    CASE(board_dies_before_buffers_are_used, "", "", 0, false, false),
    CASE(board_dies_at_a_register, "--fault die@0", "", 0, false, false),
    CASE(board_dies_at_a_register, "--fault die@9", "", 0, false, false),
    CASE(board_dies_at_a_register, "--fault die@30", "", 0, false, false),
    CASE(board_goes_silent, "--fault mute@2", "TESSERA_HWEMU_PATIENCE_MS=200", 0, false, false),
    CASE(board_goes_silent, "--fault mute@22", "TESSERA_HWEMU_PATIENCE_MS=200", 0, false, false),
    CASE(registers_give_errors, "--fault registers@1", "", 0, true, false),
    CASE(registers_give_errors, "--fault registers@12", "", 0, true, true),
    CASE(registers_give_errors, "--fault registers@20", "", 0, true, true),
    CASE(registers_give_errors, "--fault registers@40", "", 0, true, true),
    CASE(a_run_that_never_ends_times_out, "--fault never-done", "", 0, true, false),
    CASE(a_core_in_which_nothing_moves_has_hung, "--fault never-done", "", 0, true, false),
    CASE(wrong_files_are_refused, "", "", 0, true, false),
    CASE(wrong_configurations_are_refused_with_both_names, "", "", 0, true, false),
    CASE(memory_runs_out_and_comes_back, "--memory 8", "", 0, true, false),
    CASE(small_buffers_do_not_touch, "", "", 0, true, false),
    CASE(fresh_buffers_are_zero_on_the_board, "", "", 0, true, false),
    CASE(a_board_has_one_program_at_a_time, "", "", 0, true, false),
    CASE(the_program_is_killed, "", "", 128 + SIGKILL, false, false),
    CASE(second_program, NULL, "", 0, false, false), // only from another case
};
enum { CASES = sizeof cases / sizeof cases[0] };

// In the child: the case itself.
static int be_case(const char *name) {
    char path[300];
    snprintf(path, sizeof path, "%s",
             getenv("TESSERA_TEST_FOLDER_FILE") != NULL ? getenv("TESSERA_TEST_FOLDER_FILE") : "/dev/null");
    const char *folder = getenv("TESSERA_HWEMU_DIR");
    if (folder == NULL || !write_file(path, folder, strlen(folder)))
        return 2;
    for (int i = 0; i < CASES; i++) {
        if (strcmp(cases[i].name, name) != 0)
            continue;
        const check_result result = cases[i].test();
        if (result == CHECK_FAIL)
            fprintf(stderr, "%s (%s:%d)\n", check.message != NULL ? check.message : "", check.file, check.line);
        return result == CHECK_PASS ? 0 : 1;
    }
    return 2;
}

// Gone are the folder, with sockets and all, and the board's process.
static check_result nothing_is_left(const char *folder_file) {
    static uint8_t folder[65536];
    size_t size;
    struct stat status;
    ASSERTm("the case began", read_file(folder_file, folder, &size) && size < sizeof folder);
    folder[size] = '\0';
    (void)remove(folder_file);
    ASSERTm("the folder of the emulation is gone", stat((const char *)folder, &status) != 0);
    PASS();
}

static check_result run_case(const fault_case *c) {
    char command[1200], self[256] = "", folder_file[64];
    const char *build = getenv("BUILD");
    ASSERT(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(folder_file, sizeof folder_file, "/tmp/tessera-fault-%d", (int)getpid());
    snprintf(command, sizeof command,
             "TESSERA_TEST_FOLDER_FILE=%s %s timeout -k 5 %d %s/bin/tessera-hwemu --config tiny %s %s %s --device %s --case %s",
             folder_file, c->environment, CASE_LIMIT_S, build != NULL ? build : "build", c->keeps_nothing ? "--check-leaks" : "",
             c->options, self, device_name, c->name);
    const int status = system(command); // NOLINT(cert-env33-c)
    const check_result left = nothing_is_left(folder_file);
    ASSERT(WIFEXITED(status));
    ASSERT_EQ_FMT(c->exit_code, WEXITSTATUS(status), "exit code %d");
    return left;
}

// Why there is nothing to test on here, or NULL.
static const char *find_excuse(void) {
    char command[300];
    const char *build = getenv("BUILD");
    for (const tsr_driver_absence *a = tsr_drivers_absent; a->name != NULL; a++)
        if (strcmp(a->name, device_name) == 0)
            return a->reason;
    snprintf(command, sizeof command, "%s/bin/tessera-hwemu --config tiny true", build != NULL ? build : "build");
    return system(command) == 0 ? NULL : "emulated boards cannot be had; see above"; // NOLINT(cert-env33-c)
}

static void run_cases(void) {
    const char *excuse = find_excuse();
    for (int i = 0; i < CASES; i++) {
        char title[120];
        if (cases[i].options == NULL || (cases[i].xrt_only && strcmp(device_name, "xrt") != 0))
            continue;
        snprintf(title, sizeof title, "%s/%s%s%s", device_name, cases[i].name, cases[i].options[0] != '\0' ? " " : "",
                 cases[i].options);
        if (!check_wanted(title))
            continue;
        check.message = excuse;
        check_report(title, excuse != NULL ? CHECK_SKIP : run_case(&cases[i]));
    }
}

int main(int argc, char **argv) {
    const char *case_name = NULL;
    int rest = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--device") == 0 && i + 1 < argc)
            device_name = argv[++i];
        else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc)
            case_name = argv[++i];
        else
            argv[rest++] = argv[i];
    }
    if (case_name != NULL)
        return be_case(case_name);
    check_arguments(rest, argv);
    static const char *const devices[] = {"xrt", "opencl"};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        device_name = devices[i];
        run_cases();
    }
    GREATEST_MAIN_END();
}
