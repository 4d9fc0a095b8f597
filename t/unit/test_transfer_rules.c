/* SPDX-License-Identifier: Apache-2.0 */
/* When both an account and its row in a file have changed since they were the same. */
#include "service/transfer/transfer_rules.h"

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

static authp_user_t account(void)
{
    authp_user_t user = {.email = "ada@example.org",
                         .name = "Ada",
                         .password_hash = "$2b$04$one",
                         .roles = apr_array_make(pool, 1, sizeof(const char *)),
                         .ver = 8,
                         .auth_changed_at = 80,
                         .updated_at = 100};
    APR_ARRAY_PUSH(user.roles, const char *) = "admin";
    return user;
}

/* What gives rights, or takes them. */
static void change(authp_user_t *user, int which)
{
    user->password_hash = which == 0 ? "$2b$04$two" : user->password_hash;
    user->disabled = which == 1;
    user->roles = which == 2 ? apr_array_make(pool, 1, sizeof(const char *)) : user->roles;
    user->is_recruiter_verified = which == 3;
    user->email_verified = which == 4;
    user->email = which == 5 ? "bob@example.org" : user->email;
}
#define RIGHTS 6

static const struct {
    int64_t ver; /* of the row; the stored account's is 8 */
    authp_ms_t auth_changed_at;
    authp_ms_t updated_at;
    const char *said; /* NULL: nothing */
} cases[] = {
    {7, 70, 101, "changed in this store, and something in the file later"},
    {8, 81, 101, "changed in this store, and something in the file later"},
    {8, 79, 101, "changed in this store, and something in the file later"},
    {9, 81, 99, "changed in the file, and something in this store later"},
    {9, 81, 100, "changed in the file, and something in this store later"},
    {8, 81, 99, "changed in the file, and something in this store later"},
    {9, 81, 101, NULL}, /* the file has all changes */
    {7, 70, 99, NULL},  /* the store has */
    {8, 80, 101, NULL}, /* a hash that was made anew at a sign-in */
    {8, 80, 99, NULL},
};

START_TEST(changed_on_both_sides)
{
    for (int which = 0; which < RIGHTS; which++) {
        const authp_user_t stored = account();
        authp_user_t row = account();
        row.ver = cases[_i].ver;
        row.auth_changed_at = cases[_i].auth_changed_at;
        row.updated_at = cases[_i].updated_at;
        row.name = "Countess";
        ck_assert_ptr_null(authp_transfer_rules_parted(&stored, &row));
        change(&row, which);
        const char *said = authp_transfer_rules_parted(&stored, &row);
        if (cases[_i].said == NULL) {
            ck_assert_ptr_null(said);
        } else {
            ck_assert_ptr_nonnull(said);
            ck_assert_msg(strstr(said, cases[_i].said) != NULL, "%s", said);
        }
    }
}
END_TEST

Suite *suite_transfer_rules(void)
{
    Suite *suite = suite_create("transfer_rules");
    TCase *tests = tcase_create("transfer_rules");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, changed_on_both_sides, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
