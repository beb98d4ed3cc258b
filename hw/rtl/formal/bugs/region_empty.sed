# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_regions.sv
# breaks: REGION_1
# An access without bytes has a region.
s/valid_q <= moves_i;/valid_q <= 1'b1;/
