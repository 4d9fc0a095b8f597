/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_BODY_H
#define AUTHP_HTTPD_BODY_H

#include "httpd/module.h"

#include "base/err.h"

#include <stdbool.h>

typedef struct authp_body_t {
    request_rec *r;
    int status; /* what httpd made of a body it could not read: to be returned by the handler */
    bool ended; /* read to its end */
} authp_body_t;

/* authp_request_t.read_body; ctx is an authp_body_t. */
AUTHP_CHECKED authp_err_t authp_body_read(void *ctx, size_t limit, const char **data, size_t *len);

/* Takes what is left of a small body and drops it, so that an early answer is not lost with a reset
 * connection or stream. Not if the client waits for "100 Continue". */
void authp_body_drain(request_rec *r);

#endif
