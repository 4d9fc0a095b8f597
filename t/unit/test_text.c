/* SPDX-License-Identifier: Apache-2.0 */
/* Text: UTF-8, control characters, percent-encoding, and text that may stand in a header or a
 * log. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "suite.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

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
    const char *text;
    size_t len;
    int points; /* -1: not UTF-8 */
} utf8_rows[] = {
    {"", 0, 0},
    {"abc", 3, 3},
    {"a\0b", 3, 3},
    {"\x7f", 1, 1},
    {"\xc2\x80", 2, 1},
    {"\xdf\xbf", 2, 1},
    {"\xe0\xa0\x80", 3, 1},
    {"\xed\x9f\xbf", 3, 1},
    {"\xee\x80\x80", 3, 1},
    {"\xef\xbf\xbf", 3, 1},
    {"\xf0\x90\x80\x80", 4, 1},
    {"\xf4\x8f\xbf\xbf", 4, 1},
    {"a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", 11, 5},
    {"\x80", 1, -1},
    {"\xbf", 1, -1},
    {"\xc0\x80", 2, -1},
    {"\xc1\xbf", 2, -1},
    {"\xc2", 1, -1},
    {"\xc2\x41", 2, -1},
    {"\xc2\xc2", 2, -1},
    {"\xe0\x9f\xbf", 3, -1},
    {"\xe0\xa0", 2, -1},
    {"\xe1\x80\x41", 3, -1},
    {"\xed\xa0\x80", 3, -1},
    {"\xed\xbf\xbf", 3, -1},
    {"\xf0\x8f\xbf\xbf", 4, -1},
    {"\xf0\x90\x80", 3, -1},
    {"\xf0\x90\x41\x80", 4, -1},
    {"\xf0\x90\x80\x41", 4, -1},
    {"\xf4\x90\x80\x80", 4, -1},
    {"\xf5\x80\x80\x80", 4, -1},
    {"\xf8\x88\x80\x80\x80", 5, -1},
    {"\xfe", 1, -1},
    {"\xff", 1, -1},
    {"ok\xc3", 3, -1},
};

START_TEST(utf8)
{
    size_t count = 77;
    size_t len = utf8_rows[_i].len;
    const char *text = apr_pmemdup(pool, utf8_rows[_i].text, len);
    bool good = authp_text_utf8(text, len, &count);
    ck_assert_int_eq(good, utf8_rows[_i].points >= 0);
    ck_assert_uint_eq(count, good ? (size_t)utf8_rows[_i].points : 77);
    ck_assert_int_eq(authp_text_utf8(text, len, NULL), good);
}
END_TEST

START_TEST(controls)
{
    for (int c = 0; c < 0x80; c++) {
        char text[] = {'a', (char)c, 'b'};
        ck_assert_int_eq(authp_text_has_control(text, 3), c < 0x20 || c == 0x7f);
    }
    for (int c = 0x80; c < 0xC0; c++) {
        char text[] = {'a', '\xc2', (char)c};
        ck_assert_int_eq(authp_text_has_control(text, 3), c < 0xA0);
        text[1] = '\xc3';
        ck_assert(!authp_text_has_control(text, 3));
    }
    ck_assert(!authp_text_has_control("", 0));
    ck_assert(!authp_text_has_control("\xe2\x82\xac\xf0\x9f\x98\x80", 7));
    ck_assert(authp_text_has_control("abc\0", 4));
    ck_assert(!authp_text_has_control("abc\n", 3));
}
END_TEST

START_TEST(lower)
{
    char text[] = "AZaz@[`{09 \xc3\x89\xc0";
    authp_text_lower(text);
    ck_assert_str_eq(text, "azaz@[`{09 \xc3\x89\xc0");
    char empty[] = "";
    authp_text_lower(empty);
    ck_assert_str_eq(empty, "");
}
END_TEST

START_TEST(trim)
{
    ck_assert_str_eq(authp_text_trim(" \t\n\v\f\r a b \r\n", pool), "a b");
    ck_assert_str_eq(authp_text_trim("ab", pool), "ab");
    ck_assert_str_eq(authp_text_trim(" \t ", pool), "");
    ck_assert_str_eq(authp_text_trim("", pool), "");
    /* U+00A0 is not an ASCII blank and stays. */
    ck_assert_str_eq(authp_text_trim("\xc2\xa0x", pool), "\xc2\xa0x");
}
END_TEST

START_TEST(hex)
{
    static const unsigned char bytes[] = {0x00, 0x0f, 0xf0, 0xff, 0xab};
    ck_assert_str_eq(authp_text_hex(bytes, sizeof(bytes), pool), "000ff0ffab");
    ck_assert_str_eq(authp_text_hex(bytes, 0, pool), "");
}
END_TEST

START_TEST(url_encode)
{
    ck_assert_str_eq(authp_text_url_encode("AZaz09-._~", pool), "AZaz09-._~");
    ck_assert_str_eq(authp_text_url_encode("a b+c/d?e&f=g#%\"'*()!", pool),
                     "a%20b%2Bc%2Fd%3Fe%26f%3Dg%23%25%22%27%2A%28%29%21");
    ck_assert_str_eq(authp_text_url_encode("\xc3\xa9\r\n\x7f\xff", pool), "%C3%A9%0D%0A%7F%FF");
    ck_assert_str_eq(authp_text_url_encode("", pool), "");
}
END_TEST

/* For each byte except NUL: encoded text decodes to itself, with both decoders. */
START_TEST(url_round_trip)
{
    char all[256];
    for (int c = 1; c < 256; c++) {
        all[c - 1] = (char)c;
    }
    all[255] = '\0';
    const char *encoded = authp_text_url_encode(all, pool);
    ck_assert_str_eq(authp_text_url_decode(encoded, false, pool), all);
    ck_assert_str_eq(authp_text_url_decode(encoded, true, pool), all);
    ck_assert_str_eq(authp_text_url_decode(authp_text_header_safe(all, pool), false, pool), all);
}
END_TEST

static const struct {
    const char *text;
    bool form;
    const char *decoded; /* NULL: broken */
} decodes[] = {
    {"", false, ""},
    {"abc", false, "abc"},
    {"a+b", false, "a+b"},
    {"a+b", true, "a b"},
    {"a%2Bb", true, "a+b"},
    {"%41%6a%6A", false, "Ajj"},
    {"%c3%A9", false, "\xc3\xa9"},
    {"%ff%01", false, "\xff\x01"},
    {"%2541", false, "%41"},
    {"%25", false, "%"},
    {"%10", false, "\x10"},
    {"%", false, NULL},
    {"%4", false, NULL},
    {"ab%", true, NULL},
    {"ab%4", true, NULL},
    {"%%41", false, NULL},
    {"%4g", false, NULL},
    {"%g4", false, NULL},
    {"% 1", false, NULL},
    {"%+1", true, NULL},
    {"%-1", false, NULL},
    {"%0x41", false, NULL},
    {"%u0041", false, NULL},
    {"%00", false, NULL},
    {"a%00b", true, NULL},
    {"%\xc3\xa9", false, NULL},
};

START_TEST(url_decode)
{
    char *decoded = authp_text_url_decode(decodes[_i].text, decodes[_i].form, pool);
    if (decodes[_i].decoded == NULL) {
        ck_assert_ptr_null(decoded);
    } else {
        ck_assert_ptr_nonnull(decoded);
        ck_assert_str_eq(decoded, decodes[_i].decoded);
    }
}
END_TEST

static const struct {
    const char *query;
    const char *value; /* the first value of "a"; NULL: none, or malformed */
} queries[] = {
    {NULL, NULL},       {"", NULL},          {"a=b", "b"},        {"a=", ""},
    {"a", ""},          {"a&b=c", ""},       {"b=c&a=d", "d"},    {"a=1&a=2", "1"},
    {"&&a=1&&", "1"},   {"a=b=c", "b=c"},    {"%61=x", "x"},      {"a=x+y%2B%26", "x y+&"},
    {"A=1", NULL},      {"ab=1&ba=2", NULL}, {"=a", NULL},        {"b=a", NULL},
    {"b?a=1", NULL},    {"a=%", NULL},       {"a=%zz&a=2", NULL}, {"a=%00", NULL},
    {"%zz=1&a=2", "2"}, {"a;b=1", NULL},
};

START_TEST(query)
{
    const char *value = authp_text_query(queries[_i].query, "a", pool);
    if (queries[_i].value == NULL) {
        ck_assert_ptr_null(value);
    } else {
        ck_assert_ptr_nonnull(value);
        ck_assert_str_eq(value, queries[_i].value);
    }
}
END_TEST

START_TEST(query_has)
{
    ck_assert(authp_text_query_has("b=1&a=%zz", "a", pool));
    ck_assert(authp_text_query_has("%61", "a", pool));
    ck_assert(!authp_text_query_has("b=a&ab=1&%zz=1", "a", pool));
    ck_assert(!authp_text_query_has(NULL, "a", pool));
}
END_TEST

START_TEST(header_safe)
{
    ck_assert_str_eq(authp_text_header_safe("Jane Doe <j@x>, \"q\" ~!", pool),
                     "Jane Doe <j@x>, \"q\" ~!");
    ck_assert_str_eq(authp_text_header_safe("100%\r\nX-Evil: 1", pool), "100%25%0D%0AX-Evil: 1");
    ck_assert_str_eq(authp_text_header_safe("Zo\xc3\xab\t\x7f", pool), "Zo%C3%AB%09%7F");
    ck_assert_str_eq(authp_text_header_safe("", pool), "");
}
END_TEST

START_TEST(listed)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));
    ck_assert(!authp_text_listed("", list));
    APR_ARRAY_PUSH(list, const char *) = "one";
    APR_ARRAY_PUSH(list, const char *) = "two";
    ck_assert(authp_text_listed("one", list));
    ck_assert(authp_text_listed("two", list));
    ck_assert(!authp_text_listed("Two", list));
    ck_assert(!authp_text_listed("tw", list));
    ck_assert(!authp_text_listed("two ", list));
}
END_TEST

START_TEST(same)
{
    ck_assert(authp_text_same("", ""));
    ck_assert(authp_text_same("AbZ", "aBz"));
    ck_assert(!authp_text_same("a", "ab"));
    ck_assert(!authp_text_same("ab", "a"));
    ck_assert(!authp_text_same("", "a"));
    ck_assert(!authp_text_same("@", "`"));
    ck_assert(!authp_text_same("[", "{"));
    ck_assert(!authp_text_same("\xc3\x89", "\xc3\xa9"));
    /* Unicode's case folding makes the Kelvin sign a k. Our comparison does not. */
    ck_assert(!authp_text_same("\xe2\x84\xaa", "k"));
    ck_assert(!authp_text_same(NULL, "a"));
    ck_assert(!authp_text_same("a", NULL));
    ck_assert(!authp_text_same(NULL, NULL));
}
END_TEST

START_TEST(equal)
{
    char copy[] = "AbZ";
    ck_assert(authp_text_equal("AbZ", copy));
    ck_assert(authp_text_equal("", ""));
    ck_assert(authp_text_equal(NULL, NULL));
    ck_assert(!authp_text_equal("AbZ", "abZ"));
    ck_assert(!authp_text_equal("a", "ab"));
    ck_assert(!authp_text_equal("ab", "a"));
    ck_assert(!authp_text_equal(NULL, ""));
    ck_assert(!authp_text_equal("", NULL));
}
END_TEST

static const struct {
    const char *word;
    const char *meant;
} misspelt[] = {
    {"tsl", "tls"},              /* two neighbouring letters are swapped */
    {"tl", "tls"},               /* one letter is missing */
    {"ttls", "tls"},             /* one letter is too many */
    {"tlz", "tls"},              /* one letter is another one */
    {"TLS", "tls"},              /* only the case differs */
    {"TSL", "tls"},              /* a swap, in another case */
    {"tzz", NULL},               /* two edits are too many in a short word */
    {"slt", NULL},               /* too many edits */
    {"replicset", "replicaSet"}, /* one edit in a long word */
    {"replcSet", "replicaSet"},  /* two */
    {"replSt", NULL},            /* four */
    {"aplicaset", "replicaSet"}, /* an edit at the beginning */
    {"x", NULL},                 /* every letter would change */
    {"", NULL},
    {"list", "list"}, /* the nearest word, not the first one */
    /* the first of two that are equally near */
    {"lis", "lisp"},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL}, /* 41 */
};

START_TEST(nearest)
{
    static const char *const names[] = {
        "w", "tls", "lisp", "list", "replicaSet", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    apr_array_header_t *known = apr_array_make(pool, 4, sizeof(const char *));
    for (int i = 0; i < LENGTH(names); i++) {
        APR_ARRAY_PUSH(known, const char *) = names[i];
    }
    const char *found = authp_text_nearest(misspelt[_i].word, known);
    ck_assert_msg(misspelt[_i].meant == NULL
                      ? found == NULL
                      : found != NULL && strcmp(found, misspelt[_i].meant) == 0,
                  "%s: %s", misspelt[_i].word, found != NULL ? found : "none");
    ck_assert_ptr_null(authp_text_nearest("tls", apr_array_make(pool, 1, sizeof(const char *))));
}
END_TEST

Suite *suite_text(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, utf8, 0, LENGTH(utf8_rows));
    tcase_add_test(tests, controls);
    tcase_add_test(tests, lower);
    tcase_add_test(tests, trim);
    tcase_add_test(tests, hex);
    tcase_add_test(tests, url_encode);
    tcase_add_test(tests, url_round_trip);
    tcase_add_loop_test(tests, url_decode, 0, LENGTH(decodes));
    tcase_add_loop_test(tests, query, 0, LENGTH(queries));
    tcase_add_test(tests, query_has);
    tcase_add_test(tests, header_safe);
    tcase_add_test(tests, listed);
    tcase_add_test(tests, same);
    tcase_add_test(tests, equal);
    tcase_add_loop_test(tests, nearest, 0, LENGTH(misspelt));
    suite_add_tcase(suite, tests);
    return suite;
}
