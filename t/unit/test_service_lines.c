/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that service/ logs when something could not be done, or was done and then undone: their
 * level, their text, and that there is no other line. */
#include "base/log.h"
#include "person_fixture.h"
#include "service/account/device.h"
#include "service/account/own.h"
#include "service/account/phone_account.h"
#include "service/account/profile_document.h"
#include "service/invite/invite.h"
#include "service/provider/mapping.h"
#include "service/session/rotation.h"
#include "service/sign_in/login.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define PHONE "+919876543210"
#define DAY INT64_C(86400000)
#define DOWN AUTHP_E_UNAVAILABLE

static fixture_t f;
static char lines[4000];
static const authp_actor_t cli = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char *const levels[] = {"error ", "warning ", "notice ", "info ", "debug "};
    (void)ctx;
    if (strstr(message, "AUTHP0301: ") == message) {
        return; /* an entry of the audit */
    }
    ck_assert_uint_lt(strlen(lines) + strlen(message) + 10, sizeof(lines));
    strcat(strcat(strcat(lines, levels[level]), message), "\n");
}

static void set_up(void)
{
    fixture_open(&f);
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_user_t *ada(void)
{
    return fixture_user(&f, PERSON_EMAIL, "candidate", false);
}

static authp_self_t self_of(const authp_grant_t *grant)
{
    return (authp_self_t){
        .user = grant->user, .session = grant->session, .client = &fixture_client};
}

static authp_err_t sign_in(const char *password, const authp_client_t *client)
{
    authp_grant_t grant;
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = PERSON_EMAIL,
                              .password = password,
                              .password_len = strlen(password)};
    return authp_login_by_password(f.realm, &in, client, &grant, f.pool);
}

/* --- one function for each line: it causes the line, and returns how the line must be --------- */

/* The text after "LEVEL ID: user" about that user. */
static const char *about(const char *id, const authp_user_t *user, const char *rest)
{
    return apr_pstrcat(f.pool, id, ": user ", user->id.hex, rest, "unavailable\n", NULL);
}

static const char unmarked[] = ": the sessions are invalid, but are not marked as ended: ";

static const char *a_disabled_account(void)
{
    authp_user_t *user = ada();
    const authp_user_patch_t patch = {.has_disabled = true, .disabled = true};
    mem_store_fail(f.store, "session_end_user", 1, DOWN);
    ck_assert_int_eq(authp_admin_patch(f.realm, &cli, user->id.hex, &patch, &user, f.pool),
                     AUTHP_OK);
    return about("warning AUTHP0310", user, unmarked);
}

/* No session has become invalid, so none is marked. */
static const char *a_change_of_roles(void)
{
    authp_user_t *user = ada();
    const authp_user_patch_t patch = {.has_roles = true,
                                      .roles = apr_array_make(f.pool, 1, sizeof(const char *))};
    mem_store_fail(f.store, "session_end_user", 1, DOWN);
    ck_assert_int_eq(authp_admin_patch(f.realm, &cli, user->id.hex, &patch, &user, f.pool),
                     AUTHP_OK);
    return "";
}

static const char *a_reset_password(void)
{
    const authp_user_t *user = ada();
    mem_store_fail(f.store, "session_end_user", 1, DOWN);
    ck_assert_int_eq(
        authp_admin_reset_password(f.realm, &cli, user->id.hex, "another calm one", f.pool),
        AUTHP_OK);
    return about("warning AUTHP0310", user, unmarked);
}

static const char *a_deleted_account(void)
{
    const authp_user_t *user = ada();
    mem_store_fail(f.store, "user_forget", 1, DOWN);
    ck_assert_int_eq(authp_admin_delete(f.realm, &cli, user->id.hex, f.pool), AUTHP_OK);
    return about("warning AUTHP0311", user,
                 " is deleted; its device information waits for the next purge: ");
}

static const char *a_new_password(void)
{
    const authp_grant_t start = fixture_start(&f, ada());
    const authp_self_t self = self_of(&start);
    const authp_password_change_t change = {.current = FIXTURE_PASSWORD,
                                            .wanted = "another calm one"};
    authp_grant_t grant;
    mem_store_fail(f.store, "session_end_user", 1, DOWN);
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_OK);
    return about("warning AUTHP0312", start.user, unmarked);
}

static const char *a_first_proof(void)
{
    authp_user_t *out = NULL;
    const authp_user_t *user = ada();
    mem_store_fail(f.store, "session_end_user", 1, DOWN);
    ck_assert_int_eq(authp_mapping_enter(f.realm, &person_fixture_ada, AUTHP_ASKED_CANDIDATE,
                                         &fixture_client, &out, f.pool),
                     AUTHP_OK);
    return about("warning AUTHP0315", user, unmarked);
}

static const char *an_old_hash(void)
{
    const authp_user_t *user = ada();
    f.settings->bcrypt_rounds = 5;
    mem_store_fail(f.store, "user_upgrade_hash", 1, DOWN);
    ck_assert_int_eq(sign_in(FIXTURE_PASSWORD, &fixture_client), AUTHP_OK);
    return about("info AUTHP0304", user, ": an old password hash was not replaced: ");
}

static int times(const char *calls, const char *op)
{
    int count = 0;
    for (const char *at = strstr(calls, op); at != NULL; at = strstr(at + 1, op)) {
        count++;
    }
    return count;
}

static const char *a_store_with_old_data(void)
{
    const authp_grant_t start = fixture_start(&f, ada());
    authp_grant_t next;
    mem_store_fail(f.store, "session_rotate", 0, AUTHP_E_CONFLICT);
    (void)mem_store_calls(f.store, f.pool);
    ck_assert_int_eq(fixture_refresh(&f, start.refresh_token, &next, f.pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(times(mem_store_calls(f.store, f.pool), "session_rotate"), 4);
    return apr_psprintf(f.pool,
                        "warning AUTHP0303: session %s: 4 conditional updates failed, does the "
                        "store return old data?\n",
                        start.session->id.hex);
}

/* A change of the password tries as often, and says nothing: the client is told to come again. */
static const char *a_session_that_cannot_go_on(void)
{
    const authp_grant_t start = fixture_start(&f, ada());
    const authp_self_t self = self_of(&start);
    const authp_password_change_t change = {.current = FIXTURE_PASSWORD,
                                            .wanted = "another calm one"};
    authp_grant_t grant;
    mem_store_fail(f.store, "session_rotate", 0, AUTHP_E_CONFLICT);
    (void)mem_store_calls(f.store, f.pool);
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_E_BUSY);
    ck_assert_int_eq(times(mem_store_calls(f.store, f.pool), "session_rotate"),
                     AUTHP_ROTATION_TRIES);
    return "";
}

static const char *odd_profiles(void)
{
    authp_profile_document_t document;
    authp_user_t *user = mem_store_user(f.store, ada()->id.hex);
    user->profiles = "[1]";
    ck_assert_int_eq(authp_profile_document_read(user, "seeker", &document, f.pool),
                     AUTHP_E_INTERNAL);
    return apr_pstrcat(f.pool, "error AUTHP0317: user ", user->id.hex,
                       ": the stored profiles are no JSON object\n", NULL);
}

static const char *a_used_number(void)
{
    const authp_user_t *user = ada();
    mem_store_user(f.store, user->id.hex)->phone = PHONE;
    fake_clock_advance(&f.clock, DAY);
    mem_store_fail(f.store, "user_update", 1, DOWN);
    authp_phone_account_used(f.realm, user, f.pool);
    return about("info AUTHP0318", user, ": the use of the number was not noted: ");
}

/* --- accounts that were made and removed again ------------------------------------------------ */

static const char *removed_id;

/* Another request uses the invite of Ada, whose account was just made, and removing that account
 * may fail. */
static void the_invite_goes(void *ctx)
{
    authp_user_t *made = NULL;
    const bool *stays = ctx;
    ck_assert_int_eq(
        authp_store_user_by_login(f.store, AUTHP_LOGIN_EMAIL, PERSON_EMAIL, &made, f.pool),
        AUTHP_OK);
    removed_id = made->id.hex;
    person_fixture_claim(&f);
    if (*stays) {
        mem_store_fail(f.store, "user_discard", 1, DOWN);
    }
}

static const char *removal(const char *id, bool stays)
{
    return apr_psprintf(f.pool,
                        "notice %s: user %s: another registration used the invite first, removing "
                        "this account: %s\n",
                        id, removed_id, stays ? "unavailable" : "ok");
}

static const char *registered_in_vain(bool stays)
{
    const authp_new_invite_t wanted = {.email = PERSON_EMAIL, .hours = 1};
    const authp_new_account_t in = fixture_new(PERSON_EMAIL, NULL);
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    authp_grant_t grant;
    ck_assert_int_eq(authp_invite_make(f.realm, &cli, &wanted, &invite, &code, f.pool), AUTHP_OK);
    mem_store_before(f.store, "invite_claim", the_invite_goes, &stays);
    ck_assert_int_eq(authp_invite_register(f.realm, &in, code, &fixture_client, &grant, f.pool),
                     AUTHP_E_INVITE_INVALID);
    return removal("AUTHP0313", stays);
}

static const char *a_lost_invite(void)
{
    return registered_in_vain(false);
}

static const char *a_lost_invite_and_an_account_that_stays(void)
{
    return registered_in_vain(true);
}

static const char *entered_in_vain(bool stays)
{
    authp_user_t *out = NULL;
    person_fixture_invite(&f);
    mem_store_before(f.store, "invite_claim", the_invite_goes, &stays);
    ck_assert_int_eq(authp_mapping_enter(f.realm, &person_fixture_ada, AUTHP_ASKED_RECRUITER,
                                         &fixture_client, &out, f.pool),
                     stays ? AUTHP_E_UNAVAILABLE : AUTHP_E_RECRUITER_PENDING);
    return removal("AUTHP0316", stays);
}

static const char *a_lost_invite_at_a_provider(void)
{
    return entered_in_vain(false);
}

static const char *a_lost_invite_at_a_provider_and_an_account_that_stays(void)
{
    return entered_in_vain(true);
}

/* --- wrong passwords -------------------------------------------------------------------------- */

/* With three free attempts the line comes with the third wrong one, and with no other. */
static const char *guessed(const authp_client_t *client)
{
    const authp_rate_t many = {1000, 60};
    fixture_limits(&f, many, many, (authp_rate_t){3, 60});
    for (int i = 1; i <= 5; i++) {
        ck_assert_int_eq(lines[0] != '\0', i > 3);
        ck_assert_int_eq(sign_in("wrong", client), AUTHP_E_INVALID_CREDENTIALS);
        fake_clock_advance(&f.clock, i >= 3 ? INT64_C(1000) << (i - 3) : 0);
    }
    return "notice AUTHP0330: wrong passwords on one account: delays begin; client ";
}

static const char *guesses(void)
{
    (void)ada();
    return apr_pstrcat(f.pool, guessed(&fixture_client),
                       "192.0.2.7, no known device, request request-1\n", NULL);
}

static const char *guesses_of_nobody(void)
{
    const authp_client_t nobody = {.ip = NULL};
    return apr_pstrcat(f.pool, guessed(&nobody), "-, no known device, request -\n", NULL);
}

static const char *guesses_on_a_known_device(void)
{
    const authp_device_t device = {.id = "device", .nusers = 1, .users = {ada()->id}};
    authp_client_t client = fixture_client;
    client.device = &device;
    return apr_pstrcat(f.pool, guessed(&client), "192.0.2.7, a known device, request request-1\n",
                       NULL);
}

static const char *(*const causes[])(void) = {a_disabled_account,
                                              a_change_of_roles,
                                              a_reset_password,
                                              a_deleted_account,
                                              a_new_password,
                                              a_first_proof,
                                              an_old_hash,
                                              a_store_with_old_data,
                                              a_session_that_cannot_go_on,
                                              odd_profiles,
                                              a_used_number,
                                              a_lost_invite,
                                              a_lost_invite_and_an_account_that_stays,
                                              a_lost_invite_at_a_provider,
                                              a_lost_invite_at_a_provider_and_an_account_that_stays,
                                              guesses,
                                              guesses_of_nobody,
                                              guesses_on_a_known_device};

START_TEST(each_line)
{
    const char *expected = causes[_i]();
    ck_assert_str_eq(lines, expected);
}
END_TEST

Suite *suite_service_lines(void)
{
    Suite *suite = suite_create("service_lines");
    TCase *tests = tcase_create("service_lines");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_line, 0, (int)(sizeof(causes) / sizeof(causes[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
