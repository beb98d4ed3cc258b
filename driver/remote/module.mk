# SPDX-License-Identifier: Apache-2.0
# wire/: the protocol, seen by both sides. The driver is the client; server/ is a library of its own above the device interface.
ifneq ($(HAVE_REMOTE),)
INC.driver/remote        := -Idriver/remote/wire $(INC_driver) -Iisa/include
INC.driver/remote/wire   := -Idriver/remote/wire $(INC_driver) -Iisa/include
INC_serve                := -Idriver/remote/server/include
INC.driver/remote/server := $(INC_serve) -Idriver/remote/wire $(INC_driver) -Iisa/include
DRIVER_LDLIBS            += -lnettle
$(eval $(call library,serve,driver/remote/server))
SERVE_LIBS               := $(BUILD)/lib/libtsr_serve.a
endif
