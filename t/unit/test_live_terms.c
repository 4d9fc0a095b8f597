/* SPDX-License-Identifier: Apache-2.0 */
/* The shared table over reloads. Tokens that were issued under the old settings stay valid, so the
 * changes that ended them must be kept. */
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "service/live_table/live_ask.h"
#include "service/live_table/live_layout.h"
#include "service/live_table/live_round.h"
#include "service/live_table/live_tell.h"
#include "suite.h"

#define MINUTE_MS INT64_C(60000)
#define USER "6b0000000000000000000001"
#define SID "6b00000000000000000000a1"

static apr_pool_t *pool;
static authp_live_shared_t *shared;
static authp_live_table_t *table;

static authp_ms_t now_ms(void)
{
    return authp_clock_now(authp_clock_system());
}

static authp_live_table_t *reload_with(unsigned char store, int token_minutes, const char *role)
{
    authp_live_table_t *opened = NULL;
    authp_live_terms_t terms = {.token_ms = token_minutes * MINUTE_MS, .max_lag_ms = 60000};
    memset(terms.store_id, store, sizeof(terms.store_id));
    apr_array_header_t *roles = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = role;
    terms.roles = roles;
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &opened, pool), AUTHP_OK);
    return opened;
}

static authp_live_table_t *reload(unsigned char store, int token_minutes)
{
    return reload_with(store, token_minutes, "candidate");
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_live_table_make(64, &shared), AUTHP_OK);
    table = reload(1, 15);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Runs a complete round of the poll that finds nothing. */
static void poll_round(void)
{
    authp_live_round_t round = {0};
    shared->round_began = 0;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now_ms());
    authp_live_round_end(table, &round, true);
}

/* Asks about a token that was issued `minutes_ago`. */
static authp_live_verdict_t ask(int minutes_ago)
{
    bool newer = false;
    authp_live_facts_t facts = {0};
    const authp_ms_t now = now_ms();
    const authp_live_query_t query = {USER, SID, 1, (now - minutes_ago * MINUTE_MS) / 1000};
    return authp_live_ask(table, &query, now, &facts, &newer);
}

/* New tokens live shorter. Tokens from before keep their full life. */
START_TEST(a_shorter_life)
{
    table = reload(1, 1);
    authp_live_tell_session(table, SID, now_ms() - 14 * MINUTE_MS);
    ck_assert_int_eq(ask(14), AUTHP_LIVE_DEAD);
}
END_TEST

START_TEST(a_longer_life)
{
    table = reload(1, 60);
    authp_live_tell_session(table, SID, now_ms() - 59 * MINUTE_MS);
    ck_assert_int_eq(ask(59), AUTHP_LIVE_DEAD);
}
END_TEST

/* Later rounds read only new changes. They do not read the earlier time that matters with a longer
 * life of tokens. */
START_TEST(what_later_rounds_do_not_read)
{
    poll_round();
    ck_assert_int_eq(ask(10), AUTHP_LIVE_GOOD);
    table = reload(1, 60);
    poll_round();
    ck_assert_int_eq(ask(10), AUTHP_LIVE_GOOD);
    ck_assert_int_eq(ask(40), AUTHP_LIVE_UNKNOWN);
}
END_TEST

/* The clock of another store says nothing about the clock of this one. */
START_TEST(another_stores_clock)
{
    int64_t offset = 7;
    authp_live_table_set_clock(table, 5000);
    ck_assert(authp_live_table_clock(reload(1, 15), &offset)); /* the same store */
    ck_assert_int_eq(offset, 5000);
    ck_assert(!authp_live_table_clock(reload(2, 15), &offset));
    ck_assert_int_eq(offset, 0);
}
END_TEST

/* The roles change places, all but the last one. Each bit still has the meaning of its name. */
START_TEST(some_bits_are_the_same)
{
    static const char *const turned[] = {"candidate", "admin", "recruiter", "owner"};
    static const int here[] = {1, 2, 0, 3};
    apr_array_header_t *roles = apr_array_make(pool, 4, sizeof(const char *));
    authp_live_terms_t terms = {.token_ms = 15 * MINUTE_MS, .max_lag_ms = 60000, .roles = roles};
    bool newer = false;
    authp_live_facts_t facts = {0};
    memset(terms.store_id, 1, sizeof(terms.store_id));
    for (int i = 0; i < 4; i++) {
        APR_ARRAY_PUSH(roles, const char *) = i == 3 ? "owner" : turned[(i + 2) % 3];
    }
    authp_live_table_t *before = NULL;
    ck_assert_int_eq(authp_live_table_make(64, &shared), AUTHP_OK);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &before, pool), AUTHP_OK);
    roles->nelts = 0;
    for (int i = 0; i < 4; i++) {
        APR_ARRAY_PUSH(roles, const char *) = turned[i];
    }
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &table, pool), AUTHP_OK);
    for (int i = 0; i < 4; i++) {
        const authp_live_user_t user = {.id = USER, .ver = 2 + i, .roles = 1U << i};
        const authp_live_query_t query = {USER, SID, 1, now_ms() / 1000};
        authp_live_tell_user(table, &user, now_ms());
        (void)authp_live_ask(table, &query, now_ms(), &facts, &newer);
        ck_assert_uint_eq(facts.roles, 1U << i);
        (void)authp_live_ask(before, &query, now_ms(), &facts, &newer);
        ck_assert_uint_eq(facts.roles, 1U << here[i]);
    }
}
END_TEST

/* A full bucket is emptied with the table, so that an account of the new store is not "unknown"
 * because of changes in the old store. */
START_TEST(another_stores_full_buckets)
{
    for (int i = 0; i < 2000; i++) {
        const char *sid = apr_psprintf(pool, "6b%022x", (unsigned int)i * 2654435761U);
        authp_live_tell_session(table, sid, now_ms());
    }
    poll_round();
    ck_assert_int_eq(ask(0), AUTHP_LIVE_UNKNOWN);
    table = reload(2, 15);
    poll_round();
    ck_assert_int_eq(ask(0), AUTHP_LIVE_GOOD);
}
END_TEST

/* The clock of the host that issued a token may be 30 s ahead. A change before the table's start
 * may therefore be newer than a token whose time is after it. */
START_TEST(what_the_table_begins_with)
{
    const authp_ms_t now = now_ms() / 1000 * 1000;
    bool newer = false;
    authp_live_facts_t facts = {0};
    poll_round();
    for (int seconds = 25; seconds <= 35; seconds++) {
        const authp_live_query_t query = {USER, SID, 1, now / 1000 - 60 + seconds};
        atomic_store(&shared->covered_from, now - MINUTE_MS);
        ck_assert_int_eq(authp_live_ask(table, &query, now, &facts, &newer),
                         seconds < 30 ? AUTHP_LIVE_UNKNOWN : AUTHP_LIVE_GOOD);
    }
}
END_TEST

/* Many reloads each name another role until all bits are used. The table is then emptied, and all
 * bits are free again. */
START_TEST(more_roles_than_bits)
{
    bool newer = false;
    authp_live_facts_t facts = {0};
    for (int i = 0; i < 100; i++) {
        table = reload_with(1, 15, apr_psprintf(pool, "role%d", i));
        const authp_live_user_t user = {.id = USER, .ver = 2, .roles = 1};
        authp_live_tell_user(table, &user, now_ms());
        const authp_live_query_t query = {USER, SID, 1, now_ms() / 1000};
        (void)authp_live_ask(table, &query, now_ms(), &facts, &newer);
        ck_assert(newer);
        ck_assert_uint_eq(facts.roles, 1);
        ck_assert_int_le(shared->nroles, LIVE_ROLES);
        facts.roles = 0;
        /* A reload that changes no setting keeps the table. */
        uint64_t state = atomic_load(&shared->state);
        table = reload_with(1, 15, apr_psprintf(pool, "role%d", i));
        ck_assert(atomic_load(&shared->state) == state);
        /* The entry of this user is removed before the next reload. */
        live_key_t key = authp_live_layout_key(USER, LIVE_KIND_USER);
        live_set(&authp_live_layout_bucket(shared, &key)->tags, 0);
    }
}
END_TEST

/* Accounts and sessions are each read from a minute before their own newest row. */
START_TEST(where_the_next_round_begins)
{
    authp_live_round_t round = {0};
    const authp_ms_t now = now_ms();
    shared->round_began = 0;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now);
    round.users_newest = now - 1000;
    round.sessions_newest = now - 5000;
    authp_live_round_end(table, &round, true);
    for (int i = 0; i < 2; i++) {
        shared->round_began = 0;
        ck_assert(authp_live_round_begin(table, &round));
        authp_live_round_set(table, &round, now);
        ck_assert_int_eq(round.users_since, now - 1000 - MINUTE_MS);
        ck_assert_int_eq(round.sessions_since, now - 5000 - MINUTE_MS);
        round.users_newest = round.sessions_newest = now;
        /* the round was interrupted, so the rows that it saw do not count */
        authp_live_round_end(table, &round, false);
    }
}
END_TEST

/* A long round belongs to its process while the heartbeat is updated. The age of its result counts
 * from its beginning. */
START_TEST(a_long_round)
{
    authp_live_round_t round = {0};
    authp_live_round_t other = {0};
    authp_live_status_t status;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now_ms());
    shared->round_began -= 10000;
    round.began -= 10000;
    authp_live_round_beat(table);
    ck_assert(!authp_live_round_begin(table, &other));
    authp_live_round_end(table, &round, true);
    authp_live_table_status(table, &status);
    ck_assert_int_ge(status.age_ms, 10000);
    ck_assert(authp_live_round_begin(table, &other));
}
END_TEST

/* Another child begins a round 900 ms after the beginning of the last one, and takes a round over
 * that gave no sign of life for 2.5 s. `ago` is a time before each, and one after. */
static const struct {
    int began_ago;
    int beat_ago; /* 0: the last round has ended */
    bool begins;
} pauses[] = {{400, 0, false}, {900, 0, true}, {2000, 2000, false}, {2500, 2500, true}};

START_TEST(how_long_a_round_is_anothers)
{
    authp_live_round_t round = {0};
    int64_t took = INT64_MAX;
    /* The process must not sleep for long between the two lines that matter. */
    for (int i = 0; i < 100 && took > 300; i++) {
        const int64_t now = authp_clock_now(authp_clock_monotonic());
        shared->round_pid = getpid();
        shared->round_began = now - pauses[_i].began_ago;
        shared->round_beat = pauses[_i].beat_ago > 0 ? now - pauses[_i].beat_ago : 0;
        bool begins = authp_live_round_begin(table, &round);
        took = authp_clock_now(authp_clock_monotonic()) - now;
        ck_assert(took > 300 || begins == pauses[_i].begins);
    }
    ck_assert_int_le(took, 300);
}
END_TEST

/* A round that reads the old store does not delay the first round of the new one. */
START_TEST(a_round_of_another_store)
{
    authp_live_round_t old = {0};
    authp_live_round_t round = {0};
    ck_assert(authp_live_round_begin(table, &old));
    table = reload(2, 15);
    ck_assert(authp_live_round_begin(table, &round));
}
END_TEST

/* A change matters for the life of a token and two minutes more. One that is older is not noted. */
START_TEST(an_old_change)
{
    poll_round();
    authp_live_tell_session(table, SID, now_ms() - 17 * MINUTE_MS - 2000);
    ck_assert_int_eq(ask(0), AUTHP_LIVE_GOOD);
    authp_live_tell_session(table, SID, now_ms() - 17 * MINUTE_MS + 5000);
    ck_assert_int_eq(ask(0), AUTHP_LIVE_DEAD);
}
END_TEST

static void one_bucket(void)
{
    ck_assert_int_eq(authp_live_table_make(LIVE_WAYS, &shared), AUTHP_OK);
    table = reload(1, 15);
    poll_round();
}

static void fill(authp_ms_t at)
{
    for (unsigned int i = 0; i < LIVE_WAYS; i++) {
        authp_live_tell_session(table, apr_psprintf(pool, "6b%022x", i + 1), at);
    }
}

/* A change that is told again, such as a second end of a session, is kept from then on. */
START_TEST(told_again)
{
    const authp_ms_t now = now_ms();
    one_bucket();
    authp_live_tell_session(table, SID, now - 17 * MINUTE_MS + 20000);
    authp_live_tell_session(table, SID, now);
    authp_live_table_set_clock(table, MINUTE_MS); /* a minute later */
    fill(now + MINUTE_MS);
    ck_assert_int_eq(ask(0), AUTHP_LIVE_DEAD);
}
END_TEST

static authp_live_verdict_t ask_at(authp_ms_t now)
{
    bool newer = false;
    authp_live_facts_t facts = {0};
    const authp_live_query_t query = {USER, SID, 1, now / 1000};
    return authp_live_ask(table, &query, now, &facts, &newer);
}

/* Two changes found no place. As long as the one that matters longer may be that of a token, the
 * table does not know. */
START_TEST(what_was_left_out)
{
    const authp_ms_t now = now_ms();
    one_bucket();
    fill(now);
    authp_live_tell_session(table, "6b00000000000000000000b1", now);
    authp_live_tell_session(table, "6b00000000000000000000b2", now - 16 * MINUTE_MS);
    ck_assert_int_eq(atomic_load(&shared->dropped), 2);
    ck_assert_int_eq(ask_at(now + 5 * MINUTE_MS), AUTHP_LIVE_UNKNOWN);
    /* The second in which it ends still counts. */
    const authp_ms_t last = (authp_ms_t)atomic_load(&shared->buckets[0].full_until) * 1000;
    ck_assert_int_eq(last / 1000, (now + 17 * MINUTE_MS) / 1000 + 1);
    ck_assert_int_eq(ask_at(last + 999), AUTHP_LIVE_UNKNOWN);
    ck_assert_int_eq(ask_at(last + 1000), AUTHP_LIVE_GOOD);
}
END_TEST

Suite *suite_live_terms(void)
{
    Suite *suite = suite_create("live_terms");
    TCase *tests = tcase_create("live_terms");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_shorter_life);
    tcase_add_test(tests, a_longer_life);
    tcase_add_test(tests, what_later_rounds_do_not_read);
    tcase_add_test(tests, another_stores_clock);
    tcase_add_test(tests, some_bits_are_the_same);
    tcase_add_test(tests, another_stores_full_buckets);
    tcase_add_test(tests, what_the_table_begins_with);
    tcase_add_test(tests, more_roles_than_bits);
    tcase_add_test(tests, where_the_next_round_begins);
    tcase_add_test(tests, a_long_round);
    tcase_add_loop_test(tests, how_long_a_round_is_anothers, 0, 4);
    tcase_add_test(tests, a_round_of_another_store);
    tcase_add_test(tests, an_old_change);
    tcase_add_test(tests, told_again);
    tcase_add_test(tests, what_was_left_out);
    suite_add_tcase(suite, tests);
    return suite;
}
