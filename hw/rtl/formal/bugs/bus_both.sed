# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# breaks: BUS_2
# Read data goes to fetch as well.
s/owner_valid \&\& !owner;/owner_valid;/
