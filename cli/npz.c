// SPDX-License-Identifier: Apache-2.0
#include "npz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_BYTES = 22,
    ENTRY_BYTES = 46,
    LOCAL_BYTES = 30,
    LONGEST_COMMENT = 65535,
    STORED = 0,
    DEFLATED = 8,
    ENCRYPTED = 1,
    MOST_MEMBERS = 256,
};

typedef struct archive {
    const uint8_t *bytes;
    size_t size, left; // left: what members may still unpack to
    const char *name;
} archive;

static uint32_t u16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t u32(const uint8_t *p) { return u16(p) | u16(p + 2) << 16; }
static bool is_signature(const uint8_t *p, uint8_t a, uint8_t b) { return p[0] == 'P' && p[1] == 'K' && p[2] == a && p[3] == b; }

bool npz_is(const uint8_t *bytes, size_t size) { return size >= 4 && (is_signature(bytes, 3, 4) || is_signature(bytes, 5, 6)); }

static tsr_status find_end(const archive *a, size_t *out_at) {
    if (a->size >= END_BYTES)
        for (size_t at = a->size - END_BYTES; at + END_BYTES + LONGEST_COMMENT >= a->size; at--) {
            if (is_signature(a->bytes + at, 5, 6)) {
                *out_at = at;
                return tsr_ok();
            }
            if (at == 0)
                break;
        }
    return tsr_error(TSR_CORRUPT, "%s: the ZIP archive has no end of directory (is the file truncated?)", a->name);
}

// Where the packed contents of a member begin: behind its local header, whose length differs from the directory's.
static tsr_status contents(const archive *a, const uint8_t *entry, size_t *out_at) {
    const size_t local = u32(entry + 42), packed = u32(entry + 20);
    if (local > a->size || a->size - local < LOCAL_BYTES || !is_signature(a->bytes + local, 3, 4))
        return tsr_error(TSR_CORRUPT, "%s: byte %zu: no member of the ZIP archive begins there", a->name, local);
    *out_at = local + LOCAL_BYTES + u16(a->bytes + local + 26) + u16(a->bytes + local + 28);
    if (*out_at > a->size || a->size - *out_at < packed)
        return tsr_error(TSR_CORRUPT, "%s: byte %zu: the member's %zu bytes reach past the end", a->name, local, packed);
    return tsr_ok();
}

static bool inflate_all(const uint8_t *packed, uint32_t packed_size, uint8_t *out, uint32_t size) {
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    stream.next_in = (Bytef *)(uintptr_t)packed;
    stream.avail_in = packed_size;
    stream.next_out = out;
    stream.avail_out = size;
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return false;
    const int code = inflate(&stream, Z_FINISH);
    const bool whole = code == Z_STREAM_END && stream.total_out == size;
    inflateEnd(&stream);
    return whole;
}

static tsr_status unpack(archive *a, const uint8_t *entry, npz_member *member) {
    const uint32_t method = u16(entry + 10), packed = u32(entry + 20), size = u32(entry + 24);
    size_t at = 0;
    if ((u16(entry + 8) & ENCRYPTED) != 0 || (method != STORED && method != DEFLATED))
        return tsr_error(TSR_UNSUPPORTED, "%s: '%.80s' is %s; stored and deflated members are read (numpy.savez)", a->name,
                         member->name, method != STORED && method != DEFLATED ? "packed in another way" : "encrypted");
    if (packed == UINT32_MAX || size == UINT32_MAX || size > a->left)
        return tsr_error(TSR_UNSUPPORTED, "%s: '%.80s' is too large; all members together may have 2 GiB", a->name, member->name);
    if (method == STORED && packed != size)
        return tsr_error(TSR_CORRUPT, "%s: '%.80s' has two different sizes", a->name, member->name);
    // No byte of deflated data stands for more than 1032.
    if (method == DEFLATED && size / 1032 > packed)
        return tsr_error(TSR_CORRUPT, "%s: '%.80s' promises more than it can hold", a->name, member->name);
    TSR_TRY(contents(a, entry, &at));
    member->bytes = malloc(size + 1U);
    if (member->bytes == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for '%.80s'", a->name, member->name);
    a->left -= size;
    if (method == STORED)
        memcpy(member->bytes, a->bytes + at, size);
    else if (!inflate_all(a->bytes + at, packed, member->bytes, size))
        return tsr_error(TSR_CORRUPT, "%s: byte %zu: '%.80s' cannot be unpacked", a->name, at, member->name);
    if (crc32(0, member->bytes, size) != u32(entry + 16))
        return tsr_error(TSR_CORRUPT, "%s: the checksum of '%.80s' is wrong", a->name, member->name);
    return tsr_annotate(npy_parse(member->bytes, size, member->name, &member->array), "%s", a->name);
}

static tsr_status read_directory(archive *a, npz_file *file) {
    size_t end = 0;
    TSR_TRY(find_end(a, &end));
    const uint32_t count = u16(a->bytes + end + 10);
    size_t at = u32(a->bytes + end + 16);
    if (count > MOST_MEMBERS)
        return tsr_error(TSR_UNSUPPORTED, "%s: %u arrays; at most %d are read", a->name, (unsigned)count, MOST_MEMBERS);
    file->members = calloc(count + 1U, sizeof *file->members);
    if (file->members == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for its directory", a->name);
    for (uint32_t i = 0; i < count; i++) {
        if (at > end || end - at < ENTRY_BYTES || !is_signature(a->bytes + at, 1, 2))
            return tsr_error(TSR_CORRUPT, "%s: byte %zu: no directory entry of the ZIP archive", a->name, at);
        const uint8_t *entry = a->bytes + at;
        const size_t length = u16(entry + 28), whole = ENTRY_BYTES + length + u16(entry + 30) + u16(entry + 32);
        if (whole > end - at)
            return tsr_error(TSR_CORRUPT, "%s: byte %zu: the directory entry reaches past the directory", a->name, at);
        npz_member *member = &file->members[file->count++];
        const char *name = (const char *)entry + ENTRY_BYTES;
        const bool ending = length > 4 && memcmp(name + length - 4, ".npy", 4) == 0;
        member->name = strndup(name, ending ? length - 4 : length);
        if (member->name == NULL)
            return tsr_error(TSR_OUT_OF_MEMORY, "%s: no memory for a name", a->name);
        TSR_TRY(unpack(a, entry, member));
        at += whole;
    }
    return tsr_ok();
}

tsr_status npz_parse(const uint8_t *bytes, size_t size, size_t limit, const char *file_name, npz_file *out_file) {
    memset(out_file, 0, sizeof *out_file);
    archive a = {bytes, size, limit, file_name};
    tsr_status status = read_directory(&a, out_file);
    if (status.code != TSR_OK)
        npz_free(out_file);
    return status;
}

void npz_free(npz_file *file) {
    for (uint32_t i = 0; i < file->count; i++) {
        free(file->members[i].name);
        free(file->members[i].bytes);
    }
    free(file->members);
    memset(file, 0, sizeof *file);
}
