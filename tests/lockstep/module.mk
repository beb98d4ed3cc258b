# SPDX-License-Identifier: Apache-2.0
INC.tests/lockstep := -Iisa/include -I$(GEN) -Ihw/sim/include
LOCKSTEP      := $(BUILD)/bin/lockstep
$(LOCKSTEP): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lockstep/*.c)) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -ldl -lm -o $@

N             ?= 100000
SEED          ?= 1
.PHONY: lockstep lockstep-bugs lockstep-asserts
lockstep: $(LOCKSTEP) $(SIMS) ## N=100000 random programs, RTL against the executable spec, over all configurations
	@$(LOCKSTEP) -n $$(( ($(N) + 3) / 4 )) -s $(SEED)
lockstep-bugs: $(LOCKSTEP) $(foreach b,$(SIM_BUGS),$(SIM)/libtessera_sim_tiny_bug_$(b).so) ## see that lockstep finds each seeded RTL bug
	@tests/lockstep/lockstep_finds_bugs.sh $(SIM_BUGS)

lockstep-asserts: $(LOCKSTEP) $$(CONFORMANCE) $$(TESSERA) $(foreach c,$(CONFIGS),$(SIM)/libtessera_sim_$(c)_asserts.so) ## whole programs in every configuration with the rules of the bus ports checked in each clock
	@tests/lockstep/with_assertions.sh $(CONFIGS)

TEST_SCRIPTS  += tests/lockstep/lockstep.sh tests/lockstep/lockstep_finds_bugs.sh tests/lockstep/with_assertions.sh
TEST_NEEDS    += $(LOCKSTEP) $(SIMS) $(SIM)/libtessera_sim_tiny_bug_forwarding.so $(SIM)/libtessera_sim_tiny_asserts.so
