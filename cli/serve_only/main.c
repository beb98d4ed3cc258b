// SPDX-License-Identifier: Apache-2.0
// `tessera serve` as a program of its own: needs neither the compiler nor LLVM, which a board's host may not have.
#include <string.h>

#include "cli.h"

int main(int argc, char **argv) {
    // "tessera-serve serve ..." for those who only exchange the program's name.
    const int skip = argc > 1 && strcmp(argv[1], "serve") == 0;
    return cli_serve(argc - skip, argv + skip);
}
