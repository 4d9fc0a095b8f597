/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of other issuers: the published examples are accepted, and one forgery of each kind is
 * refused. */
#include <pthread.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/b64url.h"
#include "crypto/digest.h"
#include "crypto/jwt/jws.h"
#include "jose.h"
#include "suite.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define CLAIMS "{\"iss\":\"https://op.example\",\"sub\":\"1\"}"
#define RFC_PAYLOAD                                                                                \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl" \
    "fQ"
#define RFC_RS256                                                                                  \
    "eyJhbGciOiJSUzI1NiJ9." RFC_PAYLOAD                                                            \
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp" \
    "5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHl" \
    "b1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9Q" \
    "OYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define RFC_ES256                                                                                  \
    "eyJhbGciOiJFUzI1NiJ9." RFC_PAYLOAD                                                            \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
#define RFC_EDDSA                                                                                  \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"                                     \
    ".hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

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

static const char *good(int i)
{
    return jose_token(kinds[i].kind, jose_header(jose_alg(kinds[i].kind), kinds[i].kid, pool),
                      CLAIMS, pool);
}

START_TEST(published_examples)
{
    const json_t *claims = taken(only(JOSE_RSA), RFC_RS256);
    ck_assert_int_eq(json_integer_value(json_object_get(claims, "exp")), 1300819380);
    claims = taken(only(JOSE_EC), RFC_ES256);
    ck_assert_str_eq(json_string_value(json_object_get(claims, "iss")), "joe");
    /* The signature of this one is valid, and its payload is a text: "Example of Ed25519 signing".
     */
    refused(only(JOSE_ED), RFC_EDDSA, "payload");
}
END_TEST

START_TEST(every_kind)
{
    const json_t *claims = taken(keys, good(_i));
    ck_assert_str_eq(json_string_value(json_object_get(claims, "sub")), "1");
    ck_assert_uint_eq(json_object_size(claims), 2);
}
END_TEST

/* Every byte of a token counts, also in spellings of base64url that decode to the same bytes. */
START_TEST(every_character_counts)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *token = apr_pstrdup(pool, good(_i));
    for (size_t i = 0; token[i] != '\0'; i++) {
        json_t *payload = NULL;
        const char *why = NULL;
        const char right = token[i];
        const char *at = strchr(digits, right);
        token[i] = at != NULL ? digits[(at - digits) ^ 1] : 'A';
        ck_assert_int_ne(jose_verify(keys, token, strlen(token), &payload, &why, pool), AUTHP_OK);
        ck_assert_ptr_null(payload);
        token[i] = '\0';
        ck_assert_int_ne(
            jose_verify(keys, token, i + 1 + strlen(token + i + 1), &payload, &why, pool),
            AUTHP_OK);
        token[i] = right;
    }
    taken(keys, token);
}
END_TEST

START_TEST(every_length_counts)
{
    const char *token = good(_i);
    json_t *payload = NULL;
    const char *why = NULL;
    for (size_t len = 0; len < strlen(token); len++) {
        ck_assert_int_eq(jose_verify(keys, token, len, &payload, &why, pool),
                         AUTHP_E_TOKEN_INVALID);
    }
    ck_assert_ptr_null(payload);
}
END_TEST

static const char *const no_algorithms[] = {
    "none",  "None",   "NONE",    "nOnE",  "",      "HS256",    "HS384",
    "HS512", "RS384",  "RS512",   "PS256", "ES384", "ES256K",   "ES512",
    "rs256", "RS256 ", "Ed25519", "Ed448", "EDDSA", "RSA-OAEP", "dir"};

/* With the signature of a good token, without one, and with one of each key. */
START_TEST(other_algorithms)
{
    const char *header = jose_header(no_algorithms[_i], "rsa", pool);
    const char *input = jose_input(header, CLAIMS, pool);
    refused(keys, apr_pstrcat(pool, input, ".", NULL), "alg");
    refused(keys, apr_pstrcat(pool, input, strrchr(good(0), '.'), NULL), "alg");
    for (int i = 0; i < COUNT(kinds); i++) {
        refused(keys, jose_token(kinds[i].kind, header, CLAIMS, pool), "alg");
    }
    refused(only(JOSE_RSA),
            jose_token(JOSE_KIND_RSA, jose_header(no_algorithms[_i], NULL, pool), CLAIMS, pool),
            "alg");
}
END_TEST

/* The public key, in the forms in which anybody can write it, used as the secret of an HMAC. */
START_TEST(public_key_as_secret)
{
    char *pem = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, jose_key(JOSE_KIND_RSA, pool)), 1);
    const size_t len = (size_t)BIO_get_mem_data(bio, &pem);
    const char *input = jose_input(jose_header("HS256", "rsa", pool), CLAIMS, pool);
    const char *lying = jose_input(jose_header("RS256", "rsa", pool), CLAIMS, pool);
    for (size_t cut = 0; cut < 2; cut++) { /* with the last newline and without it */
        unsigned char mac[AUTHP_SHA256_LEN];
        authp_bytes_t part = {input, strlen(input)};
        ck_assert_int_eq(authp_digest_hmac(pem, len - cut, &part, 1, mac), AUTHP_OK);
        refused(keys, apr_pstrcat(pool, input, ".", authp_b64url_encode(mac, 32, pool), NULL),
                "alg");
        part = (authp_bytes_t){lying, strlen(lying)};
        ck_assert_int_eq(authp_digest_hmac(pem, len - cut, &part, 1, mac), AUTHP_OK);
        refused(keys, apr_pstrcat(pool, lying, ".", authp_b64url_encode(mac, 32, pool), NULL),
                "signature");
    }
    BIO_free(bio);
}
END_TEST

/* Each key has one algorithm, whatever the header says and whichever key made the signature. */
START_TEST(algorithm_of_another_key)
{
    for (int named = 0; named < COUNT(kinds); named++) {
        for (int said = 0; said < COUNT(kinds); said++) {
            for (int signs = 0; signs < COUNT(kinds); signs++) {
                const char *header =
                    jose_header(jose_alg(kinds[said].kind), kinds[named].kid, pool);
                const char *token = jose_token(kinds[signs].kind, header, CLAIMS, pool);
                if (named == said && said == signs) {
                    taken(keys, token);
                } else {
                    refused(keys, token, named == said ? "signature" : "alg");
                }
            }
        }
    }
}
END_TEST

START_TEST(swapped_parts)
{
    const char *a = good(_i);
    const char *b =
        jose_token(kinds[_i].kind, jose_header(jose_alg(kinds[_i].kind), kinds[_i].kid, pool),
                   "{\"sub\":\"2\"}", pool);
    const char *first = strchr(a, '.');
    const char *second = strrchr(a, '.');
    refused(keys,
            apr_pstrcat(pool, apr_pstrmemdup(pool, a, (size_t)(second - a)), strrchr(b, '.'), NULL),
            "signature");
    refused(
        keys,
        apr_pstrcat(pool, apr_pstrmemdup(pool, a, (size_t)(first - a)), strchr(b, '.'), ".", NULL),
        "form");
    refused(keys,
            apr_pstrcat(pool, apr_pstrmemdup(pool, b, (size_t)(strrchr(b, '.') - b)), second, NULL),
            "signature");
    refused(keys, apr_pstrcat(pool, first + 1, ".", second + 1, NULL), "alg");
    refused(keys, apr_pstrcat(pool, a, ".", NULL), "form");
    refused(keys, apr_pstrcat(pool, ".", a, NULL), "form");
    refused(keys, apr_pstrcat(pool, a, ".", second + 1, NULL), "form");
    refused(keys, apr_pstrcat(pool, " ", a, NULL), "header");
    refused(keys, apr_pstrcat(pool, a, " ", NULL), "signature");
    refused(keys, apr_pstrcat(pool, a, "=", NULL), "signature");
    refused(keys, apr_pstrcat(pool, a, "\n", NULL), "signature");
    refused(keys, "", "form");
    refused(keys, "..", "form");
    refused(keys, apr_pstrcat(pool, "..", second + 1, NULL), "form");
}
END_TEST

START_TEST(forms_of_signatures)
{
    const char *input =
        jose_input(jose_header(jose_alg(kinds[_i].kind), kinds[_i].kid, pool), CLAIMS, pool);
    unsigned char bytes[600] = {0};
    size_t len = 0;
    memcpy(bytes + 1, jose_signature(kinds[_i].kind, input, 0, &len, pool), 64);
    for (size_t made = 0; made < 300; made += made < 70 ? 1 : 32) {
        const char *zeros = authp_b64url_encode(bytes + 100, made, pool);
        refused(keys, apr_pstrcat(pool, input, ".", zeros, NULL), "signature");
    }
    /* Short by a byte, with a byte before or behind it. */
    const unsigned char *right = jose_signature(kinds[_i].kind, input, 0, &len, pool);
    memcpy(bytes + 1, right, len);
    const size_t starts[] = {1, 2, 0, 1};
    const size_t lengths[] = {len - 1, len - 1, len + 1, len + 1};
    for (int i = 0; i < COUNT(starts); i++) {
        const char *text = authp_b64url_encode(bytes + starts[i], lengths[i], pool);
        refused(keys, apr_pstrcat(pool, input, ".", text, NULL), "signature");
    }
    taken(keys, apr_pstrcat(pool, input, ".", authp_b64url_encode(bytes + 1, len, pool), NULL));
}
END_TEST

START_TEST(der_instead_of_raw)
{
    size_t len = 0;
    const char *input = jose_input(jose_header("ES256", "ec", pool), CLAIMS, pool);
    const unsigned char *der = jose_signature(JOSE_KIND_EC, input, 1, &len, pool);
    refused(keys, apr_pstrcat(pool, input, ".", authp_b64url_encode(der, len, pool), NULL),
            "signature");
}
END_TEST

START_TEST(size_is_bounded)
{
    /* One byte more, and nobody looks at the header. */
    char *largest = apr_palloc(pool, AUTHP_JWS_MOST + 2);
    memset(largest, 'x', AUTHP_JWS_MOST + 1);
    largest[1] = largest[3] = '.';
    largest[AUTHP_JWS_MOST + 1] = '\0';
    refused(keys, largest, "form");
    largest[AUTHP_JWS_MOST] = '\0';
    refused(keys, largest, "header");
    char *filler = apr_palloc(pool, 20001);
    memset(filler, 'x', 20000);
    filler[20000] = '\0';
    const char *header = jose_header("EdDSA", "ed", pool);
    refused(
        keys,
        jose_token(JOSE_KIND_ED, header, apr_pstrcat(pool, "{\"a\":\"", filler, "\"}", NULL), pool),
        "form");
    filler[12000] = '\0';
    taken(keys, jose_token(JOSE_KIND_ED, header,
                           apr_pstrcat(pool, "{\"a\":\"", filler, "\"}", NULL), pool));
}
END_TEST

static void *verify_often(void *data)
{
    apr_pool_t *own = NULL;
    const char *const *tokens = data;
    size_t failures = 0;
    apr_pool_create(&own, NULL);
    for (int i = 0; i < 150; i++) {
        json_t *payload = NULL;
        const char *why = NULL;
        const char *token = tokens[i % COUNT(kinds)];
        if (authp_jws_verify(keys, token, strlen(token), &payload, &why, own) != AUTHP_OK) {
            failures++;
        }
    }
    apr_pool_destroy(own);
    return (void *)failures;
}

START_TEST(many_threads)
{
    pthread_t threads[8];
    const char *tokens[] = {good(0), good(1), good(2)};
    for (int i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, verify_often, tokens), 0);
    }
    for (int i = 0; i < COUNT(threads); i++) {
        void *failures = NULL;
        pthread_join(threads[i], &failures);
        ck_assert_ptr_null(failures);
    }
}
END_TEST

Suite *suite_jws(void)
{
    Suite *suite = suite_create("jws");
    TCase *tests = tcase_create("jws");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, published_examples);
    tcase_add_loop_test(tests, every_kind, 0, COUNT(kinds));
    tcase_add_loop_test(tests, every_character_counts, 0, COUNT(kinds));
    tcase_add_loop_test(tests, every_length_counts, 0, COUNT(kinds));
    tcase_add_loop_test(tests, other_algorithms, 0, COUNT(no_algorithms));
    tcase_add_test(tests, public_key_as_secret);
    tcase_add_test(tests, algorithm_of_another_key);
    tcase_add_loop_test(tests, swapped_parts, 0, COUNT(kinds));
    tcase_add_loop_test(tests, forms_of_signatures, 0, COUNT(kinds));
    tcase_add_test(tests, der_instead_of_raw);
    tcase_add_test(tests, size_is_bounded);
    tcase_add_test(tests, many_threads);
    suite_add_tcase(suite, tests);
    return suite;
}
