/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_CALL_H
#define AUTHP_API_CORE_CALL_H

#include "api/core/answer_schema.h"
#include "api/core/credential.h"
#include "api/core/findings.h"
#include "api/core/http.h"
#include "api/core/mount.h"
#include "api/core/path.h"
#include "api/core/schema.h"
#include "service/session/session.h"

#include <jansson.h>

/* A route is one row of a profile's table. The row says what the route needs. The handler does the
 * rest in a few lines. A call is one request for a route. */
typedef struct authp_call_t authp_call_t;

/* Reads the fields, makes one service call and writes the answer. The caller turns an error into
 * the answer that the profile's shape has for it. */
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
    AUTHP_ROUTE_PAGE = 32,         /* answers a page for people: text/html */
    /* The limit class, at most one: how often a client may ask (service/limit/limit.h). */
    AUTHP_ROUTE_LIMIT_CREDENTIAL = 64,
    AUTHP_ROUTE_LIMIT_REGISTER = 128, /* counts against the limit on credentials too */
    AUTHP_ROUTE_LIMIT_REFRESH = 256,
    AUTHP_ROUTE_KEPT = 512, /* clients may keep the answer: ETag, and 304 for If-None-Match */
    /* The route also takes forms, as OAuth 2.0 clients send them. The field `username` becomes
     * `email` if the schema has no `username`, or if the value has an '@'. With a form no cookie is
     * read or set. */
    AUTHP_ROUTE_FORM = 1024,
    AUTHP_ROUTE_DEVICE = 2048, /* docs: a sign-in that sets the device cookie (sign_in.h) */
    AUTHP_ROUTE_MAILS = 4096   /* docs: may mail a link or a code, in the client's language */
};
#define AUTHP_ROUTE_LIMITS                                                                         \
    (AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_LIMIT_REGISTER | AUTHP_ROUTE_LIMIT_REFRESH)

/* A parameter of the query that a route reads. Others are ignored. */
typedef enum authp_query_kind_t {
    AUTHP_QUERY_LIMIT,     /* how many items of a list: 1 to AUTHP_QUERY_MOST */
    AUTHP_QUERY_CURSOR,    /* next_cursor of the page before */
    AUTHP_QUERY_PREFIX,    /* the beginning of an e-mail address */
    AUTHP_QUERY_ROLE,      /* a configured role */
    AUTHP_QUERY_RETURN_TO, /* where a browser goes afterwards; never refused */
    AUTHP_QUERY_TARGET,    /* the same, or a URL (target.h); a wrong one is refused */
    AUTHP_QUERY_ASKED,     /* candidate or recruiter */
    AUTHP_QUERY_CHALLENGE, /* code_challenge of PKCE, S256 */
    AUTHP_QUERY_DEVICE,    /* a device's name */
    AUTHP_QUERY_ANY        /* any text; never refused, a broken one counts as absent */
} authp_query_kind_t;

typedef struct authp_parameter_t {
    const char *name; /* NULL ends the list */
    authp_query_kind_t kind;
    const char *about;
} authp_parameter_t;

#define AUTHP_ROUTE_PROBLEMS 12

typedef struct authp_route_t {
    const char *method;
    const char *path; /* below the mount: "/users/{id}" (path.h); "" is the mount itself */
    authp_handler_fn *handler;
    const authp_schema_t *body; /* NULL: the route takes no body */
    authp_auth_t auth;
    const char *role; /* effective role it needs, NULL = any */
    unsigned flags;
    const authp_parameter_t *query; /* NULL: reads none */
    const char *tag;                /* the group that it is shown in: one of the profile's tags */
    const char *summary;
    int success;
    const char *answer;                         /* schema of the answer, NULL = none */
    int other_success;                          /* a second status of success; 0 = none */
    const char *other_answer;                   /* schema of the answer with that status */
    authp_err_t problems[AUTHP_ROUTE_PROBLEMS]; /* beyond those that the other columns imply */
} authp_route_t;

struct authp_call_t {
    const authp_realm_t *realm;
    const authp_request_t *request;
    const authp_route_t *route;
    authp_client_t client;
    authp_path_values_t path; /* the parts of the path that stand for the braces */
    json_t *body;             /* checked against the route's schema */
    authp_credential_t credential;
    authp_principal_t principal;
    authp_user_t *user;
    authp_session_t *session;
    authp_response_t *out;
    const char *detail;         /* a better text than the table's, for an error */
    authp_findings_t *findings; /* with AUTHP_E_VALIDATION_FAILED */
    int retry_after;            /* seconds, with AUTHP_E_RATE_LIMITED */
    bool crowded;               /* with AUTHP_E_BUSY: refused because of a flood of strangers */
    bool form;                  /* the body was a form (AUTHP_ROUTE_FORM) */
    bool by_admin;              /* an administrator made the account: no limit on registrations */
    apr_pool_t *pool;
};

const char *authp_call_header(const authp_call_t *call, const char *name);
/* A string field of the body, NULL if absent or null. */
const char *authp_call_field(const authp_call_t *call, const char *name);
/* The value of a parameter of the query, unescaped. NULL if it is absent or not well-formed. */
const char *authp_call_query(const authp_call_t *call, const char *name);
/* The id in the path. NULL if the route has none. */
const char *authp_call_id(const authp_call_t *call);

#endif
