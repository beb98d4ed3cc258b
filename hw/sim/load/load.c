// SPDX-License-Identifier: Apache-2.0
#include "tsr/sim_load.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 1024 };

static bool readable(char path[PATH_BYTES], const char *folder, const char *below, const char *file) {
    int length = snprintf(path, PATH_BYTES, "%s%s/%s", folder, below, file);
    return length > 0 && length < PATH_BYTES && access(path, R_OK) == 0;
}

// Beside the program or above it: build/sim in a checkout, lib/tessera installed.
static bool find_library(const char *file, char path[PATH_BYTES]) {
    static const char *const below[] = {"", "/sim", "/build/sim", "/lib/tessera"};
    const char *set = getenv("TESSERA_SIM_DIR");
    if (set != NULL && set[0] != '\0')
        return readable(path, set, "", file);
    char folder[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    for (int level = 0; level < 5; level++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
        for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
            if (readable(path, folder, below[i], file))
                return true;
    }
    return readable(path, "build/sim", "", file);
}

static bool cpu_has_avx2(void) {
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

static tsr_status check(void *library, const char *path, const tsr_sim_api **out_api) {
    union { // ISO C has no conversion from an object pointer to a function pointer
        void *object;
        tsr_sim_get_api_function *function;
    } entry = {dlsym(library, "tsr_sim_get_api")};
    if (entry.object == NULL)
        return tsr_error(TSR_MISMATCH, "%s is no Tessera simulator", path);
    const tsr_sim_api *api = entry.function();
    if (api->version != TSR_SIM_API_VERSION)
        return tsr_error(TSR_MISMATCH, "%s has interface version %u, this program %d; build it again with `make sims`", path,
                         api->version, TSR_SIM_API_VERSION);
    if (api->needs_avx2 && !cpu_has_avx2())
        return tsr_error(TSR_UNSUPPORTED, "%s was built for a CPU with AVX2; build it with `make sims SIM_MARCH=x86-64`", path);
    *out_api = api;
    return tsr_ok();
}

tsr_status tsr_sim_load(const char *config_name, void **out_library, const tsr_sim_api **out_api) {
    *out_library = NULL;
    *out_api = NULL;
    char file[96], path[PATH_BYTES];
    snprintf(file, sizeof file, "libtessera_sim_%s.so", config_name);
    if (!find_library(file, path)) {
        const char *set = getenv("TESSERA_SIM_DIR");
        return tsr_error(TSR_NOT_FOUND,
                         "there is no simulator of configuration %s (%s) in %s; build it with `make sims`, or set "
                         "TESSERA_SIM_DIR to the folder that holds it",
                         config_name, file, set != NULL && set[0] != '\0' ? set : "build/sim around this program");
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return tsr_error(TSR_IO, "the simulator cannot be loaded: %s", dlerror());
    const tsr_status status = check(library, path, out_api);
    if (status.code != TSR_OK) {
        dlclose(library);
        *out_api = NULL;
        return status;
    }
    *out_library = library;
    return status;
}
