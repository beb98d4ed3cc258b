// SPDX-License-Identifier: Apache-2.0
// Convolutions and fully connected layers as GEMM.
//
// A tile is th rows (of each plane) x tw columns x `to` blocks of output channels, reduced over chunks of nc blocks of
// input channels. Batch rows of the hardware are used as strips of output rows: plane p computes rows p*th .. of a tile.
// Three forms of reduction:
//   plain      every tap is an entry of `block_in` channels of a pixel: taps * ceil(C / block_in) entries
//   packed     few channels: the taps of a pixel lie one after another in its entries (im2col by LOAD), a LOAD a kernel row
//   shifted    few channels: rows of the picture as they are, in copies that begin a few bytes apart, so that each window of a row
//              lies in as few entries of one of them as it could; as many sets of weights as there are places in an entry where it
//              can begin
//   depthwise  diagonal weight entries: a block of channels with itself, one entry a tap
#include <stdio.h>
#include <string.h>

#include "conv.h"

// The convolution of one group. Geometry only; constants come later.
static conv describe(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, int64_t group) {
    const tsr_tensor *x = tensor_of(graph, node->inputs[0]), *w = tensor_of(graph, node->inputs[1]),
                     *y = tensor_of(graph, node->outputs[0]);
    const tsr_attr *a = &node->attr;
    conv c;
    memset(&c, 0, sizeof c);
    c.halves = conv_needs_two_halves(w, w->shape[0]) ? 2 : 1;
    c.images = c.kh = c.kw = c.sy = c.sx = c.dy = c.dx = c.taps = 1;
    c.zero_point = node->requant.in_zero_point[0];
    c.out_zero_point = node->requant.out_zero_point;
    c.lo = node->requant.lo;
    c.hi = node->requant.hi;
    if (node->op == TSR_OP_FULLY_CONNECTED) {
        c.run = w->shape[1];
        c.out_channels = w->shape[0];
        c.in_rows = c.out_rows = (int64_t)tsr_tensor_elements(x) / c.run;
        c.in_columns = c.out_columns = 1;
        c.x_row = c.x_column = c.run;
        c.y_row = c.y_column = c.out_channels;
    } else {
        int64_t in_channels = x->shape[3], out_channels = y->shape[3];
        if (a->groups == in_channels && a->groups > 1)
            c.form = DEPTHWISE;
        int64_t groups = c.form == DEPTHWISE ? 1 : a->groups;
        c.images = x->shape[0];
        c.in_rows = x->shape[1], c.in_columns = x->shape[2];
        c.out_rows = y->shape[1], c.out_columns = y->shape[2];
        c.run = in_channels / groups, c.out_channels = out_channels / groups;
        c.x_column = in_channels, c.x_row = c.in_columns * in_channels, c.x_image = c.in_rows * c.x_row,
        c.x_offset = group * c.run;
        c.y_column = out_channels, c.y_row = c.out_columns * out_channels, c.y_image = c.out_rows * c.y_row,
        c.y_offset = group * c.out_channels;
        c.kh = a->kernel[0], c.kw = a->kernel[1], c.sy = a->stride[0], c.sx = a->stride[1], c.dy = a->dilation[0],
        c.dx = a->dilation[1];
        c.pad_top = a->pad_top, c.pad_left = a->pad_left;
        c.taps = c.kh * c.kw;
        bool padded = a->pad_top || a->pad_left || a->pad_bottom || a->pad_right;
        if (c.kh == 1 && !padded) { // pixels that a stride skips are not loaded
            c.x_row *= c.sy;
            c.in_rows = c.out_rows;
            c.sy = 1;
        }
        if (c.kw == 1 && !padded) {
            c.x_column *= c.sx;
            c.in_columns = c.out_columns;
            c.sx = 1;
        }
    }
    c.ci = ceil_div(c.run, config->block_in);
    c.co = ceil_div(c.out_channels, config->block_out);
    return c;
}

// Few channels: a pixel's taps next to one another fill more lanes than tap by tap.
static bool describe_packed(const tsr_node *node, const tsr_config *config, const picture *p, conv *c) {
    const tsr_attr *a = &node->attr;
    const int64_t plain = p->kh * p->kw * c->ci, dense = ceil_div(p->kh * p->kw * p->pixel, config->block_in);
    if (dense * 5 >= plain * 4 || dense > tsr_inp_entries(config) / 2 || dense * c->halves > tsr_wgt_entries(config) / 2 ||
        (a->dilation[1] > 1 && p->kw > 1))
        return false; // the second and third: it is not cut in chunks
    c->form = PACKED;
    c->picture = *p;
    c->x_row = p->row * p->sy, c->x_column = p->pixel * p->sx;
    c->in_rows = c->out_rows, c->in_columns = c->out_columns;
    c->kh = c->kw = c->sy = c->sx = c->dy = c->dx = c->taps = 1;
    c->pad_top = c->pad_left = 0;
    c->run = p->kh * p->kw * p->pixel;
    c->ci = dense;
    return true;
}

static int64_t greatest_divisor(int64_t a, int64_t b) { return b == 0 ? a : greatest_divisor(b, a % b); }

// Few channels, whole rows: as many copies as it takes for a window to lie in as few entries as it could.
static bool describe_shifted(const tsr_node *node, const tsr_config *config, const picture *p, conv *c) {
    shifts s = {.copies = 1, .step = p->sx * p->pixel, .window = p->kw * p->pixel};
    const int64_t in = config->block_in;
    s.entries = ceil_div(s.window, in);
    if (s.step >= in || (node->attr.dilation[1] > 1 && p->kw > 1))
        return false;
    for (;; s.copies *= 2) { // ends with copies a byte apart at the latest
        s.unit = in / s.copies;
        s.grain = greatest_divisor(s.step, s.unit);
        if (s.unit - s.grain + s.window <= s.entries * in)
            break;
    }
    s.variants = s.unit / s.grain;
    s.period = in / greatest_divisor(s.step, in);
    c->form = SHIFTED;
    c->picture = *p;
    c->shifts = s;
    c->kh = p->kh, c->sy = p->sy, c->dy = p->dy;
    c->kw = c->sx = c->dx = 1;
    c->taps = p->kh * s.entries;
    c->pad_left = 0;
    c->run = s.window;
    c->ci = 1;
    return true;
}

// The cheapest form and tile of a group, with `add` (NULL: none) in it; false when not even one output pixel fits.
static bool choose_form(const tsr_graph *graph, const tsr_node *node, const tsr_node *add, const tsr_config *config,
                        int64_t group, conv *out_conv, tile *out_tile) {
    *out_conv = describe(graph, node, config, group);
    out_conv->add = add;
    bool found = conv_choose_tile(out_conv, config, out_tile);
    const tsr_attr *a = &node->attr;
    if (node->op != TSR_OP_CONV || a->groups != 1 || a->kernel[0] * a->kernel[1] == 1)
        return found;
    const tsr_tensor *x = tensor_of(graph, node->inputs[0]);
    const picture p = {x->shape[1],    x->shape[2],  x->shape[3],  x->shape[2] * x->shape[3],
                       a->kernel[0],   a->kernel[1], a->stride[0], a->stride[1],
                       a->dilation[0], a->pad_top,   a->pad_left};
    const conv plain = *out_conv;
    for (int form = 0; form < 2; form++) {
        conv c = plain;
        tile t;
        if ((form == 0 ? describe_packed(node, config, &p, &c) : describe_shifted(node, config, &p, &c)) &&
            conv_choose_tile(&c, config, &t) && (!found || t.cycles < out_tile->cycles)) {
            *out_conv = c;
            *out_tile = t;
            found = true;
        }
    }
    return found;
}

static void describe_tile(const conv *c, const tile *t, const tsr_config *config, char *reason) {
    const long rows = (long)(t->th * config->batch), columns = (long)t->tw;
    if (c->form == DEPTHWISE)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "depthwise: tiles of %ldx%ld pixels, %ld blocks", rows, columns, (long)t->to);
    else if (c->form == SHIFTED)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "few channels: %ld rows of taps in %ld copies of the picture's",
                 (long)c->picture.kh, (long)c->shifts.copies);
    else if (c->form == PACKED)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "few channels: %ld taps packed into %ld input blocks",
                 (long)(c->picture.kh * c->picture.kw * c->picture.pixel), (long)c->ci);
    else
        snprintf(reason, TSR_PLACE_REASON_BYTES, "tiles of %ldx%ld pixels, %ld output and %ld input blocks", rows, columns,
                 (long)t->to, (long)t->nc);
}

bool conv_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason) {
    const tsr_tensor *w = tensor_of(graph, node->inputs[1]);
    const tsr_tensor *bias = node->input_count > 2 && node->inputs[2] != TSR_NO_ID ? tensor_of(graph, node->inputs[2]) : NULL;
    const tsr_attr *a = &node->attr;
    const char *why = NULL;
    if (w->data == NULL || (bias != NULL && bias->data == NULL))
        why = "weights are computed at run time";
    else if ((w->dtype != TSR_I8 && w->dtype != TSR_U8) || (bias != NULL && bias->dtype != TSR_I32))
        why = "weights are not 8-bit, or the bias is not int32";
    else if (node->op == TSR_OP_CONV) {
        const tsr_tensor *x = tensor_of(graph, node->inputs[0]), *y = tensor_of(graph, node->outputs[0]);
        bool depthwise = a->groups > 1 && a->groups == x->shape[3];
        if (depthwise && y->shape[3] != x->shape[3])
            why = "depthwise convolution with a channel multiplier";
        else if (depthwise && config->block_in != config->block_out)
            why = "depthwise convolution needs block_in == block_out";
        else if (a->pad_top > 63 || a->pad_left > 63 || a->pad_bottom > 63 || a->pad_right > 63)
            why = "padding of more than 63";
    }
    if (why == NULL) {
        conv c;
        tile t;
        if (!choose_form(graph, node, NULL, config, 0, &c, &t)) {
            why = "not even one output pixel fits the buffers";
        } else {
            *out_cycles = t.cycles * (double)c.images * (double)(node->op == TSR_OP_CONV && c.form != DEPTHWISE ? a->groups : 1);
            describe_tile(&c, &t, config, reason);
        }
    }
    if (why != NULL)
        snprintf(reason, TSR_PLACE_REASON_BYTES, "%s", why);
    return why == NULL;
}

bool conv_takes_add(const tsr_graph *graph, const tsr_node *node, const tsr_node *add, const tsr_config *config) {
    const uint32_t side = add->inputs[0] == node->outputs[0] ? 0 : 1;
    const tsr_tensor *y = tensor_of(graph, add->outputs[0]);
    if (add->op != TSR_OP_ADD || !add->requant.valid || add->inputs[0] == add->inputs[1] ||
        add->inputs[side] != node->outputs[0] || config->block_in != config->block_out)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        const tsr_tensor *x = tensor_of(graph, add->inputs[i]);
        if (x->data != NULL || x->dtype != TSR_I8 || x->rank != y->rank ||
            memcmp(x->shape, y->shape, y->rank * sizeof *y->shape) != 0 || add->requant.in[i].lsh + 20 > 31)
            return false;
    }
    conv c;
    tile apart, together;
    double add_cycles;
    char unused[TSR_PLACE_REASON_BYTES];
    if (!choose_form(graph, node, NULL, config, 0, &c, &apart) || !elementwise_supported(graph, add, config, &add_cycles, unused))
        return false;
    const double times = (double)c.images * (double)(node->op == TSR_OP_CONV && c.form != DEPTHWISE ? node->attr.groups : 1);
    return choose_form(graph, node, add, config, 0, &c, &together) && together.cycles * times < apart.cycles * times + add_cycles;
}

tsr_status schedule_conv(const job *j) {
    const tsr_config *config = j->accel->config;
    const tsr_tensor *x = tensor_of(j->graph, j->node->inputs[0]), *w = tensor_of(j->graph, j->node->inputs[1]);
    const tsr_tensor *bias =
        j->node->input_count > 2 && j->node->inputs[2] != TSR_NO_ID ? tensor_of(j->graph, j->node->inputs[2]) : NULL;
    int64_t groups = j->node->op == TSR_OP_CONV && j->node->attr.groups != x->shape[x->rank - 1] ? j->node->attr.groups : 1;
    for (int64_t g = 0; g < groups; g++) {
        conv c;
        tile t;
        if (!choose_form(j->graph, j->node, j->add, config, g, &c, &t))
            return tsr_error(TSR_UNSUPPORTED, "not even one output pixel fits the buffers of configuration '%s'", config->name);
        c.x = j->work[j->node->inputs[0]];
        c.y = j->work[j->node->outputs[0]];
        if (j->add != NULL) {
            c.add_side = j->add->inputs[0] == j->node->outputs[0] ? 0 : 1;
            c.addend = j->work[j->add->inputs[!c.add_side]];
            c.y = j->work[j->add->outputs[0]];
            TSR_TRY(add_parameters(j, j->add, &c.add_par));
        }
        c.wgt = conv_pack_weights(j, &c, w, g * c.out_channels);
        c.par = conv_pack_parameters(j, &c, w, bias, g * c.out_channels);
        TSR_TRY(conv_schedule_tiles(j, &c, &t));
    }
    return tsr_ok();
}
