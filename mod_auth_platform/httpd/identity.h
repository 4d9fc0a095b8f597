/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_IDENTITY_H
#define AUTHP_HTTPD_IDENTITY_H

#include "httpd/context.h"

#include <mod_auth.h>

/* Passes the identity on to the app, as environment variables and headers
 * (conf/guides/guarding.md), and removes the module's own credentials. */
void authp_identity_register(apr_pool_t *pool);

/* The context that r->user comes from: that of this request, or that of the request from which
 * httpd took r->user over. NULL if this module did not set r->user. */
authp_context_t *authp_identity_of(const request_rec *r);
/* The first step of each Require of ours. AUTHZ_GRANTED: *who is set. Otherwise the Require returns
 * this status. */
authz_status authp_identity_required(const request_rec *r, const authp_context_t **who);

#endif
