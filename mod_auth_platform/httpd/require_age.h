/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_AGE_H
#define AUTHP_HTTPD_REQUIRE_AGE_H

#include "httpd/module.h"

#include <mod_auth.h>

/* `Require auth-age SECONDS`: the person proved who they are, by a password or a provider, at most
 * SECONDS ago. If that is longer ago, context->max_age gets SECONDS. authz.c reads it to find out
 * whether a new sign-in would help. */
extern const authz_provider authp_require_age_provider;

#endif
