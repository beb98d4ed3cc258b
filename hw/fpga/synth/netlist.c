// SPDX-License-Identifier: Apache-2.0
#include "netlist.h"
#include "tsr/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Everything lives as long as the program.
static tsr_arena *arena;

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("synth_report: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void *grow(void *array, int count, size_t size) {
    if ((count & (count - 1)) != 0) // room doubles when the count is a power of two
        return array;
    void *more = realloc(array, (count == 0 ? 1 : 2 * (size_t)count) * size);
    if (more == NULL)
        die("out of memory");
    return more;
}

static const char *keep(const char *text) { return tsr_arena_strndup(arena, text, strlen(text)); }

// ---- names of nets of the module that is being read: open addressing ----
typedef struct names {
    const char **name;
    int *net;
    size_t size, used;
} names;

static size_t slot_of(const names *t, const char *name) {
    size_t h = 14695981039346656037U;
    for (const char *c = name; *c != '\0'; c++)
        h = (h ^ (unsigned char)*c) * 1099511628211U;
    size_t i = h & (t->size - 1);
    while (t->name[i] != NULL && strcmp(t->name[i], name) != 0)
        i = (i + 1) & (t->size - 1);
    return i;
}

static void names_resize(names *t, size_t size) {
    names bigger = {calloc(size, sizeof *bigger.name), calloc(size, sizeof *bigger.net), size, t->used};
    if (bigger.name == NULL || bigger.net == NULL)
        die("out of memory");
    for (size_t i = 0; i < t->size; i++) {
        if (t->name[i] == NULL)
            continue;
        size_t to = slot_of(&bigger, t->name[i]);
        bigger.name[to] = t->name[i];
        bigger.net[to] = t->net[i];
    }
    free(t->name);
    free(t->net);
    *t = bigger;
}

static int net_of(names *t, netlist_model *m, const char *name) {
    if (strcmp(name, "$false") == 0 || strcmp(name, "$true") == 0 || strcmp(name, "$undef") == 0)
        return NET_CONSTANT;
    if (2 * t->used >= t->size)
        names_resize(t, t->size == 0 ? 1024 : 2 * t->size);
    size_t i = slot_of(t, name);
    if (t->name[i] == NULL) {
        m->net_name = grow(m->net_name, m->nets, sizeof *m->net_name);
        t->name[i] = keep(name);
        t->net[i] = m->nets;
        t->used++;
        m->net_name[m->nets++] = t->name[i];
    }
    return t->net[i];
}

// "$paramod$hash\tsr_fifo", "$paramod\tsr_sum\Terms?32'..." or "tsr_load": the module's name in its source.
static const char *module_of(const char *name) {
    const char *slash = strchr(name, '\\');
    if (slash == NULL)
        return name;
    return tsr_arena_strndup(arena, slash + 1, strcspn(slash + 1, "\\"));
}

static void add_pin(netlist_pin **pin, int *count, const char *name, int net) {
    *pin = grow(*pin, *count, sizeof **pin);
    (*pin)[(*count)++] = (netlist_pin){name, net};
}

static void read_cell(netlist_model *m, names *t, char *rest) {
    m->cell = grow(m->cell, m->cells, sizeof *m->cell);
    netlist_cell *cell = &m->cell[m->cells++];
    *cell = (netlist_cell){.model = -1, .name = ""};
    char *save = NULL;
    const char *type = strtok_r(rest, " ", &save);
    if (type == NULL)
        die("a cell without a type in %s", m->name);
    cell->type = keep(type);
    for (char *token = strtok_r(NULL, " ", &save); token != NULL; token = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(token, '=');
        if (equals == NULL)
            die("a pin without '=' in a cell %s of %s", cell->type, m->name);
        *equals = '\0';
        add_pin(&cell->pin, &cell->pins, keep(token), equals[1] == '\0' ? NET_NONE : net_of(t, m, equals + 1));
    }
}

netlist *netlist_read(const char *path) {
    arena = tsr_arena_create();
    FILE *file = fopen(path, "r");
    if (file == NULL)
        die("%s: %s", path, strerror(errno));
    netlist *n = TSR_NEW(arena, netlist);
    netlist_model *m = NULL;
    names table = {0};
    char *line = NULL, *alias_to = NULL;
    size_t room = 0;
    int alias_from = NET_NONE;
    long number = 0;
    for (ssize_t length; (length = getline(&line, &room, file)) > 0;) {
        number++;
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == ' '))
            line[--length] = '\0';
        char *save = NULL;
        if (strncmp(line, ".model ", 7) == 0) {
            n->model = grow(n->model, n->models, sizeof *n->model);
            m = &n->model[n->models++];
            *m = (netlist_model){.name = keep(line + 7), .nets = 1};
            m->module = module_of(m->name);
            m->net_name = grow(NULL, 0, sizeof *m->net_name);
            m->net_name[0] = "constant";
            m->net_name = grow(m->net_name, 1, sizeof *m->net_name);
            free(table.name);
            free(table.net);
            table = (names){0};
        } else if (length == 0 || line[0] == '#' || strcmp(line, ".end") == 0 || m == NULL) {
            continue;
        } else if (strncmp(line, ".inputs", 7) == 0 || strncmp(line, ".outputs", 8) == 0) {
            strtok_r(line, " ", &save);
            for (char *token = strtok_r(NULL, " ", &save); token != NULL; token = strtok_r(NULL, " ", &save)) {
                const char *name = keep(token);
                add_pin(&m->port, &m->ports, name, net_of(&table, m, name));
            }
        } else if (strncmp(line, ".subckt ", 8) == 0) {
            read_cell(m, &table, line + 8);
        } else if (strncmp(line, ".cname ", 7) == 0 && m->cells > 0) {
            m->cell[m->cells - 1].name = keep(line + 7);
        } else if (strncmp(line, ".param ", 7) == 0 && m->cells > 0) {
            netlist_cell *cell = &m->cell[m->cells - 1];
            char *name = strtok_r(line + 7, " ", &save), *value = strtok_r(NULL, "", &save);
            // Of the parameters only the registers inside a DSP block matter here.
            bool wanted = name != NULL && strlen(name) == 4 && strcmp(name + 1, "REG") == 0;
            if (value != NULL && wanted && cell->params < 8) {
                cell->param[cell->params][0] = keep(name);
                cell->param[cell->params++][1] = keep(value);
            }
        } else if (strncmp(line, ".names ", 7) == 0) {
            char *from = strtok_r(line + 7, " ", &save);
            char *to = strtok_r(NULL, " ", &save);
            alias_from = from == NULL || to == NULL ? NET_NONE : net_of(&table, m, from);
            free(alias_to);
            alias_to = to == NULL ? NULL : strdup(to);
        } else if (strcmp(line, "1 1") == 0 && alias_to != NULL) {
            m->alias = grow(m->alias, m->aliases, sizeof *m->alias);
            m->alias[m->aliases][0] = alias_from;
            m->alias[m->aliases++][1] = net_of(&table, m, alias_to);
        } else if (strcmp(line, "1") != 0) {
            die("%s:%ld: '%.40s' is not BLIF as write_blif of Yosys makes it", path, number, line);
        }
    }
    free(table.name);
    free(table.net);
    free(line);
    free(alias_to);
    fclose(file);
    if (n->models == 0)
        die("%s: no model in it", path);
    for (int i = 0; i < n->models; i++) {
        for (int c = 0; c < n->model[i].cells; c++) {
            for (int k = 0; k < n->models; k++) {
                if (strcmp(n->model[i].cell[c].type, n->model[k].name) == 0)
                    n->model[i].cell[c].model = k;
            }
        }
    }
    return n;
}

// ---- flat design: nets joined by union-find ----
typedef struct flattener {
    netlist *n;
    int *parent;
} flattener;

static int find(flattener *f, int net) {
    while (f->parent[net] != net) {
        f->parent[net] = f->parent[f->parent[net]];
        net = f->parent[net];
    }
    return net;
}

// The constant keeps its number, so that it stays recognisable.
static void join(flattener *f, int a, int b) {
    a = find(f, a);
    b = find(f, b);
    if (a < b)
        f->parent[b] = a;
    else
        f->parent[a] = b;
}

static int new_net(flattener *f) {
    f->parent = grow(f->parent, f->n->nets, sizeof *f->parent);
    f->parent[f->n->nets] = f->n->nets;
    return f->n->nets++;
}

static void place(flattener *f, int model, const char *path, const netlist_cell *as, const int *outer, int depth) {
    if (depth > 64)
        die("%s holds itself", f->n->model[model].name);
    netlist_model *m = &f->n->model[model];
    m->instances++;
    int *net = TSR_NEW_ARRAY(arena, int, m->nets);
    for (int i = 1; i < m->nets; i++)
        net[i] = new_net(f);
    for (int i = 0; i < m->aliases; i++)
        join(f, net[m->alias[i][0]], net[m->alias[i][1]]);
    for (int p = 0; as != NULL && p < as->pins; p++) {
        for (int k = 0; k < m->ports; k++) {
            if (outer[p] != NET_NONE && strcmp(as->pin[p].name, m->port[k].name) == 0)
                join(f, outer[p], net[m->port[k].net]);
        }
    }
    for (int c = 0; c < m->cells; c++) {
        const netlist_cell *cell = &m->cell[c];
        int *nets = TSR_NEW_ARRAY(arena, int, cell->pins + 1);
        for (int p = 0; p < cell->pins; p++)
            nets[p] = cell->pin[p].net < 0 ? NET_NONE : net[cell->pin[p].net];
        if (cell->model >= 0) {
            place(f, cell->model, tsr_arena_printf(arena, "%s%s%s", path, *path == '\0' ? "" : ".", cell->name), cell, nets,
                  depth + 1);
        } else {
            f->n->flat = grow(f->n->flat, f->n->flats, sizeof *f->n->flat);
            f->n->flat[f->n->flats++] = (flat_cell){cell, nets, model, path};
        }
    }
}

void netlist_flatten(netlist *n) {
    flattener f = {n, NULL};
    new_net(&f); // the constant
    place(&f, n->top, "", NULL, NULL, 0);
    for (int c = 0; c < n->flats; c++) {
        int *net = (int *)n->flat[c].net;
        for (int p = 0; p < n->flat[c].cell->pins; p++)
            net[p] = net[p] < 0 ? net[p] : find(&f, net[p]);
    }
    free(f.parent);
}

const char *netlist_param(const netlist_cell *cell, const char *name) {
    for (int i = 0; i < cell->params; i++) {
        if (strcmp(cell->param[i][0], name) == 0)
            return cell->param[i][1];
    }
    return NULL;
}
