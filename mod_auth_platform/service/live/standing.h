/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_STANDING_H
#define AUTHP_SERVICE_LIVE_STANDING_H

#include "service/realm/principal.h"
#include "service/realm/realm.h"

/* Checks in the store if an account and a session are still valid. Used where the answer must be
 * exact: for every account route, and for guarded pages if the live table has no answer
 * (live_store.h). */

/* Reads the session and the account of *principal, with two reads. AUTHP_OK fills in *user and
 * *session, and replaces roles, e-mail and name of *principal by those that the account has now.
 * AUTHP_E_TOKEN_REVOKED: the session has ended, expired or is unknown, the account is gone or
 * disabled, or the ver of token or session is below the account's min_ver. AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_standing_check(const authp_realm_t *realm,
                                               authp_principal_t *principal, authp_user_t **user,
                                               authp_session_t **session, apr_pool_t *pool);

/* The same for a session row that has just been read: reads the account only. */
AUTHP_CHECKED authp_err_t authp_standing_of_session(const authp_realm_t *realm,
                                                    authp_principal_t *principal,
                                                    const authp_session_t *session,
                                                    authp_user_t **user, apr_pool_t *pool);

#endif
