/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTP_FAKE_H
#define AUTHP_TEST_HTTP_FAKE_H

#include "api/api.h"
#include "fixture.h"

#include <jansson.h>

/* A host with our routes and no server: https://jobs.example.org, mounted at /api/auth, delivery
 * `ask`, on the realm of a fixture. Headers and body stay from one request to the next until a test
 * changes them. */
typedef struct http_fake_t {
    fixture_t f;
    authp_mount_t mount;
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
