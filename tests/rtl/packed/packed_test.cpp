// SPDX-License-Identifier: Apache-2.0
// The multiply array with two products a multiplier (hw/rtl/packed) against products in C and against the plain array.
//
// Vsmall: packed, 1x2x2: every pair of weights with every input, 2^24 cases. Vpacked, Vplain: 2x8x4, the same random inputs and
// enables. Vbroken: as Vsmall, without the 2^15 that keeps the low product from borrowing, which must be noticed.
#include "Vbroken.h"
#include "Vpacked.h"
#include "Vplain.h"
#include "Vsmall.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstring>

double sc_time_stamp() { return 0; }

namespace {

template <class Top> void edge(Top *top) {
    top->clk_i = 0;
    top->eval();
    top->clk_i = 1;
    top->eval();
}

// Wrong sums over all (w0, w1, x), until there are a few. The sum has two terms; the case's term is the first or the second one.
template <class Top> int every_pair() {
    Top top;
    top.en_operand_i = top.en_product_i = top.en_dot_i = 1;
    int wrong = 0;
    for (uint32_t n = 0; n < 1U << 24 && wrong < 4; n++) {
        uint32_t w0 = n & 0xff, w1 = n >> 8 & 0xff, x = n >> 16, k = (w0 ^ w1 ^ x) & 1;
        top.inp_i = static_cast<uint16_t>(x << 8 | x);
        top.wgt_i = (w1 << 16 | w0) << 8 * k;
        edge(&top);
        edge(&top);
        edge(&top);
        int32_t want0 = static_cast<int8_t>(w0) * static_cast<int8_t>(x), want1 = static_cast<int8_t>(w1) * static_cast<int8_t>(x);
        wrong += static_cast<int32_t>(top.dot_o) != want0 || static_cast<int32_t>(top.dot_o >> 32) != want1;
    }
    return wrong;
}

uint64_t state = 1;
uint32_t random32() {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<uint32_t>(state >> 33) ^ static_cast<uint32_t>(state << 7);
}
// Corner values as often as random ones.
uint32_t word() {
    static const uint32_t corners[] = {0x80808080, 0x7f7f7f7f, 0, 0xffffffff, 0x80018001};
    uint32_t n = random32() % 10;
    return n < 5 ? corners[n] : random32();
}

// Wrong outputs in `clocks` clocks, with both arrays given the same.
int both(int clocks) {
    Vpacked packed;
    Vplain plain;
    int wrong = 0;
    // Until all registers have been loaded, what comes out is not defined.
    for (int n = 0; n < clocks; n++) {
        packed.en_operand_i = plain.en_operand_i = n < 3 || random32() % 4 != 0;
        packed.en_product_i = plain.en_product_i = n < 3 || random32() % 4 != 0;
        packed.en_dot_i = plain.en_dot_i = n < 3 || random32() % 4 != 0;
        for (size_t i = 0; i < sizeof packed.inp_i / 4; i++)
            packed.inp_i[i] = plain.inp_i[i] = word();
        for (size_t i = 0; i < sizeof packed.wgt_i / 4; i++)
            packed.wgt_i[i] = plain.wgt_i[i] = word();
        edge(&packed);
        edge(&plain);
        wrong += n > 3 && std::memcmp(&packed.dot_o, &plain.dot_o, sizeof plain.dot_o) != 0;
    }
    return wrong;
}

int passed, failed;
void check(const char *name, bool ok) {
    std::printf("%s %s\n", ok ? "PASS" : "FAIL", name);
    (ok ? passed : failed)++;
}

} // namespace

int main() {
    check("two_products_of_one_multiplier_are_exact_for_all_operands", every_pair<Vsmall>() == 0);
    check("packed_and_plain_array_agree_in_every_clock", both(100000) == 0);
    check("an_array_in_which_products_borrow_is_noticed", every_pair<Vbroken>() != 0);
    std::printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
