# SPDX-License-Identifier: Apache-2.0
# What came of an implementation, from the routed design that is open: timing.rpt, utilization.rpt, result.csv.

# The number after `name` in a table of report_utilization; 0 where the part has none.
proc tsr::used {report name} {
    return [expr {[regexp "\\|\\s*(?:$name)\\*?\\s*\\|\\s*(\[0-9.\]+)" $report -> number] ? $number : 0}]
}

# Slack of the worst path in ns. With `kernel`, a cell of a larger design: areas are its own, the path is one of its clock's.
proc tsr::write_results {board_name config_name clock_mhz folder {kernel ""}} {
    set paths [list -setup -max_paths 1]
    set cells {}
    if {$kernel ne ""} {
        set cells [list -cells [get_cells -hierarchical $kernel]]
        lappend paths -group [get_clocks -of_objects [get_pins -hierarchical -filter "NAME =~ */$kernel/ap_clk"]]
    }
    set utilization [report_utilization {*}$cells -return_string]
    report_utilization -hierarchical -file [file join $folder utilization.rpt]
    report_timing_summary -file [file join $folder timing.rpt]
    set wns [get_property SLACK [lindex [get_timing_paths {*}$paths] 0]]
    set fmax [format %.1f [expr {1000.0 / (1000.0 / $clock_mhz - $wns)}]]
    set file [open [file join $folder result.csv] w]
    puts $file "config,board,tool,clock_mhz,wns_ns,fmax_mhz,lut,ff,dsp,bram36,uram"
    puts $file [join [list $config_name $board_name "Vivado [version -short]" $clock_mhz $wns $fmax \
        [tsr::used $utilization "Slice LUTs|CLB LUTs"] [tsr::used $utilization "Slice Registers|CLB Registers"] \
        [tsr::used $utilization DSPs] [tsr::used $utilization "Block RAM Tile"] [tsr::used $utilization URAM]] ,]
    close $file
    return $wns
}
