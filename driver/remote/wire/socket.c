// SPDX-License-Identifier: Apache-2.0
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// ---- addresses --------------------------------------------------------------------------------------------------------

static bool copy_part(char *to, size_t room, const char *from, size_t length) {
    if (length >= room || memchr(from, '\0', length) != NULL)
        return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static bool is_port(const char *text) {
    unsigned number = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        number = number * 10 + (unsigned)(*p - '0');
    }
    return text[0] != '\0' && number <= 65535;
}

tsr_status socket_parse(const char *text, size_t length, socket_address *out) {
    memset(out, 0, sizeof *out);
    snprintf(out->port, sizeof out->port, "%d", WIRE_DEFAULT_PORT);
    const char *host = text, *rest;
    size_t host_length;
    if (length > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', length);
        if (close == NULL)
            return tsr_error(TSR_INVALID_ARGUMENT, "address \"%.*s\": \"]\" is missing", (int)length, text);
        host = text + 1;
        host_length = (size_t)(close - host);
        rest = close + 1;
    } else {
        rest = memchr(text, ':', length);
        if (rest != NULL && memchr(rest + 1, ':', length - (size_t)(rest + 1 - text)) != NULL)
            return tsr_error(TSR_INVALID_ARGUMENT, "address \"%.*s\": write an IPv6 address in brackets, as in [::1]:%d",
                             (int)length, text, WIRE_DEFAULT_PORT);
        if (rest == NULL)
            rest = text + length;
        host_length = (size_t)(rest - text);
    }
    const size_t left = length - (size_t)(rest - text);
    if (!copy_part(out->host, sizeof out->host, host, host_length))
        return tsr_error(TSR_INVALID_ARGUMENT, "address \"%.60s\": the host's name is too long", text);
    if (left == 0)
        return tsr_ok();
    if (rest[0] != ':' || !copy_part(out->port, sizeof out->port, rest + 1, left - 1) || !is_port(out->port))
        return tsr_error(TSR_INVALID_ARGUMENT, "address \"%.*s\": expected HOST:PORT with a port from 0 to 65535", (int)length,
                         text);
    return tsr_ok();
}

static void show_address(const struct sockaddr *address, socklen_t size, char out[ADDRESS_BYTES]) {
    char host[256], port[16];
    if (getnameinfo(address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(out, ADDRESS_BYTES, "?");
    else
        snprintf(out, ADDRESS_BYTES, address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static bool is_loopback(const struct sockaddr *address) {
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 == 127;
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

static tsr_status resolve(const socket_address *address, bool passive, struct addrinfo **out) {
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = (passive ? AI_PASSIVE : 0) | AI_NUMERICSERV};
    const int code = getaddrinfo(address->host, address->port, &hints, out);
    if (code == 0)
        return tsr_ok();
    return tsr_error(TSR_NOT_FOUND, "%s: no such host: %s", address->host,
                     code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
}

// ---- time -------------------------------------------------------------------------------------------------------------

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// 1 ready, 0 the time is over, -1 errno.
static int wait_for(int fd, short events, int64_t until) {
    for (;;) {
        const int64_t left = until - now_ms();
        struct pollfd p = {.fd = fd, .events = events};
        const int got = poll(&p, 1, left <= 0 ? 0 : left > 60000 ? 60000 : (int)left);
        if (got > 0)
            return 1;
        if (got < 0 && errno != EINTR)
            return -1;
        if (left <= 0)
            return 0;
    }
}

// ---- making connections -------------------------------------------------------------------------------------------------

static bool prepare(int fd) {
    const int on = 1, flags = fcntl(fd, F_GETFL);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // answers are small and waited for
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

// 0 or errno.
static int connect_to(const struct addrinfo *a, int64_t until, int *out_fd) {
    const int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = 0;
    if (!prepare(fd)) {
        error = errno;
    } else if (connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
        error = errno;
        if (error == EINPROGRESS || error == EINTR) {
            socklen_t size = sizeof error;
            const int ready = wait_for(fd, POLLOUT, until);
            if (ready == 0)
                error = ETIMEDOUT;
            else if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
                error = errno;
        }
    }
    if (error != 0)
        close(fd);
    else
        *out_fd = fd;
    return error;
}

tsr_status socket_connect(const socket_address *address, uint32_t timeout_ms, int *out_fd) {
    *out_fd = -1;
    struct addrinfo *list;
    TSR_TRY(resolve(address, false, &list));
    const int64_t until = now_ms() + timeout_ms;
    int error = ECONNREFUSED;
    for (const struct addrinfo *a = list; a != NULL && *out_fd < 0; a = a->ai_next) {
        // An address that does not answer must not use up the time of the others.
        const int64_t left = until - now_ms(), share = a->ai_next != NULL ? left / 2 : left;
        error = connect_to(a, now_ms() + (share > 0 ? share : 0), out_fd);
    }
    freeaddrinfo(list);
    if (*out_fd >= 0)
        return tsr_ok();
    return tsr_error(error == ETIMEDOUT ? TSR_TIMEOUT : TSR_IO,
                     "cannot connect to %s port %s: %s; is `tessera serve` running there?", address->host, address->port,
                     strerror(error));
}

tsr_status socket_listen(const socket_address *address, int *out_fd, char out_shown[ADDRESS_BYTES], bool *out_loopback) {
    *out_fd = -1;
    struct addrinfo *list;
    TSR_TRY(resolve(address, true, &list));
    int error = 0;
    for (const struct addrinfo *a = list; a != NULL && *out_fd < 0; a = a->ai_next) {
        const int on = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) {
            error = errno;
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); // connections of before may linger
        if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 128) != 0) {
            error = errno;
            close(fd);
            continue;
        }
        *out_fd = fd;
    }
    freeaddrinfo(list);
    if (*out_fd < 0)
        return tsr_error(TSR_IO, "cannot listen on %s port %s: %s", address->host, address->port, strerror(error));
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    memset(&bound, 0, sizeof bound);
    getsockname(*out_fd, (struct sockaddr *)&bound, &size);
    show_address((const struct sockaddr *)&bound, size, out_shown);
    *out_loopback = is_loopback((const struct sockaddr *)&bound);
    return tsr_ok();
}

int socket_accept(int listener, char out_peer[ADDRESS_BYTES]) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    memset(&peer, 0, sizeof peer);
    const int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return -1;
    prepare(fd);
    show_address((const struct sockaddr *)&peer, size, out_peer);
    return fd;
}

// ---- messages -----------------------------------------------------------------------------------------------------------

static socket_end end(tsr_status *why, socket_end how, const char *text) {
    const tsr_code code = how == SOCKET_SILENT || how == SOCKET_SLOW ? TSR_TIMEOUT : how == SOCKET_CORRUPT ? TSR_CORRUPT : TSR_IO;
    *why = tsr_error(code, "%s", text);
    return how;
}

static socket_end receive_bytes(int fd, uint8_t *to, size_t size, int64_t until, tsr_status *why) {
    for (size_t done = 0; done < size;) {
        const ssize_t got = recv(fd, to + done, size - done, 0);
        if (got > 0) {
            done += (size_t)got;
        } else if (got == 0) {
            return end(why, SOCKET_BROKEN, "the connection was closed within a message");
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            const int ready = wait_for(fd, POLLIN, until);
            if (ready == 0)
                return end(why, SOCKET_SLOW, "a message was begun and not finished in time");
            if (ready < 0)
                return end(why, SOCKET_BROKEN, strerror(errno));
        } else if (errno != EINTR) {
            return end(why, SOCKET_BROKEN, strerror(errno));
        }
    }
    return SOCKET_OK;
}

socket_end socket_receive(int fd, uint32_t first_ms, uint32_t message_ms, socket_message *message) {
    message->why = tsr_ok();
    const int ready = wait_for(fd, POLLIN, now_ms() + first_ms);
    if (ready == 0)
        return end(&message->why, SOCKET_SILENT, "nothing came in time");
    uint8_t bytes[WIRE_HEADER_BYTES];
    ssize_t got;
    do
        got = ready < 0 ? -1 : recv(fd, bytes, 1, 0);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return end(&message->why, SOCKET_CLOSED, "the other side closed the connection");
    if (got < 0)
        return end(&message->why, SOCKET_BROKEN, strerror(errno));
    const int64_t until = now_ms() + message_ms;
    socket_end how = receive_bytes(fd, bytes + 1, sizeof bytes - 1, until, &message->why);
    if (how != SOCKET_OK)
        return how;
    wire_header header;
    message->why = wire_get_header(bytes, message->capacity, &header);
    if (message->why.code != TSR_OK)
        return SOCKET_CORRUPT;
    message->type = header.type;
    message->size = header.size;
    return receive_bytes(fd, message->data, header.size, until, &message->why);
}

socket_end socket_send(int fd, uint32_t timeout_ms, uint32_t type, const void *head, size_t head_size, const void *body,
                       size_t body_size, tsr_status *why) {
    *why = tsr_ok();
    uint8_t header[WIRE_HEADER_BYTES];
    wire_put_header(header, type, head_size + body_size);
    struct iovec parts[3] = {{header, sizeof header}, {(void *)(uintptr_t)head, head_size}, {(void *)(uintptr_t)body, body_size}};
    const int64_t until = now_ms() + timeout_ms;
    for (int first = 0; first < 3;) {
        if (parts[first].iov_len == 0) {
            first++;
            continue;
        }
        const struct msghdr message = {.msg_iov = parts + first, .msg_iovlen = (size_t)(3 - first)};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            const int ready = wait_for(fd, POLLOUT, until);
            if (ready == 0)
                return end(why, SOCKET_SLOW, "the other side does not take what is sent");
            if (ready < 0)
                return end(why, SOCKET_BROKEN, strerror(errno));
            continue;
        }
        if (sent < 0 && errno != EINTR)
            return end(why, SOCKET_BROKEN, strerror(errno));
        for (; sent > 0 && first < 3; first++) {
            const size_t taken = (size_t)sent < parts[first].iov_len ? (size_t)sent : parts[first].iov_len;
            parts[first].iov_base = (uint8_t *)parts[first].iov_base + taken;
            parts[first].iov_len -= taken;
            sent -= (ssize_t)taken;
            if (parts[first].iov_len != 0)
                break;
        }
    }
    return SOCKET_OK;
}

bool socket_gone(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}
