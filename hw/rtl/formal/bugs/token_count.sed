# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_tokens.sv
# breaks: TOKEN_1
# A token that is given in the clock in which another is taken is counted, the taken one is not.
s/give\[n\] != take\[n\])/(give[n] || take[n]))/
