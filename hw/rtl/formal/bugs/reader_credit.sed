# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_reader.sv
# breaks: READER_1
# A word that leaves while a burst is asked for counts twice.
s/free_q <= (request ? less : free_q) + FreeW'(1);/free_q <= request ? less + FreeW'(2) : free_q + FreeW'(1);/
