// SPDX-License-Identifier: Apache-2.0
// Pictures, drawn once through Cairo and written as SVG and as PNG.
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file.h"
#include "profile.h"

typedef struct colour {
    double r, g, b;
} colour;

// Okabe and Ito's palette, told apart by most colour-blind readers (Color Universal Design, 2008).
static const colour palette[] = {{0.00, 0.45, 0.70}, {0.90, 0.62, 0.00}, {0.00, 0.62, 0.45}, {0.80, 0.47, 0.65},
                                 {0.34, 0.71, 0.91}, {0.84, 0.37, 0.00}, {0.94, 0.89, 0.26}, {0.60, 0.60, 0.60}};
static const colour ink = {0.13, 0.13, 0.13}, grey = {0.55, 0.55, 0.55}, faint = {0.88, 0.88, 0.88}, done = {0.25, 0.35, 0.45};

const char *picture_name(picture which) {
    static const char *const names[] = {"timeline", "roofline", "waits"};
    return names[which];
}

static void use(cairo_t *c, colour k) { cairo_set_source_rgb(c, k.r, k.g, k.b); }

static void box(cairo_t *c, colour k, double x, double y, double w, double h) {
    use(c, k);
    cairo_rectangle(c, x, y, w, h);
    cairo_fill(c);
}

static void line(cairo_t *c, colour k, double x0, double y0, double x1, double y1) {
    use(c, k);
    cairo_move_to(c, x0, y0);
    cairo_line_to(c, x1, y1);
    cairo_stroke(c);
}

// align: 0 left, 0.5 middle, 1 right of x.
static void label(cairo_t *c, colour k, double size, double x, double y, double align, const char *text) {
    cairo_text_extents_t e;
    cairo_set_font_size(c, size);
    cairo_text_extents(c, text, &e);
    use(c, k);
    cairo_move_to(c, x - align * e.x_advance, y);
    cairo_show_text(c, text);
}

static void title(cairo_t *c, const profile_run *r, const char *what) {
    char text[256];
    snprintf(text, sizeof text, "%s: %.60s on %.60s, %.40s: %s cycles", what, r->model, r->device, r->program->config.name,
             count_text(r->cycles));
    label(c, ink, 15, 20, 26, 0, text);
}

// ---- timeline ----------------------------------------------------------------------------------------------------------

enum { WIDTH = 1200, LEFT = 80, RIGHT = 20, BINS = WIDTH - LEFT - RIGHT, LANE = 46, LANES_TOP = 92 };

// Share of each bin's clocks in which a unit did useful work: an instruction's are spread evenly over its time.
static void fill_lane(const profile_run *r, uint32_t unit, double *bins) {
    const tsr_session_profile all = tsr_session_get_profile(r->session);
    const double per_bin = (double)r->cycles / BINS;
    uint64_t offset = 0;
    for (uint32_t s = 0; s < r->program->step_count; offset += all.steps[s].device.cycles, s++) {
        const tsr_insn_profile *insns = tsr_session_insns(r->session, s);
        double reached = 0; // instructions of a unit may overlap by their ends
        uint64_t busy = 0;
        for (uint32_t i = 0; insns != NULL && i < r->program->steps[s].insn_count; i++) {
            if (insns[i].unit != unit || insns[i].end == 0)
                continue;
            double from = fmax((double)(offset + insns[i].begin), reached);
            const double to = (double)(offset + insns[i].end);
            const double useful = to > from ? fmin((double)(insns[i].counters.busy - busy) / (to - from), 1) : 0;
            busy = insns[i].counters.busy;
            reached = fmax(reached, to);
            while (from < to) {
                const int bin = (int)(from / per_bin);
                if (bin >= BINS)
                    break;
                const double edge = fmin(to, (bin + 1) * per_bin);
                bins[bin] += useful * (edge - from) / per_bin;
                if (edge <= from)
                    break;
                from = edge;
            }
        }
    }
}

// As much of the name as there is room for.
static void fitting_label(cairo_t *c, double x, double y, double width, const char *name) {
    char text[TSR_NAME_BYTES + 2];
    cairo_text_extents_t e;
    cairo_set_font_size(c, 9);
    for (size_t length = strlen(name); length > 2; length--) {
        snprintf(text, sizeof text, "%.*s%s", (int)length, name, name[length] != '\0' ? ".." : "");
        cairo_text_extents(c, text, &e);
        if (e.x_advance <= width) {
            label(c, ink, 9, x, y, 0, text);
            return;
        }
    }
}

static void layer_band(cairo_t *c, const profile_run *r) {
    const tsr_session_profile all = tsr_session_get_profile(r->session);
    uint64_t offset = 0;
    uint32_t number = 0;
    for (uint32_t s = 0; s < r->program->step_count; offset += all.steps[s].device.cycles, s++)
        for (uint32_t i = 0; i < r->program->steps[s].layer_count; i++) {
            const tsr_layer_profile *l = &r->layers[r->program->steps[s].first_layer + i];
            if (l->cycles == 0)
                continue;
            const double scale = (double)BINS / (double)r->cycles, end = LEFT + (double)(offset + l->end) * scale;
            const double width = (double)l->cycles * scale;
            box(c, number++ % 2 != 0 ? faint : grey, end - width, 50, width, 22);
            cairo_save(c);
            cairo_rectangle(c, end - width, 50, width, 22);
            cairo_clip(c);
            if (width > 30)
                fitting_label(c, end - width + 2, 64, width - 4, l->layer->name);
            cairo_restore(c);
        }
}

static void clock_axis(cairo_t *c, const profile_run *r, double y) {
    uint64_t step = 1; // a power of ten, or half or a quarter of one: at least four marks
    while (step <= r->cycles / 10)
        step *= 10;
    while (step > 1 && step * 4 > r->cycles)
        step /= 2;
    for (uint64_t at = 0; at <= r->cycles; at += step) {
        const double x = LEFT + (double)at / (double)r->cycles * BINS;
        line(c, grey, x, y, x, y + 5);
        label(c, ink, 10, x, y + 18, 0.5, count_text(at));
    }
    label(c, ink, 10, WIDTH - RIGHT, y + 32, 1, "cycles");
}

static void draw_timeline(cairo_t *c, const profile_run *r) {
    title(c, r, "Units over time");
    label(c, ink, 11, 10, 65, 0, "layers");
    if (r->cycles == 0)
        return;
    layer_band(c, r);
    for (uint32_t u = 0; u < TSR_UNITS; u++) {
        double bins[BINS] = {0};
        const double y = LANES_TOP + u * (LANE + 10);
        fill_lane(r, u, bins);
        box(c, (colour){0.96, 0.96, 0.96}, LEFT, y, BINS, LANE);
        for (int b = 0; b < BINS; b++)
            if (bins[b] > 0)
                box(c, palette[u], LEFT + b, y + LANE * (1 - fmin(bins[b], 1)), 1, LANE * fmin(bins[b], 1));
        label(c, ink, 11, 10, y + LANE / 2.0 + 4, 0, tsr_profile_unit_name(u));
    }
    clock_axis(c, r, LANES_TOP + TSR_UNITS * (LANE + 10));
}

// ---- roofline ----------------------------------------------------------------------------------------------------------

enum { ROOF_HEIGHT = 640, ROOF_LEFT = 90, ROOF_BOTTOM = 580, ROOF_TOP = 60, ROOF_RIGHT = 1160, NAMED = 12 };

typedef struct axes {
    double x0, x1, y0, y1; // logarithms to base 10
} axes;

static double at_x(const axes *a, double v) {
    return ROOF_LEFT + (log10(v) - a->x0) / (a->x1 - a->x0) * (ROOF_RIGHT - ROOF_LEFT);
}
static double at_y(const axes *a, double v) {
    return ROOF_BOTTOM - (log10(v) - a->y0) / (a->y1 - a->y0) * (ROOF_BOTTOM - ROOF_TOP);
}

static double intensity(const tsr_layer_profile *l) {
    const uint64_t bytes = l->bytes_read > l->bytes_written ? l->bytes_read : l->bytes_written; // reads and writes are apart
    return bytes == 0 ? 0 : (double)l->layer->macs / (double)bytes;
}

static double roof_x(const axes *a, const tsr_layer_profile *l) {
    return at_x(a, fmin(fmax(intensity(l), pow(10, a->x0)), pow(10, a->x1)));
}
static double roof_y(const axes *a, const tsr_layer_profile *l) {
    return at_y(a, fmax((double)l->layer->macs / (double)l->cycles, pow(10, a->y0)));
}

static void roof_grid(cairo_t *c, const axes *a) {
    char text[32];
    for (int d = (int)a->x0; d <= (int)a->x1; d++) {
        line(c, faint, at_x(a, pow(10, d)), ROOF_TOP, at_x(a, pow(10, d)), ROOF_BOTTOM);
        snprintf(text, sizeof text, "%g", pow(10, d));
        label(c, ink, 11, at_x(a, pow(10, d)), ROOF_BOTTOM + 18, 0.5, text);
    }
    for (int d = (int)a->y0; d <= (int)a->y1; d++) {
        line(c, faint, ROOF_LEFT, at_y(a, pow(10, d)), ROOF_RIGHT, at_y(a, pow(10, d)));
        snprintf(text, sizeof text, "%g", pow(10, d));
        label(c, ink, 11, ROOF_LEFT - 8, at_y(a, pow(10, d)) + 4, 1, text);
    }
    label(c, ink, 12, (ROOF_LEFT + ROOF_RIGHT) / 2.0, ROOF_BOTTOM + 40, 0.5, "MACs a byte over the bus (the busier direction)");
    label(c, ink, 12, 12, ROOF_TOP - 12, 0, "MACs a cycle");
}

static void roof(cairo_t *c, const axes *a, double peak, double bus, const char *name) {
    const double knee = peak / bus, low = pow(10, a->x0), high = pow(10, a->x1);
    use(c, ink);
    cairo_set_line_width(c, 1.5);
    const double foot = fmax(low, pow(10, a->y0) / bus); // where it enters the picture
    cairo_move_to(c, at_x(a, foot), at_y(a, foot * bus));
    cairo_line_to(c, at_x(a, knee), at_y(a, peak));
    cairo_line_to(c, at_x(a, high), at_y(a, peak));
    cairo_stroke(c);
    cairo_set_line_width(c, 1);
    label(c, ink, 11, at_x(a, high) - 4, at_y(a, peak) - 5, 1, name);
}

typedef struct placed { // labels so far: one that would cover another is left out
    double x[NAMED], y[NAMED];
    int count;
} placed;

static void name_dot(cairo_t *c, placed *p, double x, double y, const char *name) {
    for (int i = 0; i < p->count; i++)
        if (fabs(p->y[i] - y) < 11 && fabs(p->x[i] - x) < 120)
            return;
    if (p->count == NAMED)
        return;
    p->x[p->count] = x;
    p->y[p->count++] = y;
    cairo_text_extents_t e;
    cairo_set_font_size(c, 9);
    cairo_text_extents(c, name, &e);
    cairo_set_source_rgba(c, 1, 1, 1, 0.8); // so that no line runs through it
    cairo_rectangle(c, x - 1, y - 8, e.x_advance + 2, 11);
    cairo_fill(c);
    label(c, ink, 9, x, y, 0, name);
}

static int by_cycles(const void *a, const void *b) {
    const tsr_layer_profile *const *x = a, *const *y = b;
    return (*x)->cycles<(*y)->cycles ? 1 : (*x)->cycles>(*y)->cycles ? -1 : 0;
}

static void draw_roofline(cairo_t *c, const profile_run *r) {
    const tsr_config *k = &r->program->config;
    const double lanes = (double)k->batch * k->block_out, peak = lanes * k->block_in;
    const axes a = {-1, 4, 0, ceil(log10(peak) + 0.05)};
    char text[96];
    title(c, r, "Roofline");
    roof_grid(c, &a);
    snprintf(text, sizeof text, "array: %.0f MACs a cycle", peak);
    roof(c, &a, peak, k->bus_bytes, text);
    snprintf(text, sizeof text, "depthwise: %.0f, one a lane", lanes);
    roof(c, &a, lanes, k->bus_bytes, text);
    const tsr_layer_profile **sorted = calloc(r->program->layer_count + 1U, sizeof *sorted);
    uint32_t count = 0;
    for (uint32_t i = 0; sorted != NULL && i < r->program->layer_count; i++)
        if (r->layers[i].cycles > 0 && r->layers[i].layer->macs > 0 && intensity(&r->layers[i]) > 0)
            sorted[count++] = &r->layers[i];
    if (sorted != NULL)
        qsort(sorted, count, sizeof *sorted, by_cycles);
    for (uint32_t i = count; i-- > 0;) { // large ones last, on top
        const tsr_layer_profile *l = sorted[i];
        const double x = roof_x(&a, l), y = roof_y(&a, l);
        const double radius = 3 + 14 * sqrt((double)l->cycles / (double)r->cycles);
        cairo_set_source_rgba(c, palette[0].r, palette[0].g, palette[0].b, 0.55);
        cairo_arc(c, x, y, radius, 0, 2 * M_PI);
        cairo_fill(c);
    }
    placed names = {.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        const tsr_layer_profile *l = sorted[i];
        const double radius = 3 + 14 * sqrt((double)l->cycles / (double)r->cycles);
        name_dot(c, &names, roof_x(&a, l) + radius + 2, roof_y(&a, l) + 3, l->layer->name);
    }
    free(sorted);
}

// ---- waits -------------------------------------------------------------------------------------------------------------

enum { BAR = 13, BAR_GAP = 4, BARS_TOP = 84, BARS_LEFT = 220, BARS_WIDTH = 940 };

static uint32_t bars(const profile_run *r) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->program->layer_count; i++)
        count += r->layers[i].cycles > 0;
    return count;
}

static double waits_height(const profile_run *r) { return BARS_TOP + bars(r) * (double)(BAR + BAR_GAP) + 30; }

static void legend(cairo_t *c) {
    double x = BARS_LEFT;
    box(c, done, x, 44, 11, 11);
    label(c, ink, 10, x + 15, 54, 0, "works");
    x += 64;
    for (int w = 0; w < TSR_WAIT_COUNT; w++) {
        if (w == 4)
            x = BARS_LEFT + 64;
        const double y = w < 4 ? 44 : 60;
        box(c, palette[w], x, y, 11, 11);
        label(c, ink, 10, x + 15, y + 10, 0, tsr_wait_name((tsr_wait)w));
        x += 170;
    }
}

static void draw_waits(cairo_t *c, const profile_run *r) {
    uint64_t longest = 1;
    title(c, r, "What each layer's cycles went to");
    legend(c);
    for (uint32_t i = 0; i < r->program->layer_count; i++)
        longest = r->layers[i].cycles > longest ? r->layers[i].cycles : longest;
    double y = BARS_TOP;
    for (uint32_t i = 0; i < r->program->layer_count; i++) {
        const tsr_layer_profile *l = &r->layers[i];
        if (l->cycles == 0)
            continue;
        const double scale = (double)BARS_WIDTH / (double)longest;
        uint64_t waiting = 0;
        for (int w = 0; w < TSR_WAIT_COUNT; w++)
            waiting += l->wait[w];
        const uint64_t works = l->cycles > waiting ? l->cycles - waiting : 0;
        char name[40];
        snprintf(name, sizeof name, "%.36s", l->layer->name);
        label(c, ink, 10, BARS_LEFT - 8, y + BAR - 3, 1, name);
        double x = BARS_LEFT;
        box(c, done, x, y, (double)works * scale, BAR);
        x += (double)works * scale;
        for (int w = 0; w < TSR_WAIT_COUNT; w++) {
            box(c, palette[w], x, y, (double)l->wait[w] * scale, BAR);
            x += (double)l->wait[w] * scale;
        }
        y += BAR + BAR_GAP;
    }
}

// ---- surfaces ----------------------------------------------------------------------------------------------------------

static double height_of(const profile_run *r, picture which) {
    return which == PICTURE_TIMELINE   ? LANES_TOP + TSR_UNITS * (LANE + 10) + 44
           : which == PICTURE_ROOFLINE ? ROOF_HEIGHT
                                       : waits_height(r);
}

static tsr_status draw_on(cairo_surface_t *surface, const profile_run *r, picture which) {
    cairo_t *c = cairo_create(surface);
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_line_width(c, 1);
    box(c, (colour){1, 1, 1}, 0, 0, WIDTH, height_of(r, which));
    if (which == PICTURE_TIMELINE)
        draw_timeline(c, r);
    else if (which == PICTURE_ROOFLINE)
        draw_roofline(c, r);
    else
        draw_waits(c, r);
    cairo_surface_flush(surface);
    const cairo_status_t drawn = cairo_status(c);
    cairo_destroy(c);
    return drawn == CAIRO_STATUS_SUCCESS
               ? tsr_ok()
               : tsr_error(TSR_OUT_OF_MEMORY, "drawing %s: %s", picture_name(which), cairo_status_to_string(drawn));
}

typedef struct memory {
    uint8_t *bytes;
    size_t size, capacity;
} memory;

static cairo_status_t keep(void *context, const unsigned char *bytes, unsigned count) {
    memory *m = context;
    if (m->size + count > m->capacity) {
        const size_t capacity = 2 * (m->size + count);
        uint8_t *larger = realloc(m->bytes, capacity);
        if (larger == NULL)
            return CAIRO_STATUS_WRITE_ERROR;
        m->bytes = larger;
        m->capacity = capacity;
    }
    memcpy(m->bytes + m->size, bytes, count);
    m->size += count;
    return CAIRO_STATUS_SUCCESS;
}

tsr_status profile_svg(const profile_run *r, picture which, uint8_t **out_text, size_t *out_size) {
    memory m = {0};
    *out_text = NULL;
    *out_size = 0;
    cairo_surface_t *surface = cairo_svg_surface_create_for_stream(keep, &m, WIDTH, height_of(r, which));
    tsr_status status = draw_on(surface, r, which);
    cairo_surface_finish(surface);
    if (status.code == TSR_OK && cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS)
        status = tsr_error(TSR_OUT_OF_MEMORY, "drawing %s: %s", picture_name(which),
                           cairo_status_to_string(cairo_surface_status(surface)));
    cairo_surface_destroy(surface);
    if (status.code != TSR_OK) {
        free(m.bytes);
        return status;
    }
    *out_text = m.bytes;
    *out_size = m.size;
    return tsr_ok();
}

static tsr_status png(const profile_run *r, picture which, uint8_t **out_bytes, size_t *out_size) {
    memory m = {0};
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, (int)height_of(r, which));
    tsr_status status = draw_on(surface, r, which);
    if (status.code == TSR_OK && cairo_surface_write_to_png_stream(surface, keep, &m) != CAIRO_STATUS_SUCCESS)
        status = tsr_error(TSR_OUT_OF_MEMORY, "no memory for a picture");
    cairo_surface_destroy(surface);
    *out_bytes = m.bytes;
    *out_size = m.size;
    return status;
}

tsr_status profile_pictures(const profile_run *r, const char *prefix) {
    for (int which = 0; which < PICTURES; which++)
        for (int form = 0; form < 2; form++) {
            char path[4096];
            uint8_t *bytes = NULL;
            size_t size;
            const int length =
                snprintf(path, sizeof path, "%s-%s.%s", prefix, picture_name((picture)which), form == 0 ? "svg" : "png");
            if (length < 0 || (size_t)length >= sizeof path)
                return tsr_error(TSR_INVALID_ARGUMENT, "--pictures: the name is too long");
            tsr_status status = form == 0 ? profile_svg(r, (picture)which, &bytes, &size) : png(r, (picture)which, &bytes, &size);
            if (status.code == TSR_OK)
                status = file_write(path, &(file_part){bytes, size}, 1);
            free(bytes);
            TSR_TRY(status);
        }
    return tsr_ok();
}
