/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of a child's pool has a mutex before other threads of the child start. */
#include <apr_allocator.h>

#include "httpd_fake_start.h"
#include "suite.h"

#include "httpd/child_pool.h"
#include "httpd/runtime.h"

static authp_runtime_t runtime;
static apr_pool_t *pool;
static apr_allocator_t *allocator;

/* `pool` as prefork makes pchild. */
static void set_up(void)
{
    ck_assert_int_eq(apr_allocator_create(&allocator), APR_SUCCESS);
    ck_assert_int_eq(apr_pool_create_ex(&pool, NULL, NULL, allocator), APR_SUCCESS);
    apr_allocator_owner_set(allocator, pool);
    authp_runtime_set(&runtime);
    authp_child_pool_register(pool);
}

static void tear_down(void)
{
    authp_runtime_set(NULL);
    if (pool != NULL) {
        apr_pool_destroy(pool);
    }
}

START_TEST(without_a_mutex)
{
    fake_start.child_begins(pool, NULL);
    apr_thread_mutex_t *mutex = apr_allocator_mutex_get(allocator);
    ck_assert_ptr_nonnull(mutex);
    /* A signal handler of the same thread may take it again. */
    ck_assert_int_eq(apr_thread_mutex_lock(mutex), APR_SUCCESS);
    ck_assert_int_eq(apr_thread_mutex_trylock(mutex), APR_SUCCESS);
    apr_thread_mutex_unlock(mutex);
    apr_thread_mutex_unlock(mutex);
    apr_pool_t *sub = NULL;
    ck_assert_int_eq(apr_pool_create(&sub, pool), APR_SUCCESS);
    apr_pool_destroy(pool); /* with the mutex, which belongs to this pool */
    pool = NULL;
}
END_TEST

START_TEST(with_a_mutex)
{
    apr_thread_mutex_t *own = NULL;
    ck_assert_int_eq(apr_thread_mutex_create(&own, APR_THREAD_MUTEX_DEFAULT, pool), APR_SUCCESS);
    apr_allocator_mutex_set(allocator, own);
    fake_start.child_begins(pool, NULL);
    ck_assert_ptr_eq(apr_allocator_mutex_get(allocator), own);
}
END_TEST

START_TEST(of_somebody_else)
{
    apr_pool_t *sub = NULL;
    ck_assert_int_eq(apr_pool_create(&sub, pool), APR_SUCCESS);
    fake_start.child_begins(sub, NULL);
    ck_assert_ptr_null(apr_allocator_mutex_get(allocator));
    authp_runtime_set(NULL); /* nor if the configuration does not use the module */
    fake_start.child_begins(pool, NULL);
    ck_assert_ptr_null(apr_allocator_mutex_get(allocator));
}
END_TEST

Suite *suite_httpd_child_pool(void)
{
    Suite *suite = suite_create("httpd_child_pool");
    TCase *tests = tcase_create("httpd_child_pool");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, without_a_mutex);
    tcase_add_test(tests, with_a_mutex);
    tcase_add_test(tests, of_somebody_else);
    suite_add_tcase(suite, tests);
    return suite;
}
