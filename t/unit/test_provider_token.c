/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a provider that change, and id_tokens that a phone brings, which count once. */
#include "provider_fixture.h"
#include "service/provider/provider_flow.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define ONLY_RSA "{\"keys\":[{\"kid\":\"rsa\"," JOSE_RSA "}]}"

static provider_fixture_t p;
static authp_store_ops_t ops;
static struct added_t {
    int calls;
    char key[80];
    authp_ms_t expires_at;
} added;

static authp_err_t note_used(void *self, const char *key, authp_ms_t expires_at, apr_pool_t *pool)
{
    added.calls++;
    apr_cpystrn(added.key, key, sizeof(added.key));
    added.expires_at = expires_at;
    return mem_store_ops.used_token_add(self, key, expires_at, pool);
}

static void set_up(void)
{
    provider_fixture_open(&p);
    added = (struct added_t){.calls = 0};
    ops = *p.f.store->ops;
    ops.used_token_add = note_used;
    p.f.store->ops = &ops;
}

static void tear_down(void)
{
    provider_fixture_close(&p);
}

static authp_err_t present(const char *id_token, const char *nonce, const char **why)
{
    authp_provider_word_t word;
    authp_err_t err =
        authp_provider_flow_token(p.f.realm, &p.google, id_token, nonce, &word, p.f.pool);
    *why = word.why;
    ck_assert_int_eq(err == AUTHP_OK, word.person.sub != NULL);
    return err;
}

static void taken(const char *id_token)
{
    const char *why = NULL;
    authp_err_t err = present(id_token, OP_NONCE, &why);
    ck_assert_msg(err == AUTHP_OK, "%d: %s", err, why);
    ck_assert_ptr_null(why);
}

static void refused(const char *id_token, const char *nonce, authp_err_t expected,
                    const char *because)
{
    const char *why = NULL;
    ck_assert_int_eq(present(id_token, nonce, &why), expected);
    ck_assert_pstr_eq(why, because);
}

static const char *token_of(jose_kind_t kind, const char *sub)
{
    const char *json = apr_psprintf(p.f.pool, "\"%s\"", sub);
    return provider_fixture_sign(&p, kind, provider_fixture_claims(&p, "sub", json));
}

START_TEST(each_algorithm)
{
    taken(token_of(JOSE_KIND_RSA, "1"));
    taken(token_of(JOSE_KIND_EC, "1"));
    taken(token_of(JOSE_KIND_ED, "1"));
    ck_assert_int_eq(p.keys.calls, 1);
    ck_assert_int_eq(p.discovery.calls, 1);
}
END_TEST

/* The key decides: another algorithm, none, or an HMAC with the public key is refused. */
START_TEST(wrong_algorithms_and_signatures)
{
    const char *claims = provider_fixture_claims(&p, NULL, NULL);
    const char *none = jose_input("{\"alg\":\"none\",\"kid\":\"rsa\"}", claims, p.f.pool);
    refused(apr_pstrcat(p.f.pool, none, ".", NULL), OP_NONCE, AUTHP_E_TOKEN_INVALID, "alg");
    refused(jose_token(JOSE_KIND_RSA, jose_header("HS256", "rsa", p.f.pool), claims, p.f.pool),
            OP_NONCE, AUTHP_E_TOKEN_INVALID, "alg");
    refused(jose_token(JOSE_KIND_EC, jose_header("ES256", "rsa", p.f.pool), claims, p.f.pool),
            OP_NONCE, AUTHP_E_TOKEN_INVALID, "alg");
    refused(jose_token(JOSE_KIND_EC, jose_header("RS256", "rsa", p.f.pool), claims, p.f.pool),
            OP_NONCE, AUTHP_E_TOKEN_INVALID, "signature");
    refused("", OP_NONCE, AUTHP_E_TOKEN_INVALID, "form");
    ck_assert_int_eq(p.keys.calls, 1);
    ck_assert_int_eq(added.calls, 0);
}
END_TEST

/* An unknown kid lets the keys be fetched again, also right after the first fetch, but at most once
 * a minute. */
START_TEST(new_keys)
{
    p.keys.body = ONLY_RSA;
    taken(token_of(JOSE_KIND_RSA, "1"));
    p.keys.body = "{\"keys\":[{\"kid\":\"rsa\"," JOSE_RSA "},{\"kid\":\"ec\"," JOSE_EC "}]}";
    taken(token_of(JOSE_KIND_EC, "1"));
    ck_assert_int_eq(p.keys.calls, 2);
    p.keys.body = JOSE_SET;
    refused(token_of(JOSE_KIND_ED, "1"), OP_NONCE, AUTHP_E_OAUTH_FAILED, "kid");
    ck_assert_int_eq(p.keys.calls, 2);
    fake_clock_advance(&p.f.clock, 59999);
    refused(token_of(JOSE_KIND_ED, "1"), OP_NONCE, AUTHP_E_OAUTH_FAILED, "kid");
    ck_assert_int_eq(p.keys.calls, 2);
    fake_clock_advance(&p.f.clock, 1);
    taken(token_of(JOSE_KIND_ED, "1"));
    ck_assert_int_eq(p.keys.calls, 3);
}
END_TEST

START_TEST(keys_that_cannot_be_had)
{
    static const char *const broken[] = {"", "{}", "[]", "{\"keys\":7}",
                                         "{\"keys\":[{\"kid\":\"a\"," JOSE_ED
                                         "},{\"kid\":\"a\"," JOSE_EC "}]}"};
    const char *token = token_of(JOSE_KIND_RSA, "1");
    for (size_t i = 0; i < LENGTH(broken); i++) {
        p.keys.body = broken[i];
        provider_fixture_set(&p, 4);
        refused(token, OP_NONCE, AUTHP_E_OAUTH_UNAVAILABLE, NULL);
    }
    p.keys.body = JOSE_SET;
    for (int status = 301; status <= 503; status += 101) {
        p.keys.status = status;
        provider_fixture_set(&p, 4);
        refused(token, OP_NONCE, AUTHP_E_OAUTH_UNAVAILABLE, NULL);
    }
    p.keys.status = 200;
    provider_fixture_set(&p, 4);
    taken(token);
    /* They stay while the provider is down. A new kid cannot be judged then. */
    p.keys.err = AUTHP_E_UNAVAILABLE;
    p.discovery.err = AUTHP_E_UNAVAILABLE;
    fake_clock_advance(&p.f.clock, 301000);
    taken(token_of(JOSE_KIND_RSA, "2"));
    refused(jose_token(JOSE_KIND_RSA, jose_header("RS256", "new", p.f.pool),
                       provider_fixture_claims(&p, NULL, NULL), p.f.pool),
            OP_NONCE, AUTHP_E_OAUTH_UNAVAILABLE, "kid");
}
END_TEST

START_TEST(a_token_counts_once)
{
    static const jose_kind_t kinds[] = {JOSE_KIND_RSA, JOSE_KIND_EC, JOSE_KIND_ED};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        const char *token = token_of(kinds[i], "1001");
        taken(token);
        refused(token, OP_NONCE, AUTHP_E_TOKEN_INVALID, "used");
        taken(token_of(kinds[i], "1002"));
    }
}
END_TEST

/* An EC key signs the same text in many ways. */
START_TEST(another_signature_of_the_same_token)
{
    const char *token = token_of(JOSE_KIND_EC, "1001");
    const char *again = token_of(JOSE_KIND_EC, "1001");
    ck_assert_str_ne(token, again);
    ck_assert_int_eq(strncmp(token, again, (size_t)(strrchr(token, '.') - token)), 0);
    taken(token);
    refused(again, OP_NONCE, AUTHP_E_TOKEN_INVALID, "used");
}
END_TEST

/* A used token is remembered until it would be refused anyway: exp, the leeway, and the rest of
 * that second. */
START_TEST(how_long_it_is_remembered)
{
    taken(
        provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "exp", "1795219300")));
    ck_assert_int_eq(added.calls, 1);
    ck_assert_uint_eq(strlen(added.key), 64);
    ck_assert_uint_eq(strspn(added.key, "0123456789abcdef"), 64);
    ck_assert_int_eq(added.expires_at, INT64_C(1795219361000));
    /* A provider may write any number. */
    taken(provider_fixture_sign(&p, JOSE_KIND_EC,
                                provider_fixture_claims(&p, "exp", "9223372036854775807")));
    ck_assert_int_eq(added.expires_at, INT64_C(253402300860000));
}
END_TEST

START_TEST(a_refused_token_is_not_used_up)
{
    const char *token = token_of(JOSE_KIND_EC, "1001");
    refused(token, "another", AUTHP_E_TOKEN_INVALID, "nonce");
    refused(token, NULL, AUTHP_E_TOKEN_INVALID, "nonce");
    ck_assert_int_eq(added.calls, 0);
    taken(token);
    const char *late = token_of(JOSE_KIND_EC, "1002");
    fake_clock_advance(&p.f.clock, 3659999);
    taken(late);
    fake_clock_advance(&p.f.clock, 1);
    refused(token_of(JOSE_KIND_EC, "1003"), OP_NONCE, AUTHP_E_TOKEN_INVALID, "exp");
}
END_TEST

/* A token that passes the checks is used, even if its person is refused. */
START_TEST(an_unverified_address_uses_it_up)
{
    const char *token = provider_fixture_sign(
        &p, JOSE_KIND_EC, provider_fixture_claims(&p, "email_verified", "false"));
    refused(token, OP_NONCE, AUTHP_E_EMAIL_UNVERIFIED, NULL);
    refused(token, OP_NONCE, AUTHP_E_TOKEN_INVALID, "used");
}
END_TEST

START_TEST(tokens_of_phones)
{
    const char *why = NULL;
    taken(provider_fixture_sign(&p, JOSE_KIND_EC,
                                provider_fixture_claims(&p, "aud", "\"" OP_PHONE "\"")));
    refused(
        provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "aud", "\"another\"")),
        OP_NONCE, AUTHP_E_TOKEN_INVALID, "aud");
    const char *without =
        provider_fixture_sign(&p, JOSE_KIND_EC, provider_fixture_claims(&p, "nonce", NULL));
    refused(without, OP_NONCE, AUTHP_E_TOKEN_INVALID, "nonce");
    ck_assert_int_eq(present(without, NULL, &why), AUTHP_OK);
}
END_TEST

START_TEST(faults_of_the_store)
{
    const char *token = token_of(JOSE_KIND_EC, "1001");
    mem_store_fail(p.f.store, "used_token_add", 1, AUTHP_E_UNAVAILABLE);
    refused(token, OP_NONCE, AUTHP_E_UNAVAILABLE, NULL);
    taken(token);
}
END_TEST

Suite *suite_provider_token(void)
{
    Suite *suite = suite_create("provider_token");
    TCase *tests = tcase_create("provider_token");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_algorithm);
    tcase_add_test(tests, wrong_algorithms_and_signatures);
    tcase_add_test(tests, new_keys);
    tcase_add_test(tests, keys_that_cannot_be_had);
    tcase_add_test(tests, a_token_counts_once);
    tcase_add_test(tests, another_signature_of_the_same_token);
    tcase_add_test(tests, how_long_it_is_remembered);
    tcase_add_test(tests, a_refused_token_is_not_used_up);
    tcase_add_test(tests, an_unverified_address_uses_it_up);
    tcase_add_test(tests, tokens_of_phones);
    tcase_add_test(tests, faults_of_the_store);
    suite_add_tcase(suite, tests);
    return suite;
}
