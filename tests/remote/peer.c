// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- a server -------------------------------------------------------------------------------------------------------

// Exit code of a child that ends within ten seconds, else -1.
static int end_of(pid_t pid) {
    for (double until = seconds_now() + 10; seconds_now() < until; usleep(10000)) {
        int status;
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return -1;
}

static size_t read_until(int fd, char *text, size_t room, const char *wanted, double timeout) {
    size_t used = 0;
    text[0] = '\0';
    for (double until = seconds_now() + timeout; seconds_now() < until && used + 1 < room;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 100) <= 0)
            continue;
        const ssize_t got = read(fd, text + used, room - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
        text[used] = '\0';
        if (wanted != NULL && strstr(text, wanted) != NULL)
            break;
    }
    return used;
}

bool serving_start(serving *s, char *text, size_t room, const char *device, ...) {
    char path[300];
    snprintf(path, sizeof path, "%s/bin/tessera", getenv("BUILD") != NULL ? getenv("BUILD") : "build");
    const char *arguments[32] = {path, "serve", "--device", device};
    int count = 4;
    bool listens = false;
    va_list list;
    va_start(list, device);
    for (const char *argument; (argument = va_arg(list, const char *)) != NULL && count < 28;) {
        listens |= strcmp(argument, "--listen") == 0;
        arguments[count++] = argument;
    }
    va_end(list);
    if (!listens) {
        arguments[count++] = "--listen";
        arguments[count++] = "127.0.0.1:0";
    }
    int out[2], log[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(log, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    fflush(NULL);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // not to outlive a test that crashes
        dup2(out[1], 1);
        dup2(log[1], 2);
        execv(path, (char **)(uintptr_t)arguments);
        _exit(127);
    }
    close(out[1]);
    close(log[1]);
    s->log = log[0];
    char line[400];
    read_until(out[0], line, sizeof line, "\n", 20);
    close(out[0]);
    if (sscanf(line, "listening on %299s", s->address) == 1) {
        snprintf(s->device, sizeof s->device, "remote:%s", s->address);
        return true;
    }
    read_until(s->log, text, room, NULL, 5);
    s->pid = end_of(s->pid);
    close(s->log);
    return false;
}

int serving_stop(serving *s, int signal_number) {
    kill(s->pid, signal_number);
    const int code = end_of(s->pid);
    close(s->log);
    return code;
}

bool serving_says(serving *s, const char *text) {
    static char log[1 << 20];
    for (double until = seconds_now() + 5; seconds_now() < until; usleep(20000)) {
        static size_t used;
        static int of = -1;
        if (of != s->log)
            used = 0;
        of = s->log;
        const ssize_t got = read(s->log, log + used, sizeof log - 1 - used);
        used += got > 0 ? (size_t)got : 0;
        log[used] = '\0';
        if (strstr(log, text) != NULL)
            return true;
    }
    return false;
}

// ---- raw connections --------------------------------------------------------------------------------------------------

bool raw_send(raw *r, uint32_t type, const void *payload, size_t size) {
    tsr_status why;
    return socket_send(r->fd, 5000, type, payload, size, NULL, 0, &why) == SOCKET_OK;
}

bool raw_bytes(raw *r, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    while (size > 0) {
        const ssize_t sent = send(r->fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            usleep(1000);
            continue;
        }
        if (sent <= 0)
            return false;
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

uint32_t raw_answer(raw *r) {
    do {
        if (socket_receive(r->fd, 5000, 5000, &r->in) != SOCKET_OK)
            return 0;
    } while (r->in.type == WIRE_BUSY);
    return r->in.type;
}

tsr_code raw_error(raw *r, bool *out_fatal, char message[TSR_MESSAGE_BYTES]) {
    wire_error error;
    *out_fatal = false;
    message[0] = '\0';
    if (raw_answer(r) != WIRE_ERROR || wire_get_error(r->in.data, r->in.size, &error).code != TSR_OK)
        return TSR_OK;
    *out_fatal = error.fatal;
    memcpy(message, error.status.message, TSR_MESSAGE_BYTES);
    return error.status.code;
}

bool raw_closed(raw *r) {
    for (int i = 0; i < 20; i++) {
        const socket_end how = socket_receive(r->fd, 10000, 10000, &r->in);
        if (how == SOCKET_CLOSED || how == SOCKET_BROKEN)
            return true;
        if (how != SOCKET_OK)
            return false;
    }
    return false;
}

bool raw_open(raw *r, const serving *s, int steps, const token *secret) {
    *r = (raw){.fd = -1, .hello.version = WIRE_VERSION};
    r->in = (socket_message){.data = r->data, .capacity = sizeof r->data};
    socket_address address;
    if (socket_parse(s->address, strlen(s->address), &address).code != TSR_OK ||
        socket_connect(&address, 5000, &r->fd).code != TSR_OK || token_nonce(r->hello.nonce).code != TSR_OK)
        return false;
    uint8_t bytes[WIRE_HELLO_BYTES];
    if (steps >= 1 && !raw_send(r, WIRE_HELLO, bytes, wire_put_hello(bytes, &r->hello)))
        return false;
    if (steps >= 2 &&
        (raw_answer(r) != WIRE_CHALLENGE || wire_get_challenge(r->in.data, r->in.size, &r->challenge).code != TSR_OK))
        return false;
    if (secret != NULL)
        token_prove(secret, TOKEN_CLIENT, r->hello.nonce, r->challenge.nonce, NULL, 0, r->proof);
    if (steps >= 3 && !raw_send(r, WIRE_PROOF, r->proof, sizeof r->proof))
        return false;
    return steps < 4 || raw_answer(r) == WIRE_WELCOME;
}

void raw_close(raw *r) {
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

// ---- servers that are none --------------------------------------------------------------------------------------------

static void pretend(int listener, const pretence *what) {
    char peer[ADDRESS_BYTES];
    static uint8_t data[4096];
    for (;;) {
        struct pollfd p = {.fd = listener, .events = POLLIN};
        if (poll(&p, 1, -1) <= 0)
            continue;
        raw r = {.fd = socket_accept(listener, peer), .in = {.data = data, .capacity = sizeof data}};
        if (r.fd < 0)
            continue;
        if (socket_receive(r.fd, 5000, 5000, &r.in) == SOCKET_OK && raw_bytes(&r, what->first, what->first_size) &&
            what->second_size > 0 && socket_receive(r.fd, 5000, 5000, &r.in) == SOCKET_OK)
            raw_bytes(&r, what->second, what->second_size);
        if (what->stay) // until the client closes
            (void)socket_receive(r.fd, 60000, 60000, &r.in);
        close(r.fd);
    }
}

bool pretender_start(pretender *p, const pretence *what) {
    const socket_address here = {.host = "127.0.0.1", .port = "0"};
    int listener;
    bool loopback;
    char shown[ADDRESS_BYTES];
    if (socket_listen(&here, &listener, shown, &loopback).code != TSR_OK)
        return false;
    snprintf(p->device, sizeof p->device, "remote:%.80s", shown);
    fflush(NULL);
    p->pid = fork();
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pretend(listener, what);
        _exit(0);
    }
    close(listener);
    return p->pid > 0;
}

void pretender_stop(pretender *p) {
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
}
