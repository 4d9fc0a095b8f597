/* SPDX-License-Identifier: Apache-2.0 */
/* Whole rows that move, in the SQL store: damaged rows, and batches that fail. */
#include "../unit/suite.h"
#include "base/log.h"
#include "columns_fixture.h"
#include "contract.h"
#include "sqlite_fixture.h"
#include "store/sql/sql_impl.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <string.h>

#define BATCH 5

static apr_pool_t *pool;
static authp_store_t *store;
static char logged[4096];

static void keep_line(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(logged, message, sizeof(logged));
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    store = sqlite_fixture_open(pool);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    logged[0] = '\0';
    authp_log_set_sink(keep_line, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* Runs `text` on a connection outside of the store. */
static void outside(const char *text)
{
    int changed = 0;
    const authp_sql_t *sql = store->self;
    apr_dbd_t *handle = NULL;
    ck_assert_int_eq(apr_dbd_open(sql->driver, pool, sqlite_fixture_file(), &handle), 0);
    ck_assert_int_eq(apr_dbd_query(sql->driver, handle, &changed, text), 0);
    ck_assert_int_eq(apr_dbd_close(sql->driver, handle), 0);
}

static void make_batch(const authp_columns_t *columns, void **rows)
{
    for (int i = 0; i < BATCH; i++) {
        rows[i] = apr_pcalloc(pool, columns->size);
        columns_fixture_fill(columns, rows[i], i + 1, pool);
    }
}

static authp_err_t add(const authp_columns_t *columns, void *const *rows, bool *added)
{
    return authp_store_move_add(store, columns, rows, BATCH, added, pool);
}

/* A page goes on after a row that cannot be read, also if that is its last one. */
START_TEST(damaged_rows_are_counted)
{
    void *rows[BATCH];
    bool added[BATCH];
    authp_rows_t page = {.seen = 0};
    make_batch(&authp_columns_session, rows);
    ck_assert_int_eq(add(&authp_columns_session, rows, added), AUTHP_OK);
    const char *id = ((authp_id_t *)rows[2])->hex;
    outside(apr_psprintf(pool, "UPDATE refresh_tokens SET salt = 'x' WHERE id = '%s'", id));
    authp_page_t what = {.limit = 3};
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_session, &what, &page, pool),
                     AUTHP_OK);
    ck_assert_int_eq(page.seen, 3);
    ck_assert_int_eq(page.list->nelts, 2);
    ck_assert_str_eq(page.last.hex, id);
    ck_assert_msg(strstr(logged, "AUTHP0211") != NULL && strstr(logged, id) != NULL, "%s", logged);
    what.after_id = id;
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_session, &what, &page, pool),
                     AUTHP_OK);
    ck_assert_int_eq(page.seen, 2);
    ck_assert_int_eq(page.list->nelts, 2);
}
END_TEST

/* A statement that fails takes the whole batch back, whichever row it is of. */
START_TEST(a_batch_that_fails_leaves_nothing)
{
    static const char *const triggers[] = {
        "CREATE TRIGGER no BEFORE INSERT ON users WHEN new.email = 'email-4' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE TRIGGER no BEFORE INSERT ON user_identities WHEN new.sub = 'identities-4' "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"};
    void *rows[BATCH];
    bool added[BATCH] = {true, false, true, false, true};
    int64_t count = -1;
    make_batch(&authp_columns_user, rows);
    outside(triggers[_i]);
    ck_assert_int_eq(add(&authp_columns_user, rows, added), AUTHP_E_INTERNAL);
    ck_assert_msg(strstr(logged, "AUTHP0206") != NULL, "%s", logged);
    ck_assert(added[0] && !added[1] && added[2] && !added[3] && added[4]);
    ck_assert_int_eq(authp_store_move_count(store, &authp_columns_user, &count, pool), AUTHP_OK);
    ck_assert_int_eq(count, 0);
    outside("DROP TRIGGER no");
    ck_assert_int_eq(add(&authp_columns_user, rows, added), AUTHP_OK);
    ck_assert(added[0] && added[1] && added[2] && added[3] && added[4]);
}
END_TEST

/* Login codes do not move. */
START_TEST(other_rows_are_refused)
{
    void *rows[BATCH];
    bool added[BATCH];
    int64_t count = -1;
    authp_rows_t page;
    const authp_page_t what = {.limit = 3};
    make_batch(&authp_columns_login_code, rows);
    ck_assert_int_eq(add(&authp_columns_login_code, rows, added), AUTHP_E_INTERNAL);
    ck_assert_int_eq(authp_store_move_count(store, &authp_columns_login_code, &count, pool),
                     AUTHP_E_INTERNAL);
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_login_code, &what, &page, pool),
                     AUTHP_E_INTERNAL);
}
END_TEST

Suite *suite_sqlite_transfer(void)
{
    Suite *suite = suite_create("sqlite_transfer");
    TCase *tests = tcase_create("sqlite_transfer");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, damaged_rows_are_counted);
    tcase_add_loop_test(tests, a_batch_that_fails_leaves_nothing, 0, 2);
    tcase_add_test(tests, other_rows_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
