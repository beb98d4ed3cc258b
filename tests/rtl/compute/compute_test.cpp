// SPDX-License-Identifier: Apache-2.0
// Runs the compute half against a sequential model of the instruction set, with random programs whose units are ordered by
// tokens wherever they share an entry of a buffer, and checks its timing with directed ones.
//
//   rtl_compute_CONFIG [-s SEED] [-n PROGRAMS] [-b CYCLES]     -b: only measure the simulator's speed on GEMM
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "Vcompute_tb.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

namespace {

enum Unit { Load, Gemm, Alu, Store };
enum Buffer { Inp, Wgt, Uop, Par, Acc, Out };

uint64_t random_state = 1;

uint32_t rnd() {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return static_cast<uint32_t>(random_state >> 16);
}

uint32_t below(uint32_t n) { return rnd() % n; }
bool one_in(uint32_t n) { return below(n) == 0; }

uint32_t corner() {
    static const uint32_t values[] = {0x80000000u, 0x7fffffffu, 0, 1, 0xffffffffu, 0x40000000u, 0xc0000000u, 0x80000001u};
    return one_in(2) ? values[below(8)] : static_cast<uint32_t>(static_cast<int32_t>(rnd()) >> below(31));
}

struct Shape {
    uint32_t batch, ki, ko, bus;
    uint32_t entries[6];
    uint32_t bytes[6];
};

Shape shape;

// One instruction of the program, or what LOAD or STORE do in its place.
struct Insn {
    Unit unit;
    uint32_t bits[8] = {};
    uint32_t wait = 0, signal = 0;
    struct Word { Buffer buffer; bool diag; uint32_t plane, addr; uint64_t strb; uint8_t data[64]; };
    std::vector<Word> words;  // LOAD: to write; STORE: to find
};

void put(Insn &insn, int lo, int width, uint32_t value) {
    for (int i = 0; i < width; i++) {
        const int bit = lo + i;
        insn.bits[bit / 32] &= ~(1u << bit % 32);
        insn.bits[bit / 32] |= (value >> i & 1) << bit % 32;
    }
}

// The model: memories and the meaning of GEMM and ALU, written from the specification.
struct Model {
    std::vector<int8_t> inp, wgt, out;
    std::vector<int32_t> acc;
    std::vector<uint64_t> uop;
    std::vector<uint8_t> par;

    void clear() {
        inp.assign(shape.entries[Inp] * shape.batch * shape.ki, 0);
        wgt.assign(shape.entries[Wgt] * shape.ki * shape.ko, 0);
        out.assign(shape.entries[Out] * shape.batch * shape.ko, 0);
        acc.assign(shape.entries[Acc] * shape.batch * shape.ko, 0);
        uop.assign(shape.entries[Uop], 0);
        par.assign(shape.entries[Par] * shape.ko * 12, 0);
    }

    static uint32_t field32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return v; }

    static int32_t rescale(int32_t b, const uint8_t *p) {
        const uint32_t lsh = p[8] & 31, rsh = p[9] & 31;
        const int32_t v = static_cast<int32_t>((static_cast<uint32_t>(b) + field32(p)) << lsh);
        const int64_t product = static_cast<int64_t>(v) * static_cast<int32_t>(field32(p + 4));
        if ((p[10] & 1) && rsh > 0)
            return static_cast<int32_t>((static_cast<int32_t>(product >> 31) + (int64_t{1} << (rsh - 1))) >> rsh);
        const int32_t x = static_cast<int32_t>((product + (int64_t{1} << 30)) >> 31);
        const int64_t mask = (int64_t{1} << rsh) - 1, rem = x & mask, thr = (mask >> 1) + (x < 0);
        return (x >> rsh) + (rem > thr);
    }

    static int32_t operate(uint32_t op, int32_t a, int32_t t) {
        const uint32_t ua = static_cast<uint32_t>(a), ut = static_cast<uint32_t>(t);
        switch (op) {
        case 1: return static_cast<int32_t>(ua + ut);
        case 2: return static_cast<int32_t>(ua - ut);
        case 3: return static_cast<int16_t>(a) * static_cast<int16_t>(t);
        case 4: return std::min(a, t);
        case 5: return std::max(a, t);
        case 6: return static_cast<int32_t>(ua << (t & 31));
        case 7: return a >> (t & 31);
        default: return t;
        }
    }

    void gemm(uint32_t a, uint32_t i, uint32_t w, bool zero) {
        for (uint32_t b = 0; b < shape.batch; b++) {
            for (uint32_t o = 0; o < shape.ko; o++) {
                uint32_t sum = zero ? 0 : static_cast<uint32_t>(acc[(a * shape.batch + b) * shape.ko + o]);
                for (uint32_t k = 0; k < shape.ki; k++) {
                    sum += static_cast<uint32_t>(inp[(i * shape.batch + b) * shape.ki + k] * wgt[(w * shape.ko + o) * shape.ki + k]);
                }
                acc[(a * shape.batch + b) * shape.ko + o] = static_cast<int32_t>(sum);
            }
        }
    }

    struct AluFields { uint32_t op, src, rescale, clip, out; int32_t imm, lo, hi; };

    void alu(const AluFields &f, uint32_t d, uint32_t s, uint32_t p) {
        for (uint32_t l = 0; l < shape.batch * shape.ko; l++) {
            const uint32_t b_lane = s * shape.batch * shape.ko + l;
            int32_t t = f.src == 0 ? acc[b_lane] : f.src == 1 ? inp[b_lane] : f.imm;
            if (f.rescale) {
                t = static_cast<int32_t>(static_cast<uint32_t>(rescale(t, &par[(p * shape.ko + l % shape.ko) * 12])) +
                                         static_cast<uint32_t>(f.imm));
            }
            const uint32_t d_lane = d * shape.batch * shape.ko + l;
            int32_t r = f.out ? t : operate(f.op, acc[d_lane], t);
            if (f.clip) r = std::min(std::max(r, f.lo), f.hi);
            if (f.out) out[d_lane] = static_cast<int8_t>(std::min(std::max(r, -128), 127));
            else acc[d_lane] = r;
        }
    }

    void load(const Insn::Word &w) {
        for (uint32_t j = 0; j < shape.bus; j++) {
            if (!(w.strb >> j & 1)) continue;
            const uint32_t byte = w.addr + j;
            if (w.diag) {
                const uint32_t entry = byte / shape.ko, lane = byte % shape.ko;
                int8_t *row = &wgt[(entry * shape.ko + lane) * shape.ki];
                memset(row, 0, shape.ki);
                row[lane] = static_cast<int8_t>(w.data[j]);
            } else if (w.buffer == Inp) {
                inp[(byte / shape.ki * shape.batch + w.plane) * shape.ki + byte % shape.ki] = static_cast<int8_t>(w.data[j]);
            } else if (w.buffer == Wgt) {
                wgt[byte] = static_cast<int8_t>(w.data[j]);
            } else if (w.buffer == Par) {
                par[byte] = w.data[j];
            } else {
                reinterpret_cast<uint8_t *>(uop.data())[byte] = w.data[j];
            }
        }
    }
};

Model model;

// A program with the tokens that its shared entries need.
struct Program {
    std::vector<Insn> insns;
    std::vector<int> writer[6], reader[6];  // last instruction per buffer entry and unit, -1: none
    int synced[4][4];

    Program() {
        for (int b = 0; b < 6; b++) {
            writer[b].assign(shape.entries[b] * 4, -1);
            reader[b].assign(shape.entries[b] * 4, -1);
        }
        for (auto &row : synced) for (int &s : row) s = -1;
    }

    Insn &add(Unit unit) {
        insns.emplace_back();
        insns.back().unit = unit;
        return insns.back();
    }

    // The last instruction touches an entry: order it behind other units' accesses that conflict, then note it.
    void touch(Buffer buffer, uint32_t entry, bool write) {
        const int n = static_cast<int>(insns.size()) - 1;
        Insn &insn = insns.back();
        for (int v = 0; v < 4; v++) {
            if (v == insn.unit) continue;
            int conflict = writer[buffer][entry * 4 + v];
            if (write) conflict = std::max(conflict, reader[buffer][entry * 4 + v]);
            if (conflict <= synced[insn.unit][v]) continue;
            int last = n - 1;
            while (insns[last].unit != v) last--;
            insns[last].signal |= 1u << insn.unit;
            insn.wait |= 1u << v;
            synced[insn.unit][v] = last;
        }
        (write ? writer : reader)[buffer][entry * 4 + insn.unit] = n;
    }

    void touch_bytes(Buffer buffer, uint32_t addr, uint32_t length, uint32_t entry_bytes, bool write) {
        for (uint32_t e = addr / entry_bytes; e <= (addr + length - 1) / entry_bytes; e++) touch(buffer, e, write);
    }
};

uint32_t entry_bytes(Buffer buffer) {
    switch (buffer) {
    case Inp: return shape.ki;
    case Wgt: return shape.ki * shape.ko;
    case Uop: return 8;
    case Par: return 12 * shape.ko;
    default: return shape.ko;
    }
}

void load_word(Program &program, Buffer buffer, bool diag, uint32_t plane, uint32_t addr, uint64_t strb, const uint8_t *data) {
    Insn::Word w{buffer, diag, plane, addr, strb, {}};
    memcpy(w.data, data, shape.bus);
    program.insns.back().words.push_back(w);
    program.touch_bytes(buffer, addr, shape.bus, diag ? shape.ko : entry_bytes(buffer), true);
    model.load(w);
}

// Small windows make hazards likely; the whole buffer makes every bank and address line move.
struct Window { uint32_t base, size; };

Window window(Buffer buffer) {
    const uint32_t n = shape.entries[buffer];
    if (one_in(3)) return {0, n};
    const uint32_t size = std::min(n, 1 + below(6));
    const uint32_t base = one_in(2) ? below(4) * (n / 4) : below(n);
    return {std::min(base, n - size), size};
}

uint32_t pick(const Window &w) { return w.base + below(w.size); }

void random_load(Program &program) {
    Insn &insn = program.add(Load);
    (void)insn;
    const Buffer buffer = one_in(2) ? Inp : one_in(2) ? Wgt : Par;
    const bool diag = buffer == Wgt && shape.ki == shape.ko && one_in(2);
    const uint32_t total = (diag ? shape.bytes[Wgt] / shape.ki : buffer == Inp ? shape.bytes[Inp] / shape.batch : shape.bytes[buffer]) / shape.bus;
    const uint32_t words = std::min(total, 1 + below(24)), first = below(total - words + 1);
    const uint32_t plane = buffer == Inp ? below(shape.batch) : 0;
    for (uint32_t k = 0; k < words; k++) {
        uint8_t data[64];
        for (uint32_t j = 0; j < shape.bus; j++) data[j] = static_cast<uint8_t>(one_in(4) ? 0x80 : rnd());
        if (buffer == Par) {
            for (uint32_t j = 0; j < shape.bus; j += 4) {
                const uint32_t place = ((first + k) * shape.bus + j) % 12;
                const uint32_t v = place == 8 ? below(32) * one_in(2) | below(32) << 8 | (one_in(4) ? 31u << 8 : 0) : corner();
                memcpy(data + j, &v, 4);
            }
        }
        uint64_t strb = ~uint64_t{0};
        if (buffer == Inp && one_in(3)) strb = (uint64_t{rnd()} << 32) | rnd();
        load_word(program, buffer, diag, plane, (first + k) * shape.bus, strb, data);
    }
}

// Writes micro-ops into [begin, begin + count) through LOAD.
void load_uops(Program &program, uint32_t begin, const std::vector<uint64_t> &uops) {
    program.add(Load);
    const uint32_t per_word = shape.bus / 8;
    for (uint32_t at = begin; at < begin + uops.size();) {
        const uint32_t word = at / per_word;
        uint64_t data[8] = {}, strb = 0;
        for (; at < begin + uops.size() && at / per_word == word; at++) {
            data[at % per_word] = uops[at - begin];
            strb |= uint64_t{0xff} << 8 * (at % per_word);
        }
        load_word(program, Uop, false, 0, word * shape.bus, strb, reinterpret_cast<uint8_t *>(data));
    }
}

struct Loops { uint32_t begin, count, count0, count1, step[3][2]; };

void put_loops(Insn &insn, const Loops &l) {
    put(insn, 32, 16, l.begin);
    put(insn, 48, 16, l.count);
    put(insn, 64, 16, l.count0);
    put(insn, 80, 16, l.count1);
    for (int k = 0; k < 3; k++) {
        put(insn, 96 + 32 * k, 16, l.step[k][0]);
        put(insn, 112 + 32 * k, 16, l.step[k][1]);
    }
}

// Loop steps small enough, and micro-op indices low enough, that all sums stay inside the windows; indices may wrap at 2^16.
Loops random_loops(const Window w[3], std::vector<uint64_t> &uops, uint32_t max_count) {
    Loops l{};
    l.count = 1 + below(max_count);
    l.count0 = 1 + below(3);
    l.count1 = 1 + below(4);
    l.begin = below(shape.entries[Uop] - l.count + 1);
    uint32_t base[3], room[3];
    for (int k = 0; k < 3; k++) {
        const uint32_t left = w[k].size - 1;
        l.step[k][0] = below(std::min(left / 8 + 1, 40u));
        l.step[k][1] = below(std::min(left / 8 + 1, 40u));
        base[k] = 0;
        if (one_in(3) && left != 0) {  // walk downwards: a step of -1 is 65535
            l.step[k][0] = 0;
            l.step[k][1] = 0xffff;
            base[k] = std::min(left, l.count1 - 1);
            if (base[k] < l.count1 - 1) l.step[k][1] = 0, base[k] = 0;
        }
        const uint32_t up = l.step[k][1] == 0xffff ? 0 : (l.count0 - 1) * l.step[k][0] + (l.count1 - 1) * l.step[k][1];
        if (up > left) l.step[k][0] = l.step[k][1] = 0, room[k] = left - base[k];
        else room[k] = left - base[k] - (base[k] ? 0 : up);
    }
    uops.clear();
    for (uint32_t u = 0; u < l.count; u++) {
        uint64_t word = uint64_t{one_in(3)} << 48;
        for (int k = 0; k < 3; k++) word |= uint64_t{w[k].base + base[k] + below(room[k] + 1)} << 16 * k;
        uops.push_back(word);
    }
    return l;
}

template <class Body> void walk(const Loops &l, Body body) {
    for (uint32_t i0 = 0; i0 < l.count0; i0++) {
        for (uint32_t i1 = 0; i1 < l.count1; i1++) {
            for (uint32_t u = l.begin; u < l.begin + l.count; u++) {
                uint32_t index[3];
                for (int k = 0; k < 3; k++) {
                    index[k] = static_cast<uint16_t>((model.uop[u] >> 16 * k) + i0 * l.step[k][0] + i1 * l.step[k][1]);
                }
                body(u, index);
            }
        }
    }
}

uint64_t expected_uops[4];

void emit_gemm(Program &program, const Loops &l, bool overwrite) {
    Insn &insn = program.add(Gemm);
    put(insn, 0, 8, 3);
    put(insn, 16, 1, overwrite);
    put_loops(insn, l);
    walk(l, [&](uint32_t u, const uint32_t *x) {
        program.touch(Uop, u, false);
        program.touch(Acc, x[0], true);
        program.touch(Inp, x[1], false);
        program.touch(Wgt, x[2], false);
        model.gemm(x[0], x[1], x[2], overwrite && (model.uop[u] >> 48 & 1));
        expected_uops[Gemm]++;
    });
}

void emit_alu(Program &program, const Loops &l, const Model::AluFields &f) {
    Insn &insn = program.add(Alu);
    put(insn, 0, 8, 4);
    put(insn, 16, 4, f.op);
    put(insn, 20, 2, f.src);
    put(insn, 22, 1, f.rescale);
    put(insn, 23, 1, f.clip);
    put(insn, 24, 1, f.out);
    put_loops(insn, l);
    put(insn, 192, 16, static_cast<uint32_t>(f.imm));
    put(insn, 208, 16, static_cast<uint32_t>(f.lo));
    put(insn, 224, 16, static_cast<uint32_t>(f.hi));
    walk(l, [&](uint32_t u, const uint32_t *x) {
        program.touch(Uop, u, false);
        program.touch(f.out ? Out : Acc, x[0], true);
        if (f.src == 0) program.touch(Acc, x[1], false);
        if (f.src == 1) program.touch(Inp, x[1], false);
        if (f.rescale) program.touch(Par, x[2], false);
        model.alu(f, x[0], x[1], x[2]);
        expected_uops[Alu]++;
    });
}

void random_gemm(Program &program) {
    const Window w[3] = {window(Acc), window(Inp), window(Wgt)};
    std::vector<uint64_t> uops;
    const Loops l = random_loops(w, uops, one_in(8) ? 40 : 8);
    load_uops(program, l.begin, uops);
    emit_gemm(program, l, one_in(2));
}

Model::AluFields random_fields() {
    Model::AluFields f{};
    f.src = below(shape.ki == shape.ko ? 3 : 2);
    if (shape.ki != shape.ko && f.src == 1) f.src = 2;
    f.rescale = f.src != 2 && one_in(2);
    f.out = one_in(3);
    f.op = f.out ? 0 : below(8);
    f.clip = one_in(3);
    f.imm = f.src == 2 || f.rescale ? static_cast<int16_t>(one_in(2) ? rnd() : below(40)) : 0;
    if (f.clip) {
        const int32_t a = static_cast<int16_t>(rnd() >> below(9)), b = static_cast<int16_t>(rnd() >> below(9));
        f.lo = std::min(a, b);
        f.hi = std::max(a, b);
    }
    return f;
}

void random_alu(Program &program) {
    const Model::AluFields f = random_fields();
    const Window w[3] = {window(f.out ? Out : Acc), window(f.src == 1 ? Inp : Acc), window(Par)};
    std::vector<uint64_t> uops;
    const Loops l = random_loops(w, uops, one_in(8) ? 40 : 8);
    load_uops(program, l.begin, uops);
    emit_alu(program, l, f);
}

void random_store(Program &program) {
    program.add(Store);
    const uint32_t total = shape.bytes[Out] / shape.batch / shape.bus;
    const uint32_t words = std::min(total, 1 + below(20)), first = below(total - words + 1);
    const uint32_t plane = below(shape.batch);
    for (uint32_t k = 0; k < words; k++) {
        Insn::Word w{Out, false, plane, (first + k) * shape.bus, 0, {}};
        for (uint32_t j = 0; j < shape.bus; j++) {
            const uint32_t byte = w.addr + j;
            w.data[j] = static_cast<uint8_t>(model.out[(byte / shape.ko * shape.batch + plane) * shape.ko + byte % shape.ko]);
        }
        program.insns.back().words.push_back(w);
        program.touch_bytes(Out, w.addr, shape.bus, shape.ko, false);
    }
}

// The device under test, a cycle at a time.
struct Bench {
    Vcompute_tb *dut;
    uint64_t cycle = 0;
    uint64_t busy[4] = {}, stall_token[4] = {}, stall_bank[4] = {}, done[4] = {}, first_busy[4] = {}, last_busy[4] = {};
    uint64_t last_done[4] = {}, last_take[4] = {};
    uint32_t fault_code[4] = {}, fault_index[4] = {}, faults = 0;

    [[noreturn]] void fail(const char *what) {
        fprintf(stderr, "FAIL at cycle %llu: %s\n", static_cast<unsigned long long>(cycle), what);
        exit(1);
    }

    void status(Unit u, uint32_t bits, bool done_now, bool fault, uint32_t code, uint32_t index) {
        if ((bits & 1) + (bits >> 1 & 1) + (bits >> 2 & 1) > 1) fail("two of busy, stall_token, stall_bank");
        if ((bits & 1) != (bits >> 4 & 1)) fail("busy and uop differ");
        if ((bits & 5) != 0 && !(bits & 8)) fail("busy but not active");
        if (done_now && !(bits & 8)) fail("done but not active");
        if (bits & 1) {
            if (busy[u] == 0) first_busy[u] = cycle;
            last_busy[u] = cycle;
            busy[u]++;
        }
        stall_token[u] += bits >> 1 & 1;
        stall_bank[u] += bits >> 2 & 1;
        if (done_now) done[u]++, last_done[u] = cycle;
        if (fault) faults++, fault_code[u] = code, fault_index[u] = index;
    }

    // Combinational outputs for the inputs as they are.
    void settle() {
        dut->clk_i = 0;
        dut->eval();
    }

    void edge() {
        status(Gemm, dut->gemm_status_o, dut->gemm_done_o, dut->gemm_fault_o, dut->gemm_fault_code_o, dut->gemm_fault_index_o);
        status(Alu, dut->alu_status_o, dut->alu_done_o, dut->alu_fault_o, dut->alu_fault_code_o, dut->alu_fault_index_o);
        dut->clk_i = 1;
        dut->eval();
        cycle++;
    }

    void quiet() {
        dut->clear_i = dut->halt_i = dut->ld_we_i = dut->st_re_i = 0;
        dut->gemm_valid_i = dut->alu_valid_i = 0;
        dut->take_load_i = dut->take_store_i = dut->give_load_i = dut->give_store_i = 0;
        dut->peek_i = 0;
    }

    void step() {
        settle();
        edge();
    }

    void reset() {
        quiet();
        dut->rst_ni = 0;
        step();
        step();
        dut->rst_ni = 1;
        wait_clear();
    }

    void clear() {
        quiet();
        dut->clear_i = 1;
        step();
        dut->clear_i = 0;
        wait_clear();
    }

    void wait_clear() {
        for (settle(); dut->clear_busy_o; settle()) edge();
        for (int u = 0; u < 4; u++) busy[u] = stall_token[u] = stall_bank[u] = done[u] = fault_code[u] = 0;
        faults = 0;
        cycle = 0;
    }

    void set_word(const Insn::Word &w) {
        dut->ld_we_i = 1;
        dut->ld_buffer_i = w.buffer;
        dut->ld_diag_i = w.diag;
        dut->ld_plane_i = w.plane;
        dut->ld_addr_i = w.addr;
        dut->ld_strb_i = w.strb;
        memcpy(dut->ld_data_i.data(), w.data, 64);
    }

    // Runs instructions with random arrival until all are done, `stop` cycles have passed, or a unit has faulted.
    // patience: in one of so many cycles an instruction or a word is late; 0: never.
    void run(const std::vector<Insn> &insns, uint32_t patience, uint64_t stop) {
        std::vector<size_t> queue[4];
        size_t head[4] = {}, left[4] = {};
        for (size_t n = 0; n < insns.size(); n++) queue[insns[n].unit].push_back(n);
        for (int u = 0; u < 4; u++) left[u] = queue[u].size();
        size_t word[4] = {};
        bool started[4] = {}, valid[4] = {};
        const Insn::Word *reading = nullptr;
        const uint64_t begin = cycle;

        while (cycle - begin < stop) {
            quiet();
            bool more = reading != nullptr;
            for (int u : {Gemm, Alu}) {
                if (head[u] < left[u] && (valid[u] || patience == 0 || !one_in(patience))) valid[u] = true;
                more |= head[u] < left[u];
            }
            dut->gemm_valid_i = valid[Gemm];
            dut->alu_valid_i = valid[Alu];
            if (valid[Gemm]) set_insn(dut->gemm_insn_i.data(), insns[queue[Gemm][head[Gemm]]]), dut->gemm_index_i = queue[Gemm][head[Gemm]];
            if (valid[Alu]) set_insn(dut->alu_insn_i.data(), insns[queue[Alu][head[Alu]]]), dut->alu_index_i = queue[Alu][head[Alu]];
            settle();

            // LOAD and STORE: take, then a word a cycle, then give with the last write (LOAD) or a cycle after it (STORE).
            for (int u : {Load, Store}) {
                if (head[u] == left[u]) continue;
                more = true;
                const Insn &insn = insns[queue[u][head[u]]];
                if (!started[u]) {
                    const uint32_t avail = u == Load ? dut->avail_load_o : dut->avail_store_o;
                    if (insn.wait & ~avail) continue;
                    if (patience != 0 && one_in(patience)) continue;
                    (u == Load ? dut->take_load_i : dut->take_store_i) = insn.wait;
                    started[u] = true;
                    word[u] = 0;
                }
                if (u == Load) {
                    set_word(insn.words[word[u]++]);
                    if (word[u] == insn.words.size()) {
                        dut->give_load_i = insn.signal;
                        started[u] = false;
                        head[u]++;
                    }
                } else if (word[u] < insn.words.size()) {
                    if (patience != 0 && one_in(patience)) continue;
                    const Insn::Word &w = insn.words[word[u]++];
                    dut->st_re_i = 1;
                    dut->st_plane_i = w.plane;
                    dut->st_addr_i = w.addr;
                } else {
                    dut->give_store_i = insn.signal;
                    started[u] = false;
                    head[u]++;
                }
            }
            if (dut->st_re_i) reading = &insns[queue[Store][head[Store]]].words[word[Store] - 1];
            settle();
            if (valid[Gemm] && dut->gemm_ready_o) head[Gemm]++, valid[Gemm] = false, last_take[Gemm] = cycle;
            if (valid[Alu] && dut->alu_ready_o) head[Alu]++, valid[Alu] = false, last_take[Alu] = cycle;
            more |= (dut->gemm_status_o & 8) || (dut->alu_status_o & 8);
            edge();
            if (reading != nullptr && memcmp(dut->st_data_o.data(), reading->data, shape.bus) != 0) fail("stored bytes differ");
            if (!dut->st_re_i) reading = nullptr;  // held for at least one idle cycle
            if (faults != 0 && !(dut->gemm_status_o & 8) && !(dut->alu_status_o & 8)) break;
            if (!more) break;
        }
        quiet();
        settle();
    }

    static void set_insn(uint32_t *port, const Insn &insn) {
        memcpy(port, insn.bits, 32);
        port[0] = (port[0] & ~0xff00u) | insn.wait << 8 | insn.signal << 12;
    }

    // ACC by the bench's window, OUT through the store port.
    void compare() {
        quiet();
        for (uint32_t e = 0; e < shape.entries[Acc]; e++) {
            for (uint32_t l = 0; l < shape.batch * shape.ko; l++) {
                dut->peek_i = 1;
                dut->peek_entry_i = e;
                dut->peek_lane_i = l;
                settle();
                const int32_t want = model.acc[e * shape.batch * shape.ko + l];
                if (static_cast<int32_t>(dut->peek_o) != want) {
                    fprintf(stderr, "acc[%u] lane %u: %d, expected %d\n", e, l, static_cast<int32_t>(dut->peek_o), want);
                    fail("accumulators differ");
                }
            }
        }
        quiet();
        for (uint32_t p = 0; p < shape.batch; p++) {
            for (uint32_t a = 0; a < shape.bytes[Out] / shape.batch; a += shape.bus) {
                dut->st_re_i = 1;
                dut->st_plane_i = p;
                dut->st_addr_i = a;
                step();
                for (uint32_t j = 0; j < shape.bus; j++) {
                    const int8_t got = static_cast<int8_t>(reinterpret_cast<uint8_t *>(dut->st_data_o.data())[j]);
                    if (got != model.out[((a + j) / shape.ko * shape.batch + p) * shape.ko + (a + j) % shape.ko]) fail("OUT differs");
                }
            }
        }
        quiet();
        settle();
    }
};

const uint64_t Forever = 20000000;

uint32_t random_patience() { return one_in(3) ? 0 : 2 + below(4); }

void random_program(Bench &bench, int n) {
    model.clear();
    memset(expected_uops, 0, sizeof expected_uops);
    Program program;
    const uint32_t length = 10 + below(60);
    for (uint32_t k = 0; k < 4 + below(12); k++) random_load(program);
    for (uint32_t k = 0; k < length; k++) {
        switch (below(8)) {
        case 0: random_load(program); break;
        case 1: case 2: case 3: random_gemm(program); break;
        case 4: case 5: case 6: random_alu(program); break;
        default: random_store(program); break;
        }
    }
    if (n % 5 == 4) {  // abort somewhere, then everything must be zero again
        bench.run(program.insns, 4, 50 + below(1500));
        bench.clear();
        model.clear();
        bench.compare();
        return;
    }
    bench.run(program.insns, random_patience(), Forever);
    if (bench.cycle >= Forever) bench.fail("the program hangs");
    if (bench.busy[Gemm] != expected_uops[Gemm] || bench.busy[Alu] != expected_uops[Alu]) bench.fail("wrong number of micro-ops");
    size_t count[4] = {};
    for (const Insn &insn : program.insns) count[insn.unit]++;
    if (bench.done[Gemm] != count[Gemm] || bench.done[Alu] != count[Alu]) bench.fail("wrong number of completions");
    if (bench.faults != 0) bench.fail("unexpected fault");
    bench.compare();
}

// A program that ends in a micro-op with a defect: everything before it counts, nothing after it.
void fault_program(Bench &bench) {
    bench.clear();
    model.clear();
    Program program;
    for (int k = 0; k < 6; k++) random_load(program);
    const Unit unit = one_in(2) ? Gemm : Alu;
    for (uint32_t k = 0; k < 1 + below(4); k++) unit == Gemm ? random_gemm(program) : random_alu(program);

    Model::AluFields f = random_fields();
    const Window w[3] = {window(unit == Alu && f.out ? Out : Acc), window(unit == Gemm || f.src == 1 ? Inp : Acc),
                         window(unit == Gemm ? Wgt : Par)};
    std::vector<uint64_t> uops;
    Loops l = random_loops(w, uops, 8);
    l.count0 = l.count1 = 1;
    const uint32_t bad = below(l.count);
    uint32_t which, code = 7;
    if (one_in(2)) {
        uops[bad] |= uint64_t{1} << (49 + below(15));
    } else {
        do which = below(3); while (unit == Alu && ((which == 1 && f.src == 2) || (which == 2 && !f.rescale)));
        const Buffer b = which == 0 ? (unit == Alu && f.out ? Out : Acc)
                         : which == 1 ? (unit == Gemm || f.src == 1 ? Inp : Acc) : unit == Gemm ? Wgt : Par;
        if (shape.entries[b] > 0xffff) return;
        const uint64_t index = one_in(2) ? shape.entries[b] : shape.entries[b] + below(0x10000 - shape.entries[b]);
        uops[bad] = (uops[bad] & ~(uint64_t{0xffff} << 16 * which)) | index << 16 * which;
        code = 8;
    }
    load_uops(program, l.begin, uops);
    const uint32_t count = l.count;
    const size_t index = program.insns.size();
    if (bad > 0) {  // what the model executes
        l.count = bad;
        unit == Gemm ? emit_gemm(program, l, true) : emit_alu(program, l, f);
    } else {
        Insn &insn = program.add(unit);
        const uint32_t at = l.begin;
        put(insn, 0, 8, unit == Gemm ? 3 : 4);
        put(insn, 16, 4, unit == Gemm ? 1 : f.op);
        if (unit == Alu) {
            put(insn, 20, 2, f.src);
            put(insn, 22, 1, f.rescale);
            put(insn, 24, 1, f.out);
        }
        put_loops(insn, l);
        program.touch(Uop, at, false);
    }
    put(program.insns[index], 48, 16, count);
    if (one_in(2)) {  // a following instruction must not be taken over
        program.insns.push_back(program.insns[index]);
        program.insns.back().wait = 0;
    }
    bench.run(program.insns, random_patience(), 100000);
    if (bench.faults != 1) bench.fail("no fault, or several");
    if (bench.fault_code[unit] != code) bench.fail("wrong fault code");
    if (bench.fault_index[unit] != index) bench.fail("wrong fault index");
    bench.compare();
}

// Halting keeps what has issued up to and in its first clock, and nothing else.
void halt_program(Bench &bench) {
    bench.clear();
    model.clear();
    Program program;
    std::vector<uint64_t> uops(8, uint64_t{0});
    load_uops(program, 0, uops);
    Loops l{0, 8, 4, 4, {{0, 0}, {0, 0}, {0, 0}}};
    Model::AluFields f{};
    f.op = 1;
    f.src = 2;
    f.imm = 1;
    emit_alu(program, l, f);
    bench.run(program.insns, 0, 30 + below(40));
    bench.dut->halt_i = 1;
    bench.settle();
    bench.edge();
    const uint64_t started = bench.busy[Alu];
    for (int k = 0; k < 30; k++) {
        bench.settle();
        if (bench.dut->alu_status_o & 5) bench.fail("issue while halted");
        bench.edge();
    }
    bench.settle();
    if (bench.dut->alu_status_o & 8) bench.fail("active though halted and drained");
    model.acc.assign(model.acc.size(), 0);
    for (uint32_t k = 0; k < shape.batch * shape.ko; k++) model.acc[k] = static_cast<int32_t>(started);
    bench.compare();
}

// Full rate: N micro-ops take N cycles, across instructions and on one accumulator, clamped or not. early: MUL, SHL, SHR, of which
// one waits a cycle when the one just before has the same accumulator.
void timing(Bench &bench, Unit unit, bool same, bool early) {
    bench.clear();
    model.clear();
    Program program;
    for (int k = 0; k < 4; k++) random_load(program);
    std::vector<uint64_t> uops;
    const uint32_t n = 50;
    for (uint64_t k = 0; k < n; k++) uops.push_back(same ? 0 : k | k << 16 | k << 32);
    load_uops(program, 0, uops);
    const size_t loads = program.insns.size();
    memset(expected_uops, 0, sizeof expected_uops);
    for (uint32_t k = 0; k < 6; k++) {
        const Loops l{0, k == 3 ? 1 : n, 1 + k % 2, k == 4 ? 1u : 2u, {{0, 0}, {0, 0}, {0, 0}}};
        Model::AluFields f{};
        f.op = (early ? "\3\6\7\3\7\6" : same ? "\1\2\4\5\1\4" : "\1\2\3\4\5\6")[k];
        f.src = same ? 2 : 1;
        f.imm = same ? 3 : 0;
        f.clip = same && k % 2;
        f.lo = -20;
        f.hi = 50;
        unit == Gemm ? emit_gemm(program, l, false) : emit_alu(program, l, f);
    }
    bench.run(std::vector<Insn>(program.insns.begin(), program.insns.begin() + static_cast<long>(loads)), 0, Forever);
    const uint64_t begin = bench.cycle;
    std::vector<Insn> rest(program.insns.begin() + static_cast<long>(loads), program.insns.end());
    for (Insn &insn : rest) insn.wait = 0;
    for (uint64_t &c : bench.busy) c = 0;
    bench.run(rest, 0, Forever);
    const uint64_t uop_count = expected_uops[unit];
    if (bench.busy[unit] != uop_count) bench.fail("wrong number of micro-ops");
    const uint64_t clocks = early ? 2 * uop_count - 1 : uop_count;
    if (bench.last_busy[unit] - bench.first_busy[unit] + 1 != clocks) bench.fail("a bubble between micro-ops, or one too few");
    const uint64_t latency = unit == Gemm ? 9 : 13;
    printf("  %s%s, %s: %llu micro-ops, done %llu cycles after the take (%sN - 1 + %llu)\n", unit == Gemm ? "gemm" : "alu",
           early ? " (mul, shl, shr)" : "", same ? "one accumulator" : "many accumulators",
           static_cast<unsigned long long>(uop_count),
           static_cast<unsigned long long>(bench.last_done[unit] - begin), early ? "2 " : "", static_cast<unsigned long long>(latency));
    if (bench.last_done[unit] - begin != clocks - 1 + latency) bench.fail("unexpected latency");
    bench.compare();
}

void measure(Bench &bench, uint64_t cycles) {
    bench.clear();
    model.clear();
    Program program;
    for (int k = 0; k < 60; k++) random_load(program);
    std::vector<uint64_t> uops;
    for (uint64_t k = 0; k < 64; k++) uops.push_back(k % 32 | (k * 5 % 64) << 16 | (k % 61) << 32);
    load_uops(program, 0, uops);
    bench.run(program.insns, 0, Forever);
    Insn insn;
    insn.unit = Gemm;
    put(insn, 0, 8, 3);
    put_loops(insn, {0, 64, 256, 64, {{0, 0}, {0, 0}, {0, 0}}});
    bench.quiet();
    Bench::set_insn(bench.dut->gemm_insn_i.data(), insn);
    bench.dut->gemm_valid_i = 1;
    const std::clock_t begin = std::clock();
    for (uint64_t k = 0; k < cycles; k++) {
        bench.dut->clk_i = 0;
        bench.dut->eval();
        bench.dut->clk_i = 1;
        bench.dut->eval();
    }
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    printf("GEMM only: %.2f million cycles a CPU second\n", static_cast<double>(cycles) / seconds / 1e6);
}

}  // namespace

int main(int argc, char **argv) {
    uint64_t seed = 1, speed = 0;
    int programs = ROUNDS;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-s") == 0) seed = strtoull(argv[i + 1], nullptr, 0);
        else if (strcmp(argv[i], "-n") == 0) programs = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "-b") == 0) speed = strtoull(argv[i + 1], nullptr, 0);
    }
    const auto dut = std::make_unique<Vcompute_tb>();
    Bench bench{dut.get()};
    dut->eval();
    shape.batch = dut->batch_o;
    shape.ki = dut->block_in_o;
    shape.ko = dut->block_out_o;
    shape.bus = dut->bus_bytes_o;
    const uint32_t bytes[6] = {dut->inp_bytes_o, dut->wgt_bytes_o, dut->uop_bytes_o, dut->par_bytes_o, dut->acc_bytes_o, dut->out_bytes_o};
    const uint32_t each[6] = {shape.batch * shape.ki, shape.ki * shape.ko, 8, 12 * shape.ko, 4 * shape.batch * shape.ko, shape.batch * shape.ko};
    for (int b = 0; b < 6; b++) shape.bytes[b] = bytes[b], shape.entries[b] = bytes[b] / each[b];

    bench.reset();
    if (speed != 0) {
        measure(bench, speed);
        return 0;
    }
    printf("batch %u, block %u x %u, bus %u, seed %llu\n", shape.batch, shape.ki, shape.ko, shape.bus,
           static_cast<unsigned long long>(seed));
    random_state = seed * 0x9e3779b97f4a7c15u | 1;
    for (Unit unit : {Gemm, Alu}) for (bool same : {false, true}) timing(bench, unit, same, false);
    timing(bench, Alu, true, true);
    uint64_t cycles = 0, stalls = 0, uops = 0;
    for (int n = 0; n < programs; n++) {
        bench.clear();
        random_program(bench, n);
        cycles += bench.cycle;
        stalls += bench.stall_bank[Gemm] + bench.stall_bank[Alu];
        uops += bench.busy[Gemm] + bench.busy[Alu];
        for (int k = 0; k < 4; k++) fault_program(bench);
        halt_program(bench);
    }
    printf("%d programs, %llu micro-ops, %llu cycles of bank stalls: all as the model says\n", programs,
           static_cast<unsigned long long>(uops), static_cast<unsigned long long>(stalls));
    printf("%d passed, 0 failed, 0 skipped\n", programs);
    return 0;
}
