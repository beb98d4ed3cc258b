// SPDX-License-Identifier: Apache-2.0
// The framing of the shim's socket: calls `09 <u64 length> 15 <u32 call>` then a message of that length, answers
// `09 <u64 length>` then a message (fixed64 and fixed32 fields 1 and 2 of protobuf, little-endian). One call at a time.
#ifndef EMU_WIRE_H
#define EMU_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// XRT 2.13, src/runtime_src/core/include/xcl_macros.h.
typedef enum emu_call {
    EMU_CLOSE = 1,
    EMU_ALLOCATE = 4,
    EMU_FREE = 5,
    EMU_TO_DEVICE = 6,
    EMU_FROM_DEVICE = 7,
    EMU_WRITE_MEMORY = 8,
    EMU_WRITE_REGISTER = 9,
    EMU_READ_MEMORY = 10,
    EMU_READ_REGISTER = 11,
    EMU_PERF_COUNTERS = 14,
    EMU_PERF_TRACE_COUNT = 15,
    EMU_PERF_TRACE = 16,
    EMU_TIMESTAMP = 17,
    EMU_BUS_STATUS = 18,
    EMU_DEBUG_MESSAGES = 19,
    EMU_SET_ENVIRONMENT = 20,
} emu_call;

enum {
    EMU_CALL_HEADER = 14,
    EMU_ANSWER_HEADER = 9,
    EMU_PACKET_BYTES = 1 << 18,     // the shim cuts copies into these (xrt.ini, packet_size)
    EMU_MAX_MESSAGE = 4 * (1 << 18) // what the device process accepts
};

typedef struct emu_message {
    uint32_t call;
    uint8_t *bytes; // owned; used again by the next read
    size_t size, space;
} emu_message;

// false: the other side is gone, or breaks the framing's rules; *out_why says which.
bool emu_read_call(int fd, emu_message *message, const char **out_why);
bool emu_write_answer(int fd, const uint8_t *bytes, size_t size);
// What ends the shim's thread that waits for the device to reach into host memory.
bool emu_write_close(int fd);

#endif
