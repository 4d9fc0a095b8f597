/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_RESPOND_H
#define AUTHP_HTTPD_RESPOND_H

#include "httpd/module.h"

#include "api/core/http.h"

/* Writes the answer of an account route. Returns what the handler returns. */
int authp_respond_write(request_rec *r, const authp_response_t *response);

#endif
