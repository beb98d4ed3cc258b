// SPDX-License-Identifier: Apache-2.0
// Where configurations are found by name.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tsr/driver.h"

enum { PATH_BYTES = 1024 };

static bool is_plain_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return length > 0 && length < 32 && name[length] == '\0';
}

// folder/NAME.cfg, when that is a file which can be read.
static bool try_folder(const char *folder, const char *below, const char *name, char path[PATH_BYTES]) {
    int length = snprintf(path, PATH_BYTES, "%s%s/%s.cfg", folder, below, name);
    return length > 0 && length < PATH_BYTES && access(path, R_OK) == 0;
}

// Next to the program or above it: isa/configs in a checkout (programs lie in build/...), share/tessera/configs installed.
static bool try_near_program(const char *name, char path[PATH_BYTES]) {
    char folder[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (length <= 0)
        return false;
    folder[length] = '\0';
    for (int level = 0; level < 5; level++) {
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
        if (try_folder(folder, "/configs", name, path) || try_folder(folder, "/isa/configs", name, path) ||
            try_folder(folder, "/share/tessera/configs", name, path))
            return true;
    }
    return false;
}

tsr_status tsr_find_config(const char *name, tsr_config *out_config) {
    memset(out_config, 0, sizeof *out_config);
    if (strchr(name, '/') != NULL)
        return tsr_config_load(name, out_config);
    if (!is_plain_name(name))
        return tsr_error(TSR_INVALID_ARGUMENT, "\"%.40s\" cannot name a configuration: use letters, digits, - and _, or a path",
                         name);
    char path[PATH_BYTES];
    const char *folder = getenv("TESSERA_CONFIGS");
    bool found = folder != NULL && folder[0] != '\0' ? try_folder(folder, "", name, path) : try_near_program(name, path);
    if (!found)
        return tsr_error(TSR_NOT_FOUND,
                         "no configuration is called %s: there is no %s.cfg in %s; give a path (./%s.cfg) or set "
                         "TESSERA_CONFIGS to the folder that holds it",
                         name, name, folder != NULL && folder[0] != '\0' ? folder : "isa/configs around this program", name);
    return tsr_config_load(path, out_config);
}

static bool search_folder(const char *folder, uint64_t id, char out_name[32]) {
    DIR *dir = opendir(folder);
    bool found = false;
    for (struct dirent *entry; dir != NULL && !found && (entry = readdir(dir)) != NULL;) {
        char path[PATH_BYTES];
        tsr_config config;
        const size_t length = strlen(entry->d_name);
        if (length <= 4 || strcmp(entry->d_name + length - 4, ".cfg") != 0 ||
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            continue;
        found = tsr_config_load(path, &config).code == TSR_OK && tsr_config_id(&config) == id;
        if (found)
            memcpy(out_name, config.name, sizeof config.name);
    }
    if (dir != NULL)
        closedir(dir);
    return found;
}

bool tsr_find_config_name(uint64_t id, char out_name[32]) {
    char path[PATH_BYTES];
    const char *folder = getenv("TESSERA_CONFIGS");
    out_name[0] = '\0';
    if (folder != NULL && folder[0] != '\0')
        return search_folder(folder, id, out_name);
    if (!try_near_program("pynq", path)) // the folder is where the default is
        return false;
    *strrchr(path, '/') = '\0';
    return search_folder(path, id, out_name);
}
