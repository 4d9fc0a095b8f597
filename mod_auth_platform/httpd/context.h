/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CONTEXT_H
#define AUTHP_HTTPD_CONTEXT_H

#include "httpd/module.h"

#include "api/guard.h"

/* What we know about one request_rec, kept in its request_config: httpd's notes are not handed on
 * to subrequests and internal redirects, and headers can be forged. */
typedef struct authp_context_t {
    apr_pool_t *pool;  /* of the request that owns the context; members are allocated from it */
    bool owned;        /* the mount serves it */
    bool exempt;       /* reachable while signed out although a guard is in force */
    bool guarded;      /* a guard has looked at it: keep the answer out of shared caches */
    bool aware;        /* AuthPlatformOptional: the answer depends on who asks */
    bool in_authz;     /* our check_authz hook is running the others */
    bool assume_fresh; /* it asks them as if the person had just signed in */
    bool known;        /* principal, user and via hold */
    int max_age;       /* what Require auth-age found exceeded, the least of it; 0: nothing */
    authp_via_t via;
    authp_principal_t principal;
    const char *user;          /* what r->user was set to */
    const char *role_names;    /* of the principal, comma separated, once asked for */
    authp_response_t *refusal; /* what is said instead of httpd's own error page */
    const char *cookie;        /* as the client sent them, once removed from headers_in */
    const char *authorization;
} authp_context_t;

/* NULL if nothing is known yet. */
authp_context_t *authp_context_of(const request_rec *r);
/* Makes it on first use. */
authp_context_t *authp_context_make(request_rec *r);
/* The request this one came from, by internal redirect or as a subrequest; NULL for the client's
 * own. */
request_rec *authp_context_parent(const request_rec *r);
/* The nearest context among the ancestors that knows a principal; NULL if none. */
authp_context_t *authp_context_ancestor(const request_rec *r);

/* The request as the lower layers see it; Cookie and Authorization are the client's even where we
 * have removed them. */
authp_headers_t authp_context_headers(request_rec *r);
/* "http" or "https": ServerName's if it names one, else the connection's. */
const char *authp_context_scheme(const request_rec *r);
/* Everything the guard asks about, on the stack of the caller. */
void authp_context_guard_request(request_rec *r, authp_guard_request_t *out);

#endif
