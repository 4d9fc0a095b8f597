/* SPDX-License-Identifier: Apache-2.0 */
/* base64url: each value has exactly one text, and no other text is decoded. */
#include <stdbool.h>
#include <string.h>

#include <apr_strings.h>

#include "base/b64url.h"
#include "suite.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const struct {
    const char *bytes;
    size_t len;
    const char *text;
} vectors[] = {
    /* RFC 4648 section 10, without the padding */
    {"", 0, ""},
    {"f", 1, "Zg"},
    {"fo", 2, "Zm8"},
    {"foo", 3, "Zm9v"},
    {"foob", 4, "Zm9vYg"},
    {"fooba", 5, "Zm9vYmE"},
    {"foobar", 6, "Zm9vYmFy"},
    {"\0", 1, "AA"},
    {"\0\0\0", 3, "AAAA"},
    {"\xfb\xff\xbf", 3, "-_-_"},
    {"\xff\xff", 2, "__8"},
    {"\xff", 1, "_w"},
};

START_TEST(known)
{
    unsigned char out[8];
    memset(out, 0xEE, sizeof(out));
    size_t len = vectors[_i].len;
    const char *text = vectors[_i].text;
    ck_assert_str_eq(authp_b64url_encode(apr_pmemdup(pool, vectors[_i].bytes, len), len, pool),
                     text);
    ck_assert_uint_eq(AUTHP_B64URL_ENCODED(len), strlen(text));
    ck_assert_uint_eq(AUTHP_B64URL_DECODED(strlen(text)), len);
    ck_assert_int_eq(authp_b64url_decode(text, strlen(text), out), AUTHP_OK);
    ck_assert_mem_eq(out, vectors[_i].bytes, len);
    ck_assert_uint_eq(out[len], 0xEE);
}
END_TEST

/* Every length up to 200 and all byte values, each in a block of exactly its size. */
START_TEST(round_trip)
{
    for (size_t len = 0; len <= 200; len++) {
        unsigned char *bytes = apr_palloc(pool, len);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (unsigned char)(i * 167 + len * 31);
        }
        const char *text = authp_b64url_encode(bytes, len, pool);
        ck_assert_uint_eq(strlen(text), AUTHP_B64URL_ENCODED(len));
        ck_assert_uint_eq(strspn(text, alphabet), strlen(text));
        ck_assert_uint_eq(AUTHP_B64URL_DECODED(strlen(text)), len);
        const char *exact = apr_pmemdup(pool, text, strlen(text));
        unsigned char *out = apr_palloc(pool, len);
        ck_assert_int_eq(authp_b64url_decode(exact, strlen(text), out), AUTHP_OK);
        ck_assert_mem_eq(out, bytes, len);
    }
}
END_TEST

static const char *const refused[] = {
    "A",    "AAAAA",     "AAAAAAAAA", "Zg==",  "Zg=",      "Zm8=",   "=",
    "====", "Zm9v=",     "Z g",       "Zg\n",  " Zg",      "Zm9v ",  "+_+_",
    "-/-/", "Zm9v.Zm9v", "Zm,v",      "Zm9\t", "\xc3\xa9", "Zm\r\n", "Zh",
    "Zm9",  "AB",        "AAB",       "__9",   "_x",       "Zm9vYh", "Zm9vYmF"};

START_TEST(refuses)
{
    /* The target block has exactly the size that may be written. */
    size_t len = strlen(refused[_i]);
    unsigned char *out = apr_palloc(pool, AUTHP_B64URL_DECODED(len));
    ck_assert_int_eq(authp_b64url_decode(refused[_i], len, out), AUTHP_E_MALFORMED);
}
END_TEST

START_TEST(every_byte)
{
    unsigned char out[3];
    for (int c = 0; c < 256; c++) {
        bool known_letter = c != 0 && strchr(alphabet, c) != NULL;
        for (int at = 0; at < 4; at++) {
            char text[] = {'A', 'A', 'A', 'A'};
            text[at] = (char)c;
            ck_assert_int_eq(authp_b64url_decode(text, 4, out),
                             known_letter ? AUTHP_OK : AUTHP_E_MALFORMED);
        }
    }
}
END_TEST

/* Of all texts of two and three letters, exactly as many decode as there are values of one and two
 * bytes. */
START_TEST(one_text_each)
{
    int two = 0;
    int three = 0;
    unsigned char out[2];
    for (int a = 0; a < 64; a++) {
        for (int b = 0; b < 64; b++) {
            char text[] = {alphabet[a], alphabet[b], 'A'};
            two += authp_b64url_decode(text, 2, out) == AUTHP_OK;
            for (int c = 0; c < 64; c++) {
                text[2] = alphabet[c];
                three += authp_b64url_decode(text, 3, out) == AUTHP_OK;
            }
        }
    }
    ck_assert_int_eq(two, 256);
    ck_assert_int_eq(three, 65536);
}
END_TEST

Suite *suite_b64url(void)
{
    Suite *suite = suite_create("b64url");
    TCase *tests = tcase_create("b64url");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, known, 0, LENGTH(vectors));
    tcase_add_test(tests, round_trip);
    tcase_add_loop_test(tests, refuses, 0, LENGTH(refused));
    tcase_add_test(tests, every_byte);
    tcase_add_test(tests, one_text_each);
    suite_add_tcase(suite, tests);
    return suite;
}
