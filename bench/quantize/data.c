// SPDX-License-Identifier: Apache-2.0
#include "data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "image.h"
#include "npy.h"

enum { FILE_LIMIT = 1 << 26, DIGITS_FOR_CALIBRATION = 100, PIECES = 400, PIECES_FOR_CALIBRATION = 100, LOW = 224, SCALE = 3 };
enum { LUMINANCE_PIECES = 8 };

void data_free(data_set *data) {
    free(data->pictures);
    free(data->labels);
    free(data->truth);
    memset(data, 0, sizeof *data);
}

static tsr_status make(uint32_t count, uint32_t calibration, uint32_t height, uint32_t width, uint32_t channels, data_set *out) {
    *out = (data_set){count, calibration, height, width, channels, NULL, NULL, NULL, 0, 0};
    out->pictures = calloc((size_t)count * height * width * channels, sizeof(float));
    return out->pictures != NULL ? tsr_ok() : tsr_error(TSR_OUT_OF_MEMORY, "no memory for %u pictures", (unsigned)count);
}

static float *picture(const data_set *data, uint32_t i) {
    return data->pictures + (size_t)i * data->height * data->width * data->channels;
}

// ---- digits ------------------------------------------------------------------------------------------------------------

static tsr_status load_bytes(const char *path, uint8_t **out_file, npy_array *out_array) {
    size_t size;
    TSR_TRY(file_read(path, FILE_LIMIT, out_file, &size));
    TSR_TRY(npy_parse(*out_file, size, path, out_array));
    return out_array->dtype == TSR_U8 ? tsr_ok() : tsr_error(TSR_MISMATCH, "%s: not uint8", path);
}

static float bilinear(const uint8_t *from, int side, float y, float x) {
    const int y0 = y < 0 ? 0 : (int)y, x0 = x < 0 ? 0 : (int)x, y1 = y0 + 1 < side ? y0 + 1 : y0,
              x1 = x0 + 1 < side ? x0 + 1 : x0;
    const float fy = y < 0 ? 0 : y - (float)y0, fx = x < 0 ? 0 : x - (float)x0;
    const float above = (float)from[y0 * side + x0] * (1 - fx) + (float)from[y0 * side + x1] * fx;
    const float below = (float)from[y1 * side + x0] * (1 - fx) + (float)from[y1 * side + x1] * fx;
    return above * (1 - fy) + below * fy;
}

static void enlarge(const uint8_t *from, float *to) {
    enum { INNER = 20, OUTER = 28, BORDER = (OUTER - INNER) / 2, SIDE = 8 };
    for (int y = 0; y < INNER; y++)
        for (int x = 0; x < INNER; x++)
            to[(y + BORDER) * OUTER + x + BORDER] =
                bilinear(from, SIDE, ((float)y + 0.5f) * SIDE / INNER - 0.5f, ((float)x + 0.5f) * SIDE / INNER - 0.5f);
}

static tsr_status fill_digits(bool large, const npy_array *images, const npy_array *labels, data_set *out) {
    const uint32_t side = large ? 28 : 8, count = labels->shape[0];
    if (images->rank != 4 || images->shape[0] != count || images->bytes != 64 * (size_t)count)
        return tsr_error(TSR_MISMATCH, "models/digits: pictures and labels do not fit each other");
    TSR_TRY(make(count, DIGITS_FOR_CALIBRATION, side, side, 1, out));
    out->labels = malloc(count);
    if (out->labels == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for labels");
    memcpy(out->labels, labels->data, count);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *from = images->data + 64 * (size_t)i;
        if (large)
            enlarge(from, picture(out, i));
        for (uint32_t k = 0; k < 64 && !large; k++)
            picture(out, i)[k] = (float)from[k] / 255;
    }
    return tsr_ok();
}

static tsr_status digits(bool large, data_set *out) {
    uint8_t *image_file = NULL, *label_file = NULL;
    npy_array images, labels;
    memset(out, 0, sizeof *out);
    tsr_status status = load_bytes("models/digits/test_images.npy", &image_file, &images);
    if (status.code == TSR_OK)
        status = load_bytes("models/digits/test_labels.npy", &label_file, &labels);
    if (status.code == TSR_OK)
        status = fill_digits(large, &images, &labels, out);
    free(image_file);
    free(label_file);
    return status;
}

tsr_status data_digits(data_set *out_data) { return digits(false, out_data); }
tsr_status data_large_digits(data_set *out_data) { return digits(true, out_data); }

// ---- photographs -------------------------------------------------------------------------------------------------------

static tsr_status load_photographs(const char *folder, image photographs[2]) {
    static const char *const names[2] = {"cat.bmp", "grace_hopper.bmp"};
    memset(photographs, 0, 2 * sizeof *photographs);
    for (int i = 0; i < 2; i++) {
        char path[1024];
        uint8_t *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        TSR_TRY(file_read(path, FILE_LIMIT, &bytes, &size));
        image decoded;
        tsr_status status = image_decode(bytes, size, path, &decoded);
        free(bytes);
        TSR_TRY(status);
        status = image_to_channels(&decoded, 3, &photographs[i]);
        image_free(&decoded);
        TSR_TRY(status);
    }
    return tsr_ok();
}

// A square of the photograph, box-filtered to side x side.
static tsr_status cut(const image *from, uint32_t extent, uint32_t top, uint32_t left, uint32_t side, image *out) {
    image piece = {extent, extent, 3, malloc((size_t)extent * extent * 3)};
    if (piece.pixels == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a piece");
    for (uint32_t y = 0; y < extent; y++)
        memcpy(piece.pixels + (size_t)y * extent * 3, from->pixels + ((size_t)(top + y) * from->width + left) * 3,
               (size_t)extent * 3);
    tsr_status status = image_resize(&piece, side, side, out);
    image_free(&piece);
    return status;
}

static uint32_t next(uint32_t *state, uint32_t below) {
    *state = *state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)*state * below >> 32);
}

static tsr_status random_piece(const image photographs[2], uint32_t i, uint32_t *state, uint32_t side, image *out) {
    static const uint32_t extents[] = {32, 64, 128, 224, 300};
    const image *from = &photographs[i % 2];
    const uint32_t extent = extents[next(state, 5)];
    const uint32_t top = next(state, from->height - extent + 1), left = next(state, from->width - extent + 1);
    return cut(from, extent, top, left, side, out);
}

static float luminance(const uint8_t *rgb) { // ITU-R BT.601
    return (0.299f * (float)rgb[0] + 0.587f * (float)rgb[1] + 0.114f * (float)rgb[2]) / 255;
}

static tsr_status fill_pieces(const image photographs[2], data_set *out) {
    uint32_t state = 1;
    TSR_TRY(make(PIECES, PIECES_FOR_CALIBRATION, 32, 32, 3, out));
    for (uint32_t i = 0; i < PIECES; i++) {
        image piece;
        TSR_TRY(random_piece(photographs, i, &state, 32, &piece));
        for (uint32_t k = 0; k < 32 * 32 * 3; k++)
            picture(out, i)[k] = piece.pixels[k];
        image_free(&piece);
    }
    return tsr_ok();
}

static tsr_status photographs_into(const char *folder, tsr_status (*fill)(const image photographs[2], data_set *),
                                   data_set *out_data) {
    image photographs[2];
    memset(out_data, 0, sizeof *out_data);
    tsr_status status = load_photographs(folder, photographs);
    if (status.code == TSR_OK)
        status = fill(photographs, out_data);
    image_free(&photographs[0]);
    image_free(&photographs[1]);
    return status;
}

tsr_status data_pieces(const char *folder, data_set *out_data) { return photographs_into(folder, fill_pieces, out_data); }

// The mean of each SCALE x SCALE block, in steps of 1/255, as a camera of a third of the resolution would have seen it.
static void shrink(const image *from, data_set *data, uint32_t at) {
    const uint32_t rows = from->height / SCALE < LOW ? from->height / SCALE : LOW;
    const uint32_t columns = from->width / SCALE < LOW ? from->width / SCALE : LOW;
    float *low = picture(data, at), *truth = data->truth + (size_t)at * data->truth_height * data->truth_width;
    for (size_t i = 0; i < (size_t)data->truth_height * data->truth_width; i++)
        truth[i] = NAN; // outside of the photograph: not compared
    for (uint32_t y = 0; y < LOW; y++)
        for (uint32_t x = 0; x < LOW; x++) {
            const uint32_t fy = y < rows ? y : rows - 1, fx = x < columns ? x : columns - 1;
            float sum = 0;
            for (uint32_t dy = 0; dy < SCALE; dy++)
                for (uint32_t dx = 0; dx < SCALE; dx++) {
                    const size_t pixel = (size_t)(fy * SCALE + dy) * from->width + fx * SCALE + dx;
                    const float real = luminance(from->pixels + 3 * pixel);
                    sum += real;
                    if (y < rows && x < columns)
                        truth[(size_t)(y * SCALE + dy) * data->truth_width + x * SCALE + dx] = real;
                }
            low[y * LOW + x] = roundf(sum / (SCALE * SCALE) * 255) / 255;
        }
}

static tsr_status fill_luminance(const image photographs[2], data_set *out) {
    uint32_t state = 2;
    TSR_TRY(make(LUMINANCE_PIECES + 2, LUMINANCE_PIECES, LOW, LOW, 1, out));
    out->truth_height = out->truth_width = LOW * SCALE;
    out->truth = calloc((size_t)out->count * out->truth_height * out->truth_width, sizeof(float));
    if (out->truth == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for pictures");
    for (uint32_t i = 0; i < LUMINANCE_PIECES; i++) {
        image piece;
        TSR_TRY(random_piece(photographs, i, &state, LOW, &piece));
        for (uint32_t k = 0; k < LOW * LOW; k++)
            picture(out, i)[k] = luminance(piece.pixels + 3 * (size_t)k);
        image_free(&piece);
    }
    for (uint32_t i = 0; i < 2; i++)
        shrink(&photographs[i], out, LUMINANCE_PIECES + i);
    return tsr_ok();
}

tsr_status data_luminance(const char *folder, data_set *out_data) { return photographs_into(folder, fill_luminance, out_data); }
