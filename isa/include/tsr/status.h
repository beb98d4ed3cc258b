// SPDX-License-Identifier: Apache-2.0
// The one status type of the project. A status is a plain value: nothing to free, no global error state.
//
// A message says what went wrong, where (file offset, model node, instruction index) and what to do about it.
// Convention: a function that can fail returns tsr_status; its out_ parameters come last and are cleared first.
#ifndef TSR_STATUS_H
#define TSR_STATUS_H

typedef enum tsr_code {
    TSR_OK = 0,
    TSR_INVALID_ARGUMENT, // the caller passed something impossible
    TSR_NOT_FOUND,        // no such file, device, configuration, symbol
    TSR_CORRUPT,          // a file or stream breaks its format's rules
    TSR_UNSUPPORTED,      // well-formed, but outside of what Tessera does
    TSR_MISMATCH,         // made for another configuration, ISA version, shape or type
    TSR_OUT_OF_RANGE,     // an address or index outside its buffer
    TSR_OUT_OF_MEMORY,
    TSR_IO,
    TSR_TIMEOUT,
    TSR_DEVICE_FAULT, // the accelerator stopped with a fault
    TSR_INTERNAL,     // a broken invariant of Tessera itself
} tsr_code;

enum { TSR_MESSAGE_BYTES = 480 };

typedef struct tsr_status {
    tsr_code code;
    char message[TSR_MESSAGE_BYTES]; // always terminated; empty when code is TSR_OK
} tsr_status;

tsr_status tsr_ok(void);
tsr_status tsr_error(tsr_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Puts "<context>: " in front of a failed status' message; leaves TSR_OK alone. For saying where as an error travels up.
tsr_status tsr_annotate(tsr_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

// "out of memory", "corrupt file", ...: a code in words.
const char *tsr_code_name(tsr_code code);

// Passes an error up to the caller.
#define TSR_TRY(expr)                                                                                                            \
    do {                                                                                                                         \
        tsr_status try_status_ = (expr);                                                                                         \
        if (try_status_.code != TSR_OK)                                                                                          \
            return try_status_;                                                                                                  \
    } while (0)

#endif
