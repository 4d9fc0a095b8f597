/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_TOKEN_H
#define AUTHP_SERVICE_SESSION_TOKEN_H

#include "service/realm/principal.h"
#include "service/realm/realm.h"

/* Makes an access token for a session of that user, with the roles effective now. *expires_in gets
 * its life in seconds: authp_terms_minutes(), or less if the session's absolute limit comes
 * first. */
AUTHP_CHECKED authp_err_t authp_token_issue(const authp_realm_t *realm, const authp_user_t *user,
                                            const authp_session_t *session, const char **out,
                                            int *expires_in, apr_pool_t *pool);

/* Verifies the token alone: signature, claims and times. AUTHP_E_TOKEN_INVALID, or
 * AUTHP_E_TOKEN_EXPIRED, where *out is set too. It reads no store. Every guarded request calls it.
 */
AUTHP_CHECKED authp_err_t authp_token_verify(const authp_realm_t *realm, const char *token,
                                             size_t len, authp_principal_t *out, apr_pool_t *pool);

#endif
