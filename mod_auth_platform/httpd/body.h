/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_BODY_H
#define AUTHP_HTTPD_BODY_H

#include "httpd/module.h"

#include "base/err.h"

#include <stdbool.h>

typedef struct authp_body_t {
    request_rec *r;
    int status; /* the status that the handler returns if httpd could not read the body */
    bool ended; /* true once the whole body was read */
} authp_body_t;

/* Reads a body. It is authp_request_t.read_body, and `ctx` is an authp_body_t. */
AUTHP_CHECKED authp_err_t authp_body_read(void *ctx, size_t limit, const char **data, size_t *len);

/* Reads the rest of a small body and drops it. Otherwise a reset of the connection or stream could
 * destroy an answer that was sent early. Does nothing if the client waits for "100 Continue". */
void authp_body_drain(request_rec *r);

#endif
