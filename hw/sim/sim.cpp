// SPDX-License-Identifier: Apache-2.0
// C++ because Verilator's models are C++; everything that need not know the model is in memory.c and report.c.
#include <sys/stat.h>

#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <string>

#include "Vtessera.h"
#include "Vtessera___024root.h"
#include "memory.h"
#include "report.h"
#include "tsr/sim.h"
#include "verilated.h"
#include "verilated_fst_c.h"

#ifndef TSR_SIM_VARIANT
#define TSR_SIM_VARIANT ""
#endif
#ifndef TSR_SIM_CHECKED // the build with assertions
#define TSR_SIM_CHECKED 0
#endif

bool tsr_sim_edge(Vtessera___024root *root); // edge.h

enum { REGISTER_PATIENCE = 1000, RESET_CYCLES = 8, SIZE_CHECK_CYCLES = 1024 };

struct tsr_sim {
    // Order matters: the model must go before its context.
    std::unique_ptr<VerilatedContext> context;
    std::unique_ptr<Vtessera> top;
    tsr_memory *memory = nullptr;
    const tsr_axi_response *response = nullptr;
    uint64_t cycle = 0;
    bool input_reaches_output = false;
    std::string assertion; // the first that failed

    tsr_sim_on_insn *on_insn = nullptr;
    void *on_insn_context = nullptr;
    std::deque<tsr_sim_insn> taken[TSR_SIM_UNITS]; // in a unit, not yet done

    std::unique_ptr<VerilatedFstC> trace;
    std::string trace_path;
    uint64_t trace_start = 0, trace_stop = 0, trace_bytes = 0;

    ~tsr_sim() {
        if (trace)
            trace->close();
        if (top)
            top->final();
        tsr_memory_destroy(memory);
    }
};

namespace {

// A signal of the core, in functions with the model's root in `r`.
#define CORE(signal) r->top__DOT__tessera__DOT__##signal

constexpr uint32_t bus_bytes = sizeof(Vtessera::m_axi_rdata);

// Whether what the memory and the reset pin drive reaches the core through registers (top.sv). No output of the core's bus port
// depends on an input within the cycle; the build `asserts`, without them, checks that.
constexpr bool registered = !TSR_SIM_CHECKED && !TSR_SIM_NETLIST;

inline void drive_memory(tsr_sim *sim) {
    Vtessera___024root *top = sim->top->rootp;
    const tsr_axi_response *r = sim->response;
    top->m_axi_arready = r->ar_ready;
    top->m_axi_rvalid = r->r_valid;
    if (r->r_valid) {
        top->m_axi_rlast = r->r_last;
        top->m_axi_rresp = r->r_resp;
        memcpy(&top->m_axi_rdata, r->r_data, bus_bytes);
    }
    top->m_axi_awready = r->aw_ready;
    top->m_axi_wready = r->w_ready;
    top->m_axi_bvalid = r->b_valid;
    top->m_axi_bresp = r->b_resp;
}

// Ports are read and driven in the model itself: its wrapper has references to them only.
inline tsr_axi_request sample_core(const tsr_sim *sim) {
    const Vtessera___024root *top = sim->top->rootp;
    tsr_axi_request q;
    q.ar_valid = top->m_axi_arvalid;
    q.aw_valid = top->m_axi_awvalid;
    q.w_valid = top->m_axi_wvalid;
    q.r_ready = top->m_axi_rready;
    q.b_ready = top->m_axi_bready;
    if (q.ar_valid) {
        q.ar_addr = top->m_axi_araddr;
        q.ar_len = top->m_axi_arlen;
        q.ar_size = top->m_axi_arsize;
        q.ar_burst = top->m_axi_arburst;
    }
    if (q.aw_valid) {
        q.aw_addr = top->m_axi_awaddr;
        q.aw_len = top->m_axi_awlen;
        q.aw_size = top->m_axi_awsize;
        q.aw_burst = top->m_axi_awburst;
    }
    if (q.w_valid) {
        q.w_data = reinterpret_cast<const uint8_t *>(&top->m_axi_wdata);
        q.w_strb = top->m_axi_wstrb;
        q.w_last = top->m_axi_wlast;
    }
    return q;
}

void close_trace(tsr_sim *sim) {
    if (!sim->trace)
        return;
    sim->trace->close();
    sim->trace.reset();
}

bool in_trace(const tsr_sim *sim) { return sim->trace && sim->cycle >= sim->trace_start; }

void dump(tsr_sim *sim) {
    if (!in_trace(sim))
        return;
    sim->trace->dump(2 * sim->cycle + (sim->top->clk_i != 0));
}

void bound_trace(tsr_sim *sim) {
    if (!sim->trace)
        return;
    struct stat file;
    if (sim->cycle >= sim->trace_stop) {
        close_trace(sim);
    } else if (sim->trace_bytes != 0 && sim->cycle % SIZE_CHECK_CYCLES == 0 && in_trace(sim)) {
        sim->trace->flush();
        if (stat(sim->trace_path.c_str(), &file) == 0 && static_cast<uint64_t>(file.st_size) >= sim->trace_bytes)
            close_trace(sim);
    }
}

void take(tsr_sim *sim, int unit, bool go, bool ready, const uint32_t *item) {
    if (!go || !ready)
        return;
    tsr_sim_insn insn = {};
    insn.index = item[8];
    insn.unit = static_cast<uint32_t>(unit);
    insn.begin = sim->cycle;
    sim->taken[unit].push_back(insn);
}

// The counters of a unit. Synthesis drops those that are always 0, so netlists have other names and give none.
#if TSR_SIM_NETLIST
#define READ_COUNTERS(root, unit, to) ((void)(root))
#else
#define UNIT_COUNTER(root, unit, name)                                                                                           \
    (root)->top__DOT__tessera__DOT__u_counters__DOT__g_unit__BRA__##unit##__KET____DOT__u_counters__DOT__##name
#define READ_COUNTERS(root, unit, to)                                                                                            \
    do {                                                                                                                         \
        (to)->busy = UNIT_COUNTER(root, unit, busy_q);                                                                           \
        (to)->stall_token = UNIT_COUNTER(root, unit, token_q);                                                                   \
        (to)->stall_memory = UNIT_COUNTER(root, unit, memory_q);                                                                 \
        (to)->stall_queue = UNIT_COUNTER(root, unit, queue_q);                                                                   \
        (to)->stall_bank = UNIT_COUNTER(root, unit, bank_q);                                                                     \
    } while (0)
#endif

void finish(tsr_sim *sim, int unit) {
    const Vtessera___024root *r = sim->top->rootp;
    if (sim->taken[unit].empty()) // taken before anybody asked
        return;
    tsr_sim_insn insn = sim->taken[unit].front();
    sim->taken[unit].pop_front();
    insn.end = sim->cycle;
    switch (unit) {
    case 0: READ_COUNTERS(r, 0, &insn); break;
    case 1: READ_COUNTERS(r, 1, &insn); break;
    case 2: READ_COUNTERS(r, 2, &insn); break;
    default: READ_COUNTERS(r, 3, &insn); break;
    }
    sim->on_insn(sim->on_insn_context, &insn);
}

// Before a clock edge: what the units take and complete in it.
void watch_insns(tsr_sim *sim) {
    const Vtessera___024root *r = sim->top->rootp;
    if (!CORE(running)) { // a run that ended with a fault leaves some behind
        for (auto &unit : sim->taken)
            unit.clear();
        return;
    }
    const uint32_t done = CORE(unit_done);
    for (int u = 0; done != 0 && u < TSR_SIM_UNITS; u++)
        if (done >> u & 1)
            finish(sim, u);
    take(sim, 0, CORE(ahead_go), CORE(ahead_ready), &CORE(ahead_item)[0]);
    take(sim, 1, CORE(gemm_go), CORE(gemm_ready), &CORE(gemm_item)[0]);
    take(sim, 2, CORE(alu_go), CORE(alu_ready), &CORE(alu_item)[0]);
    take(sim, 3, CORE(store_go), CORE(store_ready), &CORE(store_item)[0]);
}

void settle(tsr_sim *sim) {
    sim->top->clk_i = 0;
    sim->top->eval();
}

bool same(const tsr_axi_request &a, const tsr_axi_request &b) {
    return a.ar_valid == b.ar_valid && a.aw_valid == b.aw_valid && a.w_valid == b.w_valid && a.r_ready == b.r_ready &&
           a.b_ready == b.b_ready && (!a.ar_valid || (a.ar_addr == b.ar_addr && a.ar_len == b.ar_len)) &&
           (!a.aw_valid || (a.aw_addr == b.aw_addr && a.aw_len == b.aw_len)) &&
           (!a.w_valid || (a.w_strb == b.w_strb && a.w_last == b.w_last));
}

#if TSR_SIM_CHECKED
// A failed assertion of the build with assertions: its message as the model gave it, in Verilator's form.
thread_local const char *said, *failed;

void note_assertion(tsr_sim *sim) {
    if (failed != nullptr && sim->assertion.empty()) {
        const char *name = strstr(failed, "tessera"), *end = name != nullptr ? strchr(name, ':') : nullptr;
        sim->assertion = "cycle " + std::to_string(sim->cycle) + ": " +
                         (end != nullptr ? std::string(name, static_cast<size_t>(end - name)) : std::string(failed)) +
                         " is violated";
    }
    failed = nullptr;
}
#else
void note_assertion(tsr_sim *) {}
#endif

// One clock cycle, every step of it: for waveforms, the control port and the build `asserts`.
void clock_slowly(tsr_sim *sim) {
    Vtessera *top = sim->top.get();
    tsr_axi_request before = sample_core(sim);
    if (!registered)
        drive_memory(sim);
    settle(sim);
    tsr_axi_request request = sample_core(sim);
    if (!same(before, request))
        sim->input_reaches_output = true;
    if (sim->trace)
        dump(sim);
    if (sim->on_insn)
        watch_insns(sim);
    tsr_memory_tick(sim->memory, &request);
    if (registered)
        drive_memory(sim);
    top->clk_i = 1;
    top->eval();
    note_assertion(sim);
    if (sim->trace)
        dump(sim);
    sim->cycle++;
    bound_trace(sim);
}

// The same in one evaluation.
inline void clock(tsr_sim *sim) {
    if (!registered || __builtin_expect(sim->trace != nullptr, 0)) {
        clock_slowly(sim);
        return;
    }
    tsr_axi_request request = sample_core(sim);
    if (__builtin_expect(sim->on_insn != nullptr, 0))
        watch_insns(sim);
    tsr_memory_tick(sim->memory, &request);
    drive_memory(sim);
    if (!tsr_sim_edge(sim->top->rootp)) {
        settle(sim);
        sim->top->clk_i = 1;
        sim->top->eval();
    }
    sim->cycle++;
}

void reset(tsr_sim *sim) {
    Vtessera *top = sim->top.get();
    tsr_memory_reset(sim->memory);
    for (int i = 0; i < RESET_CYCLES; i++) {
        top->rst_ni = i + registered == RESET_CYCLES; // a cycle ahead of what the core sees
        clock_slowly(sim);
        tsr_memory_reset(sim->memory);
    }
    top->rst_ni = 1;
    clock_slowly(sim);
    sim->input_reaches_output = false; // the reset pin may do so
    sim->assertion.clear();
}

bool write_register(tsr_sim *sim, uint32_t offset, uint32_t value) {
    Vtessera *top = sim->top.get();
    top->s_axi_awaddr = offset;
    top->s_axi_wdata = value;
    top->s_axi_wstrb = 0xf;
    top->s_axi_awvalid = 1;
    top->s_axi_wvalid = 1;
    top->s_axi_bready = 1;
    bool answered = false;
    int resp = 0;
    for (int i = 0; i < REGISTER_PATIENCE && !answered; i++) {
        // The handshakes of this cycle are the settled values before the clock edge.
        settle(sim);
        bool aw = top->s_axi_awvalid && top->s_axi_awready, w = top->s_axi_wvalid && top->s_axi_wready;
        answered = top->s_axi_bvalid;
        resp = top->s_axi_bresp;
        clock_slowly(sim);
        if (aw)
            top->s_axi_awvalid = 0;
        if (w)
            top->s_axi_wvalid = 0;
    }
    top->s_axi_awvalid = top->s_axi_wvalid = top->s_axi_bready = 0;
    return answered && resp == TSR_AXI_OKAY;
}

bool read_register(tsr_sim *sim, uint32_t offset, uint32_t *out_value) {
    Vtessera *top = sim->top.get();
    *out_value = 0;
    top->s_axi_araddr = offset;
    top->s_axi_arvalid = 1;
    top->s_axi_rready = 1;
    bool answered = false;
    int resp = 0;
    for (int i = 0; i < REGISTER_PATIENCE && !answered; i++) {
        settle(sim);
        bool ar = top->s_axi_arvalid && top->s_axi_arready;
        answered = top->s_axi_rvalid;
        resp = top->s_axi_rresp;
        *out_value = top->s_axi_rdata;
        clock_slowly(sim);
        if (ar)
            top->s_axi_arvalid = 0;
    }
    top->s_axi_arvalid = top->s_axi_rready = 0;
    return answered && resp == TSR_AXI_OKAY;
}

void destroy(tsr_sim *sim) {
    // Scopes leave the thread's context, which may be that of another simulator, gone already.
    Verilated::threadContextp(sim->context.get());
    delete sim;
}

tsr_sim *create(const tsr_sim_memory *options) try {
    std::unique_ptr<tsr_sim> sim(new tsr_sim);
    sim->memory = tsr_memory_create(options, bus_bytes);
    if (sim->memory == nullptr)
        return nullptr;
    sim->response = tsr_memory_response(sim->memory);
    sim->context.reset(new VerilatedContext);
    sim->context->traceEverOn(true);
    sim->top.reset(new Vtessera(sim->context.get(), "tessera"));
    reset(sim.get());
    return sim.release();
} catch (const std::bad_alloc &) {
    return nullptr;
}

bool attach(tsr_sim *sim, uint64_t base, void *host, uint64_t size) { return tsr_memory_attach(sim->memory, base, host, size); }
bool detach(tsr_sim *sim, uint64_t base) { return tsr_memory_detach(sim->memory, base); }
void inject_error(tsr_sim *sim, int directions, uint64_t base, uint64_t size) {
    tsr_memory_inject_error(sim->memory, directions, base, size);
}

tsr_sim_reason run(tsr_sim *sim, uint64_t max_cycles) {
    for (uint64_t i = 0; i < max_cycles && !sim->top->interrupt_o; i++)
        clock(sim);
    return sim->top->interrupt_o ? TSR_SIM_INTERRUPT : TSR_SIM_CYCLES;
}

uint64_t cycle(const tsr_sim *sim) { return sim->cycle; }

void on_insn(tsr_sim *sim, tsr_sim_on_insn *callback, void *context) {
    sim->on_insn = callback;
    sim->on_insn_context = context;
    for (auto &unit : sim->taken)
        unit.clear();
}

bool trace_open(tsr_sim *sim, const char *path, uint64_t start, uint64_t stop, uint64_t max_bytes) {
    if (sim->trace || stop <= start || stop <= sim->cycle)
        return false;
    // Verilator's writer does not say when the file cannot be made, so find out first.
    FILE *file = fopen(path, "wb");
    if (file == nullptr)
        return false;
    fclose(file);
    sim->trace.reset(new VerilatedFstC);
    sim->top->trace(sim->trace.get(), 99);
    sim->trace->open(path);
    sim->trace_path = path;
    sim->trace_start = start;
    sim->trace_stop = stop;
    sim->trace_bytes = max_bytes;
    return true;
}

void trace_close(tsr_sim *sim) { close_trace(sim); }

const char *protocol_error(const tsr_sim *sim) {
    if (TSR_SIM_CHECKED && sim->input_reaches_output)
        return "an output of the bus port depends on an input in the same cycle";
    if (!sim->assertion.empty())
        return sim->assertion.c_str();
    return tsr_memory_protocol_error(sim->memory);
}

// An item in front of a unit: the instruction in the low 256 bits, its index above.
tsr_sim_unit_view view_unit(const tsr_sim *sim, int unit, bool valid, const uint32_t *item, uint32_t present) {
    const Vtessera___024root *r = sim->top->rootp;
    tsr_sim_unit_view view = {};
    view.active = CORE(unit_active) >> unit & 1;
    view.stall_token = CORE(unit_token) >> unit & 1;
    view.stall_bank = CORE(unit_bank) >> unit & 1;
    view.has_insn = valid;
    view.insn_index = item[8];
    view.wait = item[0] >> 8 & 0xf;
    view.present = static_cast<uint8_t>(present);
    return view;
}

size_t report(tsr_sim *sim, char *text, size_t size) {
    const Vtessera___024root *r = sim->top->rootp;
    tsr_sim_view view = {};
    view.running = CORE(running);
    view.cycle = sim->cycle;
    // LOAD: what its data side is to write next, else what its address side is to read.
    bool back = CORE(back_valid);
    view.unit[0] =
        view_unit(sim, 0, back || CORE(ahead_valid), back ? &CORE(back_item)[0] : &CORE(ahead_item)[0], CORE(avail_load));
    view.unit[1] = view_unit(sim, 1, CORE(gemm_valid), &CORE(gemm_item)[0], CORE(avail_gemm));
    view.unit[2] = view_unit(sim, 2, CORE(alu_valid), &CORE(alu_item)[0], CORE(avail_alu));
    view.unit[3] = view_unit(sim, 3, CORE(store_valid), &CORE(store_item)[0], CORE(avail_store));
    view.reads_in_flight = tsr_memory_reads_in_flight(sim->memory);
    view.writes_in_flight = tsr_memory_writes_in_flight(sim->memory);
    return tsr_sim_describe(&view, text, size);
}

const tsr_sim_api api = {
    TSR_SIM_API_VERSION, TSR_SIM_CONFIG, TSR_SIM_VARIANT, bus_bytes,      TSR_SIM_AVX2 != 0, create, destroy, reset,
    write_register,      read_register,  attach,          detach,         inject_error,      run,    cycle,   on_insn,
    trace_open,          trace_close,    report,          protocol_error,
};

} // namespace

#if TSR_SIM_CHECKED
// In place of VL_WRITEF and VL_STOP_MT, which print to standard output and abort.
void tsr_sim_said(const char *format, ...) { said = format; }
void tsr_sim_stop(const char *, int, const char *, bool) { failed = failed != nullptr ? failed : said; }
#endif

extern "C" __attribute__((visibility("default"))) const tsr_sim_api *tsr_sim_get_api(void) { return &api; }
