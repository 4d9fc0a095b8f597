/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_ERR_H
#define AUTHP_BASE_ERR_H

/* The one list of failures that callers are expected to handle. A result of this type cannot be
 * ignored. Driver and APR errors stop at store, crypto and net: logged there once, then mapped. */
#define AUTHP_CHECKED __attribute__((warn_unused_result))

typedef enum authp_err_t {
    AUTHP_OK = 0,

    /* what lower layers report */
    AUTHP_E_INTERNAL,      /* our fault; already logged where it was found */
    AUTHP_E_NOT_FOUND,     /* no such row, route, key */
    AUTHP_E_CONFLICT,      /* a unique value is taken, or a conditional update lost its race */
    AUTHP_E_UNAVAILABLE,   /* a store or provider did not answer within its bound */
    AUTHP_E_BUSY,          /* a bound of ours is reached: try again soon */
    AUTHP_E_MALFORMED,     /* input is not of its syntax */
    AUTHP_E_TOO_LARGE,     /* input is over its limit */
    AUTHP_E_ABORTED,       /* the server below has answered or dropped the request itself */
    AUTHP_E_CLOCKS_DIFFER, /* this host's clock is too far from the store's to compare times */

    /* outcomes of the rules, one for each problem code of the contract */
    AUTHP_E_INVALID_CREDENTIALS,
    AUTHP_E_WRONG_PASSWORD, /* invalid_credentials too: of somebody signed in, so 403 */
    AUTHP_E_TOKEN_MISSING,
    AUTHP_E_TOKEN_INVALID,
    AUTHP_E_TOKEN_EXPIRED,
    AUTHP_E_TOKEN_REVOKED,
    AUTHP_E_INSUFFICIENT_ROLE,
    AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION,
    AUTHP_E_NOT_CANDIDATE,
    AUTHP_E_NOT_RECRUITER,
    AUTHP_E_CANNOT_VERIFY, /* not_recruiter too: about somebody else, so 422 */
    AUTHP_E_RECRUITER_PENDING,
    AUTHP_E_INVITE_REQUIRED,
    AUTHP_E_INVITE_INVALID,
    AUTHP_E_EMAIL_TAKEN,
    AUTHP_E_CSRF_FAILED,
    AUTHP_E_ORIGIN_DENIED,
    AUTHP_E_REFRESH_INVALID,
    AUTHP_E_REFRESH_REUSED,
    AUTHP_E_LAST_ADMIN,
    AUTHP_E_RATE_LIMITED,
    AUTHP_E_VALIDATION_FAILED,
    AUTHP_E_UNSUPPORTED_MEDIA_TYPE,
    AUTHP_E_METHOD_NOT_ALLOWED,

    AUTHP_E_COUNT
} authp_err_t;

/* A stable lower-case name for logs and tests, e.g. "unavailable". Never NULL. */
const char *authp_err_name(authp_err_t err);

#endif
