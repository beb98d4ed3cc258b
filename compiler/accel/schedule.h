// SPDX-License-Identifier: Apache-2.0
// One schedule an operator family: node -> scheduled tensor program over the accelerator's memories.
#ifndef ACCEL_SCHEDULE_H
#define ACCEL_SCHEDULE_H

#include "emit.h"
#include "nest.h"

// What a schedule works with. A node becomes a scheduled program or the reason why it cannot.
typedef struct job {
    tsr_accel *accel;
    const tsr_graph *graph;
    const tsr_node *node;
    const tsr_node *add; // that the tiles of `node` finish as well; NULL: none
    tsr_tbuffer *const *work;
    scheduler *s;
} job;

tsr_status schedule_conv(const job *j);        // CONV, FULLY_CONNECTED
tsr_status schedule_pool(const job *j);        // MAX_POOL, AVERAGE_POOL, MEAN of height and width
tsr_status schedule_elementwise(const job *j); // ADD, SUB, MUL, CLIP, QUANTIZE (int8 -> int8)

tsr_status schedule_concat(const job *j);
tsr_status schedule_pad(const job *j); // of height and width

// Can it? Each writes the cycles it would take, or its reason when not.
bool conv_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason);
bool pool_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason);
bool elementwise_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles,
                           char *reason);

bool move_supported(const tsr_graph *graph, const tsr_node *node, const tsr_config *config, double *out_cycles, char *reason);

// Whether the tiles of a convolution can finish an Add of its result too, in fewer cycles than one after the other.
bool conv_takes_add(const tsr_graph *graph, const tsr_node *node, const tsr_node *add, const tsr_config *config);

static inline const tsr_tensor *tensor_of(const tsr_graph *graph, tsr_id id) { return &graph->tensors[id]; }
static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

// A constant in segment 0 as a buffer of the IR.
tsr_tbuffer *place_constant(const job *j, const char *name, tsr_dtype dtype, const void *data, size_t elements);

// What the two halves of a memory hold, so that a tile that is still there is not loaded again. Keys are >= 0.
typedef struct halves {
    space memory;
    int64_t size;   // of the memory, in the unit of its addresses here
    int64_t key[2]; // -1: nothing
} halves;
halves halves_of(space memory, int64_t size);
// The place of `key`; *out_hit false when the caller has to load it there.
int64_t halves_find(const job *j, halves *h, int64_t key, bool *out_hit);

// Asked for each tile: whether the program so far leaves room for more. Shapes of a few bytes in a file can ask for any number
// of tiles, and each takes memory here and instructions in the program.
tsr_status schedule_room(const job *j);

enum { MEMORY_LATENCY = 64 };    // from a burst's address to its data
enum { SCHEDULE_LATENCY = 100 }; // cycles of the first load and the last store, which hide behind nothing
// Cycles of the bus for `rows` rows of `columns` runs of `run` bytes, as LOAD and STORE move them: runs that follow one another in
// memory are one region a row, and a region takes no less than a memory's latency over the bursts in flight.
double copy_cycles(const tsr_config *config, double rows, double columns, double run, bool contiguous);
// Cycles of work on the ALU: the busiest of ALU (passes over an entry), reads and writes.
double vector_cycles(const tsr_config *config, double passes, double read_bytes, double written_bytes);

// Parameters of an elementwise operator: PAR entries of equal lanes, for its operands and its result.
enum { ADD_PAR_A, ADD_PAR_B, ADD_PAR_OUT, ADD_PAR_ENTRIES };
tsr_status add_parameters(const job *j, const tsr_node *node, tsr_tbuffer **out_parameters);

// One line of PAR: 3 words a lane.
void put_par(int32_t *words, int32_t bias, tsr_rescale rescale);

// Balanced tile sizes for an extent: extent, half of it, a third, ... 1. Returns how many, at most limit; a limit of 1 gives
// the whole extent only.
uint32_t tile_sizes(int64_t extent, int64_t *out_sizes, uint32_t limit);

#endif
