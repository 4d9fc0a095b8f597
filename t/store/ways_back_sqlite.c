/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "sqlite_fixture.h"
#include "store/sql/sql_impl.h"
#include "ways_back.h"

#include <apr_dbd.h>
#include <apr_strings.h>

static const char *ask(const char *text, apr_pool_t *pool)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    const char *value = NULL;
    ck_assert_int_eq(apr_dbd_init(pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(pool, "sqlite3", &driver), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(driver, pool, sqlite_fixture_file(), &handle), APR_SUCCESS);
    int rc = apr_dbd_select(driver, pool, handle, &results, text, 1);
    ck_assert_msg(rc == 0, "%s: %s", text, apr_dbd_error(driver, handle, rc));
    if (apr_dbd_get_row(driver, pool, results, &row, 1) == 0) {
        value = apr_dbd_get_entry(driver, row, 0);
    }
    value = value != NULL ? apr_pstrdup(pool, value) : NULL;
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
    return value;
}

static const ways_back_t dialect = {
    .open = sqlite_fixture_open,
    .ask = ask,
    .shape =
        "SELECT group_concat(text, '; ') FROM (SELECT m.name || ' ' || coalesce((SELECT "
        "group_concat(p.name || ' ' || p.type || ' ' || p.\"notnull\" || ' ' || "
        "coalesce(p.dflt_value, '') || ' ' || p.pk, ', ') FROM pragma_table_info(m.name) AS p), "
        "m.sql, '') AS text FROM sqlite_master AS m ORDER BY m.name)"};

static void setup(void)
{
    sqlite_fixture_make();
    ways_back_begin(&dialect);
}

static void teardown(void)
{
    ways_back_end();
    sqlite_fixture_remove();
}

static const char *const *read_only(const authp_store_config_t *config, apr_pool_t *pool)
{
    static const char *const statements[] = {"PRAGMA query_only=1", NULL};
    (void)config, (void)pool;
    return statements;
}

/* A database that is up to date serves a process that may not change its schema. Another one does
 * not. */
START_TEST(an_up_to_date_database_is_only_read)
{
    apr_pool_t *pool = NULL;
    int applied = -1;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < 2; i++) {
        authp_store_t *reader = sqlite_fixture_open(pool);
        authp_sql_t *sql = reader->self;
        authp_sql_dialect_t changed = *sql->dialect;
        authp_err_t expected = i == 0 ? AUTHP_E_UNAVAILABLE : AUTHP_OK;
        changed.session = read_only;
        sql->dialect = &changed;
        ck_assert_int_eq(authp_store_ping(reader, pool), expected);
        ck_assert_int_eq(authp_store_migrate(reader, &applied, pool), expected);
        ck_assert_int_eq(authp_store_migrate(sqlite_fixture_open(pool), &applied, pool), AUTHP_OK);
    }
    apr_pool_destroy(pool);
}
END_TEST

Suite *suite_ways_back_sqlite(void)
{
    Suite *suite = ways_back_suite("ways_back_sqlite", setup, teardown);
    TCase *tests = tcase_create("only SQLite");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, an_up_to_date_database_is_only_read);
    suite_add_tcase(suite, tests);
    return suite;
}
