/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, HMAC and HKDF with published vectors. If OpenSSL cannot compute one, the call fails. */
#include "base/log.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"
#include "crypto/jwt/jwt.h"
#include "crypto/keys.h"
#include "crypto/seal.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#define SECRET "first-key-first-key-first-key-first-key"
#define OTHER "other-key-other-key-other-key-other-key"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_pool_t *pool;
static char last_line[1100];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    (void)level;
    apr_cpystrn(last_line, message, sizeof(last_line));
}

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    last_line[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void teardown(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

static const char *hex(const unsigned char sum[AUTHP_SHA256_LEN])
{
    char *text = apr_palloc(pool, (apr_size_t)AUTHP_SHA256_LEN * 2 + 1);
    for (size_t i = 0; i < AUTHP_SHA256_LEN; i++) {
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
    }
    return text;
}

static authp_secret_t *secret_of(const char *text)
{
    return authp_secret_make(text, strlen(text), pool);
}

/* NIST: FIPS 180-4's examples and the long-standing vectors of its test set. */
static const struct {
    const char *message;
    const char *sum;
} sha_vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

START_TEST(sha256_vectors)
{
    unsigned char sum[AUTHP_SHA256_LEN];
    const char *message = sha_vectors[_i].message;
    ck_assert_int_eq(authp_digest_sha256(message, strlen(message), sum), AUTHP_OK);
    ck_assert_str_eq(hex(sum), sha_vectors[_i].sum);
}
END_TEST

START_TEST(sha256_of_a_million)
{
    unsigned char sum[AUTHP_SHA256_LEN];
    char *message = apr_palloc(pool, 1000000);
    memset(message, 'a', 1000000);
    ck_assert_int_eq(authp_digest_sha256(message, 1000000, sum), AUTHP_OK);
    ck_assert_str_eq(hex(sum), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* RFC 4231, cases 1 to 7. A key or text that repeats one byte is given as that byte and a length.
 * The RFC has only the first half of the sum of case 5. */
static const struct {
    const char *key;
    int key_len; /* 0: `key` is the whole key, else how many times its byte is repeated */
    const char *data;
    int data_len;
    const char *sum;
} hmac_vectors[] = {
    {"\x0b", 20, "Hi There", 0, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"Jefe", 0, "what do ya want for nothing?", 0,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"\xaa", 20, "\xdd", 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17"
     "\x18\x19",
     0, "\xcd", 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"\x0c", 20, "Test With Truncation", 0, "a3b6167473100ee06e0c796c2955552b"},
    {"\xaa", 131, "Test Using Larger Than Block-Size Key - Hash Key First", 0,
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {"\xaa", 131,
     "This is a test using a larger than block-size key and a larger than block-size data. The key "
     "needs to be hashed before being used by the HMAC algorithm.",
     0, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static authp_bytes_t repeated(const char *text, int times)
{
    if (times == 0) {
        return (authp_bytes_t){text, strlen(text)};
    }
    char *bytes = apr_palloc(pool, (apr_size_t)times);
    memset(bytes, text[0], (size_t)times);
    return (authp_bytes_t){bytes, (size_t)times};
}

START_TEST(hmac_by_both_ways)
{
    unsigned char sum[AUTHP_SHA256_LEN];
    unsigned char again[AUTHP_SHA256_LEN];
    authp_hmac_t *hmac = NULL;
    authp_bytes_t key = repeated(hmac_vectors[_i].key, hmac_vectors[_i].key_len);
    authp_bytes_t data = repeated(hmac_vectors[_i].data, hmac_vectors[_i].data_len);
    size_t shown = strlen(hmac_vectors[_i].sum);
    ck_assert_int_eq(authp_digest_hmac(key.data, key.len, &data, 1, sum), AUTHP_OK);
    ck_assert_str_eq(apr_pstrmemdup(pool, hex(sum), shown), hmac_vectors[_i].sum);
    ck_assert_int_eq(authp_hmac_make(key.data, key.len, &hmac, pool), AUTHP_OK);
    ck_assert_int_eq(authp_hmac_sum(hmac, &data, 1, again), AUTHP_OK);
    ck_assert_mem_eq(sum, again, sizeof(sum));
}
END_TEST

/* The sum is the same wherever the message is divided into parts. */
START_TEST(parts_are_one_message)
{
    static const char text[] = "This is a test using a larger than block-size key and data.";
    const size_t len = sizeof(text) - 1;
    unsigned char whole[AUTHP_SHA256_LEN];
    authp_bytes_t all = {text, len};
    authp_hmac_t *hmac = NULL;
    ck_assert_int_eq(authp_digest_hmac("key", 3, &all, 1, whole), AUTHP_OK);
    ck_assert_int_eq(authp_hmac_make("key", 3, &hmac, pool), AUTHP_OK);
    for (size_t cut = 0; cut <= len; cut++) {
        unsigned char sum[AUTHP_SHA256_LEN];
        authp_hmac_t *longer = NULL;
        authp_bytes_t parts[] = {{text, cut}, {NULL, 0}, {text + cut, len - cut}};
        ck_assert_int_eq(authp_digest_hmac("key", 3, parts, 3, sum), AUTHP_OK);
        ck_assert_mem_eq(sum, whole, sizeof(sum));
        ck_assert_int_eq(authp_hmac_sum(hmac, parts, 3, sum), AUTHP_OK);
        ck_assert_mem_eq(sum, whole, sizeof(sum));
        ck_assert_int_eq(authp_hmac_extend(hmac, text, cut, &longer, pool), AUTHP_OK);
        ck_assert_int_eq(authp_hmac_sum(longer, &parts[2], 1, sum), AUTHP_OK);
        ck_assert_mem_eq(sum, whole, sizeof(sum));
    }
}
END_TEST

/* An empty key must work. OpenSSL alone would read a NULL key as "the key set before". */
START_TEST(empty_key_and_message)
{
    static const char expected[] =
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    unsigned char sum[AUTHP_SHA256_LEN];
    authp_hmac_t *hmac = NULL;
    ck_assert_int_eq(authp_digest_hmac(NULL, 0, NULL, 0, sum), AUTHP_OK);
    ck_assert_str_eq(hex(sum), expected);
    ck_assert_int_eq(authp_hmac_make(NULL, 0, &hmac, pool), AUTHP_OK);
    ck_assert_int_eq(authp_hmac_sum(hmac, NULL, 0, sum), AUTHP_OK);
    ck_assert_str_eq(hex(sum), expected);
}
END_TEST

/* RFC 5869, test case 3, without salt and info. Its output begins with the one block that our code
 * makes. */
START_TEST(hkdf_vector)
{
    unsigned char key[AUTHP_SHA256_LEN];
    authp_bytes_t input = repeated("\x0b", 22);
    ck_assert_int_eq(authp_digest_hkdf(input.data, input.len, "", key), AUTHP_OK);
    ck_assert_str_eq(hex(key), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}
END_TEST

/* The other cases of the RFC have a salt. The expected value with a label is computed from the
 * RFC's formula. */
START_TEST(hkdf_is_the_formula)
{
    static const unsigned char no_salt[AUTHP_SHA256_LEN];
    unsigned char extracted[AUTHP_SHA256_LEN];
    unsigned char expanded[AUTHP_SHA256_LEN];
    unsigned char key[AUTHP_SHA256_LEN];
    authp_bytes_t input = {SECRET, strlen(SECRET)};
    authp_bytes_t info[] = {{"any label", 9}, {"\x01", 1}};
    ck_assert_int_eq(authp_digest_hmac(no_salt, sizeof(no_salt), &input, 1, extracted), AUTHP_OK);
    ck_assert_int_eq(authp_digest_hmac(extracted, sizeof(extracted), info, 2, expanded), AUTHP_OK);
    ck_assert_int_eq(authp_digest_hkdf(input.data, input.len, "any label", key), AUTHP_OK);
    ck_assert_mem_eq(key, expanded, sizeof(key));
}
END_TEST

/* These values were computed by another program. If one changes, a new release signs everybody
 * out. */
static const char *const tags[AUTHP_KEY_COUNT] = {
    [AUTHP_KEY_REFRESH] = "23f72795e1c23e41e36ac7649d578f982192f810b82fa35f72b9f075b27dd400",
    [AUTHP_KEY_CSRF] = "0339c9ba7b269ec91ac854b2cb017754a3be67c0c1114676dcdcacf47a9b9f7f",
    [AUTHP_KEY_CSRF_NAMED] = "e075013c91227f76bdec22e88f889c112180547d58d9ee5eaa65307865a97aca",
    [AUTHP_KEY_DEVICE] = "e94995a0b7f31fba1cfb4f4bdfd75d6fb411c49d1e3a46558ad2efe9adb8ce51",
    [AUTHP_KEY_LIMIT] = "22e03b409ed178936f0483ad5675edbf148120f4fb79918537d9fc4357b5ff93",
    [AUTHP_KEY_OTP] = "76f8d2f001fbd3bc3c7bebead44c3ba1a8e4078328c072d165b0972d593cb45e",
    [AUTHP_KEY_MAIL] = "41fa55bc6d1b5204128d264b9a78dcb56b5d935aacd628e76ef350658cd9917e",
};

static const authp_bytes_t tagged = {"tagged", 6};

static authp_keys_t *keys_of(const char *present, const char *previous)
{
    authp_keys_t *keys = NULL;
    authp_secret_t *old = previous != NULL ? secret_of(previous) : NULL;
    ck_assert_int_eq(authp_keys_make(secret_of(present), old, &keys, pool), AUTHP_OK);
    return keys;
}

START_TEST(tags_stay_what_they_are)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    authp_key_label_t label = (authp_key_label_t)_i;
    authp_keys_t *keys = keys_of(SECRET, NULL);
    ck_assert_int_eq(authp_keys_tag(keys, label, &tagged, 1, tag), AUTHP_OK);
    ck_assert_str_eq(hex(tag), tags[label]);
    for (int other = 0; other < AUTHP_KEY_COUNT; other++) {
        ck_assert_int_eq(authp_keys_check(keys, (authp_key_label_t)other, &tagged, 1, tag),
                         other == _i ? AUTHP_OK : AUTHP_E_MALFORMED);
    }
}
END_TEST

/* Each flipped bit of a tag, and a changed byte of the message, is refused. */
START_TEST(nearly_a_tag)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    authp_keys_t *keys = keys_of(SECRET, OTHER);
    authp_bytes_t shorter = {"tagge", 5};
    ck_assert_int_eq(authp_keys_tag(keys, AUTHP_KEY_CSRF, &tagged, 1, tag), AUTHP_OK);
    ck_assert_int_eq(authp_keys_check(keys, AUTHP_KEY_CSRF, &shorter, 1, tag), AUTHP_E_MALFORMED);
    for (unsigned int bit = 0; bit < 8 * AUTHP_SHA256_LEN; bit++) {
        unsigned char mask = (unsigned char)(1u << bit % 8);
        tag[bit / 8] ^= mask;
        ck_assert_int_eq(authp_keys_check(keys, AUTHP_KEY_CSRF, &tagged, 1, tag),
                         AUTHP_E_MALFORMED);
        tag[bit / 8] ^= mask;
    }
    ck_assert_int_eq(authp_keys_check(keys, AUTHP_KEY_CSRF, &tagged, 1, tag), AUTHP_OK);
}
END_TEST

START_TEST(keys_roll)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    unsigned char newer[AUTHP_SHA256_LEN];
    authp_keys_t *rolled = keys_of(OTHER, SECRET);
    ck_assert_int_eq(authp_keys_tag(keys_of(SECRET, NULL), AUTHP_KEY_REFRESH, &tagged, 1, tag),
                     AUTHP_OK);
    ck_assert_int_eq(authp_keys_check(rolled, AUTHP_KEY_REFRESH, &tagged, 1, tag), AUTHP_OK);
    ck_assert_int_eq(authp_keys_check(keys_of(OTHER, NULL), AUTHP_KEY_REFRESH, &tagged, 1, tag),
                     AUTHP_E_MALFORMED);
    /* Tags are made with the present key. */
    ck_assert_int_eq(authp_keys_tag(rolled, AUTHP_KEY_REFRESH, &tagged, 1, newer), AUTHP_OK);
    ck_assert_mem_ne(newer, tag, sizeof(tag));
    ck_assert_int_eq(authp_keys_check(keys_of(OTHER, NULL), AUTHP_KEY_REFRESH, &tagged, 1, newer),
                     AUTHP_OK);
}
END_TEST

/* An openssl.cnf may disable the provider of the algorithm. Then each call fails, leaves its
 * out-parameters untouched, and leaves no error in the thread's queue, where mod_ssl would find
 * it. */
static void without_algorithms(bool without)
{
    ck_assert_int_eq(EVP_set_default_properties(NULL, without ? "provider=none" : ""), 1);
}

static void expect_refusal(authp_err_t err, const char *id)
{
    ck_assert_int_eq(err, AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(last_line, id));
    ck_assert_uint_eq(ERR_peek_error(), 0);
    last_line[0] = '\0';
}

START_TEST(openssl_without_algorithms)
{
    unsigned char sum[AUTHP_SHA256_LEN];
    unsigned char before[AUTHP_SHA256_LEN];
    char long_key[65] = {0};
    authp_hmac_t *hmac = NULL;
    authp_keys_t *keys = NULL;
    authp_jwt_t *jwt = NULL;
    authp_seal_t *seal = NULL;
    memset(sum, 0x5a, sizeof(sum));
    memset(before, 0x5a, sizeof(before));
    without_algorithms(true);
    expect_refusal(authp_digest_sha256("abc", 3, sum), "AUTHP0100");
    expect_refusal(authp_digest_hmac("key", 3, &tagged, 1, sum), "AUTHP0100");
    expect_refusal(authp_digest_hkdf("key", 3, "label", sum), "AUTHP0100");
    expect_refusal(authp_hmac_make("key", 3, &hmac, pool), "AUTHP0101");
    expect_refusal(authp_hmac_make(long_key, sizeof(long_key), &hmac, pool), "AUTHP0100");
    expect_refusal(authp_keys_make(secret_of(SECRET), NULL, &keys, pool), "AUTHP0100");
    expect_refusal(authp_jwt_make(secret_of(SECRET), NULL, "iss", "aud", &jwt, pool), "AUTHP0100");
    expect_refusal(authp_seal_make(secret_of(SECRET), NULL, "label", &seal, pool),
                   "AUTHP0102: OpenSSL cannot do AES-256-GCM (error ");
    without_algorithms(false);
    ck_assert_mem_eq(sum, before, sizeof(sum));
    ck_assert_ptr_null(hmac);
    ck_assert_ptr_null(keys);
    ck_assert_ptr_null(jwt);
    ck_assert_ptr_null(seal);
}
END_TEST

/* Objects that were made before still work, because verification fetches no algorithm. */
START_TEST(made_before_is_made)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    authp_keys_t *keys = keys_of(SECRET, OTHER);
    without_algorithms(true);
    authp_err_t err = authp_keys_tag(keys, AUTHP_KEY_LIMIT, &tagged, 1, tag);
    without_algorithms(false);
    ck_assert_int_eq(err, AUTHP_OK);
    ck_assert_str_eq(hex(tag), tags[AUTHP_KEY_LIMIT]);
}
END_TEST

Suite *suite_digest(void)
{
    Suite *suite = suite_create("digest");
    TCase *vectors = tcase_create("vectors");
    tcase_add_checked_fixture(vectors, setup, teardown);
    tcase_add_loop_test(vectors, sha256_vectors, 0, COUNT(sha_vectors));
    tcase_add_test(vectors, sha256_of_a_million);
    tcase_add_loop_test(vectors, hmac_by_both_ways, 0, COUNT(hmac_vectors));
    tcase_add_test(vectors, parts_are_one_message);
    tcase_add_test(vectors, empty_key_and_message);
    tcase_add_test(vectors, hkdf_vector);
    tcase_add_test(vectors, hkdf_is_the_formula);
    suite_add_tcase(suite, vectors);
    TCase *keys = tcase_create("keys");
    tcase_add_checked_fixture(keys, setup, teardown);
    tcase_add_loop_test(keys, tags_stay_what_they_are, 0, AUTHP_KEY_COUNT);
    tcase_add_test(keys, nearly_a_tag);
    tcase_add_test(keys, keys_roll);
    suite_add_tcase(suite, keys);
    TCase *openssl = tcase_create("openssl");
    tcase_add_checked_fixture(openssl, setup, teardown);
    tcase_add_test(openssl, openssl_without_algorithms);
    tcase_add_test(openssl, made_before_is_made);
    suite_add_tcase(suite, openssl);
    return suite;
}
