/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a file that are well-formed and that no store of ours has. */
#include "columns_fixture.h"
#include "service/transfer/transfer_file.h"
#include "store/model.h"
#include "suite.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <check.h>
#include <string.h>

static apr_pool_t *pool;

static void set_up(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
}

/* The stores find addresses in lower case only. */
START_TEST(addresses_that_are_not_normal)
{
    static const char *const texts[] = {
        "{\"user\":{\"id\":\"6b0000000000000000000001\",\"email\":\"ADA@X.ORG\"}}",
        "{\"user\":{\"id\":\"6b0000000000000000000001\",\"email\":\" ada@x.org\"}}",
        "{\"invite\":{\"id\":\"6b0000000000000000000001\",\"email\":\"Ada@x.org\","
        "\"code_hash\":\"x\"}}"};
    const char *refusal = NULL;
    authp_transfer_line_t line = {.row = NULL};
    size_t len = 0;
    ck_assert_int_eq(
        authp_transfer_file_read_line(texts[_i], strlen(texts[_i]), &line, &refusal, pool),
        AUTHP_E_MALFORMED);
    ck_assert_str_eq(refusal, "the address is not in lower case, or has spaces around it");
    authp_user_t user;
    columns_fixture_fill(&authp_columns_user, &user, 1, pool);
    ck_assert_ptr_nonnull(authp_transfer_file_line(AUTHP_TRANSFER_USER, &user, &len, pool));
    user.email = "ADA@X.ORG";
    ck_assert_ptr_null(authp_transfer_file_line(AUTHP_TRANSFER_USER, &user, &len, pool));
}
END_TEST

/* The file has the value itself, and any object comes back. */
static const char *const profiles[] = {
    "{}",
    "{\"\":{\"a.b\":1,\"$c\":[null,1.5,9223372036854775807]},\"100%\":{\"n\":\"a\\u0000b\"}}",
    "{\"provider\":{\"personal_info\":{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":[{}]}}}}}}}}",
    "{\"seeker\":{\"name\":\"\xf0\x9f\x98\x80\"}}",
};

static authp_err_t read_back(const authp_user_t *user, authp_user_t **out)
{
    size_t len = 0;
    const char *refusal = NULL;
    authp_transfer_line_t line = {.row = NULL};
    const char *text = authp_transfer_file_line(AUTHP_TRANSFER_USER, user, &len, pool);
    ck_assert_ptr_nonnull(text);
    authp_err_t err = authp_transfer_file_read_line(text, len, &line, &refusal, pool);
    *out = line.row;
    return err;
}

START_TEST(profiles_come_back)
{
    authp_user_t user;
    authp_user_t *got = NULL;
    size_t len = 0;
    columns_fixture_fill(&authp_columns_user, &user, 1, pool);
    user.profiles = profiles[_i];
    ck_assert_int_eq(read_back(&user, &got), AUTHP_OK);
    columns_fixture_same(&authp_columns_user, got, &user, 0, 0);
    ck_assert_ptr_nonnull(
        strstr(authp_transfer_file_line(AUTHP_TRANSFER_USER, &user, &len, pool), "\"profiles\":{"));
    user.profiles = NULL;
    ck_assert_int_eq(read_back(&user, &got), AUTHP_OK);
    ck_assert_ptr_null(got->profiles);
}
END_TEST

/* Neither a line with them nor a row that has them is taken. */
static const char *const no_profiles[] = {"[]", "1", "\"{}\"", "{", "null"};

START_TEST(profiles_that_are_none)
{
    authp_user_t user;
    const char *refusal = NULL;
    authp_transfer_line_t line = {.row = NULL};
    size_t len = 0;
    columns_fixture_fill(&authp_columns_user, &user, 1, pool);
    user.profiles = no_profiles[_i];
    ck_assert_ptr_null(authp_transfer_file_line(AUTHP_TRANSFER_USER, &user, &len, pool));
    const char *text = apr_pstrcat(pool,
                                   "{\"user\":{\"id\":\"6b0000000000000000000001\","
                                   "\"profiles\":",
                                   no_profiles[_i], "}}", NULL);
    ck_assert_int_eq(authp_transfer_file_read_line(text, strlen(text), &line, &refusal, pool),
                     AUTHP_E_MALFORMED);
}
END_TEST

/* The largest number, the last time, and the longest JSON text that every store keeps. */
START_TEST(largest_values)
{
    static const char head[] = "{\"\":\"";
    char *filler = memset(apr_pcalloc(pool, 1048576 + 1), 'x', 1048576);
    for (int more = 0; more < 2; more++) {
        filler[1048576 - strlen(head) - 2 + (size_t)more] = '\0';
        authp_user_t user;
        authp_user_t *got = NULL;
        const authp_err_t err = more == 0 ? AUTHP_OK : AUTHP_E_MALFORMED;
        columns_fixture_fill(&authp_columns_user, &user, 1, pool);
        user.ver = INT64_C(9007199254740991) + more;
        ck_assert_int_eq(read_back(&user, &got), err);
        columns_fixture_fill(&authp_columns_user, &user, 1, pool);
        user.created_at = INT64_C(253402300799999) + more;
        ck_assert_int_eq(read_back(&user, &got), err);
        columns_fixture_fill(&authp_columns_user, &user, 1, pool);
        user.profiles = apr_pstrcat(pool, head, filler, "\"}", NULL);
        ck_assert_int_eq(read_back(&user, &got), err);
        memset(filler, 'x', 1048576);
    }
}
END_TEST

/* A row of each kind with second factors. Only those of an account are dropped. */
START_TEST(factors)
{
    const authp_transfer_kind_t kind = (authp_transfer_kind_t)_i;
    const authp_columns_t *columns = authp_transfer_file_columns(kind);
    const char *refusal = NULL;
    size_t len = 0;
    authp_transfer_line_t line = {.drop_factors = true};
    void *row = apr_pcalloc(pool, columns->size);
    columns_fixture_fill(columns, row, 1, pool);
    const char *text = authp_transfer_file_line(kind, row, &len, pool);
    text = apr_psprintf(pool, "%.*s,\"factors\":[]}}", (int)len - 2, text);
    const authp_err_t err =
        authp_transfer_file_read_line(text, strlen(text), &line, &refusal, pool);
    const bool user = kind == AUTHP_TRANSFER_USER;
    ck_assert_int_eq(err, user ? AUTHP_OK : AUTHP_E_MALFORMED);
    ck_assert(line.had_factors == user);
    ck_assert(user || strstr(refusal, "\"factors\"") != NULL);
    line.drop_factors = false;
    ck_assert_int_eq(authp_transfer_file_read_line(text, strlen(text), &line, &refusal, pool),
                     AUTHP_E_MALFORMED);
    ck_assert(user == (strstr(refusal, "--drop-factors") != NULL));
}
END_TEST

Suite *suite_transfer_row(void)
{
    Suite *suite = suite_create("transfer_row");
    TCase *tests = tcase_create("transfer_row");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, addresses_that_are_not_normal, 0, 3);
    tcase_add_loop_test(tests, profiles_come_back, 0,
                        (int)(sizeof(profiles) / sizeof(profiles[0])));
    tcase_add_loop_test(tests, profiles_that_are_none, 0,
                        (int)(sizeof(no_profiles) / sizeof(no_profiles[0])));
    tcase_add_test(tests, largest_values);
    tcase_add_loop_test(tests, factors, 0, AUTHP_TRANSFER_KINDS);
    suite_add_tcase(suite, tests);
    return suite;
}
