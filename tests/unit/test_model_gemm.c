// SPDX-License-Identifier: Apache-2.0
// GEMM of the executable specification against a naive matrix product.
#include "check.h"
#include "model_run.h"

GREATEST_MAIN_DEFS();

static void random_bytes(uint64_t *seed, int8_t *bytes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        uint64_t r = next_random(seed);
        bytes[i] = (r & 7) == 0 ? INT8_MIN : (r & 7) == 1 ? INT8_MAX : (int8_t)(r >> 8);
    }
}

// INP tile t, batch row b, channel k = inp[b][t * block_in + k]: the planes as LOAD sees them.
static void load_planes(stream *s, const int8_t *planes, uint32_t plane_bytes) {
    for (uint32_t b = 0; b < s->config.batch; b++)
        stream_load(s, TSR_BUF_INP, 0, planes + b * plane_bytes, plane_bytes)->load.plane = b;
}

enum { TILES_K = 3, TILES_N = 2, ROWS = 2 };

// [ROWS * batch, TILES_K * KI] times [TILES_K * KI, TILES_N * KO], tiles walked by both loops and the micro-ops.
static check_result multiplies(const tsr_config *config, uint64_t seed) {
    uint32_t KI = config->block_in, KO = config->block_out, B = config->batch;
    static int8_t planes[2 * ROWS * TILES_K * 64], weights[TILES_N * TILES_K * 64 * 64];
    uint32_t plane_bytes = ROWS * TILES_K * KI;
    random_bytes(&seed, planes, B * plane_bytes);
    random_bytes(&seed, weights, TILES_N * TILES_K * KO * KI);

    stream *s = stream_new(config);
    load_planes(s, planes, plane_bytes);
    stream_load(s, TSR_BUF_WGT, 0, weights, TILES_N * TILES_K * KO * KI);
    uint32_t begin = stream_uop(s, 0, 0, 0, true);
    stream_uop(s, 0, 1, 1, false);
    stream_uop(s, 0, 2, 2, false);
    for (int twice = 0; twice < 2; twice++) { // the second time overwrites what the first has left
        tsr_insn *gemm = stream_gemm(s, begin, TILES_K, true);
        gemm->gemm.count0 = ROWS, gemm->gemm.acc0 = TILES_N, gemm->gemm.inp0 = TILES_K;
        gemm->gemm.count1 = TILES_N, gemm->gemm.acc1 = 1, gemm->gemm.wgt1 = TILES_K;
    }
    uint32_t entry_bytes = B * KO * 4;
    for (uint16_t a = 0; a < ROWS * TILES_N; a++)
        stream_get_acc(s, a, 20, a * entry_bytes);
    stream shape = {.config = *config};
    model_result *r = model_run(s, NULL);
    bool clean = r->status.code == TSR_OK && r->fault.code == 0 && !r->race.found;
    uint64_t uops = r->counters.gemm_uops;
    bool same = true;
    for (uint32_t row = 0; row < ROWS; row++)
        for (uint32_t n = 0; n < TILES_N * KO; n++)
            for (uint32_t b = 0; b < B; b++) {
                int64_t sum = 0;
                for (uint32_t k = 0; k < TILES_K * KI; k++)
                    sum += (int64_t)planes[b * plane_bytes + row * TILES_K * KI + k] *
                           weights[((n / KO * TILES_K + k / KI) * KO + n % KO) * KI + k % KI];
                uint32_t entry = row * TILES_N + n / KO;
                same = same && stream_lane(&shape, r->work, entry * entry_bytes, b * KO + n % KO) == sum;
            }
    free(r);
    ASSERT(clean);
    ASSERT(same);
    ASSERT_EQ(2 * ROWS * TILES_N * TILES_K, uops);
    PASS();
}

TEST multiplies_like_a_naive_matrix_product(void) {
    tsr_config configs[] = {stream_config_tiny(), stream_config_batch(), stream_config_odd()};
    for (uint64_t seed = 1; seed < 20; seed++)
        for (size_t c = 0; c < sizeof configs / sizeof configs[0]; c++)
            CHECK_CALL(multiplies(&configs[c], seed));
    PASS();
}

// Blocks from the least to the largest: the sums of 16 products and what is left over.
TEST multiplies_with_every_block(void) {
    for (uint32_t block = 2; block <= 64; block *= 2) {
        tsr_config config = stream_config_batch();
        config.batch = 1;
        config.block_in = config.block_out = block;
        config.inp_buffer = config.out_buffer = 8 * 64;
        config.wgt_buffer = 8 * 64 * 64;
        config.acc_buffer = 32 * 64 * 4;
        config.par_buffer = 8 * 64 * 12;
        CHECK_CALL(multiplies(&config, block));
        config.block_out = 4;
        CHECK_CALL(multiplies(&config, block));
    }
    PASS();
}

TEST adds_to_the_accumulator_unless_told_to_overwrite(void) {
    tsr_config config = stream_config_tiny();
    const int8_t input[4] = {1, 1, 1, 1};
    int8_t weights[16];
    memset(weights, 2, sizeof weights);
    const int32_t start[4] = {100, -100, INT32_MAX, 0};
    stream *s = stream_new(&config);
    stream_put_acc(s, 0, start);
    stream_load(s, TSR_BUF_INP, 0, input, 4);
    stream_load(s, TSR_BUF_WGT, 0, weights, 16);
    uint32_t first = stream_uop(s, 0, 0, 0, true);
    uint32_t later = stream_uop(s, 0, 0, 0, false);
    stream_gemm(s, first, 1, false); // first counts only together with overwrite
    stream_gemm(s, later, 1, true);  // and overwrite only for micro-ops marked first
    stream_get_acc(s, 0, 9, 0);
    stream shape = {.config = config};
    model_result *r = model_run(s, NULL);
    int32_t got[4];
    for (uint32_t l = 0; l < 4; l++)
        got[l] = stream_lane(&shape, r->work, 0, l);
    free(r);
    ASSERT_EQ_FMT(116, got[0], "%d");
    ASSERT_EQ_FMT(-84, got[1], "%d");
    ASSERT_EQ_FMT(INT32_MIN + 15, got[2], "%d"); // wraps
    ASSERT_EQ_FMT(16, got[3], "%d");
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(multiplies_like_a_naive_matrix_product);
    RUN_TEST(multiplies_with_every_block);
    RUN_TEST(adds_to_the_accumulator_unless_told_to_overwrite);
    GREATEST_MAIN_END();
}
