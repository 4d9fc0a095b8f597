/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTP_FAKE_H
#define AUTHP_TEST_HTTP_FAKE_H

#include "api/core/call.h"
#include "api/core/http.h"
#include "api/core/mount.h"
#include "fixture.h"

#include <jansson.h>

/* A host with our routes and no server: https://jobs.example.org, mounted at /api/auth, delivery
 * `ask`, with the sample endpoint at /api/protected/me, on the realm of a fixture. Headers and body
 * stay from one request to the next until a test changes them. */
typedef struct http_fake_t {
    fixture_t f;
    apr_array_header_t *mounts; /* authp_mount_t */
    authp_mount_t *mount;       /* the first of them: the platform's */
    apr_table_t *headers;
    const char *body;
    size_t body_len;
    authp_err_t body_err; /* what reading the body ends with, if not AUTHP_OK */
    int body_reads;
    const char *sign_in_page;
    authp_gate_t *gate;
} http_fake_t;

#define HTTP_FAKE_ORIGIN "https://jobs.example.org"
#define HTTP_FAKE_REQUEST_ID "65f0c0ffee00000000000001"

void http_fake_open(http_fake_t *h);
void http_fake_close(http_fake_t *h);
/* The host's mounts from now on: the platform's at `path` and the sample endpoint at `me`, NULL =
 * not served. Their documents are not made. */
void http_fake_mount(http_fake_t *h, const char *path, authp_delivery_t delivery, const char *me);
/* Makes the documents of all mounts anew. */
void http_fake_documents(http_fake_t *h);
/* Row `index` of all mounts, one mount after the other, and its path from the host's root. NULL
 * beyond the last one. */
const authp_route_t *http_fake_route(const http_fake_t *h, int index);
const char *http_fake_route_path(const http_fake_t *h, int index);
/* Forgets headers and body. */
void http_fake_clear(http_fake_t *h);

authp_headers_t http_fake_headers(const http_fake_t *h);
authp_request_t http_fake_request(http_fake_t *h, const char *method, const char *target);
/* A body of type application/json. */
void http_fake_json(http_fake_t *h, const char *body);
void http_fake_bearer(http_fake_t *h, const char *token);

/* Asks for "/path?query" and checks what holds for every answer. */
authp_response_t http_fake_ask(http_fake_t *h, const char *method, const char *target);
/* The same, and that it is this status and, unless NULL, the problem of this code. */
authp_response_t http_fake_expect(http_fake_t *h, const char *method, const char *target,
                                  int status, const char *code);

json_t *http_fake_body(http_fake_t *h, const authp_response_t *out);
/* A string member of the body, in the fixture's pool. */
const char *http_fake_text(http_fake_t *h, const authp_response_t *out, const char *member);
const char *http_fake_header(const authp_response_t *out, const char *name);
/* The whole Set-Cookie line of that name, NULL if there is none. */
const char *http_fake_set_cookie(const authp_response_t *out, const char *name);
/* How many there are, but for the device's, which comes with every sign-in. */
int http_fake_set_cookies(const authp_response_t *out);
/* What that line sets. */
const char *http_fake_cookie_value(http_fake_t *h, const authp_response_t *out, const char *name);

/* What a front end of ours sends after that answer: its cookies, X-CSRF-Token and Origin. */
void http_fake_browser(http_fake_t *h, const authp_response_t *out);
/* Registers `email` with FIXTURE_PASSWORD, its tokens as cookies or in the body. Headers and body
 * are forgotten before and after. */
authp_response_t http_fake_register(http_fake_t *h, const char *email, bool cookies);

#endif
