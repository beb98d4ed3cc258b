# SPDX-License-Identifier: Apache-2.0
# The processing system of a Zynq-7000 as the block `ps`. Names of its parameters and pins: PG082. What concerns the boot (MIO,
# DDR timing) is set by the board's own boot loader before an overlay is loaded; only the ports to the logic matter here.
proc tsr::create_ps {board} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:processing_system7 ps
    set_property -dict [list \
        CONFIG.PCW_CRYSTAL_PERIPHERAL_FREQMHZ 50 \
        CONFIG.PCW_PRESET_BANK1_VOLTAGE {LVCMOS 1.8V} \
        CONFIG.PCW_UIPARAM_DDR_PARTNO {MT41J256M16 RE-125} \
        CONFIG.PCW_UIPARAM_DDR_BUS_WIDTH {16 Bit} \
        CONFIG.PCW_USE_M_AXI_GP0 1 \
        CONFIG.PCW_USE_S_AXI_HP0 1 \
        CONFIG.PCW_S_AXI_HP0_DATA_WIDTH 64 \
        CONFIG.PCW_EN_CLK0_PORT 1 \
        CONFIG.PCW_EN_RST0_PORT 1 \
        CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 100 \
        CONFIG.PCW_USE_FABRIC_INTERRUPT 1 \
        CONFIG.PCW_IRQ_F2P_INTR 1] [get_bd_cells ps]
    make_bd_intf_pins_external -name DDR [get_bd_intf_pins ps/DDR]
    make_bd_intf_pins_external -name FIXED_IO [get_bd_intf_pins ps/FIXED_IO]
    return {
        clock ps/FCLK_CLK0 reset ps/FCLK_RESET0_N interrupt ps/IRQ_F2P
        control ps/M_AXI_GP0 control_clock ps/M_AXI_GP0_ACLK
        memory ps/S_AXI_HP0 memory_clock ps/S_AXI_HP0_ACLK
        space ps/Data segments {ps/S_AXI_HP0/HP0_DDR_LOWOCM}
    }
}
