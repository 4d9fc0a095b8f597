/* SPDX-License-Identifier: Apache-2.0 */
/* How long a guarded request waits until it may ask the store. Other requests that come and go must
 * not make the wait longer. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "live_fixture.h"
#include "service/live/live_store.h"
#include "suite.h"

#define CROWD 24
#define WORK_MS 100 /* one call of the slow store; all of them take 1.2 s, two at a time */
#define WAIT_MS 500 /* how long one may wait */
#define LATE_MS 450 /* allows for a busy machine */

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

#define SAME 12

/* Many requests ask about the same session while all places are taken. The first answer counts for
 * all of them, and wakes them at once. */
START_TEST(one_answer_for_all_who_wait)
{
    static asker_t askers[SAME + 2];
    int soon = 0;
    slow = *live.f.store->ops;
    find_user = slow.user_by_id;
    slow.user_by_id = slow_user;
    live.f.store->ops = &slow;
    authp_grant_t common = fixture_start(&live.f, live.user);
    for (int i = 0; i < SAME + 2; i++) {
        authp_grant_t own = fixture_start(&live.f, live.user);
        askers[i].who = live_fixture_principal(&live, i < 2 ? &own : &common);
        apr_pool_create(&askers[i].pool, NULL);
    }
    for (int i = 0; i < SAME + 2; i++) {
        ck_assert_int_eq(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
        usleep(i == 1 ? 20000 : 0);
    }
    for (int i = 0; i < SAME + 2; i++) {
        pthread_join(askers[i].thread, NULL);
        ck_assert_int_eq(askers[i].err, AUTHP_OK);
        soon += askers[i].took_ms < WAIT_MS - 50;
        apr_pool_destroy(askers[i].pool);
    }
    /* The work takes two rounds at most. Requests that are not woken would mostly wait until their
     * time is over. */
    ck_assert_int_ge(soon, (SAME + 2) / 2);
}
END_TEST

static atomic_int calls;

static authp_err_t no_session(void *self, const char *sid, authp_session_t **out, apr_pool_t *pool)
{
    (void)self, (void)sid, (void)out, (void)pool;
    atomic_fetch_add(&calls, 1);
    return AUTHP_E_UNAVAILABLE;
}

/* A place is given back after a failure of the store, also when there are more failures than
 * places. */
START_TEST(failures_give_places_back)
{
    authp_live_facts_t facts;
    slow = *live.f.store->ops;
    for (int i = 1; i <= 3; i++) {
        slow.session_by_id = no_session;
        live.f.store->ops = &slow;
        ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool),
                         AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(atomic_load(&calls), i);
        usleep(1050000); /* the pause of that session */
    }
    live.f.store->ops = &mem_store_ops;
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool), AUTHP_OK);
}
END_TEST

/* While one request asks the store, another one fails. The answer of the first shows that the store
 * works, so the next request is not refused. */
static authp_err_t fails_meanwhile(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    authp_live_facts_t facts;
    authp_grant_t grant = fixture_start(&live.f, live.user);
    authp_principal_t other = live_fixture_principal(&live, &grant);
    slow.user_by_id = find_user;
    slow.session_by_id = no_session;
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &other, &facts, pool), AUTHP_E_UNAVAILABLE);
    slow.session_by_id = mem_store_ops.session_by_id;
    return find_user(self, id, out, pool);
}

START_TEST(an_answer_ends_the_rest)
{
    authp_live_facts_t facts;
    authp_grant_t grant = fixture_start(&live.f, live.user);
    authp_principal_t next = live_fixture_principal(&live, &grant);
    slow = *live.f.store->ops;
    find_user = slow.user_by_id;
    slow.user_by_id = fails_meanwhile;
    live.f.store->ops = &slow;
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &next, &facts, live.f.pool), AUTHP_OK);
}
END_TEST

static authp_err_t counted_session(void *self, const char *sid, authp_session_t **out,
                                   apr_pool_t *pool)
{
    if (atomic_fetch_add(&calls, 1) == 0) {
        usleep(700000);
    }
    return mem_store_ops.session_by_id(self, sid, out, pool);
}

/* A token of an ended session is refused again without asking. A token that was issued after the
 * question is not refused by that answer. */
START_TEST(a_refusal_is_an_answer)
{
    authp_live_facts_t facts;
    slow = *live.f.store->ops;
    slow.session_by_id = counted_session;
    live.f.store->ops = &slow;
    atomic_store(&calls, 1); /* no pause after a failure */
    live.user->ver = 5;
    mem_store_session(live.f.store, live.grant.session->id.hex)->ended_at = 1;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool),
                         AUTHP_E_TOKEN_REVOKED);
        ck_assert_int_eq(atomic_load(&calls), 2);
    }
    mem_store_session(live.f.store, live.grant.session->id.hex)->ended_at = 0;
    live.who.ver++;
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool), AUTHP_OK);
    ck_assert_int_eq(atomic_load(&calls), 3);
}
END_TEST

/* An answer counts for one second from the question on, because the store may have read the row at
 * once and taken the rest of the time to answer. */
START_TEST(an_answer_is_as_old_as_its_question)
{
    authp_live_facts_t facts;
    slow = *live.f.store->ops;
    slow.session_by_id = counted_session;
    live.f.store->ops = &slow;
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool), AUTHP_OK);
    usleep(400000);
    ck_assert_int_eq(authp_live_store_ask(live.f.realm, &live.who, &facts, live.f.pool), AUTHP_OK);
    ck_assert_int_eq(atomic_load(&calls), 2);
}
END_TEST

Suite *suite_live_wait(void)
{
    Suite *suite = suite_create("live_wait");
    TCase *tests = tcase_create("live_wait");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, one_deadline);
    tcase_add_test(tests, one_answer_for_all_who_wait);
    tcase_add_test(tests, failures_give_places_back);
    tcase_add_test(tests, an_answer_ends_the_rest);
    tcase_add_test(tests, a_refusal_is_an_answer);
    tcase_add_test(tests, an_answer_is_as_old_as_its_question);
    suite_add_tcase(suite, tests);
    return suite;
}
