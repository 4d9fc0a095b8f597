/* SPDX-License-Identifier: Apache-2.0 */
/* POST /logout: every kind of credential, with and without `all`. */
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define ANN "ann@example.org"
#define MINUTE 60000

static http_fake_t h;

/* Ann's tokens of the session under test, by age. */
typedef struct held_t {
    const char *access;
    const char *csrf;
    const char *refresh[3]; /* [0] is the first one, [2] the present one */
    authp_session_t *row;
    authp_user_t *user;
} held_t;

static held_t held;
static authp_session_t *other_row; /* another session of Ann's, which stays signed in */

static void set_up(void)
{
    http_fake_open(&h);
}

static void tear_down(void)
{
    http_fake_close(&h);
}

static void send_refresh(int age)
{
    http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"refresh_token\":\"", held.refresh[2 - age],
                                   "\",\"all\":ALL}", NULL));
}

static void send_body_now(void)
{
    send_refresh(0);
}

static void send_body_behind(void)
{
    send_refresh(1);
}

static void send_body_older(void)
{
    send_refresh(2);
}

static void send_bearer(void)
{
    http_fake_json(&h, "{\"all\":ALL}");
    http_fake_bearer(&h, held.access);
}

static void send_cookie(const char *name, const char *value)
{
    http_fake_json(&h, "{\"all\":ALL}");
    apr_table_setn(h.headers, "Cookie",
                   apr_pstrcat(h.f.pool, "csrf_token=", held.csrf, "; ", name, "=", value, NULL));
    apr_table_setn(h.headers, "X-CSRF-Token", held.csrf);
    apr_table_setn(h.headers, "Origin", HTTP_FAKE_ORIGIN);
}

static void send_refresh_cookie(void)
{
    send_cookie("__Secure-authp_rt", held.refresh[2]);
}

static void send_access_cookie(void)
{
    send_cookie("__Host-authp_at", held.access);
}

/* Functions that change the session, the account or the token before the sign-out. */
static void nothing(void)
{
}

static void token_expires(void)
{
    fake_clock_advance(&h.f.clock, 16 * (authp_ms_t)MINUTE);
}

static void session_ends(void)
{
    held.row->ended_at = authp_clock_now(h.f.realm->clock);
    held.row->end_reason = "admin";
}

static void token_expires_and_session_ends(void)
{
    token_expires();
    session_ends();
}

static void session_expires(void)
{
    held.row->expires_at = authp_clock_now(h.f.realm->clock);
}

static void session_grows_too_old(void)
{
    held.row->absolute_expires_at = authp_clock_now(h.f.realm->clock);
}

/* The effect of a password change in another session. */
static void account_outdates_it(void)
{
    held.user->ver += 1;
    held.user->min_ver = held.user->ver;
    other_row->ver = held.user->ver;
}

/* The effect of a password change in this session: the session continues, and its older tokens are
 * invalid. */
static void account_outdates_the_token(void)
{
    account_outdates_it();
    held.row->ver = held.user->ver;
}

static void account_is_disabled(void)
{
    held.user->disabled = true;
}

static void roles_change(void)
{
    held.user->ver += 1;
}

typedef struct case_t {
    const char *name;
    void (*send)(void);
    void (*before)(void);
    bool all; /* `all` ends the other session too */
} case_t;

static const case_t cases[] = {
    {"body, current", send_body_now, nothing, true},
    {"body, one behind", send_body_behind, nothing, true},
    {"body, older", send_body_older, nothing, true},
    {"body, roles changed since", send_body_now, roles_change, true},
    {"body, ended", send_body_now, session_ends, false},
    {"body, one behind, ended", send_body_behind, session_ends, false},
    {"body, older, ended", send_body_older, session_ends, false},
    {"body, idle for too long", send_body_now, session_expires, false},
    {"body, too old", send_body_now, session_grows_too_old, false},
    {"body, before the password change", send_body_now, account_outdates_it, false},
    {"body, disabled", send_body_now, account_is_disabled, false},
    {"bearer, fresh", send_bearer, nothing, true},
    {"bearer, roles changed since", send_bearer, roles_change, true},
    {"bearer, expired", send_bearer, token_expires, true},
    {"bearer, ended", send_bearer, session_ends, false},
    {"bearer, expired, ended", send_bearer, token_expires_and_session_ends, false},
    {"bearer, session expired", send_bearer, session_expires, false},
    {"bearer, older than min_ver", send_bearer, account_outdates_it, false},
    {"bearer, older than min_ver, session lives", send_bearer, account_outdates_the_token, false},
    {"bearer, disabled", send_bearer, account_is_disabled, false},
    {"refresh cookie", send_refresh_cookie, nothing, true},
    {"refresh cookie, ended", send_refresh_cookie, session_ends, false},
    {"refresh cookie, idle for too long", send_refresh_cookie, session_expires, false},
    {"refresh cookie, before the password change", send_refresh_cookie, account_outdates_it, false},
    {"access cookie", send_access_cookie, nothing, true},
    {"access cookie, expired", send_access_cookie, token_expires, true},
    {"access cookie, ended", send_access_cookie, session_ends, false},
    {"access cookie, expired, ended", send_access_cookie, token_expires_and_session_ends, false},
    {"access cookie, older than min_ver", send_access_cookie, account_outdates_it, false},
};

/* Makes two sessions of Ann's, one of them refreshed twice, and one of Bob's. */
static void sign_in(void)
{
    authp_grant_t grant = {0};
    authp_response_t out = http_fake_register(&h, ANN, true);
    held.refresh[0] = http_fake_cookie_value(&h, &out, "__Secure-authp_rt");
    held.csrf = http_fake_cookie_value(&h, &out, "csrf_token");
    for (int i = 1; i < 3; i++) {
        ck_assert_int_eq(fixture_refresh(&h.f, held.refresh[i - 1], &grant, h.f.pool), AUTHP_OK);
        held.refresh[i] = grant.refresh_token;
    }
    held.access = grant.access_token;
    held.row = mem_store_session(h.f.store, grant.session->id.hex);
    held.user = mem_store_user(h.f.store, grant.user->id.hex);
    grant = fixture_start(&h.f, held.user);
    other_row = mem_store_session(h.f.store, grant.session->id.hex);
    (void)http_fake_register(&h, "bob@example.org", false);
}

static void log_out(const case_t *one, bool all)
{
    one->send();
    const char *at = strstr(h.body, "ALL");
    http_fake_json(&h,
                   apr_pstrcat(h.f.pool, apr_pstrmemdup(h.f.pool, h.body, (size_t)(at - h.body)),
                               all ? "true" : "false", at + 3, NULL));
    authp_response_t out = http_fake_expect(&h, "POST", "/api/auth/logout", 200, NULL);
    ck_assert_str_eq(http_fake_text(&h, &out, "message"), "Logged out successfully");
}

/* Bob's session continues in every case, and the session that was signed out has ended in every
 * case. */
static void check_what_lives(const case_t *one, bool all)
{
    bool others_end = all && one->all;
    ck_assert_msg(held.row->ended_at != 0, "%s: its session lives on", one->name);
    ck_assert_msg((other_row->ended_at != 0) == others_end, "%s, all %d: the other session %s",
                  one->name, all, others_end ? "lives on" : "has ended");
    ck_assert_int_eq(fixture_live_sessions(&h.f), others_end ? 1 : 2);
}

START_TEST(every_credential)
{
    const case_t *one = &cases[_i / 2];
    bool all = _i % 2 == 1;
    sign_in();
    one->before();
    bool had_ended = held.row->ended_at != 0;
    log_out(one, all);
    check_what_lives(one, all);
    const authp_audit_t *entry = fixture_audit(&h.f, "logout");
    ck_assert_msg((entry == NULL) == had_ended, "%s, all %d: an audit entry", one->name, all);
    if (entry != NULL) {
        ck_assert_str_eq(entry->reason, all && one->all ? "logout_all" : "logout");
    }
    /* A second sign-out gets the same answer, and ends nothing else. */
    log_out(one, all);
    check_what_lives(one, all);
}
END_TEST

/* For a deleted account only the session is ended. */
START_TEST(a_deleted_account)
{
    sign_in();
    authp_user_t before = *held.user;
    ck_assert_int_eq(
        authp_store_user_delete(h.f.store, &before, authp_clock_now(h.f.realm->clock), h.f.pool),
        AUTHP_OK);
    log_out(&cases[0], true);
    ck_assert_int_ne(held.row->ended_at, 0);
    ck_assert_int_eq(other_row->ended_at, 0);
}
END_TEST

/* If the store does not answer, the answer is not a success. */
START_TEST(a_store_that_does_not_answer)
{
    static const char *const ops[] = {"session_by_id", "user_by_id", "session_end_user"};
    sign_in();
    mem_store_fail(h.f.store, ops[_i], 0, AUTHP_E_UNAVAILABLE);
    http_fake_json(&h, "{\"all\":true}");
    http_fake_bearer(&h, held.access);
    (void)http_fake_expect(&h, "POST", "/api/auth/logout", 503, "store_unavailable");
    mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 3);
    ck_assert_ptr_null(fixture_audit(&h.f, "logout"));
    (void)http_fake_expect(&h, "POST", "/api/auth/logout", 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
}
END_TEST

/* Ends all sessions of the account, as a sign-out everywhere at another host does. */
static void end_all(void *store)
{
    const authp_end_t end = {.reason = "logout_all", .now = authp_clock_now(h.f.realm->clock)};
    int count = 0;
    ck_assert_int_eq(authp_store_session_end_user(store, held.user->id.hex, &end, &count),
                     AUTHP_OK);
    ck_assert_int_eq(count, 2);
}

/* The one that comes later ends no session: its answer is the same, and the audit has no entry of
 * it. */
START_TEST(two_at_once)
{
    sign_in();
    mem_store_before(h.f.store, "session_end_user", end_all, h.f.store);
    http_fake_json(&h, "{\"all\":true}");
    http_fake_bearer(&h, held.access);
    (void)http_fake_expect(&h, "POST", "/api/auth/logout", 200, NULL);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    ck_assert_ptr_null(fixture_audit(&h.f, "logout"));
}
END_TEST

Suite *suite_logout(void)
{
    Suite *suite = suite_create("logout");
    TCase *tests = tcase_create("logout");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_credential, 0, 2 * (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tests, a_deleted_account);
    tcase_add_loop_test(tests, a_store_that_does_not_answer, 0, 3);
    tcase_add_test(tests, two_at_once);
    suite_add_tcase(suite, tests);
    return suite;
}
