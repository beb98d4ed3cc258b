# SPDX-License-Identifier: Apache-2.0
# Boards, configurations and sources, for every script here. Plain Tcl: no vendor command.
namespace eval tsr {
    variable top [file normalize [file join [file dirname [info script]] .. .. ..]]
}

# Ends the script: the message goes to standard error, the exit code is 1.
proc tsr::fail {message} {
    puts stderr "tessera: $message"
    exit 1
}

# A file of `key = value` lines as a dictionary; a value of a repeated key is a list.
proc tsr::read_keys {path} {
    set keys {}
    set file [open $path]
    foreach line [split [read $file] \n] {
        set line [string trim [regsub {#.*} $line {}]]
        if {$line eq ""} continue
        if {![regexp {^(\w+)\s*=\s*(.*)$} $line -> key value]} { tsr::fail "$path: '$line' is not 'key = value'" }
        if {$key eq "memory"} { dict lappend keys $key $value } else { dict set keys $key $value }
    }
    close $file
    return $keys
}

proc tsr::board {name} {
    variable top
    set path [file join $top hw fpga boards $name.board]
    if {![file exists $path]} { tsr::fail "there is no board $name: hw/fpga/boards has [tsr::boards]" }
    return [tsr::read_keys $path]
}

proc tsr::boards {} {
    variable top
    return [lsort [lmap path [glob [file join $top hw fpga boards *.board]] { file rootname [file tail $path] }]]
}

proc tsr::config {name} {
    variable top
    set path [file join $top isa configs $name.cfg]
    if {![file exists $path]} { tsr::fail "there is no configuration $name in isa/configs" }
    return [tsr::read_keys $path]
}

# The core's files in the order of reading: packages, parts, the core. With dot = packed, two products share a multiplier.
proc tsr::sources {config_name dot} {
    variable top
    set gen [file join $top build gen]
    set rtl [file join $top hw rtl]
    set files [list [file join $gen tsr_isa_pkg.sv] [file join $gen $config_name tsr_cfg_pkg.sv]]
    lappend files {*}[lsort [glob [file join $rtl lib *.sv]]]
    foreach path [lsort [glob [file join $rtl *.sv]]] {
        if {$dot ne "packed" || [file tail $path] ne "tsr_dot.sv"} { lappend files $path }
    }
    if {$dot eq "packed"} { lappend files {*}[lsort [glob [file join $rtl packed *.sv]]] }
    foreach path $files {
        if {![file exists $path]} { tsr::fail "$path is missing: build it with `make` first" }
    }
    return $files
}

# Writes the kernel's top with the configuration's bus width into a folder; returns its path.
proc tsr::write_top {config folder} {
    variable top
    set bits [expr {8 * [dict get $config bus_bytes]}]
    set file [open [file join $top hw fpga rtl tessera_kernel.v]]
    set text [read $file]
    close $file
    if {[regsub {(C_M_AXI_GMEM_DATA_WIDTH = )\d+} $text "\\1$bits" text] != 1} {
        tsr::fail "hw/fpga/rtl/tessera_kernel.v: no bus width to put a number in"
    }
    set path [file join $folder tessera_kernel.v]
    set file [open $path w]
    puts -nonewline $file $text
    close $file
    return $path
}
