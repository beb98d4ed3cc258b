// SPDX-License-Identifier: Apache-2.0
// libpng reports errors by a jump: everything that lives across it sits in one struct, and nothing with an owner is left in
// local variables.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

enum { DEFLATE_RATIO = 1100, CHUNK_BYTES = 1 << 23, CHUNKS = 64 };

typedef struct reader {
    const char *file_name;
    const uint8_t *bytes;
    size_t at, size;
    png_structp png;
    png_infop info;
    png_bytep *rows;
    jmp_buf on_error;
    tsr_status status;
} reader;

static void fail(png_structp png, png_const_charp message) {
    reader *r = png_get_error_ptr(png);
    r->status = tsr_error(TSR_CORRUPT, "%s: byte %zu: broken PNG: %s", r->file_name, r->at, message);
    longjmp(r->on_error, 1); // NOLINT(cert-err52-cpp): the library's way
}

static void ignore_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
    reader *r = png_get_io_ptr(png);
    if (count > r->size - r->at)
        png_error(png, "the file ends early");
    memcpy(out, r->bytes + r->at, count);
    r->at += count;
}

static void decode(reader *r, image *out) {
    png_structp png = r->png;
    png_set_read_fn(png, r, read_bytes);
    png_set_user_limits(png, IMAGE_MAX_EXTENT, IMAGE_MAX_EXTENT);
    png_set_chunk_malloc_max(png, CHUNK_BYTES);
    png_set_chunk_cache_max(png, CHUNKS);
    png_read_info(png, r->info);
    png_byte colour = png_get_color_type(png, r->info);
    png_set_expand(png); // palettes and less than 8 bits
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, r->info);
    uint32_t width = png_get_image_width(png, r->info), height = png_get_image_height(png, r->info);
    uint32_t channels = (colour & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
    // A bit a pixel, deflated.
    r->status = image_alloc(r->file_name, width, height, channels, r->size, 8 * DEFLATE_RATIO, out);
    if (r->status.code != TSR_OK)
        return;
    if (png_get_rowbytes(png, r->info) != (size_t)width * channels)
        png_error(png, "rows of an unexpected size");
    r->rows = malloc(height * sizeof *r->rows);
    if (r->rows == NULL)
        png_error(png, "no memory");
    for (uint32_t y = 0; y < height; y++)
        r->rows[y] = out->pixels + (size_t)y * width * channels;
    png_read_image(png, r->rows);
    png_read_end(png, NULL);
}

tsr_status image_decode_png(const uint8_t *bytes, size_t size, const char *file_name, image *out_image) {
    memset(out_image, 0, sizeof *out_image);
    reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its decoder", file_name);
    *r = (reader){.file_name = file_name, .bytes = bytes, .size = size, .status = tsr_ok()};
    if (setjmp(r->on_error) == 0) { // NOLINT(cert-err52-cpp)
        r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, fail, ignore_warning);
        r->info = r->png != NULL ? png_create_info_struct(r->png) : NULL;
        if (r->info != NULL)
            decode(r, out_image);
        else
            r->status = tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its decoder", file_name);
    }
    tsr_status status = r->status;
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->rows);
    free(r);
    if (status.code != TSR_OK)
        image_free(out_image);
    return status;
}
