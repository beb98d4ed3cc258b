// SPDX-License-Identifier: Apache-2.0
#include "samples.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli.h"
#include "file.h"

#define FILE_LIMIT ((size_t)INT32_MAX)
enum { MOST_FILES = 1000000 };

// ---- folders -----------------------------------------------------------------------------------------------------------

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool is_sample_file(const char *name) {
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".bmp", ".npy"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && name[0] != '.' && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    return false;
}

static tsr_status list_files(samples *s, DIR *folder, const char *path) {
    size_t capacity = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!is_sample_file(entry->d_name))
            continue;
        if (s->path_count == capacity) {
            capacity = capacity == 0 ? 64 : 2 * capacity;
            char **more = capacity <= MOST_FILES ? realloc(s->paths, capacity * sizeof *more) : NULL;
            if (more == NULL)
                return tsr_error(TSR_OUT_OF_MEMORY, "%s: too many files", path);
            s->paths = more;
        }
        const size_t length = strlen(path) + strlen(entry->d_name) + 2;
        if ((s->paths[s->path_count] = malloc(length)) == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for a name", path);
        snprintf(s->paths[s->path_count++], length, "%s/%s", path, entry->d_name);
    }
    if (s->path_count == 0)
        return tsr_error(TSR_NOT_FOUND, "%s: holds no calibration files; .png, .jpg, .bmp and .npy are looked for", path);
    s->count = s->path_count;
    qsort(s->paths, s->path_count, sizeof *s->paths, by_name);
    return tsr_ok();
}

static tsr_status open_folder(samples *s, const char *path) {
    if (s->input_count != 1)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: a folder gives one input, the model has %u; give a .npz file", path,
                         (unsigned)s->input_count);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return tsr_error(TSR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    tsr_status status = list_files(s, folder, path);
    closedir(folder);
    return status;
}

// ---- arrays ------------------------------------------------------------------------------------------------------------

// The extents behind the first are those of the input, but for ones in front.
static bool fits(const npy_array *array, const uint32_t *shape, uint32_t rank) {
    uint32_t a = 1, b = 0;
    while (a < array->rank && array->shape[a] == 1 && array->rank - a > rank)
        a++;
    while (b < rank && shape[b] == 1 && rank - b > array->rank - a)
        b++;
    return array->rank >= 1 && array->rank - a == rank - b &&
           memcmp(array->shape + a, shape + b, (rank - b) * sizeof *shape) == 0;
}

// A picture's shape with its channels at the other end.
static bool other_layout(const tsr_io *io, uint32_t out_shape[4]) {
    if (io->rank != 4)
        return false;
    static const uint32_t to_last[4] = {0, 2, 3, 1}, to_first[4] = {0, 3, 1, 2};
    for (uint32_t i = 0; i < 4; i++)
        out_shape[i] = io->shape[(io->channels_last ? to_first : to_last)[i]];
    return true;
}

static tsr_status check_array(const npy_array *array, const tsr_io *io, const char *path) {
    uint32_t other[4];
    const bool pixels = array->dtype == TSR_U8 && io->dtype == TSR_F32;
    const bool shape = fits(array, io->shape, io->rank) || (pixels && other_layout(io, other) && fits(array, other, 4));
    if (!shape)
        return tsr_error(TSR_MISMATCH,
                         "%s: holds %s, but input %s takes %s; the array needs one extent more in front, of samples", path,
                         shape_text(array->rank, array->shape), io->name, shape_text(io->rank, io->shape));
    if (array->dtype != io->dtype && !pixels)
        return tsr_error(TSR_MISMATCH, "%s: holds %s, but input %s takes %s%s", path, tsr_dtype_name(array->dtype), io->name,
                         tsr_dtype_name(io->dtype), io->dtype == TSR_F32 ? " (or uint8 pixels)" : "");
    if (array->shape[0] == 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: holds no samples", path);
    return tsr_ok();
}

static tsr_status use_array(samples *s, uint32_t input, const npy_array *array, const char *path) {
    TSR_TRY(check_array(array, &s->inputs[input], path));
    if (s->count != 0 && s->count != array->shape[0])
        return tsr_error(TSR_MISMATCH, "%s: %u samples of input %s, but %u of another", path, (unsigned)array->shape[0],
                         s->inputs[input].name, (unsigned)s->count);
    s->count = array->shape[0];
    s->arrays[input] = array;
    return tsr_ok();
}

static tsr_status use_archive(samples *s, const char *path) {
    for (uint32_t i = 0; i < s->input_count; i++) {
        const npz_member *found = NULL;
        for (uint32_t m = 0; m < s->archive.count; m++)
            if (strncmp(s->archive.members[m].name, s->inputs[i].name, sizeof s->inputs[i].name - 1) == 0)
                found = &s->archive.members[m];
        if (found == NULL && s->input_count == 1 && s->archive.count == 1)
            found = &s->archive.members[0]; // no doubt which
        if (found == NULL)
            return tsr_error(TSR_NOT_FOUND, "%s: has no array \"%s\", the name of a model input; it holds %s%s%s%s", path,
                             s->inputs[i].name, s->archive.count > 0 ? "\"" : "nothing",
                             s->archive.count > 0 ? s->archive.members[0].name : "", s->archive.count > 0 ? "\"" : "",
                             s->archive.count > 1 ? " and others" : "");
        TSR_TRY(use_array(s, i, &found->array, path));
    }
    return tsr_ok();
}

static tsr_status open_file(samples *s, const char *path) {
    size_t size;
    TSR_TRY(file_read(path, FILE_LIMIT, &s->bytes, &size));
    if (npz_is(s->bytes, size)) {
        TSR_TRY(npz_parse(s->bytes, size, FILE_LIMIT, path, &s->archive));
        return use_archive(s, path);
    }
    if (!npy_is(s->bytes, size))
        return tsr_error(TSR_UNSUPPORTED, "%s: neither a folder nor a .npy or .npz file of samples", path);
    if (s->input_count != 1)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: one array, but the model has %u inputs; give a .npz file", path,
                         (unsigned)s->input_count);
    TSR_TRY(npy_parse(s->bytes, size, path, &s->single));
    return use_array(s, 0, &s->single, path);
}

tsr_status samples_open(const char *path, const tsr_io *inputs, uint32_t input_count, const input_rule *rule, uint32_t most,
                        samples *out_samples) {
    memset(out_samples, 0, sizeof *out_samples);
    samples s = {.inputs = inputs, .input_count = input_count, .rule = *rule};
    struct stat info;
    if (stat(path, &info) != 0)
        return tsr_error(TSR_NOT_FOUND, "%s: no such folder or file of calibration samples", path);
    s.arrays = calloc(input_count + 1U, sizeof *s.arrays);
    *out_samples = s;
    tsr_status status = s.arrays == NULL        ? tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory", path)
                        : S_ISDIR(info.st_mode) ? open_folder(out_samples, path)
                                                : open_file(out_samples, path);
    if (status.code != TSR_OK)
        samples_close(out_samples);
    else if (most != 0 && most < out_samples->count)
        out_samples->count = most;
    return status;
}

void samples_close(samples *s) {
    for (uint32_t i = 0; i < s->path_count; i++)
        free(s->paths[i]);
    free(s->paths);
    free(s->bytes);
    free(s->arrays);
    npz_free(&s->archive);
    memset(s, 0, sizeof *s);
}

// ---- samples -----------------------------------------------------------------------------------------------------------

static tsr_status check_finite(const tsr_io *io, uint32_t sample, const char *name, const void *data) {
    const float *x = data;
    for (size_t i = 0; io->dtype == TSR_F32 && i < io->bytes / sizeof *x; i++)
        if (!isfinite(x[i]))
            return tsr_error(TSR_INVALID_ARGUMENT, "%s: sample %u of input %s holds %g at element %zu; calibration needs numbers",
                             name, (unsigned)sample, io->name, (double)x[i], i);
    return tsr_ok();
}

tsr_status samples_load(void *context, uint32_t sample, uint32_t input, void *data) {
    const samples *s = context;
    const tsr_io *io = &s->inputs[input];
    if (s->paths != NULL) {
        TSR_TRY(input_load(s->paths[sample], io, &s->rule, data));
        return check_finite(io, sample, s->paths[sample], data);
    }
    const npy_array *array = s->arrays[input];
    const size_t bytes = array->bytes / array->shape[0];
    const uint8_t *from = array->data + sample * bytes;
    if (array->dtype == io->dtype)
        memcpy(data, from, bytes);
    else
        input_from_pixels(from, io, !fits(array, io->shape, io->rank), &s->rule, data);
    return check_finite(io, sample, "calibration samples", data);
}
