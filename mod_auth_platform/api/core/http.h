/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_HTTP_H
#define AUTHP_API_CORE_HTTP_H

#include "api/core/gate.h"
#include "base/err.h"

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>

/* HTTP without a server: a request struct goes in, a response struct comes out. httpd/, the unit
 * tests and the fuzzers fill in the request. */

/* get() looks a header up in any case of letters and returns NULL if it is absent. The values of a
 * repeated header are joined by ", ", those of Cookie by "; ". */
typedef struct authp_headers_t {
    const char *(*get)(void *ctx, const char *name);
    void *ctx;
} authp_headers_t;

struct authp_mount_t;

typedef struct authp_request_t {
    const struct authp_mount_t *mount; /* the one that owns `path` (mount.h) */
    const char *method;
    const char *path;  /* decoded, from the host's root */
    const char *query; /* raw, NULL if none */
    authp_headers_t headers;
    const char *scheme; /* "http" or "https": ServerName's if it names one, else the connection's */
    const char *host;   /* Host header, NULL if none */
    const char *client_ip;
    const char *request_id;
    const char *sign_in_page; /* AuthPlatformSignInPage in force at the mount, NULL if none */
    /* Reads the whole body; callable once. AUTHP_E_TOO_LARGE: more than `limit` bytes.
     * AUTHP_E_ABORTED: the server has already failed the request. */
    authp_err_t (*read_body)(void *ctx, size_t limit, const char **data, size_t *len);
    void *body_ctx;
    /* Bounds the requests of this process that wait for a store or a hash. NULL = no bound. */
    authp_gate_t *gate;
} authp_request_t;

typedef struct authp_response_t {
    int status;           /* 0: the server has already answered, so nothing is written */
    apr_table_t *headers; /* has Content-Type; Set-Cookie may occur several times */
    const char *body;
    size_t body_len;
    bool slow; /* true for a refusal that clients of a flood repeat at once: it is sent after a
                  pause if the server has threads to spare */
} authp_response_t;

#endif
