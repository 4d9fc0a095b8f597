/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTPD_FAKE_H
#define AUTHP_TEST_HTTPD_FAKE_H

#include "support/fixture.h"

#include "httpd/config.h"
#include "httpd/context.h"
#include "httpd/runtime.h"

#include <mod_auth.h>
#include <util_filter.h>

/* A server that is none: a main server with one virtual host, requests and subrequests made by
 * hand, the hooks and filters that the files of httpd/ register, and the few functions of httpd
 * that they call. Time, store and keys are the fixture's. One at a time. */
typedef struct httpd_fake_t {
    fixture_t f;
    authp_runtime_t runtime;
    server_rec main;
    server_rec host;                /* a virtual host: main.next */
    authp_dir_config_t *dir;        /* in force for requests made from now on */
    const char *auth_type;          /* what AuthType is in force */
    int (*checker)(request_rec *r); /* the authorization of core */
    authp_err_t refused;            /* the last one of authp_refuse() */
    int refusals;
    apr_size_t passed; /* brigades that went through all filters */
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

/* A line of the configuration as httpd reads it there; `dir` gets what is for a place. NULL or what
 * is wrong. */
const char *httpd_fake_line(httpd_fake_place_t place, const char *name, const char *value,
                            authp_dir_config_t *dir);

request_rec *httpd_fake_request(const char *uri);
/* As httpd makes one: headers and environment are copies, the user is the parent's. */
request_rec *httpd_fake_subrequest(request_rec *parent, const char *uri);
/* Somebody whom authn.c has let in to this request. */
authp_context_t *httpd_fake_admit(request_rec *r, const char *role);

/* The hooks in their order. */
void httpd_fake_fixups(request_rec *r);
int httpd_fake_post_read(request_rec *r);
int httpd_fake_access(request_rec *r);
int httpd_fake_authn(request_rec *r);
int httpd_fake_authz(request_rec *r);
/* The filters of ours that are put into the answer, and what they make of it. */
void httpd_fake_answer(request_rec *r);

#endif
