/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators who register in two steps, and invites for them. */
#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#include "fixture.h"
#include "sent_codes.h"
#include "service/account/user.h"
#include "service/invite/admin_invite.h"
#include "service/invite/invite.h"
#include "service/two_step/admin_register.h"
#include "suite.h"

#define PHONE "+919876543210"
#define OLGA "olga@example.org"
#define MINUTE INT64_C(60000)

static fixture_t f;
static authp_user_t *boss;
static const authp_actor_t the_operator = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};

static void set_up(void)
{
    fixture_open(&f);
    sent_codes_open(&f);
    boss = fixture_user(&f, "boss@example.org", "admin", false);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const char *invite(const char *email, const char *role)
{
    const authp_new_invite_t in = {.email = email, .role = role, .hours = 1};
    authp_invite_t *made = NULL;
    const char *code = NULL;
    ck_assert_int_eq(authp_invite_make(f.realm, &the_operator, &in, &made, &code, f.pool),
                     AUTHP_OK);
    return code;
}

static authp_err_t begin_as(const char *email, const char *code, const char *admin_id)
{
    const char *phone = "untouched";
    const authp_admin_register_t in = {.email = email,
                                       .name = "Olga",
                                       .password = FIXTURE_PASSWORD,
                                       .password_len = strlen(FIXTURE_PASSWORD),
                                       .mobile = "98765 43210",
                                       .invite_code = code,
                                       .admin_id = admin_id};
    authp_err_t err = authp_admin_register_begin(f.realm, &in, &fixture_client, &phone, f.pool);
    ck_assert_str_eq(phone, err == AUTHP_OK ? PHONE : "untouched");
    return err;
}

static authp_err_t finish(const char *code, authp_user_t **out)
{
    return authp_admin_register_finish(f.realm, "9876543210", code, &fixture_client, out, f.pool);
}

static int accounts(void)
{
    const authp_user_filter_t all = {.limit = 100};
    apr_array_header_t *found = NULL;
    ck_assert_int_eq(authp_store_user_list(f.store, &all, &found, f.pool), AUTHP_OK);
    return found->nelts;
}

START_TEST(an_admin_makes_an_admin)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(begin_as(" OLGA@example.org", NULL, boss->id.hex), AUTHP_OK);
    ck_assert_int_eq(sent_codes.messages, 1);
    ck_assert_int_eq(accounts(), 1); /* nothing is an account before the code */
    ck_assert_int_eq(finish(sent_codes_wrong(&f), &user), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(accounts(), 1);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_OK);
    ck_assert_str_eq(user->email, OLGA);
    ck_assert_str_eq(user->phone, PHONE);
    ck_assert_str_eq(user->name, "Olga");
    ck_assert_str_eq(apr_array_pstrcat(f.pool, user->roles, ','), "admin");
    ck_assert(!user->email_verified);
    ck_assert_str_eq(fixture_audit(&f, "user_create")->actor_id, boss->id.hex);
    ck_assert_str_eq(fixture_audit(&f, "user_create")->subject_id, user->id.hex);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_ne(finish(sent_codes.code, &user), AUTHP_OK);
    ck_assert_int_eq(accounts(), 2);
}
END_TEST

START_TEST(an_invite_makes_an_admin_once)
{
    authp_user_t *user = NULL;
    const char *code = invite(OLGA, "admin");
    ck_assert_int_eq(begin_as(OLGA, code, NULL), AUTHP_OK);
    ck_assert_int_eq(begin_as(OLGA, code, NULL), AUTHP_OK); /* it is not used up yet */
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_OK);
    ck_assert(authp_user_holds(user, "admin"));
    ck_assert_str_eq(fixture_audit(&f, "invite_use")->actor_id, user->id.hex);
    ck_assert_str_eq(fixture_audit(&f, "register")->subject_id, user->id.hex);
    ck_assert_int_eq(begin_as(OLGA, code, NULL), AUTHP_E_INVITE_INVALID);
}
END_TEST

/* Two requests with one invite, for two numbers, would make two administrators. */
START_TEST(an_invite_counts_at_the_second_step)
{
    authp_user_t *user = NULL;
    authp_invite_t *row = NULL;
    const char *code = invite(OLGA, "admin");
    ck_assert_int_eq(begin_as(OLGA, code, NULL), AUTHP_OK);
    const authp_page_t page = {.limit = 1};
    apr_array_header_t *all = NULL;
    ck_assert_int_eq(authp_store_invite_list(f.store, &page, &all, f.pool), AUTHP_OK);
    row = APR_ARRAY_IDX(all, 0, authp_invite_t *);
    ck_assert_int_eq(authp_invite_revoke(f.realm, &the_operator, row->id.hex, f.pool), AUTHP_OK);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_E_INVITE_INVALID);
    ck_assert_int_eq(accounts(), 1);
    ck_assert_str_eq(fixture_audit(&f, "register")->reason, "invite_invalid");
}
END_TEST

START_TEST(who_may_not_begin)
{
    ck_assert_int_eq(begin_as(OLGA, NULL, NULL), AUTHP_E_INSUFFICIENT_ROLE);
    ck_assert_ptr_nonnull(fixture_audit(&f, "register"));
    ck_assert_str_eq(fixture_audit(&f, "register")->outcome, "denied");
    ck_assert_int_eq(begin_as(OLGA, "no such code", NULL), AUTHP_E_INVITE_INVALID);
    ck_assert_int_eq(begin_as(OLGA, invite("eve@example.org", "admin"), NULL),
                     AUTHP_E_INVITE_INVALID);
    ck_assert_int_eq(begin_as(OLGA, invite(OLGA, NULL), NULL), AUTHP_E_INVITE_INVALID);
    ck_assert_int_eq(begin_as("boss@example.org", NULL, boss->id.hex), AUTHP_E_USER_EXISTS);
    ck_assert_str_eq(fixture_audit(&f, "user_create")->outcome, "denied");
    ck_assert_str_eq(fixture_audit(&f, "user_create")->actor_id, boss->id.hex);
    ck_assert_int_eq(sent_codes.messages, 0);
    const char *code = invite(OLGA, "admin");
    fake_clock_advance(&f.clock, 61 * MINUTE);
    ck_assert_int_eq(begin_as(OLGA, code, NULL), AUTHP_E_INVITE_INVALID);
    ck_assert_int_eq(sent_codes.messages, 0);
}
END_TEST

/* An invite for administrators makes no recruiter, by none of the ways in which invites do. */
START_TEST(an_admins_invite_makes_no_recruiter)
{
    authp_user_t *user = fixture_user(&f, OLGA, "candidate", false);
    authp_user_t *out = user;
    authp_grant_t grant = {0};
    const char *code = invite(OLGA, "admin");
    const authp_new_account_t eve = fixture_new("eve@example.org", NULL);
    ck_assert_int_eq(authp_invite_redeem(f.realm, code, &fixture_client, &out, f.pool),
                     AUTHP_E_INVITE_INVALID);
    ck_assert_int_eq(authp_invite_accept(f.realm, OLGA, user->ver, &fixture_client, &out, f.pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_invite_register(f.realm, &eve, invite("eve@example.org", "admin"),
                                           &fixture_client, &grant, f.pool),
                     AUTHP_E_INVITE_INVALID);
    ck_assert(!authp_user_holds(mem_store_user(f.store, user->id.hex), "recruiter"));
}
END_TEST

/* The claim of an administrator's invite looks like an interrupted use of a recruiter's. */
START_TEST(a_used_invite_makes_no_recruiter_later)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(begin_as(OLGA, invite(OLGA, "admin"), NULL), AUTHP_OK);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_OK);
    ck_assert_int_eq(authp_invite_accept(f.realm, OLGA, user->ver, &fixture_client, &user, f.pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert(!authp_user_holds(mem_store_user(f.store, user->id.hex), "recruiter"));
}
END_TEST

START_TEST(a_request_lives_15_minutes)
{
    authp_user_t *user = NULL;
    f.settings->otp_expire_minutes = 60;
    ck_assert_int_eq(begin_as(OLGA, NULL, boss->id.hex), AUTHP_OK);
    fake_clock_advance(&f.clock, 15 * MINUTE);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(begin_as(OLGA, NULL, boss->id.hex), AUTHP_OK);
    fake_clock_advance(&f.clock, 15 * MINUTE - 1);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_OK);
}
END_TEST

/* Whoever has allowed it must still be an administrator, and address and number still free. */
START_TEST(what_happened_between_the_steps)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(begin_as(OLGA, NULL, boss->id.hex), AUTHP_OK);
    mem_store_user(f.store, boss->id.hex)->disabled = true;
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_E_INSUFFICIENT_ROLE);
    mem_store_user(f.store, boss->id.hex)->disabled = false;
    ck_assert_int_eq(begin_as(OLGA, NULL, boss->id.hex), AUTHP_OK);
    (void)fixture_user(&f, OLGA, "candidate", false);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_E_USER_EXISTS);
    ck_assert_int_eq(accounts(), 2);
    ck_assert_ptr_null(user);
}
END_TEST

/* If no code can be sent, an earlier request stays as it was. */
START_TEST(a_code_that_was_not_sent)
{
    authp_user_t *user = NULL;
    sent_codes.outcome = AUTHP_E_OTP_SEND_FAILED;
    ck_assert_int_eq(begin_as(OLGA, NULL, boss->id.hex), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_E_INVALID_OTP);
    f.realm->otp = NULL;
    ck_assert_int_eq(begin_as(OLGA, NULL, boss->id.hex), AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_int_eq(accounts(), 1);
}
END_TEST

/* --- races --- */
#define THREADS 16

static void *finish_once(void *ctx)
{
    authp_err_t *err = ctx;
    apr_pool_t *pool = NULL;
    authp_user_t *user = NULL;
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    *err =
        authp_admin_register_finish(f.realm, PHONE, sent_codes.code, &fixture_client, &user, pool);
    apr_pool_destroy(pool);
    return NULL;
}

/* A right code in many requests at once makes one account. */
START_TEST(parallel_second_steps)
{
    pthread_t threads[THREADS];
    authp_err_t errs[THREADS];
    int made = 0;
    f.settings->otp_max_attempts = THREADS;
    ck_assert_int_eq(begin_as(OLGA, invite(OLGA, "admin"), NULL), AUTHP_OK);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, finish_once, &errs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        made += errs[i] == AUTHP_OK;
        ck_assert(errs[i] == AUTHP_OK || errs[i] == AUTHP_E_OTP_USED ||
                  errs[i] == AUTHP_E_INVALID_OTP);
    }
    ck_assert_int_eq(made, 1);
    ck_assert_int_eq(accounts(), 2);
}
END_TEST

/* The account is looked at before the invite is used up. */
START_TEST(a_taken_address_leaves_the_invite)
{
    authp_user_t *user = NULL;
    authp_invite_t *left = NULL;
    const char *code = invite(OLGA, "admin");
    ck_assert_int_eq(begin_as(OLGA, code, NULL), AUTHP_OK);
    (void)fixture_user(&f, OLGA, "candidate", false);
    ck_assert_int_eq(finish(sent_codes.code, &user), AUTHP_E_USER_EXISTS);
    ck_assert_int_eq(authp_admin_invite_find(f.realm, code, OLGA, &left, f.pool), AUTHP_OK);
    ck_assert_int_eq(left->used_at, 0);
}
END_TEST

START_TEST(how_long_to_wait)
{
    const char *phone = NULL;
    int wait = 0;
    authp_client_t client = fixture_client;
    const authp_admin_register_t in = {.email = OLGA,
                                       .password = FIXTURE_PASSWORD,
                                       .password_len = strlen(FIXTURE_PASSWORD),
                                       .mobile = PHONE,
                                       .admin_id = boss->id.hex};
    client.retry_after = &wait;
    f.settings->limits = true;
    ck_assert_int_eq(authp_admin_register_begin(f.realm, &in, &client, &phone, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_admin_register_begin(f.realm, &in, &client, &phone, f.pool),
                     AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(wait, 30);
}
END_TEST

Suite *suite_admin_register(void)
{
    Suite *suite = suite_create("admin_register");
    TCase *tests = tcase_create("admin_register");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, an_admin_makes_an_admin);
    tcase_add_test(tests, an_invite_makes_an_admin_once);
    tcase_add_test(tests, an_invite_counts_at_the_second_step);
    tcase_add_test(tests, who_may_not_begin);
    tcase_add_test(tests, an_admins_invite_makes_no_recruiter);
    tcase_add_test(tests, a_used_invite_makes_no_recruiter_later);
    tcase_add_test(tests, a_request_lives_15_minutes);
    tcase_add_test(tests, what_happened_between_the_steps);
    tcase_add_test(tests, a_code_that_was_not_sent);
    tcase_add_test(tests, parallel_second_steps);
    tcase_add_test(tests, a_taken_address_leaves_the_invite);
    tcase_add_test(tests, how_long_to_wait);
    suite_add_tcase(suite, tests);
    return suite;
}
