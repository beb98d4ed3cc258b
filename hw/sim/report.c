// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct writer {
    char *text;
    size_t size, length;
} writer;

__attribute__((format(printf, 2, 3))) static void put(writer *w, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    bool room = w->length < w->size;
    int n = vsnprintf(room ? w->text + w->length : NULL, room ? w->size - w->length : 0, format, arguments);
    va_end(arguments);
    w->length += n > 0 ? (size_t)n : 0;
}

static const char *const names[TSR_SIM_UNITS] = {"LOAD", "GEMM", "ALU", "STORE"};

static void put_unit(writer *w, const tsr_sim_view *view, int u) {
    const tsr_sim_unit_view *unit = &view->unit[u];
    uint32_t missing = unit->wait & ~unit->present & 0xfu;
    put(w, "%s ", names[u]);
    if (unit->has_insn && missing != 0) {
        const char *between = "";
        put(w, "waits for a token from ");
        for (int from = 0; from < TSR_SIM_UNITS; from++) {
            if ((missing >> from & 1) == 0)
                continue;
            put(w, "%s%s", between, names[from]);
            between = " and ";
        }
        put(w, " for instruction %u%s", unit->insn_index, unit->active ? " while it ends the one before" : "");
    } else if (unit->stall_bank) {
        put(w, "is held back by a bank that another unit uses");
    } else if (unit->active) {
        bool memory = u == 0 ? view->reads_in_flight != 0 : u == 3 ? view->writes_in_flight != 0 : false;
        put(w, memory ? "waits for memory" : "works");
    } else if (unit->has_insn) {
        put(w, "has not begun instruction %u", unit->insn_index);
    } else {
        put(w, "has no instruction");
    }
    put(w, u + 1 < TSR_SIM_UNITS ? "; " : ". ");
}

size_t tsr_sim_describe(const tsr_sim_view *view, char *text, size_t size) {
    writer w = {text, size, 0};
    if (size != 0)
        text[0] = '\0';
    put(&w, "cycle %llu, %s: ", (unsigned long long)view->cycle, view->running ? "running" : "not running");
    for (int u = 0; u < TSR_SIM_UNITS; u++)
        put_unit(&w, view, u);
    put(&w, "Bus: %u reads and %u writes in flight.", view->reads_in_flight, view->writes_in_flight);
    return w.length;
}
