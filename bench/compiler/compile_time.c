// SPDX-License-Identifier: Apache-2.0
// How long `tessera compile` takes, and how much memory, as a user sees it: a process each time, the best of three.
//
//   bench-compiler [-t TESSERA] [-c CONFIG] [-o FILE.csv] [-r COMMIT] [-s SHARED_MODELS] [-z ZOO]
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 3, PATH_BYTES = 1024 };

// Where a model lies.
typedef enum place { REPO, ZOO, SHARED } place;
static const struct {
    const char *network, *file;
    place place;
} models[] = {
    {"digits", "models/digits/digits_qdq.onnx", REPO},
    {"resnet18", "resnet18_int8.onnx", ZOO},
    {"resnet18_float", "resnet18.onnx", ZOO},
    {"resnet50", "resnet50_int8.onnx", ZOO},
    {"resnet50_float", "resnet50.onnx", ZOO},
    {"mobilenet_v2", "mobilenet_v2_int8.onnx", ZOO},
    {"mobilenet_v2_float", "mobilenet_v2.onnx", ZOO},
    {"resnet8", "mlperf_tiny/ic_resnet8_int8.tflite", SHARED},
    {"dscnn", "mlperf_tiny/kws_dscnn_int8.tflite", SHARED},
    {"mobilenet_v1_0.25_128", "imagenet/mobilenet_v1_0.25_128_uint8.tflite", SHARED},
    {"mobilenet_v2_tflite", "imagenet/mobilenet_v2_1.0_224_int8.tflite", SHARED},
};

typedef struct result {
    double seconds, peak_mib;
} result;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool measure(const char *tessera, const char *model, const char *config, const char *output, result *out) {
    double begin = now();
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere >= 0)
            dup2(nowhere, STDOUT_FILENO);
        execl(tessera, tessera, "compile", model, "--config", config, "-o", output, (char *)NULL);
        _exit(127);
    }
    int status;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return false;
    *out = (result){now() - begin, (double)usage.ru_maxrss / 1024};
    return true;
}

int main(int argc, char **argv) {
    const char *tessera = "build/bin/tessera", *config = "pynq", *csv_path = NULL, *commit = "unknown",
               *folders[] = {[REPO] = ".", [ZOO] = "build/zoo", [SHARED] = "../shared/models"};
    for (int option; (option = getopt(argc, argv, "t:c:o:r:s:z:")) != -1;) {
        switch (option) {
        case 't': tessera = optarg; break;
        case 'c': config = optarg; break;
        case 'o': csv_path = optarg; break;
        case 'r': commit = optarg; break;
        case 's': folders[SHARED] = optarg; break;
        case 'z': folders[ZOO] = optarg; break;
        default:
            fprintf(stderr, "usage: %s [-t TESSERA] [-c CONFIG] [-o FILE.csv] [-r COMMIT] [-s SHARED_MODELS] [-z ZOO]\n",
                    argv[0]);
            return 2;
        }
    }
    FILE *csv = csv_path != NULL ? fopen(csv_path, "w") : NULL;
    if (csv_path != NULL && csv == NULL) {
        fprintf(stderr, "bench-compiler: %s cannot be written\n", csv_path);
        return 1;
    }
    if (csv != NULL)
        fprintf(csv, "commit,config,network,seconds,peak_mib\n");
    char output[] = "/tmp/bench-compiler-XXXXXX";
    int file = mkstemp(output);
    if (file < 0) {
        fprintf(stderr, "bench-compiler: no place for a temporary file\n");
        return 1;
    }
    close(file);
    int code = 0;
    printf("%-24s %9s %12s\n", "network", "seconds", "peak MiB");
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folders[models[i].place], models[i].file);
        if (access(path, R_OK) != 0) {
            printf("%-24s (no %s)\n", models[i].network, path);
            continue;
        }
        result best = {0};
        for (int run = 0; run < RUNS; run++) {
            result r;
            if (!measure(tessera, path, config, output, &r)) {
                fprintf(stderr, "bench-compiler: %s compile %s failed\n", tessera, path);
                code = 1;
                break;
            }
            if (best.seconds == 0 || r.seconds < best.seconds)
                best.seconds = r.seconds;
            if (r.peak_mib > best.peak_mib)
                best.peak_mib = r.peak_mib;
        }
        if (best.seconds == 0)
            continue;
        printf("%-24s %9.3f %12.1f\n", models[i].network, best.seconds, best.peak_mib);
        fflush(stdout);
        if (csv != NULL)
            fprintf(csv, "%.64s,%s,%s,%.3f,%.1f\n", commit, config, models[i].network, best.seconds, best.peak_mib);
    }
    unlink(output);
    if (csv != NULL)
        fclose(csv);
    return code;
}
