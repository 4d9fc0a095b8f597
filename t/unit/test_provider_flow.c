/* SPDX-License-Identifier: Apache-2.0 */
/* The address of a provider to which the browser goes, and the exchange of the code that it brings
 * back. */
#include "provider_fixture.h"
#include "service/provider/provider_flow.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define FORM                                                                                       \
    "grant_type=authorization_code&code=co%26de%2F1&redirect_uri=https%3A%2F%2Fjobs.example.org"   \
    "%2Fapi%2Fauth%2Fgoogle%2Fcallback&code_verifier=verifier"

static provider_fixture_t p;

static void set_up(void)
{
    provider_fixture_open(&p);
}

static void tear_down(void)
{
    provider_fixture_close(&p);
}

static const char *location(const authp_provider_t *provider, const char *hint)
{
    const char *out = NULL;
    ck_assert_int_eq(
        authp_provider_flow_location(p.f.realm, provider, &p.pending, hint, &out, p.f.pool),
        AUTHP_OK);
    return out;
}

#define QUERY                                                                                      \
    "response_type=code&client_id=our%20client&redirect_uri=https%3A%2F%2Fjobs.example.org%2Fapi"  \
    "%2Fauth%2Fgoogle%2Fcallback&scope="
#define CHALLENGE                                                                                  \
    "&code_challenge=iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ&code_challenge_method=S256"

START_TEST(where_the_browser_goes)
{
    ck_assert_str_eq(location(&p.google, NULL),
                     OP "/auth?x=1&" QUERY
                        "openid%20email%20profile&state=state&nonce=" OP_NONCE CHALLENGE
                        "&prompt=select_account");
    ck_assert_str_eq(location(&p.google, "a&b=c@example.org"),
                     OP "/auth?x=1&" QUERY
                        "openid%20email%20profile&state=state&nonce=" OP_NONCE CHALLENGE
                        "&prompt=select_account&login_hint=a%26b%3Dc%40example.org");
    p.google.google = false;
    ck_assert_ptr_null(strstr(location(&p.google, NULL), "prompt"));
}
END_TEST

/* Without discovery there is no address, and nobody waits twice for it within a second. */
START_TEST(without_discovery)
{
    const char *out = NULL;
    p.discovery.err = AUTHP_E_UNAVAILABLE;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            authp_provider_flow_location(p.f.realm, &p.google, &p.pending, NULL, &out, p.f.pool),
            AUTHP_E_OAUTH_UNAVAILABLE);
    }
    ck_assert_ptr_null(out);
    ck_assert_int_eq(p.discovery.calls, 1);
    ck_assert_str_eq(location(&p.hub, "ada"), "https://github.com/login/oauth/authorize?" QUERY
                                              "user%3Aemail&state=state" CHALLENGE "&login=ada");
}
END_TEST

static const struct {
    const char *iss; /* NULL: the answer has none */
    bool announced;
    authp_err_t expected;
} answers[] = {
    {NULL, false, AUTHP_OK},
    {NULL, true, AUTHP_E_OAUTH_STATE_INVALID},
    {OP, false, AUTHP_OK},
    {OP, true, AUTHP_OK},
    {"op.example", true, AUTHP_OK}, /* as Google spells its own */
    {OP "/", true, AUTHP_E_OAUTH_STATE_INVALID},
    {"https://evil.example", false, AUTHP_E_OAUTH_STATE_INVALID},
    {"https://evil.example", true, AUTHP_E_OAUTH_STATE_INVALID},
    {"", false, AUTHP_E_OAUTH_STATE_INVALID},
};

START_TEST(the_parameter_iss)
{
    for (size_t i = 0; i < LENGTH(answers); i++) {
        const char *said = ",\"authorization_response_iss_parameter_supported\":true";
        p.discovery.body = provider_fixture_document(&p, answers[i].announced ? said : "");
        provider_fixture_set(&p, 4);
        authp_err_t err =
            authp_provider_flow_check_iss(p.f.realm, &p.google, answers[i].iss, p.f.pool);
        ck_assert_msg(err == answers[i].expected, "row %d: %d", (int)i, err);
    }
    p.discovery.err = AUTHP_E_UNAVAILABLE;
    provider_fixture_set(&p, 4);
    ck_assert_int_eq(authp_provider_flow_check_iss(p.f.realm, &p.google, NULL, p.f.pool),
                     AUTHP_E_OAUTH_UNAVAILABLE);
    ck_assert_int_eq(authp_provider_flow_check_iss(p.f.realm, &p.hub, NULL, p.f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_provider_flow_check_iss(p.f.realm, &p.hub, OP, p.f.pool),
                     AUTHP_E_OAUTH_STATE_INVALID);
}
END_TEST

static authp_err_t redeem(const char **why)
{
    authp_provider_word_t word;
    authp_err_t err =
        authp_provider_flow_redeem(p.f.realm, &p.pending, &p.google, "co&de/1", &word, p.f.pool);
    *why = word.why;
    ck_assert_int_eq(err == AUTHP_OK, word.person.sub != NULL);
    if (err == AUTHP_OK) {
        ck_assert_str_eq(word.person.sub, "1001");
        ck_assert_str_eq(word.person.issuer, OP);
        ck_assert_str_eq(word.person.email, "ada@example.org");
    }
    return err;
}

static void answer_claims(const char *member, const char *json)
{
    provider_fixture_answer(
        &p, provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, member, json)));
}

/* RFC 6749 section 2.3.1: client id and secret are form-encoded before they are sent as Basic. */
START_TEST(secret_by_basic)
{
    const char *why = "";
    answer_claims(NULL, NULL);
    ck_assert_int_eq(redeem(&why), AUTHP_OK);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(p.token.calls, 1);
    ck_assert_str_eq(p.token.asked.form, FORM);
    ck_assert_str_eq(p.token.asked.user, "our%20client");
    ck_assert_str_eq(p.token.password, "hush%2B%3A%25%26");
    ck_assert_ptr_null(p.token.asked.bearer);
    ck_assert_int_eq(p.token.asked.timeout_ms, 3000);
    ck_assert_uint_eq(p.token.asked.limit, 65536);
}
END_TEST

START_TEST(secret_by_post)
{
    const char *why = "";
    p.discovery.body = provider_fixture_document(
        &p, ",\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"]");
    answer_claims(NULL, NULL);
    ck_assert_int_eq(redeem(&why), AUTHP_OK);
    ck_assert_str_eq(p.token.asked.form,
                     FORM "&client_id=our%20client&client_secret=hush%2B%3A%25%26");
    ck_assert_ptr_null(p.token.asked.user);
    ck_assert_ptr_null(p.token.password);
}
END_TEST

#define GRANT "{\"error\":\"invalid_grant\"}"

static const struct {
    int status;
    const char *body; /* NULL: a good one */
    authp_err_t expected;
} replies[] = {
    {200, NULL, AUTHP_OK},
    {400, GRANT, AUTHP_E_OAUTH_CODE_REFUSED},
    {401, GRANT, AUTHP_E_OAUTH_CODE_REFUSED},
    {400, "{\"error\":\"invalid_client\"}", AUTHP_E_OAUTH_FAILED},
    {400, "{\"error\":\"invalid_grants\"}", AUTHP_E_OAUTH_FAILED},
    {400, "{\"error\":[\"invalid_grant\"]}", AUTHP_E_OAUTH_FAILED},
    {400, "invalid_grant", AUTHP_E_OAUTH_FAILED},
    {400, NULL, AUTHP_E_OAUTH_FAILED},
    {404, "", AUTHP_E_OAUTH_FAILED},
    {429, "{}", AUTHP_E_OAUTH_FAILED},
    {499, "{}", AUTHP_E_OAUTH_FAILED},
    {201, NULL, AUTHP_E_OAUTH_FAILED},
    {204, "", AUTHP_E_OAUTH_FAILED},
    {302, NULL, AUTHP_E_OAUTH_FAILED},
    {307, NULL, AUTHP_E_OAUTH_FAILED},
    {500, NULL, AUTHP_E_OAUTH_UNAVAILABLE},
    {500, GRANT, AUTHP_E_OAUTH_UNAVAILABLE},
    {502, "", AUTHP_E_OAUTH_UNAVAILABLE},
    {503, "{}", AUTHP_E_OAUTH_UNAVAILABLE},
    {599, "{}", AUTHP_E_OAUTH_UNAVAILABLE},
    {200, "", AUTHP_E_OAUTH_FAILED},
    {200, "{", AUTHP_E_OAUTH_FAILED},
    {200, "[]", AUTHP_E_OAUTH_FAILED},
    {200, "null", AUTHP_E_OAUTH_FAILED},
    {200, "{}", AUTHP_E_OAUTH_FAILED},
    {200, "{\"access_token\":\"x\"}", AUTHP_E_OAUTH_FAILED},
    {200, "{\"id_token\":7}", AUTHP_E_OAUTH_FAILED},
    {200, "{\"id_token\":null}", AUTHP_E_OAUTH_FAILED},
    {200, "{\"id_token\":\"\"}", AUTHP_E_OAUTH_FAILED},
    {200, "{\"id_token\":\"a.b.c\"}", AUTHP_E_OAUTH_FAILED},
    {200, "<html>", AUTHP_E_OAUTH_FAILED},
};

START_TEST(answers_of_the_token_endpoint)
{
    answer_claims(NULL, NULL);
    const char *good = p.token.body;
    for (size_t i = 0; i < LENGTH(replies); i++) {
        const char *why = NULL;
        p.token.status = replies[i].status;
        p.token.body = replies[i].body != NULL ? replies[i].body : good;
        authp_err_t err = redeem(&why);
        ck_assert_msg(err == replies[i].expected, "row %d: %d", (int)i, err);
    }
}
END_TEST

START_TEST(no_answer_of_the_token_endpoint)
{
    static const authp_err_t errors[][2] = {{AUTHP_E_UNAVAILABLE, AUTHP_E_OAUTH_UNAVAILABLE},
                                            {AUTHP_E_BUSY, AUTHP_E_OAUTH_UNAVAILABLE},
                                            {AUTHP_E_TOO_LARGE, AUTHP_E_OAUTH_FAILED},
                                            {AUTHP_E_MALFORMED, AUTHP_E_OAUTH_FAILED},
                                            {AUTHP_E_INTERNAL, AUTHP_E_INTERNAL}};
    for (size_t i = 0; i < LENGTH(errors); i++) {
        const char *why = NULL;
        p.token.err = errors[i][0];
        ck_assert_int_eq(redeem(&why), errors[i][1]);
    }
    ck_assert_int_eq(p.keys.calls, 0);
}
END_TEST

/* A refused id_token is a failure of the provider. The audit is told which claim it was. */
static const struct {
    const char *member;
    const char *json;
    authp_err_t expected;
    const char *why;
} tokens[] = {
    {"iss", "\"https://evil.example\"", AUTHP_E_OAUTH_FAILED, "iss"},
    {"aud", "\"another\"", AUTHP_E_OAUTH_FAILED, "aud"},
    {"aud", "\"" OP_PHONE "\"", AUTHP_E_OAUTH_FAILED, "aud"}, /* no phone is here */
    {"aud", "[\"" OP_CLIENT "\"]", AUTHP_E_OAUTH_FAILED, "azp"},
    {"exp", "1795219141", AUTHP_OK, NULL},
    {"exp", "1795219140", AUTHP_E_OAUTH_FAILED, "exp"},
    {"iat", "1795219260", AUTHP_OK, NULL},
    {"iat", "1795219261", AUTHP_E_OAUTH_FAILED, "iat"},
    {"nonce", NULL, AUTHP_E_OAUTH_FAILED, "nonce"},
    {"nonce", "\"another\"", AUTHP_E_OAUTH_FAILED, "nonce"},
    {"sub", NULL, AUTHP_E_OAUTH_FAILED, "sub"},
    {"email_verified", "false", AUTHP_E_EMAIL_UNVERIFIED, NULL},
    {"email_verified", "\"true\"", AUTHP_E_EMAIL_UNVERIFIED, NULL},
    {"email", NULL, AUTHP_E_EMAIL_UNVERIFIED, NULL},
};

START_TEST(claims_of_the_id_token)
{
    for (size_t i = 0; i < LENGTH(tokens); i++) {
        const char *why = "";
        answer_claims(tokens[i].member, tokens[i].json);
        authp_err_t err = redeem(&why);
        ck_assert_msg(err == tokens[i].expected, "row %d: %d", (int)i, err);
        ck_assert_pstr_eq(why, tokens[i].why);
    }
}
END_TEST

Suite *suite_provider_flow(void)
{
    Suite *suite = suite_create("provider_flow");
    TCase *tests = tcase_create("provider_flow");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, where_the_browser_goes);
    tcase_add_test(tests, without_discovery);
    tcase_add_test(tests, the_parameter_iss);
    tcase_add_test(tests, secret_by_basic);
    tcase_add_test(tests, secret_by_post);
    tcase_add_test(tests, answers_of_the_token_endpoint);
    tcase_add_test(tests, no_answer_of_the_token_endpoint);
    tcase_add_test(tests, claims_of_the_id_token);
    suite_add_tcase(suite, tests);
    return suite;
}
