// SPDX-License-Identifier: Apache-2.0
// Preloaded into host programs in emulation. XRT's emulation shim reads for ever when the device process is gone, dies of
// SIGPIPE when it writes, ends the program when there is none, and sleeps ten seconds at the first execution. A bus does none of
// that: when nobody answers, reads give ones, and what else can fail does. So this library stands under the shim's socket and,
// once the device process is gone or silent, answers so in its place. Other files and other callers are left alone.
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_FD = 1024,
    CALL_HEADER = 14, // tag, u64 length, tag, u32 call
    CALL_READ_REGISTER = 11,
    HEADER = 9,           // of an answer: tag, u64 length
    MAX_ANSWER = 1 << 24, // no answer of the device process is that long
    PATIENCE_MS = 30000,  // for one answer; $TESSERA_HWEMU_PATIENCE_MS
    SHORT_SLEEP_NS = 200000,
};

typedef struct connection {
    bool dead;
    uint32_t call; // what the shim has asked for (wire.h)
    uint8_t *answer; // the one that the shim is reading, with its header
    size_t size, taken;
} connection;

// The shim uses a connection from one thread at a time; the lock is for the table.
static connection *connections[MAX_FD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// The functions that this library stands in front of. Resolved without a lock: each thread finds the same.
#define REAL(name)                                                                                                               \
    static __typeof__(&name) real;                                                                                               \
    if (real == NULL)                                                                                                            \
        *(void **)(&real) = dlsym(RTLD_NEXT, #name);

static connection *find(int fd) {
    if (fd < 0 || fd >= MAX_FD)
        return NULL;
    pthread_mutex_lock(&lock);
    connection *c = connections[fd];
    pthread_mutex_unlock(&lock);
    return c;
}

static void forget(int fd) {
    if (fd < 0 || fd >= MAX_FD)
        return;
    pthread_mutex_lock(&lock);
    connection *c = connections[fd];
    connections[fd] = NULL;
    pthread_mutex_unlock(&lock);
    if (c != NULL)
        free(c->answer);
    free(c);
}

// The shim's socket, and in *out_address where the boards listen: elsewhere, because the shim removes its socket's name whenever
// a device is closed.
static bool find_boards(const struct sockaddr *address, socklen_t length, struct sockaddr_un *out_address) {
    const char *user = getenv("USER"), *socket = getenv("EMULATION_SOCKETID");
    struct sockaddr_un asked;
    char path[sizeof asked.sun_path];
    if (user == NULL || socket == NULL || length < sizeof address->sa_family || address->sa_family != AF_UNIX)
        return false;
    memset(&asked, 0, sizeof asked);
    memcpy(&asked, address, length < sizeof asked ? length : sizeof asked);
    snprintf(path, sizeof path, "/tmp/%s/%s", user, socket);
    if (strncmp(asked.sun_path, path, sizeof path) != 0)
        return false;
    *out_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    const int needed = snprintf(out_address->sun_path, sizeof path, "/tmp/%s/%s.listen", user, socket);
    return needed > 0 && (size_t)needed < sizeof path;
}

// Under another name here: the header declares connect with a union that ISO C does not know.
int hwemu_connect(int fd, const struct sockaddr *address, socklen_t length) __asm__("connect");
int hwemu_connect(int fd, const struct sockaddr *address, socklen_t length) {
    static __typeof__(&hwemu_connect) real;
    if (real == NULL)
        *(void **)(&real) = dlsym(RTLD_NEXT, "connect");
    struct sockaddr_un boards;
    if (fd < 0 || fd >= MAX_FD || !find_boards(address, length, &boards))
        return real(fd, address, length);
    connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -1;
    c->dead =
        real(fd, (const struct sockaddr *)&boards, sizeof boards) != 0; // else the shim would wait for minutes and then exit
    forget(fd);
    pthread_mutex_lock(&lock);
    connections[fd] = c;
    pthread_mutex_unlock(&lock);
    return 0;
}

int close(int fd) {
    REAL(close)
    forget(fd);
    return real(fd);
}

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write)
    connection *c = find(fd);
    if (c == NULL)
        return real(fd, bytes, size);
    const uint8_t *header = bytes;
    if (size == CALL_HEADER && header[0] == 0x09 && header[9] == 0x15)
        c->call = header[10]; // all numbers are small
    if (!c->dead) {
        const ssize_t put = send(fd, bytes, size, MSG_NOSIGNAL);
        if (put >= 0 || errno == EINTR || errno == EAGAIN)
            return put;
        c->dead = true;
    }
    return (ssize_t)size;
}

static int patience_ms(void) {
    const char *set = getenv("TESSERA_HWEMU_PATIENCE_MS");
    const int ms = set != NULL ? atoi(set) : 0;
    return ms > 0 ? ms : PATIENCE_MS;
}

static bool receive(int fd, uint8_t *bytes, size_t size) {
    while (size > 0) {
        struct pollfd answer = {.fd = fd, .events = POLLIN};
        const int ready = poll(&answer, 1, patience_ms());
        if (ready < 0 && errno == EINTR)
            continue;
        const ssize_t got = ready > 0 ? recv(fd, bytes, size, 0) : 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        size -= (size_t)got;
    }
    return true;
}

// The next whole answer, so that the shim never sees a torn one.
static bool fetch_answer(int fd, connection *c) {
    uint8_t header[HEADER];
    if (!receive(fd, header, sizeof header))
        return false;
    uint64_t length = 0;
    for (int i = 0; i < 8; i++)
        length |= (uint64_t)header[1 + i] << 8 * i;
    if (length > MAX_ANSWER)
        return false;
    uint8_t *answer = malloc(HEADER + length);
    if (answer == NULL)
        return false;
    memcpy(answer, header, HEADER);
    if (!receive(fd, answer + HEADER, length)) {
        free(answer);
        return false;
    }
    free(c->answer);
    *c = (connection){.call = c->call, .answer = answer, .size = HEADER + length};
    return true;
}

// The answer of a board that is not there. Registers read as ones, which ends a run that XRT waits for; to all else it is "no":
// field 1 = 0 (not acknowledged, not valid, nothing copied), field 2 = no bytes.
static bool make_refusal(connection *c) {
    static const uint8_t refusal[] = {0x09, 4, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0x12, 0x00};
    static const uint8_t ones[] = {0x09, 8, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x01, 0x12, 0x04, 0xff, 0xff, 0xff, 0xff};
    const bool reads = c->call == CALL_READ_REGISTER;
    const size_t size = reads ? sizeof ones : sizeof refusal;
    uint8_t *answer = malloc(size);
    if (answer == NULL)
        return false;
    memcpy(answer, reads ? ones : refusal, size);
    free(c->answer);
    *c = (connection){.dead = true, .call = c->call, .answer = answer, .size = size};
    return true;
}

ssize_t read(int fd, void *bytes, size_t size) {
    REAL(read)
    connection *c = find(fd);
    if (c == NULL || size == 0) // an empty answer is asked for as well
        return c == NULL ? real(fd, bytes, size) : 0;
    if (c->taken == c->size && (c->dead || !fetch_answer(fd, c)) && !make_refusal(c)) {
        errno = ENOMEM;
        return -1;
    }
    const size_t left = c->size - c->taken, count = size < left ? size : left;
    memcpy(bytes, c->answer + c->taken, count);
    c->taken += count;
    return (ssize_t)count;
}

// ---- what else the shim does --------------------------------------------------------------------------------------------

static bool is_shim(const void *return_address) {
    Dl_info caller;
    return dladdr(return_address, &caller) != 0 && caller.dli_fname != NULL && strstr(caller.dli_fname, "libxrt_hwemu") != NULL;
}

// Emulation needs no ten seconds: what the shim waits for is a flag.
unsigned sleep(unsigned seconds) {
    REAL(sleep)
    if (!is_shim(__builtin_return_address(0)))
        return real(seconds);
    const struct timespec pause = {.tv_nsec = seconds != 0 ? SHORT_SLEEP_NS : 0};
    (void)nanosleep(&pause, NULL);
    return 0;
}

// Its remarks on its scheduler would stand in the middle of the program's output.
int puts(const char *text) {
    REAL(puts)
    return is_shim(__builtin_return_address(0)) ? 0 : real(text);
}

int __printf_chk(int flag, const char *format, ...);
int __printf_chk(int flag, const char *format, ...) {
    (void)flag;
    if (is_shim(__builtin_return_address(0)))
        return 0;
    va_list arguments;
    va_start(arguments, format);
    const int length = vprintf(format, arguments);
    va_end(arguments);
    return length;
}

// Its log would lie beside the program for good.
FILE *fopen64(const char *path, const char *mode) {
    static const char log[] = "/emulation_debug.log";
    REAL(fopen64)
    const char *folder = getenv("TESSERA_HWEMU_DIR");
    const size_t length = strlen(path);
    char moved[128];
    if (folder == NULL || length < sizeof log || strcmp(path + length - (sizeof log - 1), log) != 0 ||
        snprintf(moved, sizeof moved, "%s%s", folder, log) >= (int)sizeof moved)
        return real(path, mode);
    return real(moved, mode);
}
