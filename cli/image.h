// SPDX-License-Identifier: Apache-2.0
// Pictures: PNG (libpng), JPEG (libjpeg), BMP (image_bmp.c). Files are untrusted: sizes are checked against the file's length
// before memory is allocated, and every error names the file and, where it is known, the offset.
#ifndef IMAGE_H
#define IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "tsr/status.h"

// 8-bit samples, rows from the top, channels together; 1 channel (grey) or 3 (red, green, blue).
typedef struct image {
    uint32_t width, height, channels;
    uint8_t *pixels; // owned; image_free
} image;

enum { IMAGE_MAX_EXTENT = 32768, IMAGE_MAX_PIXELS = 1 << 26 };

typedef enum { IMAGE_NONE, IMAGE_PNG, IMAGE_JPEG, IMAGE_BMP } image_kind;
image_kind image_kind_of(const uint8_t *bytes, size_t size); // by the first bytes

// 16-bit samples are scaled to 8, palettes looked up, transparency is ignored.
tsr_status image_decode(const uint8_t *bytes, size_t size, const char *file_name, image *out_image);
void image_free(image *picture);

// Grey from colour is (299 R + 587 G + 114 B + 500) / 1000; colour from grey repeats it. channels is 1 or 3.
tsr_status image_to_channels(const image *from, uint32_t channels, image *out_image);

// Integer box filter: output pixel (y, x) is the mean of the source pixels of rows y * H / h up to but not including
// max((y + 1) * H / h, y * H / h + 1), and of columns likewise, as (sum + n / 2) / n; all divisions are of integers.
tsr_status image_resize(const image *from, uint32_t width, uint32_t height, image *out_image);

// ---- for the decoders -----------------------------------------------------------------------------------------------

// Checks the extents, and that a file of file_size bytes can hold that many pixels when a byte of it stands for at most
// pixels_per_byte; then allocates.
tsr_status image_alloc(const char *file_name, uint64_t width, uint64_t height, uint32_t channels, size_t file_size,
                       uint32_t pixels_per_byte, image *out_image);
tsr_status image_decode_png(const uint8_t *bytes, size_t size, const char *file_name, image *out_image);
tsr_status image_decode_jpeg(const uint8_t *bytes, size_t size, const char *file_name, image *out_image);
tsr_status image_decode_bmp(const uint8_t *bytes, size_t size, const char *file_name, image *out_image);

#endif
