/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators in two steps, and sign-ins by code: who may allow a request, what a request may
 * have, and what is written down of those that are refused. */
#include "crypto/password/bcrypt.h"
#include "fixture.h"
#include "mail_fixture.h"
#include "sent_codes.h"
#include "service/code_sign_in/code_sign_in.h"
#include "service/otp/otp.h"
#include "service/two_step/admin_login.h"
#include "service/two_step/admin_register.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define PHONE "+919876543210"
#define OLGA "olga@example.org"

static fixture_t f;
static authp_user_t *boss; /* the row in the store */

static void set_up(void)
{
    fixture_open(&f);
    sent_codes_open(&f);
    boss = mem_store_user(f.store, fixture_user(&f, "boss@example.org", "admin", false)->id.hex);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_admin_register_t request(void)
{
    return (authp_admin_register_t){.email = OLGA,
                                    .name = "Olga",
                                    .password = FIXTURE_PASSWORD,
                                    .password_len = strlen(FIXTURE_PASSWORD),
                                    .mobile = PHONE,
                                    .admin_id = boss->id.hex};
}

static authp_err_t begin(const authp_admin_register_t *in)
{
    const char *phone = NULL;
    return authp_admin_register_begin(f.realm, in, &fixture_client, &phone, f.pool);
}

static authp_err_t finish(authp_user_t **out)
{
    return authp_admin_register_finish(f.realm, PHONE, sent_codes.code, &fixture_client, out,
                                       f.pool);
}

static void give_role(authp_user_t *user, const char *role)
{
    user->roles = apr_array_make(f.pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(user->roles, const char *) = role;
}

/* --- administrators --------------------------------------------------------------------------- */

/* A name that is empty is none. */
START_TEST(names)
{
    static const char *const sent[] = {"Olga", "", NULL};
    authp_user_t *user = NULL;
    authp_admin_register_t in = request();
    in.name = sent[_i];
    ck_assert_int_eq(begin(&in), AUTHP_OK);
    ck_assert_int_eq(finish(&user), AUTHP_OK);
    ck_assert_pstr_eq(user->name, _i == 0 ? "Olga" : NULL);
}
END_TEST

/* bcrypt reads 72 bytes. A longer password is refused, and no code is sent. */
START_TEST(lengths_of_passwords)
{
    char password[AUTHP_BCRYPT_MAX_BYTES + 2];
    authp_user_t *user = NULL;
    authp_admin_register_t in = request();
    memset(password, 'x', sizeof(password));
    in.password = password;
    in.password_len = AUTHP_BCRYPT_MAX_BYTES + 1;
    password[in.password_len] = '\0';
    ck_assert_int_eq(begin(&in), AUTHP_E_VALIDATION_FAILED);
    ck_assert_int_eq(sent_codes.messages, 0);
    in.password_len = AUTHP_BCRYPT_MAX_BYTES;
    password[in.password_len] = '\0';
    ck_assert_int_eq(begin(&in), AUTHP_OK);
    ck_assert_int_eq(finish(&user), AUTHP_OK);
    ck_assert_int_eq(
        authp_admin_login_begin(f.realm, OLGA, password, &fixture_client, &user, f.pool), AUTHP_OK);
}
END_TEST

static void no_role(void)
{
    give_role(boss, "candidate");
}

static void disabled(void)
{
    boss->disabled = true;
}

static void gone(void)
{
    mem_store_fail(f.store, "user_by_id", 1, AUTHP_E_NOT_FOUND);
}

static void only_recruiter(void)
{
    give_role(boss, "recruiter");
    boss->is_recruiter_verified = true;
}

static void nothing(void)
{
}

static void (*const changes[])(void) = {no_role, disabled, gone, only_recruiter, nothing};

/* The administrator who allowed it must be one at the second step. */
START_TEST(who_allowed_it)
{
    authp_user_t *user = NULL;
    const authp_admin_register_t in = request();
    ck_assert_int_eq(begin(&in), AUTHP_OK);
    changes[_i]();
    authp_err_t err = finish(&user);
    const authp_audit_t *event = fixture_audit(&f, "user_create");
    ck_assert_str_eq(event->actor_id, boss->id.hex);
    if (changes[_i] == nothing) {
        ck_assert_int_eq(err, AUTHP_OK);
        ck_assert_str_eq(event->outcome, "ok");
        ck_assert_ptr_null(event->reason);
        return;
    }
    ck_assert_int_eq(err, AUTHP_E_INSUFFICIENT_ROLE);
    ck_assert_str_eq(event->outcome, "denied");
    ck_assert_str_eq(event->reason, "insufficient_role");
    ck_assert_ptr_null(event->subject_id);
}
END_TEST

/* A request that a limit refuses does not replace the one whose code is on its way. */
START_TEST(a_refused_request_replaces_nothing)
{
    authp_user_t *user = NULL;
    authp_admin_register_t in = request();
    f.settings->limits = true;
    ck_assert_int_eq(begin(&in), AUTHP_OK);
    in.email = "eve@example.org";
    ck_assert_int_eq(begin(&in), AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(finish(&user), AUTHP_OK);
    ck_assert_str_eq(user->email, OLGA);
}
END_TEST

/* The new administrator gets the mail that proves the address. */
START_TEST(a_mail_of_welcome)
{
    authp_user_t *user = NULL;
    const authp_admin_register_t in = request();
    mail_fixture_on(&f);
    ck_assert_int_eq(begin(&in), AUTHP_OK);
    ck_assert_int_eq(mail_fixture_count(&f), 0);
    ck_assert_int_eq(finish(&user), AUTHP_OK);
    ck_assert_str_eq(mail_fixture_kinds(&f), "verify_email");
    ck_assert_str_eq(mail_fixture_at(&f, 0).letter.to, OLGA);
}
END_TEST

/* --- the second step of a sign-in ------------------------------------------------------------- */

static void loses_role(void)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_user_by_login(f.store, AUTHP_LOGIN_EMAIL, OLGA, &user, f.pool),
                     AUTHP_OK);
    give_role(mem_store_user(f.store, user->id.hex), "candidate");
}

static void loses_number(void)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_user_by_login(f.store, AUTHP_LOGIN_EMAIL, OLGA, &user, f.pool),
                     AUTHP_OK);
    mem_store_user(f.store, user->id.hex)->phone = NULL;
}

static void (*const losses[])(void) = {loses_role, loses_number, nothing};

/* Who lost the role or the number between the two steps is no administrator with a code. */
START_TEST(between_the_steps)
{
    authp_user_t *user = NULL;
    authp_grant_t grant;
    const authp_admin_register_t in = request();
    ck_assert_int_eq(begin(&in), AUTHP_OK);
    ck_assert_int_eq(finish(&user), AUTHP_OK);
    ck_assert_int_eq(
        authp_admin_login_begin(f.realm, OLGA, FIXTURE_PASSWORD, &fixture_client, &user, f.pool),
        AUTHP_OK);
    losses[_i]();
    ck_assert_int_eq(
        authp_admin_login_finish(f.realm, OLGA, sent_codes.code, &fixture_client, &grant, f.pool),
        losses[_i] == nothing ? AUTHP_OK : AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(fixture_sessions(&f), losses[_i] == nothing);
}
END_TEST

/* --- sign-ins by code ------------------------------------------------------------------------- */

/* A request without a right code leaves no entry: anybody could fill the audit. With a right one
 * each refusal is written down, also for a number that has no account. */
START_TEST(what_the_audit_has)
{
    authp_grant_t grant;
    const authp_otp_request_t ask = {.phone = PHONE, .purpose = AUTHP_OTP_ENTER, .known = true};
    ck_assert_int_eq(authp_otp_send(f.realm, &ask, &fixture_client, f.pool), AUTHP_OK);
    authp_code_proof_t proof = {PHONE, sent_codes_wrong(&f), NULL};
    ck_assert_int_eq(authp_code_sign_in_login(f.realm, &proof, &fixture_client, &grant, f.pool),
                     AUTHP_E_INVALID_OTP);
    ck_assert_ptr_null(fixture_audit(&f, "login"));
    proof.code = sent_codes.code;
    ck_assert_int_eq(authp_code_sign_in_login(f.realm, &proof, &fixture_client, &grant, f.pool),
                     AUTHP_E_NOT_FOUND);
    const authp_audit_t *event = fixture_audit(&f, "login");
    ck_assert_str_eq(event->outcome, "denied");
    ck_assert_str_eq(event->reason, "not_found");
    ck_assert(event->subject_id == NULL && event->session_id == NULL);
}
END_TEST

static void send_code(const char *phone, authp_otp_purpose_t purpose)
{
    const authp_otp_request_t ask = {.phone = phone, .purpose = purpose, .known = true};
    ck_assert_int_eq(authp_otp_send(f.realm, &ask, &fixture_client, f.pool), AUTHP_OK);
}

/* While strangers fill the line for hashes, a registration by code is refused, and its code stays
 * unused. Owners of accounts and administrators have places of their own. */
START_TEST(places_for_hashes)
{
    static const char new_number[] = "+919876543211";
    int places[16];
    int taken = 0;
    authp_hasher_bound_t *bound = NULL;
    authp_user_t *user = NULL;
    authp_grant_t grant;
    const authp_new_account_t own = {.phone = PHONE, .role = "seeker"};
    const authp_new_account_t in = {.phone = new_number,
                                    .role = "seeker",
                                    .password = FIXTURE_PASSWORD,
                                    .password_len = strlen(FIXTURE_PASSWORD)};
    authp_admin_register_t admin = request();
    ck_assert_int_eq(authp_account_create(f.realm, &own, NULL, &fixture_client, &user, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &f.rng.random, 0, &f.realm->hasher, f.pool),
                     AUTHP_OK);
    while (taken < 16 &&
           (places[taken] = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER)) >= 0) {
        taken++;
    }
    admin.mobile = "+919876543212";
    ck_assert_int_eq(begin(&admin), AUTHP_OK);
    send_code(PHONE, AUTHP_OTP_RESET);
    const authp_code_proof_t proof = {PHONE, sent_codes.code, "another password"};
    ck_assert_int_eq(authp_code_sign_in_reset(f.realm, &proof, &fixture_client, f.pool), AUTHP_OK);
    send_code(new_number, AUTHP_OTP_ENTER);
    ck_assert_int_eq(
        authp_code_sign_in_register(f.realm, &in, sent_codes.code, &fixture_client, &grant, f.pool),
        AUTHP_E_BUSY);
    while (taken > 0) {
        authp_hasher_bound_leave(bound, places[--taken]);
    }
    ck_assert_int_eq(
        authp_code_sign_in_register(f.realm, &in, sent_codes.code, &fixture_client, &grant, f.pool),
        AUTHP_OK);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_step_rules(void)
{
    Suite *suite = suite_create("step_rules");
    TCase *tests = tcase_create("step_rules");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, names, 0, 3);
    tcase_add_test(tests, lengths_of_passwords);
    tcase_add_loop_test(tests, who_allowed_it, 0, ROWS(changes));
    tcase_add_test(tests, a_refused_request_replaces_nothing);
    tcase_add_test(tests, a_mail_of_welcome);
    tcase_add_loop_test(tests, between_the_steps, 0, ROWS(losses));
    tcase_add_test(tests, what_the_audit_has);
    tcase_add_test(tests, places_for_hashes);
    suite_add_tcase(suite, tests);
    return suite;
}
