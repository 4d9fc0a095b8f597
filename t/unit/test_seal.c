/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed texts: what opens them, and that nothing else does. */
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/b64url.h"
#include "crypto/seal.h"
#include "suite.h"

#define SECRET "first-key-first-key-first-key-first-key"
#define OTHER "other-key-other-key-other-key-other-key"
#define LABEL "authp test"
#define ENVELOPE 28

static apr_pool_t *pool;
static authp_seal_t *seal;

static authp_seal_t *seal_of(const char *present, const char *previous, const char *label)
{
    authp_seal_t *made = NULL;
    const authp_secret_t *old =
        previous != NULL ? authp_secret_make(previous, strlen(previous), pool) : NULL;
    ck_assert_int_eq(
        authp_seal_make(authp_secret_make(present, strlen(present), pool), old, label, &made, pool),
        AUTHP_OK);
    return made;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    seal = seal_of(SECRET, NULL, LABEL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *closed(const authp_seal_t *with, const char *purpose, const char *data)
{
    const char *text = NULL;
    const authp_bytes_t bytes = {data, strlen(data)};
    ck_assert_int_eq(authp_seal_close(with, purpose, bytes, authp_random_system(), &text, pool),
                     AUTHP_OK);
    return text;
}

static authp_err_t open_with(const authp_seal_t *with, const char *purpose, const char *text,
                             authp_bytes_t *out)
{
    return authp_seal_open(with, purpose, text, strlen(text), out, pool);
}

static void check_opens(const authp_seal_t *with, const char *purpose, const char *text,
                        const char *data)
{
    authp_bytes_t out = {NULL, 0};
    ck_assert_int_eq(open_with(with, purpose, text, &out), AUTHP_OK);
    ck_assert_uint_eq(out.len, strlen(data));
    ck_assert_str_eq((const char *)out.data, data);
}

static void check_refused(const authp_seal_t *with, const char *purpose, const char *text)
{
    authp_bytes_t out = {pool, 7};
    ck_assert_int_eq(open_with(with, purpose, text, &out), AUTHP_E_MALFORMED);
    ck_assert(out.data == pool && out.len == 7);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

START_TEST(round_trip)
{
    static const char *const texts[] = {"", "a", "state of a sign-in", "{\"nonce\":\"x\"}"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text = closed(seal, "state", texts[i]);
        ck_assert_uint_eq(strlen(text), AUTHP_B64URL_ENCODED(strlen(texts[i]) + ENVELOPE));
        check_opens(seal, "state", text, texts[i]);
    }
    check_opens(seal, "", closed(seal, "", "no purpose"), "no purpose");
}
END_TEST

/* Sealing the same bytes twice gives different texts, and neither contains the bytes. */
START_TEST(hides)
{
    const char *first = closed(seal, "state", "verifier-verifier-verifier");
    ck_assert_str_ne(first, closed(seal, "state", "verifier-verifier-verifier"));
    char raw[256] = "";
    ck_assert_int_eq(authp_b64url_decode(first, strlen(first), (unsigned char *)raw), AUTHP_OK);
    ck_assert_ptr_null(memmem(raw, sizeof(raw), "verifier", 8));
}
END_TEST

START_TEST(every_byte_counts)
{
    char *text = apr_pstrdup(pool, closed(seal, "state", "twenty bytes of state"));
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char right = text[i];
        for (int step = 1; step < 64; step *= 2) {
            static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            const char *at = strchr(digits, right);
            text[i] = digits[(at - digits) ^ step];
            check_refused(seal, "state", text);
        }
        text[i] = '+';
        check_refused(seal, "state", text);
        text[i] = right;
    }
    check_opens(seal, "state", text, "twenty bytes of state");
}
END_TEST

START_TEST(every_length_counts)
{
    const char *text = closed(seal, "state", "some");
    for (size_t len = 0; len < strlen(text); len++) {
        check_refused(seal, "state", apr_pstrmemdup(pool, text, len));
        check_refused(seal, "state", text + strlen(text) - len);
    }
    check_refused(seal, "state", apr_pstrcat(pool, text, "A", NULL));
    check_refused(seal, "state", apr_pstrcat(pool, text, "AAAA", NULL));
    check_refused(seal, "state", apr_pstrcat(pool, text, "=", NULL));
    check_refused(seal, "state", apr_pstrcat(pool, text, text, NULL));
}
END_TEST

START_TEST(purpose_and_label_count)
{
    const char *text = closed(seal, "state", "some");
    check_refused(seal, "State", text);
    check_refused(seal, "", text);
    check_refused(seal, "state2", text);
    check_refused(seal_of(SECRET, NULL, "authp other"), "state", text);
}
END_TEST

START_TEST(keys_can_be_replaced)
{
    const authp_seal_t *next = seal_of(OTHER, SECRET, LABEL);
    const char *old = closed(seal, "state", "sealed before");
    check_opens(next, "state", old, "sealed before");
    check_refused(seal_of(OTHER, NULL, LABEL), "state", old);
    /* Texts are sealed with the present key. */
    const char *text = closed(next, "state", "sealed after");
    check_refused(seal, "state", text);
    check_opens(seal_of(OTHER, NULL, LABEL), "state", text, "sealed after");
}
END_TEST

START_TEST(size_is_bounded)
{
    const char *text = NULL;
    char *data = apr_palloc(pool, AUTHP_SEAL_MOST + 2);
    memset(data, 'x', AUTHP_SEAL_MOST + 1);
    data[AUTHP_SEAL_MOST + 1] = '\0';
    const authp_bytes_t more = {data, AUTHP_SEAL_MOST + 1};
    ck_assert_int_eq(authp_seal_close(seal, "p", more, authp_random_system(), &text, pool),
                     AUTHP_E_TOO_LARGE);
    ck_assert_ptr_null(text);
    check_opens(seal, "p", closed(seal, "p", data + 1), data + 1);
    memset(data, 'A', AUTHP_SEAL_MOST + 1);
    check_refused(seal, "p", apr_pstrcat(pool, data, data, NULL));
}
END_TEST

/* The form is: nonce, AES-256-GCM under a key from HKDF, tag; the purpose is the additional data.
 * It must not change in a new version, because browsers still hold texts of the old one. */
START_TEST(form_is_fixed)
{
    unsigned char raw[128];
    unsigned char key[AUTHP_SHA256_LEN];
    unsigned char plain[64] = "";
    int len = 0;
    const char *text = closed(seal, "state", "eleven char");
    ck_assert_int_eq(authp_b64url_decode(text, strlen(text), raw), AUTHP_OK);
    ck_assert_int_eq(authp_digest_hkdf(SECRET, strlen(SECRET), LABEL, key), AUTHP_OK);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ck_assert_int_eq(EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, raw), 1);
    ck_assert_int_eq(EVP_DecryptUpdate(ctx, NULL, &len, (const unsigned char *)"state", 5), 1);
    ck_assert_int_eq(EVP_DecryptUpdate(ctx, plain, &len, raw + 12, 11), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, raw + 12 + 11), 1);
    ck_assert_int_eq(EVP_DecryptFinal_ex(ctx, plain + len, &len), 1);
    EVP_CIPHER_CTX_free(ctx);
    ck_assert_str_eq((const char *)plain, "eleven char");
}
END_TEST

Suite *suite_seal(void)
{
    Suite *suite = suite_create("seal");
    TCase *tests = tcase_create("seal");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, round_trip);
    tcase_add_test(tests, hides);
    tcase_add_test(tests, every_byte_counts);
    tcase_add_test(tests, every_length_counts);
    tcase_add_test(tests, purpose_and_label_count);
    tcase_add_test(tests, keys_can_be_replaced);
    tcase_add_test(tests, size_is_bounded);
    tcase_add_test(tests, form_is_fixed);
    suite_add_tcase(suite, tests);
    return suite;
}
