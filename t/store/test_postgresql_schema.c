/* SPDX-License-Identifier: Apache-2.0 */
/* Two sites have schemas of one database, and share sessions of the server through a pooler. */
#include "../unit/suite.h"
#include "contract.h"
#include "postgresql_fixture.h"
#include "store/providers/providers.h"
#include "store/sql/sql.h"
#include "store/sql/sql_rows.h"

#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *pool;
static const char *other; /* the schema of the other site */

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    postgresql_fixture_make();
    other = NULL;
}

static void tear_down(void)
{
    (void)postgresql_fixture_sql(apr_psprintf(pool, "DROP SCHEMA \"%s\" CASCADE", other), pool);
    apr_pool_destroy(pool);
    postgresql_fixture_remove();
}

/* A store with one connection. */
static authp_store_t *site(bool unprepared)
{
    authp_store_t *store = NULL;
    authp_store_config_t config = postgresql_fixture_config();
    /* The sessions of the second one begin with the search_path of the first one. */
    config.uri =
        apr_pstrcat(pool, getenv("AUTHP_POSTGRES_DIRECT_URL"), "?options=-csearch_path%3D%22",
                    other != NULL ? other : "public", "%22", NULL);
    config.unprepared = unprepared;
    config.max_connections = 1;
    ck_assert_int_eq(authp_store_open(authp_providers_find("postgresql"), &config, &store, pool),
                     AUTHP_OK);
    return store;
}

static void create(authp_store_t *store, const char *email)
{
    authp_user_t user = contract_user(email, pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
}

static authp_err_t find(authp_store_t *store, const char *email)
{
    authp_user_t *user = NULL;
    return authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, email, &user, pool);
}

/* As if the pooler gave this connection a session in which the other site has set search_path since
 * it was opened. */
static void enter_session_of_other(authp_store_t *store)
{
    static const authp_sql_statement_t set = {
        .name = "set", .text = "SELECT set_config('search_path', quote_ident({?text}), false)"};
    int rows = 0;
    const void *values[] = {other};
    ck_assert_int_eq(authp_sql_run(store->self, &set, values, authp_sql_rows_count, &rows),
                     AUTHP_OK);
}

START_TEST(a_session_of_the_other_site)
{
    create(site(_i == 1), "ada@example.org");
    other = apr_pstrdup(pool, postgresql_fixture_config().schema);
    postgresql_fixture_make();
    authp_store_t *store = site(_i == 1);
    create(store, "bob@example.org");
    ck_assert_int_eq(find(store, "ada@example.org"), AUTHP_E_NOT_FOUND);
    enter_session_of_other(store);
    ck_assert_int_eq(find(store, "bob@example.org"), AUTHP_OK);
    ck_assert_int_eq(find(store, "ada@example.org"), AUTHP_E_NOT_FOUND);
    create(store, "eve@example.org");
    ck_assert_str_eq(postgresql_fixture_sql("SELECT string_agg(email, ' ' ORDER BY email) "
                                            "FROM users",
                                            pool),
                     "bob@example.org eve@example.org");
    /* Steps are undone where the store's tables are. */
    const authp_store_goal_t none = {.steps = 0, .force = true};
    authp_store_migrated_t done = {.refusal = NULL};
    ck_assert_int_eq(authp_store_migrate_to(store, &none, &done, pool), AUTHP_OK);
    ck_assert_str_eq(
        postgresql_fixture_sql(apr_psprintf(pool, "SELECT email FROM \"%s\".users", other), pool),
        "ada@example.org");
}
END_TEST

Suite *suite_postgresql_schema(void)
{
    Suite *suite = suite_create("postgresql_schema");
    TCase *tests = tcase_create("postgresql_schema");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_session_of_the_other_site, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
