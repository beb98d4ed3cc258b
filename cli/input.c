// SPDX-License-Identifier: Apache-2.0
#include "input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "image.h"
#include "npy.h"

enum { FILE_LIMIT = 1 << 30 };

// ---- how pixels become numbers ----------------------------------------------------------------------------------------

static bool parse_number(const char **text, double *out) {
    char *end;
    *out = strtod(*text, &end);
    if (end == *text)
        return false;
    if (*end == '/') {
        const char *below = end + 1;
        double divisor = strtod(below, &end);
        if (end == below || divisor == 0)
            return false;
        *out /= divisor;
    }
    *text = end;
    return isfinite(*out);
}

static tsr_status parse_numbers(const char *option, const char *text, double numbers[INPUT_MAX_CHANNELS], unsigned *count) {
    const char *at = text;
    for (*count = 0; *count < INPUT_MAX_CHANNELS;) {
        if (!parse_number(&at, &numbers[(*count)++]))
            break;
        if (*at == '\0' && (*count == 1 || *count == INPUT_MAX_CHANNELS))
            return tsr_ok();
        if (*at++ != ',')
            break;
    }
    return tsr_error(TSR_INVALID_ARGUMENT,
                     "%s takes a number such as 127.5 or 1/255, or three with commas between them, not \"%.60s\"", option, text);
}

tsr_status input_rule_parse(const char *mean, const char *scale, input_rule *out_rule) {
    memset(out_rule, 0, sizeof *out_rule);
    input_rule rule = {.set = mean != NULL || scale != NULL, .channels = 1};
    unsigned means = 1, scales = 1;
    rule.scale[0] = 1.0 / 255.0;
    if (mean != NULL)
        TSR_TRY(parse_numbers("--mean", mean, rule.mean, &means));
    if (scale != NULL)
        TSR_TRY(parse_numbers("--scale", scale, rule.scale, &scales));
    rule.channels = means > scales ? means : scales;
    for (unsigned c = 1; c < rule.channels; c++) {
        if (means == 1)
            rule.mean[c] = rule.mean[0];
        if (scales == 1)
            rule.scale[c] = rule.scale[0];
    }
    *out_rule = rule;
    return tsr_ok();
}

static int32_t quantise(double real, const tsr_io *io, int32_t lo, int32_t hi) {
    double q = nearbyint(real / (double)io->scale) + io->zero_point;
    return q < lo ? lo : q > hi ? hi : (int32_t)q;
}

static void store_pixel(const tsr_io *io, const input_rule *rule, uint32_t channel, uint8_t pixel, void *data, size_t index) {
    unsigned c = rule->channels == 1 ? 0 : channel;
    double real = rule->set ? (pixel - rule->mean[c]) * rule->scale[c] : pixel / 255.0;
    if (io->dtype == TSR_F32)
        ((float *)data)[index] = (float)real;
    else if (io->dtype == TSR_U8)
        ((uint8_t *)data)[index] = rule->set ? (uint8_t)quantise(real, io, 0, 255) : pixel;
    else
        ((int8_t *)data)[index] = rule->set ? (int8_t)quantise(real, io, -128, 127) : (int8_t)(pixel - 128);
}

// ---- pictures -----------------------------------------------------------------------------------------------------------

typedef struct picture_shape {
    uint32_t height, width, channels;
} picture_shape;

static tsr_status shape_of(const char *path, const tsr_io *io, picture_shape *out) {
    uint32_t extents[3] = {0}; // without the batch
    bool fits = (io->rank == 4 && io->shape[0] == 1) || io->rank == 3;
    for (uint32_t i = 0; fits && i < 3; i++)
        extents[i] = io->shape[io->rank - 3 + i];
    *out = io->channels_last ? (picture_shape){extents[0], extents[1], extents[2]}
                             : (picture_shape){extents[1], extents[2], extents[0]};
    if (!fits || (out->channels != 1 && out->channels != 3))
        return tsr_error(
            TSR_MISMATCH,
            "%s: is a picture, but input %s takes %s %s, which is none (one picture, 1 or 3 channels); give a .npy file", path,
            io->name, tsr_dtype_name(io->dtype), shape_text(io->rank, io->shape));
    if (io->dtype != TSR_F32 && io->dtype != TSR_U8 && io->dtype != TSR_I8)
        return tsr_error(TSR_MISMATCH,
                         "%s: is a picture, but input %s takes %s; pictures become float32, uint8 or int8; give a .npy file",
                         path, io->name, tsr_dtype_name(io->dtype));
    return tsr_ok();
}

static void store_picture(const tsr_io *io, const input_rule *rule, const image *picture, void *data) {
    size_t plane = (size_t)picture->width * picture->height;
    for (size_t i = 0; i < plane; i++)
        for (uint32_t c = 0; c < picture->channels; c++)
            store_pixel(io, rule, c, picture->pixels[i * picture->channels + c], data,
                        io->channels_last ? i * picture->channels + c : c * plane + i);
}

static tsr_status load_picture(const uint8_t *bytes, size_t size, const char *path, const tsr_io *io, const input_rule *rule,
                               void *data) {
    picture_shape shape;
    TSR_TRY(shape_of(path, io, &shape));
    if (rule->set && io->dtype != TSR_F32 && io->scale == 0)
        return tsr_error(TSR_MISMATCH, "--mean and --scale: input %s is %s without a quantisation; leave them out", io->name,
                         tsr_dtype_name(io->dtype));
    image decoded = {0}, coloured = {0}, resized = {0};
    tsr_status status = image_decode(bytes, size, path, &decoded);
    if (status.code == TSR_OK)
        status = tsr_annotate(image_to_channels(&decoded, shape.channels, &coloured), "%s", path);
    if (status.code == TSR_OK)
        status = tsr_annotate(image_resize(&coloured, shape.width, shape.height, &resized), "%s", path);
    if (status.code == TSR_OK)
        store_picture(io, rule, &resized, data);
    image_free(&decoded);
    image_free(&coloured);
    image_free(&resized);
    return status;
}

void input_from_pixels(const uint8_t *pixels, const tsr_io *io, bool other_layout, const input_rule *rule, void *data) {
    const size_t elements = io->bytes / sizeof(float);
    const uint32_t channels = io->rank == 4 ? io->shape[io->channels_last ? 3 : 1] : 1;
    const size_t plane = io->rank == 4 ? elements / io->shape[0] / channels : 1, picture = plane * channels;
    for (size_t i = 0; i < elements; i++) {
        const size_t in = i % picture;
        const size_t channel = io->channels_last ? in % channels : in / plane,
                     at = io->channels_last ? in / channels : in % plane;
        const size_t from = io->channels_last ? channel * plane + at : at * channels + channel;
        store_pixel(io, rule, (uint32_t)channel, pixels[other_layout ? i - in + from : i], data, i);
    }
}

// ---- tensors ------------------------------------------------------------------------------------------------------------

// Equal, but for extents of 1 in front.
static bool same_shape(const npy_array *array, const tsr_io *io) {
    uint32_t a = 0, b = 0;
    while (array->rank - a > io->rank && array->shape[a] == 1)
        a++;
    while (io->rank - b > array->rank - a && io->shape[b] == 1)
        b++;
    return array->rank - a == io->rank - b && memcmp(array->shape + a, io->shape + b, (io->rank - b) * sizeof io->shape[0]) == 0;
}

static tsr_status load_npy(const uint8_t *bytes, size_t size, const char *path, const tsr_io *io, void *data) {
    npy_array array;
    TSR_TRY(npy_parse(bytes, size, path, &array));
    if (array.dtype != io->dtype || !same_shape(&array, io) || array.bytes != io->bytes)
        return tsr_error(TSR_MISMATCH, "%s: holds %s %s, but input %s takes %s %s; convert it to that type and shape first", path,
                         tsr_dtype_name(array.dtype), shape_text(array.rank, array.shape), io->name, tsr_dtype_name(io->dtype),
                         shape_text(io->rank, io->shape));
    memcpy(data, array.data, array.bytes);
    return tsr_ok();
}

tsr_status input_load(const char *path, const tsr_io *io, const input_rule *rule, void *data) {
    uint8_t *bytes;
    size_t size;
    TSR_TRY(file_read(path, FILE_LIMIT, &bytes, &size));
    tsr_status status;
    if (npy_is(bytes, size))
        status = load_npy(bytes, size, path, io, data);
    else if (image_kind_of(bytes, size) != IMAGE_NONE)
        status = load_picture(bytes, size, path, io, rule, data);
    else
        status = tsr_error(TSR_UNSUPPORTED, "%s: neither a .npy file nor a PNG, JPEG or BMP picture", path);
    free(bytes);
    return status;
}
