// SPDX-License-Identifier: Apache-2.0
// Option texts of device names: "config=pynq,latency=80".
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tsr/driver.h"

enum { OPTION_TEXT_BYTES = 1024 };

tsr_status tsr_options_each(const char *options, tsr_status (*visit)(void *context, const char *key, const char *value),
                            void *context) {
    char text[OPTION_TEXT_BYTES];
    size_t length = strlen(options);
    if (length >= sizeof text)
        return tsr_error(TSR_INVALID_ARGUMENT, "options of %zu characters; the limit is %d", length, OPTION_TEXT_BYTES - 1);
    memcpy(text, options, length + 1);
    if (length == 0)
        return tsr_ok();
    for (char *pair = text; pair != NULL;) {
        char *comma = strchr(pair, ',');
        if (comma != NULL)
            *comma = '\0';
        char *equals = strchr(pair, '=');
        if (equals == NULL || equals == pair || equals[1] == '\0')
            return tsr_error(TSR_INVALID_ARGUMENT, "option \"%.60s\" is not of the form key=value", pair);
        *equals = '\0';
        TSR_TRY(visit(context, pair, equals + 1));
        pair = comma != NULL ? comma + 1 : NULL;
    }
    return tsr_ok();
}

size_t tsr_options_address(const char *options, const char **out_rest) {
    const size_t length = strcspn(options, ",");
    *out_rest = options;
    if (memchr(options, '=', length) != NULL)
        return 0;
    *out_rest = options + length + (options[length] == ',');
    return length;
}

tsr_status tsr_option_u32(const char *key, const char *value, uint32_t min, uint32_t max, uint32_t *out_number) {
    *out_number = 0;
    char *end = NULL;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    // strtoull takes a sign and white space, and wraps a minus around.
    bool digits = value[0] >= '0' && value[0] <= '9' && *end == '\0';
    if (!digits || errno != 0 || number < min || number > max)
        return tsr_error(TSR_INVALID_ARGUMENT, "option %s=%.40s: expected a number from %u to %u", key, value, min, max);
    *out_number = (uint32_t)number;
    return tsr_ok();
}
