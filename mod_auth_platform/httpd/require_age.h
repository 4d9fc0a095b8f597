/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_AGE_H
#define AUTHP_HTTPD_REQUIRE_AGE_H

#include "httpd/module.h"

/* `Require auth-age SECONDS`: a password or a provider proved the person at most so long ago. Notes
 * in the context what was too old, so that authz.c can tell a sign-in that helps from a refusal. */
void authp_require_age_register(apr_pool_t *pool);

#endif
