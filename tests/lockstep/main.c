// SPDX-License-Identifier: Apache-2.0
// Random legal and slightly illegal programs, on the Verilated core and on the executable specification.
//
//   lockstep [-n PROGRAMS] [-s SEED] [-c CONFIG,...] [-x VARIANT] [-t SECONDS] [-o FOLDER] [-e] [-q]
//
// -n programs for each configuration (default 125), seeds SEED, SEED + 1, ... (default 1); -t stops starting programs after
// that many seconds; -x takes a test build of the simulator; -e expects a difference: exit code 0 when one is found. The first
// failing program of a configuration is shortened while it still fails and written to FOLDER (build/lockstep). The last line
// is "N passed, N failed, N skipped".
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "tsr/asm.h"

enum { RACE_SAMPLE = 4, MAX_CONFIGS = 16 };

typedef struct settings {
    uint64_t programs, seed;
    double seconds;
    const char *variant, *folder, *simulators, *configs_folder;
    bool expect_difference, quiet;
} settings;

typedef struct tally {
    uint64_t passed, failed, skipped, cycles, bank_conflicts;
    uint64_t injected[INJECTIONS], faults[16];
} tally;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void write_program(const settings *s, const program *p, const result *r) {
    char path[512];
    mkdir(s->folder, 0777);
    snprintf(path, sizeof path, "%s/%s-%llu.tasm", s->folder, p->config->name, (unsigned long long)p->seed);
    FILE *file = fopen(path, "w");
    char *text = NULL;
    if (file == NULL || tsr_disassemble(p->data[0] + p->insn_space, (size_t)p->count * TSR_INSN_BYTES, &text).code != TSR_OK) {
        fprintf(stderr, "%s: cannot be written\n", path);
    } else {
        fprintf(file, "# configuration %s, seed %llu, injected: %s", p->config->name, (unsigned long long)p->seed,
                injection_names[p->injection]);
        if (p->victim != UINT32_MAX)
            fprintf(file, " at instruction %u", p->victim);
        fprintf(file, "\n; started with insn_offset %u, insn_count %u\n", p->insn_offset, p->insn_count);
        for (int i = 0; i < SEGMENTS; i++)
            fprintf(file, "# segment %d: %u bytes at bus address 0x%llx\n", i, p->size[i], (unsigned long long)p->base[i]);
        for (const char *line = r->detail; *line != '\0';) {
            size_t length = strcspn(line, "\n");
            fprintf(file, "# %.*s\n", (int)length, line);
            line += length + (line[length] == '\n');
        }
        fputs(text, file);
        printf("  written to %s\n", path);
    }
    if (file != NULL)
        fclose(file);
    free(text);
}

// A copy whose instructions can be dropped without touching the original's memory.
static void copy_program(program *to, const program *from) {
    uint8_t *data[SEGMENTS];
    memcpy(data, to->data, sizeof data);
    *to = *from;
    memcpy(to->data, data, sizeof data);
    for (int s = 0; s < SEGMENTS; s++)
        memcpy(to->data[s], from->data[s], MAX_SEGMENT_BYTES);
}

// Drops runs of instructions, long ones first, for as long as what is left still fails.
static result minimise(machine *m, program *p, result r) {
    program unscheduled, attempt;
    program_init(&unscheduled);
    program_init(&attempt);
    injection injected = p->injection; // program_make may have given it up
    program_generate(&unscheduled, p->config, p->seed);
    unscheduled.injection = injected;
    unscheduled.victim = p->victim;
    double end = now() + 60;
    for (uint32_t length = unscheduled.count / 2; length > 0; length /= 2) {
        for (uint32_t at = 0; at + length < unscheduled.count && now() < end;) {
            bool keeps_victim = unscheduled.victim >= at && unscheduled.victim < at + length;
            copy_program(&attempt, &unscheduled);
            for (uint32_t i = 0; i < length; i++)
                program_drop(&attempt, at);
            program dropped;
            program_init(&dropped);
            copy_program(&dropped, &attempt);
            program_schedule(&attempt);
            result again = {0};
            if (!keeps_victim && program_inject(&attempt))
                again = machine_run(m, &attempt, true);
            if (again.outcome == OUTCOME_DIFFERENT && strstr(again.detail, "race") == NULL) {
                copy_program(&unscheduled, &dropped);
                unscheduled.victim = attempt.victim;
                copy_program(p, &attempt);
                r = again;
            } else {
                at += length;
            }
            program_free(&dropped);
        }
    }
    program_free(&unscheduled);
    program_free(&attempt);
    return r;
}

static void progress(const settings *s, const tsr_config *c, uint64_t done, double begin) {
    static double shown;
    if (s->quiet || !isatty(2) || (now() - shown < 0.2 && done != s->programs))
        return;
    shown = now();
    fprintf(stderr, "\r  %-8s [%-30.*s] %llu/%llu  %.0f/s ", c->name, (int)(30 * done / s->programs),
            "##############################", (unsigned long long)done, (unsigned long long)s->programs,
            (double)done / (now() - begin + 1e-9));
    if (done == s->programs)
        fputs("\r\033[K", stderr);
}

static void lockstep(const settings *s, const tsr_config *c, double deadline, tally *t) {
    char library[512];
    snprintf(library, sizeof library, "%s/libtessera_sim_%s%s%s.so", s->simulators, c->name, *s->variant != '\0' ? "_" : "",
             s->variant);
    machine *m = machine_open(library, c);
    if (m == NULL) {
        t->failed++;
        return;
    }
    program p;
    program_init(&p);
    double begin = now();
    bool shortened = false;
    uint64_t done = 0, failed = 0, cycles = 0;
    for (; done < s->programs && now() < deadline; done++) {
        program_make(&p, c, s->seed + done);
        result r = machine_run(m, &p, done % RACE_SAMPLE == 0);
        t->injected[p.injection]++;
        t->faults[r.fault & 15]++;
        t->cycles += r.cycles;
        cycles += r.cycles;
        t->bank_conflicts += r.stall_bank;
        progress(s, c, done + 1, begin);
        if (r.outcome == OUTCOME_SKIPPED) {
            t->skipped++;
        } else if (r.outcome == OUTCOME_SAME) {
            t->passed++;
        } else {
            t->failed++;
            failed++;
            if (s->expect_difference) {
                printf("%s: the seeded bug shows after %llu programs (seed %llu)\n", c->name, (unsigned long long)done + 1,
                       (unsigned long long)p.seed);
                break;
            }
            if (failed <= 5)
                printf("FAIL %s seed %llu, %u instructions, injected: %s\n%s", c->name, (unsigned long long)p.seed, p.count,
                       injection_names[p.injection], r.detail);
            if (!shortened) {
                shortened = true;
                r = minimise(m, &p, r);
                printf("  shortened to %u instructions:\n%s", p.count, r.detail);
                write_program(s, &p, &r);
            }
            fflush(stdout);
            if (failed == 50) {
                printf("%s: 50 failures, going on with the next configuration\n", c->name);
                break;
            }
        }
    }
    if (!s->expect_difference)
        printf("%-8s %8llu programs %12llu cycles %8.1f s\n", c->name, (unsigned long long)done, (unsigned long long)cycles,
               now() - begin);
    fflush(stdout);
    program_free(&p);
    machine_close(m);
}

static void print_coverage(const tally *t) {
    printf("\nWhat the programs did:\n");
    for (int i = 0; i < COVERAGE_POINTS; i++)
        printf("  %12llu  %s\n", (unsigned long long)coverage[i], coverage_meanings[i]);
    printf("  %12llu  cycles of bank conflict in GEMM and ALU\n", (unsigned long long)t->bank_conflicts);
    printf("Injected:\n");
    for (int i = 0; i < INJECTIONS; i++)
        printf("  %12llu  %s\n", (unsigned long long)t->injected[i], injection_names[i]);
    printf("Specified fault:\n");
    for (uint32_t i = 0; i <= TSR_FAULT_INSN_ALIGN; i++)
        printf("  %12llu  %s\n", (unsigned long long)t->faults[i], tsr_fault_name(i));
}

static int usage(void) {
    fprintf(stderr, "usage: lockstep [-n PROGRAMS] [-s SEED] [-c CONFIG,...] [-x VARIANT] [-t SECONDS] [-o FOLDER] [-e] [-q]\n");
    return 2;
}

int main(int argc, char **argv) {
    settings s = {.programs = 125,
                  .seed = 1,
                  .seconds = 1e9,
                  .variant = "",
                  .folder = "build/lockstep",
                  .simulators = "build/sim",
                  .configs_folder = "isa/configs"};
    char configs[256] = "tiny,pynq,wide,batch4";
    int option;
    while ((option = getopt(argc, argv, "n:s:c:x:t:o:eq")) != -1) {
        switch (option) {
        case 'n': s.programs = strtoull(optarg, NULL, 0); break;
        case 's': s.seed = strtoull(optarg, NULL, 0); break;
        case 'c': snprintf(configs, sizeof configs, "%s", optarg); break;
        case 'x': s.variant = optarg; break;
        case 't': s.seconds = strtod(optarg, NULL); break;
        case 'o': s.folder = optarg; break;
        case 'e': s.expect_difference = true; break;
        case 'q': s.quiet = true; break;
        default: return usage();
        }
    }
    if (optind != argc || s.programs == 0)
        return usage();

    tally t = {0};
    double begin = now();
    int count = 1, index = 0;
    for (const char *c = configs; *c != '\0'; c++)
        count += *c == ',';
    for (char *rest = configs, *name; (name = strsep(&rest, ",")) != NULL; index++) {
        char path[512];
        tsr_config config;
        snprintf(path, sizeof path, "%s/%s.cfg", s.configs_folder, name);
        tsr_status status = tsr_config_load(path, &config);
        if (status.code != TSR_OK) {
            fprintf(stderr, "%s\n", status.message);
            return 2;
        }
        // Each configuration may use its share of the time that is left.
        double left = begin + s.seconds - now();
        lockstep(&s, &config, now() + left / (count - index), &t);
    }
    if (s.expect_difference) {
        printf("%u passed, %u failed, 0 skipped\n", t.failed != 0, t.failed == 0);
        return t.failed == 0;
    }
    if (!s.quiet)
        print_coverage(&t);
    printf("%llu passed, %llu failed, %llu skipped\n", (unsigned long long)t.passed, (unsigned long long)t.failed,
           (unsigned long long)t.skipped);
    return t.failed != 0;
}
