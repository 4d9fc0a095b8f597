/* SPDX-License-Identifier: Apache-2.0 */
/* 64 threads refresh with one token at the same moment. */
#include <pthread.h>
#include <string.h>

#include "fixture.h"
#include "suite.h"

#define TABS 64

static fixture_t f;
static pthread_barrier_t barrier;

typedef struct tab_t {
    pthread_t thread;
    const char *token;
    apr_pool_t *pool;
    authp_err_t err;
    authp_grant_t grant;
} tab_t;

static void *run_tab(void *ctx)
{
    tab_t *tab = ctx;
    pthread_barrier_wait(&barrier);
    tab->err = fixture_refresh(&f, tab->token, &tab->grant, tab->pool);
    return NULL;
}

static void refresh_at_once(tab_t *tabs, const char *token)
{
    ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, TABS), 0);
    for (int i = 0; i < TABS; i++) {
        tabs[i] = (tab_t){.token = token};
        ck_assert_int_eq(apr_pool_create(&tabs[i].pool, f.pool), APR_SUCCESS);
    }
    for (int i = 0; i < TABS; i++) {
        ck_assert_int_eq(pthread_create(&tabs[i].thread, NULL, run_tab, &tabs[i]), 0);
    }
    for (int i = 0; i < TABS; i++) {
        ck_assert_int_eq(pthread_join(tabs[i].thread, NULL), 0);
    }
    pthread_barrier_destroy(&barrier);
}

START_TEST(one_successor)
{
    static tab_t tabs[TABS];
    fixture_open(&f);
    const bool rotation = _i == 0;
    f.settings->refresh_token_rotation = rotation;
    authp_user_t *user = fixture_user(&f, "ada@example.org", "candidate", false);
    const authp_grant_t first = fixture_start(&f, user);
    const char *token = first.refresh_token;
    for (int round = 1; round <= 5; round++) {
        refresh_at_once(tabs, token);
        for (int i = 0; i < TABS; i++) {
            ck_assert_int_eq(tabs[i].err, AUTHP_OK);
            ck_assert_str_eq(tabs[i].grant.refresh_token, tabs[0].grant.refresh_token);
            ck_assert_int_eq(tabs[i].grant.session->generation, rotation ? round : 0);
        }
        token = tabs[0].grant.refresh_token;
        ck_assert_int_eq(mem_store_session(f.store, first.session->id.hex)->generation,
                         rotation ? round : 0);
    }
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_int_eq(mem_store_audit_count(f.store, "refresh_reuse"), 0);
    fixture_close(&f);
}
END_TEST

Suite *suite_refresh_threads(void)
{
    Suite *suite = suite_create("refresh_threads");
    TCase *threads = tcase_create("threads");
    tcase_add_loop_test(threads, one_successor, 0, 2);
    suite_add_tcase(suite, threads);
    return suite;
}
