/* SPDX-License-Identifier: Apache-2.0 */
/* What each change of an account changes in the store, and that everything else stays as it was.
 * What the caller gets back is what the store has. */
#include "columns_fixture.h"
#include "fixture.h"
#include "service/account/admin.h"
#include "service/account/own.h"
#include "service/invite/invite.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define ADA "ada@example.org"
#define OTHER_PASSWORD "another calm one"
#define VERSION "ver auth_changed_at updated_at"

static fixture_t f;
static authp_user_t *ada; /* a verified recruiter and candidate with all that an account can have */
static authp_grant_t grant;
static const authp_actor_t cli = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};

static authp_user_t *user_now(void)
{
    authp_user_t *row = NULL;
    ck_assert_int_eq(authp_store_user_by_id(f.store, ada->id.hex, &row, f.pool), AUTHP_OK);
    return row;
}

static authp_session_t *session_now(void)
{
    authp_session_t *row = NULL;
    ck_assert_int_eq(authp_store_session_by_id(f.store, grant.session->id.hex, &row, f.pool),
                     AUTHP_OK);
    return row;
}

static apr_array_header_t *roles_of(const char *first, const char *second)
{
    apr_array_header_t *roles = apr_array_make(f.pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = first;
    if (second != NULL) {
        APR_ARRAY_PUSH(roles, const char *) = second;
    }
    return roles;
}

static void set_up(void)
{
    fixture_open(&f);
    const char *id = fixture_user(&f, ADA, "recruiter", true)->id.hex;
    ada = mem_store_user(f.store, id);
    ada->username = "ada99";
    ada->phone = "+41 44 000 00 00";
    ada->roles = roles_of("recruiter", "candidate");
    ada->email_verified = true;
    ada->identities = apr_array_make(f.pool, 1, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(ada->identities, authp_identity_t) =
        (authp_identity_t){.provider = "google",
                           .issuer = "https://accounts.google.com",
                           .sub = "1001",
                           .email = "ada@example.com",
                           .linked_at = 1,
                           .last_login = 2};
    grant = fixture_start(&f, user_now());
    fake_clock_advance(&f.clock, 1000);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_self_t self_of_ada(void)
{
    return (authp_self_t){.user = user_now(),
                          .session = session_now(),
                          .client = &fixture_client,
                          .auth_time = grant.session->auth_time / 1000};
}

static authp_user_t *patched(const authp_user_patch_t *patch)
{
    authp_user_t *out = NULL;
    ck_assert_int_eq(authp_admin_patch(f.realm, &cli, ada->id.hex, patch, &out, f.pool), AUTHP_OK);
    return out;
}

static authp_user_t *renamed(const char *name)
{
    const authp_self_t self = self_of_ada();
    authp_user_t *out = NULL;
    ck_assert_int_eq(authp_own_rename(f.realm, &self, name, &out, f.pool), AUTHP_OK);
    return out;
}

static authp_user_t *rename_her(void)
{
    return renamed("Ada L.");
}

static authp_user_t *rename_to_the_same(void)
{
    return renamed(user_now()->name);
}

static authp_user_t *remove_the_name(void)
{
    return patched(&(authp_user_patch_t){.has_name = true, .name = ""});
}

static authp_user_t *take_a_role(void)
{
    return patched(&(authp_user_patch_t){.has_roles = true, .roles = roles_of("recruiter", NULL)});
}

static authp_user_t *take_the_role_of_recruiters(void)
{
    return patched(&(authp_user_patch_t){.has_roles = true, .roles = roles_of("candidate", NULL)});
}

static authp_user_t *give_the_same_roles(void)
{
    return patched(
        &(authp_user_patch_t){.has_roles = true, .roles = roles_of("recruiter", "candidate")});
}

static authp_user_t *disable(void)
{
    return patched(&(authp_user_patch_t){.has_disabled = true, .disabled = true});
}

static authp_user_t *disable_again(void)
{
    ada->disabled = true;
    return disable();
}

static authp_user_t *enable(void)
{
    ada->disabled = true;
    return patched(&(authp_user_patch_t){.has_disabled = true, .disabled = false});
}

static authp_user_t *decided(bool verified)
{
    const authp_verdict_t verdict = {.email = " ADA@example.org", .verified = verified};
    authp_user_t *out = NULL;
    ck_assert_int_eq(authp_admin_verify(f.realm, &cli, &verdict, &out, f.pool), AUTHP_OK);
    return out;
}

static authp_user_t *withdraw(void)
{
    return decided(false);
}

static void asks(void)
{
    ada->roles = roles_of("candidate", NULL);
    ada->is_recruiter_verified = false;
    ada->recruiter_requested_at = 77;
}

static authp_user_t *grant_what_she_asked_for(void)
{
    asks();
    return decided(true);
}

static authp_user_t *refuse_what_she_asked_for(void)
{
    asks();
    return decided(false);
}

static authp_user_t *use_an_invite(void)
{
    static const authp_new_invite_t wanted = {.email = ADA, .hours = 1};
    authp_invite_t *invite = NULL;
    authp_invite_t *stored = NULL;
    const char *code = NULL;
    authp_user_t *out = NULL;
    asks();
    out = user_now();
    ck_assert_int_eq(authp_invite_make(f.realm, &cli, &wanted, &invite, &code, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_by_id(f.store, invite->id.hex, &stored, f.pool), AUTHP_OK);
    columns_fixture_same(&authp_columns_invite, invite, stored, 0, 0);
    ck_assert_int_eq(authp_invite_redeem(f.realm, code, &fixture_client, &out, f.pool), AUTHP_OK);
    return out;
}

static authp_user_t *reset_the_password(void)
{
    ck_assert_int_eq(authp_admin_reset_password(f.realm, &cli, ada->id.hex, OTHER_PASSWORD, f.pool),
                     AUTHP_OK);
    return NULL;
}

static authp_user_t *choose_a_password(void)
{
    const authp_self_t self = self_of_ada();
    const authp_password_change_t change = {.current = FIXTURE_PASSWORD, .wanted = OTHER_PASSWORD};
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_OK);
    return grant.user;
}

static authp_grant_t sign_in(void)
{
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD),
                              .door = AUTHP_DOOR_ANY};
    authp_grant_t out = {0};
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &fixture_client, &out, f.pool),
                     AUTHP_OK);
    return out;
}

static authp_user_t *sign_in_again(void)
{
    return sign_in().user;
}

static authp_user_t *sign_in_with_an_old_hash(void)
{
    f.settings->bcrypt_rounds = 5;
    (void)sign_in();
    return NULL;
}

static const struct {
    const char *what;
    authp_user_t *(*change)(void); /* returns the account that the caller gets; NULL: none */
    const char *columns;
} of_users[] = {
    {"a new name", rename_her, "name updated_at"},
    {"the same name", rename_to_the_same, ""},
    {"no name", remove_the_name, "name updated_at"},
    {"one role less", take_a_role, "roles " VERSION},
    {"no recruiter", take_the_role_of_recruiters, "roles is_recruiter_verified " VERSION},
    {"the same roles", give_the_same_roles, ""},
    {"disabled", disable, "disabled ver min_ver auth_changed_at updated_at"},
    {"disabled twice", disable_again, ""},
    {"enabled", enable, "disabled " VERSION},
    {"withdrawn", withdraw, "is_recruiter_verified " VERSION},
    {"granted", grant_what_she_asked_for,
     "roles is_recruiter_verified recruiter_requested_at " VERSION},
    {"refused", refuse_what_she_asked_for, "recruiter_requested_at updated_at"},
    {"invited", use_an_invite, "roles is_recruiter_verified recruiter_requested_at " VERSION},
    {"reset", reset_the_password, "password_hash ver min_ver auth_changed_at updated_at"},
    {"chosen", choose_a_password, "password_hash ver min_ver auth_changed_at updated_at"},
    {"a sign-in", sign_in_again, ""},
    {"a better hash", sign_in_with_an_old_hash, "password_hash updated_at"},
};

/* Some changes begin with another row, which they make themselves. */
static bool asked_first(authp_user_t *(*change)(void))
{
    return change == grant_what_she_asked_for || change == refuse_what_she_asked_for ||
           change == use_an_invite;
}

START_TEST(of_an_account)
{
    if (asked_first(of_users[_i].change)) {
        asks();
    }
    ada->disabled = of_users[_i].change == enable || of_users[_i].change == disable_again;
    const authp_user_t *before = user_now();
    const authp_user_t *got = of_users[_i].change();
    const authp_user_t *after = user_now();
    const char *changed = columns_fixture_changed(&authp_columns_user, before, after, f.pool);
    ck_assert_msg(strcmp(changed, of_users[_i].columns) == 0, "%s: changes \"%s\", not \"%s\"",
                  of_users[_i].what, changed, of_users[_i].columns);
    if (after->ver != before->ver) {
        ck_assert_int_eq(after->ver, before->ver + 1);
        ck_assert_int_eq(after->auth_changed_at, FAKE_CLOCK_START + 1000);
    }
    if (after->min_ver != before->min_ver) {
        ck_assert_int_eq(after->min_ver, after->ver);
    }
    if (after->updated_at != before->updated_at) {
        ck_assert_int_eq(after->updated_at, FAKE_CLOCK_START + 1000);
    }
    if (got != NULL) {
        columns_fixture_same(&authp_columns_user, got, after, 0, 0);
    }
}
END_TEST

Suite *suite_changed(void)
{
    Suite *suite = suite_create("changed");
    TCase *tests = tcase_create("changed");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, of_an_account, 0, sizeof(of_users) / sizeof(of_users[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
