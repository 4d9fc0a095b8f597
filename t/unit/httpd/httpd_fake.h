/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTPD_FAKE_H
#define AUTHP_TEST_HTTPD_FAKE_H

#include "support/fixture.h"

#include "httpd/config.h"
#include "httpd/context.h"
#include "httpd/runtime.h"

#include <http_config.h>
#include <mod_auth.h>
#include <util_filter.h>

/* A fake server: a main server with one virtual host, requests and subrequests made by hand, the
 * hooks and filters that the files of httpd/ register, and the few functions of httpd that they
 * call. Clock, store and keys are those of the fixture. Only one exists at a time. */
typedef struct httpd_fake_t {
    fixture_t f;
    authp_runtime_t runtime;
    server_rec main;
    server_rec host;                /* a virtual host: main.next */
    authp_dir_config_t *dir;        /* the directory configuration of requests made from now on */
    const char *auth_type;          /* the AuthType in force */
    int (*checker)(request_rec *r); /* core's hook for authorization */
    authp_err_t refused;            /* the error of the latest authp_refuse() */
    int refusals;
    apr_size_t passed; /* brigades that went through all filters */
    const char *sent;  /* what was in the latest of them */
    bool ended;        /* and it was the last of an answer */
    char said[4000];   /* what was logged with a request or a server: "LEVEL TEXT\n" */
} httpd_fake_t;

extern httpd_fake_t fake;

void httpd_fake_open(void);
void httpd_fake_close(void);

typedef enum httpd_fake_place_t {
    FAKE_MAIN,
    FAKE_HOST,
    FAKE_SECTION, /* <Location> or <Directory> */
    FAKE_HTACCESS,
    FAKE_PLACES
} httpd_fake_place_t;

/* Reads a configuration line as httpd reads it at that place. `dir` gets directives that belong to
 * a place. Returns NULL, or the error. */
const char *httpd_fake_line(httpd_fake_place_t place, const char *name, const char *value,
                            authp_dir_config_t *dir);

request_rec *httpd_fake_request(const char *uri);
/* Makes a subrequest as httpd does: headers and environment are copies, and the user is that of the
 * parent. */
request_rec *httpd_fake_subrequest(request_rec *parent, const char *uri);
/* Sets the context of a request as authn.c does for a signed-in user with that role. */
authp_context_t *httpd_fake_admit(request_rec *r, const char *role);

/* Run the hooks in httpd's order. */
void httpd_fake_fixups(request_rec *r);
int httpd_fake_post_read(request_rec *r);
int httpd_fake_access(request_rec *r);
int httpd_fake_authn(request_rec *r);
int httpd_fake_authz(request_rec *r);
/* Runs the output filters that our code put into the answer. */
void httpd_fake_answer(request_rec *r);
/* Notes a hook or filter that was registered: each fake function that registers one calls it. */
void httpd_fake_note(const char *name, int order);
/* Returns what was noted since the previous call of this function: "NAME ORDER\n"... */
const char *httpd_fake_noted(void);
/* Adds a line to what was said. */
void httpd_fake_say(int level, const char *line);
/* How often `part` is in what was said. */
int httpd_fake_told(const char *part);

#endif
