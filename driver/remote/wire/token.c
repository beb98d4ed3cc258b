// SPDX-License-Identifier: Apache-2.0
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static tsr_status check_length(token *t, const char *where) {
    while (t->size > 0 && strchr(" \t\r\n", t->bytes[t->size - 1]) != NULL)
        t->size--;
    if (t->size >= TOKEN_LEAST_BYTES)
        return tsr_ok();
    const size_t size = t->size;
    token_wipe(t);
    return tsr_error(TSR_INVALID_ARGUMENT,
                     "%s: a token of %zu bytes can be guessed; use at least %d, such as those of "
                     "`head -c 24 /dev/urandom | base64`",
                     where, size, TOKEN_LEAST_BYTES);
}

static tsr_status read_file(int fd, const char *file, token *out) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return tsr_error(TSR_IO, "%s: %s", file, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: a token is read from a plain file", file);
    if ((info.st_mode & 077) != 0)
        return tsr_error(TSR_INVALID_ARGUMENT,
                         "%s: others than the owner have rights on this file; take them away with `chmod "
                         "600 %s`, and use a new token if somebody may have read it",
                         file, file);
    if (info.st_uid != geteuid() && info.st_uid != 0)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: the file belongs to another user", file);
    if (info.st_size > TOKEN_MOST_BYTES)
        return tsr_error(TSR_INVALID_ARGUMENT, "%s: a token has at most %d bytes", file, TOKEN_MOST_BYTES);
    while (out->size < TOKEN_MOST_BYTES) {
        const ssize_t got = read(fd, out->bytes + out->size, TOKEN_MOST_BYTES - out->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tsr_error(TSR_IO, "%s: %s", file, strerror(errno));
        if (got == 0)
            break;
        out->size += (size_t)got;
    }
    return check_length(out, file);
}

tsr_status token_load(const char *file, token *out) {
    memset(out, 0, sizeof *out);
    if (file != NULL) {
        const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            return tsr_error(errno == ENOENT ? TSR_NOT_FOUND : TSR_IO, "%s: the token cannot be read: %s", file, strerror(errno));
        const tsr_status status = read_file(fd, file, out);
        close(fd);
        return status;
    }
    const char *text = getenv("TESSERA_TOKEN");
    if (text == NULL || text[0] == '\0')
        return tsr_ok();
    out->size = strlen(text);
    if (out->size > TOKEN_MOST_BYTES) {
        out->size = 0;
        return tsr_error(TSR_INVALID_ARGUMENT, "TESSERA_TOKEN: a token has at most %d bytes", TOKEN_MOST_BYTES);
    }
    memcpy(out->bytes, text, out->size);
    return check_length(out, "TESSERA_TOKEN");
}

void token_wipe(token *t) { explicit_bzero(t, sizeof *t); }

tsr_status token_nonce(uint8_t out[WIRE_NONCE_BYTES]) {
    size_t done = 0;
    while (done < WIRE_NONCE_BYTES) {
        const ssize_t got = getrandom(out + done, WIRE_NONCE_BYTES - done, 0);
        if (got < 0 && errno != EINTR)
            return tsr_error(TSR_IO, "no random numbers: %s", strerror(errno));
        done += got > 0 ? (size_t)got : 0;
    }
    return tsr_ok();
}

void token_prove(const token *t, token_side side, const uint8_t client_nonce[WIRE_NONCE_BYTES],
                 const uint8_t server_nonce[WIRE_NONCE_BYTES], const uint8_t *body, size_t body_size,
                 uint8_t out[WIRE_PROOF_BYTES]) {
    static const uint8_t labels[2][16] = {"tessera client 1", "tessera server 1"};
    struct hmac_sha256_ctx hmac;
    hmac_sha256_set_key(&hmac, t->size, t->bytes);
    hmac_sha256_update(&hmac, sizeof labels[side], labels[side]);
    hmac_sha256_update(&hmac, WIRE_NONCE_BYTES, client_nonce);
    hmac_sha256_update(&hmac, WIRE_NONCE_BYTES, server_nonce);
    hmac_sha256_update(&hmac, body_size, body);
    hmac_sha256_digest(&hmac, WIRE_PROOF_BYTES, out);
    explicit_bzero(&hmac, sizeof hmac);
}

bool token_same(const uint8_t a[WIRE_PROOF_BYTES], const uint8_t b[WIRE_PROOF_BYTES]) {
    return memeql_sec(a, b, WIRE_PROOF_BYTES) != 0;
}
