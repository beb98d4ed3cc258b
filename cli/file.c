// SPDX-License-Identifier: Apache-2.0
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CHUNK = 1 << 16 };

static tsr_status cannot(const char *path, const char *what) {
    int code = errno;
    return tsr_error(code == ENOENT ? TSR_NOT_FOUND : TSR_IO, "%s: cannot be %s: %s", path, what, strerror(code));
}

// Grows with what arrives, so that a size which a file system makes up costs nothing.
static tsr_status read_all(FILE *file, const char *path, size_t limit, uint8_t **bytes, size_t *size) {
    size_t capacity = 0;
    for (;;) {
        if (*size == capacity) {
            size_t more = capacity == 0 ? FIRST_CHUNK : capacity * 2;
            uint8_t *grown = realloc(*bytes, more);
            if (grown == NULL)
                return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for %zu bytes", path, more);
            *bytes = grown;
            capacity = more;
        }
        size_t got = fread(*bytes + *size, 1, capacity - *size, file);
        *size += got;
        if (*size > limit)
            return tsr_error(TSR_UNSUPPORTED, "%s: more than %zu MiB, the limit for such a file", path, limit >> 20);
        if (got == 0)
            return ferror(file) ? cannot(path, "read") : tsr_ok();
    }
}

tsr_status file_read(const char *path, size_t limit, uint8_t **out_bytes, size_t *out_size) {
    *out_bytes = NULL;
    *out_size = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return cannot(path, "opened");
    tsr_status status = read_all(file, path, limit, out_bytes, out_size);
    fclose(file);
    if (status.code != TSR_OK) {
        free(*out_bytes);
        *out_bytes = NULL;
        *out_size = 0;
    }
    return status;
}

static tsr_status write_parts(const char *path, const char *shown, const file_part *parts, size_t part_count) {
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return cannot(shown, "written");
    int failed = 0;
    for (size_t i = 0; i < part_count && !failed; i++)
        failed = parts[i].size != 0 && fwrite(parts[i].bytes, 1, parts[i].size, file) != parts[i].size;
    tsr_status status = failed ? cannot(shown, "written") : tsr_ok();
    if (fclose(file) != 0 && status.code == TSR_OK)
        status = cannot(shown, "written");
    return status;
}

tsr_status file_write(const char *path, const file_part *parts, size_t part_count) {
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return write_parts(path, path, parts, part_count);
    size_t length = strlen(path) + 32;
    char *beside = malloc(length);
    if (beside == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its name", path);
    snprintf(beside, length, "%s.%ld.tmp", path, (long)getpid());
    tsr_status status = write_parts(beside, path, parts, part_count);
    if (status.code == TSR_OK && rename(beside, path) != 0)
        status = cannot(path, "written");
    if (status.code != TSR_OK)
        unlink(beside);
    free(beside);
    return status;
}
