/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_REFRESH_H
#define AUTHP_SERVICE_SESSION_REFRESH_H

#include "service/session.h"

/* Hands out new tokens for a proven refresh token, or refuses it, by the rules of
 * refresh_rules.h. `proof` is that of authp_session_prove(): its session is not read again unless
 * the row has changed meanwhile. The account is read. REFRESH_TOKEN_ROTATION=false: the same
 * generation again, with a later idle limit. AUTHP_E_REFRESH_INVALID, AUTHP_E_REFRESH_REUSED (the
 * session has been ended), AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_session_refresh(const authp_realm_t *realm,
                                                const authp_proof_t *proof,
                                                const authp_client_t *client, authp_grant_t *out,
                                                apr_pool_t *pool);

#endif
