# SPDX-License-Identifier: Apache-2.0
# build/sim/libtessera_sim_NAME.so for each configuration: the Verilated core with its memory, behind tsr/sim.h.
# Sanitizers do not reach in here, so there is one set of libraries for SAN=0 and SAN=1.
SIM           := build/sim
VERILATOR     := verilator
VERILATOR_INC := $(shell verilator --getenv VERILATOR_ROOT 2>/dev/null)/include
SIM_CXX       := clang++-19
SIM_CC        := clang-19
# The generated model is compiled for AVX2 where this machine has it (five times the speed of the baseline); `make sims
# SIM_MARCH=x86-64` makes libraries that run anywhere. The driver checks before it calls into one.
ifeq ($(shell uname -m),x86_64)
SIM_MARCH     ?= $(if $(shell grep -m1 -o avx2 /proc/cpuinfo),x86-64-v3,x86-64)
SIM_MARCH_OPT := -march=$(SIM_MARCH)
else
SIM_MARCH     ?= native
SIM_MARCH_OPT := -mcpu=$(SIM_MARCH)
endif
# -O2: the model is as large as the instruction cache, and -O3 only makes it larger.
SIM_OPT       := -O2
SIM_SLOW_OPT  := -O1
SIM_WARN      := -Wall -Wextra -Werror
SIM_AVX2      := $(if $(filter x86-64,$(SIM_MARCH))$(filter native,$(SIM_MARCH)),0,1)
SIM_SYSTEM    := -isystem $(VERILATOR_INC) -isystem $(VERILATOR_INC)/vltstd

SIM_RTL       := $(wildcard hw/rtl/lib/*.sv) $(wildcard hw/rtl/*.sv)
# The rules of the bus ports, for builds with assertions.
SIM_CHECKERS  := hw/rtl/formal/axi_lite_checker.sv hw/rtl/formal/axi_master_checker.sv hw/sim/checkers.sv
# What Verilator would print and stop at goes to sim.cpp instead.
SIM_CAUGHT    := -DTSR_SIM_CHECKED=1 -DVL_WRITEF=tsr_sim_said -DVL_STOP_MT=tsr_sim_stop
SIM_RUNTIME   := $(addprefix $(SIM)/runtime/,verilated.o verilated_threads.o verilated_fst_c.o)
SIM_OWN       := $(addprefix $(SIM)/runtime/,memory.o report.o)

$(SIM_RUNTIME): $(SIM)/runtime/%.o: $(VERILATOR_INC)/%.cpp
	@mkdir -p $(@D)
	@echo "  CXX  $(<F)"
	@$(SIM_CXX) -std=c++17 -O2 -fPIC -fvisibility=hidden -w $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1 -c $< -o $@

$(SIM_OWN): $(SIM)/runtime/%.o: hw/sim/%.c hw/sim/memory.h hw/sim/report.h hw/sim/include/tsr/sim.h
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(SIM_CC) -std=c11 $(SIM_WARN) -Wpedantic -O3 -fPIC -fvisibility=hidden -Ihw/sim -Ihw/sim/include -c $< -o $@

# The functions of the model are called from one place each and are as large as caches: inlined, they only exist twice.
SIM_FAST       = -std=c++17 $(SIM_OPT) "-DVL_INLINE_OPT=__attribute__((noinline))" $(SIM_MARCH_OPT) -fPIC -fvisibility=hidden -w $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1

# Profile feedback makes the model an eighth faster: it is compiled once with counters, runs the digits network in its
# configuration, and is compiled again. `make sims SIM_PGO=` leaves that out; so does a machine without clang's profile runtime.
SIM_PGO       ?= $(if $(shell command -v llvm-profdata-19),$(firstword $(wildcard $(shell $(SIM_CXX) -print-resource-dir 2>/dev/null)/lib/*/libclang_rt.profile-*)))
SIM_TRAINING   = run models/digits/digits_qdq.onnx --input models/digits/images/01_is_6.png
# $(call trained,LIBRARY,CONFIG)
define trained
$(SIM)/$(1)/train/lib$(1).so: $(SIM)/$(1)/fast.cxx hw/sim/edge.h $(SIM)/$(1)/slow.o $(SIM)/$(1)/sim.o $(SIM_RUNTIME) $(SIM_OWN) hw/sim/exports.map
	@mkdir -p $$(@D)
	@echo "  CXX  $(1), with counters"
	@$(SIM_CXX) $$(SIM_FAST) -fprofile-instr-generate -I$(SIM)/$(1) -Ihw/sim -x c++ -c $$< -o $$(@D)/model.o
	@$(SIM_CXX) -shared -fprofile-instr-generate -Wl,--version-script=hw/sim/exports.map -o $$@ $$(@D)/model.o $$(filter %.o,$$^) -lz -lpthread

$(SIM)/$(1)/model.profdata: $(SIM)/$(1)/train/lib$(1).so | $$$$(TESSERA)
	@LLVM_PROFILE_FILE=$$(@D)/train/run.profraw TESSERA_SIM_DIR=$$(<D) $$(TESSERA) $(SIM_TRAINING) --device rtl:config=$(2) >/dev/null
	@llvm-profdata-19 merge -o $$@ $$(@D)/train/run.profraw
endef

# $(call simulator,LIBRARY,CONFIG,VARIANT,VERILATOR OPTIONS,RTL,PROFILE FEEDBACK)
# Vectors of 512 bits and more are left to loops (--expand-limit), which the compiler makes vector instructions of; written out,
# Verilator pairs their words.
# The shared library is linked so that nothing but tsr_sim_get_api is seen from outside: each carries a model class of
# the same name.
define simulator
$(SIM)/$(1)/Vtessera.mk: $(5) $(GEN)/tsr_isa_pkg.sv $(GEN)/$(2)/tsr_cfg_pkg.sv hw/sim/top.sv hw/sim/tessera.vlt hw/sim/module.mk
	@mkdir -p $$(@D)
	@rm -f $$(@D)/*.cpp $$(@D)/*.h
	@echo "  VERI $(1)"
	@$(VERILATOR) --cc --trace-fst -O3 --x-assign fast --x-initial fast --expand-limit 15 $(4) \
	  --top-module top -GRegistered=$(if $(filter --assert,$(4))$(filter netlist gates,$(3)),0,1) --prefix Vtessera --Mdir $$(@D) \
	  hw/sim/tessera.vlt $(GEN)/tsr_isa_pkg.sv $(GEN)/$(2)/tsr_cfg_pkg.sv $(5) hw/sim/top.sv

$(SIM)/$(1)/fast.cxx: $(SIM)/$(1)/Vtessera.mk
	@for f in $$(@D)/Vtessera*.cpp; do case $$$$f in *Slow.cpp|*Syms.cpp|*Trace*|*ConstPool*) ;; *) echo "#include \"$$$${f##*/}\"";; esac; done >$$@
	@echo '#include "edge.h"' >>$$@
	@for f in $$(@D)/Vtessera*.cpp; do case $$$$f in *Slow.cpp|*Syms.cpp|*Trace*|*ConstPool*) echo "#include \"$$$${f##*/}\"";; esac; done >$$(@D)/slow.cxx

$(SIM)/$(1)/model.o: $(SIM)/$(1)/fast.cxx hw/sim/edge.h $(if $(6),$(SIM)/$(1)/model.profdata)
	@echo "  CXX  $(1)"
	@$(SIM_CXX) $$(SIM_FAST) $(if $(filter --assert,$(4)),$(SIM_CAUGHT)) $(if $(6),-fprofile-instr-use=$$(@D)/model.profdata) -I$$(@D) -Ihw/sim -x c++ -c $$< -o $$@

$(SIM)/$(1)/slow.o: $(SIM)/$(1)/fast.cxx
	@$(SIM_CXX) -std=c++17 $$(SIM_SLOW_OPT) -fPIC -fvisibility=hidden -w $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1 $(if $(filter --assert,$(4)),$(SIM_CAUGHT)) -I$$(@D) -x c++ -c $$(@D)/slow.cxx -o $$@

$(SIM)/$(1)/sim.o: hw/sim/sim.cpp hw/sim/memory.h hw/sim/report.h hw/sim/include/tsr/sim.h $(SIM)/$(1)/Vtessera.mk
	@$(SIM_CXX) -std=c++17 $(SIM_WARN) -O3 -fPIC -fvisibility=hidden -isystem $$(@D) $(SIM_SYSTEM) -DVM_TRACE=1 -DVM_TRACE_FST=1 \
	  -DTSR_SIM_CONFIG='"$(2)"' -DTSR_SIM_VARIANT='"$(3)"' -DTSR_SIM_AVX2=$(SIM_AVX2) $(if $(filter --assert,$(4)),$(SIM_CAUGHT)) -DTSR_SIM_NETLIST=$(if $(filter netlist gates,$(3)),1,0) -Ihw/sim -Ihw/sim/include -c $$< -o $$@

$(SIM)/lib$(1).so: $(SIM)/$(1)/model.o $(SIM)/$(1)/slow.o $(SIM)/$(1)/sim.o $(SIM_RUNTIME) $(SIM_OWN) hw/sim/exports.map
	@echo "  LINK $$@"
	@$(SIM_CXX) -shared -Wl,--version-script=hw/sim/exports.map -Wl,-z,defs -o $$@ $$(filter %.o,$$^) -lz -lpthread
endef

$(foreach c,$(CONFIGS),$(eval $(call simulator,tessera_sim_$(c),$(c),,--noassert,$(SIM_RTL),$(SIM_PGO))))
$(if $(SIM_PGO),$(foreach c,$(CONFIGS),$(eval $(call trained,tessera_sim_$(c),$(c)))))
SIMS          := $(foreach c,$(CONFIGS),$(SIM)/libtessera_sim_$(c).so)

# Test builds, NAME_asserts: with Verilator's checks and the rules of the bus ports.
$(foreach c,$(CONFIGS),$(eval $(call simulator,tessera_sim_$(c)_asserts,$(c),asserts,--assert,$(SIM_RTL) $(SIM_CHECKERS))))

# Test builds, tiny_bug_NAME: tests/lockstep/bugs/NAME.sed applied to the file that it names, for lockstep to find. With a
# line "# with: checkers" the rules of the bus ports are in it.
SIM_BUGS      := $(basename $(notdir $(wildcard tests/lockstep/bugs/*.sed)))
define seeded_bug
BUG_FILE_$(1) := $$(shell sed -n 's/^\# file: //p' tests/lockstep/bugs/$(1).sed)
BUG_COPY_$(1) := $(SIM)/bugs/$(1)/$$(notdir $$(BUG_FILE_$(1)))
$$(BUG_COPY_$(1)): $$(BUG_FILE_$(1)) tests/lockstep/bugs/$(1).sed
	@mkdir -p $$(@D)
	@sed -f tests/lockstep/bugs/$(1).sed $$< >$$@
	@! cmp -s $$< $$@ || { echo "tests/lockstep/bugs/$(1).sed changes nothing in $$<: it has to follow the RTL"; exit 1; }
BUG_CHECKERS_$(1) := $$(shell sed -n 's/^\# with: //p' tests/lockstep/bugs/$(1).sed)
$$(eval $$(call simulator,tessera_sim_tiny_bug_$(1),tiny,bug_$(1),$$(if $$(BUG_CHECKERS_$(1)),--assert,--noassert),$$(filter-out $$(BUG_FILE_$(1)),$(SIM_RTL)) $$(BUG_COPY_$(1)) $$(if $$(BUG_CHECKERS_$(1)),$(SIM_CHECKERS))))
endef
$(foreach b,$(SIM_BUGS),$(eval $(call seeded_bug,$(b))))

ALL           += $(SIMS)
.PHONY: sims
sims: $(SIMS) ## build the cycle-accurate simulator of every configuration
