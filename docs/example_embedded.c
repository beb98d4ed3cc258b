// SPDX-License-Identifier: Apache-2.0
// A model inside of a program that has no files, no heap and no runtime: digits.o and digits.h come from
//   tessera compile models/digits/digits_qdq.onnx --emit object,header -o digits
#include <stdalign.h>
#include <stdio.h>

#include "digits.h"

// A six, 8x8 pixels of 0 to 15.
static const char picture[] = "00005e30"
                              "0001ea00"
                              "0008f200"
                              "000db000"
                              "000fff80"
                              "000ff5e8"
                              "0009f8f9"
                              "00006eb2";

static alignas(DIGITS_ARENA_ALIGNMENT) unsigned char arena[DIGITS_ARENA_BYTES];

int main(void) {
    static DIGITS_INPUT_0_TYPE pixels[DIGITS_INPUT_0_ELEMENTS];
    static DIGITS_OUTPUT_0_TYPE scores[DIGITS_OUTPUT_0_ELEMENTS];
    for (int i = 0; i < DIGITS_INPUT_0_ELEMENTS; i++)
        pixels[i] = (float)(picture[i] <= '9' ? picture[i] - '0' : picture[i] - 'a' + 10) / 15;
    const void *const inputs[DIGITS_INPUTS] = {pixels};
    void *const outputs[DIGITS_OUTPUTS] = {scores};
    digits_invoke(inputs, outputs, arena);
    for (int i = 0; i < DIGITS_OUTPUT_0_ELEMENTS; i++)
        printf("%d: %.4f\n", i, (double)scores[i]);
}
