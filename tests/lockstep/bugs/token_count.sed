# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_tokens.sv
# A token that is given in the cycle in which another of its kind is taken is counted, the taken one is not.
s/else if (give\[n\] != take\[n\])/else if (give[n] || take[n])/
