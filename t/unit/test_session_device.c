/* SPDX-License-Identifier: Apache-2.0 */
/* A sign-in that ends the older sessions of its device. */
#include "fixture.h"
#include "service/session/session.h"
#include "service/session/session_device.h"
#include "suite.h"

#include <string.h>

#define MANY 450 /* more than two pages */

static fixture_t f;
static authp_user_t *ann;

static void setup(void)
{
    fixture_open(&f);
    ann = fixture_user(&f, "ann@example.org", "candidate", false);
}

static void teardown(void)
{
    fixture_close(&f);
}

static authp_grant_t start(authp_user_t *user, const char *device)
{
    const authp_client_t client = {.device_id = device};
    authp_grant_t grant;
    ck_assert_int_eq(authp_session_start(f.realm, user, &client, &grant, f.pool), AUTHP_OK);
    return grant;
}

static void end_older(const authp_grant_t *grant)
{
    ck_assert_int_eq(
        authp_session_device_end_older(f.realm, grant->session, &fixture_client, f.pool), AUTHP_OK);
}

static bool lives(const authp_grant_t *grant)
{
    authp_session_t *row = NULL;
    ck_assert_int_eq(authp_store_session_by_id(f.store, grant->session->id.hex, &row, f.pool),
                     AUTHP_OK);
    return row->ended_at == 0;
}

START_TEST(only_that_device_of_that_account)
{
    authp_user_t *bob = fixture_user(&f, "bob@example.org", "candidate", false);
    authp_grant_t old = start(ann, "laptop");
    authp_grant_t phone = start(ann, "phone");
    authp_grant_t nameless = start(ann, NULL);
    authp_grant_t other = start(bob, "laptop");
    fake_clock_advance(&f.clock, 1000);
    authp_grant_t now = start(ann, "laptop");
    end_older(&nameless);
    ck_assert(lives(&old));
    end_older(&now);
    ck_assert(!lives(&old));
    ck_assert(lives(&phone) && lives(&nameless) && lives(&other) && lives(&now));
    const authp_audit_t *event = fixture_audit(&f, "logout");
    ck_assert_str_eq(event->session_id, old.session->id.hex);
    ck_assert_str_eq(event->reason, "device_replaced");
    ck_assert_str_eq(event->actor_id, ann->id.hex);
    ck_assert_str_eq(event->ip, fixture_client.ip);
    ck_assert_str_eq(mem_store_session(f.store, old.session->id.hex)->end_reason,
                     "device_replaced");
}
END_TEST

/* Of sessions that began in the same millisecond the one with the greater id stays. */
START_TEST(at_the_same_moment)
{
    authp_grant_t all[5];
    int last = 0;
    for (int i = 0; i < 5; i++) {
        all[i] = start(ann, "laptop");
        last = strcmp(all[i].session->id.hex, all[last].session->id.hex) > 0 ? i : last;
    }
    for (int i = 0; i < 5; i++) {
        end_older(&all[(i + _i) % 5]);
        ck_assert(lives(&all[last]));
    }
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
}
END_TEST

/* Nothing is said to be done that was not done, and a second call does the rest. */
START_TEST(a_store_that_fails)
{
    static const char *const ops[] = {"session_list", "session_end"};
    authp_grant_t first = start(ann, "laptop");
    authp_grant_t second = start(ann, "laptop");
    fake_clock_advance(&f.clock, 1000);
    authp_grant_t now = start(ann, "laptop");
    mem_store_fail(f.store, ops[_i], 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_session_device_end_older(f.realm, now.session, &fixture_client, f.pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert(lives(&first) && lives(&second) && lives(&now));
    end_older(&now);
    ck_assert(!lives(&first) && !lives(&second) && lives(&now));
}
END_TEST

/* Two sign-ins at one moment: the later one stays, whichever of them looks first. */
START_TEST(the_later_one_stays)
{
    authp_grant_t first = start(ann, "laptop");
    fake_clock_advance(&f.clock, 5);
    authp_grant_t second = start(ann, "laptop");
    end_older(_i == 0 ? &second : &first);
    ck_assert(lives(&second));
    end_older(_i == 0 ? &first : &second);
    ck_assert(!lives(&first) && lives(&second));
}
END_TEST

static void ended_by_another(void *ctx)
{
    const authp_grant_t *grant = ctx;
    mem_store_session(f.store, grant->session->id.hex)->ended_at = authp_clock_now(f.realm->clock);
}

/* Another process ends one of them at that moment. The others end here all the same. */
START_TEST(one_that_has_just_ended)
{
    authp_grant_t first = start(ann, "laptop");
    authp_grant_t second = start(ann, "laptop");
    fake_clock_advance(&f.clock, 1000);
    authp_grant_t now = start(ann, "laptop");
    mem_store_before(f.store, "session_end", ended_by_another, _i == 0 ? &first : &second);
    end_older(&now);
    ck_assert(!lives(&first) && !lives(&second) && lives(&now));
}
END_TEST

START_TEST(many_sessions)
{
    for (int i = 0; i < MANY; i++) {
        (void)start(ann, "laptop");
    }
    fake_clock_advance(&f.clock, 1000);
    authp_grant_t now = start(ann, "laptop");
    end_older(&now);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert(lives(&now));
}
END_TEST

Suite *suite_session_device(void)
{
    Suite *suite = suite_create("session_device");
    TCase *tests = tcase_create("session_device");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, only_that_device_of_that_account);
    tcase_add_loop_test(tests, at_the_same_moment, 0, 5);
    tcase_add_loop_test(tests, a_store_that_fails, 0, 2);
    tcase_add_loop_test(tests, the_later_one_stays, 0, 2);
    tcase_add_loop_test(tests, one_that_has_just_ended, 0, 2);
    tcase_add_test(tests, many_sessions);
    suite_add_tcase(suite, tests);
    return suite;
}
