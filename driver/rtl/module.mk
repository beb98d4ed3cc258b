# SPDX-License-Identifier: Apache-2.0
INC.driver/rtl += -Ihw/sim/include
DRIVER_LDLIBS  += -ldl
