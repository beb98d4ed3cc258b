// SPDX-License-Identifier: Apache-2.0
// The command `tessera`: finds the subcommand and hands over.
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "tsr/insn.h"
#include "tsr/program.h"

static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", "run a model on a picture or tensor, on a simulator or the CPU", cli_run},
    {"compile", "compile an ONNX or TFLite model into a .tsr file", cli_compile},
    {"quantize", "turn a float model into an int8 one, by calibration", cli_quantize},
    {"info", "list a model's layers, where each runs, and why", cli_info},
    {"profile", "show where a model's cycles go, layer by layer", cli_profile},
    {"asm", "assemble Tessera instructions", cli_asm},
    {"disasm", "list the instructions of an image or a compiled model", cli_disasm},
    {"devices", "list devices, configurations and simulators", cli_devices},
    {"selftest", "test a device, such as a new board", cli_selftest},
#ifdef TSR_HAVE_REMOTE
    {"serve", "lend a device to other computers", cli_serve},
#endif
    {"xclbin", "read and write the files that go onto an FPGA", cli_xclbin},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out) {
    fputs("tessera: run neural networks on the Tessera tensor accelerator\n\nUsage: tessera COMMAND [ARGUMENTS]\n\nCommands:\n",
          out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].summary);
    fputs("  help      this text, or that of a command: tessera help run\n"
          "  version   versions of this program, the instruction set and the compiled-model file\n"
          "\nExamples:\n"
          "  tessera run models/digits/digits_qdq.onnx --input models/digits/images/01_is_6.png --device rtl\n"
          "  tessera info models/digits/digits_qdq.onnx\n"
          "\nExit code: 0 done, 1 failed (what and why on standard error), 2 called in a wrong way.\n",
          out);
}

static int print_version(void) {
    printf("tessera %s, instruction set %u.%u, compiled-model file %d\n", TESSERA_VERSION, (unsigned)(TSR_ISA_VERSION >> 16),
           (unsigned)(TSR_ISA_VERSION & 0xffff), TSR_PROGRAM_VERSION);
    return CLI_DONE;
}

static int run_command(const char *name, int argc, char **argv) {
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(argc, argv);
    fprintf(stderr, "tessera: there is no command \"%s\"; see `tessera help`\n", name);
    return CLI_USAGE;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    int code;
    if (strcmp(name, "help") == 0 && argc > 2 && strcmp(argv[2], "help") != 0 && strcmp(argv[2], "version") != 0) {
        char help[] = "--help", *arguments[] = {argv[2], help, NULL};
        code = run_command(argv[2], 2, arguments);
    } else if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_help(stdout);
        code = CLI_DONE;
    } else if (strcmp(name, "version") == 0 || strcmp(name, "--version") == 0) {
        code = print_version();
    } else {
        code = run_command(name, argc - 1, argv + 1);
    }
    // A full disk or a closed pipe must not look like success.
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("tessera: standard output cannot be written\n", stderr);
        return code == CLI_DONE ? CLI_FAILED : code;
    }
    return code;
}
