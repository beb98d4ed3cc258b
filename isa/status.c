// SPDX-License-Identifier: Apache-2.0
#include "tsr/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

tsr_status tsr_ok(void) {
    tsr_status status;
    status.code = TSR_OK;
    status.message[0] = '\0';
    return status;
}

tsr_status tsr_error(tsr_code code, const char *format, ...) {
    tsr_status status;
    status.code = code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(status.message, sizeof status.message, format, arguments);
    va_end(arguments);
    return status;
}

tsr_status tsr_annotate(tsr_status status, const char *format, ...) {
    if (status.code == TSR_OK)
        return status;
    tsr_status out;
    out.code = status.code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out.message, sizeof out.message, format, arguments);
    va_end(arguments);
    size_t used = strlen(out.message);
    // What does not fit is cut off; the precision tells the compiler that this is meant.
    snprintf(out.message + used, sizeof out.message - used, ": %.*s", (int)(sizeof out.message - used), status.message);
    return out;
}

const char *tsr_code_name(tsr_code code) {
    switch (code) {
    case TSR_OK: return "ok";
    case TSR_INVALID_ARGUMENT: return "invalid argument";
    case TSR_NOT_FOUND: return "not found";
    case TSR_CORRUPT: return "corrupt input";
    case TSR_UNSUPPORTED: return "unsupported";
    case TSR_MISMATCH: return "mismatch";
    case TSR_OUT_OF_RANGE: return "out of range";
    case TSR_OUT_OF_MEMORY: return "out of memory";
    case TSR_IO: return "input/output error";
    case TSR_TIMEOUT: return "timeout";
    case TSR_DEVICE_FAULT: return "device fault";
    case TSR_INTERNAL: return "internal error";
    }
    return "unknown";
}
