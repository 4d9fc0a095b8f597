/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads of a process before its first connection: one of them brings the schema up to date,
 * and the others wait for it. */
#include "../unit/suite.h"
#include "contract.h"
#include "sqlite_fixture.h"
#include "store/sql/sql_impl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static apr_pool_t *pool;
static authp_store_t *store;
static authp_sql_t *sql;
static authp_sql_dialect_t dialect;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    store = sqlite_fixture_open(pool);
    sql = store->self;
    dialect = *sql->dialect;
    sql->dialect = &dialect;
}

static void tear_down(void)
{
    sql = NULL;
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

static atomic_int locking; /* calls of apr_thread_mutex_lock() */
static atomic_int looked;  /* calls of wait_for_the_other() */

/* Replaces APR's function in the test program. */
apr_status_t apr_thread_mutex_lock(apr_thread_mutex_t *mutex)
{
    typedef apr_status_t lock_fn(apr_thread_mutex_t *);
    static lock_fn *real;
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "apr_thread_mutex_lock");
        memcpy(&real, &found, sizeof(real));
    }
    if (sql != NULL && mutex == sql->mutex) {
        atomic_fetch_add(&locking, 1);
    }
    return real(mutex);
}

/* The database cannot be opened. The first thread learns that when the second one waits for it. */
static authp_err_t wait_for_the_other(const authp_store_config_t *config, apr_pool_t *scratch)
{
    (void)config, (void)scratch;
    atomic_fetch_add(&looked, 1);
    while (atomic_load(&locking) < 2) {
        sched_yield();
    }
    return AUTHP_E_UNAVAILABLE;
}

static void *ping(void *data)
{
    apr_pool_t *own = NULL;
    apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    *(authp_err_t *)data = authp_store_ping(store, own);
    apr_pool_destroy(own);
    return NULL;
}

/* A thread that waited while another one tried shares its outcome, and does not try again. */
START_TEST(one_thread_tries)
{
    pthread_t threads[2];
    authp_err_t err[2] = {AUTHP_OK, AUTHP_OK};
    atomic_store(&locking, 0);
    atomic_store(&looked, 0);
    dialect.before_open = wait_for_the_other;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ping, &err[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(err[i], AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(atomic_load(&looked), 1);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(atomic_load(&looked), 2);
}
END_TEST

Suite *suite_sql_ready(void)
{
    Suite *suite = suite_create("sql_ready");
    TCase *tests = tcase_create("sql_ready");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, one_thread_tries);
    suite_add_tcase(suite, tests);
    return suite;
}
