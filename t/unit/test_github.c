/* SPDX-License-Identifier: Apache-2.0 */
/* GitHub, which has no id_token: three requests, and which answers make a person. */
#include "provider_fixture.h"
#include "service/provider/github.h"
#include "service/provider/provider_flow.h"
#include "suite.h"

#include <apr_strings.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define EMAIL "\"email\":\"ada@example.org\""

static provider_fixture_t p;
static authp_person_t person;

static void set_up(void)
{
    provider_fixture_open(&p);
}

static void tear_down(void)
{
    provider_fixture_close(&p);
}

static authp_err_t redeem(void)
{
    authp_provider_word_t word;
    authp_err_t err =
        authp_provider_flow_redeem(p.f.realm, &p.pending, &p.hub, "co&de", &word, p.f.pool);
    ck_assert_ptr_null(word.why);
    person = word.person;
    ck_assert_int_eq(err == AUTHP_OK, person.sub != NULL);
    return err;
}

START_TEST(three_requests)
{
    ck_assert_int_eq(redeem(), AUTHP_OK);
    ck_assert_str_eq(p.hub_token.asked.form,
                     "client_id=our%20client&client_secret=hush%2B%3A%25%26&code=co%26de"
                     "&redirect_uri=https%3A%2F%2Fjobs.example.org%2Fapi%2Fauth%2Fgoogle"
                     "%2Fcallback&code_verifier=verifier");
    ck_assert_ptr_null(p.hub_token.asked.user);
    ck_assert_ptr_null(p.hub_token.asked.bearer);
    ck_assert_str_eq(p.hub_user.asked.bearer, "hush-token");
    ck_assert_str_eq(p.hub_emails.asked.bearer, "hush-token");
    ck_assert_ptr_null(p.hub_user.asked.form);
    ck_assert_int_eq(p.hub_emails.asked.timeout_ms, 3000);
    ck_assert_str_eq(person.provider, "hub");
    ck_assert_str_eq(person.issuer, "https://github.com");
    ck_assert_str_eq(person.sub, "7");
    ck_assert_str_eq(person.email, "ada@example.org");
    ck_assert_str_eq(person.name, "ada");
    ck_assert(!person.vouched);
    ck_assert_int_eq(p.discovery.calls, 0);
}
END_TEST

START_TEST(another_issuer_has_its_api_below_it)
{
    p.hub.issuer = "https://git.corp.example/";
    p.hub_token.url = "https://git.corp.example/login/oauth/access_token";
    p.hub_user.url = "https://git.corp.example/api/v3/user";
    p.hub_emails.url = "https://git.corp.example/api/v3/user/emails";
    ck_assert_int_eq(redeem(), AUTHP_OK);
    ck_assert_str_eq(person.issuer, "https://git.corp.example/");
    ck_assert_str_eq(authp_github_authorize_url(&p.hub, p.f.pool),
                     "https://git.corp.example/login/oauth/authorize");
}
END_TEST

static const struct {
    const char *body;
    authp_err_t expected;
} tokens[] = {
    {"{\"error\":\"bad_verification_code\"}", AUTHP_E_OAUTH_CODE_REFUSED},
    {"{\"error\":\"bad_verification_code\",\"access_token\":\"x\"}", AUTHP_E_OAUTH_CODE_REFUSED},
    {"{\"error\":\"incorrect_client_credentials\"}", AUTHP_E_OAUTH_FAILED},
    {"{\"error\":\"other\",\"access_token\":\"x\"}", AUTHP_E_OAUTH_FAILED},
    {"{}", AUTHP_E_OAUTH_FAILED},
    {"[]", AUTHP_E_OAUTH_FAILED},
    {"", AUTHP_E_OAUTH_FAILED},
    {"access_token=x", AUTHP_E_OAUTH_FAILED},
    {"{\"access_token\":7}", AUTHP_E_OAUTH_FAILED},
    {"{\"access_token\":\"x\\u0000y\"}", AUTHP_E_OAUTH_FAILED},
};

START_TEST(answers_with_an_access_token)
{
    for (size_t i = 0; i < LENGTH(tokens); i++) {
        p.hub_token.body = tokens[i].body;
        ck_assert_msg(redeem() == tokens[i].expected, "row %d", (int)i);
    }
    ck_assert_int_eq(p.hub_user.calls, 0);
}
END_TEST

static const struct {
    const char *body;
    const char *sub;  /* NULL: refused */
    const char *name; /* NULL: none */
} users[] = {
    {"{\"id\":1}", "1", NULL},
    {"{\"id\":2,\"login\":\"ada\",\"name\":\"Ada L.\"}", "2", "Ada L."},
    {"{\"id\":3,\"login\":\"ada\",\"name\":null}", "3", "ada"},
    {"{\"id\":9223372036854775807,\"login\":\"ada\"}", "9223372036854775807", "ada"},
    {"{\"id\":0,\"login\":\"ada\"}", NULL, NULL},
    {"{\"id\":-1,\"login\":\"ada\"}", NULL, NULL},
    {"{\"id\":\"7\",\"login\":\"ada\"}", NULL, NULL},
    {"{\"id\":7.0,\"login\":\"ada\"}", NULL, NULL},
    {"{\"id\":null}", NULL, NULL},
    {"{\"login\":\"ada\"}", NULL, NULL},
    {"[7]", NULL, NULL},
    {"7", NULL, NULL},
    {"", NULL, NULL},
};

START_TEST(numbers_and_names)
{
    for (size_t i = 0; i < LENGTH(users); i++) {
        p.hub_user.body = users[i].body;
        authp_err_t err = redeem();
        ck_assert_msg(err == (users[i].sub != NULL ? AUTHP_OK : AUTHP_E_OAUTH_FAILED), "row %d: %d",
                      (int)i, err);
        ck_assert_pstr_eq(person.sub, users[i].sub);
        ck_assert_pstr_eq(person.name, users[i].name);
    }
}
END_TEST

static const struct {
    const char *body;
    authp_err_t expected;
} addresses[] = {
    {"[{\"email\":\"x@example.org\",\"primary\":false,\"verified\":true},"
     "{" EMAIL ",\"primary\":true,\"verified\":true}]",
     AUTHP_OK},
    {"[7,null,{" EMAIL ",\"primary\":true,\"verified\":true}]", AUTHP_OK},
    {"[{" EMAIL ",\"primary\":true,\"verified\":false}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{" EMAIL ",\"primary\":false,\"verified\":true}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{" EMAIL ",\"primary\":true,\"verified\":\"true\"}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{" EMAIL ",\"primary\":1,\"verified\":1}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{" EMAIL ",\"verified\":true}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{" EMAIL ",\"primary\":true}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{\"primary\":true,\"verified\":true}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[{\"email\":\"ada\",\"primary\":true,\"verified\":true}]", AUTHP_E_EMAIL_UNVERIFIED},
    {"[]", AUTHP_E_EMAIL_UNVERIFIED},
    {"{}", AUTHP_E_OAUTH_FAILED},
    {"{" EMAIL ",\"primary\":true,\"verified\":true}", AUTHP_E_OAUTH_FAILED},
    {"null", AUTHP_E_OAUTH_FAILED},
    {"", AUTHP_E_OAUTH_FAILED},
};

START_TEST(only_a_verified_primary_address_counts)
{
    for (size_t i = 0; i < LENGTH(addresses); i++) {
        p.hub_emails.body = addresses[i].body;
        authp_err_t err = redeem();
        ck_assert_msg(err == addresses[i].expected, "row %d: %d", (int)i, err);
        ck_assert_pstr_eq(person.email, err == AUTHP_OK ? "ada@example.org" : NULL);
    }
}
END_TEST

START_TEST(faults_of_each_request)
{
    provider_reply_t *const replies[] = {&p.hub_token, &p.hub_user, &p.hub_emails};
    static const int statuses[] = {201, 301, 302, 401, 403, 404, 429, 499};
    for (size_t i = 0; i < LENGTH(replies); i++) {
        for (size_t j = 0; j < LENGTH(statuses); j++) {
            replies[i]->status = statuses[j];
            ck_assert_int_eq(redeem(), AUTHP_E_OAUTH_FAILED);
        }
        replies[i]->status = 500;
        ck_assert_int_eq(redeem(), AUTHP_E_OAUTH_UNAVAILABLE);
        replies[i]->status = 200;
        replies[i]->err = AUTHP_E_UNAVAILABLE;
        ck_assert_int_eq(redeem(), AUTHP_E_OAUTH_UNAVAILABLE);
        replies[i]->err = AUTHP_E_TOO_LARGE;
        ck_assert_int_eq(redeem(), AUTHP_E_OAUTH_FAILED);
        replies[i]->err = AUTHP_OK;
        ck_assert_int_eq(redeem(), AUTHP_OK);
    }
}
END_TEST

START_TEST(domains_for_which_it_vouches)
{
    apr_array_header_t *domains = apr_array_make(p.f.pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(domains, const char *) = "example.org";
    p.hub.email_domains = domains;
    ck_assert_int_eq(redeem(), AUTHP_OK);
    ck_assert(person.vouched);
}
END_TEST

Suite *suite_github(void)
{
    Suite *suite = suite_create("github");
    TCase *tests = tcase_create("github");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, three_requests);
    tcase_add_test(tests, another_issuer_has_its_api_below_it);
    tcase_add_test(tests, answers_with_an_access_token);
    tcase_add_test(tests, numbers_and_names);
    tcase_add_test(tests, only_a_verified_primary_address_counts);
    tcase_add_test(tests, faults_of_each_request);
    tcase_add_test(tests, domains_for_which_it_vouches);
    suite_add_tcase(suite, tests);
    return suite;
}
