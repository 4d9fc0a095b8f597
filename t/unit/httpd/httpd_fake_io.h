/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_HTTPD_FAKE_IO_H
#define AUTHP_TEST_HTTPD_FAKE_IO_H

#include "httpd_fake.h"

#include <ap_mpm.h>

/* One brigade that arrives from the client. */
typedef struct fake_io_step_t {
    const char *data;    /* NULL: none */
    bool flush;          /* a metadata bucket comes before the data */
    bool ended;          /* the end of the body comes after the data */
    apr_status_t broken; /* the result of reading the data, instead of the data; 0: none */
    apr_status_t status; /* the result of reading; if it is an error, the rest is not used */
} fake_io_step_t;

typedef struct fake_io_t {
    /* answers of ap_mpm_query() by AP_MPMQ_...; -1: unknown to the MPM */
    int mpm[32];
    /* the brigades in their order; the last one is repeated without end */
    const fake_io_step_t *steps;
    int nsteps;
    int reads;                  /* how many times a body was read */
    const request_rec *watched; /* NULL = none */
    int status_then;            /* the status of `watched` when the body was read last */
    bool body;                  /* true if the request has a body */
    bool ahead;                 /* true if the next request arrives before the answer to this one */
    int looks;                  /* how many times the code looked for such a next request */
    apr_socket_t *socket;       /* the socket of the connection */
    ap_filter_rec_t input;      /* the input filter of connections, as it was registered */
    int added;                  /* how many times that filter was put into a connection */
    ap_filter_t filter;         /* the latest one that was put there */
} fake_io_t;

extern fake_io_t fake_io;

void fake_io_open(void);
/* Makes a request on a connection that stays open. */
request_rec *fake_io_request(void);

#endif
