// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "tsr/driver.h"

enum { MAX_CONFIGS = 64, PATH_BYTES = 1024 };

typedef struct name_list {
    unsigned count;
    char names[MAX_CONFIGS][32];
} name_list;

static void collect(const char *folder, name_list *list) {
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && list->count < MAX_CONFIGS;) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && length - 4 < sizeof list->names[0] && strcmp(entry->d_name + length - 4, ".cfg") == 0)
            snprintf(list->names[list->count++], sizeof list->names[0], "%.*s", (int)(length - 4), entry->d_name);
    }
    closedir(dir);
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

// The folders in which tsr_find_config looks.
static void find_configs(name_list *list) {
    const char *set = getenv("TESSERA_CONFIGS");
    char folder[PATH_BYTES], below[PATH_BYTES + 32];
    list->count = 0;
    if (set != NULL && set[0] != '\0') {
        collect(set, list);
    } else {
        ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
        folder[length > 0 ? length : 0] = '\0';
        for (int level = 0; level < 5 && list->count == 0; level++) {
            static const char *const places[] = {"configs", "isa/configs", "share/tessera/configs"};
            char *slash = strrchr(folder, '/');
            if (slash == NULL)
                break;
            *slash = '\0';
            for (unsigned i = 0; i < 3 && list->count == 0; i++) {
                snprintf(below, sizeof below, "%s/%s", folder, places[i]);
                collect(below, list);
            }
        }
    }
    qsort(list->names, list->count, sizeof list->names[0], by_name);
}

static tsr_status try_simulator(const char *config) {
    char name[64];
    tsr_device *device;
    snprintf(name, sizeof name, "rtl:config=%s", config);
    TSR_TRY(tsr_device_open(name, &device));
    tsr_device_close(device);
    return tsr_ok();
}

static void print_text(const name_list *list) {
    puts("Devices (--device NAME or NAME:key=value,...):");
    for (const tsr_driver *const *d = tsr_drivers; *d != NULL; d++)
        printf("  %-8s%s\n%s%s%s", (*d)->name, (*d)->summary, (*d)->options[0] != '\0' ? "          " : "", (*d)->options,
               (*d)->options[0] != '\0' ? "\n" : "");
    for (const tsr_driver_absence *a = tsr_drivers_absent; a->name != NULL; a++)
        printf("  %-8snot in this build: %s\n", a->name, a->reason);
    puts("\nConfigurations (--config NAME):");
    printf("  %-12s%12s%10s%10s%10s%10s  %s\n", "", "MACs/cycle", "inputs", "weights", "accums", "bus", "simulator");
    for (unsigned i = 0; i < list->count; i++) {
        tsr_config c;
        tsr_status status = tsr_find_config(list->names[i], &c);
        if (status.code != TSR_OK) {
            printf("  %-12s%s\n", list->names[i], status.message);
            continue;
        }
        char array[48];
        snprintf(array, sizeof array, "%ux%ux%u", c.batch, c.block_in, c.block_out);
        status = try_simulator(list->names[i]);
        printf("  %-12s%12s%6u KiB%6u KiB%6u KiB%6u bit  %s\n", list->names[i], array, c.inp_buffer >> 10, c.wgt_buffer >> 10,
               c.acc_buffer >> 10, c.bus_bytes * 8, status.code == TSR_OK ? "ready" : status.message);
    }
    if (list->count == 0)
        puts("  none found; set TESSERA_CONFIGS to the folder that holds them (isa/configs)");
}

static void print_json(const name_list *list) {
    printf("{\"devices\":[");
    for (const tsr_driver *const *d = tsr_drivers; *d != NULL; d++) {
        printf("%s{\"name\":", d != tsr_drivers ? "," : "");
        json_text((*d)->name);
        printf(",\"summary\":");
        json_text((*d)->summary);
        printf(",\"options\":");
        json_text((*d)->options);
        printf("}");
    }
    printf("],\"absent\":[");
    for (const tsr_driver_absence *a = tsr_drivers_absent; a->name != NULL; a++) {
        printf("%s{\"name\":", a != tsr_drivers_absent ? "," : "");
        json_text(a->name);
        printf(",\"reason\":");
        json_text(a->reason);
        printf("}");
    }
    printf("],\"configurations\":[");
    for (unsigned i = 0; i < list->count; i++) {
        tsr_config c;
        tsr_status status = tsr_find_config(list->names[i], &c);
        printf("%s{\"name\":", i > 0 ? "," : "");
        json_text(list->names[i]);
        if (status.code == TSR_OK) {
            printf(",\"batch\":%u,\"block_in\":%u,\"block_out\":%u,\"bus_bytes\":%u", c.batch, c.block_in, c.block_out,
                   c.bus_bytes);
            status = try_simulator(list->names[i]);
            printf(",\"simulator\":%s", status.code == TSR_OK ? "true" : "false");
        }
        if (status.code != TSR_OK) {
            printf(",\"problem\":");
            json_text(status.message);
        }
        printf("}");
    }
    printf("]}\n");
}

int cli_devices(int argc, char **argv) {
    bool json = false;
    const cli_option options[] = {
        {OPTION_FLAG, "--json", NULL, &json, "for programs"},
        {0},
    };
    const cli_command command = {
        "devices",
        "list devices, configurations and simulators",
        "[OPTIONS]",
        0,
        0,
        options,
        "A simulator is built for each configuration by `make sims`.\n",
        "  tessera devices\n",
    };
    int code;
    if (!cli_parse(&command, argc, argv, NULL, &code))
        return code;
    static name_list list;
    find_configs(&list);
    if (json)
        print_json(&list);
    else
        print_text(&list);
    return CLI_DONE;
}
