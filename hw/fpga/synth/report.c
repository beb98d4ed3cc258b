// SPDX-License-Identifier: Apache-2.0
// What a mapped netlist needs and how long its longest paths are.
//
//   synth_report FAMILY CONFIG COMMIT MULTIPLIER NETLIST.blif CSV
//
// Appends to CSV one row a module (what it holds itself, over all its instances; its longest path is the longest that ends in
// it) and one row `total`, and prints the same for people with the longest paths in detail.
//
// lut: LUT1 to LUT6, one for each signal that is inverted by itself (the mapper puts an INV at every flip-flop; hardware needs one
// a signal), and distributed memory at the LUTs it occupies. MUXF7 and MUXF8 are free. bram36: a RAMB18 is half of one.
#include "delays.h"
#include "netlist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct area {
    double lut, ff, dsp, bram36, uram;
} area;

typedef struct path_end {
    double ns;
    int cell, pin, levels;
} path_end;

static bool starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }
static bool is_lut(const char *type) { return starts(type, "LUT") && type[3] >= '1' && type[3] <= '6'; }
static bool is_ff(const char *type) { return starts(type, "FD"); }
static bool is_carry(const char *type) { return starts(type, "CARRY"); }
static bool is_lutram(const char *type) { return (starts(type, "RAM") && !starts(type, "RAMB")) || starts(type, "SRL"); }
static bool is_bram(const char *type) { return starts(type, "RAMB") || starts(type, "URAM"); }
static bool is_dsp(const char *type) { return starts(type, "DSP48"); }

// LUTs that a distributed memory occupies (7-series and UltraScale+ user guides UG474, UG574).
static double lutram_luts(const char *type) {
    static const struct {
        const char *type;
        double luts;
    } table[] = {{"RAM32M16", 8},  {"RAM64M8", 8},  {"RAM32M", 4},   {"RAM64M", 4},    {"RAM256X1D", 8},
                 {"RAM128X1D", 4}, {"RAM64X1D", 2}, {"RAM32X1D", 2}, {"RAM128X1S", 2}, {"RAM256X1S", 4}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(type, table[i].type) == 0)
            return table[i].luts;
    }
    return 1;
}

static bool is_output(const char *type, const char *pin) {
    if (is_lut(type) || starts(type, "MUXF") || strcmp(type, "INV") == 0)
        return strcmp(pin, "O") == 0;
    if (is_carry(type))
        return starts(pin, "CO[") || starts(pin, "O[");
    if (is_ff(type) || starts(type, "SRL"))
        return pin[0] == 'Q';
    if (is_lutram(type))
        return starts(pin, "DO") || starts(pin, "SPO") || starts(pin, "DPO") || strcmp(pin, "O") == 0;
    if (is_bram(type))
        return starts(pin, "DO") || starts(pin, "CASDO") || starts(pin, "CAS_OUT");
    if (is_dsp(type))
        return starts(pin, "P[") || starts(pin, "PCOUT") || starts(pin, "ACOUT") || starts(pin, "BCOUT");
    return false;
}

static bool is_clock(const char *pin) { return strcmp(pin, "C") == 0 || strcmp(pin, "WCLK") == 0 || starts(pin, "CLK"); }

static bool has_register(const netlist_cell *cell, const char *name) {
    const char *value = netlist_param(cell, name);
    return value != NULL && strchr(value, '1') != NULL;
}

// Delay from input pin to outputs of a cell through logic, or -1: the path ends at the pin.
static double through(const delays *d, const netlist_cell *cell, const char *pin) {
    const char *type = cell->type;
    if (is_lut(type) || strcmp(type, "INV") == 0)
        return d->lut;
    if (starts(type, "MUXF"))
        return d->mux;
    if (is_carry(type))
        return strcmp(pin, "CI") == 0 ? d->carry_chain : d->carry_in;
    if (is_lutram(type) && (starts(pin, "ADDRA") || starts(pin, "ADDRB") || starts(pin, "ADDRC") || starts(pin, "DPRA")))
        return d->lut;
    if (is_dsp(type) && !has_register(cell, "PREG") && !has_register(cell, "MREG")) {
        if (pin[0] == 'A' && starts(pin, "A[") && !has_register(cell, "AREG"))
            return d->dsp;
        if (starts(pin, "B[") && !has_register(cell, "BREG"))
            return d->dsp;
        if ((starts(pin, "C[") && !has_register(cell, "CREG")) || starts(pin, "PCIN"))
            return d->dsp_c;
    }
    return -1;
}

// From the clock to the outputs of a cell, or -1: it has none that begin there.
static double from_clock(const delays *d, const netlist_cell *cell) {
    const char *type = cell->type;
    if (is_ff(type))
        return d->ff_out;
    if (is_lutram(type))
        return d->lutram_out;
    if (is_bram(type))
        return d->bram_out;
    if (is_dsp(type)) {
        if (has_register(cell, "PREG"))
            return d->dsp_p;
        if (has_register(cell, "MREG"))
            return d->dsp_m;
        if (has_register(cell, "AREG") || has_register(cell, "BREG"))
            return d->dsp_from_operand;
    }
    return -1;
}

static double setup(const delays *d, const char *type) {
    return is_ff(type) ? d->ff_setup : is_lutram(type) ? d->lutram_setup : is_bram(type) ? d->bram_setup : d->dsp_setup;
}

// A net inside a slice costs nothing: LUT to carry chain, carry to carry, LUT to MUXF7, MUXF7 to MUXF8.
static double net_delay(const delays *d, const char *from, const char *to, const char *pin) {
    if (is_carry(to) && (strcmp(pin, "CI") == 0 || (pin[0] == 'S' && is_lut(from))))
        return 0;
    if (starts(to, "MUXF") && pin[0] == 'I')
        return 0;
    return d->net;
}

typedef struct timing {
    const netlist *n;
    const delays *d;
    int *driver, *driver_pin; // by net
    double *arrival; // by net, at the output that drives it
    int *levels; // by net: LUTs, carry chains and DSP blocks behind it
    int *from_cell, *from_pin; // by net: what makes its arrival
} timing;

static const char *pin_name(const flat_cell *f, int pin) { return f->cell->pin[pin].name; }

// Arrival at an input pin, or -1 when nothing clocked leads to it.
static double at_pin(const timing *t, int cell, int pin) {
    const flat_cell *f = &t->n->flat[cell];
    int net = f->net[pin];
    if (net <= 0 || t->driver[net] < 0 || t->arrival[net] < 0)
        return -1;
    return t->arrival[net] + net_delay(t->d, t->n->flat[t->driver[net]].cell->type, f->cell->type, pin_name(f, pin));
}

// A carry chain is one level, wherever it is entered.
static bool counts(const char *type, const char *pin) {
    return is_lut(type) || strcmp(type, "INV") == 0 || is_dsp(type) || is_lutram(type) ||
           (is_carry(type) && strcmp(pin, "CI") != 0);
}

static void relax(timing *t, int cell) {
    const flat_cell *f = &t->n->flat[cell];
    const netlist_cell *c = f->cell;
    double best[3] = {from_clock(t->d, c), -1, -1}; // by clock; into sum outputs; into carry outputs
    int best_pin[3] = {-1, -1, -1};
    for (int p = 0; p < c->pins; p++) {
        double arrival = is_output(c->type, pin_name(f, p)) || is_clock(pin_name(f, p)) ? -1 : at_pin(t, cell, p);
        double delay = arrival < 0 ? -1 : through(t->d, c, pin_name(f, p));
        if (delay < 0)
            continue;
        bool chain = is_carry(c->type) && strcmp(pin_name(f, p), "CI") == 0;
        double sum = arrival + (chain ? t->d->carry_out : delay);
        if (sum > best[1]) {
            best[1] = sum;
            best_pin[1] = p;
        }
        if (arrival + delay > best[2]) {
            best[2] = arrival + delay;
            best_pin[2] = p;
        }
    }
    for (int p = 0; p < c->pins; p++) {
        int net = f->net[p];
        if (net <= 0 || !is_output(c->type, pin_name(f, p)))
            continue;
        int which = starts(pin_name(f, p), "CO[") ? 2 : 1;
        if (best[0] > best[which])
            which = 0;
        if (best[which] <= t->arrival[net])
            continue;
        t->arrival[net] = best[which];
        t->from_cell[net] = cell;
        t->from_pin[net] = best_pin[which];
        int behind = best_pin[which] < 0 ? -1 : f->net[best_pin[which]];
        t->levels[net] = behind < 0 ? 0 : t->levels[behind] + (counts(c->type, pin_name(f, best_pin[which])) ? 1 : 0);
    }
}

// Cells in an order in which every one comes behind what drives its inputs through logic.
static void propagate(timing *t) {
    const netlist *n = t->n;
    size_t pins = 1;
    for (int c = 0; c < n->flats; c++)
        pins += (size_t)n->flat[c].cell->pins;
    int *waits = calloc((size_t)n->flats + 1, sizeof *waits), *queue = calloc((size_t)n->flats + 1, sizeof *queue);
    // Readers of a net: a list through `next`, from 1 on.
    int *first = calloc((size_t)n->nets + 1, sizeof *first), *next = calloc(pins, sizeof *next),
        *reader = calloc(pins, sizeof *reader);
    if (waits == NULL || queue == NULL || first == NULL || next == NULL || reader == NULL) {
        fprintf(stderr, "synth_report: out of memory\n");
        exit(1);
    }
    int edges = 0;
    for (int c = 0; c < n->flats; c++) {
        const flat_cell *f = &n->flat[c];
        for (int p = 0; p < f->cell->pins; p++) {
            int net = f->net[p];
            if (net <= 0 || is_output(f->cell->type, pin_name(f, p)) || is_clock(pin_name(f, p)) || t->driver[net] < 0 ||
                through(t->d, f->cell, pin_name(f, p)) < 0)
                continue;
            edges++;
            reader[edges] = c;
            next[edges] = first[net];
            first[net] = edges;
            waits[c]++;
        }
    }
    int head = 0, tail = 0;
    for (int c = 0; c < n->flats; c++) {
        if (waits[c] == 0)
            queue[tail++] = c;
    }
    for (; head < tail; head++) {
        const flat_cell *f = &n->flat[queue[head]];
        relax(t, queue[head]);
        for (int p = 0; p < f->cell->pins; p++) {
            int net = f->net[p];
            if (net <= 0 || t->driver[net] != queue[head] || t->driver_pin[net] != p)
                continue;
            for (int e = first[net]; e != 0; e = next[e]) {
                if (--waits[reader[e]] == 0)
                    queue[tail++] = reader[e];
            }
        }
    }
    if (tail != n->flats)
        fprintf(stderr, "synth_report: %d cells lie on loops without a register and have no longest path\n", n->flats - tail);
    free(waits);
    free(queue);
    free(first);
    free(next);
    free(reader);
}

static int by_length(const void *a, const void *b) {
    double x = ((const path_end *)a)->ns, y = ((const path_end *)b)->ns;
    return x < y ? 1 : x > y ? -1 : ((const path_end *)a)->cell - ((const path_end *)b)->cell;
}

static void print_path(const timing *t, const path_end *end) {
    int cell = end->cell, pin = end->pin;
    const char *last = "";
    char text[4096] = "";
    while (cell >= 0 && pin >= 0) {
        const flat_cell *f = &t->n->flat[cell];
        const char *place = *f->path == '\0' ? "tessera" : f->path;
        if (strcmp(place, last) != 0) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s%s (%s)", used == 0 ? "" : " <- ", place, f->cell->type);
            last = place;
        }
        int net = f->net[pin];
        cell = t->from_cell[net];
        pin = t->from_pin[net];
        if (cell >= 0 && pin < 0) {
            size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, " <- %s in %s", t->n->flat[cell].cell->type,
                     *t->n->flat[cell].path == '\0' ? "tessera" : t->n->flat[cell].path);
        }
    }
    printf("  %6.2f ns, %2d levels: %s\n", end->ns, end->levels, text);
}

static void row(FILE *csv, char **argv, const char *module, const area *a, double ns, int levels) {
    fprintf(csv, "%s,%s,%s,%s,%.0f,%.0f,%.0f,%.1f,%.0f,%.2f,%d,%s\n", argv[3], argv[2], argv[1], module, a->lut, a->ff, a->dsp,
            a->bram36, a->uram, ns, levels, argv[4]);
    printf("%-18s %7.0f %7.0f %5.0f %7.1f %5.0f %8.2f %6d\n", module, a->lut, a->ff, a->dsp, a->bram36, a->uram, ns, levels);
}

static void count(area *a, const char *type) {
    a->lut += is_lut(type) ? 1 : is_lutram(type) ? lutram_luts(type) : 0;
    a->ff += is_ff(type) ? 1 : 0;
    a->dsp += is_dsp(type) ? 1 : 0;
    a->bram36 += starts(type, "RAMB36") ? 1 : starts(type, "RAMB18") ? 0.5 : 0;
    a->uram += starts(type, "URAM") ? 1 : 0;
}

int main(int argc, char **argv) {
    const delays *d = NULL;
    for (size_t i = 0; argc == 7 && i < sizeof delay_table / sizeof *delay_table; i++) {
        if (strcmp(delay_table[i].family, argv[1]) == 0)
            d = &delay_table[i];
    }
    if (d == NULL) {
        fprintf(stderr, "usage: synth_report xc7|xcup CONFIG COMMIT MULTIPLIER NETLIST.blif CSV\n");
        return 2;
    }
    netlist *n = netlist_read(argv[5]);
    netlist_flatten(n);
    size_t nets = (size_t)n->nets + 1;
    timing t = {n,
                d,
                malloc(nets * sizeof(int)),
                malloc(nets * sizeof(int)),
                malloc(nets * sizeof(double)),
                calloc(nets, sizeof(int)),
                malloc(nets * sizeof(int)),
                malloc(nets * sizeof(int))};
    area *own = calloc((size_t)n->models, sizeof *own);
    char *inverted = calloc(nets, 1);
    path_end *end = calloc((size_t)n->models, sizeof *end);
    if (t.driver == NULL || t.driver_pin == NULL || t.arrival == NULL || t.levels == NULL || t.from_cell == NULL ||
        t.from_pin == NULL || own == NULL || inverted == NULL || end == NULL) {
        fprintf(stderr, "synth_report: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < nets; i++) {
        t.driver[i] = t.from_cell[i] = t.from_pin[i] = -1;
        t.arrival[i] = -1;
    }
    for (int c = 0; c < n->flats; c++) {
        const flat_cell *f = &n->flat[c];
        count(&own[f->model], f->cell->type);
        for (int p = 0; p < f->cell->pins; p++) {
            if (f->net[p] > 0 && is_output(f->cell->type, pin_name(f, p))) {
                t.driver[f->net[p]] = c;
                t.driver_pin[f->net[p]] = p;
            }
            if (strcmp(f->cell->type, "INV") == 0 && f->net[p] > 0 && pin_name(f, p)[0] == 'I' && !inverted[f->net[p]]) {
                inverted[f->net[p]] = 1;
                own[f->model].lut++;
            }
        }
    }
    propagate(&t);
    for (int c = 0; c < n->flats; c++) {
        const flat_cell *f = &n->flat[c];
        const netlist_cell *cell = f->cell;
        if (!is_ff(cell->type) && !is_lutram(cell->type) && !is_bram(cell->type) && !is_dsp(cell->type))
            continue;
        for (int p = 0; p < cell->pins; p++) {
            if (is_output(cell->type, pin_name(f, p)) || is_clock(pin_name(f, p)) ||
                (through(d, cell, pin_name(f, p)) >= 0 && !is_lutram(cell->type)))
                continue;
            double arrival = at_pin(&t, c, p);
            if (arrival < 0)
                continue;
            double ns = arrival + setup(d, cell->type);
            if (ns > end[f->model].ns)
                end[f->model] = (path_end){ns, c, p, t.levels[f->net[p]]};
        }
    }

    FILE *csv = fopen(argv[6], "a");
    if (csv == NULL) {
        fprintf(stderr, "synth_report: %s: %s\n", argv[6], strerror(errno));
        return 1;
    }
    printf("%-18s %7s %7s %5s %7s %5s %8s %6s\n", "module", "LUT", "FF", "DSP", "BRAM36", "URAM", "ns", "levels");
    area total = {0};
    path_end longest = {0};
    for (int m = 0; m < n->models; m++) {
        const char *module = n->model[m].module;
        bool first = true;
        for (int k = 0; k < m; k++)
            first = first && strcmp(n->model[k].module, module) != 0;
        area sum = {0};
        path_end worst = {0};
        for (int k = m; first && k < n->models; k++) {
            if (strcmp(n->model[k].module, module) != 0)
                continue;
            sum = (area){sum.lut + own[k].lut, sum.ff + own[k].ff, sum.dsp + own[k].dsp, sum.bram36 + own[k].bram36,
                         sum.uram + own[k].uram};
            worst = end[k].ns > worst.ns ? end[k] : worst;
        }
        if (!first)
            continue;
        row(csv, argv, module, &sum, worst.ns, worst.levels);
        total =
            (area){total.lut + sum.lut, total.ff + sum.ff, total.dsp + sum.dsp, total.bram36 + sum.bram36, total.uram + sum.uram};
        longest = worst.ns > longest.ns ? worst : longest;
    }
    row(csv, argv, "total", &total, longest.ns, longest.levels);
    if (fclose(csv) != 0) {
        fprintf(stderr, "synth_report: %s: %s\n", argv[6], strerror(errno));
        return 1;
    }
    printf("\nLongest paths, from end to start (target: %.0f MHz, %.2f ns):\n", d->target_mhz, 1000 / d->target_mhz);
    qsort(end, (size_t)n->models, sizeof *end, by_length);
    for (int i = 0; i < n->models && i < 8 && end[i].ns > 0; i++)
        print_path(&t, &end[i]);
    return 0;
}
