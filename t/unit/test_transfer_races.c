/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are put while a server changes them, and none at all. */
#include "columns_fixture.h"
#include "fixture.h"
#include "service/transfer/transfer_put.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_user_t *stored(const authp_user_t *user)
{
    return mem_store_user(f.store, user->id.hex);
}

static authp_put_result_t put(authp_user_t *user)
{
    void *row = user;
    authp_put_result_t result = {AUTHP_PUT_OUTCOMES, NULL};
    const authp_put_batch_t batch = {.columns = &authp_columns_user, .rows = &row, .count = 1};
    ck_assert_int_eq(authp_transfer_put(f.realm, &batch, &result, f.pool), AUTHP_OK);
    return result;
}

/* An account that is stored, and the newer one that shall replace it. */
static authp_user_t *newer(authp_user_t *old)
{
    columns_fixture_fill(&authp_columns_user, old, 1, f.pool);
    ck_assert_int_eq(put(old).outcome, AUTHP_PUT_ADDED);
    authp_user_t *new = apr_pmemdup(f.pool, old, sizeof(*old));
    new->updated_at += 1000;
    new->name = "Another name";
    return new;
}

static int renewals;

/* Changes the account, and will do so again before the next try. */
static void keep_renewing(void *ctx)
{
    authp_user_t *now = mem_store_user(f.store, ((authp_user_t *)ctx)->id.hex);
    now->updated_at++; /* older than the file's all the same */
    renewals++;
    mem_store_before(f.store, "user_update", keep_renewing, ctx);
}

/* After five tries the account stays as the server has it. After a single change the next try
 * replaces it. */
START_TEST(a_server_that_keeps_changing_it)
{
    authp_user_t old;
    authp_user_t *new = newer(&old);
    renewals = 0;
    mem_store_before(f.store, "user_update", keep_renewing, new);
    authp_put_result_t result = put(new);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_KEPT);
    ck_assert_ptr_null(result.why);
    ck_assert_int_eq(renewals, 5);
    ck_assert_str_eq(stored(&old)->name, old.name);
    mem_store_before(f.store, NULL, NULL, NULL);
    ck_assert_int_eq(put(new).outcome, AUTHP_PUT_REPLACED);
}
END_TEST

static void delete_it(void *ctx)
{
    authp_user_t *now = mem_store_user(f.store, ((authp_user_t *)ctx)->id.hex);
    ck_assert_int_eq(authp_store_user_delete(f.store, now, 1, f.pool), AUTHP_OK);
}

START_TEST(deleted_meanwhile)
{
    authp_user_t old;
    authp_user_t *new = newer(&old);
    mem_store_before(f.store, "user_update", delete_it, new);
    authp_put_result_t result = put(new);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_KEPT);
    ck_assert_pstr_eq(result.why, "the account was deleted in this store");
}
END_TEST

/* No row: no question to the store. */
START_TEST(an_empty_batch)
{
    (void)mem_store_calls(f.store, f.pool);
    ck_assert_int_eq(authp_transfer_put_users(f.realm, false, NULL, 0, NULL, f.pool), AUTHP_OK);
    ck_assert_str_eq(mem_store_calls(f.store, f.pool), "");
}
END_TEST

Suite *suite_transfer_races(void)
{
    Suite *suite = suite_create("transfer_races");
    TCase *tests = tcase_create("transfer_races");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_server_that_keeps_changing_it);
    tcase_add_test(tests, deleted_meanwhile);
    tcase_add_test(tests, an_empty_batch);
    suite_add_tcase(suite, tests);
    return suite;
}
