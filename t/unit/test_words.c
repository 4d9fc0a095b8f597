/* SPDX-License-Identifier: Apache-2.0 */
/* What clients are told, word for word: the problems, and what is wrong with a field or with a
 * parameter. Programs compare codes and wait for Retry-After, and people read the sentences. */
#include "api/core/findings.h"
#include "api/core/problem.h"
#include "api/core/schema.h"
#include "suite.h"
#include "support/http_fake.h"

#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

static http_fake_t h;

static void set_up(void)
{
    http_fake_open(&h);
}

static void tear_down(void)
{
    http_fake_close(&h);
}

/* --- problems --------------------------------------------------------------------------------- */

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

START_TEST(each_problem)
{
    const authp_problem_t *problem = authp_problem_of(problems[_i].err);
    ck_assert_int_eq(problem->err, problems[_i].err);
    ck_assert_int_eq(problem->status, problems[_i].status);
    ck_assert_str_eq(problem->code, problems[_i].code);
    ck_assert_str_eq(problem->title, problems[_i].title);
    ck_assert_str_eq(problem->detail, problems[_i].detail);
    ck_assert_int_eq(problem->retry_after, problems[_i].retry_after);
    ck_assert_ptr_null(authp_problem_at(PROBLEMS));
}
END_TEST

/* --- fields ----------------------------------------------------------------------------------- */

/* A kind of field, a value in JSON, and the finding: "CODE SENTENCE"; NULL: the value is right. */
static const struct {
    authp_field_kind_t kind;
    const char *value;
    const char *found;
} fields[] = {
    {AUTHP_FIELD_BOOL, "1", "type Must be true or false."},
    {AUTHP_FIELD_HOURS, "0", "invalid Must be a whole number from 1 to 8760."},
    {AUTHP_FIELD_HOURS, "1", NULL},
    {AUTHP_FIELD_HOURS, "8760", NULL},
    {AUTHP_FIELD_HOURS, "8761", "invalid Must be a whole number from 1 to 8760."},
    {AUTHP_FIELD_PASSWORD, "1", "type Must be a string."},
    {AUTHP_FIELD_PASSWORD, "null", "type Must be a string."},
    {AUTHP_FIELD_PASSWORD, "\"a\\u0000b\"", "invalid Must not contain a NUL character."},
    {AUTHP_FIELD_ROLES, "\"admin\"", "invalid Must be a list of roles."},
    {AUTHP_FIELD_ROLES, "[\"boss\"]", "invalid Has a word that is not a role of this server."},
    {AUTHP_FIELD_ROLES, "[\"admin\",\"candidate\",\"admin\"]", "invalid Has a role twice."},
    {AUTHP_FIELD_ROLES, "[]", NULL},
    {AUTHP_FIELD_OWN_ROLES, "[]", "invalid Must name a role."},
    {AUTHP_FIELD_OWN_ROLES, "1", "invalid Must be a list of roles."},
    {AUTHP_FIELD_OWN_ROLES, "[\"admin\"]",
     "invalid Has a word that is not a role which people may choose here."},
    {AUTHP_FIELD_OWN_ROLES, "[\"seeker\"]", NULL},
    {AUTHP_FIELD_ADMIN_ROLES, "[\"admin\"]", NULL},
    {AUTHP_FIELD_ADMIN_ROLES, "[\"admin\",\"admin\"]", "invalid Must be [\"admin\"]."},
    {AUTHP_FIELD_ADMIN_ROLES, "[\"admim\"]", "invalid Must be [\"admin\"]."},
    {AUTHP_FIELD_ADMIN_ROLES, "[]", "invalid Must be [\"admin\"]."},
    {AUTHP_FIELD_OWN_ROLE, "\"seeker\"", NULL},
    {AUTHP_FIELD_OWN_ROLE, "\"admin\"", "invalid Must be a role that people may choose here."},
    {AUTHP_FIELD_ASKED, "\"candidate\"", NULL},
    {AUTHP_FIELD_ASKED, "\"recruiter\"", NULL},
    {AUTHP_FIELD_ASKED, "\"admin\"", "invalid Must be candidate or recruiter."},
    {AUTHP_FIELD_ID, "\"0123456789abcdef01234567\"", NULL},
    {AUTHP_FIELD_ID, "\"0123456789ABCDEF01234567\"",
     "invalid Must be 24 lower-case hex characters."},
    {AUTHP_FIELD_FULL_NAME, "\"  \"", "invalid Must not be empty."},
    {AUTHP_FIELD_FULL_NAME, "\" a\"", NULL},
    {AUTHP_FIELD_DEVICE, "\"a\\u0001\"", "invalid Must not contain control characters."},
    {AUTHP_FIELD_TARGET, "\"//evil.example\"", "invalid Is not a safe path."},
    {AUTHP_FIELD_TARGET, "\"https://evil.example/\"",
     "invalid Must be a path, or a URL of FRONTEND_URL or of BACKEND_CORS_ORIGINS."},
    {AUTHP_FIELD_TARGET, "\"/a\"", NULL},
    {AUTHP_FIELD_NEW_PASSWORD, "\"password1\"",
     "too_common This password is too common, so that others would guess it: choose another one."},
};

static const char *found_in(authp_field_kind_t kind, const char *value)
{
    fixture_t *f = &h.f;
    json_t *body = NULL;
    const char *text = apr_pstrcat(f->pool, "{\"x\":", value, "}", NULL);
    const authp_schema_t schema = {"One", {{"x", kind, true, false}}, {NULL, NULL}};
    authp_findings_t *all = authp_findings_make(f->pool);
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &body, f->pool), AUTHP_OK);
    authp_err_t err = authp_schema_check(&schema, f->settings, body, false, all);
    ck_assert_int_eq(all->count, err == AUTHP_OK ? 0 : 1);
    return err == AUTHP_OK ? NULL
                           : apr_pstrcat(f->pool, all->at[0].code, " ", all->at[0].detail, NULL);
}

START_TEST(each_field)
{
    APR_ARRAY_PUSH(h.f.settings->self_service_roles, const char *) = "seeker";
    h.f.settings->password_refuse_common = true;
    ck_assert_pstr_eq(found_in(fields[_i].kind, fields[_i].value), fields[_i].found);
}
END_TEST

/* Kinds of text, and how many characters they may have. A character may have several bytes. */
static const struct {
    authp_field_kind_t kind;
    int most;
} texts[] = {{AUTHP_FIELD_LOGIN, AUTHP_SCHEMA_LOGIN_MOST},
             {AUTHP_FIELD_TOKEN, AUTHP_SCHEMA_TOKEN_MOST},
             {AUTHP_FIELD_JWT, AUTHP_SCHEMA_JWT_MOST},
             {AUTHP_FIELD_CODE, AUTHP_SCHEMA_CODE_MOST},
             {AUTHP_FIELD_DEVICE, AUTHP_SCHEMA_DEVICE_MOST}};

START_TEST(how_long_a_text_may_be)
{
    static const char *const units[] = {"a", "\xc3\xa9"};
    for (int unit = 0; unit < 2; unit++) {
        size_t size = strlen(units[unit]);
        char *text = apr_pcalloc(h.f.pool, size * (size_t)texts[_i].most + 1);
        for (int i = 0; i < texts[_i].most; i++) {
            memcpy(text + size * (size_t)i, units[unit], size);
        }
        ck_assert_pstr_eq(found_in(texts[_i].kind, apr_pstrcat(h.f.pool, "\"", text, "\"", NULL)),
                          NULL);
        ck_assert_pstr_eq(found_in(texts[_i].kind, apr_pstrcat(h.f.pool, "\"", text, "a\"", NULL)),
                          "invalid Is too long.");
    }
}
END_TEST

/* --- parameters ------------------------------------------------------------------------------- */

static const char *const queries[][2] = {
    {"limit=0", "Must be a number from 1 to 200."},
    {"limit=201", "Must be a number from 1 to 200."},
    {"limit=", "Must be a number from 1 to 200."},
    {"limit=0200", "Must be a number from 1 to 200."},
    {"cursor=x", "Is not a next_cursor of this list."},
    {"cursor=%zz", "Is not a next_cursor of this list."},
    {"role=nobody", "Is not a role here."},
    {"role=%zz", "Is not well-formed."},
    {"email=%ff", "Is not the beginning of an e-mail address."},
    {"email=%00", "Is not well-formed."},
};

START_TEST(each_parameter)
{
    authp_user_t *admin = fixture_user(&h.f, "root@example.org", "admin", false);
    const char *token = fixture_start(&h.f, admin).access_token;
    http_fake_bearer(&h, token);
    const char *target = apr_pstrcat(h.f.pool, "/api/auth/users?", queries[_i][0], NULL);
    authp_response_t out = http_fake_expect(&h, "GET", target, 422, "validation_failed");
    json_t *error = json_array_get(json_object_get(http_fake_body(&h, &out), "errors"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(error, "code")), "invalid");
    ck_assert_str_eq(json_string_value(json_object_get(error, "detail")), queries[_i][1]);
}
END_TEST

Suite *suite_words(void)
{
    Suite *suite = suite_create("words");
    TCase *tests = tcase_create("words");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_problem, 0, PROBLEMS);
    tcase_add_loop_test(tests, each_field, 0, (int)(sizeof(fields) / sizeof(fields[0])));
    tcase_add_loop_test(tests, how_long_a_text_may_be, 0, (int)(sizeof(texts) / sizeof(texts[0])));
    tcase_add_loop_test(tests, each_parameter, 0, (int)(sizeof(queries) / sizeof(queries[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
