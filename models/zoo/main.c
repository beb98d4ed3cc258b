// SPDX-License-Identifier: Apache-2.0
// Writes a network of the zoo as an ONNX file.
//
//   zoo [-q] [-s SIZE] [-c CLASSES] NAME FILE.onnx     -q: as QDQ; -l lists the names
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "networks.h"

enum { MOST = 4096 }; // largest size, most classes

static int list(void) {
    for (const zoo_network *z = zoo_networks; z->name != NULL; z++)
        printf("%s\n", z->name);
    return 0;
}

static int misuse(const char *why, const char *what) {
    fprintf(stderr, "zoo: %s%s\nusage: zoo [-q] [-s SIZE] [-c CLASSES] NAME FILE.onnx, or zoo -l\n", why, what);
    return 2;
}

static tsr_status write_network(const zoo_network *network, bool qdq, const zoo_options *options, const char *path) {
    uint8_t *bytes;
    size_t size;
    TSR_TRY(zoo_build(network, qdq, options, &bytes, &size));
    tsr_status status = file_write(path, &(file_part){bytes, size}, 1);
    free(bytes);
    return status;
}

int main(int argc, char **argv) {
    bool qdq = false;
    long size = 0, classes = 0;
    for (int option; (option = getopt(argc, argv, "lqs:c:")) != -1;) {
        switch (option) {
        case 'l': return list();
        case 'q': qdq = true; break;
        case 's': size = strtol(optarg, NULL, 10); break;
        case 'c': classes = strtol(optarg, NULL, 10); break;
        default: return misuse("unknown option", "");
        }
    }
    if (argc - optind != 2)
        return misuse("a name and a file are needed", "");
    const zoo_network *network = zoo_networks;
    while (network->name != NULL && strcmp(network->name, argv[optind]) != 0)
        network++;
    if (network->name == NULL)
        return misuse("no such network: ", argv[optind]);
    const zoo_options options = {size != 0 ? size : network->size, classes != 0 ? classes : network->classes};
    if (options.size < network->least || options.size > MOST || options.classes < 1 || options.classes > MOST)
        return misuse("size or number of classes out of range for ", argv[optind]);
    const tsr_status status = write_network(network, qdq, &options, argv[optind + 1]);
    if (status.code != TSR_OK)
        fprintf(stderr, "zoo: %s\n", status.message);
    return status.code == TSR_OK ? 0 : 1;
}
