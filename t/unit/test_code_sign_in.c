/* SPDX-License-Identifier: Apache-2.0 */
/* What a one-time code opens, when it is used up, and what happens if something changes meanwhile.
 */
#include "base/text.h"
#include "service/code_sign_in/code_sign_in.h"
#include "service/otp/otp.h"
#include "service/otp/sender.h"
#include "service/sign_in/login.h"
#include "suite.h"
#include "support/fixture.h"

#include <string.h>

#define NUMBER "+919876543210"
#define THEIRS "4711"
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

static fixture_t f;
static char sent[16];

static authp_err_t keep(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    (void)ctx;
    (void)pool;
    strcpy(sent, message->code != NULL ? message->code : THEIRS);
    return AUTHP_OK;
}

static authp_err_t keep_later(void *ctx, const authp_otp_message_t *message)
{
    return keep(ctx, message, NULL);
}

static authp_err_t verify(void *ctx, const char *phone, const char *code, apr_pool_t *pool)
{
    (void)ctx;
    (void)phone;
    (void)pool;
    return strcmp(code, THEIRS) == 0 ? AUTHP_OK : AUTHP_E_INVALID_OTP;
}

static const authp_otp_sender_t sender = {
    .name = "fake", .send = keep, .send_later = keep_later, .verify = verify};

static void setup(void)
{
    fixture_open(&f);
    f.realm->otp = &sender;
    sent[0] = '\0';
}

static void teardown(void)
{
    fixture_close(&f);
}

static void send_code(authp_otp_purpose_t purpose)
{
    const authp_otp_request_t request = {.phone = NUMBER, .purpose = purpose, .known = true};
    ck_assert_int_eq(authp_otp_send(f.realm, &request, &fixture_client, f.pool), AUTHP_OK);
}

static bool is_used(void)
{
    authp_otp_code_t *row = NULL;
    ck_assert_int_eq(authp_store_otp_of(f.store, NUMBER, &row, f.pool), AUTHP_OK);
    return row->used_at != 0;
}

static authp_user_t *member(const char *role, const char *password)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = {.phone = NUMBER, .role = role, .password = password};
    in.password_len = password != NULL ? strlen(password) : 0;
    ck_assert_int_eq(authp_account_create(f.realm, &in, NULL, &fixture_client, &user, f.pool),
                     AUTHP_OK);
    return mem_store_user(f.store, user->id.hex);
}

static authp_err_t enter(const char *password, authp_grant_t *out)
{
    const authp_code_proof_t proof = {NUMBER, sent, password};
    return authp_code_sign_in_login(f.realm, &proof, &fixture_client, out, f.pool);
}

static authp_err_t auth(const char *first, const char *second, authp_grant_t *out)
{
    const authp_code_proof_t proof = {NUMBER, sent, NULL};
    apr_array_header_t *roles = apr_array_make(f.pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = first;
    if (second != NULL) {
        APR_ARRAY_PUSH(roles, const char *) = second;
    }
    return authp_code_sign_in_user(f.realm, &proof, roles, &fixture_client, out, f.pool);
}

static authp_err_t enrol(const char *email, authp_grant_t *out)
{
    const authp_new_account_t in = {.phone = NUMBER,
                                    .email = email,
                                    .role = "seeker",
                                    .password = FIXTURE_PASSWORD,
                                    .password_len = strlen(FIXTURE_PASSWORD)};
    return authp_code_sign_in_register(f.realm, &in, sent, &fixture_client, out, f.pool);
}

static authp_err_t reset(const char *password)
{
    const authp_code_proof_t proof = {NUMBER, sent, password};
    return authp_code_sign_in_reset(f.realm, &proof, &fixture_client, f.pool);
}

static const char *role_at(const authp_user_t *user, int index)
{
    return index < user->roles->nelts ? APR_ARRAY_IDX(user->roles, index, const char *) : "";
}

START_TEST(registration)
{
    authp_grant_t grant;
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enrol("asha@example.org", &grant), AUTHP_OK);
    ck_assert(is_used());
    ck_assert_str_eq(grant.user->phone, NUMBER);
    ck_assert_str_eq(role_at(grant.user, 0), "seeker");
    ck_assert(!grant.user->email_verified);
    ck_assert_str_eq(fixture_audit(&f, "register")->actor_id, grant.user->id.hex);
    ck_assert_int_eq(enrol("other@example.org", &grant), AUTHP_E_OTP_USED);
    ck_assert_int_eq(fixture_sessions(&f), 1);
}
END_TEST

START_TEST(a_taken_number_or_address_leaves_the_code_unused)
{
    authp_grant_t grant;
    (void)fixture_user(&f, "asha@example.org", "candidate", false);
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enrol("ASHA@example.org", &grant), AUTHP_E_USER_EXISTS);
    ck_assert(!is_used());
    (void)member("seeker", NULL);
    ck_assert_int_eq(enrol(NULL, &grant), AUTHP_E_USER_EXISTS);
    ck_assert(!is_used());
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_OK);
}
END_TEST

/* The password is hashed before the code is used up. */
START_TEST(a_busy_server_leaves_the_code_unused)
{
    authp_grant_t grant;
    send_code(AUTHP_OTP_ENTER);
    mem_store_fail(f.store, "otp_use", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enrol(NULL, &grant), AUTHP_E_UNAVAILABLE);
    ck_assert(!is_used());
    ck_assert_int_eq(enrol(NULL, &grant), AUTHP_OK);
}
END_TEST

START_TEST(login)
{
    authp_grant_t grant;
    const authp_user_t *user = member("seeker", FIXTURE_PASSWORD);
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_OK);
    ck_assert_str_eq(grant.user->id.hex, user->id.hex);
    ck_assert(is_used());
    const authp_audit_t *event = fixture_audit(&f, "login");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_ptr_null(event->reason);
    ck_assert_str_eq(event->actor_id, user->id.hex);
    ck_assert_str_eq(event->subject_id, user->id.hex);
    ck_assert_str_eq(event->session_id, grant.session->id.hex);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_E_OTP_USED);
    send_code(AUTHP_OTP_RESET);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(fixture_sessions(&f), 1);
    /* A code that is not right any more leaves no entry. */
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), 1);
}
END_TEST

static const struct {
    const char *role; /* NULL: there is no account */
    bool disabled;
} closed[] = {{NULL, false}, {"admin", false}, {"seeker", true}};

START_TEST(codes_do_not_open)
{
    authp_grant_t grant;
    if (closed[_i].role != NULL) {
        member(closed[_i].role, FIXTURE_PASSWORD)->disabled = closed[_i].disabled;
    }
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enter(FIXTURE_PASSWORD, &grant), AUTHP_E_NOT_FOUND);
    ck_assert(is_used());
    ck_assert_ptr_nonnull(fixture_audit(&f, "login"));
    ck_assert_str_eq(fixture_audit(&f, "login")->outcome, "denied");
    ck_assert_ptr_null(fixture_audit(&f, "login")->actor_id);
    ck_assert_int_eq(fixture_audit(&f, "login")->subject_id != NULL, closed[_i].role != NULL);
    send_code(AUTHP_OTP_RESET);
    ck_assert_int_eq(reset("another password"), AUTHP_E_INVALID_OTP);
    if (closed[_i].role != NULL) {
        send_code(AUTHP_OTP_USER);
        ck_assert_int_eq(auth("seeker", NULL, &grant), AUTHP_E_INSUFFICIENT_ROLE);
        ck_assert(is_used());
    }
    ck_assert_int_eq(fixture_sessions(&f), 0);
}
END_TEST

START_TEST(an_idle_number_needs_the_password)
{
    authp_grant_t grant;
    (void)member("seeker", FIXTURE_PASSWORD);
    fake_clock_advance(&f.clock, YEAR_MS);
    send_code(AUTHP_OTP_RESET);
    ck_assert_int_eq(reset("another password"), AUTHP_E_INVALID_OTP);
    ck_assert(!is_used());
    send_code(AUTHP_OTP_USER);
    ck_assert_int_eq(auth("seeker", NULL, &grant), AUTHP_E_PASSWORD_REQUIRED);
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_E_PASSWORD_REQUIRED);
    ck_assert_str_eq(fixture_audit(&f, "login")->reason, "password_required");
    ck_assert_int_eq(enter("wrong", &grant), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_str_eq(fixture_audit(&f, "login")->reason, "invalid_credentials");
    ck_assert_str_eq(fixture_audit(&f, "login")->outcome, "denied");
    ck_assert_ptr_null(fixture_audit(&f, "login")->session_id);
    ck_assert(!is_used());
    ck_assert_int_eq(enter(FIXTURE_PASSWORD, &grant), AUTHP_OK);
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_OK);
}
END_TEST

/* There is nothing else by which its owner could sign in. */
START_TEST(an_idle_number_without_a_password)
{
    authp_grant_t grant;
    (void)member("seeker", NULL);
    fake_clock_advance(&f.clock, YEAR_MS);
    send_code(AUTHP_OTP_ENTER);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_OK);
}
END_TEST

START_TEST(users_auth)
{
    authp_grant_t grant;
    send_code(AUTHP_OTP_USER);
    ck_assert_int_eq(auth("provider", "seeker", &grant), AUTHP_OK);
    /* The order is that of ROLES. */
    ck_assert_str_eq(role_at(grant.user, 0), "seeker");
    ck_assert_str_eq(role_at(grant.user, 1), "provider");
    ck_assert_ptr_null(grant.user->password_hash);
    ck_assert_int_eq(auth("seeker", NULL, &grant), AUTHP_E_OTP_USED);
}
END_TEST

/* With a password its owner has chosen the first role, which stays first. */
START_TEST(users_auth_adds_a_role)
{
    authp_grant_t grant;
    const authp_user_t *user = member("provider", _i == 0 ? FIXTURE_PASSWORD : NULL);
    send_code(AUTHP_OTP_USER);
    ck_assert_int_eq(auth("seeker", NULL, &grant), AUTHP_OK);
    ck_assert_str_eq(grant.user->id.hex, user->id.hex);
    ck_assert_int_eq(grant.user->roles->nelts, 2);
    ck_assert_str_eq(role_at(grant.user, 0), _i == 0 ? "provider" : "seeker");
}
END_TEST

static void somebody_is_faster(void *ctx)
{
    *(const authp_user_t **)ctx = member("provider", NULL);
}

START_TEST(two_make_the_account_at_once)
{
    authp_grant_t grant;
    const authp_user_t *other = NULL;
    send_code(AUTHP_OTP_USER);
    mem_store_before(f.store, "user_create", somebody_is_faster, &other);
    ck_assert_int_eq(auth("seeker", NULL, &grant), AUTHP_OK);
    ck_assert_ptr_nonnull(other);
    ck_assert_str_eq(grant.user->id.hex, other->id.hex);
    ck_assert_int_eq(grant.user->roles->nelts, 2);
}
END_TEST

static void a_newer_code(void *ctx)
{
    (void)ctx;
    send_code(AUTHP_OTP_ENTER);
}

START_TEST(a_newer_code_in_between)
{
    authp_grant_t grant;
    (void)member("seeker", NULL);
    send_code(AUTHP_OTP_ENTER);
    mem_store_before(f.store, "otp_use", a_newer_code, NULL);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_OK);
}
END_TEST

START_TEST(a_new_password)
{
    authp_grant_t grant;
    authp_user_t *user = member("seeker", FIXTURE_PASSWORD);
    (void)fixture_start(&f, user);
    send_code(AUTHP_OTP_RESET);
    ck_assert_int_eq(reset("another password"), AUTHP_OK);
    ck_assert(is_used());
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
    const authp_login_t in = {.kind = AUTHP_LOGIN_PHONE,
                              .login = NUMBER,
                              .password = "another password",
                              .password_len = strlen("another password")};
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(reset("a third password"), AUTHP_E_OTP_USED);
}
END_TEST

START_TEST(without_a_provider)
{
    authp_grant_t grant;
    (void)member("seeker", NULL);
    f.realm->otp = NULL;
    ck_assert_int_eq(enter(NULL, &grant), AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_int_eq(auth("seeker", NULL, &grant), AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_int_eq(enrol(NULL, &grant), AUTHP_E_OTP_UNAVAILABLE);
    ck_assert_int_eq(reset("another password"), AUTHP_E_OTP_UNAVAILABLE);
}
END_TEST

Suite *suite_code_sign_in(void)
{
    Suite *suite = suite_create("code_sign_in");
    TCase *tests = tcase_create("codes");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, registration);
    tcase_add_test(tests, a_taken_number_or_address_leaves_the_code_unused);
    tcase_add_test(tests, a_busy_server_leaves_the_code_unused);
    tcase_add_test(tests, login);
    tcase_add_loop_test(tests, codes_do_not_open, 0, (int)(sizeof(closed) / sizeof(closed[0])));
    tcase_add_test(tests, an_idle_number_needs_the_password);
    tcase_add_test(tests, an_idle_number_without_a_password);
    tcase_add_test(tests, users_auth);
    tcase_add_loop_test(tests, users_auth_adds_a_role, 0, 2);
    tcase_add_test(tests, two_make_the_account_at_once);
    tcase_add_test(tests, a_newer_code_in_between);
    tcase_add_test(tests, a_new_password);
    tcase_add_test(tests, without_a_provider);
    suite_add_tcase(suite, tests);
    return suite;
}
