/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the profiles that other back ends' front ends use, row by row (row_text.h). */
#include "api/core/profiles.h"
#include "row_text.h"
#include "suite.h"

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *const ai[] = {
    "ai AI accounts, errors application/json, cookie refresh_token, default role user, any field, bearer only, prf ai, 15 of 1440 minutes, claims 5, roles user admin, tags Authentication + Server",
    "! token_missing: 401 token_missing, Sign-in needed: Invalid authorization (0)",
    "! token_invalid: 401 token_invalid, Sign-in needed: Invalid authorization (0)",
    "! token_expired: 401 token_expired, Sign-in needed: Invalid authorization (0)",
    "! token_revoked: 401 token_revoked, Sign-in needed: Invalid authorization (0)",
    "! insufficient_role: 403 insufficient_role, Not allowed: Insufficient privileges (0)",
    "! invalid_credentials: 401 invalid_credentials, Wrong name or password: Invalid credentials (0)",
    "! email_taken: 400 user_exists, Taken: User already exists (0)",
    "! user_exists: 400 user_exists, Taken: User already exists (0)",
    "! csrf_failed: 401 csrf_failed, CSRF check failed: CSRF verification failed (0)",
    "! refresh_invalid: 401 refresh_invalid, Session over: Invalid refresh token (0)",
    "! refresh_reused: 401 refresh_reused, Session ended: Refresh token revoked or not found (0)",
    "POST /register [Authentication] (anybody) waits register {Register} -> 200 Created or 201 Person | 409 user_exists",
    "POST /login [Authentication] (anybody) waits credential form {Login} -> 200 Token | 401 invalid_credentials, 403 email_unverified, 403 recruiter_pending, 403 origin_denied",
    "POST /refresh [Authentication] (own credential) waits optional-body refresh {Refresh} -> 200 Tokens | 403 csrf_failed, 403 origin_denied, 401 refresh_invalid, 401 refresh_reused",
    "POST /logout [Authentication] (own credential) waits optional-body refresh {Refresh} -> 200 LoggedOut | 403 csrf_failed, 403 origin_denied",
    "GET /me [Authentication] (signed in) waits -> 200 Me",
    "GET /healthz [Server] (anybody) -> 200 Status",
    "GET /readyz [Server] (anybody) waits -> 200 Status",
    "GET /openapi.json [Server] (anybody) kept -> 200 Document",
    "GET /docs [Server] (anybody) page kept -> 200 Page",
    "{Register} username username, email? email, password! new-password, full_name? name; username or email or both",
    "{Login} username login, email login, password! password, device_id? device; username or email",
    "{Refresh} refresh_token? token",
    "Created = status string, username string",
    "Person = id string, email string?, full_name string?",
    "Token = access_token string, token_type string",
    "Tokens = access_token string, refresh_token string*, token_type string",
    "LoggedOut = status string",
    "Me = id string, username string?, role string?",
    "FieldError = loc [], msg string, type string",
    "FieldErrors = detail [#FieldError]",
    "Detail = detail string, code string",
    "Error = Detail or FieldErrors",
};

static const char *const assessment[] = {
    "assessment Assessment accounts, errors application/json, default role candidate, any field, bearer only, prf assessment, 60 of 1440 minutes, claims 1, roles candidate recruiter admin, tags Authentication + Server",
    "! token_missing: 401 token_missing, Sign-in needed: Could not validate credentials (0)",
    "! token_invalid: 401 token_invalid, Sign-in needed: Could not validate credentials (0)",
    "! token_expired: 401 token_expired, Sign-in needed: Could not validate credentials (0)",
    "! token_revoked: 401 token_revoked, Sign-in needed: Could not validate credentials (0)",
    "! insufficient_role: 403 insufficient_role, Not allowed: Operation not permitted (0)",
    "! not_candidate: 403 not_candidate, Not allowed: Operation not permitted (0)",
    "! not_recruiter: 403 not_recruiter, Not allowed: Operation not permitted (0)",
    "! invalid_credentials: 401 invalid_credentials, Wrong e-mail or password: Incorrect email or password (0)",
    "! email_taken: 409 email_taken, E-mail address taken: Email already registered (0)",
    "POST /candidate/register [Authentication] (anybody) waits register {Register} -> 201 User | 409 email_taken",
    "POST /candidate/login [Authentication] (anybody) waits credential form {Login} -> 200 Token | 401 invalid_credentials, 403 email_unverified, 403 not_candidate",
    "POST /recruiter/register [Authentication] (signed in or not) waits register {RegisterRecruiter} -> 201 User | 403 invite_required, 403 invite_invalid, 409 email_taken",
    "POST /recruiter/login [Authentication] (anybody) waits credential form {LoginRecruiter} -> 200 Token | 401 invalid_credentials, 403 email_unverified, 403 recruiter_pending, 403 not_recruiter, 403 invite_invalid",
    "POST /register [Authentication] (anybody) waits register {Register} -> 201 User | 409 email_taken",
    "POST /login [Authentication] (anybody) waits credential form {Login} -> 200 Token | 401 invalid_credentials, 403 email_unverified, 403 recruiter_pending",
    "GET /me [Authentication] (signed in) waits -> 200 Me",
    "POST /logout [Authentication] (signed in) waits -> 200 Message",
    "GET /healthz [Server] (anybody) -> 200 Status",
    "GET /readyz [Server] (anybody) waits -> 200 Status",
    "GET /openapi.json [Server] (anybody) kept -> 200 Document",
    "GET /docs [Server] (anybody) page kept -> 200 Page",
    "{Register} email! email, password! new-password, name? name",
    "{Login} email! login, password! password",
    "{RegisterRecruiter} email! email, password! new-password, name? name, invite_code? token",
    "{LoginRecruiter} email! login, password! password, invite_code? token",
    "User = id string, email string?, name string?, role string?, roles [], created_at string",
    "Me = id string, email string?, name string?, role string?, roles [], is_recruiter_verified boolean, created_at string",
    "Token = access_token string, token_type string",
    "Message = message string",
    "FieldError = loc [], msg string, type string",
    "FieldErrors = detail [#FieldError]",
    "Detail = detail string, code string",
    "Error = Detail or FieldErrors",
};

static const char *const jobpath[] = {
    "jobpath Jobpath accounts, errors application/json, default role user, any field, bearer only, prf jobpath, 30 of 1440 minutes, claims 2, roles user admin, tags Authentication + Server",
    "! validation_failed: 400 validation_failed, Fields not valid: Some fields are wrong: see errors. (0)",
    "! invalid_credentials: 401 invalid_credentials, Wrong e-mail or password: Invalid email or password (0)",
    "! email_taken: 409 email_taken, E-mail address taken: Email already registered (0)",
    "POST /signup [Authentication] (anybody) waits register {Signup} -> 201 NewUser | 409 email_taken",
    "POST /login [Authentication] (anybody) waits credential form {Login} -> 200 Token | 401 invalid_credentials, 403 email_unverified, 403 recruiter_pending",
    "GET /me [Authentication] (signed in) waits -> 200 User",
    "POST /logout [Authentication] (signed in) waits -> 200 Message",
    "GET /healthz [Server] (anybody) -> 200 Status",
    "GET /readyz [Server] (anybody) waits -> 200 Status",
    "GET /openapi.json [Server] (anybody) kept -> 200 Document",
    "GET /docs [Server] (anybody) page kept -> 200 Page",
    "{Signup} email! email, password! new-password",
    "{Login} email! login, password! password",
    "NewUser = id string, email string?, created_at string",
    "User = id string, email string?, is_active boolean",
    "Token = access_token string, token_type string, user #User",
    "Message = message string",
    "FieldError = field string, code string, detail string",
    "ErrorDetail = message string, errors [#FieldError]*",
    "Error = error string, detail #ErrorDetail, status_code integer",
};

static const char *const phone[] = {
    "phone Phone accounts, errors application/json, rows only, any field, bearer only, prf phone, 43200 of 43200 minutes, claims 10, roles seeker provider admin, tags Codes + Accounts + Users + Administrators + Profiles + Server",
    "! token_missing: 401 token_missing, Sign-in needed: Could not validate credentials (0)",
    "! token_invalid: 401 token_invalid, Sign-in needed: Could not validate credentials (0)",
    "! token_expired: 401 token_expired, Sign-in needed: Could not validate credentials (0)",
    "! token_revoked: 401 token_revoked, Sign-in needed: Could not validate credentials (0)",
    "! insufficient_role: 403 insufficient_role, Not allowed: Access forbidden: Invalid user type (0)",
    "! invalid_credentials: 401 invalid_credentials, Wrong login or password: Invalid credentials (0)",
    "! email_taken: 400 user_exists, Number or address taken: Phone number or email already registered (0)",
    "! user_exists: 400 user_exists, Number or address taken: Phone number or email already registered (0)",
    "POST /auth/send-otp [Codes] (anybody) waits credential {SendCode} -> 200 Sent | 400 MOBILE_INVALID, 500 OTP_SEND_FAILED, 503 otp_unavailable",
    "POST /auth/register [Accounts] (anybody) waits register device {Register} -> 200 SignedIn | 400 MOBILE_INVALID, 400 INVALID_OTP, 400 OTP_EXPIRED, 400 OTP_ALREADY_VERIFIED, 503 otp_unavailable, 409 user_exists",
    "POST /auth/login [Accounts] (anybody) waits credential device {Login} -> 200 SignedIn | 400 MOBILE_INVALID, 401 invalid_credentials, 403 recruiter_pending",
    "POST /auth/login-otp [Accounts] (anybody) waits credential device {LoginByCode} -> 200 SignedIn | 400 MOBILE_INVALID, 400 INVALID_OTP, 400 OTP_EXPIRED, 400 OTP_ALREADY_VERIFIED, 503 otp_unavailable, 404 not_found, 401 password_required, 401 invalid_credentials, 403 recruiter_pending",
    "POST /auth/forgot-password [Codes] (anybody) waits credential {SendCode} -> 200 Sent | 400 MOBILE_INVALID, 503 otp_unavailable",
    "POST /auth/reset-password [Accounts] (anybody) waits credential {ResetPassword} -> 200 Done | 400 MOBILE_INVALID, 400 INVALID_OTP, 400 OTP_EXPIRED, 400 OTP_ALREADY_VERIFIED, 503 otp_unavailable",
    "POST /auth/logout [Accounts] (signed in) waits -> 200 Done",
    "GET /auth/me [Accounts] (signed in) waits -> 200 Me",
    "POST /users/register [Users] (anybody) waits credential {UsersRegister} -> 200 Message | 400 MOBILE_INVALID, 500 OTP_SEND_FAILED, 503 otp_unavailable",
    "POST /users/auth [Users] (anybody) waits credential device {UsersAuth} -> 200 Token | 400 MOBILE_INVALID, 400 INVALID_OTP, 400 OTP_EXPIRED, 400 OTP_ALREADY_VERIFIED, 503 otp_unavailable, 500 OTP_SEND_FAILED, 403 insufficient_role, 401 password_required, 401 invalid_credentials, 403 recruiter_pending",
    "POST /admin/register [Administrators] (signed in or not) waits register {AdminRegister} -> 200 AdminPending | 400 MOBILE_INVALID, 500 OTP_SEND_FAILED, 503 otp_unavailable, 403 insufficient_role, 403 invite_invalid, 409 user_exists",
    "POST /admin/verify-registration [Administrators] (anybody) waits credential {AdminVerify} -> 200 AdminMade | 400 MOBILE_INVALID, 400 INVALID_OTP, 400 OTP_EXPIRED, 400 OTP_ALREADY_VERIFIED, 503 otp_unavailable, 409 user_exists, 403 insufficient_role, 403 invite_invalid",
    "POST /admin/login [Administrators] (anybody) waits credential {AdminLogin} -> 200 AdminLoginPending | 401 invalid_credentials, 403 email_unverified, 404 not_found, 500 OTP_SEND_FAILED, 503 otp_unavailable",
    "POST /admin/verify-login [Administrators] (anybody) waits credential device {AdminVerifyLogin} -> 200 AdminSignedIn | 400 INVALID_OTP, 400 OTP_EXPIRED, 400 OTP_ALREADY_VERIFIED, 503 otp_unavailable",
    "GET /me/provider [Profiles] (signed in, role provider) waits -> 200 Provider",
    "PATCH /me/provider [Profiles] (signed in, role provider) waits {OwnProfile} -> 200 Provider",
    "GET /me/seeker [Profiles] (signed in, role seeker) waits -> 200 Seeker",
    "PATCH /me/seeker [Profiles] (signed in, role seeker) waits {OwnProfile} -> 200 Seeker",
    "PUT /users/{id}/profiles/{role} [Profiles] (signed in, role admin) waits {Profile} -> 200 AnyProfile | 404 not_found",
    "POST /delete/provider [Profiles] (signed in) waits -> 200 Message | 404 not_found",
    "POST /delete/seeker [Profiles] (signed in) waits -> 200 Message | 404 not_found",
    "GET /healthz [Server] (anybody) -> 200 Status",
    "GET /readyz [Server] (anybody) waits -> 200 Status",
    "GET /openapi.json [Server] (anybody) kept -> 200 Document",
    "GET /docs [Server] (anybody) page kept -> 200 Page",
    "{SendCode} phone! mobile",
    "{Register} full_name! full-name, phone! mobile, email? email, password! new-password, user_type! own-role, otp! code",
    "{Login} phone! mobile, password! password",
    "{LoginByCode} phone! mobile, otp! code, password? password",
    "{ResetPassword} phone! mobile, otp! code, new_password! new-password",
    "{UsersRegister} mobile! mobile, roles! own-roles",
    "{UsersAuth} mobile! mobile, otp! code, roles! own-roles, password? password",
    "{AdminRegister} email! email, password! new-password, mobile! mobile, name! full-name, roles! admin-roles, invite_code? token",
    "{AdminVerify} mobile! mobile, otp! code",
    "{AdminLogin} email! login, password! password",
    "{AdminVerifyLogin} email! login, otp! code",
    "{OwnProfile} personal_info! document",
    "{Profile} personal_info? document, stats? document, job_id? name",
    "User = id string, full_name string?, phone string?, email string?, user_type string?, is_verified boolean",
    "Phone = phone string",
    "Session = access_token string, token_type string, user #User",
    "UserData = user #User",
    "Sent = success boolean, message string, data #Phone",
    "SignedIn = success boolean, message string, data #Session",
    "Done = success boolean, message string, data null",
    "Me = success boolean, message string, data #UserData",
    "Token = access_token string, token_type string",
    "Message = message string",
    "Role = name string, permissions []",
    "Admin = id string, email string?, name string?, mobile string?, role #Role",
    "AdminPending = message string, mobile string, status string",
    "AdminLoginPending = message string, email string?, mobile string, status string",
    "AdminMade = message string, user #Admin",
    "AdminSignedIn = message string, access_token string, token_type string, user #Admin",
    "Provider = user_id string, mobile string?, personal_info object, provider_stats object, job_id string*",
    "Seeker = user_id string, mobile string?, personal_info object, seeker_stats object, job_id string*",
    "AnyProfile = Provider or Seeker",
    "FieldError = loc [], msg string, type string",
    "FieldErrors = detail [#FieldError]",
    "Detail = detail string, code string",
    "Error = Detail or FieldErrors",
};

#define TABLE(name)                                                                                \
    {                                                                                              \
#name, name, (int)(sizeof(name) / sizeof((name)[0]))                                       \
    }

static const struct {
    const char *profile;
    const char *const *lines;
    int count;
} tables[] = {TABLE(ai), TABLE(assessment), TABLE(jobpath), TABLE(phone)};

START_TEST(each_table)
{
    row_text_same(authp_profiles_find(tables[_i].profile), tables[_i].lines, tables[_i].count,
                  pool);
}
END_TEST

Suite *suite_family_rows(void)
{
    Suite *suite = suite_create("family_rows");
    TCase *tests = tcase_create("family_rows");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_table, 0, (int)(sizeof(tables) / sizeof(tables[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
