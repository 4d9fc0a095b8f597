/* SPDX-License-Identifier: Apache-2.0 */
/* How this host learns of changes that other hosts made. */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/log.h"
#include "live_fixture.h"
#include "service/live/live.h"
#include "service/live/live_change.h"
#include "service/live/live_poll.h"
#include "service/live_table/live_layout.h"
#include "service/session/grant.h"
#include "suite.h"

static live_fixture_t live;
static fixture_t *const f = &live.f;

static void set_up(void)
{
    live_fixture_open(&live);
}

static void tear_down(void)
{
    live_fixture_close(&live);
}

START_TEST(poll_pages)
{
    enum { MANY = 1300 };
    authp_grant_t *grants = apr_pcalloc(f->pool, MANY * sizeof(*grants));
    live_fixture_poll(&live);
    for (int i = 0; i < MANY; i++) {
        grants[i] = fixture_start(f, live.user);
    }
    /* All but the first end in the same millisecond, and there are more of them than fit into a
     * page. */
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL;
    ck_assert_int_eq(
        authp_live_change_session_end(f->realm, grants[0].session->id.hex, "logout", f->pool),
        AUTHP_OK);
    fake_clock_advance(&f->clock, 5);
    ck_assert_int_eq(authp_live_change_session_end_user(f->realm, live.user->id.hex, NULL, "admin",
                                                        NULL, f->pool),
                     AUTHP_OK);
    f->realm->live = here;
    live_fixture_poll(&live);
    for (int i = 0; i < MANY; i++) {
        authp_principal_t each = live_fixture_principal(&live, &grants[i]);
        authp_err_t err = authp_live_guard(f->realm, &each, AUTHP_UNAVAILABLE_DENY, f->pool);
        ck_assert_msg(err == AUTHP_E_TOKEN_REVOKED, "session %d: %s", i, authp_err_name(err));
    }
}
END_TEST

/* The page has one row less than was read, as with MongoDB and a document of another program. */
static authp_err_t one_is_odd(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                              authp_seen_t *seen, apr_pool_t *pool)
{
    authp_err_t err = mem_store_ops.session_ended(self, since, limit, out, seen, pool);
    if (err == AUTHP_OK && (*out)->nelts > 0) {
        (*out)->nelts--;
    }
    return err;
}

static int pages;

static authp_err_t notes_the_beat(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                  authp_seen_t *seen, apr_pool_t *pool)
{
    /* The page before has updated the heartbeat, also if it was the last page of accounts. */
    ck_assert_int_ne(live.shared->round_beat, 1);
    live.shared->round_beat = 1;
    pages++;
    return mem_store_ops.session_ended(self, since, limit, out, seen, pool);
}

/* While a long round reads, no other child takes it over, because each page updates the
 * heartbeat. */
START_TEST(each_page_is_a_sign_of_life)
{
    authp_store_ops_t ops = *f->store->ops;
    ops.session_ended = notes_the_beat;
    f->store->ops = &ops;
    for (int i = 0; i < 1200; i++) {
        authp_grant_t grant = fixture_start(f, live.user);
        mem_store_session(f->store, grant.session->id.hex)->ended_at =
            authp_clock_now(f->realm->clock) + i;
    }
    live_fixture_poll(&live);
    ck_assert_int_eq(pages, 3);
    ck_assert_int_eq(live.shared->round_beat, 0);
}
END_TEST

START_TEST(poll_goes_on_behind_what_it_cannot_use)
{
    enum { MANY = 1300 };
    authp_store_ops_t ops = mem_store_ops;
    authp_grant_t last = {0};
    live_fixture_poll(&live);
    authp_live_t *here = f->realm->live;
    f->realm->live = NULL;
    for (int i = 0; i < MANY; i++) {
        authp_grant_t each = fixture_start(f, live.user);
        last = i == MANY - 2 ? each : last;
        fake_clock_advance(&f->clock, 1);
        ck_assert_int_eq(
            authp_live_change_session_end(f->realm, each.session->id.hex, "logout", f->pool),
            AUTHP_OK);
    }
    f->realm->live = here;
    ops.session_ended = one_is_odd;
    f->store->ops = &ops;
    live_fixture_poll(&live);
    f->store->ops = &mem_store_ops;
    authp_principal_t who = live_fixture_principal(&live, &last);
    ck_assert_int_eq(authp_live_guard(f->realm, &who, AUTHP_UNAVAILABLE_DENY, f->pool),
                     AUTHP_E_TOKEN_REVOKED);
    ck_assert_int_eq(live.shared->sessions_newest, authp_clock_now(f->realm->clock));
}
END_TEST

static authp_ms_t asked_since[2];

static authp_err_t notes_users(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                               authp_seen_t *seen, apr_pool_t *pool)
{
    asked_since[0] = since;
    return mem_store_ops.user_changed(self, since, limit, out, seen, pool);
}

static authp_err_t notes_sessions(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                  authp_seen_t *seen, apr_pool_t *pool)
{
    asked_since[1] = since;
    return mem_store_ops.session_ended(self, since, limit, out, seen, pool);
}

/* The next round reads accounts and sessions each from a minute before the newest row that was
 * seen. If that row's time is in the future, because a clock was wrong, the round reads from a
 * minute before now. */
START_TEST(where_the_next_round_begins)
{
    authp_store_ops_t ops = mem_store_ops;
    const authp_ms_t now = authp_clock_now(f->realm->clock);
    live_fixture_poll(&live);
    ops.user_changed = notes_users;
    ops.session_ended = notes_sessions;
    f->store->ops = &ops;
    live.shared->users_newest = now - 7000;
    live.shared->sessions_newest = now - 200000;
    live_fixture_poll(&live);
    ck_assert_int_eq(asked_since[0], now - 67000);
    ck_assert_int_eq(asked_since[1], now - 260000);
    live.shared->users_newest = now + AUTHP_DAY_MS;
    live.shared->sessions_newest = now + AUTHP_DAY_MS;
    live_fixture_poll(&live);
    ck_assert_int_eq(asked_since[0], now - 60000);
    ck_assert_int_eq(asked_since[1], now - 60000);
    f->store->ops = &mem_store_ops;
}
END_TEST

/* A first page that is full, and a second one that has no rows. */
static authp_err_t full_and_empty(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                                  authp_seen_t *seen, apr_pool_t *pool)
{
    (void)self, (void)since;
    *out = apr_array_make(pool, 1, sizeof(const authp_ended_t *));
    *seen = (authp_seen_t){.rows = 0};
    if (pages++ == 0) {
        *seen = (authp_seen_t){.rows = limit, .newest = authp_clock_now(f->realm->clock) - 4000};
    }
    return AUTHP_OK;
}

/* The newest row of all pages counts. */
START_TEST(an_empty_last_page)
{
    authp_store_ops_t ops = mem_store_ops;
    live_fixture_poll(&live);
    ops.session_ended = full_and_empty;
    f->store->ops = &ops;
    pages = 0;
    live_fixture_poll(&live);
    f->store->ops = &mem_store_ops;
    ck_assert_int_eq(pages, 2);
    ck_assert_int_eq(live.shared->sessions_newest, authp_clock_now(f->realm->clock) - 4000);
}
END_TEST

/* Another program may write the id of the session in capital letters. */
static authp_err_t ends_in_capitals(void *self, authp_ms_t since, int limit,
                                    apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    authp_ended_t *ended = apr_pcalloc(pool, sizeof(*ended));
    (void)self, (void)since, (void)limit;
    ended->id = live.grant.session->id;
    for (char *at = ended->id.hex; *at != '\0'; at++) {
        *at = (char)apr_toupper(*at);
    }
    ended->ended_at = authp_clock_now(f->realm->clock);
    *out = apr_array_make(pool, 1, sizeof(const authp_ended_t *));
    APR_ARRAY_PUSH(*out, const authp_ended_t *) = ended;
    *seen = (authp_seen_t){.rows = 1, .newest = ended->ended_at};
    return AUTHP_OK;
}

/* A session id that is not valid ends no session. */
START_TEST(an_id_that_is_none)
{
    authp_store_ops_t ops = mem_store_ops;
    ck_assert_uint_lt(strspn(live.grant.session->id.hex, "0123456789"), AUTHP_ID_LEN);
    ops.session_ended = ends_in_capitals;
    f->store->ops = &ops;
    live_fixture_poll(&live);
    ck_assert_int_eq(authp_live_guard(f->realm, &live.who, AUTHP_UNAVAILABLE_DENY, f->pool),
                     AUTHP_OK);
    f->store->ops = &mem_store_ops;
}
END_TEST

static int lines[2];

static void count_lines(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    if (strstr(message, "AUTHP0332: ") != NULL) {
        ck_assert_int_eq(level, AUTHP_LOG_WARNING);
        lines[0]++;
    } else if (strstr(message, "AUTHP0333: ") != NULL) {
        ck_assert_int_eq(level, AUTHP_LOG_NOTICE);
        lines[1]++;
    }
}

/* An outage is logged once when it begins and once when it ends, and again for the next outage. */
START_TEST(an_outage_is_told_once)
{
    live_fixture_poll(&live);
    authp_log_set_sink(count_lines, NULL);
    for (int outage = 1; outage <= 2; outage++) {
        mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
        for (int i = 0; i < 3; i++) {
            live_fixture_poll(&live);
            ck_assert_int_eq(lines[0], outage);
            ck_assert_int_eq(lines[1], outage - 1);
        }
        mem_store_fail(f->store, NULL, 0, AUTHP_OK);
        for (int i = 0; i < 3; i++) {
            live_fixture_poll(&live);
            ck_assert_int_eq(lines[0], outage);
            ck_assert_int_eq(lines[1], outage);
        }
    }
    authp_log_set_sink(NULL, NULL);
}
END_TEST

START_TEST(a_poll_that_fails)
{
    static const char *const ops[] = {"clock", "user_changed", "session_ended"};
    mem_store_fail(f->store, ops[_i], 0, AUTHP_E_UNAVAILABLE);
    live_fixture_poll(&live);
    authp_live_health_t health = {0};
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(!health.table.warm);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    live_fixture_poll(&live);
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(health.table.warm && health.clock_fine);
}
END_TEST

/* A child that has not polled uses the offset that another child of this host has measured. Before
 * any measurement the offset is unknown, which is not the same as a difference. */
START_TEST(what_a_new_child_knows)
{
    authp_live_health_t health = {0};
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(!health.clock_known && health.clock_fine && !health.table.warm);
    mem_store_ahead(f->store, 15000);
    live_fixture_poll(&live);
    atomic_store(&f->store->measured, false);
    atomic_store(&f->store->offset, 0);
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(health.clock_known && health.clock_fine && health.table.warm);
    ck_assert_int_gt(health.clock_offset_ms, 10000);
    mem_store_ahead(f->store, -25000);
    live_fixture_poll(&live);
    atomic_store(&f->store->offset, 0);
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(health.clock_known && !health.clock_fine && health.table.warm);
    atomic_store(&live.shared->clock_known, false); /* the table was emptied; the offset is old */
    ck_assert(authp_live_health(f->realm, &health) && health.clock_fine);
}
END_TEST

START_TEST(how_far_clocks_may_differ)
{
    ck_assert(authp_store_offset_fine(0));
    ck_assert(authp_store_offset_fine(20000) && authp_store_offset_fine(-20000));
    ck_assert(!authp_store_offset_fine(20001) && !authp_store_offset_fine(-20001));
}
END_TEST

/* The store's clock is ahead. Times that are written and times that are compared are the store's
 * time. */
START_TEST(clocks_differ)
{
    authp_live_health_t health = {0};
    mem_store_ahead(f->store, 15000);
    live_fixture_poll(&live);
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(health.clock_fine);
    ck_assert_int_gt(health.clock_offset_ms, 10000);
    ck_assert_int_eq(
        authp_live_change_session_end(f->realm, live.grant.session->id.hex, "logout", f->pool),
        AUTHP_OK);
    ck_assert_int_gt(mem_store_session(f->store, live.grant.session->id.hex)->ended_at,
                     authp_clock_now(f->realm->clock) + 10000);
    mem_store_ahead(f->store, 25000);
    live_fixture_poll(&live);
    ck_assert(authp_live_health(f->realm, &health));
    ck_assert(!health.clock_fine);
    /* Another child of this host uses the offset that was measured. */
    atomic_store(&f->store->offset, 0);
    authp_live_poll(f->realm, f->pool);
    ck_assert_int_gt(atomic_load(&f->store->offset), 20000);
}
END_TEST

/* This host's clock is eight days ahead. Sessions that end here are dead, sessions that end
 * elsewhere are read by the poll, and sessions that live by the store's clock are valid. */
START_TEST(this_hosts_clock_is_far_ahead)
{
    static const authp_ms_t days = INT64_C(8) * 86400000;
    mem_store_ahead(f->store, -days);
    live_fixture_poll(&live);
    authp_grant_t mine = fixture_start(f, live.user);
    authp_principal_t who = live_fixture_principal(&live, &mine);
    ck_assert_int_eq(authp_live_guard(f->realm, &who, AUTHP_UNAVAILABLE_DENY, f->pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_live_change_session_end(f->realm, mine.session->id.hex, "logout", f->pool), AUTHP_OK);
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE); /* only the table is asked */
    ck_assert_int_eq(authp_live_guard(f->realm, &who, AUTHP_UNAVAILABLE_DENY, f->pool),
                     AUTHP_E_TOKEN_REVOKED);
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    authp_grant_t other = fixture_start(f, live.user);
    authp_principal_t there = live_fixture_principal(&live, &other);
    ck_assert_int_eq(authp_store_session_end(f->store, other.session->id.hex, "logout",
                                             authp_realm_now(f->realm), f->pool),
                     AUTHP_OK);
    live_fixture_poll(&live);
    mem_store_fail(f->store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_live_guard(f->realm, &there, AUTHP_UNAVAILABLE_DENY, f->pool),
                     AUTHP_E_TOKEN_REVOKED);
}
END_TEST

/* A child that has not polled yet writes times with the offset that another child has measured. */
START_TEST(the_clock_of_all_children)
{
    authp_realm_t *realm = live.f.realm;
    atomic_store(&realm->store->measured, false);
    atomic_store(&realm->store->offset, 0);
    authp_live_table_set_clock(live.table, -691200000);
    ck_assert_int_eq(authp_realm_now(realm), authp_clock_now(realm->clock) - 691200000);
    ck_assert(atomic_load(&realm->store->measured));
}
END_TEST

Suite *suite_live_poll(void)
{
    Suite *suite = suite_create("live_poll");
    TCase *tests = tcase_create("live_poll");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, poll_pages);
    tcase_add_test(tests, each_page_is_a_sign_of_life);
    tcase_add_test(tests, poll_goes_on_behind_what_it_cannot_use);
    tcase_add_test(tests, where_the_next_round_begins);
    tcase_add_test(tests, an_empty_last_page);
    tcase_add_test(tests, an_id_that_is_none);
    tcase_add_test(tests, an_outage_is_told_once);
    tcase_add_loop_test(tests, a_poll_that_fails, 0, 3);
    tcase_add_test(tests, what_a_new_child_knows);
    tcase_add_test(tests, how_far_clocks_may_differ);
    tcase_add_test(tests, clocks_differ);
    tcase_add_test(tests, the_clock_of_all_children);
    tcase_add_test(tests, this_hosts_clock_is_far_ahead);
    suite_add_tcase(suite, tests);
    return suite;
}
