// SPDX-License-Identifier: Apache-2.0
// GEMM instructions on tsr_ice40 over its serial port, against plain loops. Linked with a model made of the RTL or of the netlist
// that Yosys makes for the iCE40 (`make ice40`).
#include "Vtsr_ice40.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

double sc_time_stamp() { return 0; }

namespace {

enum { ENTRIES = 256, BLOCK = 4, UOP = 0, INP = 1, WGT = 2, INSN = 3, START = 4, ACC = 5 };
using bytes = std::vector<uint8_t>;

uint64_t state = 7;
uint32_t random32() {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<uint32_t>(state >> 32);
}

std::unique_ptr<Vtsr_ice40> top;

void clocks(int n) {
    for (; n > 0; n--) {
        top->clk_i = 0;
        top->eval();
        top->clk_i = 1;
        top->eval();
    }
}

// One byte each way, a serial clock of eight clocks.
uint8_t exchange(uint8_t out) {
    uint8_t in = 0;
    for (int b = 7; b >= 0; b--) {
        top->spi_mosi_i = out >> b & 1;
        clocks(4);
        in = static_cast<uint8_t>(in << 1 | top->spi_miso_o);
        top->spi_sck_i = 1;
        clocks(4);
        top->spi_sck_i = 0;
    }
    return in;
}

uint8_t begin(int command, unsigned address) {
    clocks(8);
    top->spi_cs_ni = 0;
    clocks(4);
    uint8_t status = exchange(static_cast<uint8_t>(command));
    exchange(address & 0xff);
    exchange(address >> 8 & 0xff);
    return status;
}
void end() {
    clocks(8);
    top->spi_cs_ni = 1;
    clocks(8);
}
void write(int command, unsigned address, const bytes &data) {
    begin(command, address);
    for (uint8_t byte : data)
        exchange(byte);
    end();
}
uint8_t status() {
    uint8_t s = begin(ACC, 0);
    end();
    return s;
}

void set(bytes *insn, unsigned low, unsigned width, uint32_t value) {
    for (unsigned i = 0; i < width; i++) {
        if (value >> i & 1)
            (*insn)[(low + i) / 8] |= static_cast<uint8_t>(1 << (low + i) % 8);
    }
}

struct gemm {
    uint32_t overwrite, begin, count, count0, count1, acc0, acc1, inp0, inp1, wgt0, wgt1;
};

bytes encode(const gemm &g) {
    bytes insn(32, 0);
    insn[0] = 3; // opcode; the fields as isa/tessera.isa places them
    set(&insn, 16, 1, g.overwrite);
    set(&insn, 32, 16, g.begin);
    set(&insn, 48, 16, g.count);
    set(&insn, 64, 16, g.count0);
    set(&insn, 80, 16, g.count1);
    const uint32_t steps[] = {g.acc0, g.acc1, g.inp0, g.inp1, g.wgt0, g.wgt1};
    for (unsigned i = 0; i < 6; i++)
        set(&insn, 96 + 16 * i, 16, steps[i]);
    return insn;
}

int32_t acc[ENTRIES][BLOCK];
int8_t inp[ENTRIES][BLOCK], wgt[ENTRIES][BLOCK][BLOCK];
uint64_t uop[ENTRIES];

// What the instruction does, from the text of isa/spec.md.
void expect(const gemm &g) {
    for (uint32_t i0 = 0; i0 < g.count0; i0++) {
        for (uint32_t i1 = 0; i1 < g.count1; i1++) {
            for (uint32_t u = g.begin; u < g.begin + g.count; u++) {
                uint32_t a = ((uop[u] & 0xffff) + i0 * g.acc0 + i1 * g.acc1) & 0xffff;
                uint32_t i = ((uop[u] >> 16 & 0xffff) + i0 * g.inp0 + i1 * g.inp1) & 0xffff;
                uint32_t w = ((uop[u] >> 32 & 0xffff) + i0 * g.wgt0 + i1 * g.wgt1) & 0xffff;
                for (int o = 0; o < BLOCK; o++) {
                    int32_t sum = g.overwrite && (uop[u] >> 48 & 1) ? 0 : acc[a][o];
                    for (int k = 0; k < BLOCK; k++)
                        sum += inp[i][k] * wgt[w][o][k];
                    acc[a][o] = sum;
                }
            }
        }
    }
}

int passed, failed;
void check(const char *name, bool ok) {
    std::printf("%s %s\n", ok ? "PASS" : "FAIL", name);
    (ok ? passed : failed)++;
}

bool run(const gemm &g) {
    write(INSN, 0, encode(g));
    write(START, 0, {1});
    for (int patience = 0; patience < 100; patience++) {
        if ((status() & 1) == 0)
            break;
    }
    return true;
}

bool programs(int count) {
    for (int entry = 0; entry < ENTRIES; entry++) {
        // Four loop steps of at most 15 each way stay inside the buffers.
        uop[entry] = (random32() % 64) | (uint64_t)(random32() % 64) << 16 | (uint64_t)(random32() % 64) << 32 |
                     (uint64_t)(random32() % 2) << 48;
        for (int k = 0; k < BLOCK; k++) {
            inp[entry][k] = static_cast<int8_t>(random32() % 4 == 0 ? 0x80 : random32());
            for (int o = 0; o < BLOCK; o++)
                wgt[entry][o][k] = static_cast<int8_t>(random32() % 4 == 0 ? 0x80 : random32());
        }
    }
    const uint8_t *u = reinterpret_cast<const uint8_t *>(uop), *i = reinterpret_cast<const uint8_t *>(inp),
                  *w = reinterpret_cast<const uint8_t *>(wgt);
    write(UOP, 0, bytes(u, u + sizeof uop));
    write(INP, 0, bytes(i, i + sizeof inp));
    write(WGT, 0, bytes(w, w + sizeof wgt));
    // Every accumulator gets a value first: memory does not start at 0.
    for (int entry = 0; entry < ENTRIES; entry++)
        uop[entry] |= (uint64_t)1 << 48;
    u = reinterpret_cast<const uint8_t *>(uop);
    write(UOP, 0, bytes(u, u + 8));
    uint64_t kept = uop[0];
    uop[0] = (uint64_t)1 << 48;
    write(UOP, 0, bytes(u, u + 8));
    gemm fill = {1, 0, 1, 16, 16, 16, 1, 0, 0, 0, 0};
    run(fill);
    expect(fill);
    uop[0] = kept;
    for (int entry = 0; entry < ENTRIES; entry += 3)
        uop[entry] &= ~((uint64_t)1 << 48);
    write(UOP, 0, bytes(u, u + sizeof uop));
    for (int n = 0; n < count; n++) {
        gemm g = {random32() % 2,  random32() % 200, 1 + random32() % 40, 1 + random32() % 4, 1 + random32() % 4, random32() % 16,
                  random32() % 16, random32() % 16,  random32() % 16,     random32() % 16,    random32() % 16};
        run(g);
        expect(g);
        if (status() != 2)
            return false;
    }
    bool same = true;
    begin(ACC, 0);
    const uint8_t *want = reinterpret_cast<const uint8_t *>(acc);
    for (size_t b = 0; b < sizeof acc; b++)
        same = exchange(0) == want[b] && same;
    end();
    return same;
}

bool faults() {
    uint64_t bad = 300; // an accumulator that is not there
    const uint8_t *u = reinterpret_cast<const uint8_t *>(&bad);
    write(UOP, 8, bytes(u, u + 8));
    run({0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0});
    if (status() != 4)
        return false;
    run({0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0});
    return status() == 2;
}

} // namespace

int main(int argc, char **argv) {
    top.reset(new Vtsr_ice40);
    top->spi_cs_ni = 1;
    top->rst_ni = 0;
    clocks(8);
    top->rst_ni = 1;
    check("gemm_instructions_over_the_serial_port_give_the_accumulators_of_plain_loops", programs(argc > 1 ? atoi(argv[1]) : 20));
    check("a_micro_op_out_of_range_is_reported_and_the_next_instruction_runs", faults());
    top.reset(); // before Verilator's own context goes
    std::printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
