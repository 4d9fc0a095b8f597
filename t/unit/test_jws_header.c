/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of other issuers with a valid signature: what their header and payload may contain. */
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "base/b64url.h"
#include "crypto/jwt/jws.h"
#include "jose.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define CLAIMS "{\"iss\":\"https://op.example\",\"sub\":\"1\"}"

static apr_pool_t *pool;
static authp_jwk_set_t *keys; /* the three of jose.h */

static authp_jwk_set_t *set_of(const char *text)
{
    return jose_set(text, pool);
}

static authp_jwk_set_t *only(const char *members)
{
    return set_of(apr_pstrcat(pool, "{\"keys\":[{", members, "}]}", NULL));
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    keys = set_of(JOSE_SET);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static json_t *taken(const authp_jwk_set_t *set, const char *token)
{
    return jose_taken(set, token, pool);
}

static void refused(const authp_jwk_set_t *set, const char *token, const char *because)
{
    jose_refused(set, token, AUTHP_E_TOKEN_INVALID, because, pool);
}

static const struct {
    jose_kind_t kind;
    const char *kid;
    const char *members;
} kinds[] = {
    {JOSE_KIND_RSA, "rsa", JOSE_RSA}, {JOSE_KIND_EC, "ec", JOSE_EC}, {JOSE_KIND_ED, "ed", JOSE_ED}};

static const struct {
    const char *header; /* signed by the RSA key */
    const char *because;
} headers[] = {
    {"{}", "alg"},
    {"[]", "header"},
    {"null", "header"},
    {"\"RS256\"", "header"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\"", "header"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\"}x", "header"},
    {"{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"rsa\"}", "header"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"kid\":\"rsa\"}", "header"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x\":[[[[[[[[[1]]]]]]]]]}", "header"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x\":\"\xff\"}", "header"},
    {"{\"kid\":\"rsa\"}", "alg"},
    {"{\"alg\":null,\"kid\":\"rsa\"}", "alg"},
    {"{\"alg\":256,\"kid\":\"rsa\"}", "alg"},
    {"{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}", "alg"},
    {"{\"alg\":\"RS256\\u0000\",\"kid\":\"rsa\"}", "alg"},
    {"{\"Alg\":\"RS256\",\"kid\":\"rsa\"}", "alg"},
    {"{\"alg\":\"RS256\",\"kid\":null}", "kid"},
    {"{\"alg\":\"RS256\",\"kid\":1}", "kid"},
    {"{\"alg\":\"RS256\",\"kid\":[\"rsa\"]}", "kid"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\\u0000\"}", "kid"},
    {"{\"alg\":\"RS256\"}", "kid"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"b64\"],\"b64\":false}", "crit"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[]}", "crit"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":null}", "crit"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"at+jwt\"}", "typ"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"logout+jwt\"}", "typ"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":null}", "typ"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"\"}", "typ"},
    {"{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"JWT\\u0000\"}", "typ"},
};

START_TEST(headers_refused)
{
    refused(keys, jose_token(JOSE_KIND_RSA, headers[_i].header, CLAIMS, pool), headers[_i].because);
}
END_TEST

static const char *const taken_headers[] = {
    "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"JWT\"}",
    "{\"typ\":\"jwt\",\"alg\":\"RS256\",\"kid\":\"rsa\"}",
    " { \"kid\" : \"rsa\" , \"alg\" : \"RS256\" } ",
    "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5t\":\"AAAA\",\"extra\":{\"a\":[1]}}",
    /* Keys that the token itself contains are ignored. */
    "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":{" JOSE_EC "},\"jku\":\"https://evil.example/\"}",
};

START_TEST(headers_taken)
{
    taken(keys, jose_token(JOSE_KIND_RSA, taken_headers[_i], CLAIMS, pool));
}
END_TEST

/* A key that the token itself contains does not count. */
START_TEST(key_in_the_token)
{
    refused(keys,
            jose_token(JOSE_KIND_EC, "{\"alg\":\"ES256\",\"kid\":\"rsa\",\"jwk\":{" JOSE_EC "}}",
                       CLAIMS, pool),
            "alg");
    refused(set_of("{\"keys\":[]}"),
            jose_token(JOSE_KIND_EC, "{\"alg\":\"ES256\",\"jwk\":{" JOSE_EC "}}", CLAIMS, pool),
            "kid");
}
END_TEST

START_TEST(unknown_kid)
{
    const char *token = jose_token(JOSE_KIND_EC, jose_header("ES256", "new", pool), CLAIMS, pool);
    jose_refused(keys, token, AUTHP_E_NOT_FOUND, "kid", pool);
    jose_refused(set_of("{\"keys\":[]}"), token, AUTHP_E_NOT_FOUND, "kid", pool);
    /* If the only key has another name, or none, it is not used for a token that names a key. */
    jose_refused(only(JOSE_EC), token, AUTHP_E_NOT_FOUND, "kid", pool);
    jose_refused(only("\"kid\":\"ec\"," JOSE_EC), token, AUTHP_E_NOT_FOUND, "kid", pool);
}
END_TEST

START_TEST(missing_kid)
{
    const char *token =
        jose_token(kinds[_i].kind, jose_header(jose_alg(kinds[_i].kind), NULL, pool), CLAIMS, pool);
    taken(only(kinds[_i].members), token);
    taken(only(apr_pstrcat(pool, "\"kid\":\"x\",", kinds[_i].members, NULL)), token);
    /* Keys that are not usable do not count. */
    taken(set_of(apr_pstrcat(pool, "{\"keys\":[{\"use\":\"enc\"," JOSE_RSA "},{", kinds[_i].members,
                             "}]}", NULL)),
          token);
    refused(keys, token, "kid");
    refused(set_of("{\"keys\":[]}"), token, "kid");
}
END_TEST

static const char *const payloads[] = {"",
                                       "x",
                                       "null",
                                       "[]",
                                       "1",
                                       "{",
                                       "{}x",
                                       "{\"a\":1,\"a\":1}",
                                       "\"sub\"",
                                       "{\"a\":\"\xff\"}",
                                       "{\"a\":[[[[[[[[[1]]]]]]]]]}"};

START_TEST(payloads_refused)
{
    refused(keys, jose_token(JOSE_KIND_EC, jose_header("ES256", "ec", pool), payloads[_i], pool),
            payloads[_i][0] == '\0' ? "form" : "payload");
}
END_TEST

/* The payload is a well-spelled text, too: its signature says nothing about other spellings. */
START_TEST(spelling_of_the_payload)
{
    size_t len = 0;
    const char *head = jose_input(jose_header("ES256", "ec", pool), "", pool);
    static const char *const spelled[] = {"e30=", "e31", "e3 0", "e30+", "e", "e3"};
    for (int i = 0; i < COUNT(spelled); i++) {
        const char *input = apr_pstrcat(pool, head, spelled[i], NULL);
        const unsigned char *signature = jose_signature(JOSE_KIND_EC, input, 0, &len, pool);
        refused(keys,
                apr_pstrcat(pool, input, ".", authp_b64url_encode(signature, len, pool), NULL),
                "payload");
    }
    taken(keys, jose_token(JOSE_KIND_EC, jose_header("ES256", "ec", pool), "{}", pool));
}
END_TEST

Suite *suite_jws_header(void)
{
    Suite *suite = suite_create("jws_header");
    TCase *tests = tcase_create("jws_header");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, headers_refused, 0, COUNT(headers));
    tcase_add_loop_test(tests, headers_taken, 0, COUNT(taken_headers));
    tcase_add_test(tests, key_in_the_token);
    tcase_add_test(tests, unknown_kid);
    tcase_add_loop_test(tests, missing_kid, 0, COUNT(kinds));
    tcase_add_loop_test(tests, payloads_refused, 0, COUNT(payloads));
    tcase_add_test(tests, spelling_of_the_payload);
    suite_add_tcase(suite, tests);
    return suite;
}
