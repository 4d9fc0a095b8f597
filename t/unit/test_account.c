/* SPDX-License-Identifier: Apache-2.0 */
/* Making accounts: by an operator, and by registration. */
#include <string.h>

#include <apr_strings.h>

#include "crypto/password/bcrypt.h"
#include "crypto/password/hasher.h"
#include "fixture.h"
#include "service/sign_in/login.h"
#include "suite.h"

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t create(const authp_new_account_t *in, authp_user_t **out)
{
    return authp_account_create(f.realm, in, "cli", &fixture_client, out, f.pool);
}

static authp_err_t enroll(const authp_new_account_t *in, authp_grant_t *out)
{
    return authp_account_register(f.realm, in, &fixture_client, out, f.pool);
}

START_TEST(create_stores_everything)
{
    authp_new_account_t in = fixture_new(" Ada@Example.ORG\n", "admin");
    authp_user_t *user = NULL;
    in.email_verified = true;
    ck_assert_int_eq(create(&in, &user), AUTHP_OK);
    const authp_user_t *row = mem_store_user(f.store, user->id.hex);
    ck_assert_str_eq(row->email, "ada@example.org");
    ck_assert_str_eq(row->name, "Somebody");
    ck_assert_int_eq(row->roles->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(row->roles, 0, const char *), "admin");
    ck_assert(row->email_verified);
    ck_assert(!row->is_recruiter_verified);
    ck_assert(!row->disabled);
    ck_assert_int_eq(row->min_ver, 0);
    ck_assert_int_ge(row->ver, row->min_ver);
    ck_assert_int_eq(row->created_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->updated_at, FAKE_CLOCK_START);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 4);
    ck_assert(authp_bcrypt_verify(FIXTURE_PASSWORD, strlen(FIXTURE_PASSWORD), row->password_hash));
    ck_assert_int_eq(fixture_sessions(&f), 0);
    const authp_audit_t *event = fixture_audit(&f, "user_create");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_str_eq(event->actor_id, "cli");
    ck_assert_str_eq(event->subject_id, user->id.hex);
}
END_TEST

START_TEST(create_without_name_role_password)
{
    authp_new_account_t in = fixture_new("ada@example.org", NULL);
    authp_user_t *user = NULL;
    in.name = "";
    in.password = NULL;
    ck_assert_int_eq(create(&in, &user), AUTHP_OK);
    ck_assert_ptr_null(user->name);
    ck_assert_ptr_null(user->password_hash);
    ck_assert_int_eq(user->roles->nelts, 0);
}
END_TEST

START_TEST(create_recruiter)
{
    ck_assert(!fixture_user(&f, "a@example.org", "recruiter", false)->is_recruiter_verified);
    ck_assert(fixture_user(&f, "b@example.org", "recruiter", true)->is_recruiter_verified);
    /* Only a recruiter can be verified. */
    ck_assert(!fixture_user(&f, "c@example.org", "candidate", true)->is_recruiter_verified);
}
END_TEST

START_TEST(create_refused)
{
    authp_new_account_t in = fixture_new("ada@example.org", "boss");
    authp_user_t *user = NULL;
    ck_assert_int_eq(create(&in, &user), AUTHP_E_VALIDATION_FAILED);
    in.role = "admin";
    in.password = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    in.password_len = 73;
    ck_assert_int_eq(create(&in, &user), AUTHP_E_VALIDATION_FAILED);
    in.password = "xxxx\0xxxx";
    in.password_len = 9;
    ck_assert_int_eq(create(&in, &user), AUTHP_E_VALIDATION_FAILED);
    ck_assert_ptr_null(user);
    in = fixture_new("ada@example.org", "admin");
    ck_assert_int_eq(create(&in, &user), AUTHP_OK); /* none of the refused accounts was written */
}
END_TEST

START_TEST(create_taken)
{
    authp_user_t *user = NULL;
    const authp_user_t *first = fixture_user(&f, "ada@example.org", "candidate", false);
    const authp_new_account_t in = fixture_new("ADA@example.org ", "admin");
    ck_assert_int_eq(create(&in, &user), AUTHP_E_EMAIL_TAKEN);
    ck_assert_ptr_null(user);
    const authp_user_t *row = mem_store_user(f.store, first->id.hex);
    ck_assert_str_eq(APR_ARRAY_IDX(row->roles, 0, const char *), "candidate");
    ck_assert_str_eq(fixture_audit(&f, "user_create")->outcome, "denied");
    ck_assert_str_eq(fixture_audit(&f, "user_create")->reason, "email_taken");
    ck_assert_str_eq(fixture_audit(&f, "user_create")->actor_id, "cli");
    ck_assert_ptr_null(fixture_audit(&f, "user_create")->subject_id);
    ck_assert_str_eq(fixture_audit(&f, "user_create")->ip, fixture_client.ip);
}
END_TEST

/* A password may have 72 bytes with Argon2id, too, which could hash longer ones. */
START_TEST(create_with_argon2id)
{
    static const char password[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    authp_new_account_t in = fixture_new("ada@example.org", "admin");
    authp_user_t *user = NULL;
    f.settings->password_argon2id = true;
    in.password = password;
    in.password_len = 73;
    ck_assert_int_eq(create(&in, &user), AUTHP_E_VALIDATION_FAILED);
    in.password_len = 72;
    ck_assert_int_eq(create(&in, &user), AUTHP_OK);
    ck_assert_ptr_eq(strstr(user->password_hash, "$argon2id$"), user->password_hash);
}
END_TEST

/* An account with a username needs no address. The username is stored in lower case, and another
 * account can have neither the username, in any case, nor the address. */
START_TEST(create_with_username)
{
    authp_user_t *user = NULL;
    authp_user_t *none = NULL;
    authp_new_account_t in = fixture_new(NULL, "candidate");
    in.username = "Grace_H.1-9";
    ck_assert_int_eq(create(&in, &user), AUTHP_OK);
    ck_assert_ptr_null(user->email);
    ck_assert_str_eq(mem_store_user(f.store, user->id.hex)->username, "grace_h.1-9");
    in.username = "GRACE_h.1-9";
    ck_assert_int_eq(create(&in, &none), AUTHP_E_USER_EXISTS);
    ck_assert_str_eq(fixture_audit(&f, "user_create")->reason, "user_exists");
    in.username = "grace2";
    in.email = " Grace@Example.ORG";
    ck_assert_int_eq(create(&in, &user), AUTHP_OK);
    ck_assert_str_eq(user->email, "grace@example.org");
    in.username = "grace3";
    ck_assert_int_eq(create(&in, &none), AUTHP_E_USER_EXISTS);
    in.username = NULL;
    ck_assert_int_eq(create(&in, &none), AUTHP_E_EMAIL_TAKEN);
    ck_assert_ptr_null(none);
}
END_TEST

/* Without an address, a username and an identity nobody could sign in to the account. */
START_TEST(create_without_login)
{
    const authp_new_account_t in = fixture_new(NULL, "admin");
    authp_user_t *user = NULL;
    ck_assert_int_eq(create(&in, &user), AUTHP_E_VALIDATION_FAILED);
}
END_TEST

START_TEST(register_username_taken)
{
    authp_grant_t grant;
    authp_new_account_t in = fixture_new(NULL, NULL);
    in.username = "Ada";
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_OK);
    ck_assert_ptr_null(grant.user->email);
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_E_USER_EXISTS);
    ck_assert_int_eq(fixture_sessions(&f), 1);
    ck_assert_str_eq(fixture_audit(&f, "register")->reason, "user_exists");
}
END_TEST

START_TEST(create_store_down)
{
    authp_user_t *user = NULL;
    const authp_new_account_t in = fixture_new("ada@example.org", "admin");
    mem_store_fail(f.store, NULL, 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(create(&in, &user), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(user);
    ck_assert_int_eq(mem_store_audit_count(f.store, "user_create"), 0);
    /* If the audit entry cannot be written, the account exists all the same and the call
     * succeeds. */
    mem_store_fail(f.store, "audit_append", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(create(&in, &user), AUTHP_OK);
    ck_assert_ptr_nonnull(mem_store_user(f.store, user->id.hex));
}
END_TEST

START_TEST(register_signs_in)
{
    const authp_new_account_t in = fixture_new(" Ada@Example.org", NULL);
    authp_grant_t grant = {0};
    authp_principal_t who = {0};
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_OK);
    ck_assert_str_eq(grant.user->email, "ada@example.org");
    ck_assert(!grant.user->email_verified);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_int_eq(
        authp_token_verify(f.realm, grant.access_token, strlen(grant.access_token), &who, f.pool),
        AUTHP_OK);
    ck_assert_uint_eq(who.roles, authp_roles_bit(f.realm->roles, "candidate"));
    ck_assert_str_eq(fixture_audit(&f, "register")->actor_id, grant.user->id.hex);
    ck_assert_str_eq(fixture_audit(&f, "register")->ip, fixture_client.ip);
    ck_assert_str_eq(fixture_audit(&f, "register")->request_id, fixture_client.request_id);
}
END_TEST

/* Registration ignores the role and the flags that the caller passes. */
START_TEST(register_grants_nothing_else)
{
    authp_new_account_t in = fixture_new("ada@example.org", "admin");
    authp_grant_t grant = {0};
    in.verified = true;
    in.email_verified = true;
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_OK);
    const authp_user_t *row = mem_store_user(f.store, grant.user->id.hex);
    ck_assert_int_eq(row->roles->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(row->roles, 0, const char *), "candidate");
    ck_assert(!row->is_recruiter_verified);
    ck_assert(!row->email_verified);
}
END_TEST

START_TEST(register_where_there_are_no_candidates)
{
    apr_array_header_t *names = apr_array_make(f.pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(names, const char *) = "seeker";
    f.realm->roles = authp_roles_map_make(names, f.pool);
    const authp_new_account_t in = fixture_new("ada@example.org", NULL);
    authp_grant_t grant = {0};
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_OK);
    ck_assert_int_eq(grant.user->roles->nelts, 0);
}
END_TEST

START_TEST(register_taken)
{
    const authp_new_account_t in = fixture_new("ada@example.org", NULL);
    authp_grant_t grant = {.expires_in = 77};
    (void)fixture_user(&f, "ada@example.org", "admin", false);
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_E_EMAIL_TAKEN);
    ck_assert_int_eq(grant.expires_in, 77);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_str_eq(fixture_audit(&f, "register")->reason, "email_taken");
    ck_assert_ptr_null(fixture_audit(&f, "register")->actor_id);
    ck_assert_str_eq(fixture_audit(&f, "register")->ip, fixture_client.ip);
}
END_TEST

START_TEST(register_store_down)
{
    const authp_new_account_t in = fixture_new("ada@example.org", NULL);
    authp_grant_t grant = {.expires_in = 77};
    mem_store_fail(f.store, "user_create", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, "session_create", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(grant.expires_in, 77);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    /* The user is written and the session is not: the account is complete, and its owner can sign
     * in. */
    const authp_login_t login = {.kind = AUTHP_LOGIN_EMAIL,
                                 .login = in.email,
                                 .password = in.password,
                                 .password_len = in.password_len,
                                 .door = AUTHP_DOOR_CANDIDATE};
    ck_assert_int_eq(authp_login_by_password(f.realm, &login, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
}
END_TEST

/* If the line for hashes is full, the call fails at once and nothing is written. */
START_TEST(busy)
{
    int places[16];
    int taken = 0;
    authp_hasher_bound_t *bound = NULL;
    const authp_new_account_t in = fixture_new("ada@example.org", NULL);
    const authp_login_t login = {.kind = AUTHP_LOGIN_EMAIL,
                                 .login = in.email,
                                 .password = in.password,
                                 .password_len = in.password_len};
    authp_grant_t grant = {.expires_in = 77};
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, &f.rng.random, 0, &f.realm->hasher, f.pool),
                     AUTHP_OK);
    while (taken < 16 &&
           (places[taken] = authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER)) >= 0) {
        taken++;
    }
    ck_assert_int_eq(taken, 2);
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_E_BUSY);
    ck_assert_int_eq(authp_login_by_password(f.realm, &login, &fixture_client, &grant, f.pool),
                     AUTHP_E_BUSY);
    ck_assert_int_eq(grant.expires_in, 77);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), 0);
    /* Registrations in a flood of strangers fail before the store is asked. */
    mem_store_fail(f.store, NULL, 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_login_by_password(f.realm, &login, &fixture_client, &grant, f.pool),
                     AUTHP_E_BUSY);
    mem_store_fail(f.store, NULL, 0, AUTHP_OK);
    /* An administrator uses the places of known callers. A call without an actor does not. */
    const authp_new_account_t bob = fixture_new("bob@example.org", NULL);
    authp_user_t *made = NULL;
    ck_assert_int_eq(authp_account_create(f.realm, &bob, NULL, &fixture_client, &made, f.pool),
                     AUTHP_E_BUSY);
    ck_assert_int_eq(authp_account_create(f.realm, &bob, "65f0c0ffee00000000000001",
                                          &fixture_client, &made, f.pool),
                     AUTHP_OK);
    while (taken > 0) {
        authp_hasher_bound_leave(bound, places[--taken]);
    }
    ck_assert_int_eq(enroll(&in, &grant), AUTHP_OK);
}
END_TEST

Suite *suite_account(void)
{
    Suite *suite = suite_create("account");
    TCase *account = tcase_create("account");
    tcase_add_checked_fixture(account, set_up, tear_down);
    tcase_add_test(account, create_stores_everything);
    tcase_add_test(account, create_without_name_role_password);
    tcase_add_test(account, create_recruiter);
    tcase_add_test(account, create_refused);
    tcase_add_test(account, create_taken);
    tcase_add_test(account, create_with_argon2id);
    tcase_add_test(account, create_with_username);
    tcase_add_test(account, create_without_login);
    tcase_add_test(account, register_username_taken);
    tcase_add_test(account, create_store_down);
    tcase_add_test(account, register_signs_in);
    tcase_add_test(account, register_grants_nothing_else);
    tcase_add_test(account, register_where_there_are_no_candidates);
    tcase_add_test(account, register_taken);
    tcase_add_test(account, register_store_down);
    tcase_add_test(account, busy);
    suite_add_tcase(suite, account);
    return suite;
}
