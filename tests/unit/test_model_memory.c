// SPDX-License-Identifier: Apache-2.0
// LOAD and STORE of the executable specification: strides, pads, planes, byte addresses, diagonals.
#include "check.h"
#include "model_run.h"

GREATEST_MAIN_DEFS();

enum { PLANE = 1024 }; // bytes of a plane that the tests look at

static uint8_t source_byte(uint32_t offset) { return (uint8_t)(offset * 7 + offset / 251 + 3); }

static uint32_t put_source(stream *s, uint32_t size) {
    uint8_t bytes[4096];
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = source_byte(i);
    return stream_data(s, bytes, size);
}

// Copies the first `tiles` INP tiles to OUT and every plane of those to work, one plane after another.
static void read_back_inp(stream *s, uint32_t tiles) {
    tsr_insn *insn = stream_alu(s, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_OUT, 0, 0, 0);
    insn->alu.count1 = tiles;
    insn->alu.dst1 = insn->alu.src1 = 1;
    for (uint32_t b = 0; b < s->config.batch; b++)
        stream_store(s, b, 0, b * tiles * s->config.block_out, tiles * s->config.block_out);
}

// The specification's loops, byte by byte, on planes that are kept apart.
static void reference_load(uint8_t plane[PLANE], const tsr_load_insn *l) {
    for (uint32_t y = 0; y < l->y_before + l->y_count + l->y_after; y++)
        for (uint32_t x = 0; x < l->x_before + l->x_count + l->x_after; x++)
            for (uint32_t k = 0; k < l->run; k++) {
                uint32_t at = l->sram_addr + y * l->sram_y_stride + x * l->sram_x_stride + k;
                bool pad = y < l->y_before || y >= l->y_before + l->y_count || x < l->x_before || x >= l->x_before + l->x_count;
                plane[at] =
                    pad ? (uint8_t)l->pad_value
                        : source_byte(l->dram_offset + (y - l->y_before) * l->y_stride + (x - l->x_before) * l->x_stride + k);
            }
}

static check_result loads_like_reference(const tsr_config *config, const tsr_load_insn *loads, uint32_t count) {
    uint8_t planes[16][PLANE] = {{0}};
    stream *s = stream_new(config);
    put_source(s, 4096);
    for (uint32_t i = 0; i < count; i++) {
        stream_push(s, (tsr_insn){.opcode = TSR_OP_LOAD, .load = loads[i]});
        reference_load(planes[loads[i].plane], &loads[i]);
    }
    uint32_t tiles = PLANE / config->block_in;
    if (tiles > tsr_out_entries(config))
        tiles = tsr_out_entries(config);
    uint32_t bytes = tiles * config->block_in, batch = config->batch;
    read_back_inp(s, tiles);
    model_result *r = model_run(s, NULL);
    bool same = r->status.code == TSR_OK && r->fault.code == 0 && !r->race.found;
    for (uint32_t b = 0; b < batch; b++)
        same = same && memcmp(planes[b], r->work + b * bytes, bytes) == 0;
    free(r);
    ASSERT(same);
    PASS();
}

TEST load_copies_a_contiguous_run_to_any_byte(void) {
    tsr_config config = stream_config_tiny();
    tsr_load_insn load = {.dram_offset = 13, .sram_addr = 7, .run = 101, .x_count = 1, .y_count = 1};
    return loads_like_reference(&config, &load, 1);
}

TEST load_pads_outside_the_tensor_with_the_pad_value(void) {
    tsr_config config = stream_config_tiny();
    tsr_load_insn load = {.dram_offset = 5,
                          .sram_addr = 8,
                          .pad_value = -77,
                          .run = 3,
                          .x_count = 4,
                          .y_count = 3,
                          .x_stride = 3,
                          .y_stride = 40,
                          .sram_x_stride = 4,
                          .sram_y_stride = 32,
                          .x_before = 1,
                          .x_after = 2,
                          .y_before = 2,
                          .y_after = 1};
    return loads_like_reference(&config, &load, 1);
}

TEST load_can_be_padding_alone(void) {
    tsr_config config = stream_config_tiny();
    tsr_load_insn load = {.dram_offset = UINT32_MAX,
                          .segment = 3,
                          .pad_value = 5,
                          .run = 16,
                          .y_before = 3,
                          .x_before = 2,
                          .sram_x_stride = 16,
                          .sram_y_stride = 64};
    return loads_like_reference(&config, &load, 1);
}

TEST load_packs_overlapping_windows_for_few_channels(void) {
    tsr_config config = stream_config_batch();
    // Three rows of a 3x3 kernel over 1 channel, stride 1: run = 3 bytes, windows overlap.
    tsr_load_insn loads[3];
    for (uint32_t ky = 0; ky < 3; ky++)
        loads[ky] = (tsr_load_insn){.dram_offset = ky * 20,
                                    .sram_addr = ky * 3,
                                    .run = 3,
                                    .x_count = 10,
                                    .y_count = 4,
                                    .x_stride = 1,
                                    .y_stride = 20,
                                    .sram_x_stride = 16,
                                    .sram_y_stride = 160};
    return loads_like_reference(&config, loads, 3);
}

TEST load_writes_the_chosen_plane_only(void) {
    tsr_config config = stream_config_batch();
    tsr_load_insn loads[2] = {
        {.plane = 0,
         .dram_offset = 0,
         .sram_addr = 5,
         .run = 40,
         .x_count = 2,
         .y_count = 1,
         .x_stride = 50,
         .sram_x_stride = 64},
        {.plane = 1,
         .dram_offset = 900,
         .sram_addr = 21,
         .run = 40,
         .x_count = 2,
         .y_count = 1,
         .x_stride = 40,
         .sram_x_stride = 40},
    };
    return loads_like_reference(&config, loads, 2);
}

TEST random_loads_match_the_loops(void) {
    tsr_config configs[2] = {stream_config_tiny(), stream_config_batch()};
    uint64_t seed = 99;
    for (int round = 0; round < 300; round++) {
        const tsr_config *c = &configs[round & 1];
        tsr_load_insn loads[4];
        for (int i = 0; i < 4; i++) {
            tsr_load_insn *l = &loads[i];
            *l = (tsr_load_insn){.plane = (uint32_t)(next_random(&seed) % c->batch),
                                 .pad_value = (int8_t)next_random(&seed),
                                 .run = 1 + (uint32_t)(next_random(&seed) % 24),
                                 .x_count = (uint32_t)(next_random(&seed) % 5),
                                 .y_count = (uint32_t)(next_random(&seed) % 4),
                                 .x_stride = (uint32_t)(next_random(&seed) % 100),
                                 .y_stride = (uint32_t)(next_random(&seed) % 300),
                                 .sram_x_stride = (uint32_t)(next_random(&seed) % 24),
                                 .sram_y_stride = (uint32_t)(next_random(&seed) % 60),
                                 .x_before = 1 + (uint32_t)(next_random(&seed) % 2),
                                 .x_after = (uint32_t)(next_random(&seed) % 3),
                                 .y_before = (uint32_t)(next_random(&seed) % 3),
                                 .y_after = 1 + (uint32_t)(next_random(&seed) % 2),
                                 .dram_offset = (uint32_t)(next_random(&seed) % 2000),
                                 .sram_addr = (uint32_t)(next_random(&seed) % 300)};
        }
        CHECK_CALL(loads_like_reference(c, loads, 4));
    }
    PASS();
}

TEST store_writes_only_the_bytes_it_names(void) {
    tsr_config config = stream_config_batch();
    uint8_t before[STREAM_WORK], want[STREAM_WORK];
    memset(before, 0xee, sizeof before);
    memcpy(want, before, sizeof want);
    tsr_store_insn store = {.segment = 1,
                            .plane = 1,
                            .dram_offset = 11,
                            .sram_addr = 3,
                            .run = 5,
                            .x_count = 3,
                            .y_count = 2,
                            .x_stride = 9,
                            .y_stride = 100,
                            .sram_x_stride = 16,
                            .sram_y_stride = 50};
    stream *s = stream_new(&config);
    uint32_t offset = put_source(s, 512);
    stream_push(s, (tsr_insn){.opcode = TSR_OP_LOAD,
                              .load = {.plane = 1, .dram_offset = offset, .run = 512, .x_count = 1, .y_count = 1}});
    tsr_insn *insn = stream_alu(s, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_OUT, 0, 0, 0);
    insn->alu.count1 = 32;
    insn->alu.dst1 = insn->alu.src1 = 1;
    stream_push(s, (tsr_insn){.opcode = TSR_OP_STORE, .store = store});
    for (uint32_t y = 0; y < 2; y++)
        for (uint32_t x = 0; x < 3; x++)
            for (uint32_t k = 0; k < 5; k++)
                want[11 + y * 100 + x * 9 + k] = source_byte(3 + y * 50 + x * 16 + k);
    model_result *r = model_run(s, before);
    bool same = r->fault.code == 0 && memcmp(want, r->work, sizeof want) == 0;
    uint64_t written = r->counters.bytes_written;
    free(r);
    ASSERT(same);
    ASSERT_EQ(30, written);
    PASS();
}

// A diagonal load makes a depthwise convolution of a GEMM: lane l sees channel l only.
TEST diagonal_load_puts_each_byte_on_its_own_lane(void) {
    tsr_config config = stream_config_tiny();
    const int8_t weights[8] = {3, -5, 7, 11, 1, 2, -128, 4};
    const int8_t input[4] = {1, 2, 3, 4};
    stream *s = stream_new(&config);
    int8_t noise[64];
    memset(noise, 0x55, sizeof noise);
    stream_load(s, TSR_BUF_WGT, 0, noise, sizeof noise);
    stream_load(s, TSR_BUF_WGT, 16, weights, 8)->load.diag = 1; // entries 1 and 2
    stream_load(s, TSR_BUF_INP, 0, input, 4);
    stream_gemm(s, stream_uop(s, 0, 0, 1, true), 1, true);
    stream_gemm(s, stream_uop(s, 1, 0, 2, true), 1, true);
    stream_get_acc(s, 0, 9, 0);
    stream_get_acc(s, 1, 9, 16);
    stream shape = {.config = config};
    model_result *r = model_run(s, NULL);
    int32_t got[8];
    for (uint32_t l = 0; l < 8; l++)
        got[l] = stream_lane(&shape, r->work, l / 4 * 16, l % 4);
    bool clean = r->fault.code == 0 && !r->race.found;
    free(r);
    ASSERT(clean);
    for (int l = 0; l < 8; l++)
        ASSERT_EQ_FMT(weights[l] * input[l % 4], got[l], "%d");
    PASS();
}

TEST state_does_not_leak_from_one_run_into_the_next(void) {
    tsr_config config = stream_config_tiny();
    tsr_model *model = NULL;
    ASSERT_OK(tsr_model_create(&config, NULL, &model));
    stream *fill = stream_new(&config), *look = stream_new(&config);
    const int8_t tile[4] = {9, 9, 9, 9};
    stream_load(fill, TSR_BUF_INP, 0, tile, 4);
    stream_alu(fill, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_ACC, 0, 0, 0);
    stream_alu(fill, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 0, 0, 0);
    stream_encode(fill);
    stream_store(look, 0, 0, 0, 4);
    stream_alu(look, TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, 1, 0, 0);
    stream_alu(look, TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_OUT, 2, 0, 0);
    stream_store(look, 0, 4, 4, 8);
    stream_encode(look);
    uint8_t work[64];
    memset(work, 0xaa, sizeof work);
    tsr_model_fault fault;
    tsr_model_segment first[4] = {{fill->consts, stream_size(fill)}};
    tsr_model_segment second[4] = {{look->consts, stream_size(look)}, {work, sizeof work}};
    tsr_status one = tsr_model_run(model, first, fill->insn_offset, fill->insn_count, &fault, NULL);
    tsr_status two = tsr_model_run(model, second, look->insn_offset, look->insn_count, &fault, NULL);
    tsr_model_destroy(model);
    free(fill);
    free(look);
    ASSERT_OK(one);
    ASSERT_OK(two);
    ASSERT_EQ(0, fault.code);
    for (int i = 0; i < 12; i++)
        ASSERT_EQ(0, work[i]);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(load_copies_a_contiguous_run_to_any_byte);
    RUN_TEST(load_pads_outside_the_tensor_with_the_pad_value);
    RUN_TEST(load_can_be_padding_alone);
    RUN_TEST(load_packs_overlapping_windows_for_few_channels);
    RUN_TEST(load_writes_the_chosen_plane_only);
    RUN_TEST(random_loads_match_the_loops);
    RUN_TEST(store_writes_only_the_bytes_it_names);
    RUN_TEST(diagonal_load_puts_each_byte_on_its_own_lane);
    RUN_TEST(state_does_not_leak_from_one_run_into_the_next);
    GREATEST_MAIN_END();
}
