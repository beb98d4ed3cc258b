// SPDX-License-Identifier: Apache-2.0
// A mapped netlist, read from the BLIF that Yosys writes (write_blif -cname -param), with its hierarchy.
//
// Format: Yosys' BLIF backend. One `.model` a module, one `.subckt TYPE PIN=NET ...` a cell or instance, `.cname NAME` and
// `.param` lines after it, `.names A B` with the line `1 1` where one net is another. `$false`, `$true` and `$undef` are
// constants.
#ifndef TSR_FPGA_NETLIST_H
#define TSR_FPGA_NETLIST_H

#include <stdbool.h>
#include <stddef.h>

enum { NET_NONE = -1, NET_CONSTANT = 0 }; // an unconnected pin; any constant

typedef struct netlist_pin {
    const char *name; // "A[3]"
    int net;          // of the module while reading, of the design after netlist_flatten
} netlist_pin;

typedef struct netlist_cell {
    const char *type, *name;
    netlist_pin *pin;
    int pins;
    int model;                 // index of the module that this is an instance of, or -1: a cell of the library
    const char *param[8][2];   // name, value: those that timing asks for
    int params;
} netlist_cell;

typedef struct netlist_model {
    const char *name;          // as Yosys calls it
    const char *module;        // as the source calls it
    netlist_cell *cell;
    netlist_pin *port;         // inputs and outputs, with nets of the module
    int (*alias)[2];           // nets that are one
    int cells, ports, aliases, nets;
    int instances;             // in the design
    const char **net_name;
} netlist_model;

// A cell of the flat design.
typedef struct flat_cell {
    const netlist_cell *cell;
    const int *net;            // by pin
    int model;                 // the module that holds it
    const char *path;          // instance path of that module, "" for the top
} flat_cell;

typedef struct netlist {
    netlist_model *model;
    int models, top;
    flat_cell *flat;
    int flats, nets;
} netlist;

// Reads `path`; the top is its first model. Ends the program with a message when it cannot: this is a build tool.
netlist *netlist_read(const char *path);
void netlist_flatten(netlist *n); // fills flat, nets and instances

const char *netlist_param(const netlist_cell *cell, const char *name); // NULL when it has none

#endif
