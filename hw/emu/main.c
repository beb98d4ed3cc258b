// SPDX-License-Identifier: Apache-2.0
// tessera-hwemu: runs a program that uses XRT, with emulated boards behind XRT's hardware-emulation mode. Each connection of
// the program is a board, a process of its own.
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image.h"
#include "serve.h"
#include "surroundings.h"
#include "tsr/xclbin.h"
#include "wire.h"

enum {
    MAX_BOARDS = 8,
    EXIT_MISUSE = 2,
    EXIT_CANNOT_RUN = 127,
    EXIT_SIGNAL = 128,
    EXIT_LEAK = 3, // of a board's process: buffers were left behind
    GRACE_S = 5,   // from a request to end until the program is killed
};

typedef struct settings {
    const char *config, *xclbin;
    unsigned boards, memory_mib;
    bool check_leaks;
    tsr_sim_memory memory;
    emu_serve_options serve;
} settings;

typedef struct machine {
    settings *settings;
    char xclbin[PATH_MAX];
    emu_surroundings surroundings;
    int boards_at, requests_at; // listening: the boards, and the shim's channel for the device's own requests
    int signals;
    pid_t program, board[MAX_BOARDS];
    int program_status;
    bool leaked;
} machine;

// ---- sockets --------------------------------------------------------------------------------------------------------

static tsr_status listen_at(const emu_surroundings *s, const char *name, int *out_fd) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", s->folder, name);
    *out_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*out_fd < 0 || bind(*out_fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(*out_fd, MAX_BOARDS) != 0)
        return tsr_error(TSR_IO, "cannot listen at %s: %s", address.sun_path, strerror(errno));
    return tsr_ok();
}

// ---- processes ------------------------------------------------------------------------------------------------------

// In a child: ends with its parent, and takes signals as a program does.
static void begin_child(const machine *m, pid_t parent, int death_signal) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(m->signals);
    prctl(PR_SET_PDEATHSIG, death_signal);
    if (getppid() != parent)
        _exit(EXIT_CANNOT_RUN);
}

// For tests, which want to know whom to kill.
static void write_pid(const machine *m) {
    char path[PATH_MAX];
    emu_surroundings_path(&m->surroundings, "board.pid", path);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return;
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
}

static _Noreturn void be_board(const machine *m, int fd, bool taken) {
    emu_board *board = NULL;
    close(m->boards_at);
    close(m->requests_at);
    setpgid(0, 0); // so that Ctrl-C reaches the program first, which closes the device
    if (!taken) {
        const tsr_status status = emu_board_open(m->settings->config, &m->settings->memory, &board);
        if (status.code != TSR_OK)
            fprintf(stderr, "tessera-hwemu: %s\n", status.message);
        write_pid(m);
    }
    const uint32_t left = emu_serve(fd, board, &m->settings->serve);
    emu_board_close(board);
    if (left != 0 && m->settings->check_leaks)
        fprintf(stderr, "tessera-hwemu: the program left %u buffer%s on the board\n", left, left == 1 ? "" : "s");
    _exit(left != 0 ? EXIT_LEAK : 0);
}

static void accept_board(machine *m) {
    const int fd = accept4(m->boards_at, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    pid_t *slot = NULL;
    for (unsigned i = 0; i < m->settings->boards && slot == NULL; i++)
        if (m->board[i] == 0)
            slot = &m->board[i];
    const pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        begin_child(m, self, SIGKILL);
        be_board(m, fd, slot == NULL);
    }
    close(fd);
    if (pid > 0 && slot != NULL)
        *slot = pid;
}

// This board never reaches into the host's memory; told so, the shim stops waiting for it.
static void refuse_requests(const machine *m) {
    const int fd = accept4(m->requests_at, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    (void)emu_write_close(fd);
    close(fd);
}

static tsr_status start_program(machine *m, char **command) {
    const pid_t self = getpid();
    m->program = fork();
    if (m->program < 0)
        return tsr_error(TSR_IO, "cannot start a process: %s", strerror(errno));
    if (m->program > 0)
        return tsr_ok();
    begin_child(m, self, SIGTERM);
    const tsr_status status = emu_surroundings_enter(&m->surroundings, m->xclbin);
    if (status.code == TSR_OK)
        execvp(command[0], command);
    fprintf(stderr, "tessera-hwemu: %s\n", status.code != TSR_OK ? status.message : strerror(errno));
    _exit(EXIT_CANNOT_RUN);
}

static void collect(machine *m) {
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == m->program) {
            m->program = 0;
            m->program_status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
        }
        for (unsigned i = 0; i < MAX_BOARDS; i++)
            if (m->board[i] == pid)
                m->board[i] = 0;
        m->leaked |= WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LEAK;
    }
}

static void take_signal(machine *m) {
    struct signalfd_siginfo info;
    if (read(m->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD) {
        collect(m);
    } else if (info.ssi_signo == SIGALRM) {
        kill(m->program, SIGKILL);
    } else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP || info.ssi_signo == SIGINT) {
        // A terminal sends SIGINT to the program as well.
        if (info.ssi_signo != SIGINT)
            kill(m->program, SIGTERM);
        alarm(GRACE_S);
    } // The shim answers a crash by sending the signal to its whole group; the cleaning up here must outlive that.
}

static void run(machine *m) {
    struct pollfd events[] = {{m->signals, POLLIN, 0}, {m->boards_at, POLLIN, 0}, {m->requests_at, POLLIN, 0}};
    while (m->program != 0) {
        if (poll(events, 3, -1) < 0 && errno != EINTR)
            break;
        if ((events[1].revents & POLLIN) != 0)
            accept_board(m);
        if ((events[2].revents & POLLIN) != 0)
            refuse_requests(m);
        if ((events[0].revents & POLLIN) != 0)
            take_signal(m);
    }
}

// Boards end when the host's connection does.
static void end_boards(machine *m) {
    for (unsigned i = 0; i < MAX_BOARDS; i++) {
        if (m->board[i] == 0)
            continue;
        int status;
        struct timespec pause = {.tv_nsec = 10000000};
        pid_t gone = 0;
        for (int tries = 0; tries < 100 && gone == 0; tries++) {
            gone = waitpid(m->board[i], &status, WNOHANG);
            if (gone == 0)
                nanosleep(&pause, NULL);
        }
        if (gone == 0) {
            kill(m->board[i], SIGKILL);
            gone = waitpid(m->board[i], &status, 0);
        }
        m->leaked |= gone > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_LEAK;
        m->board[i] = 0;
    }
}

// The file of the user's, or one written for the boards.
static tsr_status choose_xclbin(machine *m) {
    settings *s = m->settings;
    if (s->xclbin != NULL) {
        if (realpath(s->xclbin, m->xclbin) == NULL)
            return tsr_error(TSR_NOT_FOUND, "%s: %s", s->xclbin, strerror(errno));
    } else {
        emu_surroundings_path(&m->surroundings, "tessera.xclbin", m->xclbin);
        TSR_TRY(emu_image_write(s->config, s->memory_mib, m->xclbin));
    }
    return emu_image_find_kernel(m->xclbin, &s->serve.unit_base);
}

static tsr_status prepare(machine *m) {
    // The simulator's absence is better told now than by a board that does not answer.
    emu_board *board;
    TSR_TRY(emu_board_open(m->settings->config, &m->settings->memory, &board));
    emu_board_close(board);
    TSR_TRY(emu_surroundings_make(m->settings->boards, &m->surroundings));
    TSR_TRY(choose_xclbin(m));
    TSR_TRY(listen_at(&m->surroundings, EMU_SOCKET ".listen", &m->boards_at));
    TSR_TRY(listen_at(&m->surroundings, "D2X_unix_sock_" EMU_SOCKET, &m->requests_at));
    sigset_t taken;
    static const int signals[] = {SIGCHLD, SIGALRM, SIGTERM, SIGHUP, SIGINT, SIGABRT, SIGSEGV, SIGFPE};
    sigemptyset(&taken);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&taken, signals[i]);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    m->signals = signalfd(-1, &taken, SFD_CLOEXEC);
    return m->signals >= 0 ? tsr_ok() : tsr_error(TSR_IO, "signalfd: %s", strerror(errno));
}

static int emulate(settings *s, char **command) {
    machine m = {.settings = s, .boards_at = -1, .requests_at = -1, .signals = -1, .program_status = EXIT_MISUSE};
    tsr_status status = prepare(&m);
    if (status.code == TSR_OK)
        status = start_program(&m, command);
    if (status.code == TSR_OK)
        run(&m);
    end_boards(&m);
    emu_surroundings_remove(&m.surroundings);
    if (status.code != TSR_OK) {
        fprintf(stderr, "tessera-hwemu: %s\n", status.message);
        return EXIT_MISUSE;
    }
    return m.program_status == 0 && m.leaked && s->check_leaks ? EXIT_LEAK : m.program_status;
}

// ---- command line ---------------------------------------------------------------------------------------------------

static const char usage[] =
    "usage: tessera-hwemu [OPTIONS] PROGRAM [ARGUMENT...]\n"
    "Runs PROGRAM with emulated Tessera boards behind XRT: the Verilated core answers XRT's hardware-emulation mode.\n\n"
    "  --config NAME     the core on the boards (default pynq)\n"
    "  --memory MIB      memory of a board (default 1024)\n"
    "  --xclbin FILE     what the devices xrt and opencl load unless told otherwise (default one for the boards)\n"
    "  --boards N        how many boards there are (default 1)\n"
    "  --latency N       clocks from a read request to its first data (default 64)\n"
    "  --fault KIND[@N]  go wrong on purpose after N register accesses: die, mute, registers; or never-done\n"
    "  --check-leaks     fail when PROGRAM leaves buffers on a board\n"
    "  --verbose         print every call that XRT makes\n\n"
    "  tessera-hwemu build/bin/tessera run models/digits/digits_qdq.onnx --input 6.png --device xrt\n";

static bool parse_number(const char *text, unsigned min, unsigned max, unsigned *out) {
    char *end;
    errno = 0;
    const unsigned long number = strtoul(text, &end, 10);
    *out = (unsigned)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number >= min && number <= max;
}

static bool parse_fault(const char *text, emu_fault *out) {
    static const char *const names[] = {"", "die", "mute", "registers", "never-done"};
    const size_t length = strcspn(text, "@");
    out->after = 0;
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length && strncmp(names[i], text, length) == 0)
            out->kind = (emu_fault_kind)i;
    return out->kind != EMU_FAULT_NONE && (text[length] == '\0' || parse_number(text + length + 1, 0, UINT32_MAX, &out->after));
}

int main(int argc, char **argv) {
    settings s = {.config = "pynq", .boards = 1, .memory_mib = 1024, .serve = {.unit_range = TSR_XCLBIN_RANGE}};
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"xclbin", required_argument, NULL, 'x'},
        {"boards", required_argument, NULL, 'b'}, {"latency", required_argument, NULL, 'l'},
        {"fault", required_argument, NULL, 'f'},  {"check-leaks", no_argument, NULL, 'k'},
        {"verbose", no_argument, NULL, 'v'},      {"help", no_argument, NULL, 'h'},
        {"memory", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0},
    };
    unsigned latency = 0;
    bool good = true;
    for (int option; (option = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        switch (option) {
        case 'c': s.config = optarg; break;
        case 'x': s.xclbin = optarg; break;
        case 'b': good &= parse_number(optarg, 1, MAX_BOARDS, &s.boards); break;
        case 'l': good &= parse_number(optarg, 1, 100000, &latency); break;
        case 'f': good &= parse_fault(optarg, &s.serve.fault); break;
        case 'm': good &= parse_number(optarg, 1, 65536, &s.memory_mib); break;
        case 'k': s.check_leaks = true; break;
        case 'v': s.serve.verbose = true; break;
        case 'h': fputs(usage, stdout); return 0;
        default: good = false;
        }
    }
    if (!good || optind >= argc) {
        fputs(usage, stderr);
        return EXIT_MISUSE;
    }
    s.memory.latency = latency;
    return emulate(&s, argv + optind);
}
