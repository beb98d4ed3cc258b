// SPDX-License-Identifier: Apache-2.0
// Placement. Runs of nodes on one side are a step; going from one side to the other costs. So the cheapest placement in
// execution order is a shortest path over two rows of nodes, accelerator and CPU. The user's rules come first.
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compile.h"

enum { CPU, ACCELERATOR, SIDES };
static const double host_weight = 3; // the CPU is the one that has other work to do, so that its time counts for more
static const double step_microseconds = 5;          // to start a step and to wait for its end
static const double bytes_a_microsecond = 4000;     // to make what one side wrote visible to the other
static const double default_clock = 100;            // MHz

static bool is_io(const tsr_id *ids, uint32_t count, tsr_id tensor) {
    for (uint32_t i = 0; i < count; i++)
        if (ids[i] == tensor)
            return true;
    return false;
}

// A reshape moves no bytes: input and output can be one buffer, unless both belong to the user.
static bool is_view(const tsr_graph *graph, const tsr_node *node) {
    if (node->op != TSR_OP_RESHAPE && node->op != TSR_OP_IDENTITY)
        return false;
    const tsr_tensor *from = &graph->tensors[node->inputs[0]], *to = &graph->tensors[node->outputs[0]];
    return from->data == NULL && from->dtype == to->dtype && !is_io(graph->outputs, graph->output_count, node->outputs[0]) &&
           !is_io(graph->outputs, graph->output_count, node->inputs[0]);
}

const char *layer_name(const tsr_node *node, char buffer[TSR_NAME_BYTES]) {
    // TFLite's converter joins the names of all that it fused; the first is enough.
    snprintf(buffer, TSR_NAME_BYTES, "%.*s", (int)strcspn(node->name, ";"), node->name);
    return buffer;
}

// ---- the user's rules: "NODE=cpu", "NODE=accelerator"
static tsr_status parse_rule(const char *rule, size_t *out_length, bool *out_accelerator) {
    const char *equals = strrchr(rule, '=');
    *out_length = equals != NULL ? (size_t)(equals - rule) : 0;
    *out_accelerator = equals != NULL && strcmp(equals, "=accelerator") == 0;
    if (*out_length == 0 || *out_length >= TSR_NAME_BYTES || (!*out_accelerator && strcmp(equals, "=cpu") != 0))
        return tsr_error(TSR_INVALID_ARGUMENT, "placement '%.60s': NODE=cpu or NODE=accelerator is expected", rule);
    return tsr_ok();
}

static tsr_status apply_rule(compilation *c, const char *rule) {
    size_t length;
    bool accelerator, found;
    TSR_TRY(parse_rule(rule, &length, &accelerator));
    char pattern[TSR_NAME_BYTES], name[TSR_NAME_BYTES];
    snprintf(pattern, sizeof pattern, "%.*s", (int)length, rule);
    const bool many = strpbrk(pattern, "*?") != NULL;
    found = strcmp(pattern, "*") == 0; // all, even of none
    for (uint32_t n = 0; n < c->graph->node_count; n++) {
        placement *p = &c->places[n];
        if (fnmatch(pattern, layer_name(&c->graph->nodes[n], name), FNM_NOESCAPE) != 0)
            continue;
        found = true;
        if (p->skip)
            continue;
        if (accelerator && !p->possible && !many)
            return tsr_error(TSR_UNSUPPORTED, "node '%s' (%s) cannot be placed on the accelerator: %s", name,
                             tsr_op_name(c->graph->nodes[n].op), p->reason);
        p->fixed = !accelerator || p->possible;
        p->on_accelerator = accelerator && p->possible;
    }
    if (!found)
        return tsr_error(TSR_NOT_FOUND, "placement '%.60s': no node has such a name; `tessera info` lists them", rule);
    return tsr_ok();
}

// ---- the cheapest of the rest
static double cost_on(const placement *p, int side) {
    if ((side == ACCELERATOR && !p->possible) || (p->fixed && p->on_accelerator != (side == ACCELERATOR)))
        return INFINITY;
    return side == ACCELERATOR ? p->accelerator_us : p->host_us * host_weight;
}

static double crossing(const compilation *c, const tsr_node *node) {
    return step_microseconds + (double)tsr_tensor_bytes(&c->graph->tensors[node->inputs[0]]) / bytes_a_microsecond;
}

static void choose(compilation *c) {
    const uint32_t count = c->graph->node_count;
    unsigned char(*from)[SIDES] = tsr_arena_alloc(c->arena, (count + 1) * sizeof *from);
    double best[SIDES] = {0, 0}; // up to the node before: begins on either side, at no cost
    for (uint32_t n = 0; n < count; n++) {
        double next[SIDES];
        for (int side = 0; side < SIDES; side++) {
            const double stay = best[side], cross = best[!side] + (c->places[n].skip ? 0 : crossing(c, &c->graph->nodes[n]));
            // A node that is none takes no side of its own; equal costs go to the accelerator.
            const bool moves = !c->places[n].skip && (cross < stay || (cross == stay && side == CPU));
            from[n][side] = (unsigned char)(moves ? !side : side);
            next[side] = (moves ? cross : stay) + (c->places[n].skip ? 0 : cost_on(&c->places[n], side));
        }
        memcpy(best, next, sizeof best);
    }
    int side = best[ACCELERATOR] <= best[CPU] ? ACCELERATOR : CPU;
    for (uint32_t n = count; n-- > 0; side = from[n][side])
        c->places[n].on_accelerator = side == ACCELERATOR && !c->places[n].skip;
}

// ---- Adds in the tiles of a convolution
// The Add has to come next, so that the tensor between them is never looked at.
static void fuse(compilation *c, tsr_id n) {
    const tsr_graph *g = c->graph;
    const tsr_id y = g->nodes[n].outputs[0];
    tsr_id next = n + 1;
    while (next < g->node_count && c->places[next].skip)
        next++;
    if (next >= g->node_count || !c->places[n].on_accelerator || !c->places[next].on_accelerator || tsr_graph_uses(g, y) != 1 ||
        !tsr_accel_fuses(g, &g->nodes[n], &g->nodes[next], c->options->config))
        return;
    c->places[n].fused = next;
    c->places[next].fused = n;
    char name[TSR_NAME_BYTES];
    snprintf(c->places[next].reason, sizeof c->places[next].reason, "in the tiles of %.60s", layer_name(&g->nodes[n], name));
}

// ---- reasons
static void explain(placement *p) {
    char time[40];
    if (p->skip || !p->possible)
        return; // the accelerator's own reason
    if (p->fixed)
        snprintf(p->reason, sizeof p->reason, "as the user placed it; accelerator %.3g ms, CPU %.3g ms", p->accelerator_us / 1e3,
                 p->host_us / 1e3);
    else if (!p->on_accelerator)
        snprintf(p->reason, sizeof p->reason, "cheaper here: %.3g ms; accelerator %.3g ms and the way there", p->host_us / 1e3,
                 p->accelerator_us / 1e3);
    else {
        snprintf(time, sizeof time, "; %.3g ms, CPU %.3g ms", p->accelerator_us / 1e3, p->host_us / 1e3);
        const size_t length = strnlen(p->reason, sizeof p->reason - strlen(time) - 1);
        snprintf(p->reason + length, sizeof p->reason - length, "%s", time);
    }
}

tsr_status place_nodes(compilation *c) {
    const double clock = c->options->clock_mhz > 0 ? c->options->clock_mhz : default_clock;
    c->places = TSR_NEW_ARRAY(c->arena, placement, c->graph->node_count + 1);
    for (uint32_t n = 0; n < c->graph->node_count; n++) {
        const tsr_node *node = &c->graph->nodes[n];
        placement *p = &c->places[n];
        double cycles = 0;
        p->fused = TSR_NO_ID;
        p->skip = node->dead || is_view(c->graph, node);
        if (p->skip)
            continue;
        if (c->options->host_only)
            snprintf(p->reason, sizeof p->reason, "compiled for the CPU alone");
        else
            p->possible = tsr_accel_supports(c->graph, node, c->options->config, &cycles, p->reason);
        p->accelerator_us = cycles / clock;
        p->host_us = host_microseconds(c->graph, node);
    }
    for (uint32_t i = 0; i < c->options->place_count; i++)
        TSR_TRY(apply_rule(c, c->options->places[i]));
    choose(c);
    for (uint32_t n = 0; n < c->graph->node_count; n++)
        explain(&c->places[n]);
    for (uint32_t n = 0; n < c->graph->node_count; n++)
        if (c->places[n].fused == TSR_NO_ID)
            fuse(c, n);
    return tsr_ok();
}
