/* SPDX-License-Identifier: Apache-2.0 */
/* CSRF tokens that name their session, beside those that do not. */
#include "fixture.h"
#include "service/session/csrf.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define SID "65f0c0ffee00000000000a01"
#define OTHER "65f0c0ffee00000000000a02"

static fixture_t f;

static void setup(void)
{
    fixture_open(&f);
}

static void teardown(void)
{
    fixture_close(&f);
}

static const char *named(const char *sid)
{
    const char *token = NULL;
    ck_assert_int_eq(authp_csrf_make_named(f.realm, sid, &token, f.pool), AUTHP_OK);
    return token;
}

static authp_err_t read_it(const char *token)
{
    authp_id_t sid = {.hex = ""};
    authp_err_t err = authp_csrf_read_named(f.realm, token, &sid);
    ck_assert_str_eq(sid.hex, err == AUTHP_OK ? SID : "");
    return err;
}

START_TEST(names_its_session)
{
    const char *token = named(SID);
    ck_assert_ptr_eq(strstr(token, "a." SID "."), token);
    ck_assert(authp_csrf_is_named(token, strlen(token)));
    ck_assert_int_eq(read_it(token), AUTHP_OK);
}
END_TEST

/* The tag of another session, of the other kind, and texts that are cut, longer or of another form.
 */
START_TEST(refuses)
{
    const char *token = named(SID);
    const char *tag = token + strlen("a." SID ".");
    const char *plain = NULL;
    ck_assert_int_eq(authp_csrf_make(f.realm, SID, &plain, f.pool), AUTHP_OK);
    ck_assert(!authp_csrf_is_named(plain, strlen(plain)));
    const char *const bad[] = {NULL,
                               "",
                               "a",
                               "a.",
                               "a." SID,
                               "a." SID ".",
                               plain,
                               apr_pstrcat(f.pool, "a." SID ".", plain, NULL),
                               apr_pstrcat(f.pool, "a." OTHER ".", tag, NULL),
                               apr_pstrcat(f.pool, "b." SID ".", tag, NULL),
                               apr_pstrcat(f.pool, "a.", tag, NULL),
                               apr_pstrcat(f.pool, token, "A", NULL),
                               apr_pstrmemdup(f.pool, token, strlen(token) - 1),
                               apr_pstrcat(f.pool, "a.65F0C0FFEE00000000000A01.", tag, NULL)};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(read_it(bad[i]), AUTHP_E_CSRF_FAILED);
    }
    ck_assert_int_eq(authp_csrf_check(f.realm, SID, token), AUTHP_E_CSRF_FAILED);
    ck_assert_int_eq(authp_csrf_check(f.realm, SID, tag), AUTHP_E_CSRF_FAILED);
}
END_TEST

/* A valid token with one byte changed, wherever it stands. */
START_TEST(each_byte_counts)
{
    static const char others[] = ".-_:xA0";
    const char *token = named(SID);
    for (size_t at = 0; token[at] != '\0'; at++) {
        for (const char *other = others; *other != '\0'; other++) {
            char *text = apr_pstrdup(f.pool, token);
            text[at] = *other;
            ck_assert_msg(token[at] == *other || read_it(text) == AUTHP_E_CSRF_FAILED,
                          "byte %d: %s", (int)at, text);
        }
    }
}
END_TEST

START_TEST(the_key_before)
{
    const char *token = named(SID);
    fixture_roll_key(&f, true);
    ck_assert_int_eq(read_it(token), AUTHP_OK);
    fixture_roll_key(&f, false);
    ck_assert_int_eq(read_it(token), AUTHP_E_CSRF_FAILED);
    fixture_restore_key(&f);
}
END_TEST

Suite *suite_csrf(void)
{
    Suite *suite = suite_create("csrf");
    TCase *tests = tcase_create("csrf");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, names_its_session);
    tcase_add_test(tests, refuses);
    tcase_add_test(tests, each_byte_counts);
    tcase_add_test(tests, the_key_before);
    suite_add_tcase(suite, tests);
    return suite;
}
