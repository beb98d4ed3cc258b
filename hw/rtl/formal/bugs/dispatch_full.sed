# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_dispatch.sv
# breaks: DISPATCH_2
# A full queue is not waited for.
s/ \&\& queue_ready_i\[u\];/;/
