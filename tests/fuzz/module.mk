# SPDX-License-Identifier: Apache-2.0
# test_hostile is part of `make test`; `make fuzz` searches on with libFuzzer, in a build of its own.
INC.tests/fuzz   = $(INC_tessera) $(INC_compiler) $(INC_import) $(INC_graph) $(INC_xclbin) $(INC_isa) -Itests/harness $(if $(HAVE_REMOTE),-Idriver/remote/wire)
FLAGS.tests/fuzz := $(if $(HAVE_REMOTE),-DTSR_HAVE_REMOTE)
TEST_HOSTILE    := $(BUILD)/tests/test_hostile
TESTS           += $(TEST_HOSTILE)
FUZZ_OBJECTS     = $(BUILD)/obj/tests/fuzz/targets.o $(BUILD)/obj/tests/fuzz/target_import.o $(BUILD)/obj/tests/fuzz/target_xclbin.o $(if $(HAVE_REMOTE),$(BUILD)/obj/tests/fuzz/target_remote.o) $$(BUILD)/lib/libtsr_xclbin.a $$(COMPILER_LIBS) $$(TESSERA_LIBS)

$(TEST_HOSTILE): $(addprefix $(BUILD)/obj/tests/fuzz/,test_hostile.o mutate.o mutate_onnx.o) $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) $(XCLBIN_LDLIBS) -o $@

FUZZ_TARGETS    := onnx tflite graph compile program program_mended asm config xclbin board $(if $(HAVE_REMOTE),remote)
FUZZ_SECONDS    ?= 60
FUZZ_SANITIZE   := -fsanitize=address$(COMMA)undefined -fno-sanitize=function -fno-sanitize-recover=all
FUZZ_FLAGS      := $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link
.PHONY: fuzz fuzz-run
fuzz: build/bin/tessera ## search for inputs that crash: FUZZ_SECONDS=60 for each of FUZZ_TARGETS="onnx tflite graph compile program program_mended asm config xclbin board remote"
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang-19 WARN=-w OPT='-O1 -g -fno-omit-frame-pointer $(FUZZ_FLAGS)' \
	  LDFLAGS='$(FUZZ_SANITIZE)' FUZZ_TARGETS='$(FUZZ_TARGETS)' FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz-run
fuzz-run: $(foreach t,$(FUZZ_TARGETS),$(BUILD)/bin/fuzz-$(t))
	@tests/fuzz/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)

$(BUILD)/obj/tests/fuzz/entry-%.o: tests/fuzz/entry.c tests/fuzz/targets.h
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -DFUZZ_TARGET=fuzz_$* $(INC.tests/fuzz) -c $< -o $@
$(BUILD)/bin/fuzz-%: $(BUILD)/obj/tests/fuzz/entry-%.o $(FUZZ_OBJECTS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) -fsanitize=fuzzer $+ $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) $(XCLBIN_LDLIBS) -o $@
