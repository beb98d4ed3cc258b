// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include <stdlib.h>
#include <string.h>

image_kind image_kind_of(const uint8_t *bytes, size_t size) {
    if (size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0)
        return IMAGE_PNG;
    if (size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0)
        return IMAGE_JPEG;
    return size >= 2 && memcmp(bytes, "BM", 2) == 0 ? IMAGE_BMP : IMAGE_NONE;
}

tsr_status image_decode(const uint8_t *bytes, size_t size, const char *file_name, image *out_image) {
    memset(out_image, 0, sizeof *out_image);
    tsr_status status;
    switch (image_kind_of(bytes, size)) {
    case IMAGE_PNG: status = image_decode_png(bytes, size, file_name, out_image); break;
    case IMAGE_JPEG: status = image_decode_jpeg(bytes, size, file_name, out_image); break;
    case IMAGE_BMP: status = image_decode_bmp(bytes, size, file_name, out_image); break;
    default: return tsr_error(TSR_UNSUPPORTED, "%s: not a PNG, JPEG or BMP picture", file_name);
    }
    if (status.code != TSR_OK)
        image_free(out_image);
    return status;
}

void image_free(image *picture) {
    free(picture->pixels);
    memset(picture, 0, sizeof *picture);
}

tsr_status image_alloc(const char *file_name, uint64_t width, uint64_t height, uint32_t channels, size_t file_size,
                       uint32_t pixels_per_byte, image *out_image) {
    memset(out_image, 0, sizeof *out_image);
    if (width == 0 || height == 0)
        return tsr_error(TSR_CORRUPT, "%s: the header says %llu x %llu pixels", file_name, (unsigned long long)width,
                         (unsigned long long)height);
    if (width > IMAGE_MAX_EXTENT || height > IMAGE_MAX_EXTENT || width * height > IMAGE_MAX_PIXELS)
        return tsr_error(TSR_UNSUPPORTED, "%s: %llu x %llu pixels; pictures up to %d a side and %d million in all are read",
                         file_name, (unsigned long long)width, (unsigned long long)height, IMAGE_MAX_EXTENT,
                         IMAGE_MAX_PIXELS >> 20);
    if (width * height / pixels_per_byte > file_size)
        return tsr_error(TSR_CORRUPT, "%s: the header says %llu x %llu pixels, too many for a file of %zu bytes", file_name,
                         (unsigned long long)width, (unsigned long long)height, file_size);
    out_image->pixels = malloc((size_t)(width * height * channels));
    if (out_image->pixels == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for %llu x %llu pixels", file_name, (unsigned long long)width,
                         (unsigned long long)height);
    out_image->width = (uint32_t)width;
    out_image->height = (uint32_t)height;
    out_image->channels = channels;
    return tsr_ok();
}

tsr_status image_to_channels(const image *from, uint32_t channels, image *out_image) {
    size_t count = (size_t)from->width * from->height;
    *out_image = (image){from->width, from->height, channels, malloc(count * channels)};
    if (out_image->pixels == NULL) {
        image_free(out_image);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a picture");
    }
    if (channels == from->channels) {
        memcpy(out_image->pixels, from->pixels, count * channels);
    } else if (channels == 1) {
        for (size_t i = 0; i < count; i++) {
            const uint8_t *p = from->pixels + 3 * i;
            out_image->pixels[i] = (uint8_t)((299U * p[0] + 587U * p[1] + 114U * p[2] + 500U) / 1000U);
        }
    } else {
        for (size_t i = 0; i < count * channels; i++)
            out_image->pixels[i] = from->pixels[i / channels];
    }
    return tsr_ok();
}

// Source rows (or columns) [begin, end) of output row `index`.
typedef struct span {
    uint64_t begin, end;
} span;
static span box(uint32_t index, uint32_t source, uint32_t target) {
    uint64_t begin = (uint64_t)index * source / target, end = ((uint64_t)index + 1) * source / target;
    return (span){begin, end > begin ? end : begin + 1};
}

tsr_status image_resize(const image *from, uint32_t width, uint32_t height, image *out_image) {
    memset(out_image, 0, sizeof *out_image);
    if (width == 0 || height == 0 || width > IMAGE_MAX_EXTENT || height > IMAGE_MAX_EXTENT)
        return tsr_error(TSR_UNSUPPORTED, "a picture cannot be made %u x %u", width, height);
    *out_image = (image){width, height, from->channels, malloc((size_t)width * height * from->channels)};
    if (out_image->pixels == NULL) {
        image_free(out_image);
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a picture of %u x %u", width, height);
    }
    uint8_t *to = out_image->pixels;
    for (uint32_t y = 0; y < height; y++) {
        span rows = box(y, from->height, height);
        for (uint32_t x = 0; x < width; x++) {
            span columns = box(x, from->width, width);
            uint64_t n = (rows.end - rows.begin) * (columns.end - columns.begin);
            for (uint32_t c = 0; c < from->channels; c++) {
                uint64_t sum = 0;
                for (uint64_t r = rows.begin; r < rows.end; r++)
                    for (uint64_t k = columns.begin; k < columns.end; k++)
                        sum += from->pixels[(r * from->width + k) * from->channels + c];
                *to++ = (uint8_t)((sum + n / 2) / n);
            }
        }
    }
    return tsr_ok();
}
