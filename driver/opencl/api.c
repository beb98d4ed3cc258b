// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ISO C has no conversion from an object pointer to a function pointer, POSIX asks for one.
static_assert(sizeof(void *) == sizeof(void (*)(void)), "dlsym gives functions as object pointers");

tsr_status opencl_api_load(opencl_api *out_api) {
    memset(out_api, 0, sizeof *out_api);
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return tsr_error(TSR_NOT_FOUND, "OpenCL is not installed (%s); install the package ocl-icd-libopencl1", dlerror());
#define OPENCL_FIND(name)                                                                                                        \
    {                                                                                                                            \
        void *found = dlsym(library, #name);                                                                                     \
        if (found == NULL)                                                                                                       \
            return tsr_error(TSR_UNSUPPORTED, "libOpenCL.so.1 has no function " #name);                                          \
        memcpy(&out_api->name, &found, sizeof found);                                                                            \
    }
    OPENCL_FUNCTIONS(OPENCL_FIND)
#undef OPENCL_FIND
    return tsr_ok();
}

// The shim is loaded already: asking for it again gives the one that is there, and none where there is none.
static void *find_shim(void) {
    static const char *const shims[] = {"libxrt_core.so.2", "libxrt_hwemu.so.2"};
    const char *mode = getenv("XCL_EMULATION_MODE"), *root = getenv("XILINX_XRT");
    const char *shim = shims[mode != NULL && strcmp(mode, "hw_emu") == 0];
    char path[512];
    snprintf(path, sizeof path, "%s/lib/%s", root != NULL ? root : "", shim);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
    return library != NULL ? library : dlopen(shim, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
}

bool opencl_registers_find(opencl_registers *out) {
    memset(out, 0, sizeof *out);
    void *shim = find_shim();
    if (shim == NULL)
        return false;
    void *read = dlsym(shim, "xclRegRead"), *write = dlsym(shim, "xclRegWrite"), *find = dlsym(shim, "xclIPName2Index");
    memcpy(&out->read, &read, sizeof read);
    memcpy(&out->write, &write, sizeof write);
    memcpy(&out->find, &find, sizeof find);
    dlclose(shim); // XRT holds it
    return read != NULL && write != NULL && find != NULL;
}
