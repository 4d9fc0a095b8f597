/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_FETCH_H
#define AUTHP_NET_FETCH_H

#include "base/err.h"
#include "base/secret.h"

#include <apr_pools.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* HTTP requests to other servers, behind a function pointer. net/curl.h is the real client. Tests
 * answer from memory. */
#define AUTHP_FETCH_URL_MOST 2048

/* One request. No member may hold a CR, LF or NUL. */
typedef struct authp_fetch_t {
    const char *url;  /* as authp_fetch_url_fits() wants it */
    const char *form; /* NULL: GET. Else POST with this body, application/x-www-form-urlencoded */
    const char *json; /* NULL: none. Else POST with this body, application/json. Not with `form` */
    const char *user; /* NULL: none. Else Basic authentication, sent as it is: a client id of
                       * OAuth must be form-encoded before (RFC 6749 section 2.3.1) */
    const authp_secret_t *password; /* of `user`; NULL: empty */
    const char *bearer;             /* NULL: none. Else a Bearer token. Not together with `user` */
    const char *accept;             /* NULL: application/json */
    const char *secret_name;        /* NULL: none. Else the name of a further header line */
    const authp_secret_t *secret;   /* its value */
    /* True: the request is sent on a new connection. On a kept one that the server closes libcurl
     * would send it again. A POST is always sent so. */
    bool once;
    /* NULL: none. Else the request ends with AUTHP_E_UNAVAILABLE at most about a second after this
     * has become true. */
    const atomic_bool *cancel;
    int timeout_ms; /* for everything: name, connection, TLS, the whole answer */
    size_t limit;   /* bytes of the answer's body */
} authp_fetch_t;

typedef struct authp_fetched_t {
    int status;       /* 100 to 599. Redirects are not followed */
    const char *body; /* ends with a NUL at body[len]; wiped with the pool, because it may be a
                       * token */
    size_t len;
    int64_t max_age; /* seconds, from Cache-Control. -1: not said. 0: no-store, no-cache or 0 */
    const char *location; /* where a redirect leads, as the server wrote it; NULL: nowhere */
    const char *why;      /* set with AUTHP_E_UNAVAILABLE alone: the reason, for people */
} authp_fetched_t;

/* Any status is AUTHP_OK. AUTHP_E_UNAVAILABLE: no whole answer within timeout_ms, for example
 * because the certificate is wrong. AUTHP_E_TOO_LARGE: the body or the header is too large.
 * AUTHP_E_MALFORMED: `url` does not fit. AUTHP_E_BUSY: too many requests are under way. Failures
 * are logged once, with scheme, host and port alone. */
typedef struct authp_fetcher_t {
    authp_err_t (*fetch)(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                         apr_pool_t *pool);
    void *ctx;
} authp_fetcher_t;

AUTHP_CHECKED authp_err_t authp_fetch(const authp_fetcher_t *fetcher, const authp_fetch_t *request,
                                      authp_fetched_t *out, apr_pool_t *pool);

/* True for https://, and for http:// if the host is localhost, 127.0.0.1 or [::1]. The URL has no
 * userinfo, no fragment and no byte that a URL may not have, and at most AUTHP_FETCH_URL_MOST
 * bytes. */
bool authp_fetch_url_fits(const char *url);
/* Scheme, host and port of a URL, for log lines. Never NULL: "?" if the URL does not fit. */
const char *authp_fetch_origin(const char *url, apr_pool_t *pool);

/* The number of seconds that a Cache-Control header lets an answer be kept: max_age of
 * authp_fetched_t. */
int64_t authp_fetch_max_age(const char *cache_control, size_t len);

#endif
