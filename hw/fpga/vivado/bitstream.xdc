# SPDX-License-Identifier: Apache-2.0
# The design has no pins of its own: processor, memory and clock source are the processing system's, whose constraints come with it,
# and the core's clock is made by the clock generator, which brings its own. What is left is about the file.
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
