/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the profiles platform and me, row by row (row_text.h). */
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

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static const char
    *const
        platform
            [] =
                {
                    "platform mod_auth_platform, errors application/problem+json, renewal /session/renew, roles candidate recruiter admin, tags Sign up and sign in + Identity providers + Sessions + Own account + Recruiters + Accounts + Server",
                    "POST /register [Sign up and sign in] (anybody) waits signs-in register mails {Register} -> 201 Tokens or 202 Message | 409 email_taken",
                    "POST /register/recruiter [Sign up and sign in] (signed in or not) waits signs-in register mails {RegisterRecruiter} -> 201 TokensOrUser or 202 Message | 403 invite_required, 403 invite_invalid, 409 email_taken",
                    "POST /login [Sign up and sign in] (anybody) waits signs-in credential {Login} -> 200 Tokens | 401 invalid_credentials, 403 email_unverified, 403 recruiter_pending",
                    "POST /login/candidate [Sign up and sign in] (anybody) waits signs-in credential {EmailLogin} -> 200 Tokens | 401 invalid_credentials, 403 email_unverified, 403 not_candidate",
                    "POST /login/recruiter [Sign up and sign in] (anybody) waits signs-in credential {RecruiterLogin} -> 200 Tokens | 401 invalid_credentials, 403 email_unverified, 403 recruiter_pending, 403 not_recruiter, 403 invite_invalid",
                    "POST /refresh [Sessions] (own credential) waits optional-body refresh {Refresh} -> 200 Tokens | 401 token_missing, 401 refresh_invalid, 401 refresh_reused, 403 csrf_failed, 403 origin_denied",
                    "POST /logout [Sessions] (own credential) waits optional-body refresh {Logout} -> 200 Message | 401 token_missing, 403 csrf_failed, 403 origin_denied",
                    "GET /session/renew [Sessions] (own credential) waits no-head refresh ?return_to=return_to -> 302 | 401 token_missing, 401 refresh_invalid, 401 refresh_reused",
                    "GET /me [Own account] (signed in) waits -> 200 User",
                    "PATCH /me [Own account] (signed in) waits {MePatch} -> 200 User",
                    "POST /me/password [Own account] (signed in) waits credential {MePassword} -> 200 Tokens | 403 invalid_credentials, 401 insufficient_user_authentication",
                    "DELETE /me [Own account] (signed in) waits optional-body credential {MeDelete} -> 204 | 403 invalid_credentials, 401 insufficient_user_authentication, 409 last_admin",
                    "GET /sessions [Own account] (signed in) waits ?limit=limit ?cursor=cursor -> 200 SessionList",
                    "DELETE /sessions [Own account] (signed in) waits -> 204",
                    "DELETE /sessions/{id} [Own account] (signed in) waits -> 204 | 404 not_found",
                    "POST /recruiter/verify [Recruiters] (signed in, role admin) waits {RecruiterVerify} -> 200 User | 404 not_found, 422 not_recruiter",
                    "POST /recruiter/invites [Recruiters] (signed in, role admin) waits mails {NewInvite} -> 201 InviteCode | 503 mail_unavailable",
                    "GET /recruiter/invites [Recruiters] (signed in, role admin) waits ?limit=limit ?cursor=cursor -> 200 InviteList",
                    "DELETE /recruiter/invites/{id} [Recruiters] (signed in, role admin) waits -> 204 | 404 not_found",
                    "GET /users [Accounts] (signed in, role admin) waits ?limit=limit ?cursor=cursor ?email=prefix ?username=prefix ?role=role -> 200 UserList",
                    "POST /users [Accounts] (signed in, role admin) waits mails {NewUser} -> 201 User | 409 email_taken, 503 mail_unavailable",
                    "GET /users/{id} [Accounts] (signed in, role admin) waits -> 200 UserDetails | 404 not_found",
                    "PATCH /users/{id} [Accounts] (signed in, role admin) waits {UserPatch} -> 200 User | 404 not_found, 409 last_admin",
                    "DELETE /users/{id} [Accounts] (signed in, role admin) waits -> 204 | 404 not_found, 409 last_admin",
                    "GET /users/{id}/sessions [Accounts] (signed in, role admin) waits ?limit=limit ?cursor=cursor -> 200 SessionList | 404 not_found",
                    "DELETE /users/{id}/sessions [Accounts] (signed in, role admin) waits -> 204 | 404 not_found",
                    "POST /email/verify/send [Own account] (signed in) waits credential mails -> 202 Message or 204 | 404 not_found, 503 mail_unavailable",
                    "POST /email/verify [Own account] (signed in or not) waits credential {EmailVerify} -> 200 User | 400 link_invalid, 401 token_missing, 401 invalid_credentials, 409 email_taken",
                    "POST /password/forgot [Sign up and sign in] (anybody) waits credential mails {PasswordForgot} -> 202 Message | 503 mail_unavailable",
                    "POST /password/reset [Sign up and sign in] (anybody) waits credential {PasswordReset} -> 200 Message | 400 link_invalid",
                    "POST /me/email [Own account] (signed in) waits credential mails {MeEmail} -> 202 Message | 403 invalid_credentials, 401 insufficient_user_authentication, 503 mail_unavailable",
                    "GET /providers [Identity providers] (anybody) -> 200 Providers",
                    "GET /google/login [Identity providers] (anybody) waits no-head refresh ?role=asked ?return_to=target ?code_challenge=challenge ?code_challenge_method=any ?device_id=device ?login_hint=any ?ticket=any -> 302 | 404 not_found, 400 oauth_state_invalid, 503 oauth_unavailable",
                    "GET /google/callback [Identity providers] (anybody) waits no-head refresh ?state=any ?code=any ?error=any ?iss=any -> 200 TokensOrLinkCode | 502 oauth_failed, 503 oauth_unavailable, 403 email_unverified, 409 identity_conflict, 403 account_disabled, 403 recruiter_pending, 404 not_found, 400 oauth_state_invalid, 403 oauth_denied, 400 oauth_failed",
                    "POST /google/token [Identity providers] (anybody) waits signs-in refresh {GoogleToken} -> 200 Tokens | 502 oauth_failed, 503 oauth_unavailable, 403 email_unverified, 409 identity_conflict, 403 account_disabled, 403 recruiter_pending, 404 not_found, 401 token_invalid",
                    "GET /oidc/{provider}/login [Identity providers] (anybody) waits no-head refresh ?role=asked ?return_to=target ?code_challenge=challenge ?code_challenge_method=any ?device_id=device ?login_hint=any ?ticket=any -> 302 | 404 not_found, 400 oauth_state_invalid, 503 oauth_unavailable",
                    "GET /oidc/{provider}/callback [Identity providers] (anybody) waits no-head refresh ?state=any ?code=any ?error=any ?iss=any -> 200 TokensOrLinkCode | 502 oauth_failed, 503 oauth_unavailable, 403 email_unverified, 409 identity_conflict, 403 account_disabled, 403 recruiter_pending, 404 not_found, 400 oauth_state_invalid, 403 oauth_denied, 400 oauth_failed",
                    "POST /oidc/{provider}/token [Identity providers] (anybody) waits signs-in refresh {GoogleToken} -> 200 Tokens | 502 oauth_failed, 503 oauth_unavailable, 403 email_unverified, 409 identity_conflict, 403 account_disabled, 403 recruiter_pending, 404 not_found, 401 token_invalid",
                    "POST /login/code [Identity providers] (anybody) waits signs-in refresh {LoginCode} -> 200 Tokens | 401 invalid_credentials",
                    "GET /me/identities [Own account] (signed in) waits -> 200 Identities",
                    "POST /me/identities [Own account] (signed in) waits {LinkCode} -> 200 Identities | 400 oauth_state_invalid, 409 identity_conflict, 401 insufficient_user_authentication",
                    "POST /me/identities/{provider} [Own account] (signed in) waits optional-body {LinkStart} -> 200 Location | 404 not_found, 401 insufficient_user_authentication",
                    "DELETE /me/identities/{provider} [Own account] (signed in) waits -> 204 | 404 not_found, 409 last_credential, 401 insufficient_user_authentication",
                    "DELETE /users/{id}/identities/{provider} [Accounts] (signed in, role admin) waits -> 204 | 404 not_found",
                    "GET /verify-email [Sign up and sign in] (anybody) page -> 200 Page",
                    "GET /reset-password [Sign up and sign in] (anybody) page -> 200 Page",
                    "GET /healthz [Server] (anybody) -> 200 Status",
                    "GET /readyz [Server] (anybody) waits -> 200 Status",
                    "GET /openapi.json [Server] (anybody) kept -> 200 Document",
                    "GET /docs [Server] (anybody) page kept -> 200 Page",
                    "{Register} email! email, password! new-password, name? name, device_id? device",
                    "{RegisterRecruiter} email! email, password! new-password, name? name, invite_code? token, verified bool, device_id? device",
                    "{Login} email login, username login, password! password, device_id? device; email or username",
                    "{EmailLogin} email! login, password! password, device_id? device",
                    "{RecruiterLogin} email! login, password! password, invite_code? token, device_id? device",
                    "{Refresh} refresh_token token",
                    "{Logout} refresh_token token, all bool",
                    "{MePatch} name? name",
                    "{MePassword} current_password? password, new_password! new-password",
                    "{MeDelete} password? password",
                    "{RecruiterVerify} user_id id, email login, verified bool; user_id or email",
                    "{NewInvite} email! email, expires_in_hours hours, send bool",
                    "{NewUser} email! email, name? name, roles roles, send bool",
                    "{UserPatch} roles roles, disabled bool, name? name, is_recruiter_verified bool",
                    "{EmailVerify} token! token, password? password",
                    "{PasswordForgot} email! email",
                    "{PasswordReset} token! token, new_password! new-password",
                    "{MeEmail} new_email! email, password? password",
                    "{GoogleToken} id_token! jwt, nonce? token, role? asked, device_id? device",
                    "{LoginCode} login_code! token, code_verifier! token, device_id? device",
                    "{LinkCode} link_code! token",
                    "{LinkStart} return_to? target",
                    "User = id string, email string?, username string*, phone string*, name string?, roles [], is_recruiter_verified boolean, email_verified boolean, disabled boolean, created_at string",
                    "Tokens = access_token string, refresh_token string*, token_type string, expires_in integer, user #User",
                    "UserList = items [#User], next_cursor string?",
                    "Session = id string, device_id string?, ip string?, user_agent string?, created_at string, last_used_at string, current boolean",
                    "SessionList = items [#Session], next_cursor string?",
                    "InviteCode = id string, email string, code string, created_at string, expires_at string",
                    "Invite = id string, email string, created_at string?, expires_at string?, created_by string?, used_at string?, used_by string?, revoked_at string?, role string*",
                    "InviteList = items [#Invite], next_cursor string?",
                    "Identity = provider string, email string?, picture string?, last_login string?, linked_at string?",
                    "Identities = items [#Identity], password boolean",
                    "UserDetails = id string, email string?, username string*, phone string*, name string?, roles [], is_recruiter_verified boolean, email_verified boolean, disabled boolean, created_at string, identities [#Identity]",
                    "Provider = name string, label string, login string",
                    "Providers = providers [#Provider]",
                    "Location = location string",
                    "LinkCodeAnswer = link_code string",
                    "TokensOrLinkCode = Tokens or LinkCodeAnswer",
                    "Message = message string",
                    "TokensOrUser = Tokens or User",
                    "FieldError = field string, code string, detail string",
                    "Problem = type string, title string, status integer, detail string, code string, errors [#FieldError]*, more integer*, request_id string",
};

static const char *const me[] = {
    "me, errors application/problem+json, rows only",
    "GET  [Own account] (signed in) waits -> 200 ProtectedUser",
    "ProtectedUser = id string, email string?, name string?, roles [], is_recruiter_verified boolean",
    "FieldError = field string, code string, detail string",
    "Problem = type string, title string, status integer, detail string, code string, errors [#FieldError]*, more integer*, request_id string",
};

START_TEST(of_the_platform)
{
    row_text_same(authp_profiles_find("platform"), platform, ROWS(platform), pool);
}
END_TEST

START_TEST(of_the_sample)
{
    row_text_same(authp_profiles_find("me"), me, ROWS(me), pool);
}
END_TEST

Suite *suite_rows(void)
{
    Suite *suite = suite_create("rows");
    TCase *tests = tcase_create("rows");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, of_the_platform);
    tcase_add_test(tests, of_the_sample);
    suite_add_tcase(suite, tests);
    return suite;
}
