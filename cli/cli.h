// SPDX-License-Identifier: Apache-2.0
// The subcommands of `tessera`, and what they share.
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "tsr/status.h"

#define TESSERA_VERSION "0.1.0"

// Exit codes, the same in every subcommand.
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

// Each takes its own arguments, argv[0] being its name, and returns an exit code.
int cli_run(int argc, char **argv);
int cli_compile(int argc, char **argv);
int cli_quantize(int argc, char **argv);
int cli_info(int argc, char **argv);
int cli_profile(int argc, char **argv);
int cli_asm(int argc, char **argv);
int cli_disasm(int argc, char **argv);
int cli_devices(int argc, char **argv);
int cli_xclbin(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_selftest(int argc, char **argv);

// Prints "tessera: <message>" to standard error when status failed; returns the exit code for it.
int cli_finish(tsr_status status);

// ---- options --------------------------------------------------------------------------------------------------------

enum { OPTION_LIST_MAX = 16 };
typedef struct option_list {
    unsigned count;
    const char *texts[OPTION_LIST_MAX];
} option_list;

typedef enum { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_REAL, OPTION_LIST } option_kind;

typedef struct cli_option {
    option_kind kind;
    const char *name;     // "--device" or "-o"
    const char *argument; // "NAME", what help shows; NULL for a flag
    void *out;            // bool *, const char **, uint32_t *, double *, option_list *
    const char *help;     // with line breaks where it needs them
} cli_option;

typedef struct cli_command {
    const char *name, *summary;
    const char *arguments; // "MODEL -o FILE"
    unsigned least, most;  // arguments that are no options
    const cli_option *options; // ends with a NULL name
    const char *notes;         // after the options, may be NULL
    const char *examples;
} cli_command;

// Fills in what the options point to, and `arguments` (most + 1 places). false: the caller returns *out_exit_code; help has
// been printed, or the mistake.
bool cli_parse(const cli_command *command, int argc, char **argv, const char **arguments, int *out_exit_code);

// Prints "tessera: COMMAND: <what>" and where to find help; returns CLI_USAGE.
int cli_misuse(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

// ---- people and programs as readers -----------------------------------------------------------------------------------

void json_text(const char *text);       // quoted and escaped, to standard output
void json_number(double number);        // null when it is not finite
const char *count_text(uint64_t count); // "1,234,567"; good until the fourth next call
const char *shape_text(uint32_t rank, const uint32_t *shape); // "[1,3,8,8]"; likewise

#endif
