/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_CLAIM_H
#define AUTHP_HTTPD_REQUIRE_CLAIM_H

#include "httpd/module.h"

/* `Require platform-claim NAME VALUE...`: the claim has one of the values. */
void authp_require_claim_register(apr_pool_t *pool);

#endif
