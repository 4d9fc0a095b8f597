/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTP_FAKE_H
#define AUTHP_TEST_HTTP_FAKE_H

#include "api/core/call.h"
#include "api/core/http.h"
#include "api/core/mount.h"
#include "fixture.h"

#include <jansson.h>

/* A host with our routes but without a server: https://jobs.example.org, mounted at /api/auth with
 * delivery `ask`, the sample endpoint at /api/protected/me, and the realm of a fixture. Headers and
 * body stay from one request to the next until a test changes them. */
typedef struct http_fake_t {
    fixture_t f;
    apr_array_header_t *mounts; /* authp_mount_t */
    authp_mount_t *mount;       /* the first of them, which has the platform profile */
    apr_table_t *headers;
    const char *body;
    size_t body_len;
    authp_err_t body_err; /* the error at the end of the body, if not AUTHP_OK */
    int body_reads;
    const char *sign_in_page;
    authp_gate_t *gate;
} http_fake_t;

#define HTTP_FAKE_ORIGIN "https://jobs.example.org"
#define HTTP_FAKE_REQUEST_ID "65f0c0ffee00000000000001"

void http_fake_open(http_fake_t *h);
void http_fake_close(http_fake_t *h);
/* Sets the mounts of the host: the platform profile at `path` and the sample endpoint at `me`; NULL
 * = not served. Does not make their documents. */
void http_fake_mount(http_fake_t *h, const char *path, authp_delivery_t delivery, const char *me);
/* Makes the documents of all mounts again. */
void http_fake_documents(http_fake_t *h);
/* Returns row `index` of all mounts, counted over one mount after the other; *path gets its path on
 * the host. NULL beyond the last row. */
const authp_route_t *http_fake_route(const http_fake_t *h, int index);
const char *http_fake_route_path(const http_fake_t *h, int index);
/* Removes headers and body of the next request. */
void http_fake_clear(http_fake_t *h);

authp_headers_t http_fake_headers(const http_fake_t *h);
authp_request_t http_fake_request(http_fake_t *h, const char *method, const char *target);
/* Sets a body of type application/json. */
void http_fake_json(http_fake_t *h, const char *body);
void http_fake_bearer(http_fake_t *h, const char *token);

/* Sends a request for "/path?query" and checks what every answer must have. */
authp_response_t http_fake_ask(http_fake_t *h, const char *method, const char *target);
/* Sends a request and checks its status and, unless `code` is NULL, its problem code. */
authp_response_t http_fake_expect(http_fake_t *h, const char *method, const char *target,
                                  int status, const char *code);

json_t *http_fake_body(http_fake_t *h, const authp_response_t *out);
/* Returns a string member of the body, in the fixture's pool. */
const char *http_fake_text(http_fake_t *h, const authp_response_t *out, const char *member);
const char *http_fake_header(const authp_response_t *out, const char *name);
/* Returns the whole Set-Cookie line with that name, or NULL. */
const char *http_fake_set_cookie(const authp_response_t *out, const char *name);
/* Returns how many cookies are set, without the device cookie, which comes with every sign-in. */
int http_fake_set_cookies(const authp_response_t *out);
/* Returns the value of the cookie that the answer sets. */
const char *http_fake_cookie_value(http_fake_t *h, const authp_response_t *out, const char *name);

/* Sets the headers that a front end of ours sends after that answer: its cookies, X-CSRF-Token and
 * Origin. */
void http_fake_browser(http_fake_t *h, const authp_response_t *out);
/* Registers `email` with FIXTURE_PASSWORD, with tokens as cookies or in the body. Removes headers
 * and body before and after. */
authp_response_t http_fake_register(http_fake_t *h, const char *email, bool cookies);

#endif
