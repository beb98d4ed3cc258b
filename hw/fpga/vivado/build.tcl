# SPDX-License-Identifier: Apache-2.0
# vivado -mode batch -source build.tcl -tclargs BOARD CONFIG CLOCK_MHZ JOBS FOLDER
# The whole design of a Zynq board: processing system, clock, reset, core. Leaves tessera.bit, tessera.hwh, timing.rpt,
# utilization.rpt and result.csv in FOLDER.
#
#     ps --100 MHz--> clock --CLOCK_MHZ--> everything          ps --reset--> reset --> everything
#     ps M_AXI --> control --> tessera_1 s_axi_control         tessera_1 interrupt --> ps
#     tessera_1 m_axi_gmem --> memory --> ps S_AXI_HP0
foreach script {common.tcl package_ip.tcl results.tcl} { source [file join [file dirname [info script]] .. tcl $script] }
if {[llength $argv] != 5} { tsr::fail "build.tcl takes BOARD CONFIG CLOCK_MHZ JOBS FOLDER" }
lassign $argv board_name config_name clock_mhz jobs folder
set board [tsr::board $board_name]
source [file join [file dirname [info script]] [dict get $board ps].tcl]
set part [dict get $board part]
set dot [expr {[dict exists $board dot] ? [dict get $board dot] : "plain"}]

# Pins that one net connects; the first drives it.
proc tsr::net {args} { connect_bd_net {*}[lmap pin $args { get_bd_pins $pin }] }
proc tsr::bus {from to} { connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to] }

# The newest of a board's definitions that are installed, "" without any.
proc tsr::board_part {board} {
    if {![dict exists $board board_part]} { return "" }
    return [lindex [lsort -dictionary [get_board_parts -quiet [dict get $board board_part]:*]] end]
}

proc tsr::create_design {board clock_mhz} {
    create_bd_design tessera_bd
    set ps [tsr::create_ps $board]

    create_bd_cell -type ip -vlnv xilinx.com:ip:clk_wiz clock
    set_property -dict [list CONFIG.PRIM_SOURCE No_buffer CONFIG.PRIM_IN_FREQ 100 \
        CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $clock_mhz CONFIG.USE_RESET false CONFIG.USE_LOCKED true] [get_bd_cells clock]
    create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset
    create_bd_cell -type ip -vlnv tessera:kernel:tessera:1.0 tessera_1
    foreach name {control memory} {
        create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect $name
        set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI 1] [get_bd_cells $name]
    }

    tsr::net [dict get $ps clock] clock/clk_in1
    tsr::net clock/clk_out1 reset/slowest_sync_clk control/aclk memory/aclk tessera_1/ap_clk \
        [dict get $ps control_clock] [dict get $ps memory_clock]
    tsr::net clock/locked reset/dcm_locked
    tsr::net [dict get $ps reset] reset/ext_reset_in
    tsr::net reset/peripheral_aresetn control/aresetn memory/aresetn tessera_1/ap_rst_n
    tsr::net tessera_1/interrupt [dict get $ps interrupt]
    tsr::bus [dict get $ps control] control/S00_AXI
    tsr::bus control/M00_AXI tessera_1/s_axi_control
    tsr::bus tessera_1/m_axi_gmem memory/S00_AXI
    tsr::bus memory/M00_AXI [dict get $ps memory]

    assign_bd_address -offset [dict get $board kernel_base] -range 4K -target_address_space [get_bd_addr_spaces [dict get $ps space]] \
        [get_bd_addr_segs tessera_1/s_axi_control/reg0] -force
    foreach segment [dict get $ps segments] {
        set found [get_bd_addr_segs -quiet $segment]
        if {$found ne ""} {
            assign_bd_address -target_address_space [get_bd_addr_spaces tessera_1/m_axi_gmem] $found -force
        }
    }
    validate_bd_design
    save_bd_design
}

set ip [tsr::package_ip $folder $part $config_name $dot]
create_project -force tessera [file join $folder project] -part $part
set board_part [tsr::board_part $board]
if {$board_part ne ""} { set_property board_part $board_part [current_project] }
set_property ip_repo_paths $ip [current_project]
update_ip_catalog
add_files -fileset constrs_1 -norecurse [file join [file dirname [info script]] bitstream.xdc]
tsr::create_design $board $clock_mhz
add_files -norecurse [make_wrapper -files [get_files tessera_bd.bd] -top]
set_property top tessera_bd_wrapper [current_fileset]
update_compile_order -fileset sources_1

launch_runs impl_1 -to_step write_bitstream -jobs $jobs
wait_on_run impl_1
if {[get_property PROGRESS [get_runs impl_1]] ne "100%"} {
    tsr::fail "the implementation ended with '[get_property STATUS [get_runs impl_1]]': see the logs in $folder/project/tessera.runs"
}
open_run impl_1
set wns [tsr::write_results $board_name $config_name $clock_mhz $folder]
if {$wns < 0} {
    tsr::fail "$clock_mhz MHz are not met: the worst path is $wns ns too long, see $folder/timing.rpt; lower it with CLOCK=MHZ"
}
file copy -force [file join $folder project tessera.runs impl_1 tessera_bd_wrapper.bit] [file join $folder tessera.bit]
file copy -force [lindex [glob [file join $folder project tessera.gen sources_1 bd tessera_bd hw_handoff *.hwh]] 0] \
    [file join $folder tessera.hwh]
