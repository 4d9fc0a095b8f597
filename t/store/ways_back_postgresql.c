/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "postgresql_fixture.h"
#include "ways_back.h"

#include <apr_time.h>
#include <pthread.h>

/* The schema of the test alone. The number of a dropped column stays used, so the order of columns
 * counts, and not their numbers. */
static const ways_back_t dialect = {
    .open = postgresql_fixture_open,
    .ask = postgresql_fixture_sql,
    .shape =
        "SELECT string_agg(line, '; ' ORDER BY line) FROM (SELECT table_name || ' ' || string_agg("
        "column_name || ' ' || data_type || ' ' || is_nullable || ' ' || "
        "coalesce(collation_name, '') || ' ' || coalesce(column_default, ''), ', ' "
        "ORDER BY ordinal_position) AS line FROM information_schema.columns "
        "WHERE table_schema = current_schema() GROUP BY table_name "
        "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()) AS lines"};

static void setup(void)
{
    postgresql_fixture_make();
    ways_back_begin(&dialect);
}

static void teardown(void)
{
    ways_back_end();
    postgresql_fixture_remove();
}

/* Another program's row, which is committed half a second after it was written. */
static void *write_slowly(void *data)
{
    apr_pool_t *pool = NULL;
    (void)data;
    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    (void)postgresql_fixture_sql(
        "WITH new AS (INSERT INTO used_tokens (id, expires_at) VALUES ('x', now()) RETURNING 1) "
        "SELECT pg_sleep(0.5) FROM new",
        pool);
    apr_pool_destroy(pool);
    return NULL;
}

/* A row that comes between the look at what a step holds and the step back is seen. */
START_TEST(a_row_in_between)
{
    const authp_store_goal_t back = {.steps = 5};
    authp_store_migrated_t done = {.refusal = NULL};
    apr_pool_t *pool = NULL;
    pthread_t writer;
    apr_pool_create(&pool, NULL);
    authp_store_t *store = postgresql_fixture_open(pool);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_slowly, NULL), 0);
    apr_sleep(apr_time_from_msec(200));
    authp_err_t err = authp_store_migrate_to(store, &back, &done, pool);
    ck_assert_int_eq(pthread_join(writer, NULL), 0);
    ck_assert_int_eq(err, AUTHP_E_CONFLICT);
    ck_assert_str_eq(done.refusal, "step 6 (used tokens and login codes) holds used_tokens");
    ck_assert_str_eq(postgresql_fixture_sql("SELECT count(*) FROM used_tokens", pool), "1");
    apr_pool_destroy(pool);
}
END_TEST

Suite *suite_ways_back_postgresql(void)
{
    Suite *suite = ways_back_suite("ways_back_postgresql", setup, teardown);
    TCase *tests = tcase_create("ways_back_in_between");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_row_in_between);
    suite_add_tcase(suite, tests);
    return suite;
}
