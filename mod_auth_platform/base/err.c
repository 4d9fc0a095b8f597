/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stddef.h>

/* Errors of the rules have the names of their problem codes, so that log lines can be matched with
 * answers. */
static const char *const names[AUTHP_E_COUNT] = {
    [AUTHP_OK] = "ok",
    [AUTHP_E_INTERNAL] = "internal",
    [AUTHP_E_NOT_FOUND] = "not_found",
    [AUTHP_E_CONFLICT] = "conflict",
    [AUTHP_E_UNAVAILABLE] = "unavailable",
    [AUTHP_E_BUSY] = "busy",
    [AUTHP_E_MALFORMED] = "malformed",
    [AUTHP_E_TOO_LARGE] = "too_large",
    [AUTHP_E_ABORTED] = "aborted",
    [AUTHP_E_CLOCKS_DIFFER] = "clocks_differ",
    [AUTHP_E_INVALID_CREDENTIALS] = "invalid_credentials",
    [AUTHP_E_WRONG_PASSWORD] = "invalid_credentials",
    [AUTHP_E_TOKEN_MISSING] = "token_missing",
    [AUTHP_E_TOKEN_INVALID] = "token_invalid",
    [AUTHP_E_TOKEN_EXPIRED] = "token_expired",
    [AUTHP_E_TOKEN_REVOKED] = "token_revoked",
    [AUTHP_E_INSUFFICIENT_ROLE] = "insufficient_role",
    [AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION] = "insufficient_user_authentication",
    [AUTHP_E_NOT_CANDIDATE] = "not_candidate",
    [AUTHP_E_NOT_RECRUITER] = "not_recruiter",
    [AUTHP_E_CANNOT_VERIFY] = "not_recruiter",
    [AUTHP_E_RECRUITER_PENDING] = "recruiter_pending",
    [AUTHP_E_INVITE_REQUIRED] = "invite_required",
    [AUTHP_E_INVITE_INVALID] = "invite_invalid",
    [AUTHP_E_EMAIL_TAKEN] = "email_taken",
    [AUTHP_E_USER_EXISTS] = "user_exists",
    [AUTHP_E_CSRF_FAILED] = "csrf_failed",
    [AUTHP_E_ORIGIN_DENIED] = "origin_denied",
    [AUTHP_E_REFRESH_INVALID] = "refresh_invalid",
    [AUTHP_E_REFRESH_REUSED] = "refresh_reused",
    [AUTHP_E_LAST_ADMIN] = "last_admin",
    [AUTHP_E_RATE_LIMITED] = "rate_limited",
    [AUTHP_E_VALIDATION_FAILED] = "validation_failed",
    [AUTHP_E_UNSUPPORTED_MEDIA_TYPE] = "unsupported_media_type",
    [AUTHP_E_METHOD_NOT_ALLOWED] = "method_not_allowed",
    [AUTHP_E_OAUTH_STATE_INVALID] = "oauth_state_invalid",
    [AUTHP_E_OAUTH_DENIED] = "oauth_denied",
    [AUTHP_E_OAUTH_FAILED] = "oauth_failed",
    [AUTHP_E_OAUTH_CODE_REFUSED] = "oauth_failed",
    [AUTHP_E_OAUTH_UNAVAILABLE] = "oauth_unavailable",
    [AUTHP_E_EMAIL_UNVERIFIED] = "email_unverified",
    [AUTHP_E_IDENTITY_CONFLICT] = "identity_conflict",
    [AUTHP_E_LAST_CREDENTIAL] = "last_credential",
    [AUTHP_E_ACCOUNT_DISABLED] = "account_disabled",
    [AUTHP_E_MOBILE_INVALID] = "MOBILE_INVALID",
    [AUTHP_E_INVALID_OTP] = "INVALID_OTP",
    [AUTHP_E_OTP_EXPIRED] = "OTP_EXPIRED",
    [AUTHP_E_OTP_USED] = "OTP_ALREADY_VERIFIED",
    [AUTHP_E_OTP_SEND_FAILED] = "OTP_SEND_FAILED",
    [AUTHP_E_OTP_UNAVAILABLE] = "otp_unavailable",
    [AUTHP_E_MAIL_UNAVAILABLE] = "mail_unavailable",
    [AUTHP_E_LINK_INVALID] = "link_invalid",
    [AUTHP_E_PASSWORD_REQUIRED] = "password_required",
};

const char *authp_err_name(authp_err_t err)
{
    /* The cast makes negative values large, so that they are caught too. */
    if ((unsigned int)err >= AUTHP_E_COUNT || names[err] == NULL) {
        return "unknown";
    }
    return names[err];
}
