# SPDX-License-Identifier: Apache-2.0
INC.bench/compiler :=
BENCH_COMPILER := $(BUILD)/bin/bench-compiler
$(BENCH_COMPILER): $(BUILD)/obj/bench/compiler/compile_time.o
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -o $@

BENCHES       += bench-compiler
.PHONY: bench-compiler
BENCH_COMPILER_ZOO = $(foreach n,resnet18 resnet50 mobilenet_v2,$(ZOO_FOLDER)/$(n).onnx $(ZOO_FOLDER)/$(n)_int8.onnx)
bench-compiler: $(BENCH_COMPILER) $$(TESSERA) $$(BENCH_COMPILER_ZOO) ## seconds and memory to compile ResNets, MobileNets and small models (compile.csv)
	@mkdir -p $(RESULTS)
	@$(BENCH_COMPILER) -t $(TESSERA) -o $(RESULTS)/compile.csv -r $(COMMIT) -z $(ZOO_FOLDER)
