# SPDX-License-Identifier: Apache-2.0
INC.tests/lockstep := -Iisa/include -I$(GEN) -Ihw/sim/include
LOCKSTEP      := $(BUILD)/bin/lockstep
$(LOCKSTEP): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/lockstep/*.c)) $(BUILD)/lib/libtsr_isa.a
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ -ldl -lm -o $@

N             ?= 100000
SEED          ?= 1
.PHONY: lockstep lockstep-bug
lockstep: $(LOCKSTEP) $(SIMS) ## N=100000 random programs, RTL against the executable spec, over all configurations
	@$(LOCKSTEP) -n $$(( ($(N) + 3) / 4 )) -s $(SEED)
lockstep-bug: $(LOCKSTEP) $(SIM)/libtessera_sim_tiny_bug.so $(SIM)/libtessera_sim_pynq_bug.so ## see that lockstep finds the seeded RTL bug
	@$(LOCKSTEP) -q -e -x bug -c tiny,pynq -n 500
