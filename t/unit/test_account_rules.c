/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for e-mail addresses, names and passwords, and the list of refused passwords. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "suite.h"

#include "service/account/account.h"
#include "service/account/account_rules.h"
#include "service/password/common_passwords.h"
#include "service/password/password_rules.h"

static apr_pool_t *pool;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define A63 A50 A10 "aaa"

static const char *const good_emails[] = {
    "a@b",
    "j@example.org",
    "  j@example.org\t\n",
    "First.Last+tag@Sub.Example.ORG",
    "!#$%&'*+/=?^_`{|}~-@x.y",
    ".a..b.@x.y", /* the rule of HTML's input field allows dots anywhere */
    "0@0.0",
    "a@a-b.c--d.e",
    "a@" A63 "." A63,
    /* 254 bytes: 62 + @ + 63 + . + 63 + . + 63 */
    A50 A10 "aa@" A63 "." A63 "." A63,
    "  " A50 A10 "aa@" A63 "." A63 "." A63 "  ",
    "azAZ09@azAZ09.zZ9", /* the ends of each range of letters and digits */
    "\t\n\v\f\r a@b \t\n\v\f\r",
};

START_TEST(email_good)
{
    const char *text = good_emails[_i];
    ck_assert_pstr_eq(authp_account_rules_check_email(text, strlen(text)), NULL);
}
END_TEST

typedef struct bad_t {
    const char *text;
    size_t len;
} bad_t;
#define BAD(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const bad_t bad_emails[] = {
    BAD(""),
    BAD("   "),
    BAD("@"),
    BAD("a"),
    BAD("a@"),
    BAD("@b"),
    BAD("a@b@c"),
    BAD("a b@c"),
    BAD("a@b c"),
    BAD("a@b.\n"),
    BAD("a@.b"),
    BAD("a@b..c"),
    BAD("a@b."),
    BAD("a@-b"),
    BAD("a@b-"),
    BAD("a@b.-c"),
    BAD("a@b_c"),
    BAD("a@[127.0.0.1]"),
    BAD("\"a b\"@c"),
    BAD("a,b@c"),
    BAD("a(b)@c"),
    BAD("a<b>@c"),
    BAD("a@b\0.c"),
    BAD("a\0@b"),
    BAD("a@b\0"),
    BAD("j\xC3\xBCrgen@example.org"),
    BAD("a@m\xC3\xBCnchen.de"),
    BAD("a\x7f@b"),
    BAD("a@b`"),
    BAD("a@b{"),
    BAD("a@b["),
    BAD("a@b/"),
    BAD("a@b:"),
    BAD("\x0e"
        "a@b"),
    BAD("a@b\x08"),
    BAD("a@" A63 "a"),
    /* 255 bytes */
    BAD(A50 A10 "aaa@" A63 "." A63 "." A63),
};

START_TEST(email_bad)
{
    ck_assert_pstr_ne(authp_account_rules_check_email(bad_emails[_i].text, bad_emails[_i].len),
                      NULL);
}
END_TEST

START_TEST(email_normal)
{
    ck_assert_str_eq(authp_account_rules_normal_email(" \tJo.E+X@EXAMPLE.org\r\n", pool),
                     "jo.e+x@example.org");
}
END_TEST

static const char *username_error(const char *text)
{
    return authp_account_rules_check_username(text, strlen(text));
}

START_TEST(username_rules)
{
    static const char *const good[] = {"abc", "A.b", "_-.", "000", "Grace_H.1-9", A50 A50 A50};
    static const char *const bad[] = {"",      "ab",    "a b",         " abc",
                                      "abc ",  "abc\n", "a@b.c",       "a/b/c",
                                      "a+b+c", "[abc]", "J\xC3\xB6rg", A50 A50 A50 "a"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_pstr_eq(username_error(good[i]), NULL);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(username_error(bad[i]) != NULL, "%s", bad[i]);
    }
    ck_assert_pstr_ne(authp_account_rules_check_username("abc\0d", 5), NULL);
    ck_assert_str_eq(authp_account_rules_normal_username("Grace_H.1-9", pool), "grace_h.1-9");
    ck_assert_str_eq(authp_account_rules_normal_username(" \xC3\x96 A@B", pool), " \xC3\x96 a@b");
}
END_TEST

START_TEST(name_rules)
{
    char text[4 * 201 + 1];
    ck_assert_pstr_eq(authp_account_rules_check_name("", 0), NULL);
    ck_assert_pstr_eq(authp_account_rules_check_name("Zo\xC3\xAB O'Neil", 11), NULL);
    for (size_t i = 0; i < 201; i++) {
        memcpy(text + 4 * i, "\xF0\x9F\x98\x80", 4);
    }
    ck_assert_pstr_eq(authp_account_rules_check_name(text, 4 * 200), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_name(text, 4 * 201), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_name("a\nb", 3), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_name("a\0b", 3), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_name("a\x7f", 2), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_name("a\xC2\x85", 3), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_name("a\xFF", 2), NULL);
}
END_TEST

START_TEST(password_rules)
{
    const authp_settings_t settings = {.password_min_length = 8};
    const char *long_one = A50 A10 A10 "aaa"; /* 73 */
    ck_assert_pstr_eq(authp_account_rules_check_password(&settings, "12345678", 8, pool), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_password(&settings, "1234567", 7, pool), NULL);
    /* The minimum counts characters, the maximum counts bytes. */
    ck_assert_pstr_eq(authp_account_rules_check_password(&settings,
                                                         "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
                                                         "1234",
                                                         12, pool),
                      NULL);
    ck_assert_pstr_ne(
        authp_account_rules_check_password(&settings, "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", 8, pool),
        NULL);
    ck_assert_pstr_eq(authp_account_rules_check_password(&settings, long_one, 72, pool), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_password(&settings, long_one, 73, pool), NULL);
    ck_assert_pstr_ne(authp_account_rules_check_password(&settings,
                                                         "1234\0"
                                                         "67890",
                                                         10, pool),
                      NULL);
}
END_TEST

/* The text of each refusal, which people read. */
START_TEST(what_is_said)
{
    const authp_settings_t settings = {.password_min_length = 12};
    const authp_settings_t common = {.password_min_length = 8, .password_refuse_common = true};
    const char *long_one = A50 A50 A50 A50 A50 A50;
    const char *const said[][2] = {
        {authp_account_rules_check_email(long_one, 255),
         "An e-mail address has at most 254 bytes."},
        {authp_account_rules_check_email("a", 1), "This is not a valid e-mail address."},
        {authp_account_rules_check_username("ab", 2), "A username has 3 to 150 characters."},
        {authp_account_rules_check_username("a b", 3),
         "A username has only the letters A to Z and a to z, digits, and the characters _ . and -."},
        {authp_account_rules_check_name("a\n", 2), "A name has no control characters."},
        {authp_account_rules_check_name(long_one, 201), "A name has at most 200 characters."},
        {authp_account_rules_check_password(&settings, "12345678901", 11, pool),
         "A password has at least 12 characters."},
        {authp_account_rules_check_password(&settings, long_one, 73, pool),
         "A password has at most 72 bytes."},
        {authp_account_rules_check_password(&settings, "1234567\0abcdef", 14, pool),
         "A password has no NUL character."},
        {authp_account_rules_check_password(&common, "12345678\xff", 9, pool),
         "A password has no NUL character."},
        {authp_account_rules_check_password(&common, "PassWord", 8, pool),
         "This password is too common, so that others would guess it: choose another one."}};
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        ck_assert_pstr_eq(said[i][0], said[i][1]);
    }
}
END_TEST

START_TEST(password_refused)
{
    static const char list[] = "\xEF\xBB\xBFqwertyui\r\n\nPassWord1\n" A50 A50 "\nletmein99";
    const authp_settings_t settings = {
        .password_min_length = 8,
        .password_refused = authp_password_rules_parse(list, sizeof(list) - 1, pool)};
    static const char *const refused[] = {"qwertyui", "QwertyUI", "password1", "letmein99"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_pstr_ne(
            authp_account_rules_check_password(&settings, refused[i], strlen(refused[i]), pool),
            NULL);
    }
    ck_assert_pstr_eq(authp_account_rules_check_password(&settings, "qwertyuiop", 10, pool), NULL);
    ck_assert(!authp_password_rules_refused(settings.password_refused, A50 A50, 100));
    ck_assert(!authp_password_rules_refused(NULL, "password1", 9));
    ck_assert(!authp_password_rules_refused(authp_password_rules_parse("", 0, pool), "", 0));
}
END_TEST

/* A password of the maximum length, and one with a byte more. */
START_TEST(password_refused_of_most_bytes)
{
    static const char list[] = A50 A10 A10 "bb\n" A50 A10 A10 "ccc\n";
    const authp_refused_t *refused = authp_password_rules_parse(list, sizeof(list) - 1, pool);
    ck_assert(authp_password_rules_refused(refused, A50 A10 A10 "BB", 72));
    ck_assert(!authp_password_rules_refused(refused, A50 A10 A10 "cc", 72));
    ck_assert(!authp_password_rules_refused(refused, A50 A10 A10 "ccc", 73));
}
END_TEST

/* The built-in list has the most common passwords in any case of letters, and no similar ones. */
START_TEST(password_common)
{
    const authp_settings_t on = {.password_min_length = 8, .password_refuse_common = true};
    const authp_settings_t off = {.password_min_length = 8};
    static const char *const common[] = {"password", "PassWord1", "12345678", "qwertyuiop",
                                         "iloveyou", "p@ssw0rd",  "TRUSTNO1", "00000000"};
    static const char *const fine[] = {"three calm words", "correct horse", "passwordpasswor",
                                       "iloveyou2cakes",   "12345678 ",     "p\xC3\xA4ssword"};
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        const char *why =
            authp_account_rules_check_password(&on, common[i], strlen(common[i]), pool);
        ck_assert_ptr_nonnull(why);
        ck_assert_ptr_nonnull(strstr(why, "too common"));
        ck_assert_pstr_eq(
            authp_account_rules_check_password(&off, common[i], strlen(common[i]), pool), NULL);
        ck_assert(!authp_account_rules_is_common(&off, common[i], strlen(common[i])));
    }
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        ck_assert_pstr_eq(authp_account_rules_check_password(&on, fine[i], strlen(fine[i]), pool),
                          NULL);
    }
    ck_assert(!authp_password_rules_common(A50 A50, 100));
    ck_assert(!authp_password_rules_common("", 0));
}
END_TEST

/* The search finds every word of the list, so the generated table is complete and sorted. */
START_TEST(password_common_table)
{
    ck_assert_uint_eq(authp_common_passwords_count, 10000);
    for (size_t i = 0; i < authp_common_passwords_count; i++) {
        const char *word = authp_common_passwords_text + authp_common_passwords_at[i];
        ck_assert_msg(authp_password_rules_common(word, strlen(word)), "%s", word);
        ck_assert_uint_ge(strlen(word), 8);
    }
}
END_TEST

START_TEST(refused_file)
{
    char path[] = "/tmp/authp-refused-XXXXXX";
    const authp_refused_t *refused = NULL;
    const char *error = NULL;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "hunter22\n", 9), 9);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(authp_password_rules_load(path, &refused, &error, pool), AUTHP_OK);
    ck_assert(authp_password_rules_refused(refused, "HUNTER22", 8));
    const off_t most = (off_t)16 * 1024 * 1024;
    ck_assert_int_eq(truncate(path, most), 0);
    ck_assert_int_eq(authp_password_rules_load(path, &refused, &error, pool), AUTHP_OK);
    ck_assert_int_eq(truncate(path, most + 1), 0);
    ck_assert_int_eq(authp_password_rules_load(path, &refused, &error, pool),
                     AUTHP_E_VALIDATION_FAILED);
    ck_assert_ptr_nonnull(strstr(error, path));
    ck_assert_int_eq(unlink(path), 0);
    error = NULL;
    ck_assert_int_eq(authp_password_rules_load(path, &refused, &error, pool),
                     AUTHP_E_VALIDATION_FAILED);
    ck_assert_str_eq(error,
                     apr_pstrcat(pool, "cannot read ", path, ": No such file or directory", NULL));
    ck_assert_int_eq(authp_password_rules_load("/", &refused, &error, pool),
                     AUTHP_E_VALIDATION_FAILED);
}
END_TEST

/* Devices and FIFOs are refused as a list of passwords, because they may have no end or no writer.
 * The call must not wait. */
START_TEST(refused_file_that_is_none)
{
    char dir[] = "/tmp/authp-refused-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    const char *fifo = apr_pstrcat(pool, dir, "/fifo", NULL);
    const char *const rows[] = {"/dev/null", "/dev/zero", dir, fifo};
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const authp_refused_t *refused = NULL;
        const char *error = NULL;
        ck_assert_int_eq(authp_password_rules_load(rows[i], &refused, &error, pool),
                         AUTHP_E_VALIDATION_FAILED);
        ck_assert_ptr_null(refused);
        ck_assert_str_eq(
            error, apr_pstrcat(pool, rows[i], " is not a regular file of at most 16 MiB", NULL));
    }
    ck_assert_int_eq(unlink(fifo), 0);
    ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

Suite *suite_account_rules(void)
{
    Suite *suite = suite_create("account_rules");
    TCase *rules = tcase_create("rules");
    tcase_add_checked_fixture(rules, set_up, tear_down);
    tcase_add_loop_test(rules, email_good, 0, sizeof(good_emails) / sizeof(good_emails[0]));
    tcase_add_loop_test(rules, email_bad, 0, sizeof(bad_emails) / sizeof(bad_emails[0]));
    tcase_add_test(rules, email_normal);
    tcase_add_test(rules, username_rules);
    tcase_add_test(rules, name_rules);
    tcase_add_test(rules, password_rules);
    tcase_add_test(rules, what_is_said);
    tcase_add_test(rules, password_refused);
    tcase_add_test(rules, password_refused_of_most_bytes);
    tcase_add_test(rules, password_common);
    tcase_add_test(rules, password_common_table);
    tcase_add_test(rules, refused_file);
    tcase_add_test(rules, refused_file_that_is_none);
    suite_add_tcase(suite, rules);
    return suite;
}
