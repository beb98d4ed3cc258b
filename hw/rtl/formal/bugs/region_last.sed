# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_regions.sv
# breaks: REGION_4
# The last region of every row is marked as the access's.
s/last_o  = last_x \&\& last_y/last_o  = last_x/
