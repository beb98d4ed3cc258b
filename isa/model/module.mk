# SPDX-License-Identifier: Apache-2.0
# The dot product of the GEMM is where the executable specification spends its time: let the compiler vectorise it.
FLAGS.isa/model := -O3
