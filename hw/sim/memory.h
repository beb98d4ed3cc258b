// SPDX-License-Identifier: Apache-2.0
// An AXI4 memory with latency, bandwidth and a limit of outstanding requests. Called once a clock cycle.
//
// Regions are host memory at bus addresses. A read beat that touches no region, and a write beat with a strobed byte outside
// of every region, answer DECERR. Bytes of a read beat beside a region come back as TSR_MEMORY_POISON, so that a core that
// uses them is found out.
#ifndef TSR_SIM_MEMORY_H
#define TSR_SIM_MEMORY_H

#include "tsr/sim.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TSR_MEMORY_MAX_BUS = 64, TSR_MEMORY_POISON = 0xa5 };
enum { TSR_AXI_OKAY = 0, TSR_AXI_SLVERR = 2, TSR_AXI_DECERR = 3 };

// What the core drives in a cycle; of a channel that is not valid, nothing but that.
typedef struct tsr_axi_request {
    uint64_t ar_addr, aw_addr, w_strb;
    const uint8_t *w_data; // bus_bytes
    uint8_t ar_len, ar_size, ar_burst, aw_len, aw_size, aw_burst;
    bool ar_valid, r_ready, aw_valid, w_valid, w_last, b_ready;
} tsr_axi_request;

// What the memory drives in a cycle. Every field comes out of a register: it depends on earlier cycles only.
typedef struct tsr_axi_response {
    uint64_t r_data_alignment; // keeps r_data at an 8-byte border in C and C++ alike
    uint8_t r_data[TSR_MEMORY_MAX_BUS];
    bool ar_ready, r_valid, r_last, aw_ready, w_ready, b_valid;
    uint8_t r_resp, b_resp;
} tsr_axi_response;

typedef struct tsr_memory tsr_memory;

// NULL when memory is short, an option is out of its range or bus_bytes is not 8, 16, 32 or 64.
tsr_memory *tsr_memory_create(const tsr_sim_memory *options, uint32_t bus_bytes);
void tsr_memory_destroy(tsr_memory *memory);
bool tsr_memory_attach(tsr_memory *memory, uint64_t base, void *host, uint64_t size);
bool tsr_memory_detach(tsr_memory *memory, uint64_t base);
void tsr_memory_inject_error(tsr_memory *memory, int directions, uint64_t base, uint64_t size);

// What the memory drives in the current cycle; stays at one address for the memory's life.
const tsr_axi_response *tsr_memory_response(const tsr_memory *memory);
// Takes the handshakes of the current cycle and moves on to the next.
void tsr_memory_tick(tsr_memory *memory, const tsr_axi_request *request);
void tsr_memory_reset(tsr_memory *memory); // forgets all requests and broken rules; regions stay

uint32_t tsr_memory_reads_in_flight(const tsr_memory *memory);
uint32_t tsr_memory_writes_in_flight(const tsr_memory *memory);
const char *tsr_memory_protocol_error(const tsr_memory *memory);

#ifdef __cplusplus
}
#endif

#endif
