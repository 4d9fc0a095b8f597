/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of public keys: which keys are usable, which are left out, which sets are refused. */
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include <openssl/bn.h>
#include <openssl/err.h>

#include "base/b64url.h"
#include "base/clock.h"
#include "crypto/jwt/jwk.h"
#include "jose.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static authp_jwk_set_t *taken(const char *text)
{
    authp_jwk_set_t *set = NULL;
    ck_assert_int_eq(authp_jwk_parse(text, strlen(text), &set, pool), AUTHP_OK);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    return set;
}

static void refused(const char *text, authp_err_t expected)
{
    authp_jwk_set_t *set = NULL;
    ck_assert_int_eq(authp_jwk_parse(text, strlen(text), &set, pool), expected);
    ck_assert_ptr_null(set);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

static const char *set_of(const char *members)
{
    return apr_pstrcat(pool, "{\"keys\":[{", members, "}]}", NULL);
}

START_TEST(every_kind)
{
    const authp_jwk_set_t *set = taken(JOSE_SET);
    ck_assert_int_eq(authp_jwk_count(set), 3);
    ck_assert_str_eq(authp_jwk_key_alg(authp_jwk_find(set, "rsa")), "RS256");
    ck_assert_str_eq(authp_jwk_key_alg(authp_jwk_find(set, "ec")), "ES256");
    ck_assert_str_eq(authp_jwk_key_alg(authp_jwk_find(set, "ed")), "EdDSA");
    ck_assert_ptr_null(authp_jwk_find(set, "Ed"));
    ck_assert_ptr_null(authp_jwk_find(set, ""));
    ck_assert_ptr_null(authp_jwk_only(set));
}
END_TEST

static const char *const usable[] = {
    JOSE_RSA,
    JOSE_EC,
    JOSE_ED,
    "\"alg\":\"RS256\",\"use\":\"sig\",\"key_ops\":[\"verify\"]," JOSE_RSA,
    "\"alg\":\"ES256\",\"use\":\"sig\"," JOSE_EC,
    "\"alg\":\"EdDSA\",\"key_ops\":[\"sign\",\"verify\"]," JOSE_ED,
    "\"x5t\":\"AAAA\",\"x5c\":[\"AAAA\"],\"extra\":{\"a\":[1]}," JOSE_EC,
    "\"kty\":\"RSA\",\"e\":\"Aw\",\"n\":\"" JOSE_RSA_N "\"",
    "\"kid\":\"\"," JOSE_EC,
};

START_TEST(usable_alone)
{
    const authp_jwk_set_t *set = taken(set_of(usable[_i]));
    ck_assert_int_eq(authp_jwk_count(set), 1);
    ck_assert_ptr_nonnull(authp_jwk_only(set));
}
END_TEST

#define EC_KEY(x, y) "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\""
#define RSA_KEY(n, e) "\"kty\":\"RSA\",\"n\":\"" n "\",\"e\":\"" e "\""
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const char *const unfit[] = {
    "",
    "\"kty\":1",
    "\"kty\":\"oct\",\"k\":\"" ZEROS "\"",
    "\"kty\":\"oct\",\"k\":\"" ZEROS "\",\"alg\":\"HS256\"",
    "\"kty\":\"rsa\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\"",
    "\"kty\":\"RSA\\u0000\",\"n\":\"" JOSE_RSA_N "\",\"e\":\"AQAB\"",
    /* RSA */
    "\"kty\":\"RSA\",\"n\":\"" JOSE_RSA_N "\"",
    "\"kty\":\"RSA\",\"e\":\"AQAB\"",
    RSA_KEY(JOSE_RSA_N, ""),
    RSA_KEY(JOSE_RSA_N, "AQ"),                /* 1 */
    RSA_KEY(JOSE_RSA_N, "AA"),                /* 0 */
    RSA_KEY(JOSE_RSA_N, "AQAA"),              /* even */
    RSA_KEY(JOSE_RSA_N, "AQAAAAE"),           /* five bytes */
    RSA_KEY(JOSE_RSA_N, "AQAB="),             /* not canonical */
    RSA_KEY(JOSE_RSA_N "AA", "AQAB"),         /* not a whole number of bytes */
    RSA_KEY(JOSE_RSA_N JOSE_RSA_N, "AQ+B"),   /* another alphabet */
    RSA_KEY(JOSE_EC_X, "AQAB"),               /* 256 bits */
    "\"kty\":\"RSA\",\"n\":5,\"e\":\"AQAB\"", /* a number as a number */
    /* EC */
    EC_KEY(JOSE_EC_X, JOSE_EC_X),
    EC_KEY(ZEROS, ZEROS),
    EC_KEY(JOSE_EC_Y, JOSE_EC_X),
    EC_KEY(JOSE_EC_X, ""),
    EC_KEY(JOSE_EC_X, "AQ"),
    EC_KEY("AAAA" JOSE_EC_X, JOSE_EC_Y),
    "\"kty\":\"EC\",\"x\":\"" JOSE_EC_X "\",\"y\":\"" JOSE_EC_Y "\"",
    "\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" JOSE_EC_X "\",\"y\":\"" JOSE_EC_Y "\"",
    "\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" JOSE_EC_X "\",\"y\":\"" JOSE_EC_Y "\"",
    /* OKP */
    "\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" JOSE_ED_X "\"",
    "\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" JOSE_ED_X "\"",
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"",
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\"",
    /* for something else */
    "\"use\":\"enc\"," JOSE_RSA,
    "\"use\":[\"sig\"]," JOSE_RSA,
    "\"use\":null," JOSE_RSA,
    "\"key_ops\":[]," JOSE_EC,
    "\"key_ops\":[\"sign\",\"encrypt\",1]," JOSE_EC,
    "\"key_ops\":\"verify\"," JOSE_EC,
    "\"alg\":\"PS256\"," JOSE_RSA,
    "\"alg\":\"RS512\"," JOSE_RSA,
    "\"alg\":\"HS256\"," JOSE_RSA,
    "\"alg\":\"none\"," JOSE_RSA,
    "\"alg\":\"ES256\"," JOSE_RSA,
    "\"alg\":\"RS256\"," JOSE_EC,
    "\"alg\":\"rs256\"," JOSE_RSA,
    "\"alg\":256," JOSE_RSA,
    "\"alg\":\"ES256\"," JOSE_ED,
    "\"kid\":5," JOSE_RSA,
    "\"kid\":null," JOSE_RSA,
    "\"kid\":\"a\\u0000b\"," JOSE_RSA,
    /* with the private part */
    "\"d\":\"AQAB\"," JOSE_RSA,
    "\"p\":\"AQAB\"," JOSE_RSA,
    "\"q\":\"AQAB\"," JOSE_RSA,
    "\"dp\":\"AQAB\"," JOSE_RSA,
    "\"dq\":\"AQAB\"," JOSE_RSA,
    "\"qi\":\"AQAB\"," JOSE_RSA,
    "\"oth\":[]," JOSE_RSA,
    "\"d\":\"" ZEROS "\"," JOSE_EC,
    "\"d\":\"" ZEROS "\"," JOSE_ED,
    "\"k\":\"" ZEROS "\"," JOSE_ED,
};

/* The key is left out, and the other keys of the set stay. */
START_TEST(unfit_left_out)
{
    const char *text =
        apr_pstrcat(pool, "{\"keys\":[{", unfit[_i], "},{\"kid\":\"good\"," JOSE_EC "}]}", NULL);
    const authp_jwk_set_t *set = taken(text);
    ck_assert_int_eq(authp_jwk_count(set), 1);
    ck_assert_ptr_eq(authp_jwk_find(set, "good"), authp_jwk_only(set));
    ck_assert_ptr_nonnull(authp_jwk_only(set));
    ck_assert_int_eq(authp_jwk_count(taken(set_of(unfit[_i]))), 0);
}
END_TEST

/* Returns a key whose modulus is the product of two Mersenne primes, 2^a - 1 and 2^b - 1 (b = 0:
 * only the first). It has a + b bits, and no prime must be searched for. */
static const char *mersenne(int a, int b)
{
    unsigned char bytes[2048];
    BIGNUM *first = BN_new();
    BIGNUM *second = BN_new();
    BN_CTX *ctx = BN_CTX_new();
    ck_assert_int_eq(BN_set_bit(first, a), 1);
    ck_assert_int_eq(BN_sub_word(first, 1), 1);
    if (b > 0) {
        ck_assert_int_eq(BN_set_bit(second, b), 1);
        ck_assert_int_eq(BN_sub_word(second, 1), 1);
        ck_assert_int_eq(BN_mul(first, first, second, ctx), 1);
    }
    ck_assert_int_eq(BN_num_bits(first), a + b);
    int len = BN_bn2bin(first, bytes);
    BN_free(first);
    BN_free(second);
    BN_CTX_free(ctx);
    return apr_pstrcat(pool, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"",
                       authp_b64url_encode(bytes, (size_t)len, pool), "\"}", NULL);
}

static const struct {
    int a;
    int b;
    int usable;
} sizes[] = {
    {521, 607, 0},   {607, 1279, 0},  {521, 1279, 0}, {1279, 2203, 1}, {2203, 0, 1},
    {3217, 4423, 1}, {4253, 4423, 0}, {607, 521, 0},  {9689, 0, 0},
};

/* Between 2048 and 8192 bits. */
START_TEST(rsa_sizes)
{
    const char *text =
        apr_pstrcat(pool, "{\"keys\":[", mersenne(sizes[_i].a, sizes[_i].b), "]}", NULL);
    ck_assert_int_eq(authp_jwk_count(taken(text)), sizes[_i].usable);
}
END_TEST

static const char *repeated(const char *key, int times)
{
    const char *keys = key;
    for (int i = 1; i < times; i++) {
        keys = apr_pstrcat(pool, keys, ",", key, NULL);
    }
    return apr_pstrcat(pool, "{\"keys\":[", keys, "]}", NULL);
}

/* A modulus that is a prime keeps OpenSSL's check of RSA keys busy for seconds. */
START_TEST(work_is_bounded)
{
    const authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    taken(repeated(mersenne(4423, 0), AUTHP_JWK_KEYS_MOST));
    taken(repeated(mersenne(4423, 3217), AUTHP_JWK_KEYS_MOST));
    ck_assert_int_lt(authp_clock_now(authp_clock_monotonic()) - began, 5000);
}
END_TEST

static const char *const malformed[] = {
    "",
    " ",
    "null",
    "[]",
    "\"keys\"",
    "{}",
    "{\"keys\":null}",
    "{\"keys\":{}}",
    "{\"keys\":\"x\"}",
    "{\"Keys\":[]}",
    "[{" JOSE_EC "}]",
    "{" JOSE_EC "}",
    "{\"keys\":[]",
    "{\"keys\":[]}x",
    "{\"keys\":[],\"keys\":[]}",
    "{\"keys\":[{\"kid\":\"a\",\"kid\":\"b\"," JOSE_EC "}]}",
    "{\"keys\":[{\"kid\":\"a\"," JOSE_EC "},{\"kid\":\"a\"," JOSE_RSA "}]}",
    "{\"keys\":[{\"kid\":\"a\"," JOSE_EC "},{\"kid\":\"a\"," JOSE_EC "}]}",
    "{\"keys\":[{\"x\":[[[[[[[[[[]]]]]]]]]]}]}",
    "<html>",
};

START_TEST(malformed_refused)
{
    refused(malformed[_i], AUTHP_E_MALFORMED);
}
END_TEST

/* What a set may have beside usable keys. */
START_TEST(empty_and_odd_sets)
{
    ck_assert_int_eq(authp_jwk_count(taken("{\"keys\":[]}")), 0);
    ck_assert_int_eq(authp_jwk_count(taken("{\"keys\":[1,null,[],\"x\",{}],\"x\":1}")), 0);
    ck_assert_ptr_null(authp_jwk_only(taken("{\"keys\":[]}")));
    ck_assert_ptr_null(authp_jwk_find(taken("{\"keys\":[{" JOSE_EC "}]}"), ""));
    /* A key that is left out may have the kid of another one. */
    ck_assert_int_eq(authp_jwk_count(taken("{\"keys\":[{\"kid\":\"a\"," JOSE_EC
                                           "},{\"kid\":\"a\",\"use\":\"enc\"," JOSE_RSA "}]}")),
                     1);
    /* Several keys without a kid are not duplicates. */
    ck_assert_int_eq(authp_jwk_count(taken(repeated("{" JOSE_EC "}", 2))), 2);
}
END_TEST

START_TEST(number_of_keys)
{
    ck_assert_int_eq(authp_jwk_count(taken(repeated("{" JOSE_ED "}", AUTHP_JWK_KEYS_MOST))),
                     AUTHP_JWK_KEYS_MOST);
    ck_assert_int_eq(authp_jwk_count(taken(repeated("{" JOSE_RSA "}", AUTHP_JWK_KEYS_MOST))),
                     AUTHP_JWK_KEYS_MOST);
    refused(repeated("{" JOSE_ED "}", AUTHP_JWK_KEYS_MOST + 1), AUTHP_E_MALFORMED);
    refused(repeated("1", 1000), AUTHP_E_MALFORMED);
}
END_TEST

START_TEST(size_of_the_text)
{
    authp_jwk_set_t *set = NULL;
    const size_t most = 1024 * 1024;
    char *text = apr_palloc(pool, most);
    memset(text, ' ', most);
    memcpy(text, "{\"keys\":[]}", 11);
    ck_assert_int_eq(authp_jwk_parse(text, most, &set, pool), AUTHP_E_TOO_LARGE);
    ck_assert_int_eq(authp_jwk_parse(text, AUTHP_JWK_SET_MOST + 1, &set, pool), AUTHP_E_TOO_LARGE);
    ck_assert_ptr_null(set);
    ck_assert_int_eq(authp_jwk_parse(text, AUTHP_JWK_SET_MOST, &set, pool), AUTHP_OK);
}
END_TEST

/* The set copies the text, so nothing in it points into the text. */
START_TEST(text_may_go)
{
    char *text = apr_pstrdup(pool, JOSE_SET);
    const authp_jwk_set_t *set = taken(text);
    memset(text, 'x', strlen(text));
    ck_assert_ptr_nonnull(authp_jwk_find(set, "rsa"));
    ck_assert_ptr_nonnull(authp_jwk_find(set, "ed"));
}
END_TEST

Suite *suite_jwk(void)
{
    Suite *suite = suite_create("jwk");
    TCase *tests = tcase_create("jwk");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, every_kind);
    tcase_add_loop_test(tests, usable_alone, 0, COUNT(usable));
    tcase_add_loop_test(tests, unfit_left_out, 0, COUNT(unfit));
    tcase_add_loop_test(tests, rsa_sizes, 0, COUNT(sizes));
    tcase_add_test(tests, work_is_bounded);
    tcase_add_loop_test(tests, malformed_refused, 0, COUNT(malformed));
    tcase_add_test(tests, empty_and_odd_sets);
    tcase_add_test(tests, number_of_keys);
    tcase_add_test(tests, size_of_the_text);
    tcase_add_test(tests, text_may_go);
    suite_add_tcase(suite, tests);
    return suite;
}
