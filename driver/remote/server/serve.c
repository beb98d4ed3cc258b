// SPDX-License-Identifier: Apache-2.0
// The server as a whole: the device, the listening socket, a thread for each connection, the end.
#include "tsr/serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum {
    GREETING_CONNECTIONS = 16, // beyond the clients, for those that have not yet shown that they may be clients
    ENTER_MS = 2000,           // for a client that is gone to leave its place to the next
    LINE_BYTES = 700,
};

typedef struct connection {
    struct server *server;
    pthread_t thread;
    int fd;
    uint32_t number;
    bool used, client; // client: the greeting is over and it has one of the clients' places
    bool sent_away;    // shut down by the server
    bool over;         // the thread can be joined
} connection;

typedef struct server {
    tsr_serve_options options;
    client_rules rules;
    int listener;
    pthread_mutex_t lock; // of what follows, and of the log
    pthread_cond_t moved; // a client's place is free, or a connection is sent away
    connection *connections;
    uint32_t places, clients, last_number;
} server;

// ---- log ------------------------------------------------------------------------------------------------------------

static void write_line(server *s, const char *text) {
    char line[LINE_BYTES + 32], stamp[24];
    const time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &parts);
    snprintf(line, sizeof line, "%s %s", stamp, text);
    if (s->options.on_line == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->options.on_line(s->options.context, line);
    pthread_mutex_unlock(&s->lock);
}

__attribute__((format(printf, 3, 4))) static void log_client(void *context, uint32_t number, const char *format, ...) {
    char line[LINE_BYTES];
    int used = snprintf(line, sizeof line, "client %u ", number);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, sizeof line - (size_t)used, format, arguments);
    va_end(arguments);
    write_line(context, line);
}

// ---- connections ----------------------------------------------------------------------------------------------------

static connection *find(server *s, uint32_t number) {
    connection *c = s->connections;
    while (!c->used || c->number != number)
        c++;
    return c;
}

// A client that starts again at once may come before the server has seen its end, so a full server waits a while.
static bool enter(void *context, uint32_t number) {
    server *s = context;
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ENTER_MS / 1000;
    pthread_mutex_lock(&s->lock);
    connection *c = find(s, number);
    while (s->clients == s->options.max_clients && !c->sent_away)
        if (pthread_cond_timedwait(&s->moved, &s->lock, &until) != 0)
            break;
    c->client = s->clients < s->options.max_clients && !c->sent_away;
    s->clients += c->client;
    const bool entered = c->client;
    pthread_mutex_unlock(&s->lock);
    return entered;
}

static void leave(void *context, uint32_t number) {
    server *s = context;
    pthread_mutex_lock(&s->lock);
    find(s, number)->client = false;
    s->clients--;
    pthread_cond_broadcast(&s->moved);
    pthread_mutex_unlock(&s->lock);
}

// Under the lock. Its thread ends soon: whatever it waits for is over.
static void shut_down(server *s, connection *c) {
    c->sent_away = true;
    if (c->fd >= 0)
        shutdown(c->fd, SHUT_RDWR);
    pthread_cond_broadcast(&s->moved);
}

static void *connection_thread(void *context) {
    connection *c = context;
    server *s = c->server;
    client_serve(&s->rules, c->number, c->fd);
    pthread_mutex_lock(&s->lock);
    close(c->fd); // under the lock, so that the stop does not shut down somebody else's number
    c->fd = -1;
    c->over = true;
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void forget(server *s, connection *c) {
    pthread_mutex_lock(&s->lock);
    c->used = false;
    pthread_mutex_unlock(&s->lock);
}

// Joins the threads that have ended, or all.
static void reap(server *s, bool all) {
    for (uint32_t i = 0; i < s->places; i++) {
        connection *c = &s->connections[i];
        pthread_mutex_lock(&s->lock);
        const bool ready = c->used && (c->over || all);
        pthread_mutex_unlock(&s->lock);
        if (!ready)
            continue;
        pthread_join(c->thread, NULL);
        forget(s, c);
    }
}

// Full of connections: the one that has been greeting for the longest goes, so that neither silence nor a crowd that has just left
// keeps a client out. There is one, since clients never have all places.
static connection *make_room(server *s) {
    connection *longest = NULL;
    pthread_mutex_lock(&s->lock);
    for (connection *c = s->connections; c < s->connections + s->places; c++)
        if (!c->client && (longest == NULL || c->number - longest->number > UINT32_MAX / 2))
            longest = c;
    const bool greets = !longest->over;
    if (greets)
        shut_down(s, longest);
    pthread_mutex_unlock(&s->lock);
    if (greets)
        log_client(s, longest->number, "sent away: %u connections are open, and none greets longer", s->places);
    pthread_join(longest->thread, NULL);
    forget(s, longest);
    return longest;
}

static void take_connection(server *s) {
    char peer[ADDRESS_BYTES];
    const int fd = socket_accept(s->listener, peer);
    if (fd < 0)
        return;
    reap(s, false);
    connection *c = s->connections;
    while (c < s->connections + s->places && c->used)
        c++;
    if (c == s->connections + s->places)
        c = make_room(s);
    pthread_mutex_lock(&s->lock);
    *c = (connection){.server = s, .fd = fd, .number = ++s->last_number, .used = true};
    pthread_mutex_unlock(&s->lock);
    log_client(s, c->number, "connects from %s", peer);
    if (pthread_create(&c->thread, NULL, connection_thread, c) != 0) {
        log_client(s, c->number, "turned away: no thread");
        close(fd);
        forget(s, c);
    }
}

static void accept_until_stopped(server *s) {
    struct pollfd wait[2] = {{.fd = s->options.stop_fd, .events = POLLIN}, {.fd = s->listener, .events = POLLIN}};
    for (;;) {
        const int got = poll(wait, 2, 1000);
        if (got < 0 && errno != EINTR)
            return;
        if (got > 0 && wait[0].revents != 0)
            return;
        if (got > 0 && wait[1].revents != 0)
            take_connection(s);
        else
            reap(s, false);
    }
}

static void send_away(server *s) {
    engine_stop(s->rules.engine);
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < s->places; i++)
        if (s->connections[i].used)
            shut_down(s, &s->connections[i]);
    pthread_mutex_unlock(&s->lock);
    reap(s, true);
}

// ---- start ----------------------------------------------------------------------------------------------------------

static tsr_status listen_where_allowed(server *s) {
    const char *where = s->options.listen;
    socket_address address;
    TSR_TRY(tsr_annotate(socket_parse(where, strlen(where), &address), "--listen"));
    if (address.host[0] == '\0')
        return tsr_error(TSR_INVALID_ARGUMENT, "--listen %s: name the address; 0.0.0.0 or [::] are all of this computer's",
                         where);
    char shown[ADDRESS_BYTES];
    bool loopback;
    TSR_TRY(socket_listen(&address, &s->listener, shown, &loopback));
    if (!loopback && s->rules.secret.size == 0)
        return tsr_error(TSR_INVALID_ARGUMENT,
                         "--listen %s: other computers can reach this address, and without a token anybody there could use the "
                         "device; give --token-file FILE (or TESSERA_TOKEN)",
                         where);
    char line[LINE_BYTES];
    snprintf(line, sizeof line, "listening on %s, device %s, configuration %s, %s", shown, s->options.device,
             s->rules.welcome.config.batch != 0 ? s->rules.welcome.config.name : "none",
             s->rules.secret.size != 0 ? "token wanted" : "no token");
    write_line(s, line);
    if (s->options.on_listen != NULL)
        s->options.on_listen(s->options.context, shown);
    return tsr_ok();
}

static void on_insn_probe(void *context, const tsr_insn_profile *insn) {
    (void)context;
    (void)insn;
}

static wire_welcome describe(tsr_device *device, const tsr_serve_options *o) {
    const tsr_device_info *info = tsr_device_get_info(device);
    const uint64_t memory = (uint64_t)o->memory_mib << 20;
    wire_welcome w = {.cycle_accurate = info->cycle_accurate,
                      .isa_version = info->isa_version,
                      .max_buffers = o->max_buffers,
                      .max_buffer_bytes = info->max_buffer_bytes < memory ? info->max_buffer_bytes : memory,
                      .config = info->config};
    snprintf(w.driver, sizeof w.driver, "%s", info->driver);
    w.records = tsr_device_on_insn(device, on_insn_probe, NULL).code == TSR_OK;
    if (w.records)
        (void)tsr_device_on_insn(device, NULL, NULL);
    return w;
}

static tsr_status serve_device(server *s) {
    tsr_device *device;
    TSR_TRY(tsr_device_open(s->options.device, &device));
    s->rules.welcome = describe(device, &s->options);
    const tsr_status status = engine_create(device, (uint64_t)s->options.memory_mib << 20, s->options.run_s, &s->rules.engine);
    if (status.code != TSR_OK) {
        tsr_device_close(device);
        return status;
    }
    TSR_TRY(listen_where_allowed(s));
    accept_until_stopped(s);
    send_away(s);
    write_line(s, "stopped");
    return tsr_ok();
}

static uint32_t or_default(uint32_t value, uint32_t otherwise) { return value != 0 ? value : otherwise; }

tsr_status tsr_serve(const tsr_serve_options *options) {
    if (options == NULL || options->device == NULL)
        return tsr_error(TSR_INVALID_ARGUMENT, "tsr_serve needs the name of a device");
    server s = {.options = *options, .listener = -1};
    tsr_serve_options *o = &s.options;
    o->listen = o->listen != NULL ? o->listen : TSR_SERVE_LISTEN;
    o->max_clients = or_default(o->max_clients, TSR_SERVE_CLIENTS);
    o->max_buffers = or_default(o->max_buffers, TSR_SERVE_BUFFERS);
    o->memory_mib = or_default(o->memory_mib, TSR_SERVE_MEMORY_MIB);
    o->idle_s = or_default(o->idle_s, TSR_SERVE_IDLE_S);
    o->run_s = or_default(o->run_s, TSR_SERVE_RUN_S);
    if (o->max_clients > 1000 || o->max_buffers > 1000000 || o->idle_s > 1000000 || o->run_s > 1000000)
        return tsr_error(TSR_INVALID_ARGUMENT,
                         "a limit of the server is beyond reason: at most 1000 clients, a million buffers, a "
                         "million seconds");
    s.places = o->max_clients + GREETING_CONNECTIONS;
    s.connections = calloc(s.places, sizeof *s.connections);
    if (s.connections == NULL)
        return tsr_error(TSR_OUT_OF_MEMORY, "no memory for a server");
    s.rules = (client_rules){.max_clients = o->max_clients,
                             .max_buffers = o->max_buffers,
                             .idle_ms = o->idle_s * 1000,
                             .log = log_client,
                             .enter = enter,
                             .leave = leave,
                             .context = &s};
    pthread_mutex_init(&s.lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&s.moved, &clock);
    pthread_condattr_destroy(&clock);
    tsr_status status = token_load(o->token_file, &s.rules.secret);
    if (status.code == TSR_OK)
        status = serve_device(&s);
    if (s.listener >= 0)
        close(s.listener);
    engine_destroy(s.rules.engine);
    token_wipe(&s.rules.secret);
    pthread_cond_destroy(&s.moved);
    pthread_mutex_destroy(&s.lock);
    free(s.connections);
    return status;
}
