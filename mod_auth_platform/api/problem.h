/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROBLEM_H
#define AUTHP_API_PROBLEM_H

#include "api/api.h"

#include <jansson.h>

/* RFC 9457 problem documents: one table of all codes of the contract. */
typedef struct authp_problem_t {
    authp_err_t err;
    int status;
    const char *code;
    const char *title;
    const char *detail; /* what is said when the caller has nothing better */
    int retry_after;    /* seconds for Retry-After, 0 = none */
} authp_problem_t;

/* The row for an error; unknown ones are internal_error. Never NULL. */
const authp_problem_t *authp_problem_of(authp_err_t err);
/* Row `index` of the table, NULL beyond its end: for OpenAPI. */
const authp_problem_t *authp_problem_at(int index);

/* Fills in *out. `detail` NULL = the table's; `findings` (findings.h) NULL =
 * none. A 401 gets its WWW-Authenticate, 429 and 503 their Retry-After, all Cache-Control: no-store
 * and X-Request-Id. `out->headers` is made if NULL, else added to. */
void authp_problem_fill(authp_err_t err, const char *detail, json_t *findings,
                        const char *request_id, authp_response_t *out, apr_pool_t *pool);

/* RFC 9470: says in WWW-Authenticate how old a sign-in may be, in seconds. */
void authp_problem_max_age(int seconds, authp_response_t *out, apr_pool_t *pool);

/* Its name among OpenAPI's examples: the code, and the status behind it where another status bears
 * the code too. */
const char *authp_problem_example(const authp_problem_t *problem, apr_pool_t *pool);

/* The signed-in user that the page below names. All members zero: no user is named. */
typedef struct authp_problem_reader_t {
    bool known;          /* somebody is signed in */
    const char *name;    /* NULL if none */
    const char *email;   /* NULL if none */
    const char *sign_in; /* URL to sign in as somebody else, NULL if there is no sign-in page */
} authp_problem_reader_t;

/* The small HTML page that a browser navigation gets instead (403, 503 of a guarded page): same
 * status and headers, and a Content-Security-Policy that fits it. No script, no inline style beyond
 * one <style>, works without network. It names who is signed in, with a link to sign in as somebody
 * else. */
void authp_problem_page(authp_err_t err, const char *request_id,
                        const authp_problem_reader_t *reader, authp_response_t *out,
                        apr_pool_t *pool);

#endif
