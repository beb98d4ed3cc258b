# SPDX-License-Identifier: Apache-2.0
# file: hw/rtl/tsr_reader.sv
# breaks: READER_1
# A word that leaves while a burst is asked for counts twice.
s/assign free = request ? less : free_q;/assign free = (request ? less : free_q) + FreeW'(request \&\& word_taken_o);/
