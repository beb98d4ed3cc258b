# SPDX-License-Identifier: Apache-2.0
# A driver sees driver.h (and the status and configuration types behind it), the generated registers, and its own backend.
HAVE_REMOTE       := $(wildcard /usr/include/nettle/hmac.h)
DRIVER_FOLDERS    := driver/null driver/cpu driver/func driver/timing driver/fault $(if $(wildcard driver/rtl/*.c),driver/rtl) $(if $(HAVE_REMOTE),driver/remote driver/remote/wire)
# Boards: built where the headers are (libxrt-dev, opencl-c-headers); the libraries are looked for when a device is opened.
XRT_INCLUDE       ?= $(firstword $(wildcard /usr/include/xrt /opt/xilinx/xrt/include))
HAVE_XRT          := $(if $(wildcard $(XRT_INCLUDE)/xrt/xrt_kernel.h),$(if $(wildcard /usr/include/uuid/uuid.h),1))
HAVE_OPENCL       := $(if $(wildcard /usr/include/CL/cl.h),1)
BOARD_FOLDERS     := driver/board driver/xrt driver/opencl
DRIVER_FOLDERS    += $(if $(HAVE_XRT)$(HAVE_OPENCL),driver/board) $(if $(HAVE_XRT),driver/xrt) $(if $(HAVE_OPENCL),driver/opencl)
INC.driver/opencl := $(INC_driver) -Idriver/board -Idriver/opencl -Idriver/xclbin/include -Iisa/include
INC.driver/board  := $(INC_driver) -Idriver/board -Idriver/xclbin/include -Iisa/include
INC.driver/xrt    := $(INC_driver) -Idriver/board -Idriver/xrt -Idriver/xclbin/include -Iisa/include -isystem $(XRT_INCLUDE)
INC.driver        := $(INC_driver) -Iisa/include -I$(GEN)
INC.driver/null   := $(INC_driver) -Iisa/include
INC.driver/cpu    := $(INC_driver) -Iisa/include
INC.driver/func   := $(INC_driver) -Iisa/include
INC.driver/timing := $(INC_driver) -Iisa/include -I$(GEN)
INC.driver/fault  := $(INC_driver) -Iisa/include
INC.driver/rtl    += $(INC_driver) -Iisa/include -I$(GEN)
FLAGS.driver      := $(if $(wildcard driver/rtl/*.c),-DTSR_HAVE_RTL) $(if $(HAVE_REMOTE),-DTSR_HAVE_REMOTE) $(if $(HAVE_XRT),-DTSR_HAVE_XRT) $(if $(HAVE_OPENCL),-DTSR_HAVE_OPENCL)
$(eval $(call library,driver,driver $(DRIVER_FOLDERS)))

# What a program that uses devices links with, in order; a driver with a backend of its own adds to DRIVER_LIBS.
DRIVER_LIBS       += $(BUILD)/lib/libtsr_driver.a $(if $(HAVE_XRT)$(HAVE_OPENCL),$(BUILD)/lib/libtsr_xclbin.a)
