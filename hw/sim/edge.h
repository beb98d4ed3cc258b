// SPDX-License-Identifier: Apache-2.0
// Behind the generated sources of a model, in their translation unit.
//
// A rising clock is the model's only event, and all that it does is one function. Called here, it saves eval's search for events
// before and after it, 3 % of all instructions.
#ifndef TSR_HW_SIM_EDGE_H
#define TSR_HW_SIM_EDGE_H

// False when this Verilator calls things differently, or finds more than one event.
template <class Root>
inline auto tsr_sim_call_edge(Root *root, VlTriggerVec<1> *events)
    -> decltype(Vtessera___024root___eval_nba(root), root->__Vtrigrprev__TOP__clk_i, bool()) {
    root->clk_i = root->__Vtrigrprev__TOP__clk_i = 1;
    events->at(0) = true;
    Vtessera___024root___eval_nba(root);
    return true;
}
template <class Root> inline bool tsr_sim_call_edge(Root *, ...) { return false; }

bool tsr_sim_edge(Vtessera___024root *root) { return tsr_sim_call_edge(root, &root->__VnbaTriggered); }

#endif
