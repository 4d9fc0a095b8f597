/* SPDX-License-Identifier: Apache-2.0 */
/* The sentences of the routes that need mail and of the start of a sign-in at a provider: what
 * people read in answers and refusals. */
#include "base/log.h"
#include "mail_fixture.h"
#include "provider_fixture.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define MOUNT "/api/auth"
#define EMAIL "ada@example.org"
#define OTHER "ada.new@example.org"
#define CHANGE "{\"new_email\":\"" OTHER "\",\"password\":\"" FIXTURE_PASSWORD "\"}"

static http_fake_t h;
static provider_fixture_t p;
static authp_user_t *ada; /* her account in the store */
static const char *token; /* her access token */
static char lines[2000];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    if (strstr(message, "AUTHP034") != NULL) {
        ck_assert_int_eq(level, AUTHP_LOG_WARNING);
        ck_assert_uint_lt(strlen(lines) + strlen(message) + 2, sizeof(lines));
        strcat(strcat(lines, message), "\n");
    }
}

static void set_up(void)
{
    http_fake_open(&h);
    mail_fixture_on(&h.f);
    p.f = h.f;
    provider_fixture_join(&p);
    ada = mail_fixture_user(&h.f, EMAIL, "candidate");
    token = fixture_start(&h.f, ada).access_token;
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    http_fake_close(&h);
}

static authp_response_t post(const char *path, const char *body, bool signed_in, int status)
{
    h.f.clock.now += 1000;
    http_fake_clear(&h);
    if (signed_in) {
        http_fake_bearer(&h, token);
    }
    if (body != NULL) {
        http_fake_json(&h, body);
    }
    return http_fake_expect(&h, "POST", apr_pstrcat(h.f.pool, MOUNT, path, NULL), status, NULL);
}

static void says(authp_response_t out, const char *member, const char *words)
{
    ck_assert_str_eq(http_fake_text(&h, &out, member), words);
}

/* The body that opens the last mailed link of that kind, with one member more. */
static const char *with_link(const char *kind, const char *more)
{
    return apr_pstrcat(h.f.pool, "{\"token\":\"", mail_fixture_token(&h.f, kind), "\"", more, "}",
                       NULL);
}

START_TEST(a_mail_is_on_its_way)
{
    says(post("/email/verify/send", NULL, true, 202), "message",
         "A mail with a link is on its way to your address");
    says(post("/me/email", CHANGE, true, 202), "message",
         "A mail with a link is on its way to the new address");
    says(post("/password/forgot", "{\"email\":\"" EMAIL "\"}", false, 202), "message",
         "If an account has this address, a mail with a link is on its way");
    says(post("/password/forgot", "{\"email\":\"nobody@example.org\"}", false, 202), "message",
         "If an account has this address, a mail with a link is on its way");
    h.f.settings->email_verification_required = true;
    says(post("/register", "{\"email\":\"eve@example.org\",\"password\":\"three calm words\"}",
              false, 202),
         "message", "A mail with a link is on its way: open it, then sign in");
    ada->email_verified = true;
    (void)post("/email/verify/send", NULL, true, 204);
}
END_TEST

/* The answer to a registration that must prove its address names the browser, whether the address
 * is free or not, and gives no token. A recruiter needs an invite as always. */
START_TEST(who_must_prove_an_address)
{
    static const char *const emails[] = {"eve@example.org", EMAIL};
    h.f.settings->email_verification_required = true;
    for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++) {
        authp_response_t out = post("/register",
                                    apr_pstrcat(h.f.pool, "{\"email\":\"", emails[i],
                                                "\",\"password\":\"three calm words\"}", NULL),
                                    false, 202);
        ck_assert_ptr_nonnull(http_fake_set_cookie(&out, "__Secure-authp_device"));
        ck_assert_int_eq(http_fake_set_cookies(&out), 0);
        ck_assert_uint_eq(json_object_size(http_fake_body(&h, &out)), 1);
    }
    says(post("/register/recruiter",
              "{\"email\":\"bob@example.org\",\"password\":\"three calm words\"}", false, 403),
         "code", "invite_required");
    says(post("/register/recruiter",
              "{\"email\":\"bob@example.org\",\"password\":\"three calm words\","
              "\"invite_code\":\"guess\"}",
              false, 403),
         "code", "invite_invalid");
}
END_TEST

/* An account without a password changes its address within five minutes of a sign-in. */
START_TEST(an_address_without_a_password)
{
    ada->password_hash = NULL;
    (void)post("/me/email", "{\"new_email\":\"" OTHER "\"}", true, 202);
    fake_clock_advance(&h.f.clock, 300000);
    (void)post("/me/email", "{\"new_email\":\"" OTHER "\"}", true, 401);
}
END_TEST

START_TEST(a_new_password)
{
    (void)post("/password/forgot", "{\"email\":\"" EMAIL "\"}", false, 202);
    says(post("/password/reset",
              with_link("reset_password", ",\"new_password\":\"three calm words\""), false, 200),
         "message", "The password is set: sign in with it");
}
END_TEST

START_TEST(nothing_to_prove)
{
    ada->email = NULL;
    ada->username = "ada";
    says(post("/email/verify/send", NULL, true, 404), "detail",
         "This account has no e-mail address.");
}
END_TEST

START_TEST(who_opens_a_link)
{
    (void)post("/email/verify/send", NULL, true, 202);
    says(post("/email/verify", with_link("verify_email", ""), false, 401), "detail",
         "Sign in to the account, or send its password.");
    says(post("/email/verify", with_link("verify_email", ",\"password\":\"x\""), false, 401),
         "detail", "This is not the password of the account to which the link belongs.");
    says(post("/email/verify", with_link("verify_email", ""), true, 200), "email", EMAIL);
}
END_TEST

START_TEST(an_address_that_was_taken)
{
    (void)post("/me/email", CHANGE, true, 202);
    const char *body = with_link("verify_email", "");
    (void)mail_fixture_user(&h.f, OTHER, "candidate");
    says(post("/email/verify", body, true, 409), "detail",
         "Another account has got this e-mail address meanwhile.");
}
END_TEST

#define CHALLENGE_TAIL "9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define CHALLENGE "E" CHALLENGE_TAIL

static const struct {
    const char *query;
    const char *field;
    const char *code;
    const char *words;
} starts[] = {
    {"return_to=https://app.example.org/done", "code_challenge", "missing",
     "Must be sent if return_to is a URL."},
    {"return_to=/jobs&code_challenge_method=plain", "code_challenge_method", "invalid",
     "Must be S256."},
    {"return_to=/jobs&code_challenge_method=S2567", "code_challenge_method", "invalid",
     "Must be S256."},
    {"role=admin", "role", "invalid", "Must be candidate or recruiter."},
    {"return_to=//evil.example", "return_to", "invalid", "Is not a safe path."},
    {"return_to=%zz", "return_to", "invalid", "Is not well-formed."},
    {"code_challenge=short", "code_challenge", "invalid",
     "Must be the SHA-256 of the verifier in base64url."},
    {"code_challenge=" CHALLENGE "A", "code_challenge", "invalid",
     "Must be the SHA-256 of the verifier in base64url."},
    {"code_challenge=*" CHALLENGE_TAIL, "code_challenge", "invalid",
     "Must be the SHA-256 of the verifier in base64url."},
    {"device_id=%01", "device_id", "invalid", "Must not contain control characters."},
    {"device_id=%ff", "device_id", "invalid", "Must be well-formed UTF-8."},
};

START_TEST(starts_at_a_provider)
{
    h.f.settings->frontend_url = "https://app.example.org";
    h.f.settings->frontend_origin = "https://app.example.org";
    authp_response_t out = http_fake_expect(
        &h, "GET", apr_pstrcat(h.f.pool, MOUNT "/google/login?", starts[_i].query, NULL), 422,
        "validation_failed");
    json_t *errors = json_object_get(http_fake_body(&h, &out), "errors");
    ck_assert_uint_eq(json_array_size(errors), 1);
    json_t *error = json_array_get(errors, 0);
    ck_assert_str_eq(json_string_value(json_object_get(error, "field")), starts[_i].field);
    ck_assert_str_eq(json_string_value(json_object_get(error, "code")), starts[_i].code);
    ck_assert_str_eq(json_string_value(json_object_get(error, "detail")), starts[_i].words);
}
END_TEST

/* A document that cannot be used is said once, with the reason. */
static const struct {
    const char *body;
    const char *line;
} documents[] = {
    {"[]", "is not a JSON object"},
    {"{\"issuer\":\"https://evil.example\"}", "names another issuer"},
    {"{\"issuer\":\"" OP "\"}", "lacks an endpoint, or has one that is no https URL"},
};

START_TEST(documents_that_are_refused)
{
    p.discovery.body = documents[_i].body;
    for (int i = 0; i < 2; i++) {
        (void)http_fake_expect(&h, "GET", MOUNT "/google/login", 503, "oauth_unavailable");
    }
    ck_assert_str_eq(lines,
                     apr_pstrcat(h.f.pool, "AUTHP0340: provider google: its discovery document ",
                                 documents[_i].line, ", so nobody can sign in with it\n", NULL));
}
END_TEST

START_TEST(keys_that_are_refused)
{
    json_t *claims = NULL;
    const char *why = NULL;
    const char *id_token =
        provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, NULL, NULL));
    p.keys.body = "no";
    ck_assert_int_eq(
        authp_provider_set_verify(h.f.realm, &p.google, id_token, &claims, &why, h.f.pool),
        AUTHP_E_OAUTH_UNAVAILABLE);
    ck_assert_str_eq(lines, "AUTHP0341: provider google: its keys are refused: malformed\n");
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_api_words(void)
{
    Suite *suite = suite_create("api_words");
    TCase *tests = tcase_create("api_words");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_mail_is_on_its_way);
    tcase_add_test(tests, who_must_prove_an_address);
    tcase_add_test(tests, an_address_without_a_password);
    tcase_add_test(tests, a_new_password);
    tcase_add_test(tests, nothing_to_prove);
    tcase_add_test(tests, who_opens_a_link);
    tcase_add_test(tests, an_address_that_was_taken);
    tcase_add_loop_test(tests, starts_at_a_provider, 0, ROWS(starts));
    tcase_add_loop_test(tests, documents_that_are_refused, 0, ROWS(documents));
    tcase_add_test(tests, keys_that_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
