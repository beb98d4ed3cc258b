# SPDX-License-Identifier: Apache-2.0
# tclsh ports.tcl FILE.xml MODULE: "DIRECTION NAME WIDTH" of each of a module's ports, from Verilator's --xml-only.
lassign $argv path module
set file [open $path]
set text [read $file]
close $file
foreach {- id attributes} [regexp -all -inline {<basicdtype [^>]*?id="(\d+)"([^>]*)/>} $text] {
    set width 1
    if {[regexp {left="(\d+)" right="(\d+)"} $attributes -> left right]} { set width [expr {$left - $right + 1}] }
    set width_of($id) $width
}
if {![regexp -indices "<module \[^>\]*name=\"$module\"" $text where]} { puts stderr "there is no module $module"; exit 1 }
set body [string range $text [lindex $where 0] [string first </module> $text [lindex $where 1]]]
foreach {- name id direction} [regexp -all -inline {<var [^>]*?name="(\w+)" dtype_id="(\d+)" dir="(\w+)"} $body] {
    puts "$direction $name $width_of($id)"
}
