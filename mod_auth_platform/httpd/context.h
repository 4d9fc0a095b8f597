/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_CONTEXT_H
#define AUTHP_HTTPD_CONTEXT_H

#include "httpd/module.h"

#include "api/core/guard.h"

/* What this module knows about one request_rec. It is kept in request_config: httpd does not pass
 * r->notes on to subrequests and internal redirects, and headers can be forged. */
typedef struct authp_context_t {
    /* Pool of the request that owns the context; members are allocated from it. */
    apr_pool_t *pool;
    const authp_mount_t *mount; /* the mount that serves the request; NULL if none does */
    bool exempt;                /* reachable while signed out, although a guard is in force */
    bool guarded;      /* a guard has checked it: the answer must stay out of shared caches */
    bool aware;        /* AuthPlatformOptional is on: the answer depends on the person */
    bool in_authz;     /* our check_authz hook is running the other hooks */
    bool assume_fresh; /* with in_authz: Require auth-age passes, as after a new sign-in */
    bool known;        /* principal, user and via are set */
    /* Smallest number of seconds of a Require auth-age that failed; 0: none failed. */
    int max_age;
    authp_via_t via;
    authp_principal_t principal;
    const char *user;          /* the value of r->user */
    const char *role_names;    /* roles of the principal, comma separated; NULL until asked for */
    authp_response_t *refusal; /* the document that replaces httpd's own error page */
    /* This and the next: the client's header, after it was removed from headers_in. */
    const char *cookie;
    const char *authorization;
} authp_context_t;

/* Returns NULL if the request has no context yet. */
authp_context_t *authp_context_of(const request_rec *r);
/* Returns the context. Makes it at the first call. */
authp_context_t *authp_context_make(request_rec *r);
/* The request that led to this one by internal redirect or as a subrequest. NULL for the request
 * that the client sent. */
request_rec *authp_context_parent(const request_rec *r);
/* The context of the nearest ancestor that knows a principal. NULL if there is none. */
authp_context_t *authp_context_ancestor(const request_rec *r);

/* The request's headers for the lower layers. Cookie and Authorization are those that the client
 * sent, even after we have removed them. */
authp_headers_t authp_context_headers(request_rec *r);
/* "http" or "https": ServerName's if it names one, else the connection's. */
const char *authp_context_scheme(const request_rec *r);
/* Fills in *out, which is everything that the guard needs to know about the request. */
void authp_context_guard_request(request_rec *r, authp_guard_request_t *out);

#endif
