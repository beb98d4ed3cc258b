# SPDX-License-Identifier: Apache-2.0
# ONNX is read through protobuf-c: code generated from the schema of libonnx-dev, compiled without our warnings.
INC_import          := -Icompiler/import/include
INC.compiler/import := $(INC_import) $(INC_graph) $(INC_isa)
ONNX_PROTO          := /usr/include/onnx/onnx.proto
GENERATED_HEADERS   += $(GEN)/onnx.pb-c.h

$(GEN)/onnx.pb-c.c: $(GEN)/onnx.pb-c.h ;
$(GEN)/onnx.pb-c.h: $(ONNX_PROTO)
	@mkdir -p $(@D)
	@protoc-c --proto_path=$(<D) --c_out=$(GEN) $<

$(BUILD)/obj/onnx.pb-c.o: $(GEN)/onnx.pb-c.c | $$(GENERATED_HEADERS)
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(CSTD) $(OPT) -w -I$(GEN) -c $< -o $@

$(eval $(call library,import,compiler/import))
$(BUILD)/lib/libtsr_import.a: $(BUILD)/obj/onnx.pb-c.o
LIBS_import         := -lprotobuf-c -lm
