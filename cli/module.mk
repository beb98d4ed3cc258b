# SPDX-License-Identifier: Apache-2.0
INC_cli      := -Icli
INC.cli      = $(INC_tessera) $(INC_isa) $(INC_compiler) $(INC_quantize) $(INC_profile) $(INC_xclbin) $(INC_serve) $(INC_cli)
CAIRO_CFLAGS := $(shell pkg-config --cflags cairo 2>/dev/null)
FLAGS.cli    = $(CAIRO_CFLAGS) $(if $(HAVE_REMOTE),-DTSR_HAVE_REMOTE)
INC.cli/selftest = $(INC_tessera) $(INC_isa) $(INC_compiler)
$(eval $(call library,cli,cli cli/selftest))
$(BUILD)/obj/cli/selftest/network.o: models/digits/digits_qdq.onnx
CLI_LIBS     = $(BUILD)/lib/libtsr_cli.a $(BUILD)/lib/libtsr_profile.a $(BUILD)/lib/libtsr_xclbin.a $(QUANTIZE_LIBS) $(COMPILER_LIBS) $(SERVE_LIBS) $(TESSERA_LIBS)
CLI_LDLIBS   = $(COMPILER_LDLIBS) $(TESSERA_LDLIBS) $(XCLBIN_LDLIBS) -lcairo -lpng -ljpeg -lz -lpthread

TESSERA      := $(BUILD)/bin/tessera
$(TESSERA): $$(CLI_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) -Wl,-u,main $+ $(CLI_LDLIBS) -o $@
ALL          += $(TESSERA)
