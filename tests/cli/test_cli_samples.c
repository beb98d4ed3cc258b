// SPDX-License-Identifier: Apache-2.0
// Calibration samples: archives as NumPy writes them and damaged ones, arrays of pixels in both layouts.
#include "check.h"
#include "loaded.h"
#include "samples.h"

#define SAMPLES "tests/quantize/samples/"

TEST archives_hold_what_was_saved(void) {
    loaded plain = load(SAMPLES "floats.npy"), packed = load(SAMPLES "packed.npz");
    npy_array want;
    npz_file archive;
    ASSERT_OK(npy_parse(plain.bytes, plain.size, "floats.npy", &want));
    ASSERT_OK(npz_parse(packed.bytes, packed.size, LIMIT, "packed.npz", &archive));
    ASSERT_EQ(1, archive.count);
    ASSERT_STR_EQ("image", archive.members[0].name);
    ASSERT_EQ(want.bytes, archive.members[0].array.bytes);
    ASSERT_MEM_EQ(want.data, archive.members[0].array.data, want.bytes);
    npz_free(&archive);
    free(plain.bytes);
    free(packed.bytes);
    PASS();
}

TEST an_archive_over_the_limit_is_refused_before_memory_is_taken(void) {
    loaded file = load(SAMPLES "packed.npz");
    npz_file archive;
    const tsr_status status = npz_parse(file.bytes, file.size, 1000, "packed.npz", &archive);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("too large", status.message);
    ASSERT_EQ(NULL, archive.members);
    free(file.bytes);
    PASS();
}

static check_result damaged(const char *path) {
    loaded file = load(path);
    npz_file archive;
    for (size_t size = 0; size < file.size; size++) {
        uint8_t *cut = malloc(size + 1 > 1 ? size : 1); // exactly so much, so that a sanitizer sees a read past its end
        memcpy(cut, file.bytes, size);
        ASSERT_NEQ(TSR_OK, npz_parse(cut, size, LIMIT, "cut.npz", &archive).code);
        ASSERT_EQ(NULL, archive.members);
        free(cut);
    }
    for (size_t bit = 0; bit < file.size * 8; bit++) {
        file.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        npz_parse(file.bytes, file.size, LIMIT, "damaged.npz", &archive);
        npz_free(&archive);
        file.bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    free(file.bytes);
    PASS();
}

TEST every_truncation_and_flipped_bit_of_a_packed_archive_is_read_or_refused(void) { return damaged(SAMPLES "packed.npz"); }
TEST every_truncation_and_flipped_bit_of_a_stored_archive_is_read_or_refused(void) { return damaged(SAMPLES "stored.npz"); }

// rgb.npy holds the pixels of rgb.png as [16,24,3].
TEST arrays_of_pixels_are_what_the_picture_is_in_both_layouts(void) {
    loaded file = load("models/images/rgb.npy");
    npy_array pixels;
    input_rule rule;
    ASSERT_OK(npy_parse(file.bytes, file.size, "rgb.npy", &pixels));
    ASSERT_OK(input_rule_parse("1,2,3", "1,0.5,0.25", &rule));
    static float want[16 * 24 * 3], got[16 * 24 * 3];
    static uint8_t first[16 * 24 * 3];
    for (size_t i = 0; i < sizeof first; i++)
        first[i % 3 * 16 * 24 + i / 3] = pixels.data[i];
    for (int last = 0; last < 2; last++) {
        tsr_io io = {.name = "picture", .dtype = TSR_F32, .rank = 4, .channels_last = last != 0, .bytes = sizeof want};
        memcpy(io.shape, last != 0 ? (const uint32_t[]){1, 16, 24, 3} : (const uint32_t[]){1, 3, 16, 24}, 4 * sizeof io.shape[0]);
        ASSERT_OK(input_load("models/images/rgb.png", &io, &rule, want));
        input_from_pixels(pixels.data, &io, last == 0, &rule, got);
        ASSERT_MEM_EQ(want, got, sizeof want);
        input_from_pixels(first, &io, last != 0, &rule, got);
        ASSERT_MEM_EQ(want, got, sizeof want);
    }
    free(file.bytes);
    PASS();
}

static tsr_io vector(const char *name, uint32_t extent) {
    tsr_io io = {.dtype = TSR_F32, .rank = 4, .shape = {1, 1, extent, extent}, .bytes = (uint64_t)extent * extent * 4};
    snprintf(io.name, sizeof io.name, "%s", name);
    return io;
}

TEST an_archive_feeds_every_input_by_its_name(void) {
    const tsr_io inputs[2] = {vector("more", 8), vector("picture", 8)};
    const input_rule rule = {.channels = 1};
    samples s;
    float data[64];
    loaded plain = load(SAMPLES "floats.npy");
    npy_array want;
    ASSERT_OK(npy_parse(plain.bytes, plain.size, "floats.npy", &want));
    ASSERT_OK(samples_open(SAMPLES "other_name.npz", inputs, 2, &rule, 0, &s));
    ASSERT_EQ(8, s.count);
    for (uint32_t i = 0; i < 2; i++) {
        ASSERT_OK(samples_load(&s, 5, i, data));
        ASSERT_MEM_EQ(want.data + 5 * sizeof data, data, sizeof data);
    }
    samples_close(&s);
    ASSERT_OK(samples_open(SAMPLES "other_name.npz", inputs, 2, &rule, 3, &s));
    ASSERT_EQ(3, s.count);
    samples_close(&s);
    const tsr_status one = samples_open(SAMPLES "floats.npy", inputs, 2, &rule, 0, &s);
    ASSERT_EQ(TSR_INVALID_ARGUMENT, one.code);
    ASSERT_STR_CONTAINS(".npz", one.message);
    free(plain.bytes);
    PASS();
}

SUITE(calibration_samples) {
    RUN_TEST(archives_hold_what_was_saved);
    RUN_TEST(an_archive_over_the_limit_is_refused_before_memory_is_taken);
    RUN_TEST(every_truncation_and_flipped_bit_of_a_packed_archive_is_read_or_refused);
    RUN_TEST(every_truncation_and_flipped_bit_of_a_stored_archive_is_read_or_refused);
    RUN_TEST(arrays_of_pixels_are_what_the_picture_is_in_both_layouts);
    RUN_TEST(an_archive_feeds_every_input_by_its_name);
}

GREATEST_MAIN_DEFS();
int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(calibration_samples);
    GREATEST_MAIN_END();
}
