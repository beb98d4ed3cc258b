# SPDX-License-Identifier: Apache-2.0
# A driver sees driver.h (and the status and configuration types behind it), the generated registers, and its own backend.
HAVE_REMOTE       := $(wildcard /usr/include/nettle/hmac.h)
DRIVER_FOLDERS    := driver/null driver/cpu driver/func driver/timing driver/fault $(if $(wildcard driver/rtl/*.c),driver/rtl) $(if $(HAVE_REMOTE),driver/remote driver/remote/wire)
INC.driver        := $(INC_driver) -Iisa/include -I$(GEN)
INC.driver/null   := $(INC_driver) -Iisa/include
INC.driver/cpu    := $(INC_driver) -Iisa/include
INC.driver/func   := $(INC_driver) -Iisa/include
INC.driver/timing := $(INC_driver) -Iisa/include -I$(GEN)
INC.driver/fault  := $(INC_driver) -Iisa/include
INC.driver/rtl    += $(INC_driver) -Iisa/include -I$(GEN)
FLAGS.driver      := $(if $(wildcard driver/rtl/*.c),-DTSR_HAVE_RTL) $(if $(HAVE_REMOTE),-DTSR_HAVE_REMOTE)
$(eval $(call library,driver,driver $(DRIVER_FOLDERS)))

# What a program that uses devices links with, in order; a driver with a backend of its own adds to DRIVER_LIBS.
DRIVER_LIBS       += $(BUILD)/lib/libtsr_driver.a
