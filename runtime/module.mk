# SPDX-License-Identifier: Apache-2.0
# The runtime sees compiled models and the device interface; its users see tessera.h, which brings those two along.
INC_tessera   := $(INC_runtime) $(INC_driver) -Iisa/include
INC.runtime   := -Iruntime $(INC_tessera)
$(eval $(call library,runtime,runtime))

# What a program that uses the runtime links with, in order.
TESSERA_LIBS   = $(BUILD)/lib/libtsr_runtime.a $(DRIVER_LIBS) $(BUILD)/lib/libtsr_isa.a
TESSERA_LDLIBS = $(DRIVER_LDLIBS) -lm -lpthread

# The same in one archive for programs outside: the names that files of one library share among themselves become local.
LIBTESSERA    := $(BUILD)/lib/libtessera.a
$(LIBTESSERA): $$(TESSERA_LIBS)
	@echo "  AR   $@"
	@$(LD) -r --whole-archive $(filter-out %xclbin.a,$^) --no-whole-archive $(filter %xclbin.a,$^) -o $(@:.a=.o)
	@objcopy --wildcard --keep-global-symbol='tsr_*' $(@:.a=.o)
	@rm -f $@ && $(AR) rcs $@ $(@:.a=.o) && rm $(@:.a=.o)
ALL += $(LIBTESSERA)

INC.docs      := $(INC_tessera)
.PHONY: example
example: $(BUILD)/example ## build docs/example.c, a whole program that uses the runtime
$(BUILD)/example: $(BUILD)/obj/docs/example.o $(LIBTESSERA)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(TESSERA_LDLIBS) -o $@
ALL += $(BUILD)/example
