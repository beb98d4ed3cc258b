# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_tokens.sv
# A token that is given in the cycle in which another of its kind is taken is counted, the taken one is not.
s/give\[n\] != take\[n\])/(give[n] || take[n]))/
