# SPDX-License-Identifier: Apache-2.0
RESULTS       := build/results
COMMIT        := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
INC.bench     := $(INC_driver) -Iisa/include -I$(GEN)
BENCH_GEMM    := $(BUILD)/bin/bench-gemm
$(BENCH_GEMM): $(BUILD)/obj/bench/gemm.o $(BUILD)/obj/bench/gemm_isa.o $$(DRIVER_LIBS) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lm -o $@

BENCHES       += bench-gemm
.PHONY: bench-gemm
bench-gemm: $(BENCH_GEMM) $$(SIM)/libtessera_sim_pynq.so ## utilisation of a 512x512x512 GEMM, loads and stores included (gemm.csv)
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/gemm.csv
	@$(BENCH_GEMM) -o $(RESULTS) -r $(COMMIT)
