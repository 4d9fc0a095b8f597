/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_OTP_H
#define AUTHP_SERVICE_OTP_OTP_H

#include "service/audit/audit.h"
#include "service/otp/otp_request.h"
#include "service/realm/realm.h"

#include <apr_pools.h>
#include <stdbool.h>

struct authp_otp_code_t; /* store/model.h */

/* Sends a code, and waits for the provider for at most 3 s. AUTHP_E_OTP_UNAVAILABLE: there is no
 * provider. AUTHP_E_RATE_LIMITED: a limit of spending is reached; nothing was sent, and
 * *client->retry_after has the seconds to wait. AUTHP_E_OTP_SEND_FAILED: the provider refused or
 * was not reached. It may have sent the code all the same, so the code can be used, and the limits
 * count it.
 */
AUTHP_CHECKED authp_err_t authp_otp_send(const authp_realm_t *realm,
                                         const authp_otp_request_t *request,
                                         const authp_client_t *client, apr_pool_t *pool);

/* The same, except that a thread of this child sends the code after the answer, so that neither
 * status nor time tell whether a number has an account. `real` false: everything happens except the
 * sending, and the code that is stored is known to nobody. */
AUTHP_CHECKED authp_err_t authp_otp_send_later(const authp_realm_t *realm,
                                               const authp_otp_request_t *request, bool real,
                                               const authp_client_t *client, apr_pool_t *pool);

/* AUTHP_OK: the newest code of the number is for `purpose`, and its request had `ip` as bound_ip or
 * `device` as bound_device (NULL: none); a code of ADMIN_LOGIN is also less than 10 minutes old.
 * AUTHP_E_INVALID_OTP: not so. AUTHP_E_OTP_UNAVAILABLE: there is no provider. Call it before
 * authp_otp_check() where somebody without a password must not take the attempts of another
 * person's code. */
AUTHP_CHECKED authp_err_t authp_otp_bound(const authp_realm_t *realm, const char *phone,
                                          authp_otp_purpose_t purpose, const char *ip,
                                          const char *device, apr_pool_t *pool);

/* A code that somebody has typed, to be checked. */
typedef struct authp_otp_try_t {
    const char *phone; /* E.164 */
    authp_otp_purpose_t purpose;
    const char *code; /* any text */
} authp_otp_try_t;

/* Takes one of the code's attempts and compares given->code with the newest code of the number.
 * *right, in `pool`, is to be used up by authp_otp_use(). AUTHP_E_INVALID_OTP: the code is wrong or
 * has no attempt left, the number has none for this purpose, or OTP_LIMIT_WRONG refuses the number.
 * AUTHP_E_OTP_UNAVAILABLE: there is no provider. AUTHP_E_OTP_EXPIRED. AUTHP_E_OTP_USED: it is the
 * very code that was used (after a code that MSG91 made was used: any code).
 * AUTHP_E_OTP_SEND_FAILED: the provider, which has the code, was not reached (the attempt is given
 * back), or its answer is not known (the attempt counts). */
AUTHP_CHECKED authp_err_t authp_otp_check(const authp_realm_t *realm, const authp_otp_try_t *given,
                                          const authp_client_t *client,
                                          struct authp_otp_code_t **right, apr_pool_t *pool);

/* Uses up a code that authp_otp_check() found right. Of parallel calls one succeeds.
 * AUTHP_E_OTP_USED: another request was faster. AUTHP_E_INVALID_OTP: it has expired, or a newer
 * code was sent meanwhile. */
AUTHP_CHECKED authp_err_t authp_otp_use(const authp_realm_t *realm,
                                        const struct authp_otp_code_t *right, apr_pool_t *pool);

#endif
