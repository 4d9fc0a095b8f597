/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a file that are well-formed and that no store of ours has. */
#include "columns_fixture.h"
#include "service/transfer/transfer_file.h"
#include "store/model.h"
#include "suite.h"

#include <apr_general.h>
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

Suite *suite_transfer_row(void)
{
    Suite *suite = suite_create("transfer_row");
    TCase *tests = tcase_create("transfer_row");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, addresses_that_are_not_normal, 0, 3);
    suite_add_tcase(suite, tests);
    return suite;
}
