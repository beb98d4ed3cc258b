# SPDX-License-Identifier: Apache-2.0
# The front door: `make help` lists every target from its `##` line. Rooms bring their own part: */module.mk, */*/module.mk.

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
CONFIGS      := $(basename $(notdir $(wildcard isa/configs/*.cfg)))
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

# Appended to by the module files: what `all` builds, test programs, headers to generate before compiling.
ALL               :=
TESTS             :=
GENERATED_HEADERS :=
include $(wildcard */module.mk) $(wildcard */*/module.mk)

$(BUILD)/obj/%.o: %.c | $$(GENERATED_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CFLAGS) $(INC.$(patsubst %/,%,$(dir $<))) $(FLAGS.$(patsubst %/,%,$(dir $<))) -MMD -MP -c $< -o $@

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: all help clean
all: $$(ALL) ## build the command line tool and the simulator of every configuration
help: ## list the targets
	@awk -F':.*## ' '/^[a-zA-Z0-9_-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sort
clean: ## remove everything that was built
	rm -rf build
