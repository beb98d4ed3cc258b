// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#ifdef TSR_HAVE_REMOTE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tsr/serve.h"

static int stop_pipe[2] = {-1, -1}; // a signal handler has nothing else to reach

static void on_signal(int number) {
    const int saved = errno;
    (void)number;
    if (write(stop_pipe[1], "", 1) < 0) { // full: there is a byte in it already
    }
    errno = saved;
}

static tsr_status catch_signals(void) {
    if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        return tsr_error(TSR_IO, "no pipe: %s", strerror(errno));
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return tsr_ok();
}

static void print_address(void *context, const char *address) {
    (void)context;
    printf("listening on %s\n", address);
    fflush(stdout);
}

static void print_line(void *context, const char *line) {
    (void)context;
    fprintf(stderr, "%s\n", line);
}

int cli_serve(int argc, char **argv) {
    tsr_serve_options o = {.on_listen = print_address, .on_line = print_line};
    bool quiet = false;
    const cli_option options[] = {
        {OPTION_TEXT, "--device", "NAME", &o.device, "the device to lend, as for `tessera run`: xrt:..., rtl:config=pynq, func"},
        {OPTION_TEXT, "--listen", "HOST:PORT", &o.listen,
         "where (default " TSR_SERVE_LISTEN
         "); IPv6 in brackets; port 0 takes a free\none. Other than loopback only with a token"},
        {OPTION_TEXT, "--token-file", "FILE", &o.token_file,
         "the secret that clients must have, at least 16 bytes, in a file that\nonly its owner may read (default: the variable "
         "TESSERA_TOKEN)"},
        {OPTION_NUMBER, "--clients", "N", &o.max_clients, "clients at a time (default 8)"},
        {OPTION_NUMBER, "--buffers", "N", &o.max_buffers, "buffers of one client (default 1024)"},
        {OPTION_NUMBER, "--memory", "MIB", &o.memory_mib, "memory of all clients' buffers together (default 1024)"},
        {OPTION_NUMBER, "--idle", "SECONDS", &o.idle_s, "a client that asks for nothing for so long is sent away (default 600)"},
        {OPTION_NUMBER, "--run-limit", "SECONDS", &o.run_s, "a run that takes longer is ended (default 3600)"},
        {OPTION_FLAG, "--quiet", NULL, &quiet, "no log on standard error"},
        {0},
    };
    const cli_command command = {
        "serve",
        "lend a device to other computers",
        "--device NAME [OPTIONS]",
        0,
        0,
        options,
        "Clients name the device remote:HOST:PORT wherever a device is named. Several can share it; their runs take turns.\n"
        "What crosses the network is not encrypted: see the user guide for a tunnel. Standard output gets one line,\n"
        "\"listening on HOST:PORT\"; the log goes to standard error. SIGINT or SIGTERM ends it, exit code 0.\n",
        "  tessera serve --device rtl:config=pynq\n"
        "  tessera serve --device xrt --listen 0.0.0.0:7433 --token-file key\n"
        "  tessera run model.tflite --input cat.jpg --device remote:board.local:7433,token_file=key\n",
    };
    int code;
    if (!cli_parse(&command, argc, argv, NULL, &code))
        return code;
    if (o.device == NULL)
        return cli_misuse("serve", "say with --device what to lend");
    if (quiet)
        o.on_line = NULL;
    tsr_status status = catch_signals();
    if (status.code != TSR_OK)
        return cli_finish(status);
    o.stop_fd = stop_pipe[0];
    return cli_finish(tsr_serve(&o));
}
#endif
