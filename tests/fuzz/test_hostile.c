// SPDX-License-Identifier: Apache-2.0
// Damaged models, compiled models, programs and configurations, the same ones every time. Nothing may crash, take memory that
// the file does not account for, or fail without naming the file; what still compiles has to run, and to one answer.
//
//   test_hostile [-v] [-l] [-t TEXT]
//   TSR_HOSTILE_ROUNDS=20 test_hostile      twenty times as many cases, other ones after the first round
//   TSR_HOSTILE_SAVE=folder test_hostile    writes each offending file there
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "mutate.h"
#include "targets.h"
#include "tsr/asm.h"
#include "tsr/compiler.h"
#include "tsr/xclbin.h"
#ifdef TSR_HAVE_REMOTE
#include "wire.h"
#endif

GREATEST_MAIN_DEFS();

#if defined __SANITIZE_ADDRESS__
enum { SANITIZED = 1, CASE_SECONDS = 60 };
#else
enum { SANITIZED = 0, CASE_SECONDS = 5 };
#endif

// Address space that a case may take beyond what the program has anyway.
static const rlim_t memory_bound = (rlim_t)1 << 30;
static unsigned rounds = 1;

// ---- a batch of cases in a process of its own ---------------------------------------------------------------------------

typedef struct watch {
    volatile uint32_t index, phase;
    char complaint[700];
} watch;

static watch *shared;

typedef struct batch {
    const char *name;
    const uint8_t *data;
    size_t size;
    mutator *mutate;
    void (*mend)(bytes *b); // after the mutation; NULL = nothing
    fuzz_target *target;
    unsigned count;
} batch;

static bytes make_case(const batch *b, uint32_t index) {
    bytes made = b->mutate(b->data, b->size, (uint64_t)index * 1000003 + b->size);
    if (b->mend != NULL)
        b->mend(&made);
    // A block of its own size, so that the sanitizer sees the first byte too far.
    uint8_t *exact = malloc(made.size + (made.size == 0));
    if (exact == NULL)
        abort();
    memcpy(exact, made.data, made.size);
    free(made.data);
    made.data = exact;
    return made;
}

static void bound_memory(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    rlim_t limit = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + memory_bound;
    if (!SANITIZED)
        setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

static void run_child(const batch *b, uint32_t first) {
    bound_memory();
    fuzz_phase = &shared->phase;
    shared->complaint[0] = '\0';
    for (uint32_t i = first; i < b->count; i++) {
        shared->index = i;
        setitimer(ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = CASE_SECONDS}, NULL); // its own time, not the machine's
        bytes made = make_case(b, i);
        const char *complaint = b->target(made.data, made.size);
        free(made.data);
        if (complaint != NULL) {
            snprintf(shared->complaint, sizeof shared->complaint, "%s", complaint);
            _exit(1);
        }
    }
    _exit(0);
}

// What the child's end means for case shared->index, or NULL when the case is no failure.
static const char *judge(int status) {
    static char text[64];
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        return shared->phase == FUZZ_RUNNING ? NULL : "takes longer than a compilation may";
    if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "crashed: signal %d", WTERMSIG(status));
        return text;
    }
    if (shared->complaint[0] != '\0')
        return shared->complaint;
    snprintf(text, sizeof text, "%s (exit code %d)", WEXITSTATUS(status) == 70 ? "needs more memory than the bound" : "gave up",
             WEXITSTATUS(status));
    return text;
}

static void save_case(const batch *b, uint32_t index) {
    const char *folder = getenv("TSR_HOSTILE_SAVE");
    char path[512];
    if (folder == NULL)
        return;
    snprintf(path, sizeof path, "%s/%s-%u", folder, b->name, index);
    for (char *c = path + strlen(folder) + 1; *c != '\0'; c++)
        if (*c == '/' || *c == ' ')
            *c = '_';
    bytes made = make_case(b, index);
    FILE *file = fopen(path, "wb");
    if (file != NULL && fwrite(made.data, 1, made.size, file) != made.size)
        fprintf(stderr, "cannot write %s\n", path);
    if (file != NULL)
        fclose(file);
    free(made.data);
}

static check_result run_batch(const batch *b) {
    unsigned failures = 0;
    batch scaled = *b;
    scaled.count = b->count * rounds;
    if (SANITIZED)
        scaled.count = (scaled.count + 3) / 4;
    for (uint32_t first = 0; first < scaled.count; first = shared->index + 1) {
        fflush(NULL);
        pid_t child = fork();
        ASSERT(child >= 0);
        if (child == 0)
            run_child(&scaled, first);
        int status = 0;
        while (waitpid(child, &status, 0) < 0)
            ASSERT(errno == EINTR);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        const char *what = judge(status);
        if (what == NULL)
            continue;
        failures++;
        fprintf(stderr, "%s, case %u: %s\n", b->name, shared->index, what);
        save_case(b, shared->index);
    }
    ASSERT_EQ_FMT(0u, failures, "%u failing cases");
    PASS();
}

// ---- models -------------------------------------------------------------------------------------------------------------

static void model_batch(const char *path, mutator *mutate, const char *how, fuzz_target *target, unsigned count) {
    char name[160];
    bytes file = bytes_read(path);
    snprintf(name, sizeof name, "%s_%s", path, how);
    batch b = {name, file.data, file.size, mutate, NULL, target, count};
    if (file.data == NULL || file.size == 0)
        fprintf(stderr, "%s is missing\n", path), check_report(name, CHECK_FAIL);
    else
        RUN_TEST_AS(name, run_batch, &b);
    free(file.data);
}

SUITE(models) {
    static const char *const qdq[] = {"conv_3_channels_7x7_stride_2",
                                      "conv_groups",
                                      "depthwise_two_outputs_a_channel",
                                      "conv_2_channels_dilated",
                                      "averagepool_pads_counted",
                                      "maxpool_ceil",
                                      "gemm",
                                      "matmul_two_activations",
                                      "add_channel_vector",
                                      "mul_by_channel",
                                      "concat_channels_of_different_scale",
                                      "pad_value",
                                      "softmax",
                                      "transpose",
                                      "reshape",
                                      "conv_uint8",
                                      "requantise_int8_to_uint8",
                                      "conv_clip_inside_the_output_range",
                                      "globalaveragepool",
                                      "residual_add_relu"};
    for (size_t i = 0; i < sizeof qdq / sizeof qdq[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "tests/models/qdq/%s/model.onnx", qdq[i]);
        model_batch(path, mutate_onnx, "fields", fuzz_compile, 40);
        model_batch(path, mutate_bits, "bits", fuzz_import, 100);
    }
    model_batch("models/digits/digits_qdq.onnx", mutate_onnx, "fields", fuzz_compile, 30);
    model_batch("models/digits/digits_qdq.onnx", mutate_bits, "bits", fuzz_compile, 10);
    model_batch("models/digits/digits_qdq.onnx", mutate_cut, "cut", fuzz_import, 200);
    model_batch("models/digits/digits_float.onnx", mutate_onnx, "fields", fuzz_compile, 15);
    model_batch("tests/import/small.tflite", mutate_words, "words", fuzz_compile, 60);
    model_batch("tests/import/small.tflite", mutate_bits, "bits", fuzz_compile, 30);
    model_batch("tests/import/small.tflite", mutate_words, "words_import", fuzz_import, 2000);
    model_batch("tests/import/small.tflite", mutate_cut, "cut", fuzz_import, 500);
    glob_t families;
    if (glob("tests/models/tflite_ops/*.tflite", 0, NULL, &families) == 0) {
        for (size_t i = 0; i < families.gl_pathc; i++)
            model_batch(families.gl_pathv[i], mutate_words, "words", fuzz_import, 150);
        globfree(&families);
    }
    model_batch("tests/models/tflite_ops/computed.tflite", mutate_words, "words", fuzz_compile, 20);
    model_batch("tests/models/tflite_ops/normalisations.tflite", mutate_words, "words", fuzz_compile, 20);
}

// ---- compiled models ----------------------------------------------------------------------------------------------------

static void mend_program(bytes *b) { fuzz_mend_program(b->data, b->size); }

// A model's accelerator steps without what the host does in between: the numbers are not the model's, the instructions are.
static tsr_status compile_without_host_code(const char *model, tsr_program **out_program) {
    tsr_config config;
    TSR_TRY(tsr_config_load("isa/configs/pynq.cfg", &config));
    static const char *const all[] = {"*=accelerator"};
    tsr_compile_options options = {.config = &config, .cpu = "baseline", .place_count = 1, .places = all};
    TSR_TRY(tsr_compile_file(model, &options, out_program));
    tsr_program *p = *out_program;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < p->step_count; i++)
        if (p->steps[i].kind == TSR_STEP_ACCELERATOR)
            p->steps[kept++] = p->steps[i];
    p->step_count = kept;
    p->code_bytes = p->kind_count = p->function_count = 0;
    p->target[0] = '\0';
    return tsr_ok();
}

SUITE(programs) {
    tsr_program *p = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    tsr_status status = compile_without_host_code("tests/models/qdq/conv_groups/model.onnx", &p);
    if (status.code == TSR_OK)
        status = tsr_program_serialise(p, &data, &size);
    if (status.code != TSR_OK || p->step_count == 0) {
        fprintf(stderr, "no program to damage: %s\n", status.message);
        check_report("programs", CHECK_FAIL);
    } else {
        // What is in front of the constants, where the counts and offsets are, and the instructions and data.
        batch all[] = {{"program_words", data, size, mutate_words, mend_program, fuzz_program, 1500},
                       {"program_bits", data, size, mutate_bits, mend_program, fuzz_program, 1000},
                       {"program_cut", data, size, mutate_cut, mend_program, fuzz_program, 300},
                       {"program_cut_and_not_mended", data, size, mutate_cut, NULL, fuzz_program, 300},
                       {"program_bits_not_mended", data, size, mutate_bits, NULL, fuzz_program, 100}};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            RUN_TEST_AS(all[i].name, run_batch, &all[i]);
    }
    free(data);
    tsr_program_free(p);
}

// ---- xclbin files -------------------------------------------------------------------------------------------------------

SUITE(xclbins) {
    tsr_config config;
    tsr_xclbin_spec spec;
    uint8_t *data = NULL;
    size_t size = 0;
    tsr_status status = tsr_config_load("isa/configs/pynq.cfg", &config);
    tsr_xclbin_emulation_spec(&config, &spec);
    if (status.code == TSR_OK)
        status = tsr_xclbin_write(&spec, &data, &size);
    if (status.code != TSR_OK) {
        fprintf(stderr, "no xclbin to damage: %s\n", status.message);
        check_report("xclbins", CHECK_FAIL);
    } else {
        batch all[] = {{"xclbin_words", data, size, mutate_words, NULL, fuzz_xclbin, 3000},
                       {"xclbin_bits", data, size, mutate_bits, NULL, fuzz_xclbin, 2000},
                       {"xclbin_lines", data, size, mutate_lines, NULL, fuzz_xclbin, 2000},
                       {"xclbin_cut", data, size, mutate_cut, NULL, fuzz_xclbin, 500}};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            RUN_TEST_AS(all[i].name, run_batch, &all[i]);
    }
    free(data);
    bytes board = bytes_read("hw/fpga/boards/pynq-z2.board");
    static const uint8_t bit_file[] = "\x00\x09\x0f\xf0\x0f\xf0\x0f\xf0\x0f\xf0\x00\x00\x01"
                                      "a\x00\x04"
                                      "top\0"
                                      "b\x00\x0c"
                                      "7z020clg400\0"
                                      "c\x00\x01\0"
                                      "d\x00\x01\0"
                                      "e\x00\x00\x00\x04\xaa\x99\x55\x66";
    batch boards[] = {{"board_lines", board.data, board.size, mutate_lines, NULL, fuzz_board, 2000},
                      {"board_bits", board.data, board.size, mutate_bits, NULL, fuzz_board, 1000},
                      {"bitstream_bits", bit_file, sizeof bit_file - 1, mutate_bits, NULL, fuzz_board, 1000},
                      {"bitstream_cut", bit_file, sizeof bit_file - 1, mutate_cut, NULL, fuzz_board, 100}};
    for (size_t i = 0; i < sizeof boards / sizeof boards[0]; i++)
        RUN_TEST_AS(boards[i].name, run_batch, &boards[i]);
    free(board.data);
}

// ---- texts --------------------------------------------------------------------------------------------------------------

static const char assembly[] =
    "# every kind of statement\n"
    ".uop dst=0 src=1 par=2 first\n"
    ".byte 1 2 3 -4\n"
    "load wait=gemm signal=gemm buffer=inp segment=1 dram_offset=0x40 run=8 x_count=1 y_count=1 pad_value=-3\n"
    "gemm wait=load signal=alu overwrite uop_count=1 count0=2 count1=3\n"
    "alu op=mov src_kind=acc dst_kind=out rescale clip lo=-128 hi=127 uop_count=1 count0=1 count1=1\n"
    "finish\n";

static void graph_batch(const char *name) {
    char path[100];
    snprintf(path, sizeof path, "tests/fuzz/corpus/graph/%s.tsg", name);
    model_batch(path, mutate_lines, "lines", fuzz_graph, 1500);
    model_batch(path, mutate_bits, "bits", fuzz_graph, 500);
    model_batch(path, mutate_lines, "lines_compiled", fuzz_compile, 25);
}

SUITE(graphs) {
    static const char *const names[] = {"conv", "shapes", "algebra", "quantised", "several", "requant"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        graph_batch(names[i]);
}

SUITE(texts) {
    bytes config = bytes_read("isa/configs/pynq.cfg");
    batch all[] = {{"assembly_lines", (const uint8_t *)assembly, sizeof assembly - 1, mutate_lines, NULL, fuzz_asm, 3000},
                   {"assembly_bits", (const uint8_t *)assembly, sizeof assembly - 1, mutate_bits, NULL, fuzz_asm, 2000},
                   {"assembly_cut", (const uint8_t *)assembly, sizeof assembly - 1, mutate_cut, NULL, fuzz_asm, 500},
                   {"config_lines", config.data, config.size, mutate_lines, NULL, fuzz_config, 3000},
                   {"config_bits", config.data, config.size, mutate_bits, NULL, fuzz_config, 2000},
                   {"config_cut", config.data, config.size, mutate_cut, NULL, fuzz_config, 500}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        RUN_TEST_AS(all[i].name, run_batch, &all[i]);
    free(config.data);
}

// ---- the remote protocol ------------------------------------------------------------------------------------------------

#ifdef TSR_HAVE_REMOTE
static size_t add_message(uint8_t *to, uint32_t type, size_t size) {
    wire_put_header(to, type, size);
    return WIRE_HEADER_BYTES + size;
}

SUITE(remote) {
    static uint8_t all[8192];
    wire_welcome welcome = {.isa_version = 1 << 16, .max_buffers = 4, .max_buffer_bytes = 1 << 20, .driver = "rtl"};
    if (tsr_config_load("isa/configs/tiny.cfg", &welcome.config).code != TSR_OK)
        abort(); // not in the top folder
    const tsr_insn_profile record = {.index = 1, .unit = 2, .begin = 3, .end = 40};
    const wire_result result = {.status = tsr_error(TSR_TIMEOUT, "no end"), .profile.cycles = 123456};
    const wire_error error = {.status = tsr_error(TSR_OUT_OF_MEMORY, "no memory"), .fatal = true};
    size_t n = 0;
#define ADD(type, put) n += add_message(all + n, type, put)
#define AT (all + n + WIRE_HEADER_BYTES)
    ADD(WIRE_HELLO, wire_put_hello(AT, &(wire_hello){.version = WIRE_VERSION}));
    ADD(WIRE_CHALLENGE, wire_put_challenge(AT, &(wire_challenge){.version = WIRE_VERSION, .token_wanted = 1}));
    ADD(WIRE_PROOF, WIRE_PROOF_BYTES);
    ADD(WIRE_WELCOME, wire_put_welcome(AT, &welcome));
    ADD(WIRE_ALLOC, wire_put_u64(AT, 4096));
    ADD(WIRE_ALLOCATED, wire_put_u32(AT, 0));
    ADD(WIRE_WRITE, wire_put_write(AT, &(wire_write){.buffer = 0, .offset = 64}) + 100);
    ADD(WIRE_DONE, 0);
    ADD(WIRE_READ, wire_put_read(AT, &(wire_read){0, 64, 64}));
    ADD(WIRE_RUN, wire_put_run(AT, &(wire_run){.insn_count = 4, .timeout_ms = 1000, .records = true}));
    ADD(WIRE_RECORDS, wire_put_record(AT, &record));
    ADD(WIRE_RESULT, wire_put_result(AT, &result));
    ADD(WIRE_ERROR, wire_put_error(AT, &error));
    ADD(WIRE_FREE, wire_put_u32(AT, 0));
    ADD(WIRE_BYE, 0);
    batch batches[] = {{"remote_bits", all, n, mutate_bits, NULL, fuzz_remote, 6000},
                       {"remote_words", all, n, mutate_words, NULL, fuzz_remote, 3000},
                       {"remote_cut", all, n, mutate_cut, NULL, fuzz_remote, 3000}};
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
        RUN_TEST_AS(batches[i].name, run_batch, &batches[i]);
    check_report("remote_conversation_is_accepted", fuzz_remote(all, n) == NULL ? CHECK_PASS : CHECK_FAIL);
}
#endif

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    const char *text = getenv("TSR_HOSTILE_ROUNDS");
    if (text != NULL && atoi(text) > 0)
        rounds = (unsigned)atoi(text);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    RUN_SUITE(texts);
    RUN_SUITE(xclbins);
#ifdef TSR_HAVE_REMOTE
    RUN_SUITE(remote);
#endif
    RUN_SUITE(graphs);
    RUN_SUITE(programs);
    RUN_SUITE(models);
    GREATEST_MAIN_END();
}
