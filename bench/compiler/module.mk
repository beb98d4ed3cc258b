# SPDX-License-Identifier: Apache-2.0
INC.bench/compiler :=
BENCH_COMPILER := $(BUILD)/bin/bench-compiler
$(BENCH_COMPILER): $(BUILD)/obj/bench/compiler/compile_time.o
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -o $@

BENCHES       += bench-compiler
.PHONY: bench-compiler
bench-compiler: $(BENCH_COMPILER) $$(TESSERA) ## seconds and memory to compile models, MobileNet v2 among them (compile.csv)
	@mkdir -p $(RESULTS)
	@$(BENCH_COMPILER) -t $(TESSERA) -o $(RESULTS)/compile.csv -r $(COMMIT)
