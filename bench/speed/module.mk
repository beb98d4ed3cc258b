# SPDX-License-Identifier: Apache-2.0
INC.bench/speed  = $(INC_tessera) $(INC_compiler) $(INC_export) -Imodels/zoo
BENCH_SPEED     := $(BUILD)/bin/bench-speed
$(BENCH_SPEED): $(BUILD)/obj/bench/speed/speed.o $$(ZOO_OBJECTS) $(BUILD)/lib/libtsr_export.a $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(LIBS_export) $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

BENCHES         += bench-sim
.PHONY: bench-sim
bench-sim: $(BENCH_SPEED) $(BUILD)/bin/bench-gemm $$(SIMS) ## CPU time of whole networks on the simulators, and simulated cycles a second (sim_speed.csv)
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/sim_speed.csv
	@for c in pynq wide batch4; do $(BUILD)/bin/bench-gemm -s -o $(RESULTS) -r $(COMMIT) -c $$c; done
	@$(BUILD)/bin/bench-gemm -s -o $(RESULTS) -r $(COMMIT) -c tiny -m 4096 -n 32 -k 32
	@$(BENCH_SPEED) -o $(RESULTS) -r $(COMMIT) -c pynq -c wide -c batch4
