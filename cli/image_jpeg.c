// SPDX-License-Identifier: Apache-2.0
// libjpeg reports errors by a jump, as libpng does. What it calls warnings (data that ends early or makes no sense) are
// errors here: a picture is right or refused.
#include <setjmp.h>
#include <stdio.h> // before jpeglib.h, which needs it
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "image.h"

// A block of 64 pixels costs at least one bit; a progressive file may go over the picture so many times.
enum { PIXELS_PER_BYTE = 8 * 64, MAX_SCANS = 200, MEMORY_LIMIT = 1 << 29 };

typedef struct reader {
    const char *file_name;
    size_t size;
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf on_error;
    tsr_status status;
} reader;

static void stop(j_common_ptr jpeg) {
    reader *r = jpeg->client_data;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    size_t at = r->jpeg.src != NULL && r->jpeg.src->bytes_in_buffer <= r->size ? r->size - r->jpeg.src->bytes_in_buffer : r->size;
    r->status = tsr_error(TSR_CORRUPT, "%s: near byte %zu: broken JPEG: %s", r->file_name, at, message);
    longjmp(r->on_error, 1); // NOLINT(cert-err52-cpp): the library's way
}

static void stop_at_warning(j_common_ptr jpeg, int level) {
    if (level < 0)
        stop(jpeg);
}

static void say_nothing(j_common_ptr jpeg) { (void)jpeg; }

static void refuse(reader *r, tsr_status why) {
    r->status = why;
    longjmp(r->on_error, 1); // NOLINT(cert-err52-cpp)
}

static void limit_scans(j_common_ptr jpeg) {
    reader *r = jpeg->client_data;
    if (r->jpeg.input_scan_number > MAX_SCANS)
        refuse(r, tsr_error(TSR_UNSUPPORTED, "%s: more than %d scans", r->file_name, MAX_SCANS));
}

static void decode(reader *r, const uint8_t *bytes, image *out) {
    j_decompress_ptr jpeg = &r->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->client_data = r;
    jpeg->progress = &r->progress;
    jpeg->mem->max_memory_to_use = MEMORY_LIMIT;
    jpeg_mem_src(jpeg, bytes, r->size);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        refuse(r,
               tsr_error(TSR_UNSUPPORTED, "%s: %d colour components; grey and RGB are read", r->file_name, jpeg->num_components));
    uint32_t channels = jpeg->num_components == 1 ? 1 : 3;
    jpeg->out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    r->status = image_alloc(r->file_name, jpeg->image_width, jpeg->image_height, channels, r->size, PIXELS_PER_BYTE, out);
    if (r->status.code != TSR_OK)
        return;
    jpeg_start_decompress(jpeg);
    if (jpeg->output_width != out->width || jpeg->output_height != out->height || (uint32_t)jpeg->output_components != channels)
        refuse(r, tsr_error(TSR_UNSUPPORTED, "%s: the decoder gives another size than the header", r->file_name));
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = out->pixels + (size_t)jpeg->output_scanline * out->width * channels;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

tsr_status image_decode_jpeg(const uint8_t *bytes, size_t size, const char *file_name, image *out_image) {
    memset(out_image, 0, sizeof *out_image);
    reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its decoder", file_name);
    r->file_name = file_name;
    r->size = size;
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->jpeg.client_data = r;
    r->errors.error_exit = stop;
    r->errors.emit_message = stop_at_warning;
    r->errors.output_message = say_nothing;
    r->progress.progress_monitor = limit_scans;
    if (setjmp(r->on_error) == 0) // NOLINT(cert-err52-cpp)
        decode(r, bytes, out_image);
    tsr_status status = r->status;
    jpeg_destroy_decompress(&r->jpeg);
    free(r);
    if (status.code != TSR_OK)
        image_free(out_image);
    return status;
}
