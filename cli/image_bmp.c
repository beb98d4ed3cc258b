// SPDX-License-Identifier: Apache-2.0
// Windows bitmaps: uncompressed, 1, 4 or 8 bits with a palette, 24 or 32 bits, bottom-up or top-down.
// Layout: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
#include <stdbool.h>
#include <string.h>

#include "image.h"

enum { FILE_HEADER = 14, INFO_HEADER = 40, BI_RGB = 0, BI_BITFIELDS = 3, PALETTE_ENTRY = 4 };

typedef struct bmp {
    const char *file_name;
    const uint8_t *bytes;
    size_t size;
    uint32_t width, height, bits, colours;
    bool top_down, grey;
    size_t palette, data; // offsets
} bmp;

static uint32_t u16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const uint8_t *p) { return u16(p) | u16(p + 2) << 16; }

static tsr_status check_masks(const bmp *b) {
    // The masks follow the 40-byte header, or are its next fields: the same place.
    const uint8_t *masks = b->bytes + FILE_HEADER + INFO_HEADER;
    if (b->size < FILE_HEADER + INFO_HEADER + 12)
        return tsr_error(TSR_CORRUPT, "%s: ends after %zu bytes, inside the header", b->file_name, b->size);
    if (b->bits != 32 || u32(masks) != 0xff0000 || u32(masks + 4) != 0xff00 || u32(masks + 8) != 0xff)
        return tsr_error(TSR_UNSUPPORTED, "%s: byte 54: unusual colour masks; save it as a 24-bit BMP or as PNG", b->file_name);
    return tsr_ok();
}

static tsr_status read_palette(bmp *b, uint32_t info_bytes, uint32_t colours) {
    uint32_t most = 1U << b->bits;
    b->colours = colours == 0 || colours > most ? most : colours;
    b->palette = FILE_HEADER + (size_t)info_bytes;
    if (b->palette > b->size || (b->size - b->palette) / PALETTE_ENTRY < b->colours)
        return tsr_error(TSR_CORRUPT, "%s: byte %zu: a palette of %u colours in a file of %zu bytes", b->file_name, b->palette,
                         b->colours, b->size);
    b->grey = true;
    for (uint32_t i = 0; i < b->colours; i++) {
        const uint8_t *p = b->bytes + b->palette + (size_t)i * PALETTE_ENTRY;
        b->grey = b->grey && p[0] == p[1] && p[1] == p[2];
    }
    return tsr_ok();
}

static tsr_status read_header(bmp *b) {
    const uint8_t *p = b->bytes;
    if (b->size < FILE_HEADER + INFO_HEADER)
        return tsr_error(TSR_CORRUPT, "%s: ends after %zu bytes, inside the header", b->file_name, b->size);
    uint32_t info_bytes = u32(p + 14), width = u32(p + 18), height = u32(p + 22), compression = u32(p + 30);
    if (info_bytes < INFO_HEADER || info_bytes > 256)
        return tsr_error(TSR_UNSUPPORTED, "%s: byte 14: a BMP header of %u bytes; those of 40 and more are read", b->file_name,
                         info_bytes);
    b->data = u32(p + 10);
    b->bits = u16(p + 28);
    b->top_down = height >= 0x80000000U;
    b->width = width;
    b->height = b->top_down ? 0U - height : height;
    if (u16(p + 26) != 1)
        return tsr_error(TSR_CORRUPT, "%s: byte 26: %u colour planes instead of 1", b->file_name, u16(p + 26));
    if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 24 && b->bits != 32)
        return tsr_error(TSR_UNSUPPORTED, "%s: byte 28: %u bits a pixel; 1, 4, 8, 24 and 32 are read", b->file_name, b->bits);
    if (compression == BI_BITFIELDS)
        TSR_TRY(check_masks(b));
    else if (compression != BI_RGB)
        return tsr_error(TSR_UNSUPPORTED, "%s: byte 30: compressed (method %u); save it uncompressed or as PNG", b->file_name,
                         compression);
    if (b->bits <= 8)
        TSR_TRY(read_palette(b, info_bytes, u32(p + 46)));
    if (b->data < FILE_HEADER + (size_t)info_bytes || b->data > b->size)
        return tsr_error(TSR_CORRUPT, "%s: byte 10: pixels at %zu in a file of %zu bytes", b->file_name, b->data, b->size);
    return tsr_ok();
}

static tsr_status read_row(const bmp *b, const uint8_t *row, uint32_t y, const image *to) {
    uint8_t *out = to->pixels + (size_t)y * to->width * to->channels;
    for (uint32_t x = 0; x < b->width; x++) {
        const uint8_t *p;
        if (b->bits <= 8) {
            uint32_t first = x * b->bits;
            uint32_t index = row[first / 8] >> (8 - b->bits - first % 8) & ((1U << b->bits) - 1);
            if (index >= b->colours)
                return tsr_error(TSR_CORRUPT, "%s: byte %zu: colour %u of a palette of %u", b->file_name,
                                 (size_t)(row - b->bytes) + first / 8, index, b->colours);
            p = b->bytes + b->palette + (size_t)index * PALETTE_ENTRY;
        } else {
            p = row + (size_t)x * (b->bits / 8);
        }
        if (to->channels == 1) {
            *out++ = p[0];
        } else {
            *out++ = p[2];
            *out++ = p[1];
            *out++ = p[0];
        }
    }
    return tsr_ok();
}

tsr_status image_decode_bmp(const uint8_t *bytes, size_t size, const char *file_name, image *out_image) {
    memset(out_image, 0, sizeof *out_image);
    bmp b = {.file_name = file_name, .bytes = bytes, .size = size};
    TSR_TRY(read_header(&b));
    TSR_TRY(image_alloc(file_name, b.width, b.height, b.grey ? 1 : 3, size, 8, out_image));
    size_t stride = ((size_t)b.width * b.bits + 31) / 32 * 4; // rows end at a multiple of 4 bytes
    if (b.height > (size - b.data) / stride)
        return tsr_error(TSR_CORRUPT, "%s: byte %zu: %u rows of %zu bytes do not fit the file's %zu bytes", file_name, b.data,
                         b.height, stride, size);
    for (uint32_t y = 0; y < b.height; y++)
        TSR_TRY(read_row(&b, bytes + b.data + stride * (b.top_down ? y : b.height - 1 - y), y, out_image));
    return tsr_ok();
}
