/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_LOGIN_CODE_H
#define AUTHP_SERVICE_PROVIDER_LOGIN_CODE_H

#include "service/session/session.h"

/* A code that a front end on another origin gets in its URL after a sign-in, and exchanges for
 * tokens. It works once, for a minute, and only with the verifier whose challenge the front end
 * sent when the sign-in began (PKCE). Somebody who reads only the URL cannot use the code. */
#define AUTHP_LOGIN_CODE_SECONDS 60

/* Makes a code for an account whose owner has just been proven. `device_id` may be NULL. */
AUTHP_CHECKED authp_err_t authp_login_code_make(const authp_realm_t *realm,
                                                const authp_user_t *user, const char *challenge,
                                                const char *device_id, const char **out,
                                                apr_pool_t *pool);

/* Starts the session. The client's device_id counts before the one that the code was made with.
 * AUTHP_E_INVALID_CREDENTIALS: the code is wrong, used, too old or of another verifier, or the
 * account has been disabled or deleted, or its password changed or removed, since. */
AUTHP_CHECKED authp_err_t authp_login_code_redeem(const authp_realm_t *realm, const char *code,
                                                  const char *verifier,
                                                  const authp_client_t *client, authp_grant_t *out,
                                                  apr_pool_t *pool);

#endif
