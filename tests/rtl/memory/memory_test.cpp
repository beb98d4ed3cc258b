// SPDX-License-Identifier: Apache-2.0
// The memory half of the core in place: random programs on the RTL and on the executable specification, compared byte for
// byte, with every counter that needs no clock, behind a bus memory with random latency, back-pressure and errors.
//
//     rtl_memory_CONFIG [ROUNDS [SEED]]     random rounds; a failure names its seed
//     rtl_memory_CONFIG 0                   throughput of loads, stores, dispatch and of a tiled program
//
// Cases: loads into INP, WGT (diagonals too) and PAR with pads, all alignments and merges; stores; damaged programs for
// every fault of dispatch; token overflow; bus errors of loads, stores and instructions; soft reset in the middle of a run
// with and without a start behind it. TRACE=file writes a waveform, V=1 one line a case, ONLY=n one case.
#include "Vtessera.h"
#include "memory.h"
#include "verilated.h"
#include "verilated_fst_c.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>
extern "C" {
#include "tsr/config.h"
#include "tsr/insn.h"
#include "tsr/model.h"
}
static tsr_config cfg;
static uint64_t rs = 1;
static uint32_t rnd() {
    rs ^= rs << 13;
    rs ^= rs >> 7;
    rs ^= rs << 17;
    return (uint32_t)(rs >> 16);
}
static uint32_t rr(uint32_t lo, uint32_t hi) { return hi <= lo ? lo : lo + rnd() % (hi - lo + 1); }

struct Sim {
    VerilatedContext ctx;
    Vtessera *t;
    tsr_memory *m;
    const tsr_axi_response *r;
    uint64_t cycle = 0;
    VerilatedFstC *fst = nullptr;
    Sim(const tsr_sim_memory &o) {
        if (getenv("TRACE"))
            ctx.traceEverOn(true);
        t = new Vtessera(&ctx);
        m = tsr_memory_create(&o, BUS_BYTES);
        if (!m) {
            puts("memory options");
            exit(1);
        }
        r = tsr_memory_response(m);
        if (getenv("TRACE")) {
            fst = new VerilatedFstC;
            t->trace(fst, 99);
            fst->open(getenv("TRACE"));
        }
        t->rst_ni = 0;
        t->s_axi_awvalid = t->s_axi_wvalid = t->s_axi_arvalid = t->s_axi_bready = t->s_axi_rready = 0;
        for (int i = 0; i < 8; i++)
            clk();
        t->rst_ni = 1;
    }
    ~Sim() {
        if (fst) {
            fst->close();
        }
        t->final();
        delete t;
        tsr_memory_destroy(m);
    }
    void settle() {
        t->m_axi_arready = r->ar_ready;
        t->m_axi_rvalid = r->r_valid;
        t->m_axi_rlast = r->r_last;
        t->m_axi_rresp = r->r_resp;
        memcpy(&t->m_axi_rdata, r->r_data, BUS_BYTES);
        t->m_axi_awready = r->aw_ready;
        t->m_axi_wready = r->w_ready;
        t->m_axi_bvalid = r->b_valid;
        t->m_axi_bresp = r->b_resp;
        t->clk_i = 0;
        t->eval();
        if (fst)
            fst->dump(2 * cycle);
    }
    void edge() {
        tsr_axi_request q;
        q.ar_addr = t->m_axi_araddr;
        q.ar_len = t->m_axi_arlen;
        q.ar_size = t->m_axi_arsize;
        q.ar_burst = t->m_axi_arburst;
        q.ar_valid = t->m_axi_arvalid;
        q.r_ready = t->m_axi_rready;
        q.aw_addr = t->m_axi_awaddr;
        q.aw_len = t->m_axi_awlen;
        q.aw_size = t->m_axi_awsize;
        q.aw_burst = t->m_axi_awburst;
        q.aw_valid = t->m_axi_awvalid;
        q.w_data = (const uint8_t *)&t->m_axi_wdata;
        q.w_strb = t->m_axi_wstrb;
        q.w_last = t->m_axi_wlast;
        q.w_valid = t->m_axi_wvalid;
        q.b_ready = t->m_axi_bready;
        tsr_memory_tick(m, &q);
        t->clk_i = 1;
        t->eval();
        if (fst)
            fst->dump(2 * cycle + 1);
        cycle++;
    }
    void clk() {
        settle();
        edge();
    }
    void wr(uint32_t a, uint32_t v) {
        t->s_axi_awaddr = a;
        t->s_axi_wdata = v;
        t->s_axi_wstrb = 15;
        t->s_axi_awvalid = t->s_axi_wvalid = t->s_axi_bready = 1;
        for (int i = 0;; i++) {
            settle();
            bool aw = t->s_axi_awvalid && t->s_axi_awready, w = t->s_axi_wvalid && t->s_axi_wready, b = t->s_axi_bvalid;
            edge();
            if (aw)
                t->s_axi_awvalid = 0;
            if (w)
                t->s_axi_wvalid = 0;
            if (b)
                break;
            if (i > 1000) {
                puts("axil write hang");
                exit(1);
            }
        }
        t->s_axi_bready = 0;
    }
    uint32_t rd(uint32_t a) {
        t->s_axi_araddr = a;
        t->s_axi_arvalid = 1;
        t->s_axi_rready = 1;
        uint32_t v;
        for (int i = 0;; i++) {
            settle();
            bool ar = t->s_axi_arvalid && t->s_axi_arready, rv = t->s_axi_rvalid;
            v = t->s_axi_rdata;
            edge();
            if (ar)
                t->s_axi_arvalid = 0;
            if (rv)
                break;
            if (i > 1000) {
                puts("axil read hang");
                exit(1);
            }
        }
        t->s_axi_rready = 0;
        return v;
    }
    uint64_t cnt(int i) {
        uint64_t lo = rd(TSR_REG_COUNTERS + 8 * i);
        return lo | (uint64_t)rd(TSR_REG_COUNTERS + 8 * i + 4) << 32;
    }
    void check() {
        const char *e = tsr_memory_protocol_error(m);
        if (e) {
            printf("PROTOCOL: %s\n", e);
            exit(1);
        }
    }
};
static const uint64_t SEGSIZE[4] = {1 << 20, 1 << 20, 1 << 18, 4096};
static std::vector<uint8_t> seg[4], mseg[4];
static uint64_t base[4];
struct Prog {
    std::vector<tsr_insn> v;
};
static tsr_insn I(uint32_t op, uint32_t w = 0, uint32_t s = 0) {
    tsr_insn i;
    memset(&i, 0, sizeof i);
    i.opcode = op;
    i.wait = w;
    i.signal = s;
    return i;
}
static bool put(const Prog &p, uint32_t off) {
    for (size_t i = 0; i < p.v.size(); i++) {
        uint8_t w[32];
        tsr_status s = tsr_insn_encode(&p.v[i], w);
        (void)s;
        memcpy(&seg[0][off + 32 * i], w, 32);
    }
    return true;
}
static void setup(Sim &s) {
    for (int i = 0; i < 4; i++) {
        base[i] = 0x1234000000ull + 0x10000000ull * i + (getenv("ALIGNED") ? 0 : rr(0, 8191));
        seg[i].assign(SEGSIZE[i], 0);
        for (auto &b : seg[i])
            b = rnd();
        tsr_memory_attach(s.m, base[i], seg[i].data(), SEGSIZE[i]);
        s.wr(0x18 + 12 * i, (uint32_t)base[i]);
        s.wr(0x1c + 12 * i, base[i] >> 32);
        s.wr(0x20 + 12 * i, SEGSIZE[i]);
    }
    s.wr(TSR_REG_GIE, 1);
    s.wr(TSR_REG_IER, 1);
}
struct Result {
    uint32_t fault, index;
    uint64_t cycles;
    bool hang;
};
// A damaged program may be legal and very long: it hangs only when no unit has moved anything for 100,000 cycles.
static Result wait_done(Sim &s) {
    Result r{0, 0, 0, false};
    uint64_t moved = ~0ull;
    for (uint64_t i = 1; !s.t->interrupt_o && !r.hang; i++) {
        s.clk();
        if (i % 100000 == 0) {
            uint64_t now = s.cnt(8) + s.cnt(16) + s.cnt(24) + s.cnt(32);
            r.hang = now == moved;
            moved = now;
        }
    }
    s.check();
    if (r.hang) {
        printf("HANG state %08x\n", s.rd(TSR_REG_STATE));
        return r;
    }
    s.wr(TSR_REG_ISR, 1);
    uint32_t c = s.rd(0);
    if ((c & 10) != 10) {
        printf("ctrl %x after done\n", c);
        exit(1);
    }
    c = s.rd(0);
    if (c & 2) {
        puts("done not cleared");
        exit(1);
    }
    r.fault = s.rd(TSR_REG_FAULT);
    r.index = s.rd(TSR_REG_FAULT_INDEX);
    r.cycles = s.cnt(0);
    return r;
}
static Result go(Sim &s, uint32_t off, uint32_t n) {
    s.wr(TSR_REG_INSN_OFFSET, off);
    s.wr(TSR_REG_INSN_COUNT, n);
    s.wr(0, 1);
    return wait_done(s);
}
static tsr_model *model;
static int failures = 0;
static int compared = 0;
static const char *what = "";
#define FAIL(...)                                                                                                           \
    do {                                                                                                                    \
        printf("FAIL %s: ", what);                                                                                          \
        printf(__VA_ARGS__);                                                                                                \
        puts("");                                                                                                           \
        failures++;                                                                                                         \
    } while (0)
// Runs on both; compares fault and (without fault) memory and counters.
static Result both(Sim &s, uint32_t off, uint32_t n, bool mem = true) {
    tsr_model_segment ms[4];
    for (int i = 0; i < 4; i++) {
        mseg[i] = seg[i];
        ms[i].data = mseg[i].data();
        ms[i].size = SEGSIZE[i];
    }
    tsr_model_fault f;
    tsr_model_counters c;
    tsr_model_run(model, ms, off, n, &f, &c);
    Result r = go(s, off, n);
    if (r.hang) {
        FAIL("hang");
        exit(1);
    }
    if (tsr_model_get_race(model).found) {
        if (mem)
            FAIL("the test itself races");
        return r;
    }
    compared++;
    if (r.fault != (f.code | f.unit << 8) || r.index != f.insn_index)
        FAIL("fault rtl %x at %u, model %u unit %u at %u", r.fault, r.index, f.code, f.unit, f.insn_index);
    if (mem && !f.code)
        for (int i = 0; i < 4; i++)
            if (memcmp(seg[i].data(), mseg[i].data(), SEGSIZE[i])) {
                size_t k = 0, bad = 0;
                for (size_t j = 0; j < SEGSIZE[i]; j++)
                    if (seg[i][j] != mseg[i][j]) {
                        if (!bad++)
                            k = j;
                    }
                FAIL("memory seg %d first %zx rtl %02x model %02x (%zu bytes)", i, k, seg[i][k], mseg[i][k], bad);
                if (getenv("TRACE"))
                    exit(1);
            }
    if (!f.code) {
        uint64_t rc[] = {s.cnt(1), s.cnt(2), s.cnt(3), s.cnt(4), s.cnt(5)},
                 mc[] = {c.insns, c.bytes_read, c.bytes_written, c.gemm_uops, c.alu_uops};
        for (int i = 0; i < 5; i++)
            if (rc[i] != mc[i])
                FAIL("counter %d rtl %lu model %lu", i + 1, (unsigned long)rc[i], (unsigned long)mc[i]);
        for (int u = 0; u < 4; u++) {
            uint64_t sum = 0;
            for (int k = 0; k < 5; k++)
                sum += s.cnt(8 + 8 * u + k);
            if (sum != r.cycles)
                FAIL("unit %d cycles %lu of %lu", u, (unsigned long)sum, (unsigned long)r.cycles);
            if (s.cnt(13 + 8 * u) != c.unit_insns[u])
                FAIL("unit insns");
        }
    }
    return r;
}
enum { L = 1, G = 2, A = 4, S = 8 };
static tsr_insn ld(uint32_t buf, uint32_t sg, uint32_t off, uint32_t addr, uint32_t run, uint32_t plane = 0) {
    tsr_insn i = I(TSR_OP_LOAD);
    i.load.buffer = buf;
    i.load.segment = sg;
    i.load.dram_offset = off;
    i.load.sram_addr = addr;
    i.load.run = run;
    i.load.x_count = i.load.y_count = 1;
    i.load.plane = plane;
    return i;
}
static tsr_insn st(uint32_t sg, uint32_t off, uint32_t addr, uint32_t run, uint32_t plane = 0) {
    tsr_insn i = I(TSR_OP_STORE);
    i.store.segment = sg;
    i.store.dram_offset = off;
    i.store.sram_addr = addr;
    i.store.run = run;
    i.store.x_count = i.store.y_count = 1;
    i.store.plane = plane;
    return i;
}
static bool ok(const tsr_insn &i) { return tsr_insn_check(&i, &cfg, SEGSIZE).fault == TSR_FAULT_NONE; }
static uint32_t bufbytes(uint32_t b) {
    return b == 0 ? tsr_inp_plane_bytes(&cfg) : b == 1 ? cfg.wgt_buffer : b == 2 ? cfg.uop_buffer : cfg.par_buffer;
}
static uint32_t entry(uint32_t b) {
    return b == 0 ? 1 : b == 1 ? cfg.block_in * cfg.block_out : b == 2 ? 8 : 12 * cfg.block_out;
}
// A random legal load to a buffer.
static tsr_insn rload(uint32_t b) {
    for (;;) {
        tsr_insn i = I(TSR_OP_LOAD);
        uint32_t e = entry(b), size = bufbytes(b);
        bool diag = b == 1 && rr(0, 2) == 0;
        uint32_t unit = diag ? cfg.block_out : e;
        i.load.buffer = b;
        i.load.segment = rr(0, 1);
        i.load.diag = diag;
        if (b == 0) {
            i.load.plane = rr(0, cfg.batch - 1);
            i.load.pad_value = (int8_t)rnd();
            if (rr(0, 1)) {
                i.load.x_before = rr(0, 3);
                i.load.x_after = rr(0, 3);
                i.load.y_before = rr(0, 3);
                i.load.y_after = rr(0, 3);
            }
        }
        uint32_t maxrun = rr(0, 3) ? 70 : 4000;
        i.load.run = unit * rr(1, maxrun / unit ? maxrun / unit : 1);
        i.load.x_count = rr(b == 0 ? 0 : 1, rr(0, 3) ? 4 : 40);
        i.load.y_count = rr(b == 0 ? 0 : 1, 5);
        switch (rr(0, 3)) {
        case 0:
            i.load.x_stride = i.load.run;
            break;
        case 1:
            i.load.x_stride = rr(0, i.load.run);
            break;
        default:
            i.load.x_stride = rr(0, 5000);
        }
        i.load.y_stride = rr(0, 1) ? i.load.x_count * i.load.run : rr(0, 9000);
        i.load.sram_x_stride = e * rr(0, 2 * i.load.run / unit + 3);
        i.load.sram_y_stride = e * rr(0, 1 + size / e / 8);
        i.load.dram_offset = rr(0, SEGSIZE[1] - 1);
        i.load.sram_addr = e * rr(0, size / e - 1);
        if (ok(i))
            return i;
    }
}
static tsr_insn rstore() {
    for (;;) {
        tsr_insn i = I(TSR_OP_STORE);
        i.store.segment = 2;
        i.store.plane = rr(0, cfg.batch - 1);
        i.store.run = rr(1, rr(0, 3) ? 70 : 3000);
        i.store.x_count = rr(1, rr(0, 3) ? 4 : 40);
        i.store.y_count = rr(1, 5);
        switch (rr(0, 3)) {
        case 0:
            i.store.x_stride = i.store.run;
            break;
        default:
            i.store.x_stride = rr(0, 3000);
        }
        i.store.y_stride = rr(0, 1) ? i.store.x_count * i.store.run : rr(0, 9000);
        i.store.sram_x_stride = rr(0, 2 * i.store.run);
        i.store.sram_y_stride = rr(0, 500);
        i.store.dram_offset = rr(0, SEGSIZE[2] - 1);
        i.store.sram_addr = rr(0, tsr_out_plane_bytes(&cfg) - 1);
        if (ok(i))
            return i;
    }
}
static uint32_t store_all(Prog &p, uint32_t wait, uint32_t off) {
    uint32_t n = tsr_out_plane_bytes(&cfg);
    for (uint32_t b = 0; b < cfg.batch; b++)
        for (uint32_t o = 0; o < n; o += 32768) {
            uint32_t r = n - o < 32768 ? n - o : 32768;
            tsr_insn i = st(2, off, o, r, b);
            if (!o && !b)
                i.wait = wait;
            p.v.push_back(i);
            off += r;
        }
    return off;
}
static tsr_insn alu(uint32_t op, uint32_t src, uint32_t dst, uint32_t c0, uint32_t c1) {
    tsr_insn i = I(TSR_OP_ALU);
    i.alu.op = op;
    i.alu.src_kind = src;
    i.alu.dst_kind = dst;
    i.alu.uop_begin = 0;
    i.alu.uop_count = 1;
    i.alu.count0 = c0;
    i.alu.count1 = c1;
    return i;
}
static uint32_t mn(uint32_t a, uint32_t b) { return a < b ? a : b; }
static const uint32_t INSN = 0x40000, UOPZ = 0x3f000;

static void zero_uop(bool first = true) {
    memset(&seg[0][UOPZ], 0, 8);
    if (first)
        seg[0][UOPZ + 6] = 1;
}
// INP: loads, copy to OUT, stores.
static void test_inp(Sim &s) {
    what = "inp";
    Prog p;
    zero_uop();
    p.v.push_back(ld(TSR_BUF_UOP, 0, UOPZ, 0, 8));
    int rounds = rr(1, 3);
    for (int q = 0; q < rounds; q++) {
        int n = rr(1, 12);
        for (int k = 0; k < n; k++)
            p.v.push_back(rload(0));
        p.v.back().signal = A;
        size_t first = p.v.size() - n;
        if (q)
            p.v[first].wait |= A;
        uint32_t ne = mn(tsr_inp_entries(&cfg), tsr_out_entries(&cfg)), c1 = 4, c0 = ne / 4;
        tsr_insn a = alu(TSR_ALU_MOV, TSR_SRC_INP, TSR_DST_OUT, c0, c1);
        a.wait = L | (q ? S : 0);
        a.signal = S | (q + 1 < rounds ? L : 0);
        a.alu.dst0 = a.alu.src0 = 4;
        a.alu.dst1 = a.alu.src1 = 1;
        p.v.push_back(a);
        int m = rr(1, 10);
        for (int k = 0; k < m; k++)
            p.v.push_back(rstore());
        p.v[p.v.size() - m].wait = A;
        if (q + 1 == rounds)
            store_all(p, 0, 0x10);
        if (q + 1 < rounds)
            p.v.back().signal = A;
    }
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    both(s, INSN, p.v.size());
}
// WGT with diag: one-hot inputs, GEMM, MOV to OUT.
static void test_wgt(Sim &s) {
    what = "wgt";
    Prog p;
    zero_uop();
    p.v.push_back(ld(TSR_BUF_UOP, 0, UOPZ, 0, 8));
    uint32_t K = cfg.block_in, ONE = 0x30000;
    for (uint32_t i = 0; i < K; i++)
        for (uint32_t j = 0; j < K; j++)
            seg[0][ONE + i * K + j] = i == j;
    for (uint32_t b = 0; b < cfg.batch; b++)
        p.v.push_back(ld(0, 0, ONE, 0, K * K, b));
    int n = rr(1, 10);
    for (int k = 0; k < n; k++)
        p.v.push_back(rload(1));
    p.v.back().signal = G;
    uint32_t ne = mn(mn(tsr_acc_entries(&cfg), tsr_out_entries(&cfg)) / K, tsr_wgt_entries(&cfg));
    uint32_t off = 0;
    uint32_t groups = mn(tsr_wgt_entries(&cfg) / ne, 3), g0 = rr(0, tsr_wgt_entries(&cfg) / ne - groups);
    for (uint32_t g = 0; g < groups; g++) {
        memset(&seg[0][UOPZ + 8 * (g + 1)], 0, 8);
        uint32_t w = (g0 + g) * ne;
        memcpy(&seg[0][UOPZ + 8 * (g + 1) + 4], &w, 2);
        seg[0][UOPZ + 8 * (g + 1) + 6] = 1;
        tsr_insn x = I(TSR_OP_GEMM);
        x.wait = g ? A : L;
        x.signal = A;
        x.gemm.overwrite = 1;
        x.gemm.uop_begin = g + 1;
        x.gemm.uop_count = 1;
        x.gemm.count0 = ne;
        x.gemm.count1 = K;
        x.gemm.acc0 = K;
        x.gemm.acc1 = 1;
        x.gemm.inp1 = 1;
        x.gemm.wgt0 = 1;
        p.v.push_back(x);
        tsr_insn a = alu(TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, ne, K);
        a.wait = G | (g ? S : 0);
        a.signal = S | (g + 1 < groups ? G : 0);
        a.alu.dst0 = a.alu.src0 = K;
        a.alu.dst1 = a.alu.src1 = 1;
        p.v.push_back(a);
        off = store_all(p, A, off % 4096);
        if (g + 1 < groups)
            p.v.back().signal = A;
        off += 8;
    }
    p.v[0].load.run = 8;
    p.v[0].load.x_count = groups + 1;
    p.v[0].load.x_stride = p.v[0].load.sram_x_stride = 8;
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    both(s, INSN, p.v.size());
}
// PAR: acc from a random GEMM, rescale with every parameter entry.
static void test_par(Sim &s) {
    what = "par";
    Prog p;
    zero_uop();
    p.v.push_back(ld(TSR_BUF_UOP, 0, UOPZ, 0, 8));
    for (uint32_t b = 0; b < cfg.batch; b++)
        p.v.push_back(ld(0, 1, rr(0, 9999), 0, cfg.block_in * 2, b));
    p.v.push_back(ld(1, 0, 77, 0, entry(1)));
    uint32_t np = tsr_par_entries(&cfg);
    tsr_insn z = ld(3, 0, 0x20000, 0, entry(3));
    for (uint32_t i = 0; i < np; i++)
        for (uint32_t o = 0; o < cfg.block_out; o++) {
            uint8_t *e = &seg[0][0x20000 + (i * cfg.block_out + o) * 12];
            e[8] &= 31;
            e[9] &= 31;
        }
    int n = rr(1, 6);
    for (int k = 0; k < n; k++) {
        tsr_insn l = rload(3);
        l.load.segment = 0;
        uint32_t e = entry(3);
        l.load.dram_offset = 0x20000;
        l.load.x_stride = l.load.x_stride / e * e;
        l.load.y_stride = l.load.y_stride / e * e;
        if (ok(l)) {
            uint64_t end = (uint64_t)(l.load.y_count - 1) * l.load.y_stride +
                           (uint64_t)(l.load.x_count - 1) * l.load.x_stride + l.load.run;
            if (end <= np * e)
                p.v.push_back(l);
        }
    }
    p.v.push_back(z);
    p.v.back().signal = G;
    uint32_t ne = mn(mn(tsr_acc_entries(&cfg), tsr_out_entries(&cfg)), np);
    tsr_insn x = I(TSR_OP_GEMM);
    x.wait = L;
    x.signal = A;
    x.gemm.uop_count = 1;
    x.gemm.count0 = ne;
    x.gemm.count1 = 1;
    x.gemm.acc0 = 1;
    p.v.push_back(x);
    tsr_insn a = alu(TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, ne, 1);
    a.alu.rescale = 1;
    a.wait = G;
    a.signal = S;
    a.alu.dst0 = a.alu.src0 = 1;
    a.alu.par0 = 1;
    a.alu.imm = 3;
    p.v.push_back(a);
    store_all(p, A, 5);
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    both(s, INSN, p.v.size());
}
// Random dispatch faults: a valid program with one instruction damaged at random.
static void test_faults(Sim &s) {
    what = "fault";
    Prog p;
    zero_uop();
    p.v.push_back(ld(TSR_BUF_UOP, 0, UOPZ, 0, 8));
    int n = rr(2, 30);
    tsr_tokens tk;
    memset(&tk, 0, sizeof tk);
    for (int k = 0; k < n; k++) {
        tsr_insn i;
        switch (rr(0, 3)) {
        case 0:
            i = rload(rr(0, 1));
            break;
        case 1:
            i = rstore();
            break;
        case 2:
            i = alu(rr(0, 7), rr(0, 2), 0, rr(1, 3), rr(1, 3));
            break;
        default:
            i = I(TSR_OP_GEMM);
            i.gemm.uop_count = 1;
            i.gemm.count0 = rr(1, 9);
            i.gemm.count1 = 1;
        }
        int u = tsr_insn_unit(i.opcode);
        i.wait = 0;
        i.signal = rnd() & 15 & ~(1 << u);
        for (int q = 0; q < 4; q++)
            if (q != u && tk.count[q][u] && rr(0, 1))
                i.wait |= 1 << q;
        tsr_tokens_step(&tk, &i);
        p.v.push_back(i);
    }
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    uint32_t cnt = p.v.size();
    int damage = rr(0, 5);
    if (damage < 4) {
        int flips = rr(1, 3);
        uint32_t at = rr(0, cnt - 1);
        for (int k = 0; k < flips; k++) {
            uint32_t bit = rr(0, 3) ? rnd() % 256 : rnd() % 32;
            seg[0][INSN + 32 * at + bit / 8] ^= 1 << bit % 8;
        }
    } else if (damage == 4)
        cnt -= rr(1, cnt);
    uint32_t off = INSN;
    if (rr(0, 20) == 0)
        off += 8;
    if (rr(0, 20) == 0)
        cnt = SEGSIZE[0] / 32;
    // Damage may make a legal instruction that runs for minutes.
    for (uint32_t k = 0; k < p.v.size(); k++) {
        tsr_insn d;
        tsr_insn_decode(&seg[0][INSN + 32 * k], &d);
        uint64_t work = 0;
        if (d.opcode == TSR_OP_LOAD)
            work = (uint64_t)(d.load.run + BUS_BYTES) / BUS_BYTES * (d.load.x_count + d.load.x_before + d.load.x_after) *
                   (d.load.y_count + d.load.y_before + d.load.y_after);
        else if (d.opcode == TSR_OP_STORE)
            work = (uint64_t)(d.store.run + BUS_BYTES) / BUS_BYTES * d.store.x_count * d.store.y_count;
        else if (d.opcode == TSR_OP_GEMM)
            work = (uint64_t)d.gemm.uop_count * d.gemm.count0 * d.gemm.count1;
        else if (d.opcode == TSR_OP_ALU)
            work = (uint64_t)d.alu.uop_count * d.alu.count0 * d.alu.count1 * 10;
        if (work > 500000)
            return;
    }
    // A flip may leave a legal program of which the model is a judge too, but units may race: compare faults only.
    both(s, off, cnt, false);
}
static void test_overflow(Sim &s) {
    what = "overflow";
    Prog p;
    int n = rr(250, 260);
    zero_uop();
    for (int k = 0; k < n; k++) {
        tsr_insn i = ld(0, 1, rr(0, 99), rr(0, 9), 3);
        i.signal = G;
        p.v.push_back(i);
        if (k == 0) {
            p.v.back() = ld(2, 0, UOPZ, 0, 8);
            p.v.back().signal = G;
        }
    }
    int m = rr(0, 3) * 40;
    for (int k = 0; k < m; k++) {
        tsr_insn x = I(TSR_OP_GEMM);
        x.wait = L;
        x.gemm.uop_count = 1;
        x.gemm.count0 = 50;
        x.gemm.count1 = 1;
        p.v.push_back(x);
        tsr_insn i = ld(0, 1, 0, 0, 1);
        i.signal = G;
        p.v.push_back(i);
    }
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    both(s, INSN, p.v.size(), false);
}
// Bus errors: of a load, a store, an instruction.
static void test_bus(Sim &s) {
    what = "bus";
    Prog p;
    zero_uop();
    p.v.push_back(ld(2, 0, UOPZ, 0, 8));
    int n = rr(3, 20);
    int kind = rr(0, 2);
    for (int k = 0; k < n; k++) {
        tsr_insn i = ld(0, 1, 0x1000 + rr(0, 3000), rr(0, 99), rr(1, 200));
        p.v.push_back(i);
        tsr_insn o = st(2, 0x1000 + rr(0, 3000), 0, rr(1, 200));
        p.v.push_back(o);
    }
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    uint32_t expect = 0, at = 0;
    uint32_t victim = rr(1, p.v.size() - 2);
    if (kind == 0) {
        while (p.v[victim].opcode != TSR_OP_LOAD)
            victim = rr(1, p.v.size() - 2);
        tsr_insn &v = p.v[victim];
        v.load.dram_offset = 0x8000 + rr(0, 100);
        put(p, INSN);
        tsr_memory_inject_error(s.m, TSR_SIM_READ, base[1] + v.load.dram_offset, 1);
        expect = TSR_FAULT_BUS_READ;
        at = victim;
    } else if (kind == 1) {
        while (p.v[victim].opcode != TSR_OP_STORE)
            victim = rr(1, p.v.size() - 2);
        tsr_insn &v = p.v[victim];
        v.store.dram_offset = 0x8000 + rr(0, 100);
        put(p, INSN);
        tsr_memory_inject_error(s.m, TSR_SIM_WRITE, base[2] + v.store.dram_offset, 1);
        expect = TSR_FAULT_BUS_WRITE | 3 << 8;
        at = victim;
    } else {
        uint64_t a = base[0] + INSN + 32 * victim;
        tsr_memory_inject_error(s.m, TSR_SIM_READ, a + rr(0, 31), 1);
        expect = TSR_FAULT_BUS_READ | 4 << 8;
        at = victim;
    }
    Result r = go(s, INSN, p.v.size());
    tsr_memory_inject_error(s.m, 3, 0, 0);
    bool fetched = kind == 2 && r.fault == expect && r.index <= at &&
                   at - r.index <= (BUS_BYTES + 31) / 32 + 1; // the whole bus word fails
    if (r.fault != expect || (r.index != at && !fetched))
        FAIL("kind %d: %x at %u, expected %x at %u", kind, r.fault, r.index, expect, at);
}
// Soft reset in the middle of a run, then a good run.
static void test_soft(Sim &s) {
    what = "soft";
    Prog p;
    zero_uop();
    p.v.push_back(ld(2, 0, UOPZ, 0, 8));
    for (int k = 0; k < 30; k++) {
        p.v.push_back(rload(0));
        p.v.push_back(rstore());
        tsr_insn x = I(TSR_OP_GEMM);
        x.gemm.uop_count = 1;
        x.gemm.count0 = 50;
        x.gemm.count1 = 1;
        p.v.push_back(x);
    }
    p.v.push_back(I(TSR_OP_FINISH));
    put(p, INSN);
    s.wr(TSR_REG_INSN_OFFSET, INSN);
    s.wr(TSR_REG_INSN_COUNT, p.v.size());
    s.wr(0, 1);
    int n = rr(0, 3000);
    for (int i = 0; i < n; i++)
        s.clk();
    s.wr(TSR_REG_SOFT_RESET, 1);
    bool late = rr(0, 1);
    if (late)
        s.wr(0, 1);
    int k = 0;
    while (s.rd(TSR_REG_SOFT_RESET) && k++ < 100000)
        ;
    if (k >= 100000) {
        FAIL("soft reset hangs");
        exit(1);
    }
    s.check();
    if (tsr_memory_reads_in_flight(s.m) && !late)
        FAIL("reads in flight after soft reset");
    if (late) {
        Result r = wait_done(s);
        if (r.fault)
            FAIL("run after soft reset: fault %x", r.fault);
    } else {
        if (s.t->interrupt_o) {
            s.wr(TSR_REG_ISR, 1);
            s.rd(0);
        }
        uint32_t c = s.rd(0);
        if (!(c & 4) || (c & 1))
            FAIL("ctrl %x after soft reset", c);
    }
}
static void perf(uint32_t latency) {
    tsr_sim_memory o;
    memset(&o, 0, sizeof o);
    o.latency = latency;
    o.outstanding = 16;
    Sim s(o);
    setup(s);
    auto util = [&](const char *n, Prog &p, uint64_t bytes) {
        p.v.push_back(I(TSR_OP_FINISH));
        put(p, INSN);
        Result r = go(s, INSN, p.v.size());
        printf("  lat %3u %-34s %7lu cycles, %6.2f B/cycle (bus %d), gemm uops %lu busy %lu\n", latency, n,
               (unsigned long)r.cycles, (double)bytes / r.cycles, BUS_BYTES, (unsigned long)s.cnt(4),
               (unsigned long)s.cnt(16));
        if (r.fault)
            FAIL("perf fault %x %u", r.fault, r.index);
    };
    uint32_t plane = tsr_inp_plane_bytes(&cfg), op = tsr_out_plane_bytes(&cfg);
    {
        Prog p;
        for (int k = 0; k < 8; k++) {
            tsr_insn i = ld(0, 1, 64 * k, 0, 64);
            i.load.x_count = plane / 64;
            i.load.x_stride = 64;
            i.load.sram_x_stride = 64;
            p.v.push_back(i);
        }
        util("load contiguous, 8 instructions", p, 8ull * plane);
    }
    {
        Prog p;
        for (int k = 0; k < 8; k++) {
            tsr_insn i = ld(0, 1, 64 * k + 3, 0, 64);
            i.load.x_count = plane / 64;
            i.load.x_stride = 64;
            i.load.sram_x_stride = 64;
            p.v.push_back(i);
        }
        util("load contiguous, unaligned", p, 8ull * plane);
    }
    {
        Prog p;
        for (int k = 0; k < 8; k++) {
            tsr_insn i = ld(0, 1, 64 * k, 0, 64);
            i.load.x_count = plane / 64;
            i.load.x_stride = 192;
            i.load.sram_x_stride = 64;
            p.v.push_back(i);
        }
        util("load 64-byte runs apart", p, 8ull * plane);
    }
    {
        Prog p;
        for (int k = 0; k < 8; k++) {
            tsr_insn i = ld(0, 1, 64 * k, 0, 16);
            i.load.x_count = plane / 16;
            i.load.x_stride = 48;
            i.load.sram_x_stride = 16;
            p.v.push_back(i);
        }
        util("load 16-byte runs apart", p, 8ull * plane);
    }
    {
        Prog p;
        for (int k = 0; k < 100; k++)
            p.v.push_back(ld(0, 1, 128 * k, (64 * k) % plane, 64));
        util("100 loads of 64 bytes", p, 6400);
    }
    {
        Prog p;
        for (int k = 0; k < 100; k++)
            p.v.push_back(ld(0, 1, 128 * k, (8 * k) % plane, 8));
        util("100 loads of 8 bytes (dispatch)", p, 800);
    }
    {
        Prog p;
        for (int k = 0; k < 8; k++) {
            tsr_insn i = st(2, 64 * k, 0, 64);
            i.store.x_count = op / 64;
            i.store.x_stride = 64;
            i.store.sram_x_stride = 64;
            p.v.push_back(i);
        }
        util("store contiguous, 8 instructions", p, 8ull * op);
    }
    {
        Prog p;
        for (int k = 0; k < 8; k++) {
            tsr_insn i = st(2, 64 * k, 0, 64);
            i.store.x_count = op / 64;
            i.store.x_stride = 128;
            i.store.sram_x_stride = 64;
            p.v.push_back(i);
        }
        util("store 64-byte runs apart", p, 8ull * op);
    }
    {
        Prog p;
        for (int k = 0; k < 100; k++)
            p.v.push_back(st(2, 128 * k, 0, 64));
        util("100 stores of 64 bytes", p, 6400);
    }
    {
        Prog p;
        zero_uop();
        p.v.push_back(ld(2, 0, UOPZ, 0, 8));
        p.v.back().signal = G;
        for (int k = 0; k < 50; k++) {
            tsr_insn x = I(TSR_OP_GEMM);
            if (!k)
                x.wait = L;
            x.gemm.uop_count = 1;
            x.gemm.count0 = 10;
            x.gemm.count1 = 20;
            x.gemm.acc1 = 1;
            x.gemm.inp1 = 1;
            x.gemm.wgt1 = 1;
            p.v.push_back(x);
        }
        util("50 gemm of 200 uops", p, 0);
    }
    {
        Prog p;
        zero_uop();
        p.v.push_back(ld(2, 0, UOPZ, 0, 8));
        p.v.back().signal = G;
        for (int k = 0; k < 100; k++) {
            tsr_insn x = I(TSR_OP_GEMM);
            if (!k)
                x.wait = L;
            x.gemm.uop_count = 1;
            x.gemm.count0 = 4;
            x.gemm.count1 = 1;
            p.v.push_back(x);
        }
        util("100 gemm of 4 uops", p, 0);
    }
    { // A tile at a time, buffers in halves: load, 16 products an entry, requantise, store; all four units at once.
        Prog p;
        zero_uop();
        uint32_t half = mn(mn(tsr_inp_entries(&cfg), tsr_out_entries(&cfg)), mn(tsr_acc_entries(&cfg), 512)) / 2,
                 K = cfg.block_in, T = 12;
        for (uint32_t h = 0; h < 2; h++) {
            uint64_t u = (uint64_t)(h * half) * 0x100000001ull & 0xffffffff;
            u = (uint64_t)(h * half) | (uint64_t)(h * half) << 16;
            memcpy(&seg[0][UOPZ + 16 + 16 * h], &u, 8);
        }
        for (uint32_t h = 0; h < 2; h++) {
            uint64_t u = (uint64_t)(h * half) | (uint64_t)(h * half) << 16;
            memcpy(&seg[0][UOPZ + 8 + 8 * h], &u, 8);
        }
        p.v.push_back(ld(2, 0, UOPZ, 0, 24));
        p.v.push_back(ld(1, 0, 0, 0, entry(1) * 16 > 65535 ? entry(1) : entry(1) * 16));
        for (uint32_t t = 0; t < T; t++) {
            uint32_t h = t & 1;
            for (uint32_t b = 0; b < cfg.batch; b++) {
                tsr_insn i = ld(0, 1, (t * cfg.batch + b) * half * K, h * half * K, half * K, b);
                if (!b && t >= 2)
                    i.wait = G;
                if (b + 1 == cfg.batch)
                    i.signal = G;
                p.v.push_back(i);
            }
            tsr_insn x = I(TSR_OP_GEMM);
            x.wait = L | (t >= 2 ? A : 0);
            x.signal = A | (t + 2 < T ? L : 0);
            x.gemm.uop_begin = 1 + h;
            x.gemm.uop_count = 1;
            x.gemm.count0 = 16;
            x.gemm.count1 = half;
            x.gemm.wgt0 = entry(1) * 16 > 65535 ? 0 : 1;
            x.gemm.acc1 = x.gemm.inp1 = 1;
            p.v.push_back(x);
            tsr_insn a = alu(TSR_ALU_MOV, TSR_SRC_ACC, TSR_DST_OUT, half, 1);
            a.alu.rescale = 1;
            a.alu.uop_begin = 1 + h;
            a.alu.dst0 = a.alu.src0 = 1;
            a.wait = G | (t >= 2 ? S : 0);
            a.signal = S | (t + 2 < T ? G : 0);
            p.v.push_back(a);
            for (uint32_t b = 0; b < cfg.batch; b++) {
                tsr_insn o = st(2, ((t * cfg.batch + b) * half * K) % 65536, h * half * K, half * K, b);
                if (!b)
                    o.wait = A;
                if (b + 1 == cfg.batch && t + 2 < T)
                    o.signal = A;
                p.v.push_back(o);
            }
        }
        p.v.push_back(I(TSR_OP_FINISH));
        put(p, INSN);
        what = "tiles";
        Result r = both(s, INSN, p.v.size());
        printf("  lat %3u tiles: %lu cycles, gemm busy %lu = %.1f %%, stall token %lu memory %lu queue %lu bank %lu\n",
               latency, (unsigned long)r.cycles, (unsigned long)s.cnt(16), 100.0 * s.cnt(16) / r.cycles,
               (unsigned long)s.cnt(17), (unsigned long)s.cnt(18), (unsigned long)s.cnt(19), (unsigned long)s.cnt(20));
    }
    {
        Prog p;
        zero_uop();
        p.v.push_back(ld(2, 0, UOPZ, 0, 8));
        p.v.push_back(I(TSR_OP_FINISH));
        p.v.pop_back();
        util("one load of 8 bytes (run overhead)", p, 8);
    }
}
int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    uint64_t seed = argc > 2 ? atoll(argv[2]) : 1;
    if (tsr_config_load(CONFIG_PATH, &cfg).code) {
        puts("config");
        return 1;
    }
    tsr_model_options mo;
    memset(&mo, 0, sizeof mo);
    mo.check_races = true;
    tsr_model_create(&cfg, &mo, &model);
    if (rounds == 0) {
        perf(64);
        perf(20);
        return 0;
    }
    int failed = 0;
    for (int q = 0; q < rounds; q++) {
        rs = seed + q + 0x9e3779b97f4a7c15ull * (seed + q);
        for (int i = 0; i < 10; i++)
            rnd();
        tsr_sim_memory o;
        memset(&o, 0, sizeof o);
        o.latency = rr(1, 100);
        if (rr(0, 1))
            o.random_latency = rr(1, 60);
        if (rr(0, 1))
            o.random_stall = rr(1, 200);
        if (rr(0, 2) == 0)
            o.outstanding = rr(1, 16);
        o.seed = rnd();
        Sim s(o);
        setup(s);
        if (s.rd(TSR_REG_MAGIC) != 0x54455352 || s.rd(TSR_REG_CONFIG_ID_LO) != (uint32_t)tsr_config_id(&cfg))
            FAIL("id");
        int k = rr(3, 8);
        int fb = failures;
        for (int i = 0; i < k; i++) {
            int w = rr(0, 9);
            if (getenv("ONLY"))
                w = atoi(getenv("ONLY"));
            uint64_t c0 = s.cycle;
            switch (w) {
            case 0:
            case 1:
            case 2:
                test_inp(s);
                break;
            case 3:
            case 4:
                test_wgt(s);
                break;
            case 5:
                test_par(s);
                break;
            case 6:
            case 7:
                test_faults(s);
                break;
            case 8:
                if (rr(0, 1))
                    test_bus(s);
                else
                    test_overflow(s);
                break;
            default:
                test_soft(s);
            }
            if (getenv("V"))
                printf("%d.%d %s %lu\n", q, i, what, (unsigned long)(s.cycle - c0));
            if (failures > fb) {
                printf("  at seed %lu step %d\n", (unsigned long)seed + q, i);
                failed++;
                break;
            }
        }
    }
    printf("%s: %d rounds, %d runs compared\n", CONFIG_NAME, rounds, compared);
    printf("%d passed, %d failed, 0 skipped\n", rounds - failed, failed);
    return failures != 0;
}
