/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_CODE_SIGN_IN_CODE_SIGN_IN_H
#define AUTHP_SERVICE_CODE_SIGN_IN_CODE_SIGN_IN_H

#include "service/account/account.h"

/* What a one-time code opens. Each function checks the code first, so that only the person who has
 * it learns anything about the account of the number. A code that is right is used up right before
 * the change that it allows. Of parallel requests with the same code one succeeds.
 *
 * All of them return the errors of authp_otp_check() and authp_otp_use(), and
 * AUTHP_E_OTP_UNAVAILABLE if codes cannot be sent. */

/* What a person has sent to prove that a number is theirs. */
typedef struct authp_code_proof_t {
    const char *phone;    /* E.164 */
    const char *code;     /* as typed */
    const char *password; /* NULL if none was sent */
} authp_code_proof_t;

/* auth/register: makes the account `in`, whose in->phone is set, and a first session.
 * AUTHP_E_USER_EXISTS: the number or the address is taken. The code then stays unused, unless the
 * other account was made at the same moment. */
AUTHP_CHECKED authp_err_t authp_code_sign_in_register(const authp_realm_t *realm,
                                                      const authp_new_account_t *in,
                                                      const char *code,
                                                      const authp_client_t *client,
                                                      authp_grant_t *out, apr_pool_t *pool);

/* auth/login-otp: signs in. AUTHP_E_NOT_FOUND: the code is right and used up, but the number has no
 * account, or one that codes do not open (authp_phone_account_may_open()).
 * AUTHP_E_PASSWORD_REQUIRED, AUTHP_E_INVALID_CREDENTIALS: as authp_phone_account_prove(). The code
 * then stays unused, and so it does with AUTHP_E_RECRUITER_PENDING. */
AUTHP_CHECKED authp_err_t authp_code_sign_in_login(const authp_realm_t *realm,
                                                   const authp_code_proof_t *proof,
                                                   const authp_client_t *client, authp_grant_t *out,
                                                   apr_pool_t *pool);

/* users/auth: signs in with a code that the provider made. Makes the account if there is none, and
 * adds those of `roles` (const char *, all in SELF_SERVICE_ROLES) that it lacks.
 * AUTHP_E_INSUFFICIENT_ROLE: codes do not open this account. AUTHP_E_PASSWORD_REQUIRED and others
 * as authp_code_sign_in_login(); the provider may not accept the same code again. */
AUTHP_CHECKED authp_err_t authp_code_sign_in_user(const authp_realm_t *realm,
                                                  const authp_code_proof_t *proof,
                                                  const apr_array_header_t *roles,
                                                  const authp_client_t *client, authp_grant_t *out,
                                                  apr_pool_t *pool);

/* auth/reset-password: sets proof->password, which the body schema has checked, as the account's
 * password, and ends every session. AUTHP_E_INVALID_OTP also if the number has no account, one that
 * codes do not open, or an idle one with a password. */
AUTHP_CHECKED authp_err_t authp_code_sign_in_reset(const authp_realm_t *realm,
                                                   const authp_code_proof_t *proof,
                                                   const authp_client_t *client, apr_pool_t *pool);

#endif
