/* SPDX-License-Identifier: Apache-2.0 */
/* Each way to sign in tells the owner of an account about a device that the account does not know,
 * once. Each session is in the audit with its id. */
#include "mail_fixture.h"
#include "provider_fixture.h"
#include "sent_codes.h"
#include "service/code_sign_in/code_sign_in.h"
#include "service/otp/otp.h"
#include "service/provider/login_code.h"
#include "service/sign_in/login.h"
#include "service/two_step/admin_login.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL "ada@example.org" /* as in the claims of provider_fixture.h */
#define PHONE "+919876543210"
#define VERIFIER "verifier-verifier-verifier-verifier-verifier"
#define CALLBACK "/api/auth/google/callback"

static http_fake_t h;
static provider_fixture_t p;
static authp_user_t *row; /* of Ada */
static const authp_client_t laptop = {.ip = "192.0.2.1", .user_agent = "Laptop"};

static void set_up(void)
{
    http_fake_open(&h);
    mail_fixture_on(&h.f);
    sent_codes_open(&h.f);
    p.f = h.f;
    provider_fixture_join(&p);
    row = mail_fixture_user(&h.f, EMAIL, "candidate");
    row->email_verified = true;
    row->ver = 2;
}

static void tear_down(void)
{
    http_fake_close(&h);
}

static void with_number(const char *role)
{
    row->phone = PHONE;
    row->roles = apr_array_make(h.f.pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(row->roles, const char *) = role;
}

static void by_password(void)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = EMAIL,
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD)};
    ck_assert_int_eq(authp_login_by_password(h.f.realm, &in, &laptop, &grant, h.f.pool), AUTHP_OK);
}

static void by_two_steps(void)
{
    authp_user_t *user = NULL;
    authp_grant_t grant;
    with_number("admin");
    ck_assert_int_eq(
        authp_admin_login_begin(h.f.realm, EMAIL, FIXTURE_PASSWORD, &laptop, &user, h.f.pool),
        AUTHP_OK);
    ck_assert_int_eq(
        authp_admin_login_finish(h.f.realm, EMAIL, sent_codes.code, &laptop, &grant, h.f.pool),
        AUTHP_OK);
}

static void by_code(void)
{
    authp_grant_t grant;
    with_number("seeker");
    const authp_otp_request_t request = {.phone = PHONE, .purpose = AUTHP_OTP_ENTER, .known = true};
    ck_assert_int_eq(authp_otp_send(h.f.realm, &request, &laptop, h.f.pool), AUTHP_OK);
    const authp_code_proof_t proof = {PHONE, sent_codes.code, NULL};
    ck_assert_int_eq(authp_code_sign_in_login(h.f.realm, &proof, &laptop, &grant, h.f.pool),
                     AUTHP_OK);
}

static void by_login_code(void)
{
    const char *challenge = NULL;
    const char *code = NULL;
    authp_grant_t grant;
    ck_assert_int_eq(authp_pending_challenge(VERIFIER, &challenge, h.f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_login_code_make(h.f.realm, row, challenge, NULL, &code, h.f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_login_code_redeem(h.f.realm, code, VERIFIER, &laptop, &grant, h.f.pool),
                     AUTHP_OK);
}

static void by_token_of_google(void)
{
    const char *token =
        provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "nonce", NULL));
    http_fake_clear(&h);
    http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"id_token\":\"", token, "\"}", NULL));
    (void)http_fake_expect(&h, "POST", "/api/auth/google/token", 200, NULL);
}

/* The parameter `name` of the address to which the browser is sent. */
static const char *parameter(const char *location, const char *name)
{
    const char *at = strstr(location, apr_pstrcat(h.f.pool, "&", name, "=", NULL));
    ck_assert_ptr_nonnull(at);
    at += strlen(name) + 2;
    return apr_pstrmemdup(h.f.pool, at, strcspn(at, "&"));
}

/* Goes to the provider and comes back with a code. `more` is added to the cookies. */
static authp_response_t through_google(const char *query, const char *more)
{
    http_fake_clear(&h);
    authp_response_t out = http_fake_expect(
        &h, "GET", apr_pstrcat(h.f.pool, "/api/auth/google/login", query, NULL), 302, NULL);
    const char *to = http_fake_header(&out, "Location");
    const char *nonce = apr_psprintf(h.f.pool, "\"%s\"", parameter(to, "nonce"));
    provider_fixture_answer(
        &p, provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "nonce", nonce)));
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, "__Host-authp_oauth=",
                               http_fake_cookie_value(&h, &out, "__Host-authp_oauth"), more, NULL));
    return http_fake_ask(
        &h, "GET", apr_pstrcat(h.f.pool, CALLBACK "?code=x&state=", parameter(to, "state"), NULL));
}

static void by_provider(void)
{
    authp_response_t out = through_google("", "");
    ck_assert_int_eq(out.status, 200);
}

static const struct {
    void (*sign_in)(void);
    int mails; /* after the first sign-in; a provider also has a mail about the linked identity */
} ways[] = {
    {by_password, 1},   {by_two_steps, 1},       {by_code, 1},
    {by_login_code, 1}, {by_token_of_google, 2}, {by_provider, 2},
};

/* How many mails tell Ada about a device. */
static int told(void)
{
    int count = 0;
    for (int i = 0; i < mail_fixture_count(&h.f); i++) {
        const mail_fixture_t mail = mail_fixture_at(&h.f, i);
        ck_assert_str_eq(mail.letter.to, EMAIL);
        count += strcmp(mail.row->kind, "new_device") == 0;
    }
    return count;
}

START_TEST(told_once)
{
    ways[_i].sign_in();
    ck_assert_int_eq(told(), 1);
    ck_assert_int_eq(mail_fixture_count(&h.f), ways[_i].mails);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    const authp_audit_t *event = fixture_audit(&h.f, "login");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_str_eq(event->actor_id, row->id.hex);
    ck_assert_str_eq(event->subject_id, row->id.hex);
    ck_assert_ptr_nonnull(event->session_id);
    ck_assert_ptr_nonnull(mem_store_session(h.f.store, event->session_id));
    /* The same device again, now known by its session. */
    h.f.clock.now += 31000;
    p.f.clock.now += 31000;
    if (ways[_i].sign_in != by_token_of_google) { /* a token counts once */
        ways[_i].sign_in();
        ck_assert_int_eq(mail_fixture_count(&h.f), ways[_i].mails);
        ck_assert_int_eq(fixture_live_sessions(&h.f), 2);
    }
}
END_TEST

/* A sign-in at a provider ends the session whose cookies came with it, whether it answers with
 * cookies or with tokens. */
START_TEST(it_replaces_the_session)
{
    static const char *const queries[] = {"?return_to=/jobs", ""};
    authp_response_t out = through_google("?return_to=/jobs", "");
    const char *refresh = http_fake_cookie_value(&h, &out, "__Secure-authp_rt");
    const char *before = fixture_session_of(&h.f, refresh)->id.hex;
    out = through_google(queries[_i], apr_pstrcat(h.f.pool, "; __Secure-authp_rt=", refresh, NULL));
    ck_assert_int_eq(out.status, _i == 0 ? 302 : 200);
    ck_assert_int_eq(fixture_sessions(&h.f), 2);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    ck_assert_str_eq(mem_store_session(h.f.store, before)->end_reason, "logout");
}
END_TEST

Suite *suite_new_device_ways(void)
{
    Suite *suite = suite_create("new_device_ways");
    TCase *tests = tcase_create("new_device_ways");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, told_once, 0, (int)(sizeof(ways) / sizeof(ways[0])));
    tcase_add_loop_test(tests, it_replaces_the_session, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
