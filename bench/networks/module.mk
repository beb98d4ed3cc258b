# SPDX-License-Identifier: Apache-2.0
INC.bench/networks = $(INC_tessera) $(INC_compiler) $(INC_export) $(INC_profile) -Imodels/zoo
BENCH_NETWORKS    := $(BUILD)/bin/bench-networks
$(BENCH_NETWORKS): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard bench/networks/*.c)) $$(ZOO_OBJECTS) $(BUILD)/lib/libtsr_profile.a $(BUILD)/lib/libtsr_export.a $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(LIBS_export) $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@

BENCHES           += bench-layers bench-networks bench-timing
BENCH_RUN          = mkdir -p $(RESULTS) && $(BENCH_NETWORKS) -o $(RESULTS) -r $(COMMIT)
.PHONY: bench-layers bench-networks bench-timing
bench-layers: $(BENCH_NETWORKS) $$(SIM)/libtessera_sim_pynq.so ## ResNet-18's convolutions and every layer of networks against their roofline bound (layers.csv)
	@$(BENCH_RUN) -l
bench-networks: $(BENCH_NETWORKS) $$(SIMS) ## whole networks on the RTL, in pynq, wide and batch4 (networks.csv)
	@$(BENCH_RUN) -n -c pynq -c wide -c batch4
bench-timing: $(BENCH_NETWORKS) $$(SIMS) ## the cycle model against the RTL, layer by layer, and whether it keeps its bands (timing.csv)
	@$(BENCH_RUN) -t -c pynq -c wide -c batch4
