// SPDX-License-Identifier: Apache-2.0
// `tessera serve` against clients that do not keep to the protocol, and the remote device against servers that do not. After each
// the server must serve on.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "peer.h"
#include "programs.h"

GREATEST_MAIN_DEFS();

static serving server; // func:config=tiny, no token, 64 MiB, since every new buffer is cleared
static raw r; // a megabyte, so not on the stack
static bool fatal;
static char message[TSR_MESSAGE_BYTES];

static uint64_t random_state;
static uint32_t random_next(void) {
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(random_state >> 33);
}

// The server still does for a decent client what it is for.
static bool fit(const serving *s) {
    tsr_device *device;
    tsr_status status = tsr_device_open(s->device, &device);
    tsr_buffer *buffer = NULL;
    bool same = false;
    if (status.code == TSR_OK)
        status = tsr_buffer_alloc(device, 5000, &buffer);
    if (status.code == TSR_OK) {
        uint8_t *bytes = tsr_buffer_map(buffer);
        memset(bytes, 0x5a, 5000);
        status = tsr_buffer_sync_to_device(device, buffer, 0, 5000);
        memset(bytes, 0, 5000);
        if (status.code == TSR_OK)
            status = tsr_buffer_sync_from_device(device, buffer, 0, 5000);
        same = bytes[0] == 0x5a && bytes[4999] == 0x5a;
    }
    tsr_device_close(device);
    if (status.code != TSR_OK)
        fprintf(stderr, "%s\n", status.message);
    return status.code == TSR_OK && same;
}

// ---- clients that are none --------------------------------------------------------------------------------------------

TEST random_bytes_leave_it_fit(void) {
    random_state = 1;
    for (int i = 0; i < 150; i++) {
        uint8_t bytes[600];
        const size_t size = random_next() % sizeof bytes;
        for (size_t b = 0; b < size; b++)
            bytes[b] = (uint8_t)random_next();
        // Some begin as a message should, or come where requests are expected.
        if (i % 3 == 1 && size > 8)
            wire_put_header(bytes, (uint32_t[]){1, 2, 16, 17, 18, 19, 20, 21, 130, 150}[i / 3 % 10], random_next() % 700);
        ASSERT(raw_open(&r, &server, i % 2 == 0 ? 0 : 4, NULL));
        raw_bytes(&r, bytes, size);
        shutdown(r.fd, SHUT_WR);
        ASSERT(raw_closed(&r));
        raw_close(&r);
    }
    ASSERT(fit(&server));
    PASS();
}

TEST a_greeting_that_breaks_off_anywhere_leaves_it_fit(void) {
    uint8_t bytes[WIRE_HEADER_BYTES + WIRE_HELLO_BYTES];
    const wire_hello hello = {.version = WIRE_VERSION};
    wire_put_header(bytes, WIRE_HELLO, wire_put_hello(bytes + WIRE_HEADER_BYTES, &hello));
    for (size_t size = 0; size <= sizeof bytes; size++) {
        ASSERT(raw_open(&r, &server, 0, NULL));
        ASSERT(raw_bytes(&r, bytes, size));
        raw_close(&r);
    }
    ASSERT(fit(&server));
    PASS();
}

TEST disconnecting_in_any_state_leaves_it_fit(void) {
    for (int steps = 0; steps <= 4; steps++) {
        ASSERT(raw_open(&r, &server, steps, NULL));
        raw_close(&r);
    }
    // Within and after each request.
    uint8_t payload[64];
    for (size_t cut = 0; cut < 60; cut += 3) {
        ASSERT(raw_open(&r, &server, 4, NULL));
        ASSERT(raw_send(&r, WIRE_ALLOC, payload, wire_put_u64(payload, 1000)));
        ASSERT_EQ(WIRE_ALLOCATED, raw_answer(&r));
        uint8_t bytes[WIRE_HEADER_BYTES + 64] = {0};
        wire_put_header(bytes, WIRE_WRITE, 60);
        ASSERT(raw_bytes(&r, bytes, WIRE_HEADER_BYTES + cut));
        raw_close(&r);
    }
    ASSERT(fit(&server));
    PASS();
}

TEST a_reset_connection_leaves_it_fit(void) {
    const struct linger abort_it = {.l_onoff = 1};
    for (int steps = 0; steps <= 4; steps++) {
        ASSERT(raw_open(&r, &server, steps, NULL));
        setsockopt(r.fd, SOL_SOCKET, SO_LINGER, &abort_it, sizeof abort_it);
        raw_close(&r);
    }
    ASSERT(fit(&server));
    PASS();
}

TEST a_crowd_that_does_not_greet_keeps_nobody_out(void) {
    int waiting[40];
    for (size_t i = 0; i < 40; i++) {
        ASSERT(raw_open(&r, &server, i % 2 == 0 ? 0 : 1, NULL));
        waiting[i] = r.fd;
    }
    const bool served = fit(&server);
    for (size_t i = 0; i < 40; i++)
        close(waiting[i]);
    ASSERT(served);
    PASS();
}

// ---- sizes and versions -----------------------------------------------------------------------------------------------

TEST a_length_beyond_the_limit_is_refused(void) {
    static const struct {
        int steps;
        uint32_t type, size;
    } cases[] = {{0, WIRE_HELLO, WIRE_MAX_GREETING + 1}, {0, WIRE_HELLO, UINT32_MAX}, {2, WIRE_PROOF, UINT32_MAX},
                 {4, WIRE_WRITE, WIRE_MAX_PAYLOAD + 1},  {4, WIRE_ALLOC, UINT32_MAX}, {4, WIRE_RUN, 1U << 31}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t header[WIRE_HEADER_BYTES];
        ASSERT(raw_open(&r, &server, cases[i].steps, NULL));
        wire_put_header(header, cases[i].type, cases[i].size);
        ASSERT(raw_bytes(&r, header, sizeof header));
        ASSERT_EQ_FMT(TSR_CORRUPT, raw_error(&r, &fatal, message), "%d");
        ASSERT(fatal);
        ASSERT(raw_closed(&r));
        raw_close(&r);
    }
    ASSERT(fit(&server));
    PASS();
}

TEST another_version_is_told_both(void) {
    ASSERT(raw_open(&r, &server, 0, NULL));
    r.hello.version = 7;
    uint8_t bytes[WIRE_HELLO_BYTES];
    ASSERT(raw_send(&r, WIRE_HELLO, bytes, wire_put_hello(bytes, &r.hello)));
    ASSERT_EQ_FMT(TSR_MISMATCH, raw_error(&r, &fatal, message), "%d");
    ASSERT_STR_CONTAINS("version 7", message);
    ASSERT_STR_CONTAINS("version 1", message);
    ASSERT(raw_closed(&r));
    raw_close(&r);
    PASS();
}

TEST payloads_of_a_wrong_size_end_the_connection(void) {
    static const struct {
        uint32_t type;
        size_t right, most;
    } cases[] = {{WIRE_ALLOC, 8, 12}, {WIRE_FREE, 4, 8}, {WIRE_READ, 16, 20}, {WIRE_RUN, 32, 40}};
    static const uint8_t zero[64];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t size = 0; size < cases[i].most; size++) {
            if (size == cases[i].right)
                continue;
            ASSERT(raw_open(&r, &server, 4, NULL));
            ASSERT(raw_send(&r, cases[i].type, zero, size));
            ASSERT_EQ_FMT(TSR_CORRUPT, raw_error(&r, &fatal, message), "%d");
            ASSERT(fatal);
            raw_close(&r);
        }
    ASSERT(fit(&server));
    PASS();
}

TEST messages_out_of_place_end_the_connection(void) {
    static const uint32_t all[] = {WIRE_HELLO, WIRE_PROOF,     WIRE_ALLOC,   WIRE_FREE,      WIRE_WRITE, WIRE_READ,
                                   WIRE_RUN,   WIRE_CHALLENGE, WIRE_WELCOME, WIRE_ALLOCATED, WIRE_DONE,  WIRE_DATA,
                                   WIRE_BUSY,  WIRE_RESULT,    WIRE_RECORDS, WIRE_ERROR,     WIRE_BYE,   77};
    static const uint8_t zero[64];
    for (int steps = 0; steps <= 4; steps += 2)
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            const uint32_t type = all[i];
            const bool in_place = (steps == 0 && type == WIRE_HELLO) || (steps == 2 && type == WIRE_PROOF) ||
                                  (steps == 4 && type >= WIRE_ALLOC && type <= WIRE_BYE);
            if (in_place)
                continue;
            ASSERT(raw_open(&r, &server, steps, NULL));
            ASSERT(raw_send(&r, type, zero, 32));
            ASSERT_EQ_FMT(TSR_CORRUPT, raw_error(&r, &fatal, message), "%d");
            ASSERT(fatal);
            ASSERT(raw_closed(&r));
            raw_close(&r);
        }
    ASSERT(fit(&server));
    PASS();
}

// ---- requests for what cannot be --------------------------------------------------------------------------------------

static tsr_code ask(uint32_t type, const uint8_t *payload, size_t size) {
    raw_send(&r, type, payload, size);
    const tsr_code code = raw_error(&r, &fatal, message);
    return fatal ? TSR_INTERNAL : code;
}

TEST impossible_requests_are_refused_and_the_connection_stays(void) {
    uint8_t p[64];
    ASSERT(raw_open(&r, &server, 4, NULL));
    ASSERT_EQ(TSR_OUT_OF_MEMORY, ask(WIRE_ALLOC, p, wire_put_u64(p, 0)));
    ASSERT_EQ(TSR_OUT_OF_MEMORY, ask(WIRE_ALLOC, p, wire_put_u64(p, UINT64_MAX)));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_FREE, p, wire_put_u32(p, 0)));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_FREE, p, wire_put_u32(p, UINT32_MAX)));
    ASSERT_EQ(TSR_OK, ask(WIRE_ALLOC, p, wire_put_u64(p, 100)));
    static const wire_read reads[] = {{0, 101, 0}, {0, 1, 100}, {0, 2, UINT64_MAX}, {0, 1, UINT64_MAX}};
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        ASSERT_EQ(TSR_OUT_OF_RANGE, ask(WIRE_READ, p, wire_put_read(p, &reads[i])));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_READ, p, wire_put_read(p, &(wire_read){1, 1, 0})));
    wire_write write = {.buffer = 0, .offset = 100};
    ASSERT_EQ(TSR_OUT_OF_RANGE, ask(WIRE_WRITE, p, wire_put_write(p, &write) + 1));
    write.offset = UINT64_MAX - 3;
    ASSERT_EQ(TSR_OUT_OF_RANGE, ask(WIRE_WRITE, p, wire_put_write(p, &write) + 8));
    wire_run run = {.segment = {0, 1, WIRE_NO_BUFFER, WIRE_NO_BUFFER}};
    ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_RUN, p, wire_put_run(p, &run)));
    run = (wire_run){.segment = {0, WIRE_NO_BUFFER, WIRE_NO_BUFFER, WIRE_NO_BUFFER}, .records = true};
    ASSERT_EQ(TSR_UNSUPPORTED, ask(WIRE_RUN, p, wire_put_run(p, &run))); // func keeps no records
    // A run that the device refuses or faults on has a result.
    run = (wire_run){.segment = {WIRE_NO_BUFFER, WIRE_NO_BUFFER, WIRE_NO_BUFFER, WIRE_NO_BUFFER}};
    wire_result result;
    ASSERT(raw_send(&r, WIRE_RUN, p, wire_put_run(p, &run)));
    ASSERT_EQ(WIRE_RESULT, raw_answer(&r));
    ASSERT_OK(wire_get_result(r.in.data, r.in.size, &result));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, result.status.code);
    run.segment[0] = 0;
    run.insn_offset = run.insn_count = UINT32_MAX;
    ASSERT(raw_send(&r, WIRE_RUN, p, wire_put_run(p, &run)));
    ASSERT_EQ(WIRE_RESULT, raw_answer(&r));
    ASSERT_OK(wire_get_result(r.in.data, r.in.size, &result));
    ASSERT_EQ(TSR_DEVICE_FAULT, result.status.code);
    ASSERT_EQ(TSR_OK, ask(WIRE_FREE, p, wire_put_u32(p, 0)));
    ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_FREE, p, wire_put_u32(p, 0)));
    ASSERT(raw_send(&r, WIRE_BYE, NULL, 0));
    ASSERT(raw_closed(&r));
    raw_close(&r);
    PASS();
}

TEST one_client_does_not_reach_the_buffers_of_another(void) {
    static raw other;
    uint8_t p[64];
    ASSERT(raw_open(&other, &server, 4, NULL));
    ASSERT(raw_send(&other, WIRE_ALLOC, p, wire_put_u64(p, 100)));
    ASSERT_EQ(WIRE_ALLOCATED, raw_answer(&other));
    ASSERT(raw_open(&r, &server, 4, NULL));
    for (uint32_t id = 0; id < 3; id++) {
        ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_READ, p, wire_put_read(p, &(wire_read){id, 1, 0})));
        ASSERT_EQ(TSR_INVALID_ARGUMENT, ask(WIRE_FREE, p, wire_put_u32(p, id)));
    }
    raw_close(&r);
    raw_close(&other);
    PASS();
}

TEST mutilated_requests_leave_it_fit(void) {
    random_state = 2;
    for (int i = 0; i < 300; i++) {
        uint8_t p[64];
        ASSERT(raw_open(&r, &server, 4, NULL));
        ASSERT(raw_send(&r, WIRE_ALLOC, p, wire_put_u64(p, 4096)));
        ASSERT_EQ(WIRE_ALLOCATED, raw_answer(&r));
        for (int n = 0; n < 4; n++) {
            static const wire_write write = {.buffer = 0, .offset = 64};
            static const wire_read read = {0, 64, 64};
            const wire_run run = {.segment = {0, 0, WIRE_NO_BUFFER, WIRE_NO_BUFFER}, .insn_count = 2, .timeout_ms = 200};
            uint8_t bytes[WIRE_HEADER_BYTES + 64] = {0};
            uint8_t *payload = bytes + WIRE_HEADER_BYTES;
            const uint32_t kind = random_next() % 4;
            const size_t size = kind == 0   ? wire_put_write(payload, &write) + 32
                                : kind == 1 ? wire_put_read(payload, &read)
                                : kind == 2 ? wire_put_run(payload, &run)
                                            : wire_put_u64(payload, 1000);
            wire_put_header(bytes, (uint32_t[]){WIRE_WRITE, WIRE_READ, WIRE_RUN, WIRE_ALLOC}[kind], size);
            for (uint32_t flips = random_next() % 4; flips > 0; flips--)
                bytes[random_next() % (WIRE_HEADER_BYTES + size)] ^= (uint8_t)(1U << random_next() % 8);
            if (!raw_bytes(&r, bytes, WIRE_HEADER_BYTES + size))
                break;
        }
        shutdown(r.fd, SHUT_WR);
        ASSERT(raw_closed(&r));
        raw_close(&r);
    }
    ASSERT(fit(&server));
    PASS();
}

// ---- servers that are none --------------------------------------------------------------------------------------------

static tsr_status open_pretender(const pretence *what) {
    pretender p;
    char name[200];
    tsr_device *device = NULL;
    if (!pretender_start(&p, what))
        return tsr_error(TSR_INTERNAL, "no pretender");
    snprintf(name, sizeof name, "%s,silence=5,connect=5", p.device);
    const tsr_status status = tsr_device_open(name, &device);
    tsr_device_close(device);
    pretender_stop(&p);
    return status;
}

TEST the_client_refuses_what_no_server_says(void) {
    random_state = 3;
    for (int i = 0; i < 40; i++) {
        uint8_t bytes[300];
        const size_t size = random_next() % sizeof bytes;
        for (size_t b = 0; b < size; b++)
            bytes[b] = (uint8_t)random_next();
        const tsr_status status = open_pretender(&(pretence){.first = bytes, .first_size = size});
        ASSERT_NEQ(TSR_OK, status.code);
        ASSERT_NEQ(TSR_INTERNAL, status.code);
        ASSERT(status.message[0] != '\0');
    }
    PASS();
}

static size_t greeting(uint8_t *first, uint8_t *second, size_t *second_size) {
    const wire_challenge challenge = {.version = WIRE_VERSION};
    wire_welcome welcome = {.isa_version = 1 << 16, .max_buffers = 10, .max_buffer_bytes = 1 << 20, .driver = "func"};
    if (tsr_find_config("tiny", &welcome.config).code != TSR_OK)
        return 0;
    *second_size = wire_put_welcome(second + WIRE_HEADER_BYTES, &welcome);
    wire_put_header(second, WIRE_WELCOME, *second_size);
    *second_size += WIRE_HEADER_BYTES;
    const size_t size = wire_put_challenge(first + WIRE_HEADER_BYTES, &challenge);
    wire_put_header(first, WIRE_CHALLENGE, size);
    return WIRE_HEADER_BYTES + size;
}

TEST the_client_refuses_a_mutilated_welcome(void) {
    uint8_t first[100], right[WIRE_HEADER_BYTES + WIRE_MAX_GREETING], second[sizeof right];
    size_t second_size = 0;
    const size_t first_size = greeting(first, right, &second_size);
    ASSERT_OK(open_pretender(&(pretence){first, right, first_size, second_size, true})); // else the rest shows nothing
    random_state = 4;
    for (int i = 0; i < 60; i++) {
        memcpy(second, right, second_size);
        // The identity, or the configuration's text.
        const size_t from = WIRE_HEADER_BYTES + WIRE_PROOF_BYTES, text = from + 48;
        const size_t at = i < 10 ? from + random_next() % 8 : text + random_next() % (second_size - text);
        second[at] ^= (uint8_t)(1U << random_next() % 8);
        if (i >= 10 && at < text + strlen("name = tiny\n") + 4)
            continue; // another name is no mistake
        const tsr_status status = open_pretender(&(pretence){first, second, first_size, second_size, true});
        if (status.code == TSR_OK)
            fprintf(stderr, "byte %zu of WELCOME changed unseen\n", at);
        ASSERT_NEQ(TSR_OK, status.code);
    }
    PASS();
}

TEST a_silent_server_is_given_up(void) {
    const double begin = seconds_now();
    const tsr_status status = open_pretender(&(pretence){.stay = true});
    ASSERT_EQ_FMT(TSR_TIMEOUT, status.code, "%d");
    ASSERT_STR_CONTAINS("tessera serve", status.message);
    ASSERT(seconds_now() - begin < 9);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    char text[1000];
    signal(SIGPIPE, SIG_IGN);
    unsetenv("TESSERA_TOKEN");
    if (!check.list && !serving_start(&server, text, sizeof text, "func:config=tiny", "--memory", "64", NULL)) {
        fprintf(stderr, "no server: %s\n", text);
        return 1;
    }
    RUN_TEST(random_bytes_leave_it_fit);
    RUN_TEST(a_greeting_that_breaks_off_anywhere_leaves_it_fit);
    RUN_TEST(disconnecting_in_any_state_leaves_it_fit);
    RUN_TEST(a_reset_connection_leaves_it_fit);
    RUN_TEST(a_crowd_that_does_not_greet_keeps_nobody_out);
    RUN_TEST(a_length_beyond_the_limit_is_refused);
    RUN_TEST(another_version_is_told_both);
    RUN_TEST(payloads_of_a_wrong_size_end_the_connection);
    RUN_TEST(messages_out_of_place_end_the_connection);
    RUN_TEST(impossible_requests_are_refused_and_the_connection_stays);
    RUN_TEST(one_client_does_not_reach_the_buffers_of_another);
    RUN_TEST(mutilated_requests_leave_it_fit);
    RUN_TEST(the_client_refuses_what_no_server_says);
    RUN_TEST(the_client_refuses_a_mutilated_welcome);
    RUN_TEST(a_silent_server_is_given_up);
    if (!check.list)
        check_report("the_server_stops_with_exit_code_0", serving_stop(&server, SIGTERM) == 0 ? CHECK_PASS : CHECK_FAIL);
    GREATEST_MAIN_END();
}
