# SPDX-License-Identifier: Apache-2.0
INC.models/zoo := $(INC_isa) $(INC_export) $(INC_cli)
ZOO            := $(BUILD)/bin/zoo
ZOO_OBJECTS    := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/main.c,$(wildcard models/zoo/*.c)))
$(ZOO): $(BUILD)/obj/models/zoo/main.o $(ZOO_OBJECTS) $(BUILD)/lib/libtsr_export.a $$(CLI_LIBS)
	@mkdir -p $(@D)
	@echo "  LD   $@"
	@$(CC) $(LDFLAGS) $+ $(LIBS_export) $(CLI_LDLIBS) -o $@

# build/zoo/NAME.onnx in float, build/zoo/NAME_int8.onnx as QDQ.
ZOO_FOLDER     := build/zoo
$(ZOO_FOLDER)/%_int8.onnx: $(ZOO)
	@mkdir -p $(@D)
	@echo "  ZOO  $@"
	@$(ZOO) -q $* $@
$(ZOO_FOLDER)/%.onnx: $(ZOO)
	@mkdir -p $(@D)
	@echo "  ZOO  $@"
	@$(ZOO) $* $@
.PHONY: zoo
zoo: $(foreach n,resnet18 resnet50 mobilenet_v1 mobilenet_v2 vgg11 yolo_tiny encoder,$(ZOO_FOLDER)/$(n).onnx $(ZOO_FOLDER)/$(n)_int8.onnx) ## write public architectures with random weights as ONNX, float and int8, to build/zoo
