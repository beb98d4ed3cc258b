# SPDX-License-Identifier: Apache-2.0
# vivado -mode batch -source package_xo.tcl -tclargs BOARD CONFIG KERNEL_XML FOLDER: FOLDER/tessera.xo from the core.
foreach script {common.tcl package_ip.tcl} { source [file join [file dirname [info script]] .. tcl $script] }
if {[llength $argv] != 4} { tsr::fail "package_xo.tcl takes BOARD CONFIG KERNEL_XML FOLDER" }
lassign $argv board_name config_name kernel_xml folder
set board [tsr::board $board_name]
set dot [expr {[dict exists $board dot] ? [dict get $board dot] : "plain"}]
set ip [tsr::package_ip $folder [dict get $board part] $config_name $dot]
package_xo -force -xo_path [file join $folder tessera.xo] -kernel_name tessera -ip_directory $ip -kernel_xml $kernel_xml
