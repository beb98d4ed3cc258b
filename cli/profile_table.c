// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "cli.h"
#include "profile.h"

static double share(uint64_t part, uint64_t whole) { return whole == 0 ? 0 : 100 * (double)part / (double)whole; }

void profile_table(const profile_run *r, FILE *out) {
    const tsr_config *c = &r->program->config;
    fprintf(out, "%-28s %-14s %12s %7s %7s %7s %11s %11s  %s\n", "layer", "operator", "cycles", "share", "MACs", "bound",
            "bytes read", "written", "most of the rest");
    uint64_t macs = 0, bound = 0, read = 0, written = 0;
    for (uint32_t i = 0; i < r->program->layer_count; i++) {
        const tsr_layer_profile *l = &r->layers[i];
        const tsr_wait top = tsr_layer_top_wait(l);
        if (!l->layer->on_accelerator) {
            fprintf(out, "%-28.28s %-14.14s %12s %7s %7s %7s %11s %11s  on the CPU: %s\n", l->layer->name, l->layer->op, "-", "-",
                    "-", "-", "-", "-", l->layer->reason);
            continue;
        }
        macs += l->layer->macs;
        bound += l->layer->bound_cycles;
        read += l->bytes_read;
        written += l->bytes_written;
        fprintf(out, "%-28.28s %-14.14s %12s %5.1f %% %5.1f %% %5.1f %% %11s %11s  ", l->layer->name, l->layer->op,
                count_text(l->cycles), share(l->cycles, r->cycles), 100 * tsr_layer_utilisation(l, c),
                share(l->layer->bound_cycles, l->cycles), count_text(l->bytes_read), count_text(l->bytes_written));
        if (top == TSR_WAIT_COUNT)
            fprintf(out, "-\n");
        else
            fprintf(out, "%s (%.1f %%)\n", tsr_wait_name(top), share(l->wait[top], l->cycles));
    }
    const double array = (double)c->batch * c->block_in * c->block_out;
    fprintf(out, "%-28s %-14s %12s %7s %5.1f %% %5.1f %% %11s %11s\n", "all", "", count_text(r->cycles), "",
            r->cycles == 0 ? 0 : 100 * (double)macs / ((double)r->cycles * array), share(bound, r->cycles), count_text(read),
            count_text(written));
    fprintf(
        out,
        "\nMACs: useful multiply-accumulates over what the array could do in those cycles. bound: the fewest cycles that any\n"
        "schedule needs (array, reads and writes at their peak, every tensor moved once) over those cycles; above 100 %% when\n"
        "a layer overlaps with its neighbours. A layer's cycles are those that it adds to the run.\n");
}

void profile_json(const profile_run *r) {
    printf("{\"model\":");
    json_text(r->model);
    printf(",\"device\":");
    json_text(r->device);
    printf(",\"config\":");
    json_text(r->program->config.name);
    printf(",\"cycles\":%" PRIu64 ",\"layers\":[", r->cycles);
    for (uint32_t i = 0; i < r->program->layer_count; i++) {
        const tsr_layer_profile *l = &r->layers[i];
        printf("%s{\"name\":", i > 0 ? "," : "");
        json_text(l->layer->name);
        printf(",\"op\":");
        json_text(l->layer->op);
        printf(",\"on_accelerator\":%s,\"macs\":%" PRIu64 ",\"cycles\":%" PRIu64 ",\"bound_cycles\":%" PRIu64
               ",\"bytes_read\":%" PRIu64 ",\"bytes_written\":%" PRIu64 ",\"utilisation\":",
               l->layer->on_accelerator ? "true" : "false", l->layer->macs, l->cycles, l->layer->bound_cycles, l->bytes_read,
               l->bytes_written);
        json_number(tsr_layer_utilisation(l, &r->program->config));
        printf(",\"waits\":{");
        for (int w = 0; w < TSR_WAIT_COUNT; w++) {
            printf("%s", w > 0 ? "," : "");
            json_text(tsr_wait_name((tsr_wait)w));
            printf(":%" PRIu64, l->wait[w]);
        }
        printf("}}");
    }
    printf("]}\n");
}

void profile_csv(const profile_run *r, FILE *out) {
    fprintf(out, "config,device,layer,op,macs,cycles,bound_cycles,bytes_read,bytes_written,utilisation");
    for (int w = 0; w < TSR_WAIT_COUNT; w++)
        fprintf(out, ",%s", tsr_wait_name((tsr_wait)w));
    fprintf(out, "\n");
    for (uint32_t i = 0; i < r->program->layer_count; i++) {
        const tsr_layer_profile *l = &r->layers[i];
        if (!l->layer->on_accelerator)
            continue;
        fprintf(out, "%s,\"%s\",\"", r->program->config.name, r->device);
        for (const char *p = l->layer->name; *p != '\0'; p++)
            fputs(*p == '"' ? "\"\"" : (char[]){*p, '\0'}, out);
        fprintf(out, "\",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.4f", l->layer->op, l->layer->macs,
                l->cycles, l->layer->bound_cycles, l->bytes_read, l->bytes_written,
                tsr_layer_utilisation(l, &r->program->config));
        for (int w = 0; w < TSR_WAIT_COUNT; w++)
            fprintf(out, ",%" PRIu64, l->wait[w]);
        fprintf(out, "\n");
    }
}
