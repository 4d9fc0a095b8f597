/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_OTP_CODE_H
#define AUTHP_SERVICE_OTP_OTP_CODE_H

#include "service/otp/otp_request.h"
#include "service/otp/sender.h"
#include "service/realm/realm.h"

/* The name of a purpose in stored rows and in the audit: "enter", "reset",
 * "admin_register", "admin_login", "user". */
const char *authp_otp_code_purpose(authp_otp_purpose_t purpose);

/* Makes `length` random digits, each of which is as likely as any other. */
void authp_otp_code_make(const authp_random_t *random, int length,
                         char out[AUTHP_SENDER_LENGTH_MOST + 1]);

/* Sets row->code_hmac to the keyed hash of `digits` over code id, purpose and
 * number of the row. */
AUTHP_CHECKED authp_err_t authp_otp_code_seal(const authp_realm_t *realm, authp_otp_code_t *row,
                                              const char *digits, apr_pool_t *pool);
/* AUTHP_E_INVALID_OTP: row->code_hmac is not of `digits`. It counts if it was
 * made with the present or the previous key. The time does not depend on how
 * much of it is right. */
AUTHP_CHECKED authp_err_t authp_otp_code_compare(const authp_realm_t *realm,
                                                 const authp_otp_code_t *row, const char *digits);

/* A keyed hash (64 hex digits) of `text`, for rows. `kind` keeps hashes of
 * different things apart. */
AUTHP_CHECKED authp_err_t authp_otp_code_hash(const authp_realm_t *realm, const char *kind,
                                              const void *text, size_t len, const char **out,
                                              apr_pool_t *pool);

#endif
