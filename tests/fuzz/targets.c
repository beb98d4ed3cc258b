// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/asm.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

static volatile uint32_t phase_without_watcher;
volatile uint32_t *fuzz_phase = &phase_without_watcher;

// What a run of one input may take; larger programs are compiled and not run.
enum { MAX_RUN_BYTES = 16 << 20, MAX_RUN_MACS = 50000000, RUN_TIMEOUT_MS = 1000 };

static const char input_name[] = FUZZ_INPUT_NAME;
static char complaint_text[TSR_MESSAGE_BYTES + 160];

const char *fuzz_complain(const char *what, tsr_status status) {
    snprintf(complaint_text, sizeof complaint_text, "%s: %s: %s", what, tsr_code_name(status.code), status.message);
    return complaint_text;
}

const char *fuzz_check_error(tsr_status status) {
    if (status.code == TSR_INTERNAL)
        return fuzz_complain("input is reported as an internal error", status);
    if (strstr(status.message, input_name) == NULL)
        return fuzz_complain("the error does not name the file", status);
    if (strlen(status.message) < strlen(input_name) + 8)
        return fuzz_complain("the error says nothing", status);
    return NULL;
}

static const tsr_config *pynq(void) {
    static tsr_config config;
    if (config.batch == 0 && tsr_config_load("isa/configs/pynq.cfg", &config).code != TSR_OK)
        abort(); // not in the top folder
    return &config;
}

// ---- models -----------------------------------------------------------------------------------------------------------

static uint64_t program_macs(const tsr_program *p) {
    uint64_t macs = 0;
    for (uint32_t i = 0; i < p->layer_count; i++) {
        uint64_t elements = 1;
        for (uint32_t d = 0; d < p->layers[i].out_rank; d++)
            elements *= p->layers[i].out_shape[d];
        if (p->layers[i].macs > MAX_RUN_MACS || elements > MAX_RUN_MACS)
            return MAX_RUN_MACS + 1;
        macs += p->layers[i].macs + elements;
    }
    return macs;
}

static tsr_status set_inputs(tsr_session *session, const tsr_program *p) {
    uint32_t x = 1;
    for (uint32_t i = 0; i < p->input_count; i++) {
        const tsr_io *io = &p->inputs[i];
        uint8_t *bytes = malloc(io->bytes);
        if (bytes == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "no memory for an input");
        for (uint64_t b = 0; b < io->bytes; b++) {
            x = x * 1664525 + 1013904223;
            // Floats of ordinary size: the top byte is their sign and exponent.
            bytes[b] = io->dtype == TSR_F32 && b % 4 == 3 ? (uint8_t)(0x3e | (x >> 24 & 0x81)) : (uint8_t)(x >> 24);
        }
        tsr_tensor t = tsr_tensor_for(io, bytes);
        tsr_status status = tsr_session_set_input(session, i, &t);
        free(bytes);
        TSR_TRY(status);
    }
    return tsr_ok();
}

static tsr_status get_outputs(tsr_session *session, const tsr_program *p, uint8_t **out_bytes) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < p->output_count; i++)
        total += p->outputs[i].bytes;
    *out_bytes = malloc(total + 1);
    if (*out_bytes == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for outputs");
    uint64_t at = 0;
    for (uint32_t i = 0; i < p->output_count; i++) {
        tsr_tensor t = tsr_tensor_for(&p->outputs[i], *out_bytes + at);
        TSR_TRY(tsr_session_get_output(session, i, &t));
        at += p->outputs[i].bytes;
    }
    return tsr_ok();
}

static tsr_status run(const char *device_name, const tsr_program *p, uint8_t **out_bytes) {
    *out_bytes = NULL;
    tsr_device *device = NULL;
    tsr_session *session = NULL;
    *fuzz_phase = FUZZ_RUNNING;
    tsr_status status = tsr_device_open(device_name, &device);
    if (status.code == TSR_OK)
        status = tsr_session_create(device, p, &session);
    if (status.code == TSR_OK)
        status = set_inputs(session, p);
    if (status.code == TSR_OK)
        status = tsr_session_invoke(session, RUN_TIMEOUT_MS);
    if (status.code == TSR_OK)
        status = get_outputs(session, p, out_bytes);
    tsr_session_destroy(session);
    tsr_device_close(device);
    *fuzz_phase = FUZZ_READING;
    return status;
}

static bool same_float(const uint8_t *a, const uint8_t *b) {
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (isnan(x) && isnan(y)) || x == y || fabsf(x - y) <= 1e-4F * fabsf(x);
}

// Integers are the same everywhere; the last digits of floats may depend on what was fused.
static const char *compare(const tsr_program *a, const tsr_program *b, const uint8_t *from_a, const uint8_t *from_b) {
    if (a->output_count != b->output_count)
        return "the accelerator's program and the CPU's have different outputs";
    uint64_t at = 0;
    for (uint32_t i = 0; i < a->output_count; i++) {
        const tsr_io *io = &a->outputs[i];
        if (io->bytes != b->outputs[i].bytes || io->dtype != b->outputs[i].dtype)
            return "the accelerator's program and the CPU's have outputs of different shape";
        size_t step = io->dtype == TSR_F32 ? 4 : 1;
        for (uint64_t n = 0; n + step <= io->bytes; n += step)
            if (step == 4 ? !same_float(from_a + at + n, from_b + at + n) : from_a[at + n] != from_b[at + n]) {
                snprintf(complaint_text, sizeof complaint_text, "output %u (%s) differs at byte %llu: %02x on func, %02x on cpu",
                         i, io->name, (unsigned long long)n, from_a[at + n], from_b[at + n]);
                return complaint_text;
            }
        at += io->bytes;
    }
    return NULL;
}

// What the compiler made, the loader has to accept.
static const char *check_round_trip(const tsr_program *p) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    tsr_program *again = NULL;
    tsr_status status = tsr_program_serialise(p, &bytes, &size);
    if (status.code == TSR_OK)
        status = tsr_program_parse(bytes, size, input_name, &again);
    tsr_program_free(again);
    free(bytes);
    return status.code != TSR_OK ? fuzz_complain("the compiled model cannot be read back", status) : NULL;
}

static const char *compile(const uint8_t *data, size_t size, bool host_only, tsr_program **out_program) {
    static const char *const all[] = {"*=accelerator"}; // also where the CPU would be faster
    tsr_compile_options options = {.config = pynq(), .host_only = host_only, .cpu = "baseline", .place_count = 1, .places = all};
    *fuzz_phase = FUZZ_READING;
    tsr_status status = tsr_compile_bytes(data, size, input_name, &options, out_program);
    if (status.code != TSR_OK)
        return *out_program != NULL ? "a program in spite of an error" : fuzz_check_error(status);
    return check_round_trip(*out_program);
}

static bool may_fail(tsr_status status) {
#if defined __clang__
    // Its __builtin_cpu_supports does not know cx8 and fxsr, so that the runtime of a fuzzing build refuses some host code.
    if (status.code == TSR_MISMATCH)
        return true;
#endif
    return status.code == TSR_TIMEOUT || status.code == TSR_OUT_OF_MEMORY;
}

static const char *run_both(const tsr_program *accelerated, const tsr_program *host) {
    if (accelerated->work_bytes > MAX_RUN_BYTES || host->work_bytes > MAX_RUN_BYTES || program_macs(host) > MAX_RUN_MACS)
        return NULL;
    uint8_t *on_func, *on_cpu;
    tsr_status func = run("func:config=pynq", accelerated, &on_func), cpu = run("cpu", host, &on_cpu);
    const char *complaint = NULL;
    if (func.code != TSR_OK && !may_fail(func))
        complaint = fuzz_complain("a compiled model does not run on func", func);
    else if (cpu.code != TSR_OK && !may_fail(cpu))
        complaint = fuzz_complain("a compiled model does not run on cpu", cpu);
    else if (func.code == TSR_OK && cpu.code == TSR_OK)
        complaint = compare(accelerated, host, on_func, on_cpu);
    free(on_func);
    free(on_cpu);
    return complaint;
}

const char *fuzz_compile(const uint8_t *data, size_t size) {
    tsr_program *accelerated = NULL, *host = NULL;
    const char *complaint = compile(data, size, false, &accelerated);
    if (complaint == NULL)
        complaint = compile(data, size, true, &host);
    // The other way round may be: a layer of too many tiles.
    if (complaint == NULL && accelerated != NULL && host == NULL)
        complaint = "compiles for pynq but not for the CPU";
    if (complaint == NULL && accelerated != NULL && host != NULL)
        complaint = run_both(accelerated, host);
    tsr_program_free(accelerated);
    tsr_program_free(host);
    return complaint;
}

// ---- compiled models --------------------------------------------------------------------------------------------------

// Host code is native code: a file that brings some is loaded and not run.
const char *fuzz_program(const uint8_t *data, size_t size) {
    tsr_program *p = NULL;
    *fuzz_phase = FUZZ_READING;
    tsr_status status = tsr_program_parse(data, size, input_name, &p);
    if (status.code != TSR_OK)
        return p != NULL ? "a program in spite of an error" : fuzz_check_error(status);
    const char *complaint = check_round_trip(p);
    uint8_t *outputs = NULL;
    if (complaint == NULL && p->code_bytes == 0 && p->work_bytes <= MAX_RUN_BYTES) {
        status = run("func:config=pynq", p, &outputs);
        if (status.code == TSR_INTERNAL || (status.code != TSR_OK && status.message[0] == '\0'))
            complaint = fuzz_complain("a run failed without saying why", status);
    }
    free(outputs);
    tsr_program_free(p);
    return complaint;
}

static uint32_t crc32_of(uint32_t crc, const uint8_t *data, size_t size) {
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0);
    }
    return ~crc;
}

void fuzz_mend_program(uint8_t *data, size_t size) {
    enum { CRC = 12, BYTES = 16, HEADER = 64 };
    static const uint8_t zero[4] = {0};
    if (size < HEADER)
        return;
    const uint64_t whole = size;
    memcpy(data + BYTES, &whole, sizeof whole);
    uint32_t crc = crc32_of(0, data, CRC);
    crc = crc32_of(crc, zero, sizeof zero);
    crc = crc32_of(crc, data + CRC + 4, size - CRC - 4);
    memcpy(data + CRC, &crc, sizeof crc);
}

const char *fuzz_program_mended(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    fuzz_mend_program(copy, size);
    const char *complaint = fuzz_program(copy, size);
    free(copy);
    return complaint;
}

// ---- texts ------------------------------------------------------------------------------------------------------------

static const char *check_disassembly(const uint8_t *data, size_t size) {
    char *text = NULL;
    tsr_status status = tsr_disassemble(data, size / TSR_INSN_BYTES * TSR_INSN_BYTES, &text);
    if (status.code != TSR_OK)
        return fuzz_complain("no disassembly", status);
    tsr_assembly again = {0};
    status = tsr_assemble(text, strlen(text), input_name, &again);
    const char *complaint = NULL;
    if (status.code != TSR_OK)
        complaint = fuzz_complain("a disassembly does not assemble", status);
    else if (again.insn_count * (size_t)TSR_INSN_BYTES != size / TSR_INSN_BYTES * TSR_INSN_BYTES ||
             (again.insn_count != 0 &&
              memcmp(again.bytes + again.insn_offset, data, again.insn_count * (size_t)TSR_INSN_BYTES) != 0))
        complaint = "a disassembly assembles to other words";
    if (status.code == TSR_OK)
        tsr_assembly_free(&again);
    free(text);
    return complaint;
}

const char *fuzz_asm(const uint8_t *data, size_t size) {
    *fuzz_phase = FUZZ_READING;
    tsr_assembly assembly = {0};
    tsr_status status = tsr_assemble((const char *)data, size, input_name, &assembly);
    const char *complaint = NULL;
    if (status.code != TSR_OK)
        complaint = assembly.bytes != NULL ? "an image in spite of an error" : fuzz_check_error(status);
    else
        tsr_assembly_free(&assembly);
    return complaint != NULL || size < TSR_INSN_BYTES ? complaint : check_disassembly(data, size);
}

const char *fuzz_config(const uint8_t *data, size_t size) {
    *fuzz_phase = FUZZ_READING;
    tsr_config config, again;
    tsr_status status = tsr_config_parse((const char *)data, size, input_name, &config);
    if (status.code != TSR_OK)
        return fuzz_check_error(status);
    char text[TSR_CONFIG_TEXT_BYTES];
    size_t length = tsr_config_print(&config, text, sizeof text);
    if (length >= sizeof text)
        return "a configuration whose text is too long";
    status = tsr_config_parse(text, length, input_name, &again);
    if (status.code != TSR_OK)
        return fuzz_complain("a printed configuration cannot be read", status);
    return tsr_config_id(&config) != tsr_config_id(&again) ? "a printed configuration is another one" : NULL;
}
