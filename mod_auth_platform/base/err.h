/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ERR_H
#define AUTHP_BASE_ERR_H

/* All failures that callers are expected to handle. The compiler rejects code that ignores a result
 * of this type. Errors of drivers and of APR end in store/, crypto/ and net/, where they are logged
 * once and mapped to one of these. */
#define AUTHP_CHECKED __attribute__((warn_unused_result))

typedef enum authp_err_t {
    AUTHP_OK = 0,

    /* reported by lower layers */
    AUTHP_E_INTERNAL,      /* a fault of this program; already logged where it was found */
    AUTHP_E_NOT_FOUND,     /* no such row, route, key */
    AUTHP_E_CONFLICT,      /* a unique value is taken, or a conditional update lost its race */
    AUTHP_E_UNAVAILABLE,   /* a store or provider did not answer within its bound */
    AUTHP_E_BUSY,          /* a limit of this server is reached: try again soon */
    AUTHP_E_MALFORMED,     /* the input does not have the required syntax */
    AUTHP_E_TOO_LARGE,     /* the input is larger than allowed */
    AUTHP_E_ABORTED,       /* httpd has already answered the request, or dropped it */
    AUTHP_E_CLOCKS_DIFFER, /* this host's clock is too far from the store's to compare times */

    /* outcomes of the rules, one for each problem code */
    AUTHP_E_INVALID_CREDENTIALS,
    AUTHP_E_WRONG_PASSWORD, /* of a signed-in user: code invalid_credentials, status 403 */
    AUTHP_E_TOKEN_MISSING,
    AUTHP_E_TOKEN_INVALID,
    AUTHP_E_TOKEN_EXPIRED,
    AUTHP_E_TOKEN_REVOKED,
    AUTHP_E_INSUFFICIENT_ROLE,
    AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION,
    AUTHP_E_NOT_CANDIDATE,
    AUTHP_E_NOT_RECRUITER,
    AUTHP_E_CANNOT_VERIFY, /* about another person: code not_recruiter, status 422 */
    AUTHP_E_RECRUITER_PENDING,
    AUTHP_E_INVITE_REQUIRED,
    AUTHP_E_INVITE_INVALID,
    AUTHP_E_EMAIL_TAKEN,
    AUTHP_E_USER_EXISTS, /* the username of a new account, or its e-mail address, is taken */
    AUTHP_E_CSRF_FAILED,
    AUTHP_E_ORIGIN_DENIED,
    AUTHP_E_REFRESH_INVALID,
    AUTHP_E_REFRESH_REUSED,
    AUTHP_E_LAST_ADMIN,
    AUTHP_E_RATE_LIMITED,
    AUTHP_E_VALIDATION_FAILED,
    AUTHP_E_UNSUPPORTED_MEDIA_TYPE,
    AUTHP_E_METHOD_NOT_ALLOWED,
    AUTHP_E_OAUTH_STATE_INVALID,
    AUTHP_E_OAUTH_DENIED,
    AUTHP_E_OAUTH_FAILED,
    AUTHP_E_OAUTH_CODE_REFUSED, /* the provider does not know the code: code oauth_failed, 400 */
    AUTHP_E_OAUTH_UNAVAILABLE,
    AUTHP_E_EMAIL_UNVERIFIED,
    AUTHP_E_IDENTITY_CONFLICT,
    AUTHP_E_LAST_CREDENTIAL,
    AUTHP_E_ACCOUNT_DISABLED,
    AUTHP_E_MAIL_UNAVAILABLE, /* MAIL_URL is not set */
    AUTHP_E_LINK_INVALID, /* a mailed link is unknown, used, too old, or overtaken by a change */
    AUTHP_E_MOBILE_INVALID,
    AUTHP_E_INVALID_OTP,
    AUTHP_E_OTP_EXPIRED,
    AUTHP_E_OTP_USED, /* the very code that was used: code OTP_ALREADY_VERIFIED */
    AUTHP_E_OTP_SEND_FAILED,
    AUTHP_E_OTP_UNAVAILABLE,   /* no provider is configured */
    AUTHP_E_PASSWORD_REQUIRED, /* the number has been idle: the code alone does not suffice */

    AUTHP_E_COUNT
} authp_err_t;

/* A stable lower-case name for logs and tests, e.g. "unavailable". Never NULL. */
const char *authp_err_name(authp_err_t err);

#endif
