# SPDX-License-Identifier: Apache-2.0
# Every tests/unit/test_NAME.c is a test program of its own: build/tests/unit/test_NAME.
INC.tests/unit := $(INC_isa) $(INC_driver) $(INC_runtime) -Itests/harness
UNIT_TESTS     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
TESTS          += $(UNIT_TESTS)

$(UNIT_TESTS): $(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $^ $(TESSERA_LDLIBS) -o $@

# test_isa_gen runs the generator.
$(BUILD)/tests/unit/test_isa_gen: | $(ISAGEN)
