// SPDX-License-Identifier: Apache-2.0
// Scheduled and compiled nodes on the executable specification against plain nested loops written here, over random
// shapes, in every configuration; with the race check on, since a sequential interpreter does not miss a missing token.
#include <inttypes.h>
#include <math.h>

#include "check.h"
#include "tsr/accel.h"
#include "tsr/insn.h"
#include "tsr/model.h"

GREATEST_MAIN_DEFS();

static uint64_t random_state = 1;
static uint32_t random_u32(void) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 32);
}
static int64_t between(int64_t low, int64_t high) { return low + (int64_t)(random_u32() % (uint64_t)(high - low + 1)); }

// ---- the reference: requantisation in exact wide arithmetic, operators as loops --------------------------------------

static int32_t reference_rescale(int64_t sum, tsr_rescale r) {
    int32_t v = (int32_t)((uint32_t)(int32_t)sum << r.lsh);
    long double exact = (long double)v * r.multiplier;
    if (r.single_rounding)
        return (int32_t)floorl(exact / ldexpl(1, 31 + r.rsh) + 0.5L);
    long double high = floorl(exact / ldexpl(1, 31) + 0.5L);
    long double scaled = high / ldexpl(1, r.rsh);
    return (int32_t)(scaled < 0 ? -floorl(-scaled + 0.5L) : floorl(scaled + 0.5L)); // half away from zero
}

static int8_t reference_output(int32_t v, const tsr_requant *q) {
    v += q->out_zero_point;
    return (int8_t)(v < q->lo ? q->lo : v > q->hi ? q->hi : v);
}

static int32_t weight(const tsr_tensor *w, int64_t index, int64_t channel) {
    int32_t zero = w->quant.count == 0 ? 0 : w->quant.zero_point[w->quant.count == 1 ? 0 : channel];
    return (w->dtype == TSR_U8 ? ((const uint8_t *)w->data)[index] : ((const int8_t *)w->data)[index]) - zero;
}

static void reference_conv(const tsr_graph *g, const tsr_node *n, const int8_t *x, int8_t *y) {
    const tsr_tensor *tx = &g->tensors[n->inputs[0]], *tw = &g->tensors[n->inputs[1]], *ty = &g->tensors[n->outputs[0]];
    const int32_t *bias = n->input_count > 2 ? g->tensors[n->inputs[2]].data : NULL;
    const tsr_attr *a = &n->attr;
    int64_t per_group = tx->shape[3] / a->groups, out_per_group = ty->shape[3] / a->groups;
    for (int64_t i = 0; i < ty->shape[0]; i++)
        for (int64_t oy = 0; oy < ty->shape[1]; oy++)
            for (int64_t ox = 0; ox < ty->shape[2]; ox++)
                for (int64_t o = 0; o < ty->shape[3]; o++) {
                    int64_t sum = bias != NULL ? bias[o] : 0;
                    for (int64_t ky = 0; ky < a->kernel[0]; ky++)
                        for (int64_t kx = 0; kx < a->kernel[1]; kx++)
                            for (int64_t c = 0; c < per_group; c++) {
                                int64_t iy = oy * a->stride[0] + ky * a->dilation[0] - a->pad_top,
                                        ix = ox * a->stride[1] + kx * a->dilation[1] - a->pad_left;
                                if (iy < 0 || iy >= tx->shape[1] || ix < 0 || ix >= tx->shape[2])
                                    continue;
                                int32_t xv = x[((i * tx->shape[1] + iy) * tx->shape[2] + ix) * tx->shape[3] +
                                               o / out_per_group * per_group + c];
                                sum += (int64_t)(xv - n->requant.in_zero_point[0]) *
                                       weight(tw, ((o * a->kernel[0] + ky) * a->kernel[1] + kx) * per_group + c, o);
                            }
                    *y++ =
                        reference_output(reference_rescale(sum, n->requant.out[n->requant.channels == 1 ? 0 : o]), &n->requant);
                }
}

static void reference_fully_connected(const tsr_graph *g, const tsr_node *n, const int8_t *x, int8_t *y) {
    const tsr_tensor *w = &g->tensors[n->inputs[1]];
    const int32_t *bias = n->input_count > 2 ? g->tensors[n->inputs[2]].data : NULL;
    int64_t k = w->shape[1], outs = w->shape[0], rows = (int64_t)tsr_tensor_elements(&g->tensors[n->inputs[0]]) / k;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < outs; o++) {
            int64_t sum = bias != NULL ? bias[o] : 0;
            for (int64_t i = 0; i < k; i++)
                sum += (int64_t)(x[r * k + i] - n->requant.in_zero_point[0]) * weight(w, o * k + i, o);
            *y++ = reference_output(reference_rescale(sum, n->requant.out[n->requant.channels == 1 ? 0 : o]), &n->requant);
        }
}

static void reference_pool(const tsr_graph *g, const tsr_node *n, const int8_t *x, int8_t *y) {
    const tsr_tensor *tx = &g->tensors[n->inputs[0]], *ty = &g->tensors[n->outputs[0]];
    const tsr_attr *a = &n->attr;
    for (int64_t oy = 0; oy < ty->shape[1]; oy++)
        for (int64_t ox = 0; ox < ty->shape[2]; ox++)
            for (int64_t c = 0; c < ty->shape[3]; c++) {
                int32_t most = -128, sum = 0, count = 0;
                for (int64_t ky = 0; ky < a->kernel[0]; ky++)
                    for (int64_t kx = 0; kx < a->kernel[1]; kx++) {
                        int64_t iy = oy * a->stride[0] + ky - a->pad_top, ix = ox * a->stride[1] + kx - a->pad_left;
                        if (iy < 0 || iy >= tx->shape[1] || ix < 0 || ix >= tx->shape[2])
                            continue;
                        int32_t v = x[(iy * tx->shape[2] + ix) * tx->shape[3] + c];
                        most = v > most ? v : most;
                        sum += v;
                        count++;
                    }
                int32_t mean = count == 0 ? 0 : (int32_t)lround((double)sum / count);
                int32_t v = n->op == TSR_OP_MAX_POOL ? most : mean;
                *y++ = (int8_t)(v < n->requant.lo ? n->requant.lo : v > n->requant.hi ? n->requant.hi : v);
            }
}

// One value a channel: [C], or [N,1,C] for outputs [N,P,C]; a single one; or all of them.
static int8_t operand_of(const tsr_tensor *t, const tsr_tensor *y, const int8_t *x, int64_t i) {
    const int64_t elements = (int64_t)tsr_tensor_elements(t), channels = y->shape[2];
    if (elements == (int64_t)tsr_tensor_elements(y))
        return x[i];
    return x[elements == 1 ? 0 : elements == channels ? i % channels : i / (y->shape[1] * channels) * channels + i % channels];
}

static void reference_mean(const tsr_graph *g, const tsr_node *n, const int8_t *x, int8_t *y) {
    const int64_t *shape = g->tensors[n->inputs[0]].shape, area = shape[1] * shape[2];
    for (int64_t i = 0; i < shape[0]; i++)
        for (int64_t c = 0; c < shape[3]; c++) {
            int64_t sum = 0;
            for (int64_t p = 0; p < area; p++)
                sum += x[(i * area + p) * shape[3] + c] - n->requant.in_zero_point[0];
            *y++ = reference_output(reference_rescale(sum, n->requant.out[0]), &n->requant);
        }
}

static void reference_concat(const tsr_graph *g, const tsr_node *n, const int8_t *a, const int8_t *b, int8_t *y) {
    const tsr_tensor *ta = &g->tensors[n->inputs[0]], *tb = &g->tensors[n->inputs[1]];
    int64_t outer = 1, na = 1, nb = 1;
    for (uint32_t d = 0; d < ta->rank; d++) {
        outer *= (int64_t)d < n->attr.axis ? ta->shape[d] : 1;
        na *= (int64_t)d < n->attr.axis ? 1 : ta->shape[d];
        nb *= (int64_t)d < n->attr.axis ? 1 : tb->shape[d];
    }
    for (int64_t i = 0; i < outer; i++) {
        for (int64_t k = 0; k < na; k++)
            *y++ = a[i * na + k];
        for (int64_t k = 0; k < nb; k++)
            *y++ = b[i * nb + k];
    }
}

static void reference_pad(const tsr_graph *g, const tsr_node *n, const int8_t *x, int8_t *y) {
    const int64_t *xs = g->tensors[n->inputs[0]].shape, *ys = g->tensors[n->outputs[0]].shape;
    for (int64_t i = 0; i < ys[0]; i++)
        for (int64_t h = 0; h < ys[1]; h++)
            for (int64_t w = 0; w < ys[2]; w++)
                for (int64_t c = 0; c < ys[3]; c++) {
                    const int64_t iy = h - n->attr.pads_begin[1], ix = w - n->attr.pads_begin[2];
                    const bool inside = iy >= 0 && iy < xs[1] && ix >= 0 && ix < xs[2];
                    *y++ = inside ? x[((i * xs[1] + iy) * xs[2] + ix) * xs[3] + c] : (int8_t)n->attr.pad_value;
                }
}

static void reference_elementwise(const tsr_graph *g, const tsr_node *n, const int8_t *a, const int8_t *b, int8_t *y) {
    int64_t count = (int64_t)tsr_tensor_elements(&g->tensors[n->outputs[0]]);
    const tsr_requant *q = &n->requant;
    for (int64_t i = 0; i < count; i++) {
        const tsr_tensor *y_tensor = &g->tensors[n->outputs[0]];
        int32_t va = operand_of(&g->tensors[n->inputs[0]], y_tensor, a, i) - q->in_zero_point[0],
                vb = b != NULL ? operand_of(&g->tensors[n->inputs[1]], y_tensor, b, i) - q->in_zero_point[1] : 0;
        int64_t v = va;
        if (n->op == TSR_OP_ADD || n->op == TSR_OP_SUB) {
            int64_t ra = reference_rescale((int64_t)va * (1 << 20), q->in[0]),
                    rb = reference_rescale((int64_t)vb * (1 << 20), q->in[1]);
            v = n->op == TSR_OP_ADD ? ra + rb : ra - rb;
        } else if (n->op == TSR_OP_MUL) {
            v = (int64_t)va * vb;
        }
        y[i] = reference_output(reference_rescale(v, q->out[0]), q);
    }
}

// ---- random nodes -----------------------------------------------------------------------------------------------------

static tsr_rescale random_rescale(void) {
    return (tsr_rescale){(int32_t)between(1 << 30, INT32_MAX), 0, (uint8_t)between(4, 10), random_u32() % 2};
}

static void random_requant(tsr_graph *g, tsr_node *n, int64_t channels) {
    tsr_requant *q = &n->requant;
    q->valid = true;
    q->in_zero_point[0] = (int32_t)between(-128, 127);
    q->in_zero_point[1] = (int32_t)between(-128, 127);
    q->channels = (uint32_t)channels;
    q->out = TSR_NEW_ARRAY(g->arena, tsr_rescale, channels > 0 ? channels : 1);
    for (int64_t i = 0; i < channels; i++)
        q->out[i] = random_rescale();
    q->in[0] = random_rescale(), q->in[1] = random_rescale();
    q->in[0].rsh = q->in[1].rsh = 0;
    q->out_zero_point = (int32_t)between(-20, 20);
    q->lo = random_u32() % 2 ? -128 : (int32_t)between(-128, 0);
    q->hi = random_u32() % 2 ? 127 : (int32_t)between(1, 127);
}

static void *random_bytes(tsr_graph *g, int64_t size) {
    uint8_t *bytes = TSR_NEW_ARRAY(g->arena, uint8_t, size);
    for (int64_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)random_u32();
    return bytes;
}

typedef struct conv_case {
    int64_t images, h, w, c, o, kh, kw, sy, sx, dy, dx, top, left, bottom, right, groups;
    bool wide_weights;
} conv_case;

static tsr_graph *conv_graph(const conv_case *k) {
    tsr_graph *g = tsr_graph_create("conv");
    int64_t oh = (k->h + k->top + k->bottom - (k->kh - 1) * k->dy - 1) / k->sy + 1,
            ow = (k->w + k->left + k->right - (k->kw - 1) * k->dx - 1) / k->sx + 1;
    int64_t xs[] = {k->images, k->h, k->w, k->c}, ws[] = {k->o, k->kh, k->kw, k->c / k->groups}, ys[] = {k->images, oh, ow, k->o};
    tsr_id ids[3], y;
    ids[0] = tsr_graph_add_tensor(g, "x", TSR_I8, 4, xs);
    int64_t weights = ws[0] * ws[1] * ws[2] * ws[3];
    ids[1] = tsr_graph_add_const(g, "w", k->wide_weights ? TSR_U8 : TSR_I8, 4, ws, random_bytes(g, weights));
    if (k->wide_weights) {
        float scale = 1;
        int32_t zero = (int32_t)between(0, 255);
        tsr_graph_set_quant(g, ids[1], 1, 0, &scale, &zero);
    }
    int32_t *bias = TSR_NEW_ARRAY(g->arena, int32_t, k->o);
    for (int64_t i = 0; i < k->o; i++)
        bias[i] = (int32_t)between(-20000, 20000);
    ids[2] = tsr_graph_add_const(g, "b", TSR_I32, 1, &k->o, bias);
    y = tsr_graph_add_tensor(g, "y", TSR_I8, 4, ys);
    tsr_id n = tsr_graph_add_node(g, TSR_OP_CONV, "conv", 3, ids, 1, &y);
    tsr_attr *a = &g->nodes[n].attr;
    a->kernel[0] = k->kh, a->kernel[1] = k->kw, a->stride[0] = k->sy, a->stride[1] = k->sx, a->dilation[0] = k->dy,
    a->dilation[1] = k->dx;
    a->pad_top = k->top, a->pad_left = k->left, a->pad_bottom = k->bottom, a->pad_right = k->right, a->groups = k->groups;
    random_requant(g, &g->nodes[n], random_u32() % 2 ? 1 : k->o);
    for (uint32_t i = 0; i < g->nodes[n].requant.channels; i++) // keep results in range: large sums, larger shifts
        g->nodes[n].requant.out[i].rsh = (uint8_t)between(6, 11);
    return g;
}

// ---- running ----------------------------------------------------------------------------------------------------------

typedef struct memory {
    const uint8_t *consts;
    uint8_t *work;
    uint8_t *sram[TSR_SCOPE_PAR + 1];
} memory;

static void *storage(void *context, const tsr_tbuffer *b) {
    memory *m = context;
    if (b->scope == TSR_SCOPE_CONST)
        return (void *)(uintptr_t)b->data;
    if (b->scope == TSR_SCOPE_WORK)
        return m->work + b->offset;
    return m->sram[b->scope];
}
static tsr_status interpret(void *context, const tsr_tensor_function *f) {
    TSR_TRY(tsr_tensor_verify(f));
    return tsr_tensor_interpret(f, storage, context);
}

static int packed_seen, shifted_seen; // convolutions of few channels, by the form that they took

// Runs the graph's only node: compiled on the executable specification, and its schedule on the tensor interpreter.
static check_result run_node(const tsr_config *config, tsr_graph *g, bool interpreted) {
    const tsr_node *n = &g->nodes[0];
    char reason[TSR_PLACE_REASON_BYTES];
    double cycles;
    if (!tsr_accel_supports(g, n, config, &cycles, reason)) {
        if (config->block_in != config->block_out && strstr(reason, "block_in == block_out") != NULL)
            PASS(); // said so, with the reason
        fprintf(stderr, "%s: %s\n", config->name, reason);
        FAILm("not supported");
    }
    packed_seen += strstr(reason, "taps packed") != NULL;
    shifted_seen += strstr(reason, "copies of the picture") != NULL;
    const tsr_node *add = g->node_count > 1 ? &g->nodes[1] : NULL; // fused into the first
    const tsr_id result = add != NULL ? add->outputs[0] : n->outputs[0];
    tsr_tbuffer *work[8] = {0};
    uint64_t offset = 64;
    uint64_t y_offset = 0, y_bytes = 0;
    for (uint32_t t = 0; t < g->tensor_count; t++) {
        if (g->tensors[t].data != NULL)
            continue;
        work[t] = tsr_tbuffer_create(g->arena, g->tensors[t].name, TSR_SCOPE_WORK, TSR_I8, tsr_tensor_elements(&g->tensors[t]));
        work[t]->offset = offset;
        if (t == result)
            y_offset = offset, y_bytes = tsr_tensor_bytes(&g->tensors[t]);
        offset = (offset + tsr_tensor_bytes(&g->tensors[t]) + 63 + 64) / 64 * 64;
    }
    uint8_t *memory_bytes = TSR_NEW_ARRAY(g->arena, uint8_t, offset), *want = TSR_NEW_ARRAY(g->arena, uint8_t, offset),
            *schedule_memory = TSR_NEW_ARRAY(g->arena, uint8_t, offset);
    const int8_t *inputs[2] = {NULL, NULL};
    for (uint32_t i = 0; i < n->input_count && i < 2; i++)
        if (g->tensors[n->inputs[i]].data == NULL) {
            tsr_tbuffer *b = work[n->inputs[i]];
            memcpy(memory_bytes + b->offset, random_bytes(g, (int64_t)b->elements), b->elements);
            inputs[i] = (int8_t *)memory_bytes + b->offset;
        } else {
            inputs[i] = g->tensors[n->inputs[i]].data;
        }
    int8_t *addend = NULL;
    if (add != NULL) {
        tsr_tbuffer *b = work[add->inputs[add->inputs[0] == n->outputs[0] ? 1 : 0]];
        memcpy(memory_bytes + b->offset, random_bytes(g, (int64_t)b->elements), b->elements);
        addend = (int8_t *)memory_bytes + b->offset;
    }
    memcpy(want, memory_bytes, offset);
    memcpy(schedule_memory, memory_bytes, offset);
    int8_t *y = add != NULL ? TSR_NEW_ARRAY(g->arena, int8_t, y_bytes) : (int8_t *)want + y_offset;
    if (n->op == TSR_OP_CONV)
        reference_conv(g, n, inputs[0], y);
    else if (n->op == TSR_OP_FULLY_CONNECTED)
        reference_fully_connected(g, n, inputs[0], y);
    else if (n->op == TSR_OP_MAX_POOL || n->op == TSR_OP_AVERAGE_POOL)
        reference_pool(g, n, inputs[0], y);
    else if (n->op == TSR_OP_CONCAT)
        reference_concat(g, n, inputs[0], inputs[1], y);
    else if (n->op == TSR_OP_PAD)
        reference_pad(g, n, inputs[0], y);
    else if (n->op == TSR_OP_MEAN)
        reference_mean(g, n, inputs[0], y);
    else
        reference_elementwise(g, n, inputs[0], inputs[1], y);
    if (add != NULL) {
        const bool first = add->inputs[0] == n->outputs[0];
        reference_elementwise(g, add, first ? y : addend, first ? addend : y, (int8_t *)want + y_offset);
    }

    tsr_blob consts = {0};
    tsr_accel *accel;
    memory m = {NULL, schedule_memory, {0}};
    uint32_t sizes[TSR_SCOPE_PAR + 1] = {0};
    sizes[TSR_SCOPE_INP] = config->inp_buffer, sizes[TSR_SCOPE_WGT] = config->wgt_buffer,
    sizes[TSR_SCOPE_ACC] = config->acc_buffer;
    sizes[TSR_SCOPE_OUT] = config->out_buffer, sizes[TSR_SCOPE_PAR] = config->par_buffer;
    for (int s = 0; s <= TSR_SCOPE_PAR; s++)
        m.sram[s] = TSR_NEW_ARRAY(g->arena, uint8_t, sizes[s]);
    ASSERT_OK(tsr_accel_create(g->arena, config, &consts, &accel));
    if (interpreted)
        tsr_accel_on_schedule(accel, interpret, &m);
    uint32_t first, count, insn_offset, insn_count;
    ASSERT_OK(tsr_accel_add_node(accel, g, n, add, work, &first, &count));
    ASSERT_OK(tsr_accel_end_stream(accel, &insn_offset, &insn_count));
    tsr_model *model;
    tsr_model_options options = {.check_races = true};
    ASSERT_OK(tsr_model_create(config, &options, &model));
    tsr_model_segment segments[4] = {{consts.data, consts.size}, {memory_bytes, offset}};
    tsr_model_fault fault;
    tsr_status status = tsr_model_run(model, segments, insn_offset, insn_count, &fault, NULL);
    tsr_model_race race = tsr_model_get_race(model);
    tsr_model_destroy(model);
    tsr_blob_free(&consts);
    ASSERT_OK(status);
    if (fault.code != 0) {
        fprintf(stderr, "%s: fault %u at instruction %u\n", config->name, fault.code, fault.insn_index);
        FAILm("fault");
    }
    if (race.found) {
        fprintf(stderr, "%s: instructions %u and %u race on %s\n", config->name, race.insn[0], race.insn[1], race.space);
        FAILm("race");
    }
    for (uint64_t i = 0; i < offset; i++)
        if (memory_bytes[i] != want[i] || (interpreted && schedule_memory[i] != want[i])) {
            fprintf(stderr, "%s: byte %" PRIu64 " of %" PRIu64 ": want %d, got %d, schedule %d\n", config->name, i - y_offset,
                    y_bytes, (int8_t)want[i], (int8_t)memory_bytes[i], (int8_t)schedule_memory[i]);
            FAILm("wrong byte");
        }
    PASS();
}

// The project's configurations, and one that a user might add: two rows, more lanes out than in.
enum { CONFIGS = 5 };
static tsr_config configs[CONFIGS];
static const char *const config_names[CONFIGS - 1] = {"tiny", "pynq", "wide", "batch4"};

static check_result run_conv(const conv_case *k, bool interpreted) {
    for (int c = 0; c < CONFIGS; c++) {
        tsr_graph *g = conv_graph(k);
        check_result result = run_node(&configs[c], g, interpreted);
        tsr_graph_free(g);
        if (result != CHECK_PASS) {
            fprintf(stderr,
                    "conv %ld x %ldx%ldx%ld -> %ld, kernel %ldx%ld, stride %ldx%ld, dilation %ldx%ld, pads %ld %ld %ld %ld, "
                    "groups %ld\n",
                    (long)k->images, (long)k->h, (long)k->w, (long)k->c, (long)k->o, (long)k->kh, (long)k->kw, (long)k->sy,
                    (long)k->sx, (long)k->dy, (long)k->dx, (long)k->top, (long)k->left, (long)k->bottom, (long)k->right,
                    (long)k->groups);
            return result;
        }
    }
    PASS();
}

TEST convolutions_of_small_random_shapes_match_on_schedule_and_device(void) {
    for (int i = 0; i < 24; i++) {
        conv_case k = {between(1, 2),
                       between(3, 9),
                       between(3, 9),
                       between(1, 20),
                       between(1, 20),
                       between(1, 3),
                       between(1, 3),
                       between(1, 2),
                       between(1, 2),
                       1,
                       1,
                       between(0, 1),
                       between(0, 1),
                       between(0, 1),
                       between(0, 1),
                       1,
                       random_u32() % 4 == 0};
        CHECK_CALL(run_conv(&k, true));
    }
    PASS();
}
// As first layers of networks are: padded windows of pixels of few channels.
TEST convolutions_of_few_channels_match_the_reference(void) {
    packed_seen = shifted_seen = 0;
    for (int i = 0; i < 12; i++) {
        const int64_t size = between(8, 40), kernel = 3 + 2 * between(0, 2), stride = between(1, 2), pad = between(0, kernel / 2);
        const int64_t other = between(0, pad); // some pad more on one side
        conv_case k = {between(1, 2),
                       size,
                       size + between(0, 40),
                       between(1, 4),
                       between(1, 40),
                       kernel,
                       kernel,
                       stride,
                       stride,
                       1,
                       1,
                       pad,
                       other,
                       other,
                       pad,
                       1,
                       i % 4 == 0};
        CHECK_CALL(run_conv(&k, i % 4 == 3));
    }
    ASSERTm("no convolution took packed taps", packed_seen > 0);
    ASSERTm("no convolution took copies of rows", shifted_seen > 0);
    PASS();
}

TEST convolutions_of_random_shapes_match_the_reference(void) {
    for (int i = 0; i < 30; i++) {
        conv_case k = {1,
                       between(5, 30),
                       between(5, 30),
                       between(1, 80),
                       between(1, 80),
                       between(1, 5),
                       between(1, 5),
                       between(1, 3),
                       between(1, 3),
                       between(1, 2),
                       between(1, 2),
                       between(0, 2),
                       between(0, 2),
                       between(0, 2),
                       between(0, 2),
                       1,
                       random_u32() % 4 == 0};
        if ((k.kh - 1) * k.dy + 1 > k.h || (k.kw - 1) * k.dx + 1 > k.w)
            k.dy = k.dx = 1;
        CHECK_CALL(run_conv(&k, false));
    }
    PASS();
}
TEST grouped_and_depthwise_convolutions_match_the_reference(void) {
    for (int i = 0; i < 24; i++) {
        int64_t groups = between(2, 5), each = between(2, 12), out = between(1, 12); // one channel a group would be depthwise
        conv_case k = {1,
                       between(5, 20),
                       between(5, 20),
                       groups * each,
                       groups * out,
                       between(1, 3),
                       between(1, 3),
                       between(1, 2),
                       between(1, 2),
                       1,
                       1,
                       1,
                       1,
                       1,
                       1,
                       groups,
                       false};
        if (i % 2 == 0)
            k.c = k.o = k.groups = between(2, 70);
        if (i % 8 == 0)
            k.wide_weights = true;
        CHECK_CALL(run_conv(&k, i < 8));
    }
    PASS();
}
TEST a_convolution_larger_than_every_buffer_is_cut_into_tiles(void) {
    conv_case k = {1, 28, 28, 256, 128, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, false};
    return run_conv(&k, false);
}

TEST fully_connected_layers_match_the_reference(void) {
    for (int i = 0; i < 30; i++)
        for (int c = 0; c < CONFIGS; c++) {
            tsr_graph *g = tsr_graph_create("fc");
            int64_t rows = between(1, 6), k = between(1, 700), o = between(1, 300);
            int64_t xs[] = {rows, k}, ws[] = {o, k}, ys[] = {rows, o};
            tsr_id ids[2], y;
            ids[0] = tsr_graph_add_tensor(g, "x", TSR_I8, 2, xs);
            ids[1] = tsr_graph_add_const(g, "w", TSR_I8, 2, ws, random_bytes(g, k * o));
            y = tsr_graph_add_tensor(g, "y", TSR_I8, 2, ys);
            tsr_id n = tsr_graph_add_node(g, TSR_OP_FULLY_CONNECTED, "fc", 2, ids, 1, &y);
            random_requant(g, &g->nodes[n], o);
            check_result result = run_node(&configs[c], g, i < 4);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

TEST pools_match_the_reference(void) {
    for (int i = 0; i < 40; i++)
        for (int c = 0; c < CONFIGS; c++) {
            bool average = i % 2;
            int64_t kh = between(1, 4), kw = between(1, 4), sy = between(1, 3), sx = between(1, 3);
            int64_t h = between(4, 24), w = between(4, 24), channels = between(1, 50),
                    pad = average ? 0 : between(0, kh < kw ? kh - 1 : kw - 1);
            if (i % 10 == 9)
                kh = h, kw = w;
            tsr_graph *g = tsr_graph_create("pool");
            int64_t xs[] = {1, h, w, channels}, ys[] = {1, (h + 2 * pad - kh) / sy + 1, (w + 2 * pad - kw) / sx + 1, channels};
            tsr_id x = tsr_graph_add_tensor(g, "x", TSR_I8, 4, xs), y = tsr_graph_add_tensor(g, "y", TSR_I8, 4, ys);
            tsr_id n = tsr_graph_add_node(g, average ? TSR_OP_AVERAGE_POOL : TSR_OP_MAX_POOL, "pool", 1, &x, 1, &y);
            tsr_attr *a = &g->nodes[n].attr;
            a->kernel[0] = kh, a->kernel[1] = kw, a->stride[0] = sy, a->stride[1] = sx;
            a->pad_top = a->pad_left = a->pad_bottom = a->pad_right = pad;
            random_requant(g, &g->nodes[n], 0);
            g->nodes[n].requant.out = NULL;
            char reason[TSR_PLACE_REASON_BYTES];
            double cycles;
            check_result result = CHECK_PASS;
            if (tsr_accel_supports(g, &g->nodes[n], &configs[c], &cycles, reason) ||
                kh * kw < 64) // a global window may be too large for the small buffers
                result = run_node(&configs[c], g, i < 10);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

TEST elementwise_operators_match_the_reference(void) {
    static const tsr_op ops[] = {TSR_OP_ADD, TSR_OP_SUB, TSR_OP_MUL, TSR_OP_QUANTIZE};
    for (int i = 0; i < 40; i++)
        for (int c = 0; c < CONFIGS; c++) {
            tsr_graph *g = tsr_graph_create("elementwise");
            int64_t shape[] = {between(1, 30), between(1, 30), between(1, 40)};
            tsr_id ids[2] = {tsr_graph_add_tensor(g, "a", TSR_I8, 3, shape), tsr_graph_add_tensor(g, "b", TSR_I8, 3, shape)};
            tsr_id y = tsr_graph_add_tensor(g, "y", TSR_I8, 3, shape);
            tsr_op op = ops[i % 4];
            tsr_id n = tsr_graph_add_node(g, op, "op", op == TSR_OP_QUANTIZE ? 1 : 2, ids, 1, &y);
            random_requant(g, &g->nodes[n], 1);
            if (op == TSR_OP_ADD || op == TSR_OP_SUB)
                g->nodes[n].requant.out[0].rsh = (uint8_t)between(18, 22);
            check_result result = run_node(&configs[c], g, i < 8);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

// A second operand of one value a channel, one a channel of each image, or one in all, read or constant.
static tsr_id broadcast_operand(tsr_graph *g, const int64_t shape[3], int how) {
    const int64_t channels[] = {shape[0], 1, shape[2]}, *dims = channels + (how == 1 ? 0 : 2), one[] = {1};
    const uint32_t rank = how == 1 ? 3 : 1;
    if (how == 3)
        return tsr_graph_add_const(g, "b", TSR_I8, 1, one, random_bytes(g, 1));
    if (how == 2)
        return tsr_graph_add_const(g, "b", TSR_I8, 1, dims, random_bytes(g, shape[2]));
    return tsr_graph_add_tensor(g, "b", TSR_I8, rank, dims);
}

TEST operands_of_one_value_a_channel_match_the_reference(void) {
    static const tsr_op ops[] = {TSR_OP_ADD, TSR_OP_SUB, TSR_OP_MUL};
    for (int i = 0; i < 36; i++)
        for (int c = 0; c < CONFIGS; c++) {
            tsr_graph *g = tsr_graph_create("broadcast");
            int64_t shape[] = {between(1, 4), between(1, 300), i % 5 == 0 ? 16 * between(1, 4) : between(1, 70)};
            const bool first = i % 7 == 0;
            tsr_id whole = tsr_graph_add_tensor(g, "a", TSR_I8, 3, shape), other = broadcast_operand(g, shape, i % 4);
            tsr_id ids[2] = {first ? other : whole, first ? whole : other}, y = tsr_graph_add_tensor(g, "y", TSR_I8, 3, shape);
            tsr_id n = tsr_graph_add_node(g, ops[i % 3], "op", 2, ids, 1, &y);
            random_requant(g, &g->nodes[n], 1);
            if (ops[i % 3] != TSR_OP_MUL)
                g->nodes[n].requant.out[0].rsh = (uint8_t)between(18, 22);
            check_result result = run_node(&configs[c], g, i < 8);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

TEST means_of_pictures_match_the_reference(void) {
    for (int i = 0; i < 16; i++)
        for (int c = 0; c < CONFIGS; c++) {
            tsr_graph *g = tsr_graph_create("mean");
            int64_t xs[] = {between(1, 2), between(1, 6), between(1, 6), between(1, 50)}, ys[] = {xs[0], xs[3]};
            tsr_id x = tsr_graph_add_tensor(g, "x", TSR_I8, 4, xs), y = tsr_graph_add_tensor(g, "y", TSR_I8, 2, ys);
            tsr_id n = tsr_graph_add_node(g, TSR_OP_MEAN, "mean", 1, &x, 1, &y);
            g->nodes[n].attr.axis_count = 2;
            g->nodes[n].attr.axes[0] = 1 + i % 2, g->nodes[n].attr.axes[1] = 2 - i % 2;
            random_requant(g, &g->nodes[n], 1);
            check_result result = run_node(&configs[c], g, i < 8);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

TEST sums_in_the_tiles_of_a_convolution_match_the_reference(void) {
    unsigned fused = 0;
    for (int i = 0; i < 24; i++)
        for (int c = 0; c < CONFIGS; c++) {
            conv_case k = {
                .images = between(1, 2), .h = between(3, 30), .w = between(3, 30), .c = between(1, 70), .o = between(1, 80)};
            k.kh = between(1, 3), k.kw = between(1, 3), k.sy = between(1, 2), k.sx = k.sy, k.dy = k.dx = 1, k.groups = 1;
            k.top = k.bottom = k.kh / 2, k.left = k.right = k.kw / 2;
            if (i % 4 == 3)
                k.groups = k.o = k.c;
            tsr_graph *g = conv_graph(&k);
            const tsr_tensor y = g->tensors[g->nodes[0].outputs[0]];
            tsr_id other = tsr_graph_add_tensor(g, "r", TSR_I8, 4, y.shape), z = tsr_graph_add_tensor(g, "z", TSR_I8, 4, y.shape);
            const bool first = i % 2;
            tsr_id ids[2] = {first ? g->nodes[0].outputs[0] : other, first ? other : g->nodes[0].outputs[0]};
            tsr_id n = tsr_graph_add_node(g, TSR_OP_ADD, "add", 2, ids, 1, &z);
            random_requant(g, &g->nodes[n], 1);
            g->nodes[n].requant.out[0].rsh = (uint8_t)between(18, 22);
            check_result result = CHECK_PASS;
            if (tsr_accel_fuses(g, &g->nodes[0], &g->nodes[1], &configs[c])) {
                fused++;
                result = run_node(&configs[c], g, i < 6);
            }
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    ASSERT(fused > 40);
    PASS();
}

TEST concatenations_match_the_reference(void) {
    for (int i = 0; i < 24; i++)
        for (int c = 0; c < CONFIGS; c++) {
            tsr_graph *g = tsr_graph_create("concat");
            const int axis = i % 3;
            int64_t a[] = {between(1, 5), between(1, 40), between(1, 70)}, b[] = {a[0], a[1], a[2]}, y[] = {a[0], a[1], a[2]};
            b[axis] = between(1, 30);
            y[axis] += b[axis];
            tsr_id ids[2] = {tsr_graph_add_tensor(g, "a", TSR_I8, 3, a), tsr_graph_add_tensor(g, "b", TSR_I8, 3, b)};
            tsr_id out = tsr_graph_add_tensor(g, "y", TSR_I8, 3, y);
            tsr_id n = tsr_graph_add_node(g, TSR_OP_CONCAT, "concat", 2, ids, 1, &out);
            g->nodes[n].attr.axis = axis;
            check_result result = run_node(&configs[c], g, i < 8);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

TEST pads_match_the_reference(void) {
    for (int i = 0; i < 24; i++)
        for (int c = 0; c < CONFIGS; c++) {
            tsr_graph *g = tsr_graph_create("pad");
            tsr_attr attr = tsr_attr_default();
            int64_t x[] = {between(1, 2), between(1, 30), between(1, 30), between(1, 40)}, y[] = {x[0], x[1], x[2], x[3]};
            for (int d = 1; d < 3; d++) {
                attr.pads_begin[d] = between(0, 3), attr.pads_end[d] = between(0, 3);
                y[d] += attr.pads_begin[d] + attr.pads_end[d];
            }
            attr.pad_value = (double)between(-128, 127);
            tsr_id in = tsr_graph_add_tensor(g, "x", TSR_I8, 4, x), out = tsr_graph_add_tensor(g, "y", TSR_I8, 4, y);
            tsr_id n = tsr_graph_add_node(g, TSR_OP_PAD, "pad", 1, &in, 1, &out);
            g->nodes[n].attr = attr;
            check_result result = run_node(&configs[c], g, i < 8);
            tsr_graph_free(g);
            if (result != CHECK_PASS)
                return result;
        }
    PASS();
}

SUITE(accelerator_back_end) {
    RUN_TEST(convolutions_of_small_random_shapes_match_on_schedule_and_device);
    RUN_TEST(convolutions_of_few_channels_match_the_reference);
    RUN_TEST(convolutions_of_random_shapes_match_the_reference);
    RUN_TEST(grouped_and_depthwise_convolutions_match_the_reference);
    RUN_TEST(a_convolution_larger_than_every_buffer_is_cut_into_tiles);
    RUN_TEST(fully_connected_layers_match_the_reference);
    RUN_TEST(pools_match_the_reference);
    RUN_TEST(elementwise_operators_match_the_reference);
    RUN_TEST(operands_of_one_value_a_channel_match_the_reference);
    RUN_TEST(sums_in_the_tiles_of_a_convolution_match_the_reference);
    RUN_TEST(concatenations_match_the_reference);
    RUN_TEST(pads_match_the_reference);
    RUN_TEST(means_of_pictures_match_the_reference);
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    for (int c = 0; c < CONFIGS - 1; c++) {
        char path[64];
        snprintf(path, sizeof path, "isa/configs/%s.cfg", config_names[c]);
        tsr_status status = tsr_config_load(path, &configs[c]);
        if (status.code != TSR_OK) {
            fprintf(stderr, "%s\n", status.message);
            return 1;
        }
    }
    configs[4] = configs[3];
    configs[4].batch = 2;
    configs[4].block_in = 8;
    snprintf(configs[4].name, sizeof configs[4].name, "oblong");
    RUN_SUITE(accelerator_back_end);
    GREATEST_MAIN_END();
}
