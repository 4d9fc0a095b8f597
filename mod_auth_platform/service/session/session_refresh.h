/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_SESSION_REFRESH_H
#define AUTHP_SERVICE_SESSION_SESSION_REFRESH_H

#include "service/session/session.h"

/* Makes new tokens for a proven refresh token, or refuses it, by the rules of refresh_rules.h.
 * `proof` comes from authp_session_prove(). Its session is read again only if the row has changed
 * meanwhile; the account is always read. With REFRESH_TOKEN_ROTATION=false the generation stays the
 * same, and the idle limit is moved. AUTHP_E_REFRESH_INVALID, AUTHP_E_REFRESH_REUSED (this call has
 * ended the session), AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_session_refresh(const authp_realm_t *realm,
                                                const authp_proof_t *proof,
                                                const authp_client_t *client, authp_grant_t *out,
                                                apr_pool_t *pool);

#endif
