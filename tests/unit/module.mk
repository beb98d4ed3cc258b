# SPDX-License-Identifier: Apache-2.0
# Every tests/unit/test_NAME.c is a test program of its own: build/tests/unit/test_NAME.
INC.tests/unit := $(INC_isa) $(INC_driver) $(INC_runtime) -Itests/harness
INC.tests/unit/support := $(INC.tests/unit)
UNIT_TESTS     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
TESTS          += $(UNIT_TESTS)

$(UNIT_TESTS): $(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $$(TESSERA_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $(filter %.o,$^) $(filter %.a,$^) $(TESSERA_LDLIBS) -o $@

# Compiled models for the tests of the runtime, which sees no instruction formats.
$(BUILD)/tests/unit/test_runtime_session: $(BUILD)/obj/tests/unit/support/sample_build.o

# test_isa_gen runs the generator.
$(BUILD)/tests/unit/test_isa_gen: | $(ISAGEN)
