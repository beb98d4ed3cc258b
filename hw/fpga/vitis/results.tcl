# SPDX-License-Identifier: Apache-2.0
# Sourced in Vivado when v++ has routed the card's design (link.cfg), with board_name, config_name, clock_mhz and folder set: the
# same result files as of a Zynq board. v++ takes hours and needs none of them, so it goes on when they cannot be written.
foreach script {common.tcl results.tcl} { source [file join [file dirname [file normalize [info script]]] .. tcl $script] }
if {[catch { tsr::write_results $board_name $config_name $clock_mhz $folder tessera_1 } message]} {
    puts "WARNING: no result.csv: $message"
}
