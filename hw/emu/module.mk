# SPDX-License-Identifier: Apache-2.0
# build/bin/tessera-hwemu and the library that it preloads into the programs it runs.
INC.hw/emu        := -Ihw/emu -Ihw/sim/include -Idriver/xclbin/include $(INC_driver) $(INC_isa)
GENERATED_HEADERS += $(GEN)/rpc.pb-c.h
$(GEN)/rpc.pb-c.c: $(GEN)/rpc.pb-c.h ;
$(GEN)/rpc.pb-c.h: hw/emu/rpc.proto
	@mkdir -p $(@D)
	@protoc-c --proto_path=$(<D) --c_out=$(GEN) $<
$(BUILD)/obj/rpc.pb-c.o: $(GEN)/rpc.pb-c.c | $$(GENERATED_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CSTD) $(OPT) -w -I$(GEN) -c $< -o $@

HWEMU         := $(BUILD)/bin/tessera-hwemu
HWEMU_HOST    := $(BUILD)/lib/libtessera_hwemu_host.so
HWEMU_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out hw/emu/host.c,$(wildcard hw/emu/*.c)))
$(HWEMU): $(HWEMU_OBJECTS) $(BUILD)/obj/rpc.pb-c.o $$(DRIVER_LIBS) $$(XCLBIN_LIBS) | $(HWEMU_HOST)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(DRIVER_LDLIBS) -lprotobuf-c -lm -o $@

# Preloaded into any program, so without sanitizers.
$(HWEMU_HOST): hw/emu/host.c
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(CSTD) $(WARN) -O2 -g -fPIC -shared $< -ldl -lpthread -o $@
ALL           += $(HWEMU)
