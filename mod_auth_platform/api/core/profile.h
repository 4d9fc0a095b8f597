/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_PROFILE_H
#define AUTHP_API_CORE_PROFILE_H

#include "api/core/call.h"
#include "api/core/findings.h"
#include "api/core/problem.h"
#include "api/core/schema.h"
#include "service/session/terms.h"

/* A request that is refused. */
typedef struct authp_refusal_t {
    authp_err_t err;
    const char *detail;               /* one sentence for people; NULL = the problem's own */
    const authp_findings_t *findings; /* with validation_failed: the wrong fields; else NULL */
    const char *request_id;           /* NULL if there is none */
} authp_refusal_t;

/* How answers and errors of a profile look. */
typedef struct authp_shape_t {
    const char *error_type; /* Content-Type of an error */
    /* Writes the body of an error into the empty object `out`. refusal->detail is not NULL. */
    void (*error)(const authp_problem_t *problem, const authp_refusal_t *refusal, json_t *out,
                  apr_pool_t *pool);
    const char *error_schema;    /* name of the schema of every error, which `schemas` has */
    const char *findings_schema; /* of those that list wrong fields; NULL = error_schema */
    const char *plain_schema;    /* of all others; NULL = error_schema */
    const authp_answer_schema_t *schemas; /* of errors; ended by a row without a name */
    /* The body of a successful answer, made from what the handler of `route` answers. NULL: that
     * is the body. */
    json_t *(*answer)(const authp_route_t *route, json_t *data, apr_pool_t *pool);
} authp_shape_t;

/* A group of routes in the OpenAPI document and on the page /docs. */
typedef struct authp_tag_t {
    const char *name;
    const char *about;
} authp_tag_t;

/* What is served at a mount, as data. A profile has one folder, api/profiles/NAME/, whose profile.c
 * defines authp_profile_NAME; the build finds it there (profiles.h). */
typedef struct authp_profile_t {
    const char *name;
    const char *title; /* of its OpenAPI document; NULL: it has no document, and the host's first
                          mount that has one describes its routes */
    const char *about;
    const authp_route_t *routes; /* ended by a row without a method */
    const authp_shape_t *shape;
    const authp_problem_t *problems; /* rows that replace those of problem.c; ended by AUTHP_OK;
                                        NULL = none */
    const authp_answer_schema_t *answers; /* schemas of answers; ended by a row without a name */
    const authp_tag_t *tags;              /* ended by a row without a name */
    const char *renewal; /* path below the mount at which a browser renews its session; NULL = none
                          */
    bool rows_only;      /* owns the paths of its rows only, not everything below its mount */
    bool ignores_unknown_fields;
    bool bearer_only;           /* cookies are no credential at its routes */
    const char *refresh_cookie; /* docs, with bearer_only: the cookie that its AUTHP_AUTH_OWN routes
                                   take together with X-CSRF-Token; NULL = none */
    const authp_terms_t *terms; /* of the tokens that its routes hand out; NULL = the platform's */
    const char *default_role;   /* of accounts that people make for themselves; NULL = none */
    const char *const *role_names; /* names that ROLES gets if it is not set, ended by NULL;
                                      NULL = none */
    const char *about_json;        /* docs: {"METHOD /path": [paragraph, ...]}; NULL = none */
    const char *examples_json;     /* docs: see openapi_examples.h; NULL = none */
} authp_profile_t;

/* The texts of api/profiles/NAME/{about,examples}.json, which the build embeds. */
#define AUTHP_PROFILE_TEXTS(name)                                                                  \
    extern const char authp_profile_##name##_about[];                                              \
    extern const char authp_profile_##name##_examples[]

/* The row for `err` of this profile, else that of problem.c. Never NULL. */
const authp_problem_t *authp_profile_problem(const authp_profile_t *profile, authp_err_t err);

#endif
