/* SPDX-License-Identifier: Apache-2.0 */
/* The keyed hash, compared with OpenSSL's, and the table that holds hashes of verified tokens. */
#include <string.h>

#include <apr_strings.h>
#include <openssl/evp.h>

#include "base/random.h"
#include "crypto/jwt/jwt_seen.h"
#include "crypto/siphash.h"
#include "suite.h"

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* The first test vector of SipHash's authors: key 00 01 .. 0f, no text. */
START_TEST(published)
{
    static const unsigned char expected[] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                                             0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    authp_siphash_key_t key;
    uint64_t out[2];
    for (size_t i = 0; i < sizeof(key); i++) {
        ((unsigned char *)&key)[i] = (unsigned char)i;
    }
    authp_siphash_128(&key, "", 0, out);
    ck_assert_mem_eq(out, expected, sizeof(out));
}
END_TEST

START_TEST(like_openssl)
{
    authp_siphash_key_t key;
    unsigned char text[300];
    authp_random_fill(authp_random_system(), (unsigned char *)&key, sizeof(key));
    authp_random_fill(authp_random_system(), text, sizeof(text));
    for (size_t len = 0; len <= sizeof(text); len++) {
        uint64_t out[2];
        unsigned char mac[16];
        size_t mac_len = 0;
        const unsigned char *exact = apr_pmemdup(pool, text, len);
        authp_siphash_128(&key, exact, len, out);
        ck_assert_ptr_nonnull(EVP_Q_mac(NULL, "SIPHASH", NULL, NULL, NULL, &key, sizeof(key), text,
                                        len, mac, sizeof(mac), &mac_len));
        ck_assert_uint_eq(mac_len, sizeof(out));
        ck_assert_mem_eq(out, mac, sizeof(out));
    }
}
END_TEST

static authp_jwt_seen_t *make(size_t bytes)
{
    authp_jwt_seen_t *seen = NULL;
    ck_assert_int_eq(authp_jwt_seen_make(bytes, authp_random_system(), &seen, pool), AUTHP_OK);
    return seen;
}

static authp_jwt_mark_t mark_of(const authp_jwt_seen_t *seen, int number)
{
    const char *text = apr_psprintf(pool, "token %d", number);
    return authp_jwt_seen_mark(seen, text, strlen(text));
}

/* A table that is half full loses almost nothing. After four times as many marks as it has places,
 * most places hold a mark that is found. A mark that was not added is never found. */
START_TEST(holds_what_fits)
{
    authp_jwt_seen_t *seen = make(65536); /* 4096 places */
    int found[2] = {0};
    for (int i = 0; i < 16384; i++) {
        authp_jwt_mark_t mark = mark_of(seen, i);
        ck_assert(!authp_jwt_seen_has(seen, &mark));
        authp_jwt_seen_add(seen, &mark);
        ck_assert(authp_jwt_seen_has(seen, &mark));
        if (i == 2047 || i == 16383) {
            for (int j = 0; j <= i; j++) {
                authp_jwt_mark_t old = mark_of(seen, j);
                found[i > 2047] += authp_jwt_seen_has(seen, &old);
            }
        }
    }
    ck_assert_int_gt(found[0], 1900);
    ck_assert_int_gt(found[1], 3500);
    ck_assert_int_le(found[1], 4096);
}
END_TEST

START_TEST(a_set_holds_four)
{
    authp_jwt_seen_t *seen = make(64); /* one set */
    for (int i = 0; i < 4; i++) {
        authp_jwt_mark_t mark = mark_of(seen, i);
        authp_jwt_seen_add(seen, &mark);
    }
    for (int i = 0; i < 5; i++) {
        authp_jwt_mark_t mark = mark_of(seen, i);
        ck_assert_int_eq(authp_jwt_seen_has(seen, &mark), i < 4);
    }
}
END_TEST

/* All bits of a mark are compared. */
START_TEST(half_a_mark_is_not_one)
{
    authp_jwt_seen_t *seen = make(64);
    authp_jwt_mark_t mark = mark_of(seen, 1);
    authp_jwt_seen_add(seen, &mark);
    for (int bit = 0; bit < 128; bit++) {
        authp_jwt_mark_t other = mark;
        other.words[bit / 64] ^= UINT64_C(1) << bit % 64;
        ck_assert(!authp_jwt_seen_has(seen, &other));
    }
    ck_assert(authp_jwt_seen_has(seen, &mark));
}
END_TEST

/* Another child has another key, so its marks differ. */
START_TEST(keys_differ)
{
    authp_jwt_mark_t one = mark_of(make(4096), 1);
    authp_jwt_mark_t other = mark_of(make(4096), 1);
    ck_assert_mem_ne(&one, &other, sizeof(one));
    ck_assert_uint_eq(one.words[1] & 1, 1);
}
END_TEST

Suite *suite_jwt_seen(void)
{
    Suite *suite = suite_create("jwt_seen");
    TCase *seen = tcase_create("seen");
    tcase_add_checked_fixture(seen, set_up, tear_down);
    tcase_add_test(seen, published);
    tcase_add_test(seen, like_openssl);
    tcase_add_test(seen, holds_what_fits);
    tcase_add_test(seen, a_set_holds_four);
    tcase_add_test(seen, half_a_mark_is_not_one);
    tcase_add_test(seen, keys_differ);
    suite_add_tcase(suite, seen);
    return suite;
}
