# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_tokens.sv
# breaks: TOKEN_2
# A unit is told of tokens from itself.
s/if (n \/ 4 != n % 4 \&\& /if (/
