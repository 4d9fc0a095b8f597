/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_CLAIM_H
#define AUTHP_HTTPD_REQUIRE_CLAIM_H

#include "httpd/module.h"

#include <mod_auth.h>

/* `Require platform-claim NAME VALUE...`: the claim has one of the values. */
extern const authz_provider authp_require_claim_provider;

#endif
