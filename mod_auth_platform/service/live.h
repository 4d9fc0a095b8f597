/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_H
#define AUTHP_SERVICE_LIVE_H

#include "service/token.h"

/* Is what the token says still so? Everything that asks goes through here, so that the live table
 * (architecture.md) comes behind these two functions without touching their callers. */

/* For API routes: asks the store on every request. *principal gets the account's present roles;
 * user and session are read anyway and handed back. AUTHP_E_TOKEN_REVOKED: session ended, expired
 * or unknown, user gone or disabled, ver below min_ver. */
AUTHP_CHECKED authp_err_t authp_live_api(const authp_realm_t *realm, authp_principal_t *principal,
                                         authp_user_t **user, authp_session_t **session,
                                         apr_pool_t *pool);

/* For guarded locations: no store, no network. Until the live table exists, the verified token
 * alone decides. */
AUTHP_CHECKED authp_err_t authp_live_guard(const authp_realm_t *realm,
                                           authp_principal_t *principal);

#endif
