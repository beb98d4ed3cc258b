// SPDX-License-Identifier: Apache-2.0
#include "api.h"

#include <assert.h>
#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libxrt_coreutil.so.2"

// ISO C has no conversion from an object pointer to a function pointer, POSIX asks for one.
static_assert(sizeof(void *) == sizeof(void (*)(void)), "dlsym gives functions as object pointers");

tsr_status xrt_api_load(xrt_api *out_api) {
    memset(out_api, 0, sizeof *out_api);
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == NULL)
        return tsr_error(TSR_NOT_FOUND, "XRT is not installed (%s); install the package libxrt1", dlerror());
#define XRT_FIND(name)                                                                                                           \
    {                                                                                                                            \
        void *found = dlsym(library, #name);                                                                                     \
        if (found == NULL)                                                                                                       \
            return tsr_error(TSR_UNSUPPORTED, LIBRARY " has no function " #name "; this driver is for XRT 2.13 and later");      \
        memcpy(&out_api->name, &found, sizeof found);                                                                            \
    }
    XRT_FUNCTIONS(XRT_FIND)
#undef XRT_FIND
    return tsr_ok();
}
