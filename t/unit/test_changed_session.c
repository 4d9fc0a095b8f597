/* SPDX-License-Identifier: Apache-2.0 */
/* What each change of a session changes in the store, and that everything else stays as it was.
 * What the caller gets back is what the store has. */
#include "columns_fixture.h"
#include "fixture.h"
#include "service/account/admin.h"
#include "service/account/own.h"
#include "service/session/session.h"
#include "suite.h"

#include <string.h>

static fixture_t f;
static authp_user_t *ada;
static authp_grant_t grant;
static const authp_actor_t cli = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};

static void set_up(void)
{
    fixture_open(&f);
    ada = fixture_user(&f, "ada@example.org", "candidate", false);
    grant = fixture_start(&f, ada);
    fake_clock_advance(&f.clock, 1000);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_session_t *session_now(void)
{
    authp_session_t *row = NULL;
    ck_assert_int_eq(authp_store_session_by_id(f.store, grant.session->id.hex, &row, f.pool),
                     AUTHP_OK);
    return row;
}

static authp_self_t self_of_ada(void)
{
    return (authp_self_t){.user = ada,
                          .session = session_now(),
                          .client = &fixture_client,
                          .auth_time = grant.session->auth_time / 1000};
}

static authp_grant_t *refreshed(void)
{
    static authp_grant_t out;
    out = (authp_grant_t){0};
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &out, f.pool), AUTHP_OK);
    return &out;
}

static authp_grant_t *slide(void)
{
    f.settings->refresh_token_rotation = false;
    return refreshed();
}

static authp_grant_t *new_password(void)
{
    const authp_self_t self = self_of_ada();
    const authp_password_change_t change = {.current = FIXTURE_PASSWORD,
                                            .wanted = "another calm one"};
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_OK);
    return &grant;
}

static authp_grant_t *log_out(void)
{
    const authp_leaving_t leaving = {
        .user_id = ada->id.hex, .session_id = grant.session->id.hex, .ver = grant.session->ver};
    ck_assert_int_eq(authp_session_logout(f.realm, &leaving, false, &fixture_client, f.pool),
                     AUTHP_OK);
    return NULL;
}

static authp_grant_t *end_by_admin(void)
{
    ck_assert_int_eq(authp_admin_end_session(f.realm, &cli, grant.session->id.hex, f.pool),
                     AUTHP_OK);
    return NULL;
}

static authp_grant_t *end_the_others(void)
{
    const authp_self_t self = self_of_ada();
    authp_grant_t other = fixture_start(&f, ada);
    ck_assert_int_eq(authp_own_end_others(f.realm, &self, f.pool), AUTHP_OK);
    ck_assert_int_ne(mem_store_session(f.store, other.session->id.hex)->ended_at, 0);
    return NULL;
}

static authp_grant_t *end_all(void)
{
    int count = 0;
    ck_assert_int_eq(authp_admin_end_sessions(f.realm, &cli, ada->id.hex, &count, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(count, 1);
    return NULL;
}

static authp_grant_t *begin_another(void)
{
    static authp_grant_t other;
    other = fixture_start(&f, ada);
    return &other;
}

static const struct {
    const char *what;
    authp_grant_t *(*change)(void); /* returns what the caller gets; NULL: no session */
    const char *columns;
} of_sessions[] = {
    {"refreshed", refreshed, "generation rotated_at last_used_at expires_at"},
    {"refreshed without rotation", slide, "last_used_at expires_at"},
    {"a new password", new_password, "ver generation rotated_at last_used_at expires_at"},
    {"signed out", log_out, "ended_at end_reason"},
    {"ended by an admin", end_by_admin, "ended_at end_reason"},
    {"ended with all others", end_all, "ended_at end_reason"},
    {"the others ended", end_the_others, ""},
    {"another sign-in", begin_another, ""},
};

START_TEST(of_a_session)
{
    authp_session_t *stored = NULL;
    const authp_session_t *before = session_now();
    const authp_grant_t *got = of_sessions[_i].change();
    const authp_session_t *after = session_now();
    const char *changed = columns_fixture_changed(&authp_columns_session, before, after, f.pool);
    ck_assert_msg(strcmp(changed, of_sessions[_i].columns) == 0, "%s: changes \"%s\", not \"%s\"",
                  of_sessions[_i].what, changed, of_sessions[_i].columns);
    if (got == NULL) {
        return;
    }
    ck_assert_int_eq(authp_store_session_by_id(f.store, got->session->id.hex, &stored, f.pool),
                     AUTHP_OK);
    columns_fixture_same(&authp_columns_session, got->session, stored, 0, 0);
    ck_assert_int_eq(stored->last_used_at, FAKE_CLOCK_START + 1000);
}
END_TEST

/* A token that is used twice within the grace time gives the session as it is. */
START_TEST(a_repetition)
{
    authp_grant_t again = {0};
    (void)refreshed();
    fake_clock_advance(&f.clock, 500);
    const authp_session_t *before = session_now();
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &again, f.pool), AUTHP_OK);
    ck_assert_str_eq(columns_fixture_changed(&authp_columns_session, before, session_now(), f.pool),
                     "");
    columns_fixture_same(&authp_columns_session, again.session, before, 0, 0);
}
END_TEST

/* What has ended keeps the time and the reason of its first end. */
START_TEST(an_end_is_final)
{
    (void)log_out();
    const authp_session_t *before = session_now();
    fake_clock_advance(&f.clock, 1000);
    (void)log_out();
    ck_assert_int_eq(authp_admin_end_session(f.realm, &cli, grant.session->id.hex, f.pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(
        authp_admin_reset_password(f.realm, &cli, ada->id.hex, "another calm one", f.pool),
        AUTHP_OK);
    ck_assert_str_eq(columns_fixture_changed(&authp_columns_session, before, session_now(), f.pool),
                     "");
}
END_TEST

Suite *suite_changed_session(void)
{
    Suite *suite = suite_create("changed_session");
    TCase *tests = tcase_create("changed_session");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, of_a_session, 0, sizeof(of_sessions) / sizeof(of_sessions[0]));
    tcase_add_test(tests, a_repetition);
    tcase_add_test(tests, an_end_is_final);
    suite_add_tcase(suite, tests);
    return suite;
}
