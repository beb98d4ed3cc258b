# SPDX-License-Identifier: Apache-2.0
INC.bench/cpu         = $(INC_compiler) $(INC_graph) $(INC_runtime) $(INC_driver) -Iisa/include
BENCH_CPU_NETWORK     := $(BUILD)/bin/bench-cpu-network
BENCH_CPU_CONVOLUTION := $(BUILD)/bin/bench-cpu-convolution
ONEDNN                := $(wildcard /usr/include/dnnl.h)

$(BENCH_CPU_NETWORK): $(BUILD)/obj/bench/cpu/network.o
$(BENCH_CPU_CONVOLUTION): $(addprefix $(BUILD)/obj/bench/cpu/,convolution.o conv_program.o $(if $(ONEDNN),onednn.o,onednn_absent.o))
$(BENCH_CPU_CONVOLUTION): BENCH_LDLIBS := $(if $(ONEDNN),-ldnnl)
$(BENCH_CPU_NETWORK) $(BENCH_CPU_CONVOLUTION): $(BUILD)/obj/bench/cpu/timed.o $$(COMPILER_LIBS) $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $(filter %.o,$+) $(filter %.a,$+) $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) $(BENCH_LDLIBS) -o $@

# networks.py looks for ONNX Runtime in this Python; PYTHON=venv/bin/python make bench-cpu
PYTHON                ?= python3
BENCH_CPU_NETWORKS    := resnet18 mobilenet_v2
BENCHES               += bench-cpu
.PHONY: bench-cpu
bench-cpu: $(BENCH_CPU_NETWORK) $(BENCH_CPU_CONVOLUTION) $$(foreach n,$$(BENCH_CPU_NETWORKS),$$(ZOO_FOLDER)/$$(n).onnx $$(ZOO_FOLDER)/$$(n)_int8.onnx) ## device cpu beside ONNX Runtime and oneDNN, one thread (cpu.csv)
	@mkdir -p $(RESULTS)
	@echo commit,config,workload,dtype,threads,peer,tessera_ms,peer_ms,speed_ratio > $(RESULTS)/cpu.csv
	@$(PYTHON) bench/cpu/networks.py --program $(BENCH_CPU_NETWORK) --csv $(RESULTS)/cpu.csv --commit $(COMMIT) \
	    $(foreach n,$(BENCH_CPU_NETWORKS),$(n):float=$(ZOO_FOLDER)/$(n).onnx $(n):int8=$(ZOO_FOLDER)/$(n)_int8.onnx)
	@$(BENCH_CPU_CONVOLUTION) -o $(RESULTS)/cpu.csv -r $(COMMIT)
