// SPDX-License-Identifier: Apache-2.0
// A host program that lies to an emulated board: damaged and invented calls. The board refuses, or ends the connection; the
// sanitizer build is the judge of the rest.
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board.h"
#include "check.h"
#include "serve.h"
#include "wire.h"

GREATEST_MAIN_DEFS();

enum { ROUNDS = 1500, CALLS = 8, LONGEST = 96 };

static const emu_serve_options options = {.unit_base = 0x1800000, .unit_range = 4096};

typedef struct side {
    int fd;
    emu_board *board;
} side;

static void *serve(void *context) {
    const side *s = context;
    (void)emu_serve(s->fd, s->board, &options);
    close(s->fd);
    return NULL;
}

static void *discard(void *context) {
    uint8_t bytes[4096];
    while (recv(*(const int *)context, bytes, sizeof bytes, 0) > 0) {
    }
    return NULL;
}

static uint32_t random_state;
static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % bound;
}

// Calls as the shim makes them, to be damaged: allocate, to device, from device, write and read a register, free.
typedef struct sample {
    uint8_t call, size;
    uint8_t bytes[24];
} sample;
static const sample samples[] = {
    {EMU_ALLOCATE, 9, {0x08, 0x80, 0x80, 0x80, 0x80, 0x01, 0x10, 0x80, 0x20}},
    {EMU_TO_DEVICE, 16, {0x18, 0x80, 0x80, 0x80, 0x80, 0x01, 0x22, 0x04, 1, 2, 3, 4, 0x28, 0x04, 0x30, 0x08}},
    {EMU_FROM_DEVICE, 10, {0x20, 0x80, 0x80, 0x80, 0x80, 0x01, 0x28, 0x10, 0x30, 0x00}},
    {EMU_WRITE_REGISTER, 13, {0x10, 0x80, 0x80, 0x80, 0x0c, 0x18, 0x04, 0x22, 0x04, 1, 0, 0, 0}},
    {EMU_READ_REGISTER, 7, {0x10, 0x80, 0x81, 0x80, 0x0c, 0x18, 0x04}},
    {EMU_READ_MEMORY, 8, {0x10, 0x80, 0x80, 0x80, 0x80, 0x01, 0x18, 0x40}},
    {EMU_FREE, 6, {0x08, 0x80, 0x80, 0x80, 0x80, 0x01}},
};
enum { SAMPLES = sizeof samples / sizeof samples[0] };

static size_t make_call(uint8_t out[EMU_CALL_HEADER + LONGEST]) {
    const sample *s = &samples[random_below(SAMPLES)];
    size_t size = s->size;
    uint8_t *payload = out + EMU_CALL_HEADER;
    memcpy(payload, s->bytes, size);
    for (uint32_t n = random_below(4); n > 0; n--)
        payload[random_below((uint32_t)size)] = (uint8_t)random_below(256);
    if (random_below(8) == 0)
        for (size = random_below(LONGEST); size > s->size; size--)
            payload[size - 1] = (uint8_t)random_below(256);
    memset(out, 0, EMU_CALL_HEADER);
    out[0] = 0x09, out[9] = 0x15;
    out[1] = (uint8_t)size;
    out[10] = random_below(16) == 0 ? (uint8_t)random_below(64) : s->call;
    if (random_below(64) == 0)
        out[random_below(EMU_CALL_HEADER)] = (uint8_t)random_below(256);
    return EMU_CALL_HEADER + size;
}

static bool talk(emu_board *board) {
    int ends[2];
    pthread_t server, reader;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return false;
    side s = {ends[1], board};
    if (pthread_create(&server, NULL, serve, &s) != 0)
        return false;
    if (pthread_create(&reader, NULL, discard, &ends[0]) != 0)
        return false;
    for (int i = 0; i < CALLS; i++) {
        uint8_t call[EMU_CALL_HEADER + LONGEST];
        const size_t size = make_call(call);
        if (send(ends[0], call, size, MSG_NOSIGNAL) != (ssize_t)size)
            break; // it has hung up on us
    }
    shutdown(ends[0], SHUT_WR);
    pthread_join(server, NULL);
    pthread_join(reader, NULL);
    close(ends[0]);
    return true;
}

TEST a_board_survives_hosts_that_lie(void) {
    emu_board *board;
    const tsr_status status = emu_board_open("tiny", NULL, &board);
    if (status.code != TSR_OK)
        SKIPm("there is no simulator of configuration tiny; `make sims`");
    for (random_state = 1; random_state < ROUNDS; random_state++) {
        const uint32_t seed = random_state;
        ASSERT(talk(board));
        random_state = seed;
    }
    uint32_t magic = 0;
    ASSERT(emu_board_read_register(board, 0x80, &magic)); // and is still there
    ASSERT_EQ(0x54455352, magic);
    emu_board_close(board);
    PASS();
}

TEST so_does_one_that_is_taken(void) {
    for (random_state = 1; random_state < ROUNDS; random_state++) {
        const uint32_t seed = random_state;
        ASSERT(talk(NULL));
        random_state = seed;
    }
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    RUN_TEST(a_board_survives_hosts_that_lie);
    RUN_TEST(so_does_one_that_is_taken);
    GREATEST_MAIN_END();
}
