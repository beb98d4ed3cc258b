// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TAG_SIZE = 0x09, TAG_CALL = 0x15 }; // field 1 fixed64, field 2 fixed32

static bool read_all(int fd, uint8_t *bytes, size_t size) {
    while (size > 0) {
        const ssize_t got = read(fd, bytes, size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        const ssize_t put = send(fd, bytes, size, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        bytes += put;
        size -= (size_t)put;
    }
    return true;
}

static uint64_t get(const uint8_t *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static void put(uint8_t *bytes, int count, uint64_t value) {
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

bool emu_read_call(int fd, emu_message *m, const char **out_why) {
    uint8_t header[EMU_CALL_HEADER];
    *out_why = "the host program closed the connection";
    if (!read_all(fd, header, sizeof header))
        return false;
    const uint64_t size = get(header + 1, 8);
    if (header[0] != TAG_SIZE || header[9] != TAG_CALL || size > EMU_MAX_MESSAGE) {
        *out_why = "the host program sent something that is no call of XRT's emulation shim";
        return false;
    }
    m->call = (uint32_t)get(header + 10, 4);
    if (size > m->space) {
        uint8_t *bytes = realloc(m->bytes, size);
        if (bytes == NULL) {
            *out_why = "no memory for a message";
            return false;
        }
        m->bytes = bytes;
        m->space = size;
    }
    m->size = size;
    return read_all(fd, m->bytes, m->size);
}

bool emu_write_answer(int fd, const uint8_t *bytes, size_t size) {
    uint8_t header[EMU_ANSWER_HEADER] = {TAG_SIZE};
    put(header + 1, 8, size);
    return write_all(fd, header, sizeof header) && write_all(fd, bytes, size);
}

bool emu_write_close(int fd) {
    uint8_t header[EMU_CALL_HEADER] = {TAG_SIZE};
    header[9] = TAG_CALL;
    put(header + 10, 4, EMU_CLOSE);
    return write_all(fd, header, sizeof header);
}
