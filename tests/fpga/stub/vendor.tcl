# SPDX-License-Identifier: Apache-2.0
# The commands of Vivado that hw/fpga uses, as far as a check of their arguments goes: files exist, pins exist on their blocks
# and are driven once, the kernel is connected whole, addresses are those of board and instruction set. What is not here is an
# unknown command, and an error. Pins and parameters of the vendor's blocks: PG082 (processing_system7), PG201 (zynq_ultra_ps_e),
# PG065 (clk_wiz), PG164 (proc_sys_reset), PG247 (smartconnect).
#
# From the environment: STUB_PORTS, a file of "DIRECTION NAME WIDTH" lines, the ports of tessera_kernel as Verilator sees them;
# STUB_BOARD, the board's file; STUB_WNS, the slack to report.
namespace eval stub {
    variable projects {} files {} top "" cells {} driven {} nets {} buses {} addresses {} external {} validated 0 core {} ran 0
    variable kernel_ports {} ip_folder ""
}
proc stub::bad {message} { error "check: $message" }
proc stub::need {condition message} { if {![uplevel 1 [list expr $condition]]} { stub::bad $message } }
proc stub::read {path} { set f [open $path]; set text [::read $f]; close $f; return $text }
proc stub::board {key} {
    stub::need {[regexp -line "^$key = (.*)$" [stub::read $::env(STUB_BOARD)] -> value]} "the board has no $key"
    return $value
}
foreach line [split [string trim [stub::read $::env(STUB_PORTS)]] \n] { lappend stub::kernel_ports $line }

# Options of a call: those in `flags` stand alone, all others of `known` have a value; what is left are arguments.
proc stub::options {line known flags} {
    set options {}
    set arguments {}
    for {set i 0} {$i < [llength $line]} {incr i} {
        set word [lindex $line $i]
        if {$word in $flags} { dict set options $word 1
        } elseif {$word in $known} { dict set options $word [lindex $line [incr i]]
        } elseif {[regexp {^-[a-z]} $word]} { stub::bad "unknown option $word in '$line'"
        } else { lappend arguments $word }
    }
    return [list $options $arguments]
}

# ---- projects and files ----
proc create_project {args} {
    lassign [stub::options $args {-part} {-force}] options names
    stub::need {[llength $names] == 2} "create_project takes a name and a folder"
    stub::need {[dict get $options -part] eq [stub::board part]} "the project's part is not the board's"
    file mkdir [lindex $names 1]
    lappend stub::projects [lindex $names 0]
    set stub::files {}
}
proc current_project {} { stub::need {$stub::projects ne ""} "no project is open"; return project }
proc close_project {args} {
    stub::options $args {} {-delete}
    stub::need {$stub::projects ne ""} "no project is open to close"
    set stub::projects [lrange $stub::projects 0 end-1]
}
proc current_fileset {} { return sources_1 }
proc add_files {args} {
    lassign [stub::options $args {-fileset} {-norecurse}] options names
    foreach path [concat {*}$names] {
        stub::need {[file isfile $path]} "the file $path does not exist"
        stub::need {$path ni $stub::files} "the file $path is added twice"
        lappend stub::files $path
    }
}
proc update_compile_order {args} { stub::options $args {-fileset} {} }
proc update_ip_catalog {} {
    stub::need {[file isfile [file join $stub::ip_folder component.xml]]} "ip_repo_paths has no packaged core"
}
proc get_files {name} {
    stub::need {$name in $stub::files || $name eq "tessera_bd.bd"} "there is no file $name"
    return $name
}
proc get_board_parts {args} {
    lassign [stub::options $args {} {-quiet}] options names
    stub::need {[regexp {^[a-z]+\.com:[a-z0-9_]+:part0:\*$} [lindex $names 0]]} "[lindex $names 0] is no pattern of a board part"
    return [list [string map {* 1.1} [lindex $names 0]] [string map {* 1.10} [lindex $names 0]] [string map {* 1.2} [lindex $names 0]]]
}
proc version {args} { return 2022.2 }

# ---- properties ----
namespace eval stub { variable properties {} }
# CONFIG parameters by kind of block: those that the scripts may set, with a pattern of their values.
set stub::parameters {
    processing_system7 {
        PCW_CRYSTAL_PERIPHERAL_FREQMHZ {^[0-9.]+$} PCW_PRESET_BANK1_VOLTAGE {^LVCMOS (1.8|2.5|3.3)V$}
        PCW_UIPARAM_DDR_PARTNO {^MT41[JK][0-9]+M[0-9]+ } PCW_UIPARAM_DDR_BUS_WIDTH {^(16|32) Bit$} PCW_USE_M_AXI_GP0 {^[01]$}
        PCW_USE_S_AXI_HP0 {^[01]$} PCW_S_AXI_HP0_DATA_WIDTH {^(32|64)$} PCW_EN_CLK0_PORT {^[01]$} PCW_EN_RST0_PORT {^[01]$}
        PCW_FPGA0_PERIPHERAL_FREQMHZ {^[0-9]+$} PCW_USE_FABRIC_INTERRUPT {^[01]$} PCW_IRQ_F2P_INTR {^[01]$}
    }
    zynq_ultra_ps_e {
        PSU__USE__M_AXI_GP0 {^[01]$} PSU__USE__M_AXI_GP1 {^[01]$} PSU__USE__M_AXI_GP2 {^[01]$} PSU__MAXIGP0__DATA_WIDTH {^(32|64|128)$}
        PSU__USE__S_AXI_GP2 {^[01]$} PSU__SAXIGP2__DATA_WIDTH {^(32|64|128)$} PSU__FPGA_PL0_ENABLE {^[01]$}
        PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ {^[0-9]+$} PSU__USE__IRQ0 {^[01]$}
    }
    clk_wiz {
        PRIM_SOURCE {^No_buffer$} PRIM_IN_FREQ {^[0-9]+$} CLKOUT1_REQUESTED_OUT_FREQ {^[0-9]+$} USE_RESET {^(true|false)$}
        USE_LOCKED {^(true|false)$}
    }
    smartconnect { NUM_SI {^[0-9]+$} NUM_MI {^[0-9]+$} }
    proc_sys_reset {}
}
proc set_property {args} {
    if {[lindex $args 0] eq "-dict"} {
        foreach {name value} [lindex $args 1] { set_property $name $value [lindex $args 2] }
        return
    }
    lassign $args name value object
    stub::need {[llength $args] == 3 && $object ne ""} "set_property takes a name, a value and an object: $args"
    if {[regexp {^CONFIG\.(.*)$} $name -> parameter]} {
        set kind [dict get $stub::cells $object]
        stub::need {[dict exists $stub::parameters $kind $parameter]} "$kind has no parameter $parameter"
        set pattern [dict get $stub::parameters $kind $parameter]
        stub::need {[regexp $pattern $value]} "$parameter = $value"
    } elseif {$name eq "ip_repo_paths"} {
        set stub::ip_folder $value
    } elseif {$name eq "top"} {
        stub::need {$value in {tessera_kernel tessera_bd_wrapper}} "there is no module $value to be the top"
    }
    dict set stub::properties $object $name $value
}
proc get_property {name object} {
    if {[dict exists $stub::properties $object $name]} { return [dict get $stub::properties $object $name] }
    switch $name {
        board_part { return "" }
        NAME { return $object }
        PROGRESS { return [expr {$stub::ran ? "100%" : "0%"}] }
        STATUS { return "write_bitstream Complete!" }
        SLACK { return $::env(STUB_WNS) }
        default { stub::bad "unknown property $name" }
    }
}

# ---- packaging ----
namespace eval ipx {}
proc ipx::package_project {args} {
    lassign [stub::options $args {-root_dir -vendor -library -taxonomy -set_current} {-import_files}] options
    stub::need {[dict get $stub::properties sources_1 top] eq "tessera_kernel"} "the packaged top is not tessera_kernel"
    set modules {}
    foreach path $stub::files {
        foreach {- keyword name} [regexp -all -inline -line {^\s*(module|package)\s+(\w+)} [stub::read $path]] {
            stub::need {$name ni $modules} "$name is defined in two of the files"
            lappend modules $name
        }
    }
    # Every module and package that is used is among the files, a package before its users.
    set seen {}
    foreach path $stub::files {
        set text [stub::read $path]
        foreach {- name} [regexp -all -inline -line {^package\s+(\w+)} $text] { lappend seen $name }
        foreach {- name} [regexp -all -inline {\m(tsr_\w+_pkg)::} $text] {
            stub::need {$name in $seen} "package $name, which [file tail $path] uses, is in none of the files before"
        }
        foreach {- name} [regexp -all -inline -line {^\s+(tsr_\w+|tessera)\s+(?:#\(|u_\w+)} [stub::read $path]] {
            stub::need {$name in $modules} "module $name, which [file tail $path] uses, is in none of the files"
        }
    }
    set root [dict get $options -root_dir]
    file mkdir $root
    set f [open [file join $root component.xml] w]
    puts $f "[dict get $options -vendor]:[dict get $options -library]"
    close $f
    set stub::core [dict create vendor [dict get $options -vendor] library [dict get $options -library] root $root]
    set width [lindex [lsearch -inline -regexp $stub::kernel_ports {^\w+ m_axi_gmem_wdata }] 2]
    set text [stub::read [lsearch -inline -glob $stub::files */tessera_kernel.v]]
    stub::need {[regexp {C_M_AXI_GMEM_DATA_WIDTH = (\d+)} $text -> number] && $number == $width} \
        "the top's parameter gives the bus another width than the configuration, $width"
    # Buses are found by the names of their ports: all signals of AXI4-Lite, all of AXI4 but the optional ones.
    set names [lmap port $stub::kernel_ports { lindex $port 1 }]
    foreach {bus signals} {
        s_axi_control {awaddr awvalid awready wdata wstrb wvalid wready bresp bvalid bready araddr arvalid arready rdata rresp rvalid rready}
        m_axi_gmem {awaddr awlen awsize awburst awvalid awready wdata wstrb wlast wvalid wready bresp bvalid bready
                    araddr arlen arsize arburst arvalid arready rdata rresp rlast rvalid rready}
    } {
        foreach signal $signals { stub::need {"${bus}_$signal" in $names} "the top has no port ${bus}_$signal" }
    }
    foreach name {ap_clk ap_rst_n interrupt} { stub::need {$name in $names} "the top has no port $name" }
}
proc ipx::unload_core {path} { stub::need {[file isfile $path]} "there is no core $path" }
proc ipx::edit_ip_in_project {args} {
    lassign [stub::options $args {-upgrade -name -directory} {}] options names
    stub::need {[file isfile [lindex $names 0]]} "there is no core [lindex $names 0]"
    lappend stub::projects edit
}
proc ipx::current_core {} { return core }
proc ipx::get_user_parameters {args} { stub::options $args {-of_objects} {}; return C_M_AXI_GMEM_DATA_WIDTH }
proc ipx::remove_user_parameter {name core} {}
proc ipx::known_bus {name} { stub::need {$name in {s_axi_control m_axi_gmem}} "the top has no bus $name" }
proc ipx::associate_bus_interfaces {args} {
    lassign [stub::options $args {-busif -clock} {}] options
    ipx::known_bus [dict get $options -busif]
    stub::need {[dict get $options -clock] eq "ap_clk"} "the top has no clock [dict get $options -clock]"
    dict lappend stub::core clocked [dict get $options -busif]
}
proc ipx::add_memory_map {args} { return map }
proc ipx::add_address_block {args} { return block }
proc ipx::get_bus_interfaces {name args} { stub::options $args {-of_objects} {}; ipx::known_bus $name; return $name }
proc ipx::add_bus_parameter {args} {
    lassign [stub::options $args {} {-quiet}] options names
    stub::need {[lindex $names 0] in {SUPPORTS_NARROW_BURST MAX_BURST_LENGTH NUM_READ_OUTSTANDING NUM_WRITE_OUTSTANDING}} \
        "an AXI bus has no parameter [lindex $names 0]"
    return parameter_[lindex $names 0]
}
proc ipx::create_xgui_files {core} {}
proc ipx::update_checksums {core} {}
proc ipx::check_integrity {args} {
    stub::need {[lsort [dict get $stub::core clocked]] eq {m_axi_gmem s_axi_control}} "a bus has no clock"
    stub::need {[get_property range block] == 4096} "the register block has not the 4096 bytes of the instruction set"
    foreach {name value} {name tessera version 1.0 sdx_kernel true sdx_kernel_type rtl} {
        stub::need {[get_property $name core] eq $value} "the core's $name is not $value"
    }
}
proc ipx::save_core {core} {}
proc package_xo {args} {
    lassign [stub::options $args {-xo_path -kernel_name -ip_directory -kernel_xml} {-force}] options
    stub::need {[file isfile [file join [dict get $options -ip_directory] component.xml]]} "-ip_directory has no core"
    set xml [stub::read [dict get $options -kernel_xml]]
    set vlnv "[dict get $stub::core vendor]:[dict get $stub::core library]:[get_property name core]:[get_property version core]"
    stub::need {[string first "vlnv=\"$vlnv\"" $xml] >= 0} "kernel.xml is not about $vlnv"
    stub::need {[string first "<kernel name=\"[dict get $options -kernel_name]\"" $xml] >= 0} "kernel.xml has another kernel name"
    stub::need {[regexp {mode="slave" range="(\w+)"} $xml -> range] && $range == [get_property range block]} \
        "kernel.xml and the core have register blocks of different sizes"
    foreach {- name mode width} [regexp -all -inline {<port name="(\w+)" mode="(\w+)" [^>]*dataWidth="(\d+)"} $xml] {
        set found [lsearch -inline -regexp $stub::kernel_ports "^\\w+ ${name}_wdata "]
        stub::need {$found ne ""} "kernel.xml has a port $name, the top has none"
        stub::need {[lindex $found 2] == $width} "kernel.xml gives $name $width bits, the top has [lindex $found 2]"
        stub::need {($mode eq "master") == ([lindex $found 0] eq "output")} "$name is no $mode"
    }
    set f [open [dict get $options -xo_path] w]
    puts $f $xml
    close $f
}

# ---- block design ----
# Pins by kind of block: d drives, l is driven; buses: M initiates, S answers.
set stub::pins {
    processing_system7 {
        d {FCLK_CLK0 FCLK_RESET0_N} l {M_AXI_GP0_ACLK S_AXI_HP0_ACLK IRQ_F2P} M {M_AXI_GP0} S {S_AXI_HP0} X {DDR FIXED_IO}
        segments {S_AXI_HP0/HP0_DDR_LOWOCM} spaces {Data}
    }
    zynq_ultra_ps_e {
        d {pl_clk0 pl_resetn0} l {maxihpm0_fpd_aclk saxihp0_fpd_aclk pl_ps_irq0} M {M_AXI_HPM0_FPD} S {S_AXI_HP0_FPD} X {}
        segments {SAXIGP2/HP0_DDR_LOW SAXIGP2/HP0_DDR_HIGH} spaces {Data}
    }
    clk_wiz { d {clk_out1 locked} l {clk_in1} M {} S {} X {} }
    proc_sys_reset { d {peripheral_aresetn} l {slowest_sync_clk ext_reset_in dcm_locked} M {} S {} X {} }
    smartconnect { d {} l {aclk aresetn} M {M00_AXI} S {S00_AXI} X {} }
    tessera {
        d {interrupt} l {ap_clk ap_rst_n} M {m_axi_gmem} S {s_axi_control} X {}
        segments {s_axi_control/reg0} spaces {m_axi_gmem}
    }
}
proc stub::kind_has {pin which} {
    lassign [split $pin /] cell name
    stub::need {[dict exists $stub::cells $cell]} "there is no block $cell"
    return [expr {$name in [dict get $stub::pins [dict get $stub::cells $cell] $which]}]
}
proc create_bd_design {name} { set stub::cells {} }
proc create_bd_cell {args} {
    lassign [stub::options $args {-type -vlnv} {}] options names
    lassign [split [dict get $options -vlnv] :] vendor library name
    stub::need {[dict exists $stub::pins $name]} "there is no block [dict get $options -vlnv]"
    stub::need {$name ne "tessera" || $vendor eq "tessera" && $library eq "kernel" && $stub::ip_folder ne ""} "the core is not in the catalogue"
    dict set stub::cells [lindex $names 0] $name
}
proc get_bd_cells {name} { stub::need {[dict exists $stub::cells $name]} "there is no block $name"; return $name }
proc get_bd_pins {pin} { stub::need {[stub::kind_has $pin d] || [stub::kind_has $pin l]} "there is no pin $pin"; return $pin }
proc get_bd_intf_pins {pin} {
    stub::need {[stub::kind_has $pin M] || [stub::kind_has $pin S] || [stub::kind_has $pin X]} "there is no bus $pin"
    return $pin
}
proc connect_bd_net {args} {
    stub::need {[llength $args] >= 2 && [stub::kind_has [lindex $args 0] d]} "[lindex $args 0] drives nothing"
    foreach pin [lrange $args 1 end] {
        stub::need {[stub::kind_has $pin l] && $pin ni $stub::driven} "$pin is driven twice"
        lappend stub::driven $pin
        dict set stub::nets $pin [lindex $args 0]
    }
}
proc connect_bd_intf_net {from to} {
    stub::need {[stub::kind_has $from M] && [stub::kind_has $to S]} "$from and $to do not fit"
    foreach pin [list $from $to] {
        stub::need {$pin ni $stub::buses} "$pin is connected twice"
        lappend stub::buses $pin
    }
}
proc make_bd_intf_pins_external {args} {
    lassign [stub::options $args {-name} {}] options names
    stub::need {[stub::kind_has [lindex $names 0] X]} "[lindex $names 0] has no pins outside"
    lappend stub::external [lindex $names 0]
}
proc apply_bd_automation {args} { stub::options $args {-rule -config} {} }
proc get_bd_addr_spaces {name} {
    stub::need {[stub::kind_has $name spaces]} "there is no address space $name"
    return $name
}
proc get_bd_addr_segs {args} {
    lassign [stub::options $args {} {-quiet}] options names
    regexp {^(\w+)/(.*)$} [lindex $names 0] -> cell segment
    stub::need {$segment in [dict get $stub::pins [dict get $stub::cells $cell] segments]} "there is no segment [lindex $names 0]"
    return [lindex $names 0]
}
proc assign_bd_address {args} {
    lassign [stub::options $args {-offset -range -target_address_space} {-force}] options names
    set segment [lindex $names 0]
    if {$segment eq "tessera_1/s_axi_control/reg0"} {
        stub::need {[dict get $options -offset] == [stub::board kernel_base]} "the registers are not at the board's kernel_base"
        stub::need {[dict get $options -range] eq "4K"} "the registers have not the 4 KiB of the instruction set"
        # General purpose port 0 of a Zynq-7000 (UG585), port 0 to the FPD of an UltraScale+ (UG1085).
        set low [expr {[stub::board ps] eq "zynq7" ? 0x40000000 : 0xa0000000}]
        set high [expr {[stub::board ps] eq "zynq7" ? 0x7fffffff : 0xafffffff}]
        stub::need {[dict get $options -offset] >= $low && [dict get $options -offset] <= $high} "the port does not reach the registers"
    }
    lappend stub::addresses $segment
}
proc validate_bd_design {} {
    dict for {cell kind} $stub::cells {
        foreach name [dict get $stub::pins $kind l] { stub::need {"$cell/$name" in $stub::driven} "$cell/$name is not driven" }
        foreach which {M S} {
            foreach name [dict get $stub::pins $kind $which] { stub::need {"$cell/$name" in $stub::buses} "$cell/$name is not connected" }
        }
        foreach name [dict get $stub::pins $kind X] { stub::need {"$cell/$name" in $stub::external} "$cell/$name is not brought out" }
        if {[dict exists $stub::pins $kind segments]} {
            foreach name [dict get $stub::pins $kind segments] {
                stub::need {"$cell/$name" in $stub::addresses} "$cell/$name has no address"
            }
        }
    }
    # One clock everywhere, and the reset that is in step with it.
    foreach pin {tessera_1/ap_clk control/aclk memory/aclk reset/slowest_sync_clk} {
        stub::need {[dict get $stub::nets $pin] eq "clock/clk_out1"} "$pin has another clock than the core"
    }
    foreach pin {tessera_1/ap_rst_n control/aresetn memory/aresetn} {
        stub::need {[dict get $stub::nets $pin] eq "reset/peripheral_aresetn"} "$pin has a reset that is not in step"
    }
    set ps [dict get $stub::properties ps]
    set from [expr {[dict exists $ps CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ] ? [dict get $ps CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ]
                                                                          : [dict get $ps CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ]}]
    stub::need {$from == [dict get $stub::properties clock CONFIG.PRIM_IN_FREQ]} "the clock generator expects another input than ps gives"
    stub::need {[dict get $stub::properties clock CONFIG.CLKOUT1_REQUESTED_OUT_FREQ] == $::env(STUB_CLOCK)} "the core has another clock"
    set stub::validated 1
}
proc save_bd_design {} { stub::need {$stub::validated} "the design is saved before it is checked" }
proc make_wrapper {args} {
    stub::options $args {-files} {-top}
    set path [file join $::folder tessera_bd_wrapper.v]
    close [open $path w]
    return $path
}

# ---- runs ----
proc launch_runs {args} {
    lassign [stub::options $args {-to_step -jobs} {}] options names
    stub::need {$stub::validated && [dict get $options -to_step] eq "write_bitstream" && [lindex $names 0] eq "impl_1"} "nothing to run"
    stub::need {[dict get $stub::properties sources_1 top] eq "tessera_bd_wrapper"} "the top is not the block design's wrapper"
    set runs [file join $::folder project tessera.runs impl_1]
    set handoff [file join $::folder project tessera.gen sources_1 bd tessera_bd hw_handoff]
    file mkdir $runs $handoff
    set f [open [file join $handoff tessera_bd.hwh] w]
    puts $f "stub"
    close $f
    # A .bit file's header: fixed start, design, part, date, time, length of the bits; see driver/xclbin/bitfile.c.
    set part [stub::board part]
    set f [open [file join $runs tessera_bd_wrapper.bit] wb]
    puts -nonewline $f [binary format H* 00090ff00ff00ff00ff0000001]
    foreach {key text} [list a "tessera_bd_wrapper;UserID=0XFFFFFFFF;Version=2022.2" b $part c 2022/11/20 d 12:34:56] { puts -nonewline $f [binary format aSa*c $key [expr {[string length $text] + 1}] $text 0] }
    puts -nonewline $f [binary format aIH* e 4 aa995566]
    close $f
    set stub::ran 1
}
proc wait_on_run {name} {}
proc get_runs {name} { return $name }
proc open_run {name} { stub::need {$stub::ran} "nothing has run" }
proc current_design {} { return design }
# In the design of a card the kernel is a cell of the platform's, whose name ends in tessera_1.
proc get_cells {args} {
    lassign [stub::options $args {} {-hierarchical}] options names
    stub::need {[dict exists $options -hierarchical] && $names eq "tessera_1"} "there is no cell $names"
    return level0_i/ulp/tessera_1
}
proc get_pins {args} {
    stub::need {[dict get [lindex [stub::options $args {-filter} {-hierarchical}] 0] -filter] eq "NAME =~ */tessera_1/ap_clk"} "there is no pin $args"
    return level0_i/ulp/tessera_1/ap_clk
}
proc get_clocks {args} {
    stub::need {[dict get [lindex [stub::options $args {-of_objects} {}] 0] -of_objects] eq "level0_i/ulp/tessera_1/ap_clk"} "no clock"
    return clk_kernel_00
}
proc get_timing_paths {args} {
    set options [lindex [stub::options $args {-max_paths -group} {-setup}] 0]
    stub::need {![dict exists $options -group] || [dict get $options -group] eq "clk_kernel_00"} "there is no path group of $args"
    return path
}
proc report_timing_summary {args} { close [open [dict get [lindex [stub::options $args {-file} {}] 0] -file] w] }
proc report_utilization {args} {
    lassign [stub::options $args {-file -cells} {-hierarchical -return_string}] options
    stub::need {![dict exists $options -cells] || [dict get $options -cells] eq "level0_i/ulp/tessera_1"} "there is no cell of $args"
    if {[dict exists $options -file]} { close [open [dict get $options -file] w] }
    return "| CLB LUTs* | 41000 | 0 |\n| Slice LUTs* | 41000 | 0 |\n| CLB Registers | 30000 | 0 |\n| Slice Registers | 30000 | 0 |\n| DSPs | 128 | 0 |\n| Block RAM Tile | 120.5 | 0 |"
}

proc stub::at_end {} {
    foreach path [glob -nocomplain [file join [file dirname $::source_file] *.xdc]] {
        foreach line [split [stub::read $path] \n] { if {![regexp {^\s*(#|$)} $line]} { uplevel #0 $line } }
    }
}
