# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_axi_read.sv
# with: checkers
# Bursts begin although the run is being ended.
s/owner_ready && !abort_i;/owner_ready;/
