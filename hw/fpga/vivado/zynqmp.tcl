# SPDX-License-Identifier: Apache-2.0
# The processing system of a Zynq UltraScale+ MPSoC as the block `ps`. Names of its parameters and pins: PG201. Both ports keep
# 128 bits, their width after reset, so that nobody has to set a register after loading the overlay.
proc tsr::create_ps {board} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:zynq_ultra_ps_e ps
    # With the board's files at hand the tool knows its memory; without them the ports are the same.
    if {[get_property board_part [current_project]] ne ""} {
        apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset 1} [get_bd_cells ps]
    }
    set_property -dict [list \
        CONFIG.PSU__USE__M_AXI_GP0 1 \
        CONFIG.PSU__USE__M_AXI_GP1 0 \
        CONFIG.PSU__USE__M_AXI_GP2 0 \
        CONFIG.PSU__MAXIGP0__DATA_WIDTH 128 \
        CONFIG.PSU__USE__S_AXI_GP2 1 \
        CONFIG.PSU__SAXIGP2__DATA_WIDTH 128 \
        CONFIG.PSU__FPGA_PL0_ENABLE 1 \
        CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ 100 \
        CONFIG.PSU__USE__IRQ0 1] [get_bd_cells ps]
    return {
        clock ps/pl_clk0 reset ps/pl_resetn0 interrupt ps/pl_ps_irq0
        control ps/M_AXI_HPM0_FPD control_clock ps/maxihpm0_fpd_aclk
        memory ps/S_AXI_HP0_FPD memory_clock ps/saxihp0_fpd_aclk
        space ps/Data segments {ps/SAXIGP2/HP0_DDR_LOW ps/SAXIGP2/HP0_DDR_HIGH}
    }
}
