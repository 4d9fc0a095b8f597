/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of service/code_sign_in and service/two_step while one operation of the store fails, or
 * while there is no room for another hash: what is answered, whether the code is used up, and that
 * nothing is opened. */
#include "fixture.h"
#include "service/account/admin.h"
#include "service/code_sign_in/code_sign_in.h"
#include "service/otp/otp.h"
#include "service/otp/sender.h"
#include "service/two_step/admin_login.h"
#include "service/two_step/admin_register.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define NUMBER "+919876543210"
#define OLGA "olga@example.org"
#define THEIRS "4711" /* the code that the provider makes */

static fixture_t f;
static authp_user_t *boss;
static char sent[16];
static int messages;

static authp_err_t keep(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    (void)ctx, (void)pool;
    messages++;
    strcpy(sent, message->code != NULL ? message->code : THEIRS);
    return AUTHP_OK;
}

static authp_err_t verify(void *ctx, const char *phone, const char *code, apr_pool_t *pool)
{
    (void)ctx, (void)phone, (void)pool;
    return strcmp(code, THEIRS) == 0 ? AUTHP_OK : AUTHP_E_INVALID_OTP;
}

static const authp_otp_sender_t sender = {.name = "fake", .send = keep, .verify = verify};

static void setup(void)
{
    fixture_open(&f);
    f.realm->otp = &sender;
    sent[0] = '\0';
    messages = 0;
    boss = fixture_user(&f, "boss@example.org", "admin", false);
}

static void teardown(void)
{
    fixture_close(&f);
}

/* --- the calls, and what must come before them ------------------------------------------------ */

static void send_code(authp_otp_purpose_t purpose)
{
    const authp_otp_request_t request = {.phone = NUMBER, .purpose = purpose, .known = true};
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &fixture_client, f.pool), AUTHP_OK);
}

static void person(const char *role)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = fixture_new(OLGA, role);
    in.phone = NUMBER;
    ck_assert_int_eq(
        authp_account_create(f.realm, &in, AUTHP_ACTOR_CLI, &fixture_client, &user, f.pool),
        AUTHP_OK);
}

static void before_register(void)
{
    send_code(AUTHP_OTP_ENTER);
}

static authp_err_t enrol(void)
{
    authp_grant_t grant;
    const authp_new_account_t in = {.phone = NUMBER,
                                    .email = OLGA,
                                    .role = "seeker",
                                    .password = FIXTURE_PASSWORD,
                                    .password_len = strlen(FIXTURE_PASSWORD)};
    return authp_code_sign_in_register(f.realm, &in, sent, &fixture_client, &grant, f.pool);
}

static void before_login(void)
{
    person("seeker");
    send_code(AUTHP_OTP_ENTER);
}

static authp_err_t login(void)
{
    authp_grant_t grant;
    const authp_code_proof_t proof = {NUMBER, sent, NULL};
    return authp_code_sign_in_login(f.realm, &proof, &fixture_client, &grant, f.pool);
}

static void before_auth(void)
{
    send_code(AUTHP_OTP_USER);
}

static void before_auth_known(void)
{
    person("seeker");
    send_code(AUTHP_OTP_USER);
}

static authp_err_t auth(void)
{
    authp_grant_t grant;
    const authp_code_proof_t proof = {NUMBER, sent, NULL};
    apr_array_header_t *roles = apr_array_make(f.pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = "provider";
    return authp_code_sign_in_user(f.realm, &proof, roles, &fixture_client, &grant, f.pool);
}

static void before_reset(void)
{
    person("seeker");
    send_code(AUTHP_OTP_RESET);
}

static authp_err_t reset(void)
{
    const authp_code_proof_t proof = {NUMBER, sent, "another horse 7"};
    return authp_code_sign_in_reset(f.realm, &proof, &fixture_client, f.pool);
}

static void nothing_before(void)
{
}

static authp_err_t ask_admin(void)
{
    const char *phone = NULL;
    const authp_admin_register_t in = {.email = OLGA,
                                       .name = "Olga",
                                       .password = FIXTURE_PASSWORD,
                                       .password_len = strlen(FIXTURE_PASSWORD),
                                       .mobile = NUMBER,
                                       .admin_id = boss->id.hex};
    return authp_admin_register_begin(f.realm, &in, &fixture_client, &phone, f.pool);
}

static void before_made_admin(void)
{
    ck_assert_int_eq(ask_admin(), AUTHP_OK);
}

static authp_err_t make_admin(void)
{
    authp_user_t *user = NULL;
    return authp_admin_register_finish(f.realm, NUMBER, sent, &fixture_client, &user, f.pool);
}

static void before_first(void)
{
    person("admin");
}

static authp_err_t first(void)
{
    authp_user_t *user = NULL;
    return authp_admin_login_begin(f.realm, OLGA, FIXTURE_PASSWORD, &fixture_client, &user, f.pool);
}

static void before_second(void)
{
    before_first();
    ck_assert_int_eq(first(), AUTHP_OK);
}

static authp_err_t second(void)
{
    authp_grant_t grant;
    return authp_admin_login_finish(f.realm, OLGA, sent, &fixture_client, &grant, f.pool);
}

/* --- the table -------------------------------------------------------------------------------- */

typedef enum code_t {
    LEFT, /* The code is unused. The same call succeeds when the store answers again. */
    GONE, /* The code is used up. The same call is AUTHP_E_OTP_USED. */
    NONE  /* No code is sent, or none that anybody knows. The same call succeeds. */
} code_t;

#define BUSY "busy" /* no operation of the store: there is no room for a hash */

static const struct {
    const char *name;
    void (*before)(void);
    authp_err_t (*call)(void);
    const char *fails;
    code_t code;
    int more; /* accounts that are there although the call failed */
} rows[] = {
    {"auth/register", before_register, enrol, "otp_of", LEFT, 0},
    {"auth/register", before_register, enrol, "otp_attempt", LEFT, 0},
    {"auth/register", before_register, enrol, "user_by_login", LEFT, 0},
    {"auth/register", before_register, enrol, BUSY, LEFT, 0},
    {"auth/register", before_register, enrol, "otp_use", LEFT, 0},
    {"auth/register", before_register, enrol, "user_create", GONE, 0},
    /* The account is complete: its owner signs in. */
    {"auth/register", before_register, enrol, "session_create", GONE, 1},
    {"auth/login-otp", before_login, login, "otp_of", LEFT, 0},
    {"auth/login-otp", before_login, login, "otp_attempt", LEFT, 0},
    {"auth/login-otp", before_login, login, "user_by_login", LEFT, 0},
    {"auth/login-otp", before_login, login, "otp_use", LEFT, 0},
    {"auth/login-otp", before_login, login, "session_create", GONE, 0},
    {"users/auth", before_auth, auth, "otp_of", LEFT, 0},
    {"users/auth", before_auth, auth, "otp_attempt", LEFT, 0},
    {"users/auth", before_auth, auth, "user_by_login", LEFT, 0},
    {"users/auth", before_auth, auth, "otp_use", LEFT, 0},
    {"users/auth", before_auth, auth, "user_create", GONE, 0},
    {"users/auth", before_auth, auth, "session_create", GONE, 1},
    {"users/auth", before_auth_known, auth, "user_update", GONE, 0},
    {"users/auth", before_auth_known, auth, "session_create", GONE, 0},
    {"auth/reset-password", before_reset, reset, "otp_of", LEFT, 0},
    {"auth/reset-password", before_reset, reset, "otp_attempt", LEFT, 0},
    {"auth/reset-password", before_reset, reset, "user_by_login", LEFT, 0},
    {"auth/reset-password", before_reset, reset, BUSY, LEFT, 0},
    {"auth/reset-password", before_reset, reset, "otp_use", LEFT, 0},
    {"auth/reset-password", before_reset, reset, "user_update", GONE, 0},
    {"admin/register", nothing_before, ask_admin, "user_by_login", NONE, 0},
    {"admin/register", nothing_before, ask_admin, BUSY, NONE, 0},
    {"admin/register", nothing_before, ask_admin, "otp_put", NONE, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "otp_of", LEFT, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "otp_attempt", LEFT, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "otp_use", LEFT, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "pending_admin_take", GONE, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "user_by_login", GONE, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "user_by_id", GONE, 0},
    {"admin/verify-registration", before_made_admin, make_admin, "user_create", GONE, 0},
    {"admin/login", before_first, first, "user_by_login", NONE, 0},
    {"admin/login", before_first, first, BUSY, NONE, 0},
    {"admin/login", before_first, first, "otp_put", NONE, 0},
    {"admin/verify-login", before_second, second, "user_by_login", LEFT, 0},
    {"admin/verify-login", before_second, second, "otp_of", LEFT, 0},
    {"admin/verify-login", before_second, second, "otp_attempt", LEFT, 0},
    {"admin/verify-login", before_second, second, "otp_use", LEFT, 0},
    {"admin/verify-login", before_second, second, "session_create", GONE, 0},
};

static int accounts(void)
{
    const authp_user_filter_t all = {.limit = 100};
    apr_array_header_t *found = NULL;
    ck_assert_int_eq(authp_store_user_list(f.store, &all, &found, f.pool), AUTHP_OK);
    return found->nelts;
}

/* Returns a hasher without room for another hash. */
static authp_hasher_t *full_hasher(void)
{
    authp_hasher_bound_t *bound = NULL;
    authp_hasher_t *hasher = NULL;
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    while (authp_hasher_bound_admit(bound, AUTHP_HASH_KNOWN) >= 0) {
    }
    ck_assert_int_eq(authp_hasher_make(bound, &f.rng.random, 0, &hasher, f.pool), AUTHP_OK);
    return hasher;
}

static authp_err_t call_with_fault(const char *fails, authp_err_t (*call)(void))
{
    authp_hasher_t *roomy = f.realm->hasher;
    if (strcmp(fails, BUSY) == 0) {
        f.realm->hasher = full_hasher();
    } else {
        mem_store_fail(f.store, fails, 0, AUTHP_E_UNAVAILABLE);
    }
    authp_err_t err = call();
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    f.realm->hasher = roomy;
    return err;
}

START_TEST(one_fault)
{
    const bool busy = strcmp(rows[_i].fails, BUSY) == 0;
    rows[_i].before();
    const int people = accounts();
    const int told = messages;
    const char *what = apr_pstrcat(f.pool, rows[_i].name, ", ", rows[_i].fails, NULL);
    authp_err_t err = call_with_fault(rows[_i].fails, rows[_i].call);
    ck_assert_msg(err == (busy ? AUTHP_E_BUSY : AUTHP_E_UNAVAILABLE), "%s: %s", what,
                  authp_err_name(err));
    ck_assert_msg(messages == told, "%s: a message was sent", what);
    ck_assert_msg(fixture_sessions(&f) == 0, "%s: opened", what);
    ck_assert_msg(accounts() == people + rows[_i].more, "%s: accounts", what);
    err = rows[_i].call();
    ck_assert_msg(err == (rows[_i].code == GONE ? AUTHP_E_OTP_USED : AUTHP_OK), "%s: then %s", what,
                  authp_err_name(err));
}
END_TEST

/* The code was sent, but the request of which it is the code was not kept. */
START_TEST(a_request_that_was_not_kept)
{
    ck_assert_int_eq(call_with_fault("pending_admin_put", ask_admin), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(make_admin(), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(accounts(), 1);
    ck_assert_int_eq(ask_admin(), AUTHP_OK);
    ck_assert_int_eq(make_admin(), AUTHP_OK);
}
END_TEST

/* The old password counts after a reset that failed. */
START_TEST(a_reset_that_failed)
{
    authp_user_t *user = NULL;
    before_reset();
    ck_assert_int_eq(authp_store_user_by_login(f.store, AUTHP_LOGIN_PHONE, NUMBER, &user, f.pool),
                     AUTHP_OK);
    const char *hash = apr_pstrdup(f.pool, user->password_hash);
    ck_assert_int_eq(call_with_fault("user_update", reset), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(mem_store_user(f.store, user->id.hex)->password_hash, hash);
}
END_TEST

static void before_auth_of_an_administrator(void)
{
    person("admin");
    send_code(AUTHP_OTP_USER);
}

static void before_login_of_an_administrator(void)
{
    person("admin");
    send_code(AUTHP_OTP_ENTER);
}

/* Refusals after which the right code opens nothing, so that it is used up. If the store cannot use
 * it up, the refusal is not told, because the same code could be tried again. */
static const struct {
    void (*before)(void);
    authp_err_t (*call)(void);
    authp_err_t refusal;
} finals[] = {{before_register, login, AUTHP_E_NOT_FOUND},
              {before_login_of_an_administrator, login, AUTHP_E_NOT_FOUND},
              {before_auth_of_an_administrator, auth, AUTHP_E_INSUFFICIENT_ROLE}};

START_TEST(a_refusal_uses_the_code_up)
{
    finals[_i].before();
    ck_assert_int_eq(call_with_fault("otp_use", finals[_i].call), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(finals[_i].call(), finals[_i].refusal);
    ck_assert_int_eq(finals[_i].call(), AUTHP_E_OTP_USED);
    ck_assert_int_eq(fixture_sessions(&f), 0);
}
END_TEST

Suite *suite_code_refused(void)
{
    Suite *suite = suite_create("code_refused");
    TCase *tests = tcase_create("calls");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, one_fault, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tests, a_request_that_was_not_kept);
    tcase_add_test(tests, a_reset_that_failed);
    tcase_add_loop_test(tests, a_refusal_uses_the_code_up, 0,
                        (int)(sizeof(finals) / sizeof(finals[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
