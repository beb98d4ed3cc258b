// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "targets.h"
#include "tsr/xclbin.h"

static const char *check_embedded(const tsr_xclbin *x) {
    const tsr_config config = {.name = "fuzz",
                               .batch = 1,
                               .block_in = 4,
                               .block_out = 4,
                               .inp_bits = 8,
                               .wgt_bits = 8,
                               .acc_bits = 32,
                               .uop_buffer = 2048,
                               .inp_buffer = 2048,
                               .wgt_buffer = 4096,
                               .acc_buffer = 4096,
                               .out_buffer = 1024,
                               .par_buffer = 1536,
                               .bus_bytes = 8,
                               .queue_depth = 4,
                               .outstanding_bursts = 4,
                               .burst_beats = 16};
    uint8_t *bytes;
    size_t size;
    tsr_xclbin *again;
    tsr_status status = tsr_xclbin_embed(x, &config, &bytes, &size);
    if (status.code != TSR_OK)
        return status.code == TSR_UNSUPPORTED ? NULL : fuzz_complain("no configuration can be put in", status);
    status = tsr_xclbin_read(bytes, size, FUZZ_INPUT_NAME, &again);
    const char *complaint = NULL;
    if (status.code != TSR_OK)
        complaint = fuzz_complain("what embed wrote cannot be read", status);
    else if (!again->has_config || tsr_config_id(&again->config) != tsr_config_id(&config))
        complaint = "the configuration that was put in is not there";
    tsr_xclbin_free(again);
    free(bytes);
    return complaint;
}

const char *fuzz_xclbin(const uint8_t *data, size_t size) {
    tsr_xclbin *x = NULL;
    *fuzz_phase = FUZZ_READING;
    tsr_status status = tsr_xclbin_read(data, size, FUZZ_INPUT_NAME, &x);
    if (status.code != TSR_OK)
        return x != NULL ? "an xclbin in spite of an error" : fuzz_check_error(status);
    status = tsr_xclbin_check(x, FUZZ_INPUT_NAME);
    const char *complaint = status.code != TSR_OK ? fuzz_check_error(status) : NULL;
    if (complaint == NULL)
        complaint = check_embedded(x);
    tsr_xclbin_free(x);
    return complaint;
}

const char *fuzz_board(const uint8_t *data, size_t size) {
    static tsr_xclbin_board board;
    *fuzz_phase = FUZZ_READING;
    tsr_status status = tsr_xclbin_board_parse((const char *)data, size, FUZZ_INPUT_NAME, &board);
    const char *complaint = status.code != TSR_OK ? fuzz_check_error(status) : NULL;
    if (complaint != NULL)
        return complaint;
    status = tsr_xclbin_check_bitstream(data, size, "xc7z020clg400-1", FUZZ_INPUT_NAME);
    return status.code != TSR_OK ? fuzz_check_error(status) : NULL;
}
