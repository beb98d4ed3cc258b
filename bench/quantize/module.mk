# SPDX-License-Identifier: Apache-2.0
INC.bench/quantize = $(INC_tessera) $(INC_compiler) $(INC_quantize) $(INC_cli)
BENCH_QUANTIZE := $(BUILD)/bin/bench-quantize
$(BENCH_QUANTIZE): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard bench/quantize/*.c)) $$(CLI_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(CLI_LDLIBS) -o $@

BENCHES        += bench-quantize
.PHONY: bench-quantize
bench-quantize: $(BENCH_QUANTIZE) ## what networks lose by tessera quantize: accuracy or PSNR of float and int8 (quantize.csv)
	@mkdir -p $(RESULTS) && rm -f $(RESULTS)/quantize.csv
	@$(BENCH_QUANTIZE) -o $(RESULTS)/quantize.csv -r $(COMMIT)
