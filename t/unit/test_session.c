/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: start, end, the session of a refresh token, the CSRF token. test_refresh.c tests the
 * refresh rules. */
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "fixture.h"
#include "service/session/csrf.h"
#include "service/session/refresh_token.h"
#include "suite.h"

#define DAY INT64_C(86400000)

static fixture_t f;
static authp_user_t *user;

static void set_up(void)
{
    fixture_open(&f);
    user = fixture_user(&f, "ada@example.org", "candidate", false);
}

static void tear_down(void)
{
    fixture_close(&f);
}

START_TEST(start_writes_one_row)
{
    const authp_grant_t grant = fixture_start(&f, user);
    const authp_session_t *row = mem_store_session(f.store, grant.session->id.hex);
    ck_assert_str_eq(row->user_id.hex, user->id.hex);
    ck_assert_int_eq(row->ver, user->ver);
    ck_assert_int_eq(row->generation, 0);
    ck_assert_int_eq(row->created_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->auth_time, FAKE_CLOCK_START);
    ck_assert_int_eq(row->last_used_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->expires_at, FAKE_CLOCK_START + 7 * DAY);
    ck_assert_int_eq(row->absolute_expires_at, FAKE_CLOCK_START + 90 * DAY);
    ck_assert_int_eq(row->ended_at, 0);
    ck_assert_str_eq(row->ip, fixture_client.ip);
    ck_assert_str_eq(row->device_id, fixture_client.device_id);
    ck_assert_str_eq(row->user_agent, fixture_client.user_agent);
    ck_assert_int_eq(grant.expires_in, 15 * 60);
    ck_assert_int_eq(grant.refresh_expires_in, 7 * 24 * 60 * 60);
    ck_assert_ptr_eq(grant.user, user);
}
END_TEST

START_TEST(start_differs_each_time)
{
    const authp_grant_t one = fixture_start(&f, user);
    const authp_grant_t two = fixture_start(&f, user);
    ck_assert_str_ne(one.session->id.hex, two.session->id.hex);
    ck_assert_mem_ne(one.session->salt, two.session->salt, AUTHP_SALT_LEN);
    ck_assert_str_ne(one.refresh_token, two.refresh_token);
    ck_assert_int_eq(fixture_live_sessions(&f), 2);
}
END_TEST

START_TEST(start_absolute_limit_is_the_nearer)
{
    f.settings->session_absolute_days = 7;
    f.settings->refresh_token_days = 30;
    const authp_grant_t grant = fixture_start(&f, user);
    ck_assert_int_eq(grant.session->expires_at, FAKE_CLOCK_START + 7 * DAY);
    ck_assert_int_eq(grant.refresh_expires_in, 7 * 24 * 60 * 60);
}
END_TEST

START_TEST(start_store_down)
{
    authp_grant_t grant = {.expires_in = 77};
    mem_store_fail(f.store, NULL, 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_session_start(f.realm, user, &fixture_client, &grant, f.pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(grant.expires_in, 77);
    ck_assert_ptr_null(grant.access_token);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
}
END_TEST

/* The user agent is stored with a limited length and without control characters. */
START_TEST(start_user_agent)
{
    char long_one[1001];
    memset(long_one, 'x', 1000);
    long_one[1000] = '\0';
    memcpy(long_one + 398, "\xE2\x82\xAC", 3); /* the limit cuts this character */
    char longer[1001];
    memset(longer, 'y', 1000);
    longer[1000] = '\0';
    memcpy(longer + 397, "\xF0\x9F\x98\x80", 4); /* the limit leaves three bytes of this one */
    char plain[402] = "";
    memset(plain, 'z', 401);
    const struct {
        const char *sent;
        size_t len;
        const char *starts;
    } rows[] = {{"", 0, ""},
                {"Mozilla/5.0", 11, "Mozilla/5.0"},
                {"Zo\xC3\xAB", 4, "Zo\xC3\xAB"},
                {"a\tb", 3, "a?b"},
                {"a\xFFzz", 4, "a?zz"},
                {"a\xC2\x85z", 4, "a??z"},
                {"\xFF !\x1f}~\x7f", 7, "? !?}~?"},
                {plain, 400, "zzz"},
                {long_one, 398, "xxx"},
                {longer, 397, "yyy"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const authp_client_t client = {.user_agent = rows[i].sent};
        authp_grant_t grant;
        ck_assert_int_eq(authp_session_start(f.realm, user, &client, &grant, f.pool), AUTHP_OK);
        const char *stored = grant.session->user_agent;
        ck_assert_uint_eq(strlen(stored), rows[i].len);
        ck_assert_int_eq(strncmp(stored, rows[i].starts, strlen(rows[i].starts)), 0);
        ck_assert(authp_text_utf8(stored, strlen(stored), NULL));
    }
}
END_TEST

START_TEST(start_without_a_client)
{
    authp_grant_t grant;
    ck_assert_int_eq(authp_session_start(f.realm, user, NULL, &grant, f.pool), AUTHP_OK);
    ck_assert_ptr_null(grant.session->ip);
    ck_assert_ptr_null(grant.session->user_agent);
}
END_TEST

START_TEST(logout_one)
{
    const authp_grant_t one = fixture_start(&f, user);
    const authp_grant_t two = fixture_start(&f, user);
    const int before = mem_store_audit_count(f.store, "logout");
    ck_assert_int_eq(
        authp_session_logout(
            f.realm, &(const authp_leaving_t){user->id.hex, one.session->id.hex, user->ver, NULL},
            false, &fixture_client, f.pool),
        AUTHP_OK);
    const authp_session_t *row = mem_store_session(f.store, one.session->id.hex);
    ck_assert_int_eq(row->ended_at, FAKE_CLOCK_START);
    ck_assert_str_eq(row->end_reason, "logout");
    ck_assert_int_eq(mem_store_session(f.store, two.session->id.hex)->ended_at, 0);
    ck_assert_int_eq(mem_store_audit_count(f.store, "logout"), before + 1);
    /* Ending a session twice, or one that does not exist, gives the same result and records
     * nothing. */
    fake_clock_advance(&f.clock, 1000);
    ck_assert_int_eq(
        authp_session_logout(
            f.realm, &(const authp_leaving_t){user->id.hex, one.session->id.hex, user->ver, NULL},
            false, NULL, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(
        authp_session_logout(
            f.realm,
            &(const authp_leaving_t){user->id.hex, "000000000000000000000000", user->ver, NULL},
            false, NULL, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(mem_store_session(f.store, one.session->id.hex)->ended_at, FAKE_CLOCK_START);
    ck_assert_int_eq(mem_store_audit_count(f.store, "logout"), before + 1);
}
END_TEST

START_TEST(logout_all)
{
    authp_user_t *other = fixture_user(&f, "bob@example.org", "candidate", false);
    const authp_grant_t mine = fixture_start(&f, user);
    (void)fixture_start(&f, user);
    (void)fixture_start(&f, user);
    const authp_grant_t theirs = fixture_start(&f, other);
    ck_assert_int_eq(
        authp_session_logout(
            f.realm, &(const authp_leaving_t){user->id.hex, mine.session->id.hex, user->ver, NULL},
            true, &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_int_eq(mem_store_session(f.store, theirs.session->id.hex)->ended_at, 0);
}
END_TEST

START_TEST(logout_store_down)
{
    const authp_grant_t grant = fixture_start(&f, user);
    for (int all = 0; all <= 1; all++) {
        mem_store_fail(f.store, NULL, 1, AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(
            authp_session_logout(
                f.realm,
                &(const authp_leaving_t){user->id.hex, grant.session->id.hex, user->ver, NULL},
                all == 1, &fixture_client, f.pool),
            AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_int_eq(mem_store_audit_count(f.store, "logout"), 0);
    /* Only the audit fails: the session has ended all the same. */
    mem_store_fail(f.store, NULL, 2, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(
        authp_session_logout(
            f.realm, &(const authp_leaving_t){user->id.hex, grant.session->id.hex, user->ver, NULL},
            false, &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
}
END_TEST

START_TEST(proof)
{
    const authp_grant_t grant = fixture_start(&f, user);
    authp_session_t *row = mem_store_session(f.store, grant.session->id.hex);
    authp_proof_t found = {0};
    ck_assert_int_eq(authp_session_prove(f.realm, grant.refresh_token, &found, f.pool), AUTHP_OK);
    ck_assert_str_eq(found.session->id.hex, grant.session->id.hex);
    ck_assert_int_eq(found.generation, 0);
    ck_assert_int_eq(found.action, AUTHP_REFRESH_ADVANCE);
    row->generation = 1;
    ck_assert_int_eq(authp_session_prove(f.realm, grant.refresh_token, &found, f.pool), AUTHP_OK);
    ck_assert_int_eq(found.action, AUTHP_REFRESH_REPEAT);
    f.settings->refresh_token_grace = 0;
    ck_assert_int_eq(authp_session_prove(f.realm, grant.refresh_token, &found, f.pool), AUTHP_OK);
    ck_assert_int_eq(found.action, AUTHP_REFRESH_THEFT);
    ck_assert_int_eq(found.session->ended_at, 0);
    ck_assert_int_eq(row->ended_at, 0); /* the function only decides and ends nothing */
}
END_TEST

/* A proof is given for every generation and also after the session's end, because /logout needs
 * it. */
START_TEST(proof_of_what_is_over)
{
    const authp_grant_t grant = fixture_start(&f, user);
    const char *old = NULL;
    authp_proof_t found = {0};
    ck_assert_int_eq(authp_refresh_token_make(f.realm->keys, grant.session, 12, &old, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(
        authp_session_logout(f.realm,
                             &(const authp_leaving_t){.user_id = user->id.hex,
                                                      .session_id = grant.session->id.hex,
                                                      .ver = user->ver},
                             false, NULL, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(authp_session_prove(f.realm, old, &found, f.pool), AUTHP_OK);
    ck_assert_str_eq(found.session->id.hex, grant.session->id.hex);
    ck_assert_int_eq(found.generation, 12);
    ck_assert_int_eq(found.action, AUTHP_REFRESH_REFUSE);
}
END_TEST

START_TEST(proof_refused)
{
    const authp_grant_t grant = fixture_start(&f, user);
    authp_proof_t found = {.session = NULL};
    char *forged = apr_pstrdup(f.pool, grant.refresh_token);
    forged[40] = forged[40] == 'A' ? 'B' : 'A';
    authp_session_t unknown = *grant.session;
    unknown.id = (authp_id_t){"000000000000000000000000"};
    const char *text = NULL;
    ck_assert_int_eq(authp_refresh_token_make(f.realm->keys, &unknown, 0, &text, f.pool), AUTHP_OK);
    const char *const wrong[] = {forged, "nonsense", NULL, text};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(authp_session_prove(f.realm, wrong[i], &found, f.pool),
                         AUTHP_E_REFRESH_INVALID);
    }
    mem_store_fail(f.store, NULL, 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_session_prove(f.realm, grant.refresh_token, &found, f.pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(found.session);
}
END_TEST

START_TEST(csrf)
{
    static const char sid[] = "bbbbbbbbbbbbbbbbbbbbbbbb";
    const char *token = NULL;
    ck_assert_int_eq(authp_csrf_make(f.realm, sid, &token, f.pool), AUTHP_OK);
    ck_assert_uint_eq(strlen(token), 43);
    ck_assert_int_eq(authp_csrf_check(f.realm, sid, token), AUTHP_OK);
    ck_assert_int_eq(authp_csrf_check(f.realm, "cccccccccccccccccccccccc", token),
                     AUTHP_E_CSRF_FAILED);
    static const char *const wrong[] = {NULL, "", "x",
                                        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(authp_csrf_check(f.realm, sid, wrong[i]), AUTHP_E_CSRF_FAILED);
    }
    ck_assert_int_eq(authp_csrf_check(f.realm, sid, apr_pstrcat(f.pool, token, "A", NULL)),
                     AUTHP_E_CSRF_FAILED);
}
END_TEST

START_TEST(csrf_of_the_previous_key)
{
    static const char sid[] = "bbbbbbbbbbbbbbbbbbbbbbbb";
    const char *token = NULL;
    ck_assert_int_eq(authp_csrf_make(f.realm, sid, &token, f.pool), AUTHP_OK);
    fixture_roll_key(&f, true);
    ck_assert_int_eq(authp_csrf_check(f.realm, sid, token), AUTHP_OK);
    fixture_roll_key(&f, false);
    ck_assert_int_eq(authp_csrf_check(f.realm, sid, token), AUTHP_E_CSRF_FAILED);
}
END_TEST

Suite *suite_session(void)
{
    Suite *suite = suite_create("session");
    TCase *start = tcase_create("session");
    tcase_add_checked_fixture(start, set_up, tear_down);
    tcase_add_test(start, start_writes_one_row);
    tcase_add_test(start, start_differs_each_time);
    tcase_add_test(start, start_absolute_limit_is_the_nearer);
    tcase_add_test(start, start_store_down);
    tcase_add_test(start, start_user_agent);
    tcase_add_test(start, start_without_a_client);
    tcase_add_test(start, logout_one);
    tcase_add_test(start, logout_all);
    tcase_add_test(start, logout_store_down);
    tcase_add_test(start, proof);
    tcase_add_test(start, proof_of_what_is_over);
    tcase_add_test(start, proof_refused);
    tcase_add_test(start, csrf);
    tcase_add_test(start, csrf_of_the_previous_key);
    suite_add_tcase(suite, start);
    return suite;
}
