/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TWO_STEP_ADMIN_LOGIN_H
#define AUTHP_SERVICE_TWO_STEP_ADMIN_LOGIN_H

#include "service/session/session.h"

/* How an administrator signs in with e-mail address and password, and then with a code that is sent
 * to the number of the account. */

/* The first step: checks the password and sends a code. AUTHP_E_INVALID_CREDENTIALS, after equal
 * work: no account, no administrator, a wrong password, or a disabled account.
 * AUTHP_E_RATE_LIMITED: too many attempts at the password, or too many codes; *client->retry_after
 * has the seconds. AUTHP_E_NOT_FOUND: the password is right, but the account has no number.
 * AUTHP_E_BUSY, and the errors of authp_otp_send(). */
AUTHP_CHECKED authp_err_t authp_admin_login_begin(const authp_realm_t *realm, const char *email,
                                                  const char *password,
                                                  const authp_client_t *client, authp_user_t **out,
                                                  apr_pool_t *pool);

/* The second step: signs in. It must come within ten minutes of the first one
 * (authp_otp_bound()), from its address or with its device cookie. AUTHP_E_INVALID_OTP otherwise,
 * and for any other e-mail address. A code from elsewhere takes no attempt, so only the client that
 * knows the password can use them up. A change of the password makes the first step void. The
 * errors of authp_otp_check() and authp_otp_use(). */
AUTHP_CHECKED authp_err_t authp_admin_login_finish(const authp_realm_t *realm, const char *email,
                                                   const char *code, const authp_client_t *client,
                                                   authp_grant_t *out, apr_pool_t *pool);

#endif
