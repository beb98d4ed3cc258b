// SPDX-License-Identifier: Apache-2.0
// The public ONNX backend suite (Debian package libonnx-testdata) through compiler and runtime.
//
//   conformance [-v] [-l] [-t TEXT] [--data DIR] [--zoo DIR] [--light DIR] [--csv FILE]
//
// Runs every case whose operators the importer knows, on `cpu`; those with integer arithmetic on `func:config=pynq` too. Operands that
// practice always has as constants (shapes, pads, scales, ...) are bound from the test data; where an operator has weights,
// the case runs a second time ("constant weights") with those bound as well, as the accelerator wants them.
//
// Floats may differ as in ONNX's own runner, by 1e-3 of the value plus 1e-7 (outside of the suite 1e-6, since sums of many
// products cancel); integers must be equal, quantised ones too.
//
// --csv appends to a file of the form build/results/conformance.csv, with the cases outside of this release as skipped.
#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <unistd.h>

#include "answers.h"
#include "check.h"
#include "light.h"
#include "scope.h"
#include "suite.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

GREATEST_MAIN_DEFS();

enum { MOST_TENSORS = 32 };

static const char *data_folder = "/usr/share/libonnx-testdata/data";
static const char *zoo_folder = "../shared/models/onnx_zoo";
static const char *light_folder; // NULL: none
static FILE *csv;
static unsigned outside; // cases with operators that are not in this release

// ---- a case on a device -----------------------------------------------------------------------------------------------

typedef struct run {
    const suite_case *c;
    const char *device, *config; // config: NULL for the CPU
    bool bind_weights;
    double tolerance; // absolute, of floats
    bool *out_accelerated;
    const char *skip; // why it is expected not to run, or NULL
} run;

static bool is_bound(const run *r, uint32_t input) {
    const input_kind kind = r->c->inputs[input].kind;
    return kind == INPUT_CONSTANT || (kind == INPUT_WEIGHT && r->bind_weights);
}

static tsr_status feed_and_compare(tsr_session *session, const run *r, const tsr_import_tensor *in, uint32_t in_count,
                                   const tsr_import_tensor *out, uint32_t out_count, tsr_arena *arena) {
    const tsr_program *program = tsr_session_program(session);
    uint32_t index = 0;
    for (uint32_t i = 0; i < in_count; i++) {
        if (is_bound(r, i))
            continue;
        if (index >= program->input_count)
            return tsr_error(TSR_MISMATCH, "the program has only %u inputs", program->input_count);
        tsr_tensor t = {.dtype = in[i].dtype, .rank = in[i].rank, .data = (void *)(uintptr_t)in[i].data};
        for (uint32_t d = 0; d < in[i].rank; d++)
            t.shape[d] = (uint32_t)in[i].shape[d];
        t.bytes = answers_count(&in[i]) * tsr_dtype_size(in[i].dtype);
        const tsr_io *io = &program->inputs[index];
        if (io->dtype == TSR_BF16 && t.dtype == TSR_U16 && t.bytes == io->bytes)
            t.dtype = TSR_BF16; // the suite records them so
        else if (t.bytes != io->bytes && answers_count(&in[i]) <= 1)
            t = tsr_tensor_for(io, tsr_arena_alloc(arena, io->bytes)); // CastLike's: recorded as a scalar, only its type is read
        TSR_TRY(tsr_session_set_input(session, index++, &t));
    }
    if (index != program->input_count || out_count != program->output_count)
        return tsr_error(TSR_MISMATCH, "the program has %u inputs and %u outputs, the test data %u and %u", program->input_count,
                         program->output_count, index, out_count);
    TSR_TRY(tsr_session_invoke(session, 0));
    for (uint32_t i = 0; i < out_count; i++) {
        const tsr_io *io = &program->outputs[i];
        tsr_tensor t = tsr_tensor_for(io, tsr_arena_alloc(arena, io->bytes));
        TSR_TRY(tsr_session_get_output(session, i, &t));
        TSR_TRY(answers_compare(&out[i], io, t.data, r->tolerance));
    }
    return tsr_ok();
}

static tsr_status run_program(const run *r, const tsr_program *program, const tsr_import_tensor *in, uint32_t in_count,
                              const tsr_import_tensor *out, uint32_t out_count, tsr_arena *arena) {
    tsr_device *device;
    tsr_session *session = NULL;
    TSR_TRY(tsr_device_open(r->device, &device));
    tsr_status status = tsr_session_create(device, program, &session);
    if (status.code == TSR_OK)
        status = feed_and_compare(session, r, in, in_count, out, out_count, arena);
    tsr_session_destroy(session);
    tsr_device_close(device);
    return status;
}

// TSR_NOT_FOUND: there is no such data set.
static tsr_status run_set(const run *r, unsigned set, tsr_arena *arena) {
    tsr_import_tensor in[MOST_TENSORS], out[MOST_TENSORS], bound[MOST_TENSORS];
    uint32_t in_count, out_count, bound_count = 0;
    tsr_config config;
    TSR_TRY(suite_data_read(r->c, set, "input", arena, MOST_TENSORS, in, &in_count));
    TSR_TRY(suite_data_read(r->c, set, "output", arena, MOST_TENSORS, out, &out_count));
    if (in_count > r->c->input_count)
        return tsr_error(TSR_CORRUPT, "more inputs in the test data than in the model");
    for (uint32_t i = 0; i < in_count; i++)
        if (is_bound(r, i)) {
            bound[bound_count] = in[i];
            bound[bound_count++].name = r->c->inputs[i].name;
        }
    if (r->config != NULL)
        TSR_TRY(tsr_find_config(r->config, &config));
    static const char *const all[] = {"*=accelerator"}; // also where the CPU would be faster
    tsr_compile_options options = {.config = r->config != NULL ? &config : NULL,
                                   .host_only = r->config == NULL,
                                   .place_count = 1,
                                   .places = all,
                                   .bound_count = bound_count,
                                   .bound = bound};
    tsr_program *program;
    TSR_TRY(tsr_compile_bytes(r->c->model, r->c->model_size, "model.onnx", &options, &program));
    *r->out_accelerated |= tsr_program_uses_accelerator(program);
    tsr_status status = run_program(r, program, in, in_count, out, out_count, arena);
    tsr_program_free(program);
    return status;
}

static tsr_status run_sets(const run *r) {
    tsr_arena *arena = tsr_arena_create();
    tsr_status status = tsr_ok();
    for (unsigned set = 0; status.code == TSR_OK; set++) {
        status = run_set(r, set, arena);
        if (status.code == TSR_NOT_FOUND && set > 0) {
            status = tsr_ok();
            break;
        }
    }
    tsr_arena_free(arena);
    return status;
}

TEST case_gives_the_recorded_outputs(const run *r) {
    static tsr_status status; // keeps the message
    status = run_sets(r);
    if (r->skip != NULL) {
        if (status.code == TSR_OK)
            FAILm("is listed as one that does not run, but passes");
        SKIPm(r->skip);
    }
    if (status.code != TSR_OK)
        FAILm(status.message);
    PASS();
}

// ---- which, where -----------------------------------------------------------------------------------------------------

static void write_row(const char *config, const char *suite, const char *name, const char *device, check_result result,
                      const char *reason) {
    if (csv == NULL)
        return;
    const char *commit = getenv("TESSERA_COMMIT");
    fprintf(csv, "%s,%s,%s,\"%s\",\"%s\",%s,\"", commit != NULL ? commit : "", config, suite, name, device,
            result == CHECK_PASS   ? "pass"
            : result == CHECK_SKIP ? "skip"
                                   : "fail");
    for (const char *p = reason != NULL ? reason : ""; *p != '\0'; p++)
        fputs(*p == '"' ? "\"\"" : (char[]){*p, '\0'}, csv);
    fputs("\"\n", csv);
}

static void run_on(const suite_case *c, const char *suite, const char *case_name, const char *device, const char *config,
                   bool bind_weights) {
    char row[160], name[256];
    snprintf(row, sizeof row, "%.120s%s", case_name, bind_weights ? " constant weights" : "");
    snprintf(name, sizeof name, "%s %s on %s", suite, row, device);
    if (!check_wanted(name))
        return;
    bool accelerated = false;
    const run r = {
        c, device, config, bind_weights, strncmp(suite, "onnx-", 5) != 0 ? 1e-6 : 1e-7, &accelerated, scope_of_case(case_name)};
    check.message = NULL;
    const check_result result = case_gives_the_recorded_outputs(&r);
    check_report(name, result);
    scope_count(suite, result == CHECK_PASS ? SCOPE_PASS : result == CHECK_FAIL ? SCOPE_FAIL : SCOPE_OUT, check.message);
    const char *where = config == NULL ? "" : accelerated ? "on the accelerator" : "on the host";
    write_row(config != NULL ? config : "", suite, row, device, result, result == CHECK_PASS ? where : check.message);
}

static bool is_integer_operator(const char *op) {
    return strstr(op, "QLinear") != NULL || strstr(op, "Integer") != NULL || strstr(op, "quantizeLinear") != NULL ||
           strstr(op, "QuantizeLinear") != NULL;
}

static void report_failure(const char *suite, const char *case_name, const char *message) {
    char name[384];
    snprintf(name, sizeof name, "%s %s", suite, case_name);
    if (!check_wanted(name))
        return;
    check.message = message;
    check.file = __FILE__;
    check.line = __LINE__;
    check_report(name, CHECK_FAIL);
    write_row("", suite, case_name, "cpu", CHECK_FAIL, message);
}

static void run_case(const char *folder, const char *suite, const char *name) {
    tsr_arena *arena = tsr_arena_create();
    suite_case c;
    tsr_status status = suite_case_read(folder, arena, &c);
    bool integers = false;
    for (uint32_t i = 0; i < c.operator_count; i++)
        integers |= is_integer_operator(c.operators[i]);
    if (status.code != TSR_OK) {
        report_failure(suite, name, status.message);
    } else if (c.unknown_operator != NULL) {
        char reason[128];
        const char *why = scope_of_operator(c.unknown_operator);
        snprintf(reason, sizeof reason, "operator %.60s: %s", c.unknown_operator, why != NULL ? why : "missing");
        outside++;
        scope_count(suite, why != NULL ? SCOPE_OUT : SCOPE_FAIL, why);
        write_row("", suite, name, "cpu", CHECK_SKIP, reason);
    } else {
        const bool weights = suite_case_has_weights(&c);
        run_on(&c, suite, name, "cpu", NULL, false);
        if (weights)
            run_on(&c, suite, name, "cpu", NULL, true);
        if (integers)
            run_on(&c, suite, name, "func:config=pynq", "pynq", weights);
    }
    suite_case_free(&c);
    tsr_arena_free(arena);
}

static int is_case(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void run_folder(const char *folder, const char *suite) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_case, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        run_case(path, suite, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

// A suite that is not on this machine is one skipped test.
static void report_absent(const char *suite, const char *reason) {
    char name[64];
    snprintf(name, sizeof name, "%s cases", suite);
    if (!check_wanted(name))
        return;
    check.message = reason;
    check_report(name, CHECK_SKIP);
    write_row("", suite, "all", "cpu", CHECK_SKIP, reason);
}

SUITE(backend_suite) {
    static const char *const parts[] = {"node", "simple", "pytorch-operator", "pytorch-converted"};
    if (access(data_folder, R_OK) != 0) {
        report_absent("onnx-node", "the Debian package libonnx-testdata is not installed");
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char folder[512], suite[64];
        snprintf(folder, sizeof folder, "%s/%s", data_folder, parts[i]);
        snprintf(suite, sizeof suite, "onnx-%s", parts[i]);
        run_folder(folder, suite);
    }
}

// Forms that the public suite does not have, with ONNX Runtime's answers: tests/onnx/make_cases.py.
SUITE(recorded) { run_folder("tests/onnx/cases", "recorded"); }

SUITE(zoo) {
    if (access(zoo_folder, R_OK) != 0)
        report_absent("zoo", "the models folder is not beside the project");
    else
        run_folder(zoo_folder, "zoo");
}

TEST network_gives_the_recorded_answer(const char *name) {
    static tsr_status status; // keeps the message
    status = light_run(light_folder, name);
    if (status.code != TSR_OK)
        FAILm(status.message);
    PASS();
}

static int is_model(const struct dirent *entry) { return fnmatch("light_*.onnx", entry->d_name, 0) == 0; }

// Only on request: VGG-19 alone is 20 * 10^9 multiplications.
SUITE(light) {
    struct dirent **entries;
    const int count = light_folder != NULL ? scandir(light_folder, &entries, is_model, alphasort) : 0;
    if (light_folder != NULL && count <= 0)
        report_absent("light", "there are no light_*.onnx in the folder");
    for (int i = 0; i < count; i++) {
        char name[256], title[300];
        snprintf(name, sizeof name, "%.*s", (int)(strlen(entries[i]->d_name) - strlen(".onnx")), entries[i]->d_name);
        snprintf(title, sizeof title, "light %s on cpu", name);
        if (check_wanted(title)) {
            check.message = NULL;
            const check_result result = network_gives_the_recorded_answer(name);
            check_report(title, result);
            scope_count("light", result == CHECK_PASS ? SCOPE_PASS : SCOPE_FAIL, NULL);
            write_row("", "light", name, "cpu", result, check.message);
        }
        free(entries[i]);
    }
    if (count > 0)
        free(entries);
}

static bool open_csv(const char *path) {
    csv = fopen(path, "a");
    if (csv == NULL) {
        fprintf(stderr, "%s: cannot be written\n", path);
        return false;
    }
    if (fseek(csv, 0, SEEK_END) == 0 && ftell(csv) == 0)
        fprintf(csv, "commit,config,suite,case,device,result,reason\n");
    return true;
}

int main(int argc, char **argv) {
    int kept = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            data_folder = argv[++i];
        else if (strcmp(argv[i], "--zoo") == 0 && i + 1 < argc)
            zoo_folder = argv[++i];
        else if (strcmp(argv[i], "--light") == 0 && i + 1 < argc)
            light_folder = argv[++i];
        else if (strcmp(argv[i], "--csv") == 0 && i + 1 < argc) {
            if (!open_csv(argv[++i]))
                return 2;
        } else
            argv[kept++] = argv[i];
    }
    argc = kept;
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(backend_suite);
    RUN_SUITE(recorded);
    RUN_SUITE(zoo);
    RUN_SUITE(light);
    if (csv != NULL)
        fclose(csv);
    if (!check.list)
        scope_print(stdout);
    if (outside > 0 && !check.list)
        printf("%u more cases have operators that are not in this release\n", outside);
    GREATEST_MAIN_END();
}
