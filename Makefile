# SPDX-License-Identifier: Apache-2.0
# The front door: `make help` lists every target from its `##` line. Rooms bring their own part: */module.mk and below.

SHELL        := /bin/bash
.SHELLFLAGS  := -o pipefail -c
.DEFAULT_GOAL := all
.SECONDEXPANSION:
.DELETE_ON_ERROR:
MAKEFLAGS    += --no-builtin-rules

# `make SAN=1 ...` builds the same things with AddressSanitizer and UBSan, in a folder of their own.
SAN          ?= 0
BUILD        := build$(if $(filter 1,$(SAN)),/san)
GEN          := build/gen
RESULTS      := build/results
CONFIGS      := $(basename $(notdir $(wildcard isa/configs/*.cfg)))
COMMIT        = $(shell git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
JOBS         ?= $(shell nproc)
COMMA        := ,

CC           := gcc
CSTD         := -std=c11 -D_GNU_SOURCE
WARN         := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
SANITIZE     := -fsanitize=address$(COMMA)undefined -fno-sanitize-recover=all
OPT          := $(if $(filter 1,$(SAN)),-O1 -g -fno-omit-frame-pointer $(SANITIZE),-O2 -g)
CFLAGS       := $(CSTD) $(WARN) $(OPT)
LDFLAGS      := $(if $(filter 1,$(SAN)),$(SANITIZE))
LLVM_CONFIG  := llvm-config-19

# A folder sees only what INC.<folder> lists: a reach past a neighbour does not compile. FLAGS.<folder> adds other flags.
INC_isa      := -Iisa/include -I$(GEN)
INC_driver   := -Idriver/include
INC_runtime  := -Iruntime/include
INC_graph    := -Icompiler/graph/include
INC_tensor   := -Icompiler/tensor/include

# $(call library,NAME,FOLDERS): $(BUILD)/lib/libtsr_NAME.a from every .c file of the folders.
define library
$(BUILD)/lib/libtsr_$(1).a: $$(patsubst %.c,$(BUILD)/obj/%.o,$$(foreach d,$(2),$$(wildcard $$(d)/*.c)))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef

# Appended to by the module files.
ALL               := # what `make all` builds
TESTS             := # programs that `make test` runs, built first; each ends with "N passed, N failed, N skipped"
TEST_SCRIPTS      := # scripts that it runs too, from the top folder, with BUILD in the environment
TEST_NEEDS        := # what has to be built before any of them runs
SLOW_TESTS        := # programs and scripts of `make test-slow`
SAN_SKIP          := # of those, the ones that `make test-san` leaves out
BENCHES           := # targets of `make bench`
GENERATED_HEADERS := # headers to generate before anything is compiled
include $(wildcard */module.mk) $(wildcard */*/module.mk) $(wildcard */*/*/module.mk)

$(BUILD)/obj/%.o: %.c | $$(GENERATED_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CFLAGS) $(INC.$(patsubst %/,%,$(dir $<))) $(FLAGS.$(patsubst %/,%,$(dir $<))) -MMD -MP -c $< -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: all help clean packages
all: $$(ALL) ## build the command line tool and the simulator of every configuration
help: ## list the targets
	@awk -F':.*## ' '/^[a-zA-Z0-9_-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort
clean: ## remove everything that was built
	rm -rf build
packages: ## install the Debian packages of packages.txt that are missing
	@tools/install-packages.sh

# The targets of the README install what is missing first, and only then look for tools: hence a second make.
MAKE_AGAIN    = @$(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: demo test test-run test-san test-san-run test-slow
demo: packages ## run a trained network on real pictures in the cycle-accurate simulator
	$(MAKE_AGAIN) demo-run
test: packages ## build and run every test that needs nothing but this repo
	$(MAKE_AGAIN) test-run
test-san: packages ## the same tests built with AddressSanitizer and UBSan (without those on whole networks)
	$(MAKE_AGAIN) SAN=1 test-san-run
test-slow: packages ## the tests that take minutes: ImageNet networks in the simulator
	$(MAKE_AGAIN) test-slow-run

export BUILD
test-run: $$(TESTS) $$(TEST_NEEDS)
	@tests/run.sh -o $(BUILD)/tests/log $(TESTS) $(TEST_SCRIPTS)
test-san-run: $$(filter-out $$(SAN_SKIP),$$(TESTS)) $$(TEST_NEEDS)
	@LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 TEST_TIMEOUT=1800 \
	  tests/run.sh -o $(BUILD)/tests/log $(filter-out $(SAN_SKIP),$(TESTS) $(TEST_SCRIPTS))
test-slow-run: $$(SLOW_NEEDS)
	@TEST_TIMEOUT=7200 tests/run.sh -o $(BUILD)/tests/log $(SLOW_TESTS)

.PHONY: bench bench-diff
bench: $$(BENCHES) ## every bench that finishes within ten minutes together; results in build/results
bench-diff: ## A=dir B=dir: compare the results of two runs
	@tools/bench-diff.sh "$(A)" "$(B)"

.PHONY: lint lint-format lint-tidy lint-rtl check-docs
C_FILES       = $(shell git ls-files '*.c' '*.h' ':!third_party')
lint: lint-format lint-tidy lint-rtl ## formatting, clang-tidy, and Verilator's warnings in every configuration
lint-format: ## formatting of the C files, as .clang-format says
	@clang-format-19 --dry-run --Werror $(C_FILES) && echo "format: clean"
# Compiled with macros, or a header, of their own.
TIDY_SKIP     := tests/fuzz/entry.c docs/example_embedded.c
lint-tidy: $$(GENERATED_HEADERS) ## clang-tidy on the C files, as .clang-tidy says
	@printf '%s\n' $(foreach f,$(filter-out $(TIDY_SKIP),$(filter %.c,$(C_FILES))),'$(f) $(INC.$(patsubst %/,%,$(dir $(f)))) $(FLAGS.$(patsubst %/,%,$(dir $(f))))') | tools/tidy.sh $(JOBS)
lint-rtl: $$(foreach c,$(CONFIGS),lint-rtl-$$(c)) ## Verilator -Wall on the RTL in every configuration
lint-rtl-%: $(GEN)/tsr_isa_pkg.sv $(GEN)/%/tsr_cfg_pkg.sv
	@verilator --lint-only -Wall --top-module top hw/sim/tessera.vlt $^ $(SIM_RTL) hw/sim/top.sv && \
	  verilator --lint-only --assert -Wall --top-module top -GRegistered=0 hw/sim/tessera.vlt $^ $(SIM_RTL) $(SIM_CHECKERS) hw/sim/top.sv && echo "rtl, $*: clean"
check-docs: ## fail when generated parts of the documentation are stale
