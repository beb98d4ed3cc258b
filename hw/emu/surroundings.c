// SPDX-License-Identifier: Apache-2.0
#include "surroundings.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire.h"

#define HOST_LIBRARY "libtessera_hwemu_host.so"

void emu_surroundings_path(const emu_surroundings *s, const char *name, char out_path[PATH_MAX]) {
    snprintf(out_path, PATH_MAX, "%s/%s", s->folder, name);
}

static tsr_status cannot(const char *what, const char *path) {
    return tsr_error(TSR_IO, "cannot %s %s: %s", what, path, strerror(errno));
}

// The folder that the dynamic linker finds XRT in. Its libraries stay unloaded by this process beyond the question.
static tsr_status find_xrt(char out_folder[PATH_MAX]) {
    void *library = dlopen("libxrt_coreutil.so.2", RTLD_LAZY | RTLD_LOCAL);
    struct link_map *map = NULL;
    char *real = NULL;
    if (library != NULL && dlinfo(library, RTLD_DI_LINKMAP, (void *)&map) == 0)
        real = realpath(map->l_name, NULL);
    if (library != NULL)
        dlclose(library);
    if (real == NULL)
        return tsr_error(TSR_NOT_FOUND,
                         "XRT is not installed (libxrt_coreutil.so.2); install the packages libxrt1 and libxrt-dev");
    snprintf(out_folder, PATH_MAX, "%s", real);
    free(real);
    *strrchr(out_folder, '/') = '\0';
    return tsr_ok();
}

// XRT loads $XILINX_XRT/lib/lib<shim>.so.2 and takes nothing else.
static tsr_status link_libraries(const emu_surroundings *s, const char *xrt) {
    static const char *const libraries[] = {"libxrt_core.so.2", "libxrt_hwemu.so.2", "libxilinxopencl.so.2"};
    char path[PATH_MAX], target[PATH_MAX + 32];
    emu_surroundings_path(s, "xrt", path);
    if (mkdir(path, 0700) != 0)
        return cannot("make", path);
    emu_surroundings_path(s, "xrt/lib", path);
    if (mkdir(path, 0700) != 0)
        return cannot("make", path);
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        snprintf(target, sizeof target, "%s/%s", xrt, libraries[i]);
        if (access(target, R_OK) != 0)
            return tsr_error(TSR_NOT_FOUND, "XRT is not complete: there is no %s; install the package libxrt1", target);
        snprintf(path, sizeof path, "%s/xrt/lib/%s", s->folder, libraries[i]);
        if (symlink(target, path) != 0)
            return cannot("link", path);
    }
    return tsr_ok();
}

// The shim's buffer for messages must not grow (it forgets where the larger one is), so the first message, which carries this
// file, has to be the largest one: hence the padding, longer than a packet.
static tsr_status write_ini(const emu_surroundings *s) {
    char path[PATH_MAX];
    emu_surroundings_path(s, "xrt.ini", path);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return cannot("write", path);
    fprintf(file,
            "[Runtime]\nruntime_log=null\n"
            "[Emulation]\ndont_run=true\nsystem_dpa=false\npacket_size=%d\nsuppress_infos=true\nprint_infos_in_console=false\n"
            "print_warnings_in_console=false\nprint_errors_in_console=false\nkeep_run_dir=false\n"
            "[Debug]\npadding=",
            EMU_PACKET_BYTES);
    for (int i = 0; i < EMU_PACKET_BYTES + 4096; i++)
        fputc('x', file);
    fputc('\n', file);
    const bool failed = ferror(file) != 0;
    return fclose(file) != 0 || failed ? cannot("write", path) : tsr_ok();
}

static tsr_status write_emconfig(const emu_surroundings *s, unsigned boards) {
    char path[PATH_MAX];
    emu_surroundings_path(s, "emconfig.json", path);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return cannot("write", path);
    fprintf(
        file,
        "{\"Version\": {\"FileVersion\": \"2.0\", \"ToolVersion\": \"tessera\"},\n"
        " \"Platform\": {\"UnifiedPlatform\": \"true\", \"ExpandedPR\": \"false\",\n"
        "  \"Boards\": [{\"NumBoards\": \"1\", \"Devices\": [{\"Name\": \"tessera_emulated_board\", \"HalMajorVersion\": \"1\",\n"
        "   \"HalMinorVersion\": \"0\", \"VendorId\": \"4334\", \"DeviceVersion\": \"0\", \"DataAlignment\": \"64\",\n"
        "   \"DdrBanks\": [{\"Size\": \"1G\"}], \"OclFreqency\": \"300\", \"NumDevices\": \"%u\"}]}]}}\n",
        boards);
    const bool failed = ferror(file) != 0;
    return fclose(file) != 0 || failed ? cannot("write", path) : tsr_ok();
}

tsr_status emu_surroundings_make(unsigned boards, emu_surroundings *s) {
    char xrt[PATH_MAX];
    s->folder[0] = '\0';
    TSR_TRY(find_xrt(xrt));
    // Not in $TMPDIR: XRT looks in /tmp/$USER.
    char folder[] = "/tmp/tessera-hwemu-XXXXXX";
    if (mkdtemp(folder) == NULL)
        return cannot("make", folder);
    snprintf(s->folder, sizeof s->folder, "%s", folder);
    TSR_TRY(link_libraries(s, xrt));
    TSR_TRY(write_ini(s));
    return write_emconfig(s, boards);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where) {
    (void)status, (void)kind, (void)where;
    (void)remove(path);
    return 0;
}

void emu_surroundings_remove(emu_surroundings *s) {
    if (s->folder[0] != '\0')
        (void)nftw(s->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    s->folder[0] = '\0';
}

// Beside this program, or in ../lib of it.
static tsr_status find_host_library(char out_path[PATH_MAX]) {
    static const char *const below[] = {"", "/../lib", "/../lib/tessera"};
    char self[PATH_MAX], path[PATH_MAX + 64];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        snprintf(path, sizeof path, "%s%s/" HOST_LIBRARY, self, below[i]);
        if (access(path, R_OK) == 0 && realpath(path, out_path) != NULL)
            return tsr_ok();
    }
    return tsr_error(TSR_NOT_FOUND, "there is no " HOST_LIBRARY " beside %s or in ../lib of it", self);
}

tsr_status emu_surroundings_enter(const emu_surroundings *s, const char *xclbin) {
    char path[PATH_MAX], preload[2 * PATH_MAX];
    TSR_TRY(find_host_library(path));
    const char *before = getenv("LD_PRELOAD");
    snprintf(preload, sizeof preload, "%s%s%s", path, before != NULL && before[0] != '\0' ? ":" : "",
             before != NULL ? before : "");
    setenv("LD_PRELOAD", preload, 1);
#ifdef __SANITIZE_ADDRESS__ // then the program has it, too: it need not come first, and XRT does not free all it takes
    setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1);
#endif
    setenv("XCL_EMULATION_MODE", "hw_emu", 1);
    setenv("EMULATION_SOCKETID", EMU_SOCKET, 1);
    setenv("USER", strrchr(s->folder, '/') + 1, 1);
    setenv("EMCONFIG_PATH", s->folder, 1);
    setenv("SDACCEL_EM_RUN_DIR", s->folder, 1);
    setenv("TESSERA_HWEMU_DIR", s->folder, 1);
    emu_surroundings_path(s, "xrt.ini", path);
    setenv("XRT_INI_PATH", path, 1);
    emu_surroundings_path(s, "xrt", path);
    setenv("XILINX_XRT", path, 1);
    emu_surroundings_path(s, "xrt/lib/libxilinxopencl.so.2", path);
    setenv("OCL_ICD_VENDORS", path, 1);
    if (setenv("TESSERA_XCLBIN", xclbin, 1) != 0)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for the environment");
    return tsr_ok();
}
