/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROBLEM_H
#define AUTHP_API_PROBLEM_H

#include "api/api.h"

#include <jansson.h>

/* RFC 9457 problem documents. One table has all problem codes. */
typedef struct authp_problem_t {
    authp_err_t err;
    int status;
    const char *code;
    const char *title;
    const char *detail; /* used if the caller gives none */
    int retry_after;    /* seconds for Retry-After, 0 = none */
} authp_problem_t;

/* Returns the row of an error. An error without a row gets the row internal_error. Never NULL. */
const authp_problem_t *authp_problem_of(authp_err_t err);
/* Row `index` of the table; NULL after the last one. OpenAPI lists the rows by it. */
const authp_problem_t *authp_problem_at(int index);

/* Fills in *out. If `detail` is NULL, the table's is used. `findings` (findings.h) may be NULL. A
 * 401 gets WWW-Authenticate. 429 and 503 get Retry-After. All get Cache-Control: no-store and
 * X-Request-Id. `out->headers` is made if it is NULL, otherwise it is added to. */
void authp_problem_fill(authp_err_t err, const char *detail, json_t *findings,
                        const char *request_id, authp_response_t *out, apr_pool_t *pool);

/* Sets the WWW-Authenticate of RFC 9470, which says how old a sign-in may be, in seconds. */
void authp_problem_max_age(int seconds, authp_response_t *out, apr_pool_t *pool);

/* The name of a problem's example in OpenAPI: its code. If an earlier row has the same code, the
 * status is appended. */
const char *authp_problem_example(const authp_problem_t *problem, apr_pool_t *pool);

/* The signed-in user that the page below names. All members zero: no user is named. */
typedef struct authp_problem_reader_t {
    bool known;          /* somebody is signed in */
    const char *name;    /* NULL if none */
    const char *email;   /* NULL if none */
    const char *sign_in; /* URL to sign in as somebody else, NULL if there is no sign-in page */
} authp_problem_reader_t;

/* The small HTML page that a browser navigation gets instead of JSON (403 and 503 of a guarded
 * page). It has the same status and headers, and a Content-Security-Policy that fits it. It has no
 * script, one <style>, and loads nothing. It names the signed-in user, with a link to sign in as
 * somebody else. */
void authp_problem_page(authp_err_t err, const char *request_id,
                        const authp_problem_reader_t *reader, authp_response_t *out,
                        apr_pool_t *pool);

#endif
