// SPDX-License-Identifier: Apache-2.0
// The demo: compiles the digits network, runs it on pictures in the cycle-accurate simulator, and shows what comes out.
//
//   demo [-n IMAGES] [-s SHOWN] [-d DEVICE] [-o FILE.csv] [-r COMMIT]
//
// -n: how many of the held-back pictures (default all 360); -s: how many to draw (default 10); the result goes into a
// file of one row for programs.
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "npy.h"
#include "progress.h"
#include "tsr/compiler.h"
#include "tsr/tessera.h"

enum { SIDE = 8, PIXELS = SIDE * SIDE, CLASSES = 10, ACROSS = 5, MAX_SHOWN = 100, FILE_LIMIT = 1 << 24 };
static const char model_path[] = "models/digits/digits_qdq.onnx";

typedef struct answer {
    unsigned digit;
    float confidence;
} answer;

typedef struct demo {
    const char *device_name, *csv, *commit;
    uint32_t image_count, shown;
    bool all_images;
    uint8_t *image_file, *label_file;
    npy_array images, labels;
    tsr_device *device;
    tsr_program *program;
    tsr_session *session;
    answer answers[MAX_SHOWN];
    uint32_t right;
    uint64_t cycles;
    double cpu_seconds; // of running, whatever else the machine does
} demo;

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static tsr_status load_array(const char *path, uint8_t **file, npy_array *array) {
    size_t size;
    TSR_TRY(file_read(path, FILE_LIMIT, file, &size));
    TSR_TRY(npy_parse(*file, size, path, array));
    return array->dtype == TSR_U8 ? tsr_ok() : tsr_error(TSR_MISMATCH, "%s: not uint8", path);
}

static tsr_status load_pictures(demo *d) {
    TSR_TRY(load_array("models/digits/test_images.npy", &d->image_file, &d->images));
    TSR_TRY(load_array("models/digits/test_labels.npy", &d->label_file, &d->labels));
    if (d->images.bytes != d->labels.bytes * PIXELS)
        return tsr_error(TSR_MISMATCH, "models/digits: %zu bytes of 8x8 pictures for %zu labels", d->images.bytes,
                         d->labels.bytes);
    if (d->all_images || d->image_count > d->labels.bytes)
        d->image_count = (uint32_t)d->labels.bytes;
    if (d->shown > d->image_count)
        d->shown = d->image_count;
    return tsr_ok();
}

// ---- drawing ------------------------------------------------------------------------------------------------------------

static void draw_row(const uint8_t *picture, int row, bool blocks) {
    static const char *const block[] = {" ", "\u2591", "\u2592", "\u2593", "\u2588"};
    static const char letters[] = " .:-=+*#%@";
    for (int x = 0; x < SIDE; x++) {
        unsigned level = picture[row * SIDE + x];
        if (blocks)
            printf("%s%s", block[(level * 4 + 127) / 255], block[(level * 4 + 127) / 255]);
        else
            printf("%c%c", letters[(level * 9 + 127) / 255], letters[(level * 9 + 127) / 255]);
    }
}

static void draw(const demo *d) {
    bool blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    for (uint32_t first = 0; first < d->shown; first += ACROSS) {
        uint32_t end = first + ACROSS < d->shown ? first + ACROSS : d->shown;
        for (int row = 0; row < SIDE; row++, putchar('\n'))
            for (uint32_t i = first; i < end; i++, printf("  "))
                draw_row(d->images.data + (size_t)i * PIXELS, row, blocks);
        for (uint32_t i = first; i < end; i++) {
            char text[40];
            const answer *a = &d->answers[i];
            if (a->digit == d->labels.data[i])
                snprintf(text, sizeof text, "    %u  %.1f %%", a->digit, (double)a->confidence * 100);
            else
                snprintf(text, sizeof text, "  %u? it is a %u", a->digit, d->labels.data[i]);
            printf("%-*s  ", 2 * SIDE, text);
        }
        puts("\n");
    }
}

// ---- running ------------------------------------------------------------------------------------------------------------

static tsr_status compile(demo *d) {
    TSR_TRY(tsr_device_open(d->device_name, &d->device));
    progress *bar = progress_start("compiling");
    tsr_compile_options options = {
        .config = &tsr_device_get_info(d->device)->config,
        .on_progress = bar != NULL ? progress_on_stage : NULL,
        .progress_context = bar,
    };
    tsr_status status = tsr_compile_file(model_path, &options, &d->program);
    progress_end(bar);
    TSR_TRY(status);
    const tsr_program *p = d->program;
    if (p->input_count != 1 || p->inputs[0].dtype != TSR_F32 || p->inputs[0].bytes != PIXELS * sizeof(float) ||
        p->output_count != 1 || p->outputs[0].dtype != TSR_F32 || p->outputs[0].bytes != CLASSES * sizeof(float))
        return tsr_error(TSR_MISMATCH, "%s: not the network that this demo is for", model_path);
    return tsr_session_create(d->device, p, &d->session);
}

static tsr_status classify(demo *d, uint32_t index, answer *out) {
    float in[PIXELS], scores[CLASSES];
    for (int i = 0; i < PIXELS; i++)
        in[i] = (float)d->images.data[(size_t)index * PIXELS + (size_t)i] / 255.0F;
    tsr_tensor input = tsr_tensor_for(&d->program->inputs[0], in), output = tsr_tensor_for(&d->program->outputs[0], scores);
    TSR_TRY(tsr_session_set_input(d->session, 0, &input));
    double begin = now(CLOCK_PROCESS_CPUTIME_ID);
    TSR_TRY(tsr_session_invoke(d->session, 0));
    d->cpu_seconds += now(CLOCK_PROCESS_CPUTIME_ID) - begin;
    TSR_TRY(tsr_session_get_output(d->session, 0, &output));
    *out = (answer){0, scores[0]};
    for (unsigned c = 1; c < CLASSES; c++)
        if (scores[c] > out->confidence)
            *out = (answer){c, scores[c]};
    return tsr_ok();
}

static tsr_status classify_all(demo *d, progress *bar) {
    for (uint32_t i = 0; i < d->image_count; i++) {
        char stage[40];
        snprintf(stage, sizeof stage, "picture %u of %u", i + 1, d->image_count);
        progress_set(bar, stage, i, d->image_count);
        answer a;
        TSR_TRY(classify(d, i, &a));
        if (i < d->shown)
            d->answers[i] = a;
        d->right += a.digit == d->labels.data[i];
        d->cycles += tsr_session_get_profile(d->session).total.device.cycles;
    }
    return tsr_ok();
}

static tsr_status report(const demo *d, double seconds) {
    const tsr_config *c = &tsr_device_get_info(d->device)->config;
    uint64_t macs = 0;
    for (uint32_t i = 0; i < d->program->layer_count; i++)
        macs += d->program->layers[i].on_accelerator ? d->program->layers[i].macs : 0;
    double array = (double)c->batch * c->block_in * c->block_out, cycles = (double)d->cycles / d->image_count;
    double accuracy = (double)d->right / d->image_count, utilisation = cycles > 0 ? (double)macs / (cycles * array) : 0;
    double speed = d->cpu_seconds > 0 ? (double)d->cycles / d->cpu_seconds : 0;
    printf("accuracy               %.1f %% (%u of %u pictures that training never saw)\n", accuracy * 100, d->right,
           d->image_count);
    printf("cycles per inference   %.0f (%.0f a second at 100 MHz)\n", cycles, cycles > 0 ? 1e8 / cycles : 0);
    printf("MAC utilisation        %.1f %% (%llu MACs, %.0f a cycle at most)\n", utilisation * 100, (unsigned long long)macs,
           array);
    printf("simulation speed       %.2f million cycles a CPU second\n", speed * 1e-6);
    printf("device                 %s, configuration %s; %.1f s in all\n", d->device_name, c->name, seconds);
    if (d->csv == NULL)
        return tsr_ok();
    char text[512];
    int length = snprintf(text, sizeof text,
                          "commit,config,images,accuracy,cycles_per_inference,utilisation,sim_cycles_per_second,seconds,memory\n"
                          "%.64s,%s,%u,%.6f,%.1f,%.6f,%.0f,%.3f,latency=64 bandwidth=%u outstanding=16\n",
                          d->commit, c->name, d->image_count, accuracy, cycles, utilisation, speed, seconds, c->bus_bytes);
    const file_part part = {text, (size_t)length};
    return file_write(d->csv, &part, 1);
}

static tsr_status run(demo *d) {
    double begin = now(CLOCK_MONOTONIC);
    TSR_TRY(load_pictures(d));
    TSR_TRY(compile(d));
    progress *bar = progress_start("simulating");
    tsr_status status = classify_all(d, bar);
    progress_end(bar);
    TSR_TRY(status);
    draw(d);
    return report(d, now(CLOCK_MONOTONIC) - begin);
}

static uint32_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value == 0 || value > 1000000) {
        fprintf(stderr, "demo: %s: a number from 1 to 1000000 is wanted\n", text);
        exit(2);
    }
    return (uint32_t)value;
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "");
    demo d = {.device_name = "rtl:config=pynq", .commit = "unknown", .shown = 10, .all_images = true};
    for (int option; (option = getopt(argc, argv, "n:s:d:o:r:")) != -1;) {
        switch (option) {
        case 'n':
            d.image_count = number(optarg);
            d.all_images = false;
            break;
        case 's': d.shown = number(optarg); break;
        case 'd': d.device_name = optarg; break;
        case 'o': d.csv = optarg; break;
        case 'r': d.commit = optarg; break;
        default: fprintf(stderr, "usage: %s [-n IMAGES] [-s SHOWN] [-d DEVICE] [-o FILE.csv] [-r COMMIT]\n", argv[0]); return 2;
        }
    }
    if (d.shown > MAX_SHOWN)
        d.shown = MAX_SHOWN;
    tsr_status status = run(&d);
    if (status.code != TSR_OK)
        fprintf(stderr, "demo: %s\n", status.message);
    tsr_session_destroy(d.session);
    tsr_program_free(d.program);
    tsr_device_close(d.device);
    free(d.image_file);
    free(d.label_file);
    return status.code != TSR_OK;
}
