// SPDX-License-Identifier: Apache-2.0
#include "sample_build.h"

#include "../sample_program.h"

_Static_assert((int)BUILD_WORK == (int)SAMPLE_WORK && (int)BUILD_IN == (int)SAMPLE_IN && (int)BUILD_OUT == (int)SAMPLE_OUT,
               "one sample");

// void f(const uint8_t *consts, uint8_t *work, const tsr_host_env *env): incb 64(%rsi); ret
static const uint8_t increment_input[] = {0xfe, 0x46, SAMPLE_IN, 0xc3};

tsr_program *build_sample(int delta, bool with_host_code) {
    tsr_program *p = sample_program((int16_t)delta);
    if (with_host_code)
        sample_add_code(p, increment_input, sizeof increment_input, "x86_64-pc-linux-gnu");
    return p;
}

tsr_program *build_host_only(void) {
    tsr_program *p = build_sample(0, true);
    p->step_count = 1;
    p->outputs[0].offset = SAMPLE_IN;
    memset(&p->config, 0, sizeof p->config);
    return p;
}

// Another stream in place of the sample's.
static tsr_program *replace_stream(stream *s) {
    tsr_program *p = sample_program(0);
    stream_encode(s);
    free(p->const_data);
    p->const_bytes = stream_size(s);
    p->const_data = sample_alloc(1, p->const_bytes);
    memcpy(p->const_data, s->consts, p->const_bytes);
    p->steps[0].insn_offset = s->insn_offset;
    p->steps[0].insn_count = p->layers[0].insn_count = s->insn_count;
    free(s);
    return p;
}

tsr_program *build_endless(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    tsr_insn *gemm = stream_gemm(s, stream_uop(s, 0, 0, 0, false), 1, false);
    gemm->gemm.count0 = gemm->gemm.count1 = UINT16_MAX;
    stream_push(s, *gemm);
    stream_push(s, *gemm);
    return replace_stream(s);
}

tsr_program *build_faulting(void) {
    tsr_config config = stream_config_tiny();
    stream *s = stream_new(&config);
    stream_gemm(s, stream_uop(s, UINT16_MAX, 0, 0, false), 1, false);
    return replace_stream(s);
}
