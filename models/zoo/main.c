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

static const struct {
    const char *name;
    int64_t opset;
    int64_t size, classes; // unless told otherwise
    int64_t least;         // smallest size
    void (*build)(net *n, const zoo_options *options);
} networks[] = {
    {"resnet18", 13, 224, 1000, 32, resnet18},
    {"resnet50", 13, 224, 1000, 32, resnet50},
    {"mobilenet_v1", 13, 224, 1000, 32, mobilenet_v1},
    {"mobilenet_v2", 13, 224, 1000, 32, mobilenet_v2},
    {"vgg11", 13, 224, 1000, 32, vgg11},
    {"yolo_tiny", 13, 416, 80, 32, yolo_tiny},
    {"encoder", 17, 64, 1, 1, encoder}, // no classes
};
enum { COUNT = sizeof networks / sizeof networks[0], MOST = 4096 };

static int list(void) {
    for (int i = 0; i < COUNT; i++)
        printf("%s\n", networks[i].name);
    return 0;
}

static int misuse(const char *why, const char *what) {
    fprintf(stderr, "zoo: %s%s\nusage: zoo [-q] [-s SIZE] [-c CLASSES] NAME FILE.onnx, or zoo -l\n", why, what);
    return 2;
}

static tsr_status write_network(int index, bool qdq, const zoo_options *options, const char *path) {
    net *n = net_create(networks[index].name, networks[index].opset, qdq);
    networks[index].build(n, options);
    uint8_t *bytes;
    size_t size;
    tsr_status status = tsr_onnx_serialise(net_writer(n), &bytes, &size);
    if (status.code == TSR_OK)
        status = file_write(path, &(file_part){bytes, size}, 1);
    free(bytes);
    net_free(n);
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
    int index = 0;
    while (index < COUNT && strcmp(networks[index].name, argv[optind]) != 0)
        index++;
    if (index == COUNT)
        return misuse("no such network: ", argv[optind]);
    const zoo_options options = {size != 0 ? size : networks[index].size, classes != 0 ? classes : networks[index].classes};
    if (options.size < networks[index].least || options.size > MOST || options.classes < 1 || options.classes > MOST)
        return misuse("size or number of classes out of range for ", argv[optind]);
    const tsr_status status = write_network(index, qdq, &options, argv[optind + 1]);
    if (status.code != TSR_OK)
        fprintf(stderr, "zoo: %s\n", status.message);
    return status.code == TSR_OK ? 0 : 1;
}
