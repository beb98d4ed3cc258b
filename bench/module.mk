# SPDX-License-Identifier: Apache-2.0
RESULTS       := build/results
COMMIT        := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
INC.bench     := $(INC_driver) -Iisa/include -I$(GEN)
BENCH_GEMM    := $(BUILD)/bin/bench-gemm
$(BENCH_GEMM): $(BUILD)/obj/bench/gemm.o $(BUILD)/obj/bench/gemm_isa.o $$(DRIVER_LIBS) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lm -o $@

BENCHES       += bench-gemm bench-sim
.PHONY: bench-gemm bench-sim
bench-gemm: $(BENCH_GEMM) $$(SIM)/libtessera_sim_pynq.so ## utilisation of a 512x512x512 GEMM, loads and stores included (gemm.csv)
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/gemm.csv
	@$(BENCH_GEMM) -o $(RESULTS) -r $(COMMIT)
bench-sim: $(BENCH_GEMM) $$(SIMS) ## simulated cycles a second of every configuration (sim_speed.csv)
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/sim_speed.csv
	@$(BENCH_GEMM) -s -o $(RESULTS) -r $(COMMIT) -c pynq
	@$(BENCH_GEMM) -s -o $(RESULTS) -r $(COMMIT) -c wide
	@$(BENCH_GEMM) -s -o $(RESULTS) -r $(COMMIT) -c batch4
	@$(BENCH_GEMM) -s -o $(RESULTS) -r $(COMMIT) -c tiny -m 4096 -n 32 -k 32
