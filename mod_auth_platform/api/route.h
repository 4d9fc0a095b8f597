/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_ROUTE_H
#define AUTHP_API_ROUTE_H

#include "api/api.h"
#include "api/credential.h"
#include "api/schema.h"
#include "service/session.h"

#include <jansson.h>

/* A route is one row of the table in routes.c. The row says what the route needs. The handler does
 * the rest in a few lines. */
typedef struct authp_call_t authp_call_t;

/* Reads the fields, makes one service call and writes the answer. The caller turns an error into
 * its problem document. */
typedef authp_err_t authp_handler_fn(authp_call_t *call);

typedef enum authp_auth_t {
    AUTHP_AUTH_NONE,
    AUTHP_AUTH_REQUIRED, /* needs a live access token; call->principal, user and session are set */
    AUTHP_AUTH_OPTIONAL, /* a bad bearer token is refused; bad cookies, or cookies without their
                            CSRF token, count as signed out: call->user is NULL */
    AUTHP_AUTH_OWN       /* the handler finds its credential itself: refresh, logout, renew */
} authp_auth_t;

enum {
    AUTHP_ROUTE_WAITS = 1,    /* waits for a store or a hash: passes the gate */
    AUTHP_ROUTE_SIGNS_IN = 2, /* starts a session: the Origin rule applies with cookie delivery */
    AUTHP_ROUTE_OPTIONAL_BODY = 4, /* a missing body counts as {} */
    AUTHP_ROUTE_NO_HEAD = 8,       /* a GET that changes something */
    AUTHP_ROUTE_AT_ME = 16,        /* served at the mount's me_path, not below the mount */
    AUTHP_ROUTE_PAGE = 32,         /* answers a page for people: text/html */
    /* The limit class, at most one: how often a client may ask (service/limit.h). */
    AUTHP_ROUTE_LIMIT_CREDENTIAL = 64,
    AUTHP_ROUTE_LIMIT_REGISTER = 128, /* counts against the limit on credentials too */
    AUTHP_ROUTE_LIMIT_REFRESH = 256,
    AUTHP_ROUTE_KEPT = 512 /* clients may keep the answer: ETag, and 304 for If-None-Match */
};
#define AUTHP_ROUTE_LIMITS                                                                         \
    (AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_LIMIT_REGISTER | AUTHP_ROUTE_LIMIT_REFRESH)

#define AUTHP_ROUTE_PROBLEMS 8

typedef struct authp_filter_t authp_filter_t;

typedef struct authp_route_t {
    const char *method;
    const char *path; /* below the mount; "{id}" stands for an id */
    authp_handler_fn *handler;
    const authp_schema_t *body; /* NULL: the route takes no body */
    authp_auth_t auth;
    const char *role; /* effective role it needs, NULL = any */
    unsigned flags;
    const char *summary;
    int success;
    const char *answer; /* schema of the answer in the OpenAPI components, NULL = none */
    authp_err_t problems[AUTHP_ROUTE_PROBLEMS]; /* beyond those that the other columns imply */
    /* Not NULL for a list. A list takes limit, cursor and these filters. */
    const authp_filter_t *filters;
} authp_route_t;

/* Row `index` of the table. NULL after the last one. */
const authp_route_t *authp_routes_at(int index);

struct authp_call_t {
    const authp_realm_t *realm;
    const authp_request_t *request;
    const authp_route_t *route;
    authp_client_t client;
    const char *id; /* the part of the path that stands for {id} */
    json_t *body;   /* checked against the route's schema */
    authp_credential_t credential;
    authp_principal_t principal;
    authp_user_t *user;
    authp_session_t *session;
    authp_response_t *out;
    const char *detail; /* a better text than the table's, for an error */
    json_t *findings;   /* with AUTHP_E_VALIDATION_FAILED (findings.h) */
    int retry_after;    /* seconds, with AUTHP_E_RATE_LIMITED */
    bool crowded;       /* with AUTHP_E_BUSY: refused because of a flood of strangers */
    bool by_admin;      /* an administrator made the account: no limit on registrations */
    apr_pool_t *pool;
};

/* Runs call->route: every check after 405, then the handler, in an order that clients may rely on.
 * It is separate from the table so that tests can run routes that the table does not have. */
AUTHP_CHECKED authp_err_t authp_route_serve(authp_call_t *call);

const char *authp_route_header(const authp_call_t *call, const char *name);
/* A string field of the body, NULL if absent or null. */
const char *authp_route_field(const authp_call_t *call, const char *name);

#endif
