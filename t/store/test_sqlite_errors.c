/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite's errors mean, and which files a configuration may name. */
#include "../unit/suite.h"
#include "sqlite_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <string.h>

#define LONGEST 4000 /* bytes of a path */

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* The driver's code is 1 for most errors, so the text counts. */
static const struct {
    int rc;
    const char *text;
    authp_sql_fault_t fault;
} errors[] = {
    {5, "", AUTHP_SQL_LOCKED},
    {5, NULL, AUTHP_SQL_LOCKED},
    {6, "", AUTHP_SQL_LOCKED},
    {6, NULL, AUTHP_SQL_LOCKED},
    {1, "database is locked", AUTHP_SQL_LOCKED},
    {1, "database table is locked: users", AUTHP_SQL_LOCKED},
    {1, "database schema is locked: main", AUTHP_SQL_LOCKED},
    {1, "database or disk is full", AUTHP_SQL_BROKEN},
    {1, "disk I/O error", AUTHP_SQL_BROKEN},
    {1, "attempt to write a readonly database", AUTHP_SQL_BROKEN},
    {1, "unable to open database file", AUTHP_SQL_BROKEN},
    {1, "database disk image is malformed", AUTHP_SQL_BROKEN},
    {1, "file is not a database", AUTHP_SQL_BROKEN},
    {1, "database schema has changed", AUTHP_SQL_BROKEN},
    {1, "no such table: users", AUTHP_SQL_BROKEN},
    {1, "no such column: deleted_at", AUTHP_SQL_BROKEN},
    {1, "table users has no column named profiles", AUTHP_SQL_BROKEN},
    {1, "near \"SELCT\": syntax error", AUTHP_SQL_WRONG},
    {1, "", AUTHP_SQL_WRONG},
    {1, NULL, AUTHP_SQL_WRONG},
    {19, "NOT NULL constraint failed: users.roles", AUTHP_SQL_WRONG},
    {19, NULL, AUTHP_SQL_WRONG},
    {20, "datatype mismatch", AUTHP_SQL_WRONG},
    {20, NULL, AUTHP_SQL_WRONG},
    {8, "readonly", AUTHP_SQL_BROKEN},
    {10, NULL, AUTHP_SQL_BROKEN},
    {11, NULL, AUTHP_SQL_BROKEN},
    {13, NULL, AUTHP_SQL_BROKEN},
    {14, NULL, AUTHP_SQL_BROKEN},
    {26, NULL, AUTHP_SQL_BROKEN},
};

START_TEST(what_errors_mean)
{
    const authp_sql_t *sql = sqlite_fixture_open(pool)->self;
    ck_assert_int_eq(sql->dialect->classify(errors[_i].rc, errors[_i].text), errors[_i].fault);
}
END_TEST

/* A path of this many bytes. */
static const char *path_of(size_t len)
{
    char *path = apr_pcalloc(pool, len + 1);
    memset(path, 'a', len);
    path[0] = '/';
    return path;
}

START_TEST(which_files)
{
    const authp_store_ops_t *ops = authp_providers_find("sqlite");
    const struct {
        const char *file;
        const char *refusal;
    } files[] = {{NULL, "the SQLite file needs an absolute path"},
                 {"", "the SQLite file needs an absolute path"},
                 {"state.db", "the SQLite file needs an absolute path"},
                 {"./state.db", "the SQLite file needs an absolute path"},
                 {"/nowhere/at/all/state.db", NULL},
                 {path_of(LONGEST), NULL},
                 {path_of(LONGEST + 1), "the SQLite file's path is too long"}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const authp_store_config_t config = {.file = files[i].file};
        const char *why = ops->check(&config, pool);
        ck_assert_pstr_eq(why, files[i].refusal);
        if (files[i].file != NULL) {
            ck_assert_str_eq(ops->place(&config, pool), files[i].file);
        }
    }
}
END_TEST

Suite *suite_sqlite_errors(void)
{
    Suite *suite = suite_create("sqlite_errors");
    TCase *tests = tcase_create("sqlite_errors");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_errors_mean, 0, (int)(sizeof(errors) / sizeof(errors[0])));
    tcase_add_test(tests, which_files);
    suite_add_tcase(suite, tests);
    return suite;
}
