// SPDX-License-Identifier: Apache-2.0
// `--name value`, `--name=value`, `--flag`, `-o value`; `--` ends them. `--help` everywhere.
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { HELP_COLUMN = 26 };

static void print_help(const cli_command *command) {
    printf("tessera %s: %s\n\nUsage: tessera %s%s%s\n\nOptions:\n", command->name, command->summary, command->name,
           command->arguments[0] != '\0' ? " " : "", command->arguments);
    for (const cli_option *o = command->options; o->name != NULL; o++) {
        int width = printf("  %s%s%s", o->name, o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
        if (width >= HELP_COLUMN)
            width = printf("\n") - 1;
        for (const char *line = o->help; line != NULL; width = 0) {
            size_t length = strcspn(line, "\n");
            printf("%*s%.*s\n", HELP_COLUMN - width, "", (int)length, line);
            line = line[length] == '\n' ? line + length + 1 : NULL;
        }
    }
    printf("  --help%*sthis text\n", HELP_COLUMN - 8, "");
    if (command->notes != NULL)
        printf("\n%s", command->notes);
    printf("\nExamples:\n%s\nExit code: 0 done, 1 failed, 2 called in a wrong way.\n", command->examples);
}

int cli_misuse(const char *command, const char *format, ...) {
    va_list list;
    va_start(list, format);
    fprintf(stderr, "tessera: %s: ", command);
    vfprintf(stderr, format, list);
    fprintf(stderr, "; see `tessera %s --help`\n", command);
    va_end(list);
    return CLI_USAGE;
}

static const cli_option *find_option(const cli_command *command, const char *text, size_t length) {
    for (const cli_option *o = command->options; o->name != NULL; o++)
        if (strlen(o->name) == length && memcmp(o->name, text, length) == 0)
            return o;
    return NULL;
}

static bool set_option(const cli_command *command, const cli_option *o, const char *value, int *exit_code) {
    if (o->kind == OPTION_TEXT) {
        *(const char **)o->out = value;
    } else if (o->kind == OPTION_LIST) {
        option_list *list = o->out;
        if (list->count == OPTION_LIST_MAX)
            return *exit_code = cli_misuse(command->name, "more than %d times %s", OPTION_LIST_MAX, o->name), false;
        list->texts[list->count++] = value;
    } else if (o->kind == OPTION_REAL) {
        char *end;
        const double number = strtod(value, &end);
        if (end == value || *end != '\0' || !isfinite(number))
            return *exit_code = cli_misuse(command->name, "%s takes a number, not \"%s\"", o->name, value), false;
        *(double *)o->out = number;
    } else {
        char *end;
        errno = 0;
        unsigned long long number = strtoull(value, &end, 0);
        if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number > UINT32_MAX)
            return *exit_code = cli_misuse(command->name, "%s takes a number, not \"%s\"", o->name, value), false;
        *(uint32_t *)o->out = (uint32_t)number;
    }
    return true;
}

bool cli_parse(const cli_command *command, int argc, char **argv, const char **arguments, int *out_exit_code) {
    unsigned count = 0;
    bool options_over = false;
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i];
        if (options_over || text[0] != '-' || text[1] == '\0') {
            if (count == command->most)
                return *out_exit_code = cli_misuse(command->name, "\"%s\" is one argument too many", text), false;
            arguments[count++] = text;
            continue;
        }
        if (strcmp(text, "--") == 0) {
            options_over = true;
            continue;
        }
        if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
            print_help(command);
            return *out_exit_code = CLI_DONE, false;
        }
        size_t length = strcspn(text, "=");
        const cli_option *o = find_option(command, text, length);
        if (o == NULL)
            return *out_exit_code = cli_misuse(command->name, "there is no option %.*s", (int)length, text), false;
        const char *value = text[length] == '=' ? text + length + 1 : NULL;
        if (o->kind == OPTION_FLAG) {
            if (value != NULL)
                return *out_exit_code = cli_misuse(command->name, "%s takes no value", o->name), false;
            *(bool *)o->out = true;
            continue;
        }
        if (value == NULL && i + 1 < argc)
            value = argv[++i];
        if (value == NULL)
            return *out_exit_code = cli_misuse(command->name, "%s needs %s", o->name, o->argument), false;
        if (!set_option(command, o, value, out_exit_code))
            return false;
    }
    if (count < command->least)
        return *out_exit_code = cli_misuse(command->name, "too few arguments: tessera %s %s", command->name, command->arguments),
               false;
    return true;
}
