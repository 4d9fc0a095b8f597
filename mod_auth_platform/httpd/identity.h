/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_IDENTITY_H
#define AUTHP_HTTPD_IDENTITY_H

#include "httpd/context.h"

#include <mod_auth.h>

/* What the app gets to see: environment and headers of section 10, without our own credentials. */
void authp_identity_register(apr_pool_t *pool);

/* The context that says who r->user is, this request's or the one httpd took r->user over from;
 * NULL if r->user is not of our making. */
authp_context_t *authp_identity_of(const request_rec *r);
/* How each Require of ours begins: AUTHZ_GRANTED and *who, or what to answer at once. */
authz_status authp_identity_required(const request_rec *r, const authp_context_t **who);

#endif
