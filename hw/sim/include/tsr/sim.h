// SPDX-License-Identifier: Apache-2.0
// The Verilated core of one configuration, with its memory, behind plain C.
//
// One shared library a configuration: libtessera_sim_NAME.so, with the one symbol tsr_sim_get_api. Libraries of several
// configurations and several simulators of one of them live side by side in one process; a simulator is used from one
// thread at a time. Nothing here depends on the rest of the project, so that the library can be used on its own.
//
// Time is counted in clock cycles since create. It only moves inside reset, read, write and run.
#ifndef TSR_SIM_H
#define TSR_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { TSR_SIM_API_VERSION = 2, TSR_SIM_UNITS = 4 };

// The memory behind the core's AXI4 port. Responses come in order. Zero in any field but the random ones means "default".
typedef struct tsr_sim_memory {
    uint32_t latency;         // cycles from a read's address handshake to its first beat, and from a write's last beat to
                              // its response; at least 1, default 64
    uint32_t read_bandwidth;  // bytes a cycle, default the bus width; less makes gaps between beats
    uint32_t write_bandwidth; // likewise
    uint32_t outstanding;     // requests accepted and not yet answered, each way, default 16
    uint32_t random_latency;  // up to this many cycles more for each request
    uint32_t random_stall;    // in 256ths: how often a channel that could move does not, for one cycle
    uint64_t seed;            // of the two above
} tsr_sim_memory;

typedef enum { TSR_SIM_READ = 1, TSR_SIM_WRITE = 2 } tsr_sim_direction;

// Why run came back.
typedef enum {
    TSR_SIM_INTERRUPT, // interrupt_o is high
    TSR_SIM_CYCLES,    // the cycles asked for have passed
} tsr_sim_reason;

typedef struct tsr_sim tsr_sim;

// An instruction that has completed. Cycles are those of `cycle` below; counters as isa/spec.md has them, of the
// instruction's unit, since the start of the run up to its completion.
typedef struct tsr_sim_insn {
    uint32_t index;      // in the stream
    uint32_t unit;       // LOAD, GEMM, ALU, STORE
    uint64_t begin, end; // the clock in which the unit took it (LOAD: its address phase), and that in which it was done
    uint64_t busy, stall_token, stall_memory, stall_queue, stall_bank;
} tsr_sim_insn;
typedef void tsr_sim_on_insn(void *context, const tsr_sim_insn *insn);

typedef struct tsr_sim_api {
    uint32_t version;        // TSR_SIM_API_VERSION
    const char *config_name; // what the library was built for
    const char *variant;     // "" or the name of a test build
    uint32_t bus_bytes;
    bool needs_avx2; // calling anything below on a processor without it is an illegal instruction

    // NULL when memory is short or an option is out of its range. The core comes up reset.
    tsr_sim *(*create)(const tsr_sim_memory *memory);
    void (*destroy)(tsr_sim *sim); // closes an open waveform; NULL is fine

    // Pulls the reset pin. What was in flight on the bus is gone; attached memory stays attached and as it is.
    void (*reset)(tsr_sim *sim);

    // Control registers, through the AXI4-Lite port. false: no answer within 1000 cycles, or an error response.
    bool (*write)(tsr_sim *sim, uint32_t offset, uint32_t value);
    bool (*read)(tsr_sim *sim, uint32_t offset, uint32_t *out_value);

    // Makes `size` bytes at `host` the memory at bus address `base`; the caller keeps them alive until detach or destroy.
    // false: empty, wraps around or overlaps another region. Outside of all regions the bus answers DECERR.
    bool (*attach)(tsr_sim *sim, uint64_t base, void *host, uint64_t size);
    bool (*detach)(tsr_sim *sim, uint64_t base);

    // Answers accesses of that direction (or both: READ | WRITE) to these bus addresses with SLVERR. size 0 ends it.
    void (*inject_error)(tsr_sim *sim, int directions, uint64_t base, uint64_t size);

    tsr_sim_reason (*run)(tsr_sim *sim, uint64_t max_cycles); // stops at once while interrupt_o is high
    uint64_t (*cycle)(const tsr_sim *sim);

    // Calls back for every instruction that completes, units interleaved, each unit's in order. NULL ends it. Running is slower
    // by a few percent meanwhile.
    void (*on_insn)(tsr_sim *sim, tsr_sim_on_insn *callback, void *context);

    // Writes cycles [start, stop) to an FST file, or as many of them as fit into max_bytes (0: no such limit; looked at
    // every 1024 cycles, and FST writes in blocks, so the file may be larger by one block). One waveform at a time.
    // Returns false when one is open already, stop <= start, or the file cannot be made. trace_close ends it early.
    bool (*trace_open)(tsr_sim *sim, const char *path, uint64_t start, uint64_t stop, uint64_t max_bytes);
    void (*trace_close)(tsr_sim *sim);

    // What every unit is doing now: which token, queue or memory response it waits for; and the state of the bus. Writes at
    // most size bytes including the terminator and returns the length that the whole text has.
    size_t (*report)(tsr_sim *sim, char *text, size_t size);

    // The first AXI rule that the core broke since create or reset (burst over a 4 KiB border, payload changed while waiting,
    // ...; in test builds with assertions any of them), or NULL. Owned by the simulator.
    const char *(*protocol_error)(const tsr_sim *sim);
} tsr_sim_api;

typedef const tsr_sim_api *tsr_sim_get_api_function(void);
const tsr_sim_api *tsr_sim_get_api(void);

#ifdef __cplusplus
}
#endif

#endif
