# SPDX-License-Identifier: Apache-2.0
# xclbin files; a library of its own, so that only what reads or writes them needs Expat.
INC_xclbin         := -Idriver/xclbin/include -Iisa/include
INC.driver/xclbin  := $(INC_xclbin) -I$(GEN)
$(eval $(call library,xclbin,driver/xclbin))
XCLBIN_LIBS         = $(BUILD)/lib/libtsr_xclbin.a $(BUILD)/lib/libtsr_isa.a
XCLBIN_LDLIBS      := -lexpat
