/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_TARGET_H
#define AUTHP_API_CORE_TARGET_H

#include "service/settings/settings.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Where a browser goes after a sign-in at a provider: a path of this host (net/origin.h), or a
 * whole URL of an allowed front end, whose origin is FRONTEND_URL's or one of BACKEND_CORS_ORIGINS.
 */
#define AUTHP_TARGET_MOST 1024 /* bytes */

/* NULL if `text` is such a target. Else a sentence for people. */
const char *authp_target_check(const authp_settings_t *settings, const char *text,
                               apr_pool_t *pool);

/* True if a target that has been checked is a path. */
bool authp_target_is_path(const char *target);

#endif
