/* SPDX-License-Identifier: Apache-2.0 */
/* How long a guarded request waits for its turn to ask the store: not longer because others come
 * and go meanwhile. */
#include <pthread.h>
#include <unistd.h>

#include "live_fixture.h"
#include "service/live_store.h"
#include "suite.h"

#define CROWD 24
#define WORK_MS 100 /* for one, so 1.2 s for all of them by two at a time */
#define WAIT_MS 500 /* what one may wait */
#define LATE_MS 450 /* a machine that is busy with much else */

static live_fixture_t live;
static authp_store_ops_t slow;
static authp_err_t (*find_user)(void *self, const char *id, authp_user_t **out, apr_pool_t *pool);

typedef struct asker_t {
    pthread_t thread;
    apr_pool_t *pool;
    authp_principal_t who;
    authp_err_t err;
    int64_t took_ms;
} asker_t;

static authp_err_t slow_user(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    usleep(WORK_MS * 1000);
    return find_user(self, id, out, pool);
}

static void set_up(void)
{
    live_fixture_open(&live);
}

static void tear_down(void)
{
    live_fixture_close(&live);
}

static void *ask(void *data)
{
    asker_t *asker = data;
    authp_live_facts_t facts;
    int64_t began = authp_clock_now(authp_clock_monotonic());
    asker->err = authp_live_store_ask(live.f.realm, &asker->who, &facts, asker->pool);
    asker->took_ms = authp_clock_now(authp_clock_monotonic()) - began;
    return NULL;
}

START_TEST(one_deadline)
{
    static asker_t askers[CROWD];
    int answered = 0;
    slow = *live.f.store->ops;
    find_user = slow.user_by_id;
    slow.user_by_id = slow_user;
    live.f.store->ops = &slow;
    for (int i = 0; i < CROWD; i++) {
        authp_grant_t grant = fixture_start(&live.f, live.user);
        askers[i].who = live_fixture_principal(&live, &grant);
        apr_pool_create(&askers[i].pool, NULL);
    }
    for (int i = 0; i < CROWD; i++) {
        ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(askers[i].thread, NULL);
        ck_assert(askers[i].err == AUTHP_OK || askers[i].err == AUTHP_E_UNAVAILABLE);
        ck_assert_int_lt(askers[i].took_ms, WAIT_MS + WORK_MS + LATE_MS);
        answered += askers[i].err == AUTHP_OK;
        apr_pool_destroy(askers[i].pool);
    }
    ck_assert_int_ge(answered, 4);
    ck_assert_int_lt(answered, CROWD);
}
END_TEST

Suite *suite_live_wait(void)
{
    Suite *suite = suite_create("live_wait");
    TCase *tests = tcase_create("live_wait");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_deadline);
    suite_add_tcase(suite, tests);
    return suite;
}
