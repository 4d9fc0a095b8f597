/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/problem.h"

/* Every code that a client may get. */
static const authp_problem_t problems[] = {
    {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials", "Wrong e-mail or password",
     "The e-mail address and password do not match an account.", 0},
    {AUTHP_E_WRONG_PASSWORD, 403, "invalid_credentials", "Wrong password",
     "This is not the account's current password.", 0},
    {AUTHP_E_TOKEN_MISSING, 401, "token_missing", "Sign-in needed",
     "This needs an access token or a session.", 0},
    {AUTHP_E_TOKEN_INVALID, 401, "token_invalid", "Token not valid", "The token is not valid.", 0},
    {AUTHP_E_TOKEN_EXPIRED, 401, "token_expired", "Token expired",
     "The access token has expired: refresh it.", 0},
    {AUTHP_E_TOKEN_REVOKED, 401, "token_revoked", "Signed out",
     "The session of this token has ended: sign in again.", 0},
    {AUTHP_E_INSUFFICIENT_ROLE, 403, "insufficient_role", "Not allowed",
     "Your account does not have the role or the property that this needs.", 0},
    {AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION, 401, "insufficient_user_authentication",
     "Sign-in too long ago", "This needs a more recent sign-in.", 0},
    {AUTHP_E_NOT_CANDIDATE, 403, "not_candidate", "Not a candidate",
     "This sign-in is for candidates.", 0},
    {AUTHP_E_NOT_RECRUITER, 403, "not_recruiter", "Not a recruiter",
     "This sign-in is for recruiters.", 0},
    {AUTHP_E_CANNOT_VERIFY, 422, "not_recruiter", "Not a recruiter",
     "This person neither is a recruiter nor asked to be one.", 0},
    {AUTHP_E_RECRUITER_PENDING, 403, "recruiter_pending", "Verification pending",
     "Recruiter pending verification", 0},
    {AUTHP_E_INVITE_REQUIRED, 403, "invite_required", "Invite needed",
     "A recruiter account needs an invite.", 0},
    {AUTHP_E_INVITE_INVALID, 403, "invite_invalid", "Invite not valid",
     "The invite is wrong, expired, used, or for another e-mail address.", 0},
    {AUTHP_E_EMAIL_TAKEN, 409, "email_taken", "E-mail address taken",
     "An account with this e-mail address exists: sign in.", 0},
    {AUTHP_E_USER_EXISTS, 409, "user_exists", "User exists",
     "An account with this username or e-mail address exists: sign in.", 0},
    {AUTHP_E_CSRF_FAILED, 403, "csrf_failed", "CSRF check failed",
     "X-CSRF-Token must hold the value of the csrf_token cookie.", 0},
    {AUTHP_E_ORIGIN_DENIED, 403, "origin_denied", "Origin not allowed",
     "Requests from this origin are not allowed here.", 0},
    {AUTHP_E_REFRESH_INVALID, 401, "refresh_invalid", "Session over",
     "The refresh token is not valid any more: sign in again.", 0},
    {AUTHP_E_REFRESH_REUSED, 401, "refresh_reused", "Session ended",
     "This refresh token had been used before, so its session was ended: sign in again.", 0},
    {AUTHP_E_LAST_ADMIN, 409, "last_admin", "Last administrator",
     "The last administrator cannot be removed or demoted.", 0},
    {AUTHP_E_RATE_LIMITED, 429, "rate_limited", "Too many requests",
     "Too many tries: wait before the next one.", 60},
    {AUTHP_E_BUSY, 503, "busy", "Busy", "The server is busy: try again in a moment.", 1},
    {AUTHP_E_UNAVAILABLE, 503, "store_unavailable", "Temporarily unavailable",
     "The account store does not answer: try again in a moment.", 2},
    {AUTHP_E_VALIDATION_FAILED, 422, "validation_failed", "Fields not valid",
     "Some fields are wrong: see errors.", 0},
    {AUTHP_E_MALFORMED, 400, "malformed_json", "Not JSON", "The body is not well-formed JSON.", 0},
    {AUTHP_E_TOO_LARGE, 413, "body_too_large", "Body too large",
     "The body is larger than this server takes.", 0},
    {AUTHP_E_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "Not application/json",
     "The body must be application/json, not compressed.", 0},
    {AUTHP_E_NOT_FOUND, 404, "not_found", "Not found", "There is nothing here.", 0},
    {AUTHP_E_METHOD_NOT_ALLOWED, 405, "method_not_allowed", "Method not allowed",
     "This path does not take that method.", 0},
    {AUTHP_E_OAUTH_STATE_INVALID, 400, "oauth_state_invalid", "Sign-in expired",
     "This sign-in has expired, was used, or began in another browser: start again.", 0},
    {AUTHP_E_OAUTH_DENIED, 403, "oauth_denied", "Sign-in cancelled",
     "The sign-in at the provider was cancelled.", 0},
    {AUTHP_E_OAUTH_FAILED, 502, "oauth_failed", "Sign-in failed",
     "The identity provider gave an answer that cannot be used.", 0},
    {AUTHP_E_OAUTH_CODE_REFUSED, 400, "oauth_failed", "Sign-in failed",
     "The identity provider does not accept this sign-in any more: start again.", 0},
    {AUTHP_E_OAUTH_UNAVAILABLE, 503, "oauth_unavailable", "Provider not available",
     "The identity provider does not answer: try again in a moment.", 5},
    {AUTHP_E_EMAIL_UNVERIFIED, 403, "email_unverified", "E-mail address not verified",
     "Nobody has proven yet that your e-mail address is yours: open the link in the mail, choose a new password by mail, or confirm the address at the identity provider.",
     0},
    {AUTHP_E_IDENTITY_CONFLICT, 409, "identity_conflict", "Cannot be linked",
     "An account has this identity or its e-mail address already, or another identity of this provider: sign in to that account in the way you did before, and link the provider there.",
     0},
    {AUTHP_E_LAST_CREDENTIAL, 409, "last_credential", "Last way to sign in",
     "This is the only way to sign in to the account: set a password or link another identity first.",
     0},
    {AUTHP_E_ACCOUNT_DISABLED, 403, "account_disabled", "Account disabled",
     "This account is disabled.", 0},
    {AUTHP_E_MOBILE_INVALID, 400, "MOBILE_INVALID", "Not a mobile number",
     "Invalid mobile number format", 0},
    {AUTHP_E_INVALID_OTP, 400, "INVALID_OTP", "Code not valid", "OTP is invalid or expired", 0},
    {AUTHP_E_OTP_EXPIRED, 400, "OTP_EXPIRED", "Code expired",
     "OTP has expired, please request a new one", 0},
    {AUTHP_E_OTP_USED, 400, "OTP_ALREADY_VERIFIED", "Code used", "OTP has already been used", 0},
    {AUTHP_E_OTP_SEND_FAILED, 500, "OTP_SEND_FAILED", "Code not sent", "Failed to send OTP via SMS",
     0},
    {AUTHP_E_OTP_UNAVAILABLE, 503, "otp_unavailable", "Codes not available",
     "This server has no provider that sends codes.", 60},
    {AUTHP_E_MAIL_UNAVAILABLE, 503, "mail_unavailable", "Mail not available",
     "This server sends no mail.", 60},
    {AUTHP_E_LINK_INVALID, 400, "link_invalid", "Link not valid",
     "The link has expired, was used, or the account has changed since: ask for another one.", 0},
    {AUTHP_E_PASSWORD_REQUIRED, 401, "password_required", "Password required", "Password required",
     0},
    {AUTHP_E_INTERNAL, 500, "internal_error", "Internal error",
     "Something went wrong on the server.", 0},
};

#define PROBLEMS ((int)(sizeof(problems) / sizeof(problems[0])))

const authp_problem_t *authp_problem_of(authp_err_t err)
{
    for (int i = 0; i < PROBLEMS; i++) {
        if (problems[i].err == err) {
            return &problems[i];
        }
    }
    return &problems[PROBLEMS - 1];
}

const authp_problem_t *authp_problem_at(int index)
{
    return index >= 0 && index < PROBLEMS ? &problems[index] : NULL;
}
