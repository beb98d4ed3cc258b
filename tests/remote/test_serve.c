// SPDX-License-Identifier: Apache-2.0
// `tessera serve` and the remote device as two processes: tokens, limits, several clients, ends of either side.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "peer.h"
#include "programs.h"

GREATEST_MAIN_DEFS();

static char text[2000]; // what a server said that did not come up
static raw r;
static char folder[] = "/tmp/tessera-serve-XXXXXX";
static const char secret_text[] = "a secret of more than sixteen bytes";
static char key[80], other_key[80]; // files

static const char *write_key(char path[80], const char *name, const char *content, mode_t mode) {
    snprintf(path, 80, "%s/%s", folder, name);
    const int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (fd < 0 || write(fd, content, strlen(content)) < 0 || fchmod(fd, mode) != 0)
        abort();
    close(fd);
    return path;
}

static tsr_status try_open(const serving *s, const char *more) {
    char name[500];
    tsr_device *device = NULL;
    snprintf(name, sizeof name, "%s%s", s->device, more);
    const tsr_status status = tsr_device_open(name, &device);
    tsr_device_close(device);
    return status;
}

// ---- runs -------------------------------------------------------------------------------------------------------------

typedef struct work {
    tsr_device *device;
    tsr_buffer *consts, *data;
    tsr_run run;
} work;

static tsr_status work_open(const char *name, device_program program, work *w) {
    *w = (work){0};
    TSR_TRY(tsr_device_open(name, &w->device));
    TSR_TRY(tsr_buffer_alloc(w->device, program.consts_bytes, &w->consts));
    TSR_TRY(tsr_buffer_alloc(w->device, PROGRAM_WORK, &w->data));
    memcpy(tsr_buffer_map(w->consts), program.consts, program.consts_bytes);
    uint8_t *data = tsr_buffer_map(w->data);
    for (uint32_t i = 0; i < PROGRAM_WORK; i++)
        data[i] = (uint8_t)(i % 100);
    TSR_TRY(tsr_buffer_sync_to_device(w->device, w->consts, 0, program.consts_bytes));
    TSR_TRY(tsr_buffer_sync_to_device(w->device, w->data, 0, PROGRAM_WORK));
    w->run = (tsr_run){.segment = {w->consts, w->data}, .insn_offset = program.insn_offset, .insn_count = program.insn_count};
    program_free(&program);
    return tsr_ok();
}

static tsr_status work_run(work *w, uint32_t timeout_ms) {
    TSR_TRY(tsr_device_submit(w->device, &w->run));
    return tsr_device_wait(w->device, timeout_ms, NULL, NULL);
}

static tsr_config tiny;

// A copy that adds 1 to each byte, from a client of its own.
static tsr_status copy_once(const serving *s) {
    work w;
    tsr_status status = work_open(s->device, program_copy(&tiny, 1), &w);
    if (status.code == TSR_OK)
        status = work_run(&w, 20000);
    if (status.code == TSR_OK)
        status = tsr_buffer_sync_from_device(w.device, w.data, 0, PROGRAM_WORK);
    if (status.code == TSR_OK)
        for (uint32_t i = 0; i < program_copy_bytes(&tiny); i++)
            if (((const uint8_t *)tsr_buffer_map(w.data))[PROGRAM_OUT + i] != (PROGRAM_IN + i) % 100 + 1)
                status = tsr_error(TSR_INTERNAL, "a copy is wrong at byte %u", i);
    tsr_device_close(w.device);
    return status;
}

// A client in a process of its own that runs for ever; it is over only when it is killed.
static pid_t endless_client(const serving *s) {
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work w;
        const tsr_status status = work_open(s->device, program_endless(&tiny), &w);
        _exit(status.code == TSR_OK && work_run(&w, 0).code != TSR_OK ? 3 : 4);
    }
    return pid;
}

// Until it has its buffers and is about to run.
static bool underway(serving *s) {
    const bool seen = serving_says(s, "connects");
    usleep(300000);
    return seen;
}

// ---- tokens -----------------------------------------------------------------------------------------------------------

TEST a_token_is_wanted_and_checked(void) {
    serving s;
    char more[200], bad[80];
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--token-file", key, NULL));
    tsr_status status = try_open(&s, "");
    ASSERT_STR_CONTAINS("wants a token", status.message);
    snprintf(more, sizeof more, ",token_file=%s", other_key);
    status = try_open(&s, more);
    ASSERT_STR_CONTAINS("token is not the server's", status.message);
    snprintf(more, sizeof more, ",token_file=%s", key);
    ASSERT_OK(try_open(&s, more));
    setenv("TESSERA_TOKEN", secret_text, 1);
    status = try_open(&s, "");
    unsetenv("TESSERA_TOKEN");
    ASSERT_OK(status);
    snprintf(more, sizeof more, ",token_file=%s", write_key(bad, "open", secret_text, 0644));
    status = try_open(&s, more);
    ASSERT_STR_CONTAINS("chmod 600", status.message);
    snprintf(more, sizeof more, ",token_file=%s", write_key(bad, "short", "0123456789abcde\n", 0600));
    status = try_open(&s, more);
    ASSERT_STR_CONTAINS("can be guessed", status.message);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    PASS();
}

TEST a_proof_that_was_listened_to_is_of_no_use(void) {
    serving s;
    token secret;
    ASSERT_OK(token_load(key, &secret));
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--token-file", key, NULL));
    ASSERT(raw_open(&r, &s, 4, &secret));
    raw_close(&r);
    uint8_t heard[WIRE_PROOF_BYTES];
    wire_hello hello = r.hello;
    memcpy(heard, r.proof, sizeof heard);
    // The same HELLO and PROOF once more.
    uint8_t bytes[WIRE_HELLO_BYTES];
    ASSERT(raw_open(&r, &s, 0, NULL));
    ASSERT(raw_send(&r, WIRE_HELLO, bytes, wire_put_hello(bytes, &hello)));
    ASSERT_EQ(WIRE_CHALLENGE, raw_answer(&r));
    ASSERT(raw_send(&r, WIRE_PROOF, heard, sizeof heard));
    bool fatal;
    char message[TSR_MESSAGE_BYTES];
    ASSERT_EQ_FMT(TSR_INVALID_ARGUMENT, raw_error(&r, &fatal, message), "%d");
    ASSERT(fatal);
    ASSERT(raw_closed(&r));
    raw_close(&r);
    // Nor is one with any bit changed.
    for (int bit = 0; bit < 256; bit += 37) {
        ASSERT(raw_open(&r, &s, 2, &secret));
        r.proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ASSERT(raw_send(&r, WIRE_PROOF, r.proof, sizeof r.proof));
        ASSERT_EQ_FMT(TSR_INVALID_ARGUMENT, raw_error(&r, &fatal, message), "%d");
        raw_close(&r);
    }
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    PASS();
}

TEST a_server_that_does_not_know_the_token_is_refused(void) {
    serving s;
    char more[200];
    snprintf(more, sizeof more, ",token_file=%s", key);
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    const tsr_status status = try_open(&s, more);
    ASSERT_STR_CONTAINS("cannot prove", status.message);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));

    // One that wants a token and takes any.
    uint8_t first[100], second[WIRE_MAX_GREETING + WIRE_HEADER_BYTES];
    wire_welcome welcome = {.isa_version = 1 << 16, .max_buffers = 10, .max_buffer_bytes = 1 << 20, .config = tiny};
    const size_t second_size = wire_put_welcome(second + WIRE_HEADER_BYTES, &welcome);
    wire_put_header(second, WIRE_WELCOME, second_size);
    const size_t first_size =
        wire_put_challenge(first + WIRE_HEADER_BYTES, &(wire_challenge){.version = WIRE_VERSION, .token_wanted = 1});
    wire_put_header(first, WIRE_CHALLENGE, first_size);
    pretender p;
    ASSERT(
        pretender_start(&p, &(pretence){first, second, first_size + WIRE_HEADER_BYTES, second_size + WIRE_HEADER_BYTES, true}));
    char name[300];
    tsr_device *device;
    snprintf(name, sizeof name, "%s%s", p.device, more);
    const tsr_status pretended = tsr_device_open(name, &device);
    pretender_stop(&p);
    ASSERT_STR_CONTAINS("does not know the token", pretended.message);
    PASS();
}

TEST other_addresses_need_a_token(void) {
    serving s;
    ASSERT_FALSE(serving_start(&s, text, sizeof text, "func:config=tiny", "--listen", "0.0.0.0:0", NULL));
    ASSERT_EQ_FMT(1, s.pid, "%d");
    ASSERT_STR_CONTAINS("--token-file", text);
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--listen", "0.0.0.0:0", "--token-file", key, NULL));
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    PASS();
}

// ---- addresses --------------------------------------------------------------------------------------------------------

TEST names_and_ipv6_are_addresses(void) {
    serving s;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--listen", "localhost:0", NULL));
    const char *port = strrchr(s.address, ':');
    snprintf(s.device, sizeof s.device, "remote:localhost%s", port);
    const tsr_status by_name = try_open(&s, "");
    snprintf(s.device, sizeof s.device, "remote:address=localhost%s,config=tiny", port);
    const tsr_status by_key = try_open(&s, "");
    snprintf(s.device, sizeof s.device, "fault:device=remote,address=localhost%s", port);
    const tsr_status wrapped = try_open(&s, "");
    ASSERT_EQ(0, serving_stop(&s, SIGINT));
    ASSERT_OK(by_name);
    ASSERT_OK(by_key);
    ASSERT_OK(wrapped);
    if (!serving_start(&s, text, sizeof text, "func:config=tiny", "--listen", "[::1]:0", NULL))
        SKIPm("no IPv6 on this computer");
    const tsr_status v6 = try_open(&s, "");
    ASSERT_EQ(0, serving_stop(&s, SIGINT));
    ASSERT_OK(v6);
    PASS();
}

TEST wrong_names_say_what_to_write(void) {
    static const struct {
        const char *name, *says;
    } cases[] = {{"remote:", "remote:HOST:PORT"},
                 {"remote", "remote:HOST:PORT"},
                 {"remote:host:", "a port from 0 to 65535"},
                 {"remote:host:99999", "a port from 0 to 65535"},
                 {"remote:host:12a", "a port from 0 to 65535"},
                 {"remote:::1:7433", "in brackets"},
                 {"remote:[::1", "is missing"},
                 {"remote:127.0.0.1:1,token=x", "token_file"},
                 {"remote:127.0.0.1:1,silence=1", "from 5"},
                 {"remote:127.0.0.1:1,address=b", "twice"},
                 {"remote:127.0.0.1:1", "tessera serve"},
                 {"remote:no-such-host.invalid:1", "no such host"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tsr_device *device = (tsr_device *)(uintptr_t)1;
        const tsr_status status = tsr_device_open(cases[i].name, &device);
        ASSERT_NEQ(TSR_OK, status.code);
        ASSERT(device == NULL);
        ASSERT_STR_CONTAINS(cases[i].says, status.message);
    }
    PASS();
}

TEST another_configuration_is_refused(void) {
    serving s;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    const tsr_status status = try_open(&s, ",config=pynq");
    ASSERT_OK(try_open(&s, ",config=tiny"));
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_EQ_FMT(TSR_MISMATCH, status.code, "%d");
    ASSERT_STR_CONTAINS("configuration tiny, not pynq", status.message);
    PASS();
}

// ---- several clients --------------------------------------------------------------------------------------------------

TEST two_clients_take_turns(void) {
    serving s;
    work slow;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        tsr_code code = TSR_INTERNAL;
        if (work_open(s.device, program_endless(&tiny), &slow).code == TSR_OK)
            code = work_run(&slow, 1500).code; // its own time limit, not the other's
        tsr_device_close(slow.device);
        _exit(code == TSR_TIMEOUT ? 0 : 1);
    }
    ASSERT(underway(&s));
    const double begin = seconds_now();
    const tsr_status status = copy_once(&s);
    const double waited = seconds_now() - begin;
    int ended;
    waitpid(child, &ended, 0);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_OK(status);
    ASSERT(waited > 0.5); // it had to wait, and was not timed out for it
    ASSERT_EQ(0, ended);
    PASS();
}

TEST a_client_that_dies_in_a_run_frees_the_device(void) {
    serving s;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    const pid_t child = endless_client(&s);
    ASSERT(underway(&s));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    const double begin = seconds_now();
    const tsr_status status = copy_once(&s);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_OK(status);
    ASSERT(seconds_now() - begin < 5);
    PASS();
}

TEST an_end_of_the_server_ends_the_run(void) {
    static const int signals[] = {SIGTERM, SIGINT};
    for (int i = 0; i < 2; i++) {
        serving s;
        ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
        const pid_t child = endless_client(&s);
        ASSERT(underway(&s));
        ASSERT_EQ(0, serving_stop(&s, signals[i]));
        int status;
        waitpid(child, &status, 0);
        ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 3); // the client was told, or saw it
    }
    PASS();
}

// ---- lost servers -----------------------------------------------------------------------------------------------------

TEST a_killed_server_is_an_error_at_once_and_ever_after(void) {
    serving s;
    work w;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    ASSERT_OK(work_open(s.device, program_copy(&tiny, 1), &w));
    ASSERT_EQ(-1, serving_stop(&s, SIGKILL));
    const double begin = seconds_now();
    const tsr_status run = work_run(&w, 0);
    ASSERT_NEQ(TSR_OK, run.code);
    ASSERT_STR_CONTAINS("open the device again", run.message);
    ASSERT_NEQ(TSR_OK, tsr_buffer_sync_to_device(w.device, w.data, 0, 10).code);
    ASSERT_NEQ(TSR_OK, tsr_device_submit(w.device, &w.run).code);
    tsr_buffer *more;
    ASSERT_NEQ(TSR_OK, tsr_buffer_alloc(w.device, 10, &more).code);
    tsr_device_close(w.device);
    ASSERT(seconds_now() - begin < 2);
    PASS();
}

TEST a_server_that_stands_still_is_given_up(void) {
    serving s;
    work w;
    char name[500];
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    snprintf(name, sizeof name, "%s,silence=5", s.device);
    ASSERT_OK(work_open(name, program_copy(&tiny, 1), &w));
    kill(s.pid, SIGSTOP);
    int how;
    ASSERT_EQ(s.pid, waitpid(s.pid, &how, WUNTRACED)); // it may still answer until it has stopped
    ASSERT(WIFSTOPPED(how));
    const double begin = seconds_now();
    const tsr_status status = work_run(&w, 0);
    tsr_device_close(w.device);
    kill(s.pid, SIGCONT);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_EQ_FMT(TSR_TIMEOUT, status.code, "%d");
    ASSERT(seconds_now() - begin < 9);
    PASS();
}

// ---- limits -----------------------------------------------------------------------------------------------------------

TEST clients_buffers_and_memory_have_limits(void) {
    serving s;
    tsr_device *one, *two, *three;
    tsr_buffer *a, *b, *c;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--clients", "2", "--buffers", "3", "--memory", "1", NULL));
    ASSERT_OK(tsr_device_open(s.device, &one));
    ASSERT_OK(tsr_device_open(s.device, &two));
    tsr_status status = tsr_device_open(s.device, &three);
    ASSERT_STR_CONTAINS("2 clients already", status.message);
    ASSERT_EQ(1U << 20, tsr_device_get_info(one)->max_buffer_bytes);
    ASSERT_EQ(TSR_OUT_OF_MEMORY, tsr_buffer_alloc(one, (1 << 20) + 1, &a).code);
    ASSERT_OK(tsr_buffer_alloc(one, 700000, &a));
    status = tsr_buffer_alloc(two, 700000, &b);
    ASSERT_EQ_FMT(TSR_OUT_OF_MEMORY, status.code, "%d");
    ASSERT_STR_CONTAINS("--memory", status.message);
    ASSERT_OK(tsr_buffer_alloc(two, 100, &b));
    ASSERT_OK(tsr_buffer_alloc(two, 100, &b));
    ASSERT_OK(tsr_buffer_alloc(two, 100, &b));
    status = tsr_buffer_alloc(two, 100, &c);
    ASSERT_EQ_FMT(TSR_OUT_OF_MEMORY, status.code, "%d");
    ASSERT_STR_CONTAINS("--buffers", status.message);
    tsr_buffer_free(two, b);
    ASSERT_OK(tsr_buffer_alloc(two, 100, &b));
    for (int i = 0; i < 20; i++) { // what it had is there for the next at once
        tsr_device_close(one);
        ASSERT_OK(tsr_device_open(s.device, &one));
        ASSERT_OK(tsr_buffer_alloc(one, 700000, &a));
    }
    tsr_device_close(one);
    tsr_device_close(two);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    PASS();
}

TEST who_asks_for_nothing_is_sent_away(void) {
    serving s;
    tsr_device *device;
    tsr_buffer *buffer;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--idle", "1", NULL));
    ASSERT_OK(tsr_device_open(s.device, &device));
    usleep(1300000);
    const tsr_status status = tsr_buffer_alloc(device, 10, &buffer);
    tsr_device_close(device);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_STR_CONTAINS("--idle", status.message);
    PASS();
}

TEST a_greeting_by_drops_is_cut_off(void) {
    serving s;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", NULL));
    ASSERT(raw_open(&r, &s, 0, NULL));
    const double begin = seconds_now();
    bool open = true;
    static const uint8_t byte = 52;
    for (int i = 0; i < 10 && open; i++) {
        open = raw_bytes(&r, &byte, i < 1) && raw_bytes(&r, "", i >= 1 && i < 8) && !socket_gone(r.fd);
        usleep(900000);
    }
    raw_close(&r);
    ASSERT_FALSE(open);
    ASSERT(seconds_now() - begin < 9);
    ASSERT_OK(copy_once(&s));
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    PASS();
}

TEST endless_runs_meet_the_servers_limit(void) {
    serving s;
    work w;
    ASSERT(serving_start(&s, text, sizeof text, "func:config=tiny", "--run-limit", "1", NULL));
    ASSERT_OK(work_open(s.device, program_endless(&tiny), &w));
    const tsr_status status = work_run(&w, 0);
    const tsr_status again = work_run(&w, 50); // the client's own limit is not blamed on the server
    tsr_device_close(w.device);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_EQ_FMT(TSR_TIMEOUT, status.code, "%d");
    ASSERT_STR_CONTAINS("--run-limit", status.message);
    ASSERT_EQ_FMT(TSR_TIMEOUT, again.code, "%d");
    ASSERT(strstr(again.message, "--run-limit") == NULL);
    PASS();
}

TEST faults_beneath_reach_the_client(void) {
    serving s;
    work w;
    ASSERT(serving_start(&s, text, sizeof text, "fault:device=func,config=tiny,fail_alloc=3,fail_sync=3,bus_fault=1,timeout=2",
                         NULL));
    ASSERT_OK(work_open(s.device, program_copy(&tiny, 1), &w));
    tsr_buffer *more;
    const tsr_status alloc = tsr_buffer_alloc(w.device, 10, &more), sync = tsr_buffer_sync_to_device(w.device, w.data, 0, 10);
    const tsr_status bus = work_run(&w, 0), late = work_run(&w, 0), good = work_run(&w, 0);
    tsr_device_close(w.device);
    ASSERT_EQ(0, serving_stop(&s, SIGTERM));
    ASSERT_EQ_FMT(TSR_OUT_OF_MEMORY, alloc.code, "%d");
    ASSERT_EQ_FMT(TSR_IO, sync.code, "%d");
    ASSERT_EQ_FMT(TSR_DEVICE_FAULT, bus.code, "%d");
    ASSERT_EQ_FMT(TSR_TIMEOUT, late.code, "%d");
    ASSERT_OK(good);
    PASS();
}

int main(int argc, char **argv) {
    GREATEST_MAIN_BEGIN();
    signal(SIGPIPE, SIG_IGN);
    unsetenv("TESSERA_TOKEN");
    if (mkdtemp(folder) == NULL || tsr_find_config("tiny", &tiny).code != TSR_OK)
        return 1;
    write_key(key, "key", secret_text, 0600);
    write_key(other_key, "other", "another secret of enough bytes", 0600);
    RUN_TEST(a_token_is_wanted_and_checked);
    RUN_TEST(a_proof_that_was_listened_to_is_of_no_use);
    RUN_TEST(a_server_that_does_not_know_the_token_is_refused);
    RUN_TEST(other_addresses_need_a_token);
    RUN_TEST(names_and_ipv6_are_addresses);
    RUN_TEST(wrong_names_say_what_to_write);
    RUN_TEST(another_configuration_is_refused);
    RUN_TEST(two_clients_take_turns);
    RUN_TEST(a_client_that_dies_in_a_run_frees_the_device);
    RUN_TEST(an_end_of_the_server_ends_the_run);
    RUN_TEST(a_killed_server_is_an_error_at_once_and_ever_after);
    RUN_TEST(a_server_that_stands_still_is_given_up);
    RUN_TEST(clients_buffers_and_memory_have_limits);
    RUN_TEST(who_asks_for_nothing_is_sent_away);
    RUN_TEST(a_greeting_by_drops_is_cut_off);
    RUN_TEST(endless_runs_meet_the_servers_limit);
    RUN_TEST(faults_beneath_reach_the_client);
    static const char *const names[] = {"key", "other", "open", "short"};
    for (int i = 0; i < 4; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    GREATEST_MAIN_END();
}
