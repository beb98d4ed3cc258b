// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include <stdio.h>
#include <string.h>

#include "tsr/compiler.h"
#include "tsr/tessera.h"

tsr_status compile_and_run(const char *text, size_t size, const char *device, const char *config_name, void *input,
                           void *output) {
    static const char *const all[] = {"*=accelerator"};
    const bool cpu = strcmp(device, "cpu") == 0;
    tsr_config config;
    char path[64], name[96];
    snprintf(path, sizeof path, "isa/configs/%s.cfg", config_name);
    snprintf(name, sizeof name,
             cpu                           ? "cpu"
             : strcmp(device, "func") == 0 ? "func:config=%s,race=1"
                                           : "rtl:config=%s",
             config_name);
    TSR_TRY(tsr_config_load(path, &config));
    const tsr_compile_options options = {
        .config = cpu ? NULL : &config, .host_only = cpu, .place_count = 1, .places = all, .cpu = "baseline"};
    tsr_program *program = NULL;
    tsr_device *opened = NULL;
    tsr_session *session = NULL;
    tsr_status status = tsr_compile_bytes(text, size, "random.tsg", &options, &program);
    if (status.code == TSR_OK)
        status = tsr_device_open(name, &opened);
    if (status.code == TSR_OK)
        status = tsr_session_create(opened, program, &session);
    if (status.code == TSR_OK) {
        tsr_tensor t = tsr_tensor_for(&program->inputs[0], input);
        status = tsr_session_set_input(session, 0, &t);
    }
    if (status.code == TSR_OK)
        status = tsr_session_invoke(session, 0);
    if (status.code == TSR_OK) {
        tsr_tensor t = tsr_tensor_for(&program->outputs[0], output);
        status = tsr_session_get_output(session, 0, &t);
    }
    tsr_session_destroy(session);
    tsr_device_close(opened);
    tsr_program_free(program);
    return status;
}
