/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider publishes about itself: whose document it must be, and which addresses it may
 * have. */
#include "service/provider/discovery.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define GOOGLE "https://accounts.google.com"
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;
static authp_provider_t provider;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    provider = (authp_provider_t){.name = "google", .issuer = GOOGLE, .google = true};
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *document(const char *issuer, const char *rest)
{
    return apr_psprintf(pool,
                        "{\"issuer\":\"%s\",\"authorization_endpoint\":\"https://a.example/auth\","
                        "\"token_endpoint\":\"https://a.example/token\","
                        "\"jwks_uri\":\"https://a.example/jwks\"%s}",
                        issuer, rest);
}

static authp_discovery_t *taken(const char *text)
{
    authp_discovery_t *out = NULL;
    const char *why = NULL;
    authp_err_t err = authp_discovery_parse(&provider, text, strlen(text), &out, &why, pool);
    ck_assert_msg(err == AUTHP_OK, "%s: %s", why, text);
    ck_assert_ptr_nonnull(out);
    return out;
}

static void refused(const char *text, const char *because)
{
    authp_discovery_t *out = NULL;
    const char *why = NULL;
    authp_err_t err = authp_discovery_parse(&provider, text, strlen(text), &out, &why, pool);
    ck_assert_msg(err == AUTHP_E_MALFORMED, "%d: %s", err, text);
    ck_assert_ptr_null(out);
    ck_assert_msg(strstr(why, because) != NULL, "%s, not %s: %s", why, because, text);
}

START_TEST(a_whole_document)
{
    const authp_discovery_t *found = taken(document(GOOGLE, ""));
    ck_assert_str_eq(found->authorization_endpoint, "https://a.example/auth");
    ck_assert_str_eq(found->token_endpoint, "https://a.example/token");
    ck_assert_str_eq(found->jwks_uri, "https://a.example/jwks");
    ck_assert(!found->secret_in_body);
    ck_assert(!found->names_itself);
}
END_TEST

static const struct {
    const char *asked;
    bool google;
    const char *said;
    bool same;
} issuers[] = {
    {GOOGLE, true, GOOGLE, true},
    {GOOGLE, true, "accounts.google.com", true},
    {"accounts.google.com", true, GOOGLE, true},
    {GOOGLE, true, "http://accounts.google.com", false},
    {GOOGLE, true, GOOGLE "/", false},
    {GOOGLE, true, "Accounts.google.com", false},
    {GOOGLE, true, "accounts.google.com.evil.example", false},
    {GOOGLE, true, "https://https://accounts.google.com", false},
    {GOOGLE, true, "", false},
    {GOOGLE, false, "accounts.google.com", false},
    {"https://id.example", false, "https://id.example", true},
    {"https://id.example", false, "id.example", false},
    {"https://id.example", false, "https://id.example/", false},
    {"https://id.example/", false, "https://id.example/", true},
    {"https://id.example/", false, "https://id.example", false},
    {"https://id.example/t/1", false, "https://id.example/t/2", false},
    {"http://127.0.0.1:8080", true, "http://127.0.0.1:8080", true},
    {"http://127.0.0.1:8080", true, "127.0.0.1:8080", false},
};

START_TEST(whose_document_it_is)
{
    for (size_t i = 0; i < LENGTH(issuers); i++) {
        provider.issuer = issuers[i].asked;
        provider.google = issuers[i].google;
        ck_assert_msg(authp_discovery_is_issuer(&provider, issuers[i].said) == issuers[i].same,
                      "row %d", (int)i);
        if (issuers[i].same) {
            (void)taken(document(issuers[i].said, ""));
        } else {
            refused(document(issuers[i].said, ""), "another issuer");
        }
    }
    ck_assert(!authp_discovery_is_issuer(&provider, NULL));
    refused("{}", "another issuer");
    refused("{\"issuer\":7}", "another issuer");
    refused(document("https://accounts.google.com\\u0000", ""), "another issuer");
}
END_TEST

START_TEST(where_the_document_is)
{
    static const char *const urls[][2] = {
        {GOOGLE, GOOGLE "/.well-known/openid-configuration"},
        {"https://id.example/", "https://id.example/.well-known/openid-configuration"},
        {"https://id.example/t/1", "https://id.example/t/1/.well-known/openid-configuration"},
        {"https://id.example/t/1/", "https://id.example/t/1/.well-known/openid-configuration"},
    };
    for (size_t i = 0; i < LENGTH(urls); i++) {
        provider.issuer = urls[i][0];
        ck_assert_str_eq(authp_discovery_url(&provider, pool), urls[i][1]);
    }
}
END_TEST

START_TEST(what_is_no_document)
{
    static const char *const texts[] = {
        "", " ", "[]", "7", "null", "\"x\"", "{", "{}x", "{\"a\":1,\"a\":2}"};
    for (size_t i = 0; i < LENGTH(texts); i++) {
        refused(texts[i], "JSON object");
    }
    refused(apr_pstrcat(pool, document(GOOGLE, ""), "x", NULL), "JSON object");
}
END_TEST

static const struct {
    const char *value; /* JSON; NULL: the member is absent */
    bool for_https;
    bool for_loopback;
} endpoints[] = {
    {"\"https://a.example/x\"", true, true},
    {"\"https://a.example:8443/x?a=b\"", true, true},
    {"\"http://127.0.0.1:8080/x\"", false, true},
    {"\"http://localhost/x\"", false, true},
    {"\"http://[::1]:1/x\"", false, true},
    {"\"http://a.example/x\"", false, false},
    {"\"http://127.0.0.1.evil.example/x\"", false, false},
    {NULL, false, false},
    {"\"\"", false, false},
    {"7", false, false},
    {"null", false, false},
    {"[\"https://a.example/x\"]", false, false},
    {"\"/x\"", false, false},
    {"\"//a.example/x\"", false, false},
    {"\"a.example/x\"", false, false},
    {"\"ftp://a.example/x\"", false, false},
    {"\"file:///etc/passwd\"", false, false},
    {"\"javascript:alert(1)\"", false, false},
    {"\"https://user@a.example/x\"", false, false},
    {"\"https://a.example/x#y\"", false, false},
    {"\"https://a.example/x y\"", false, false},
    {"\"https://a.example/x\\r\\ny\"", false, false},
    {"\"https://a.example/x\\u0000\"", false, false},
    {"\"https://a.example\\\\x\"", false, false},
};

static const char *const names[] = {"authorization_endpoint", "token_endpoint", "jwks_uri"};

/* A good document whose endpoint `name` has that value. */
static const char *with_endpoint(size_t name, const char *value)
{
    const char *text = apr_psprintf(pool, "{\"issuer\":\"%s\"", provider.issuer);
    for (size_t i = 0; i < LENGTH(names); i++) {
        const char *each = i == name ? value : "\"https://a.example/good\"";
        if (each != NULL) {
            text = apr_pstrcat(pool, text, ",\"", names[i], "\":", each, NULL);
        }
    }
    return apr_pstrcat(pool, text, "}", NULL);
}

START_TEST(addresses_of_endpoints)
{
    for (size_t i = 0; i < LENGTH(endpoints) * LENGTH(names) * 2; i++) {
        size_t row = i / 2 / LENGTH(names);
        bool plain = i % 2 == 1;
        provider.issuer = plain ? "http://127.0.0.1:8080" : GOOGLE;
        const char *text = with_endpoint(i / 2 % LENGTH(names), endpoints[row].value);
        if (plain ? endpoints[row].for_loopback : endpoints[row].for_https) {
            (void)taken(text);
        } else {
            refused(text, "endpoint");
        }
    }
}
END_TEST

/* An address of 2048 bytes is the longest. */
START_TEST(lengths_of_addresses)
{
    for (size_t len = 2047; len <= 2049; len++) {
        char *url = apr_palloc(pool, len + 3);
        memset(url, 'x', len + 3);
        memcpy(url, "\"https://a.example/", 19);
        url[len + 1] = '"';
        url[len + 2] = '\0';
        if (len <= 2048) {
            ck_assert_uint_eq(strlen(taken(with_endpoint(1, url))->token_endpoint), len);
        } else {
            refused(with_endpoint(1, url), "endpoint");
        }
    }
}
END_TEST

static const struct {
    const char *methods;
    bool in_body;
} methods[] = {
    {"[\"client_secret_basic\"]", false},
    {"[\"client_secret_post\"]", true},
    {"[\"client_secret_post\",\"client_secret_basic\"]", false},
    {"[\"private_key_jwt\",\"client_secret_post\"]", true},
    {"[\"private_key_jwt\"]", false},
    {"[]", false},
    {"[7,null]", false},
    {"[\"client_secret_post\\u0000\"]", false},
    {"\"client_secret_post\"", false},
    {"{\"client_secret_post\":true}", false},
};

START_TEST(how_the_secret_is_sent)
{
    for (size_t i = 0; i < LENGTH(methods); i++) {
        const char *rest = apr_pstrcat(
            pool, ",\"token_endpoint_auth_methods_supported\":", methods[i].methods, NULL);
        ck_assert_msg(taken(document(GOOGLE, rest))->secret_in_body == methods[i].in_body, "%s",
                      methods[i].methods);
    }
}
END_TEST

START_TEST(whether_answers_name_the_issuer)
{
    static const char *const values[] = {"true", "false", "\"true\"", "1", "null"};
    for (size_t i = 0; i < LENGTH(values); i++) {
        const char *rest = apr_pstrcat(
            pool, ",\"authorization_response_iss_parameter_supported\":", values[i], NULL);
        ck_assert_int_eq(taken(document(GOOGLE, rest))->names_itself, i == 0);
    }
}
END_TEST

Suite *suite_discovery(void)
{
    Suite *suite = suite_create("discovery");
    TCase *tests = tcase_create("discovery");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_whole_document);
    tcase_add_test(tests, whose_document_it_is);
    tcase_add_test(tests, where_the_document_is);
    tcase_add_test(tests, what_is_no_document);
    tcase_add_test(tests, addresses_of_endpoints);
    tcase_add_test(tests, lengths_of_addresses);
    tcase_add_test(tests, how_the_secret_is_sent);
    tcase_add_test(tests, whether_answers_name_the_issuer);
    suite_add_tcase(suite, tests);
    return suite;
}
