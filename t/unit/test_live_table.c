/* SPDX-License-Identifier: Apache-2.0 */
/* The shared table alone: its answers, when they are "unknown", and processes that die. */
#include <apr_strings.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service/live_table/live_ask.h"
#include "service/live_table/live_layout.h"
#include "service/live_table/live_round.h"
#include "service/live_table/live_tell.h"
#include "suite.h"

#define TOKEN_MS 900000
#define ALICE "6b0000000000000000000001"
#define BOB "6b0000000000000000000002"
#define SID "6b00000000000000000000a1"
#define OTHER_SID "6b00000000000000000000a2"

static apr_pool_t *pool;
static authp_live_shared_t *shared;
static authp_live_table_t *table;
static authp_live_facts_t facts;
static bool newer;

static authp_ms_t now_ms(void)
{
    return authp_clock_now(authp_clock_system());
}

static authp_live_table_t *open_as(unsigned char store, const char *roles, int64_t token_ms)
{
    authp_live_table_t *opened = NULL;
    authp_live_terms_t terms = {.token_ms = token_ms, .max_lag_ms = 60000};
    char *last = NULL;
    memset(terms.store_id, store, sizeof(terms.store_id));
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    for (char *name = apr_strtok(apr_pstrdup(pool, roles), ",", &last); name != NULL;
         name = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    terms.roles = names;
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &opened, pool), AUTHP_OK);
    return opened;
}

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_live_table_make(1024, &shared), AUTHP_OK);
    table = open_as(1, "candidate,recruiter,admin", TOKEN_MS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* Runs a complete round of the poll that finds nothing. */
static void warm_up(void)
{
    authp_live_round_t round = {0};
    shared->round_began = 0;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now_ms());
    authp_live_round_end(table, &round, true);
}

static authp_live_verdict_t ask(const authp_live_table_t *by, const char *user, const char *sid,
                                int64_t ver)
{
    const authp_live_query_t query = {user, sid, ver, now_ms() / 1000};
    return authp_live_ask(by, &query, now_ms(), &facts, &newer);
}

static void put_user(authp_live_table_t *by, const char *id, int64_t ver, authp_roles_t roles)
{
    const authp_live_user_t user = {.id = id, .ver = ver, .roles = roles};
    authp_live_tell_user(by, &user, now_ms());
}

static const char *nth_sid(int i)
{
    return apr_psprintf(pool, "6b%022x", (unsigned int)i * 2654435761U);
}

START_TEST(cold_knows_what_it_was_told)
{
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
    authp_live_tell_session(table, SID, now_ms());
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_DEAD);
    put_user(table, BOB, 3, 2);
    ck_assert_int_eq(ask(table, BOB, OTHER_SID, 2), AUTHP_LIVE_UNKNOWN);
    ck_assert(newer && facts.roles == 2);
    warm_up();
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_DEAD);
    ck_assert_int_eq(ask(table, BOB, OTHER_SID, 2), AUTHP_LIVE_CHANGED);
}
END_TEST

START_TEST(versions)
{
    warm_up();
    const authp_live_user_t user = {
        .id = ALICE, .ver = 5, .min_ver = 3, .roles = 4, .email_verified = true};
    authp_live_tell_user(table, &user, now_ms());
    ck_assert_int_eq(ask(table, ALICE, SID, 2), AUTHP_LIVE_DEAD);
    ck_assert_int_eq(ask(table, ALICE, SID, 3), AUTHP_LIVE_CHANGED);
    ck_assert_int_eq(facts.roles, 4);
    ck_assert_int_eq(facts.ver, 5);
    ck_assert(facts.email_verified);
    ck_assert_int_eq(ask(table, ALICE, SID, 6), AUTHP_LIVE_GOOD);
    ck_assert_int_eq(ask(table, BOB, SID, 0), AUTHP_LIVE_GOOD);
    /* The poll may read an older state later. It must not replace a newer one. */
    put_user(table, ALICE, 4, 1);
    ck_assert_int_eq(ask(table, ALICE, SID, 4), AUTHP_LIVE_CHANGED);
    ck_assert_int_eq(facts.roles, 4);
    /* An entry for a session does not affect a user with the same id. */
    authp_live_tell_session(table, BOB, now_ms());
    ck_assert_int_eq(ask(table, BOB, SID, 0), AUTHP_LIVE_GOOD);
}
END_TEST

START_TEST(only_what_it_covers)
{
    warm_up();
    authp_live_query_t query = {ALICE, SID, 1, now_ms() / 1000 - TOKEN_MS / 1000};
    ck_assert_int_eq(authp_live_ask(table, &query, now_ms(), &facts, &newer), AUTHP_LIVE_GOOD);
    /* The token is from before a change of settings and older than any new one. */
    query.known_at -= 200;
    ck_assert_int_eq(authp_live_ask(table, &query, now_ms(), &facts, &newer), AUTHP_LIVE_UNKNOWN);
    atomic_store(&shared->covered_from, now_ms());
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
}
END_TEST

START_TEST(old_news)
{
    warm_up();
    authp_live_tell_session(table, SID, now_ms());
    table->max_lag_ms = 20;
    ck_assert_int_eq(ask(table, ALICE, OTHER_SID, 1), AUTHP_LIVE_GOOD);
    usleep(50000);
    ck_assert_int_eq(ask(table, ALICE, OTHER_SID, 1), AUTHP_LIVE_UNKNOWN);
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_DEAD);
    warm_up();
    ck_assert_int_eq(ask(table, ALICE, OTHER_SID, 1), AUTHP_LIVE_GOOD);
    authp_live_status_t status;
    authp_live_table_status(table, &status);
    ck_assert(status.warm);
    ck_assert_int_ge(status.worst_ms, 50);
    ck_assert_int_lt(status.age_ms, 5000);
}
END_TEST

START_TEST(another_store)
{
    warm_up();
    authp_live_tell_session(table, SID, now_ms());
    authp_live_table_t *same = open_as(1, "candidate,recruiter,admin", TOKEN_MS);
    ck_assert_int_eq(ask(same, ALICE, SID, 1), AUTHP_LIVE_DEAD);
    ck_assert_int_eq(ask(same, ALICE, OTHER_SID, 1), AUTHP_LIVE_GOOD);
    authp_live_table_t *other = open_as(2, "candidate,recruiter,admin", TOKEN_MS);
    ck_assert_int_eq(ask(other, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
    ck_assert_int_eq(ask(table, ALICE, OTHER_SID, 1), AUTHP_LIVE_UNKNOWN);
    authp_live_tell_session(table, SID, now_ms());
    ck_assert_int_eq(ask(other, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
    authp_live_round_t round = {0};
    shared->round_began = 0;
    ck_assert(!authp_live_round_begin(table, &round));
    ck_assert(authp_live_round_begin(other, &round));
}
END_TEST

/* After a reload with roles in another order, or new ones, a bit still means the same. */
START_TEST(roles_of_generations)
{
    warm_up();
    authp_live_table_t *turned = open_as(1, "admin,seeker,candidate", TOKEN_MS);
    put_user(table, ALICE, 2, 1U << 0 | 1U << 2); /* candidate, admin */
    ck_assert_int_eq(ask(turned, ALICE, SID, 1), AUTHP_LIVE_CHANGED);
    ck_assert_int_eq(facts.roles, 1U << 0 | 1U << 2); /* admin, candidate */
    put_user(turned, ALICE, 3, 1U << 1);              /* seeker */
    ck_assert_int_eq(ask(turned, ALICE, SID, 1), AUTHP_LIVE_CHANGED);
    ck_assert_int_eq(facts.roles, 1U << 1);
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_CHANGED);
    ck_assert_int_eq(facts.roles, 0);
    /* After many reloads there are more role names than bits, and the table is emptied. */
    for (int i = 0; i < 29; i++) {
        (void)open_as(1, apr_psprintf(pool, "extra%d", i), TOKEN_MS);
    }
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
}
END_TEST

/* A change that finds no place in its bucket makes the bucket's answers "unknown". */
START_TEST(full)
{
    warm_up();
    for (int i = 0; i < 5000; i++) {
        authp_live_tell_session(table, nth_sid(i), now_ms());
    }
    ck_assert_int_ge(atomic_load(&shared->dropped), 5000 - 1024);
    for (int i = 0; i < 5000; i++) {
        ck_assert_int_ne(ask(table, ALICE, nth_sid(i), 1), AUTHP_LIVE_GOOD);
    }
    /* Only time makes places free again. */
    authp_ms_t later = now_ms() + TOKEN_MS + 200000;
    const authp_live_query_t query = {ALICE, OTHER_SID, 1, later / 1000};
    ck_assert_int_eq(authp_live_ask(table, &query, later, &facts, &newer), AUTHP_LIVE_GOOD);
}
END_TEST

START_TEST(rounds)
{
    authp_live_round_t round = {0};
    authp_live_round_t second = {0};
    ck_assert(authp_live_round_begin(table, &round));
    ck_assert(round.cold);
    ck_assert(!authp_live_round_begin(table, &second));
    authp_live_round_set(table, &round, 10000000);
    ck_assert_int_le(round.users_since, 10000000 - TOKEN_MS);
    authp_live_round_end(table, &round, false);
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
    ck_assert(!authp_live_round_begin(table, &second)); /* the latest round began a moment ago */
    shared->round_began = 0;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now_ms());
    round.users_newest = now_ms() - 1000;
    authp_live_round_end(table, &round, true);
    shared->round_began = 0;
    ck_assert(authp_live_round_begin(table, &round));
    ck_assert(!round.cold);
    authp_live_round_set(table, &round, now_ms());
    ck_assert_int_le(round.users_since, now_ms() - 60000);
    ck_assert_int_gt(round.users_since, now_ms() - 65000);
    ck_assert_int_le(round.sessions_since, now_ms() - TOKEN_MS); /* no session was ever seen */
    /* A time in the future, from a clock that is ahead, counts as now. */
    round.users_newest = now_ms() + 3600000;
    authp_live_round_end(table, &round, true);
    shared->round_began = 0;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now_ms());
    ck_assert_int_le(round.users_since, now_ms() - 60000);
    /* The process of the round gives no sign of life, so another child takes over. */
    shared->round_began -= 1000;
    ck_assert(!authp_live_round_begin(table, &second));
    shared->round_beat -= 3000;
    shared->round_began -= 3000;
    ck_assert(authp_live_round_begin(table, &second));
    authp_live_round_beat(table);
}
END_TEST

/* A round is taken over at once if its process has ended. */
START_TEST(a_round_of_the_dead)
{
    authp_live_round_t round = {0};
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(!authp_live_round_begin(table, &round));
    }
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    shared->round_began -= 1000;
    ck_assert(authp_live_round_begin(table, &round));
}
END_TEST

/* A round that began before the table was emptied does not make the new one warm. */
START_TEST(a_round_over_an_emptying)
{
    authp_live_round_t round = {0};
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now_ms());
    (void)open_as(2, "candidate", TOKEN_MS);
    table = open_as(1, "candidate", TOKEN_MS);
    authp_live_round_end(table, &round, true);
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
}
END_TEST

/* The process ends in the middle of writing into ALICE's bucket. */
static void die_writing(void)
{
    live_key_t key = authp_live_layout_key(ALICE, LIVE_KIND_USER);
    if (!authp_live_layout_lock(shared)) {
        _exit(1);
    }
    (void)authp_live_layout_open_bucket(authp_live_layout_bucket(shared, &key));
    _exit(0);
}

START_TEST(a_writer_dies)
{
    int status = 0;
    warm_up();
    authp_live_tell_session(table, SID, now_ms());
    pid_t child = fork();
    if (child == 0) {
        die_writing();
    }
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    ck_assert_int_eq(ask(table, ALICE, OTHER_SID, 1), AUTHP_LIVE_UNKNOWN);
    ck_assert_int_eq(ask(table, BOB, OTHER_SID, 1), AUTHP_LIVE_GOOD);
    authp_live_tell_session(table, OTHER_SID, now_ms());
    ck_assert_int_eq(ask(table, BOB, OTHER_SID, 1), AUTHP_LIVE_DEAD);
    /* The table was emptied, so no answer is "good" until everything has been read again. */
    ck_assert_int_eq(ask(table, BOB, SID, 1), AUTHP_LIVE_UNKNOWN);
    warm_up();
    ck_assert_int_eq(ask(table, ALICE, BOB, 1), AUTHP_LIVE_GOOD);
}
END_TEST

/* A process holds the lock and sleeps. The change is not lost, and the table turns cold. */
START_TEST(a_writer_sleeps)
{
    int ready[2];
    char byte = 0;
    warm_up();
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        bool held = authp_live_layout_lock(shared);
        ck_assert_int_eq(write(ready[1], "x", 1), 1);
        usleep(1500000);
        authp_live_layout_unlock(shared);
        _exit(!held);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    authp_live_tell_session(table, SID, now_ms());
    ck_assert_int_eq(ask(table, ALICE, SID, 1), AUTHP_LIVE_UNKNOWN);
    int status = 0;
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

/* --- readers and writers at once: a reader sees a whole entry or none --- */

static atomic_bool over;

static void *write_on(void *data)
{
    int64_t first = *(const int64_t *)data;
    for (int64_t ver = first; !atomic_load(&over); ver += 2) {
        put_user(table, ALICE, ver, (authp_roles_t)(ver % 8));
    }
    return NULL;
}

START_TEST(hammered)
{
    int64_t firsts[] = {2, 3};
    pthread_t threads[2];
    warm_up();
    put_user(table, ALICE, 1, 1);
    atomic_store(&over, false);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_on, &firsts[i]), 0);
    }
    int changed = 0;
    for (int i = 0; i < 300000; i++) {
        if (ask(table, ALICE, SID, 0) == AUTHP_LIVE_CHANGED) {
            ck_assert_int_eq(facts.roles, facts.ver % 8);
            changed++;
        }
    }
    atomic_store(&over, true);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_gt(changed, 1000);
}
END_TEST

Suite *suite_live_table(void)
{
    Suite *suite = suite_create("live_table");
    TCase *tests = tcase_create("live_table");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, cold_knows_what_it_was_told);
    tcase_add_test(tests, versions);
    tcase_add_test(tests, only_what_it_covers);
    tcase_add_test(tests, old_news);
    tcase_add_test(tests, another_store);
    tcase_add_test(tests, roles_of_generations);
    tcase_add_test(tests, full);
    tcase_add_test(tests, rounds);
    tcase_add_test(tests, a_round_of_the_dead);
    tcase_add_test(tests, a_round_over_an_emptying);
    tcase_add_test(tests, a_writer_dies);
    tcase_add_test(tests, a_writer_sleeps);
    tcase_add_test(tests, hammered);
    suite_add_tcase(suite, tests);
    return suite;
}
