// SPDX-License-Identifier: Apache-2.0
// The compiled model: one versioned file (.tsr), bound to a configuration and an ISA version. Written by the compiler,
// read by the runtime without LLVM. Little-endian; layout in isa/program.md; every count, offset and size is checked
// against the file before use, and a CRC-32 covers the whole.
//
// A compiled model is a list of steps over two memory segments: `const_data` (segment 0: instructions, micro-ops,
// weights, parameters, and the constants of host code) and a `work` area (segment 1: every activation, inputs and outputs
// among them, at fixed offsets). An accelerator step runs instructions; a host step calls a function of the code.
//
// Host code is native, position-independent machine code for `target`: loading a compiled model from somebody else is
// running their program.
#ifndef TSR_PROGRAM_H
#define TSR_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsr/config.h"
#include "tsr/dtype.h"
#include "tsr/status.h"

enum { TSR_PROGRAM_VERSION = 3, TSR_NAME_BYTES = 64 };

// Most that a file may hold; readers and the writer refuse more. Segment sizes are 32-bit registers.
enum { TSR_PROGRAM_MAX_IOS = 256, TSR_PROGRAM_MAX_STEPS = 65536, TSR_PROGRAM_MAX_LAYERS = 65536, TSR_PROGRAM_MAX_KINDS = 8 };
#define TSR_PROGRAM_MAX_CONST ((uint64_t)1 << 31)
#define TSR_PROGRAM_MAX_WORK ((uint64_t)1 << 31)
#define TSR_PROGRAM_MAX_CODE ((uint64_t)1 << 28)

// Part of a host function that may run on any thread: iterations begin to end of a loop, at least one. `outer`: what it
// needs from the function around it.
typedef struct tsr_host_env tsr_host_env;
typedef void tsr_host_body(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, const int64_t *outer, uint32_t begin,
                           uint32_t end);

// Services that host code needs from the runtime, passed at every call so that the code has no external symbols. Nothing
// but pointers, so that the layout is that of an array of them on every machine; later ones are added at the end.
struct tsr_host_env {
    void *pool; // the runtime's own
    // Has iterations 0 to count run, in pieces and any order, and returns when all have.
    void (*parallel_for)(const uint8_t *consts, uint8_t *work, const tsr_host_env *env, tsr_host_body *body, const int64_t *outer,
                         uint32_t count);
    float (*expf)(float);
    float (*tanhf)(float);
    float (*logf)(float);
    float (*erff)(float);
    float (*powf)(float, float);
    float (*sinf)(float);
    float (*cosf)(float);
    float (*fmodf)(float, float);
};
// consts: segment 0; work: segment 1.
typedef void tsr_host_function(const uint8_t *consts, uint8_t *work, const tsr_host_env *env);

typedef struct tsr_io {
    char name[TSR_NAME_BYTES];
    tsr_dtype dtype;
    uint32_t rank;
    uint32_t shape[TSR_MAX_RANK];
    uint64_t offset, bytes; // in the work area, dense row-major in the model's own layout
    bool channels_last;     // NHWC (TFLite) rather than NCHW (ONNX), for pictures
    float scale;            // quantisation of an integer tensor: real = scale * (q - zero_point); 0 when there is none
    int32_t zero_point;
} tsr_io;

typedef enum { TSR_STEP_ACCELERATOR = 1, TSR_STEP_HOST = 2 } tsr_step_kind;

typedef struct tsr_step {
    tsr_step_kind kind;
    uint32_t first_layer, layer_count; // which layers it computes
    uint32_t insn_offset, insn_count;  // accelerator: bytes into const_data, instructions (the last is FINISH)
    uint32_t function;                 // host: which one
} tsr_step;

// One line of `tessera info` and of a profile: a model node after fusion.
typedef struct tsr_layer {
    char name[TSR_NAME_BYTES];
    char op[32];
    char reason[96]; // why it runs where it runs
    bool on_accelerator;
    uint64_t macs;
    uint64_t bytes_in, bytes_out; // of its tensors, each counted once; constants are among bytes_in
    uint64_t bound_cycles; // on the program's configuration no schedule is faster: array, reads and writes at their peak
    uint32_t first_insn, insn_count; // within its step; 0,0 on the host
    uint32_t out_rank, out_shape[TSR_MAX_RANK];
} tsr_layer;

// The same functions may be there several times, for CPUs of one architecture that can do more or less.
typedef struct tsr_code_kind {
    char features[256]; // that a CPU has to have, comma separated, by LLVM's names ("avx2,fma"); checked at load
} tsr_code_kind;

typedef struct tsr_program {
    char model_name[TSR_NAME_BYTES];
    char target[64];   // LLVM triple of the host code; empty when there is none
    uint32_t isa_version;
    tsr_config config; // all zero when no step needs an accelerator and the compiler was given none
    tsr_io *inputs, *outputs;
    tsr_step *steps;
    tsr_layer *layers;
    uint32_t input_count, output_count, step_count, layer_count;
    tsr_code_kind *kinds; // the most able first: the runtime takes the first that the CPU can run
    uint32_t kind_count, function_count;
    uint32_t *entries;   // where in code function f of kind k begins: entries[k * function_count + f]
    uint8_t *const_data; // segment 0
    uint8_t *code;       // of all kinds; belongs to a page boundary in memory
    uint64_t const_bytes, code_bytes, work_bytes; // work_bytes: size of segment 1
} tsr_program;

// What both readers and the writer demand: counts within limits, every tensor inside the work area, every step's
// instructions and entry inside their segment, layers and shapes consistent. The message names the first offender.
tsr_status tsr_program_check(const tsr_program *program);
// Whether any step needs an accelerator; a program without runs on every device.
bool tsr_program_uses_accelerator(const tsr_program *program);

// Both readers check everything; *out_program is owned by the caller and freed with tsr_program_free.
tsr_status tsr_program_parse(const uint8_t *bytes, size_t size, const char *file_name, tsr_program **out_program);
tsr_status tsr_program_load(const char *path, tsr_program **out_program);
// Control characters in names are written as '?'. The file appears whole or not at all (written beside it, then renamed).
tsr_status tsr_program_save(const tsr_program *program, const char *path);
tsr_status tsr_program_serialise(const tsr_program *program, uint8_t **out_bytes, size_t *out_size); // free() the bytes
void tsr_program_free(tsr_program *program); // also the arrays; NULL is fine

#endif
