/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTPD_FAKE_IO_H
#define AUTHP_TEST_HTTPD_FAKE_IO_H

#include "httpd_fake.h"

#include <ap_mpm.h>

/* What comes from a client, brigade by brigade, and what httpd says about its processes. Cleared by
 * fake_io_open(). */
typedef struct fake_io_step_t {
    const char *data;    /* NULL: none */
    bool flush;          /* something that is no data comes before it */
    bool ended;          /* the body is over behind it */
    apr_status_t status; /* what reading answers; the rest counts only if it works */
} fake_io_step_t;

typedef struct fake_io_t {
    int mpm[32];                 /* by AP_MPMQ_...; -1: the MPM does not know */
    const fake_io_step_t *steps; /* the last one comes again and again */
    int nsteps;
    int reads;             /* of a body */
    bool body;             /* the request has one */
    bool ahead;            /* the next request is there before the answer to this one */
    int looks;             /* whether it is */
    apr_socket_t *socket;  /* of the connection */
    ap_filter_rec_t input; /* the input filter of connections, as registered */
    int added;             /* how often it was put into one */
    ap_filter_t filter;    /* as it was put there last */
} fake_io_t;

extern fake_io_t fake_io;

void fake_io_open(void);
/* A request on a connection that stays open. */
request_rec *fake_io_request(void);

#endif
