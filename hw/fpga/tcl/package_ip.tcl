# SPDX-License-Identifier: Apache-2.0
# The core as an IP tessera:kernel:tessera:1.0, for both flows. The commands are those of UG1118 (Creating and Packaging Custom
# IP) and, for the kernel's properties, UG1393 (Packaging the RTL Code as a Vitis XO).

# Returns the folder with component.xml. `folder` is an empty one to work in.
proc tsr::package_ip {folder part config_name dot} {
    set config [tsr::config $config_name]
    set ip [file join $folder ip]
    create_project -force tessera_ip [file join $folder ip_project] -part $part
    add_files -norecurse [tsr::sources $config_name $dot]
    add_files -norecurse [tsr::write_top $config $folder]
    set_property top tessera_kernel [current_fileset]
    update_compile_order -fileset sources_1
    ipx::package_project -root_dir $ip -vendor tessera -library kernel -taxonomy /KernelIP -import_files -set_current false
    ipx::unload_core [file join $ip component.xml]
    ipx::edit_ip_in_project -upgrade true -name tessera_edit -directory [file join $folder ip_edit] [file join $ip component.xml]
    set core [ipx::current_core]
    set_property name tessera $core
    set_property version 1.0 $core
    set_property display_name "Tessera, configuration $config_name" $core
    # The bus width is a number by now, not a choice.
    foreach parameter [ipx::get_user_parameters -of_objects $core] {
        ipx::remove_user_parameter [get_property NAME $parameter] $core
    }
    ipx::associate_bus_interfaces -busif s_axi_control -clock ap_clk $core
    ipx::associate_bus_interfaces -busif m_axi_gmem -clock ap_clk $core

    # 4 KiB of registers; which ones there are says kernel.xml.
    set map [ipx::add_memory_map -quiet s_axi_control $core]
    set block [ipx::add_address_block -quiet reg0 $map]
    set_property range 4096 $block
    set_property range_resolve_type immediate $block
    set_property slave_memory_map_ref s_axi_control [ipx::get_bus_interfaces s_axi_control -of_objects $core]

    # What the bus port does, so that interconnects are made for it: full-width bursts without identifiers.
    set bus [ipx::get_bus_interfaces m_axi_gmem -of_objects $core]
    foreach {name value} [list \
        SUPPORTS_NARROW_BURST 0 \
        MAX_BURST_LENGTH [dict get $config burst_beats] \
        NUM_READ_OUTSTANDING [dict get $config outstanding_bursts] \
        NUM_WRITE_OUTSTANDING [dict get $config outstanding_bursts]] {
        set_property value $value [ipx::add_bus_parameter -quiet $name $bus]
    }

    set_property sdx_kernel true $core
    set_property sdx_kernel_type rtl $core
    set_property supported_families {} $core
    set_property auto_family_support_level level_2 $core
    ipx::create_xgui_files $core
    ipx::update_checksums $core
    ipx::check_integrity -kernel $core
    ipx::save_core $core
    close_project -delete
    close_project
    return $ip
}
