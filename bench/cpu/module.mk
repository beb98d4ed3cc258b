# SPDX-License-Identifier: Apache-2.0
INC.bench/cpu      = $(INC_compiler) $(INC_runtime) $(INC_driver) -Iisa/include
BENCH_CPU_NETWORK := $(BUILD)/bin/bench-cpu-network
$(BENCH_CPU_NETWORK): $(BUILD)/obj/bench/cpu/network.o $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) -o $@
