// SPDX-License-Identifier: Apache-2.0
// What `tessera run` reads and writes: pictures and .npy files, whole, cut short and damaged. Runs from the project's top folder.
#include <math.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "image.h"
#include "input.h"
#include "loaded.h"
#include "npy.h"

GREATEST_MAIN_DEFS();

// A copy of exactly that many bytes, so that a sanitizer sees a read past its end.
static uint8_t *copy_of(const uint8_t *bytes, size_t size) {
    uint8_t *copy = malloc(size != 0 ? size : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, bytes, size);
    return copy;
}

// ---- pictures that are right --------------------------------------------------------------------------------------------

typedef struct sample {
    const char *picture, *expected;
    uint32_t width, height; // the part of the expected picture that is shown
    int tolerance;
} sample;

#define FOLDER "models/images/"
static const sample samples[] = {
    {FOLDER "rgb.png", FOLDER "rgb.npy", 24, 16, 0},
    {FOLDER "rgba_opaque.png", FOLDER "rgb.npy", 24, 16, 0},
    {FOLDER "rgb_interlaced.png", FOLDER "rgb.npy", 24, 16, 0},
    {FOLDER "rgb_16bit.png", FOLDER "rgb.npy", 24, 16, 0},
    {FOLDER "rgb.bmp", FOLDER "rgb.npy", 24, 16, 0},
    {FOLDER "odd_rgb.png", FOLDER "rgb.npy", 23, 15, 0},
    {FOLDER "odd_rgb.bmp", FOLDER "rgb.npy", 23, 15, 0},
    {FOLDER "grey.png", FOLDER "grey.npy", 24, 16, 0},
    {FOLDER "grey.bmp", FOLDER "grey.npy", 24, 16, 0},
    {FOLDER "grey_alpha_opaque.png", FOLDER "grey.npy", 24, 16, 0},
    {FOLDER "grey_16bit.png", FOLDER "grey.npy", 24, 16, 0},
    {FOLDER "palette.png", FOLDER "palette.npy", 24, 16, 0},
    {FOLDER "palette.bmp", FOLDER "palette.npy", 24, 16, 0},
    {FOLDER "one_bit.png", FOLDER "one_bit.npy", 24, 16, 0},
    {FOLDER "rgb.jpg", FOLDER "rgb.npy", 24, 16, 16},
    {FOLDER "rgb_progressive.jpg", FOLDER "rgb.npy", 24, 16, 16},
    {FOLDER "grey.jpg", FOLDER "grey.npy", 24, 16, 8},
    {FOLDER "rgb_420.jpg", NULL, 24, 16, 0}, // colours bleed: size only
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static check_result same_pixels(const image *picture, const sample *s) {
    loaded file = load(s->expected);
    npy_array array;
    ASSERT_OK(npy_parse(file.bytes, file.size, s->expected, &array));
    ASSERT_EQ(array.rank, 3U);
    ASSERT_EQ(array.dtype, TSR_U8);
    ASSERT_EQ_FMT(array.shape[2], picture->channels, "%u");
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++)
            for (uint32_t c = 0; c < picture->channels; c++) {
                int want = array.data[(y * array.shape[1] + x) * array.shape[2] + c];
                int got = picture->pixels[(y * picture->width + x) * picture->channels + c];
                if (abs(want - got) > s->tolerance) {
                    fprintf(stderr, "%s: pixel (%u, %u), channel %u: expected %d, got %d\n", s->picture, y, x, c, want, got);
                    FAIL();
                }
            }
    free(file.bytes);
    PASS();
}

TEST every_sample_decodes_to_its_recorded_pixels(void) {
    for (int i = 0; i < SAMPLES; i++) {
        loaded file = load(samples[i].picture);
        image picture;
        ASSERT_OK(image_decode(file.bytes, file.size, samples[i].picture, &picture));
        ASSERT_EQ_FMT(samples[i].width, picture.width, "%u");
        ASSERT_EQ_FMT(samples[i].height, picture.height, "%u");
        if (samples[i].expected != NULL)
            CHECK_CALL(same_pixels(&picture, &samples[i]));
        image_free(&picture);
        free(file.bytes);
    }
    PASS();
}

static void set_u32(uint8_t *at, uint32_t value) {
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

TEST a_top_down_bitmap_is_not_turned_over(void) {
    loaded file = load(FOLDER "rgb.bmp");
    set_u32(file.bytes + 22, (uint32_t)-16);
    image normal, turned;
    ASSERT_OK(image_decode(file.bytes, file.size, "turned.bmp", &turned));
    set_u32(file.bytes + 22, 16);
    ASSERT_OK(image_decode(file.bytes, file.size, "normal.bmp", &normal));
    for (size_t y = 0; y < 16; y++)
        ASSERT_MEM_EQ(normal.pixels + y * 72, turned.pixels + (15 - y) * 72, 72);
    image_free(&normal);
    image_free(&turned);
    free(file.bytes);
    PASS();
}

// ---- pictures that are not ------------------------------------------------------------------------------------------------

TEST every_truncation_of_a_picture_is_an_error_that_names_it(void) {
    for (int i = 0; i < SAMPLES; i++) {
        loaded file = load(samples[i].picture);
        for (size_t size = 0; size < file.size; size++) {
            uint8_t *cut = copy_of(file.bytes, size);
            image picture;
            tsr_status status = image_decode(cut, size, "cut.img", &picture);
            if (status.code == TSR_OK)
                fprintf(stderr, "%s: decodes when cut to %zu of %zu bytes\n", samples[i].picture, size, file.size);
            ASSERT_NEQ(TSR_OK, status.code);
            ASSERT_STR_CONTAINS("cut.img", status.message);
            ASSERT_EQ(picture.pixels, NULL);
            free(cut);
        }
        free(file.bytes);
    }
    PASS();
}

TEST every_flipped_bit_of_a_picture_gives_pixels_or_an_error(void) {
    for (int i = 0; i < SAMPLES; i++) {
        loaded file = load(samples[i].picture);
        for (size_t bit = 0; bit < file.size * 8; bit++) {
            uint8_t *damaged = copy_of(file.bytes, file.size);
            damaged[bit / 8] ^= (uint8_t)(1U << (bit % 8));
            image picture;
            tsr_status status = image_decode(damaged, file.size, "damaged.img", &picture);
            ASSERT((status.code == TSR_OK) == (picture.pixels != NULL));
            if (status.code != TSR_OK)
                ASSERT_STR_CONTAINS("damaged.img", status.message);
            image_free(&picture);
            free(damaged);
        }
        free(file.bytes);
    }
    PASS();
}

static void set_png_size(loaded *file, uint32_t width, uint32_t height) {
    uint8_t *header = file->bytes + 16; // width and height of IHDR, big-endian
    for (int i = 0; i < 4; i++) {
        header[i] = (uint8_t)(width >> (24 - 8 * i));
        header[4 + i] = (uint8_t)(height >> (24 - 8 * i));
    }
    uint32_t crc = (uint32_t)crc32(0, file->bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        file->bytes[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
}

TEST a_picture_that_promises_more_pixels_than_it_can_hold_is_refused_before_memory_is_taken(void) {
    image picture;
    loaded png = load(FOLDER "rgb.png");
    set_png_size(&png, 8000, 8000);
    tsr_status status = image_decode(png.bytes, png.size, "huge.png", &picture);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("too many for a file", status.message);
    set_png_size(&png, 0x7fffffff, 0x7fffffff);
    ASSERT_NEQ(TSR_OK, image_decode(png.bytes, png.size, "huge.png", &picture).code);
    free(png.bytes);

    loaded bmp = load(FOLDER "rgb.bmp");
    set_u32(bmp.bytes + 18, 8000);
    set_u32(bmp.bytes + 22, 8000);
    status = image_decode(bmp.bytes, bmp.size, "huge.bmp", &picture);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("too many for a file", status.message);
    set_u32(bmp.bytes + 22, 0x80000000U);
    ASSERT_NEQ(TSR_OK, image_decode(bmp.bytes, bmp.size, "huge.bmp", &picture).code);
    set_u32(bmp.bytes + 18, 0);
    ASSERT_NEQ(TSR_OK, image_decode(bmp.bytes, bmp.size, "huge.bmp", &picture).code);
    free(bmp.bytes);

    loaded jpeg = load(FOLDER "rgb.jpg");
    for (size_t i = 0; i + 9 < jpeg.size; i++)
        if (jpeg.bytes[i] == 0xff && jpeg.bytes[i + 1] == 0xc0) // start of frame: length, precision, height, width
            memcpy(jpeg.bytes + i + 5, "\x1f\xff\x1f\xff", 4);
    status = image_decode(jpeg.bytes, jpeg.size, "huge.jpg", &picture);
    ASSERT_EQ(TSR_CORRUPT, status.code);
    ASSERT_STR_CONTAINS("too many for a file", status.message);
    free(jpeg.bytes);
    PASS();
}

TEST a_compressed_bitmap_is_refused_with_what_to_do(void) {
    loaded file = load(FOLDER "palette.bmp");
    set_u32(file.bytes + 30, 1);
    image picture;
    tsr_status status = image_decode(file.bytes, file.size, "rle.bmp", &picture);
    ASSERT_EQ(TSR_UNSUPPORTED, status.code);
    ASSERT_STR_CONTAINS("byte 30", status.message);
    ASSERT_STR_CONTAINS("uncompressed", status.message);
    free(file.bytes);
    PASS();
}

// ---- fitting pictures to models -----------------------------------------------------------------------------------------

TEST resizing_takes_the_mean_of_the_box_behind_each_pixel(void) {
    uint8_t pixels[] = {0, 10, 20, 30, 40, 1, 11, 21, 31, 42, 2, 12, 22, 32, 44};
    const image from = {5, 3, 1, pixels};
    image to;
    ASSERT_OK(image_resize(&from, 2, 2, &to));
    // Columns 0..1 and 2..4, rows 0 and 1..2: (0+10+1)/2, (20+30+40+1)/3, (1+11+2+12+2)/4, (21+31+42+22+32+44+3)/6
    const uint8_t expected[] = {5, 30, 7, 32};
    ASSERT_MEM_EQ(expected, to.pixels, 4);
    image_free(&to);
    ASSERT_OK(image_resize(&from, 10, 3, &to)); // larger: pixels repeat
    for (size_t i = 0; i < 10; i++)
        ASSERT_EQ(pixels[i / 2], to.pixels[i]);
    image_free(&to);
    ASSERT_OK(image_resize(&from, 5, 3, &to));
    ASSERT_MEM_EQ(pixels, to.pixels, sizeof pixels);
    image_free(&to);
    PASS();
}

TEST grey_and_colour_turn_into_each_other(void) {
    uint8_t colours[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255};
    const image from = {4, 1, 3, colours};
    image grey, colour;
    ASSERT_OK(image_to_channels(&from, 1, &grey));
    const uint8_t expected[] = {76, 150, 29, 255};
    ASSERT_MEM_EQ(expected, grey.pixels, 4);
    ASSERT_OK(image_to_channels(&grey, 3, &colour));
    for (size_t i = 0; i < 12; i++)
        ASSERT_EQ(expected[i / 3], colour.pixels[i]);
    image_free(&grey);
    image_free(&colour);
    PASS();
}

// rgb.png is 24x16; the first pixels are checked against rgb.npy.
static tsr_io picture_input(tsr_dtype dtype, bool channels_last) {
    tsr_io io = {.name = "picture", .dtype = dtype, .rank = 4, .channels_last = channels_last};
    const uint32_t last[] = {1, 16, 24, 3}, first[] = {1, 3, 16, 24};
    memcpy(io.shape, channels_last ? last : first, sizeof last);
    io.bytes = (uint64_t)16 * 24 * 3 * tsr_dtype_size(dtype);
    return io;
}

TEST pixels_keep_their_level_in_integer_inputs_and_become_shares_of_255_in_float_ones(void) {
    loaded file = load(FOLDER "rgb.npy");
    npy_array want;
    ASSERT_OK(npy_parse(file.bytes, file.size, "rgb.npy", &want));
    static union {
        uint8_t u8[16 * 24 * 3];
        int8_t i8[16 * 24 * 3];
        float f32[16 * 24 * 3];
    } data;
    input_rule rule;
    ASSERT_OK(input_rule_parse(NULL, NULL, &rule));
    tsr_io io = picture_input(TSR_U8, true);
    io.scale = 0.0078125F; // whatever the scale
    io.zero_point = 128;
    ASSERT_OK(input_load(FOLDER "rgb.png", &io, &rule, &data));
    ASSERT_MEM_EQ(want.data, data.u8, sizeof data.u8);
    io = picture_input(TSR_I8, false);
    ASSERT_OK(input_load(FOLDER "rgb.png", &io, &rule, &data));
    for (int i = 0; i < 16 * 24; i++)
        for (int c = 0; c < 3; c++)
            ASSERT_EQ(want.data[i * 3 + c] - 128, data.i8[c * 16 * 24 + i]);
    io = picture_input(TSR_F32, false);
    ASSERT_OK(input_load(FOLDER "rgb.png", &io, &rule, &data));
    for (int i = 0; i < 16 * 24; i++)
        for (int c = 0; c < 3; c++)
            ASSERT(data.f32[c * 16 * 24 + i] == (float)(want.data[i * 3 + c] / 255.0));
    free(file.bytes);
    PASS();
}

TEST mean_and_scale_give_real_values_that_integer_inputs_quantise(void) {
    loaded file = load(FOLDER "rgb.npy");
    npy_array want;
    ASSERT_OK(npy_parse(file.bytes, file.size, "rgb.npy", &want));
    static union {
        int8_t i8[16 * 24 * 3];
        float f32[16 * 24 * 3];
    } data;
    input_rule rule;
    ASSERT_OK(input_rule_parse("127.5,100,0", "1/127.5", &rule));
    const double means[] = {127.5, 100, 0};
    tsr_io io = picture_input(TSR_F32, true);
    ASSERT_OK(input_load(FOLDER "rgb.png", &io, &rule, &data));
    for (int i = 0; i < 16 * 24 * 3; i++)
        ASSERT(fabs((double)data.f32[i] - (want.data[i] - means[i % 3]) / 127.5) < 1e-6);
    io = picture_input(TSR_I8, true);
    io.scale = 0.02F;
    io.zero_point = 5;
    ASSERT_OK(input_load(FOLDER "rgb.png", &io, &rule, &data));
    for (int i = 0; i < 16 * 24 * 3; i++) {
        double q = (want.data[i] - means[i % 3]) / 127.5 / (double)0.02F + 5;
        ASSERT(fabs(data.i8[i] - q) < 0.5001);
    }
    free(file.bytes);
    static const char *const wrong[] = {"", "x", "1/", "1/0", "1,2", "1,2,3,4", "1,2,", "nan", "inf", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ASSERT_EQ(TSR_INVALID_ARGUMENT, input_rule_parse(wrong[i], NULL, &rule).code);
    PASS();
}

TEST a_picture_for_an_input_that_takes_none_is_refused(void) {
    tsr_io io = {.name = "features", .dtype = TSR_F32, .rank = 2, .shape = {1, 640}, .bytes = 2560};
    float data[640];
    input_rule rule;
    ASSERT_OK(input_rule_parse(NULL, NULL, &rule));
    tsr_status status = input_load(FOLDER "rgb.png", &io, &rule, data);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("features", status.message);
    ASSERT_STR_CONTAINS("[1,640]", status.message);
    PASS();
}

// ---- .npy -----------------------------------------------------------------------------------------------------------------

static const char *temporary(void) {
    static char path[64];
    snprintf(path, sizeof path, "/tmp/test_cli_files.%ld.npy", (long)getpid());
    return path;
}

TEST arrays_of_every_type_and_rank_survive_a_round_trip(void) {
    uint8_t data[2 * 3 * 4 * 8];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + 1);
    for (int dtype = TSR_I8; dtype < TSR_DTYPE_COUNT; dtype++)
        for (uint32_t rank = 0; rank <= 4; rank++) {
            npy_array array = {.dtype = (tsr_dtype)dtype, .rank = rank, .shape = {rank == 4 ? 1 : 2, 3, 4, 2}, .data = data};
            array.bytes = tsr_dtype_size(array.dtype);
            for (uint32_t i = 0; i < rank; i++)
                array.bytes *= array.shape[i];
            ASSERT_OK(npy_write(temporary(), &array));
            loaded file = load(temporary());
            ASSERT_EQ(0U, (file.size - array.bytes) % 64); // data are aligned
            npy_array back;
            ASSERT_OK(npy_parse(file.bytes, file.size, "back.npy", &back));
            ASSERT_EQ(array.dtype, back.dtype);
            ASSERT_EQ(array.rank, back.rank);
            ASSERT_MEM_EQ(array.shape, back.shape, rank * sizeof array.shape[0]);
            ASSERT_EQ(array.bytes, back.bytes);
            ASSERT_MEM_EQ(array.data, back.data, array.bytes);
            free(file.bytes);
        }
    unlink(temporary());
    PASS();
}

TEST arrays_that_numpy_wrote_are_read(void) {
    loaded file = load("models/digits/test_images.npy");
    npy_array array;
    ASSERT_OK(npy_parse(file.bytes, file.size, "test_images.npy", &array));
    const uint32_t shape[] = {360, 8, 8, 1};
    ASSERT_EQ(TSR_U8, array.dtype);
    ASSERT_EQ(4U, array.rank);
    ASSERT_MEM_EQ(shape, array.shape, sizeof shape);
    free(file.bytes);
    PASS();
}

static tsr_status parse_header(const char *dict, size_t data_bytes) {
    size_t length = strlen(dict), size = 10 + length + data_bytes;
    uint8_t *bytes = calloc(1, size);
    if (bytes == NULL)
        abort();
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (uint8_t)length;
    bytes[9] = (uint8_t)(length >> 8);
    memcpy(bytes + 10, dict, length);
    npy_array array;
    tsr_status status = npy_parse(bytes, size, "made.npy", &array);
    free(bytes);
    return status;
}

TEST headers_that_mean_something_else_are_refused_with_what_is_wrong(void) {
    ASSERT_OK(parse_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 8));
    ASSERT_OK(parse_header("{\"shape\":(2),\"descr\":\"<f4\",\"fortran_order\":False}", 8));
    static const struct {
        const char *dict, *message;
        tsr_code code;
    } wrong[] = {
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", "fortran_order", TSR_UNSUPPORTED},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", ">f4", TSR_UNSUPPORTED},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "<c8", TSR_UNSUPPORTED},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "|O", TSR_UNSUPPORTED},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "a quoted text", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "promises 12 bytes", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "promises 4 bytes", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967295,4294967295,4294967295), }", "2^64", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,), }", "2^32", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "a number", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }", "dimensions", TSR_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False}", "descr, fortran_order and shape", TSR_CORRUPT},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "once each", TSR_CORRUPT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "nothing after", TSR_CORRUPT},
        {"", "'{'", TSR_CORRUPT},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tsr_status status = parse_header(wrong[i].dict, 8);
        ASSERT_STR_CONTAINS(wrong[i].message, status.message);
        ASSERT_STR_CONTAINS("made.npy", status.message);
        ASSERT_EQ(wrong[i].code, status.code);
    }
    PASS();
}

TEST every_truncation_and_flipped_bit_of_an_array_is_read_or_refused(void) {
    loaded file = load(FOLDER "grey.npy");
    npy_array array;
    for (size_t size = 0; size < file.size; size++) {
        uint8_t *cut = copy_of(file.bytes, size);
        ASSERT_NEQ(TSR_OK, npy_parse(cut, size, "cut.npy", &array).code);
        ASSERT_EQ(NULL, array.data);
        free(cut);
    }
    for (size_t bit = 0; bit < file.size * 8; bit++) {
        uint8_t *damaged = copy_of(file.bytes, file.size);
        damaged[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        if (npy_parse(damaged, file.size, "damaged.npy", &array).code == TSR_OK)
            ASSERT(array.data >= damaged && array.data + array.bytes == damaged + file.size);
        free(damaged);
    }
    free(file.bytes);
    PASS();
}

TEST an_array_of_another_type_or_shape_than_the_input_is_refused_with_both(void) {
    float data[64];
    npy_array array = {.dtype = TSR_F32, .rank = 3, .shape = {1, 8, 8}, .data = (const uint8_t *)data, .bytes = sizeof data};
    memset(data, 0, sizeof data);
    ASSERT_OK(npy_write(temporary(), &array));
    tsr_io io = {.name = "x", .dtype = TSR_F32, .rank = 4, .shape = {1, 1, 8, 8}, .bytes = sizeof data};
    input_rule rule;
    ASSERT_OK(input_rule_parse(NULL, NULL, &rule));
    ASSERT_OK(input_load(temporary(), &io, &rule, data)); // an extent of 1 in front may be missing
    io.shape[2] = 4;
    io.shape[3] = 16;
    tsr_status status = input_load(temporary(), &io, &rule, data);
    ASSERT_EQ(TSR_MISMATCH, status.code);
    ASSERT_STR_CONTAINS("float32 [1,8,8]", status.message);
    ASSERT_STR_CONTAINS("[1,1,4,16]", status.message);
    io.dtype = TSR_I32;
    ASSERT_EQ(TSR_MISMATCH, input_load(temporary(), &io, &rule, data).code);
    unlink(temporary());
    PASS();
}

// ---- files ----------------------------------------------------------------------------------------------------------------

TEST a_file_that_cannot_be_written_leaves_nothing_behind(void) {
    const file_part part = {"text", 4};
    tsr_status status = file_write("/nonexistent/folder/out.npy", &part, 1);
    ASSERT_NEQ(TSR_OK, status.code);
    ASSERT_STR_CONTAINS("/nonexistent/folder/out.npy", status.message);
    ASSERT_NEQ(0, access("/nonexistent", F_OK));
    PASS();
}

TEST a_file_over_the_limit_and_a_folder_are_refused(void) {
    uint8_t *bytes;
    size_t size;
    ASSERT_EQ(TSR_UNSUPPORTED, file_read(FOLDER "rgb.bmp", 100, &bytes, &size).code);
    ASSERT_EQ(NULL, bytes);
    ASSERT_EQ(TSR_IO, file_read("models", LIMIT, &bytes, &size).code);
    ASSERT_EQ(TSR_NOT_FOUND, file_read("models/none", LIMIT, &bytes, &size).code);
    PASS();
}

SUITE(pictures) {
    RUN_TEST(every_sample_decodes_to_its_recorded_pixels);
    RUN_TEST(a_top_down_bitmap_is_not_turned_over);
    RUN_TEST(every_truncation_of_a_picture_is_an_error_that_names_it);
    RUN_TEST(every_flipped_bit_of_a_picture_gives_pixels_or_an_error);
    RUN_TEST(a_picture_that_promises_more_pixels_than_it_can_hold_is_refused_before_memory_is_taken);
    RUN_TEST(a_compressed_bitmap_is_refused_with_what_to_do);
}

SUITE(inputs) {
    RUN_TEST(resizing_takes_the_mean_of_the_box_behind_each_pixel);
    RUN_TEST(grey_and_colour_turn_into_each_other);
    RUN_TEST(pixels_keep_their_level_in_integer_inputs_and_become_shares_of_255_in_float_ones);
    RUN_TEST(mean_and_scale_give_real_values_that_integer_inputs_quantise);
    RUN_TEST(a_picture_for_an_input_that_takes_none_is_refused);
}

SUITE(arrays) {
    RUN_TEST(arrays_of_every_type_and_rank_survive_a_round_trip);
    RUN_TEST(arrays_that_numpy_wrote_are_read);
    RUN_TEST(headers_that_mean_something_else_are_refused_with_what_is_wrong);
    RUN_TEST(every_truncation_and_flipped_bit_of_an_array_is_read_or_refused);
    RUN_TEST(an_array_of_another_type_or_shape_than_the_input_is_refused_with_both);
}

SUITE(files) {
    RUN_TEST(a_file_that_cannot_be_written_leaves_nothing_behind);
    RUN_TEST(a_file_over_the_limit_and_a_folder_are_refused);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_SUITE(pictures);
    RUN_SUITE(inputs);
    RUN_SUITE(arrays);
    RUN_SUITE(files);
    GREATEST_MAIN_END();
}
