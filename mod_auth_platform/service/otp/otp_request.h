/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_OTP_REQUEST_H
#define AUTHP_SERVICE_OTP_OTP_REQUEST_H

#include <stdbool.h>

/* One-time codes that are sent to phones. A number has one code: each send replaces the one before,
 * whatever its purpose. Codes of the purpose USER are made and checked by the provider; all others
 * are made and checked here, and the store keeps a keyed hash of them. Numbers are E.164. */
typedef enum authp_otp_purpose_t {
    AUTHP_OTP_ENTER, /* sign in or register */
    AUTHP_OTP_RESET,
    AUTHP_OTP_ADMIN_REGISTER,
    AUTHP_OTP_ADMIN_LOGIN,
    AUTHP_OTP_USER /* users/register and users/auth */
} authp_otp_purpose_t;

typedef struct authp_otp_request_t {
    const char *phone;
    authp_otp_purpose_t purpose;
    const char *bound_ip; /* who may use it, see authp_otp_bound(); NULL: not bound to an address */
    const char *bound_device; /* any text that names a device; NULL: not bound to one */
    bool known; /* an account has the number; others get at most half of the prefix and the day */
} authp_otp_request_t;

#endif
