/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts with phone numbers: signing in, idle numbers, roles, and the number itself. */
#include <string.h>

#include <apr_strings.h>

#include "fixture.h"
#include "service/account/find.h"
#include "service/account/phone_account.h"
#include "service/account/profile_document.h"
#include "service/account/user.h"
#include "service/sign_in/login.h"
#include "suite.h"

#define PHONE "+919876543210"
#define OTHER "+919876543211"
#define DAY INT64_C(86400000)

static fixture_t f;
static const authp_actor_t the_operator = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static apr_array_header_t *roles_of(const char *a, const char *b)
{
    apr_array_header_t *roles = apr_array_make(f.pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = a;
    if (b != NULL) {
        APR_ARRAY_PUSH(roles, const char *) = b;
    }
    return roles;
}

static authp_user_t *person(const char *phone, const char *role, bool password)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = {.phone = phone, .role = role, .name = "Somebody"};
    if (password) {
        in.password = FIXTURE_PASSWORD;
        in.password_len = strlen(FIXTURE_PASSWORD);
    }
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool), AUTHP_OK);
    return user;
}

static const authp_user_t *row(const authp_user_t *user)
{
    return mem_store_user(f.store, user->id.hex);
}

static const char *listed(const authp_user_t *user)
{
    return apr_array_pstrcat(f.pool, row(user)->roles, ',');
}

/* A session that a code opened must not become an administrator's. Without a number there is none.
 */
START_TEST(new_administrators_sign_in_again)
{
    const char *const phones[] = {PHONE, NULL};
    for (size_t i = 0; i < 2; i++) {
        authp_user_t *user = person(PHONE, "seeker", true);
        mem_store_user(f.store, user->id.hex)->phone = phones[i];
        const authp_user_patch_t provider = {.has_roles = true,
                                             .roles = roles_of("seeker", "provider")};
        const authp_user_patch_t admin = {.has_roles = true, .roles = roles_of("seeker", "admin")};
        ck_assert_int_eq(
            authp_admin_patch(f.realm, &the_operator, user->id.hex, &provider, &user, f.pool),
            AUTHP_OK);
        ck_assert_int_lt(row(user)->min_ver, row(user)->ver);
        ck_assert_int_eq(
            authp_admin_patch(f.realm, &the_operator, user->id.hex, &admin, &user, f.pool),
            AUTHP_OK);
        ck_assert_int_eq(row(user)->min_ver == row(user)->ver, phones[i] != NULL);
        mem_store_user(f.store, user->id.hex)->phone = NULL;
    }
}
END_TEST

/* --- making accounts --- */
START_TEST(made_with_a_number)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = {.phone = PHONE, .roles = roles_of("provider", "seeker")};
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool), AUTHP_OK);
    ck_assert_str_eq(row(user)->phone, PHONE);
    ck_assert_str_eq(listed(user), "provider,seeker");
    ck_assert_ptr_null(row(user)->password_hash);
    ck_assert_ptr_null(row(user)->email);
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool),
                     AUTHP_E_USER_EXISTS);
    in.phone = OTHER;
    in.email = "ada@example.org";
    in.password_hash = "$2b$04$unlike";
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool), AUTHP_OK);
    ck_assert_str_eq(row(user)->password_hash, "$2b$04$unlike");
    in.phone = "+919876543212"; /* a free number, but not a free address */
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool),
                     AUTHP_E_USER_EXISTS);
    ck_assert_str_eq(fixture_audit(&f, "register")->reason, "user_exists");
    in.email = NULL;
    in.roles = roles_of("seeker", "boss");
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool),
                     AUTHP_E_VALIDATION_FAILED);
}
END_TEST

/* --- signing in --- */
static authp_err_t login(const char *phone, const char *password, authp_door_t door)
{
    authp_grant_t grant = {0};
    const authp_login_t in = {.kind = AUTHP_LOGIN_PHONE,
                              .login = phone,
                              .password = password,
                              .password_len = strlen(password),
                              .door = door};
    return authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool);
}

START_TEST(signs_in_by_any_spelling)
{
    static const char *const spellings[] = {PHONE, "9876543210", "98765-43210",
                                            "+91 (98765) 43210"};
    static const char *const wrong[] = {
        OTHER, "", "987654321", "x9876543210", "+919876543210\n", "a@example.org"};
    (void)person(PHONE, "seeker", true);
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        ck_assert_int_eq(login(spellings[i], FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_int_eq(login(wrong[i], FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
                         AUTHP_E_INVALID_CREDENTIALS);
    }
    ck_assert_int_eq(login(PHONE, "wrong horse 9", AUTHP_DOOR_ANY), AUTHP_E_INVALID_CREDENTIALS);
}
END_TEST

/* Whoever has no password cannot sign in with one. */
START_TEST(no_password_no_sign_in)
{
    (void)person(PHONE, "seeker", false);
    ck_assert_int_eq(login(PHONE, FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_E_INVALID_CREDENTIALS);
}
END_TEST

START_TEST(doors_of_admins_and_of_others)
{
    (void)person(PHONE, "admin", true);
    (void)person(OTHER, "seeker", true);
    ck_assert_int_eq(login(PHONE, FIXTURE_PASSWORD, AUTHP_DOOR_ADMIN), AUTHP_OK);
    ck_assert_int_eq(login(PHONE, FIXTURE_PASSWORD, AUTHP_DOOR_NOT_ADMIN),
                     AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_str_eq(fixture_audit(&f, "login")->reason, "invalid_credentials");
    ck_assert_int_eq(login(OTHER, FIXTURE_PASSWORD, AUTHP_DOOR_ADMIN), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(login(OTHER, FIXTURE_PASSWORD, AUTHP_DOOR_NOT_ADMIN), AUTHP_OK);
}
END_TEST

/* Whoever tries right passwords of others at the door of administrators is slowed down as with
 * wrong ones. Otherwise the missing delay would tell that a password was right. */
START_TEST(a_wrong_door_counts_as_an_attempt)
{
    const authp_rate_t many = {1000, 60};
    (void)person(OTHER, "seeker", true);
    fixture_limits(&f, many, many, (authp_rate_t){2, 900});
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(login(OTHER, FIXTURE_PASSWORD, AUTHP_DOOR_ADMIN),
                         AUTHP_E_INVALID_CREDENTIALS);
    }
    ck_assert_int_eq(login(OTHER, FIXTURE_PASSWORD, AUTHP_DOOR_ADMIN), AUTHP_E_RATE_LIMITED);
}
END_TEST

/* --- idle numbers --- */
static authp_err_t prove(const authp_user_t *user, const char *password)
{
    return authp_phone_account_prove(f.realm, row(user), password, &fixture_client, f.pool);
}

START_TEST(an_idle_number_needs_the_password)
{
    const authp_user_t *user = person(PHONE, "seeker", true);
    const authp_user_t *bare = person(OTHER, "seeker", false);
    fake_clock_advance(&f.clock, 180 * DAY);
    ck_assert_int_eq(prove(user, NULL), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    ck_assert_int_eq(prove(user, NULL), AUTHP_E_PASSWORD_REQUIRED);
    ck_assert_int_eq(prove(user, "wrong horse 9"), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(prove(user, FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_int_eq(prove(bare, NULL), AUTHP_OK); /* it has no other proof */
    f.settings->phone_idle_days = 0;
    ck_assert_int_eq(prove(user, NULL), AUTHP_OK);
}
END_TEST

/* A wrong password beside a right code counts together with wrong ones at the sign-in. */
START_TEST(an_idle_number_is_no_way_to_guess)
{
    const authp_rate_t many = {1000, 60};
    const authp_user_t *user = person(PHONE, "seeker", true);
    fake_clock_advance(&f.clock, 181 * DAY);
    fixture_limits(&f, many, many, (authp_rate_t){3, 900});
    ck_assert_int_eq(prove(user, "wrong horse 9"), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(login("9876543210", "wrong horse 8", AUTHP_DOOR_ANY),
                     AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(prove(user, "wrong horse 7"), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(prove(user, FIXTURE_PASSWORD), AUTHP_E_RATE_LIMITED);
    ck_assert_int_eq(login(PHONE, FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_E_RATE_LIMITED);
}
END_TEST

/* A use is noted at most once a day, and does not count as a change of rights. */
START_TEST(a_use_is_noted)
{
    const authp_user_t *user = person(PHONE, "seeker", true);
    fake_clock_advance(&f.clock, DAY - 1);
    authp_phone_account_used(f.realm, row(user), f.pool);
    ck_assert_int_eq(row(user)->phone_used_at, 0);
    fake_clock_advance(&f.clock, 1);
    authp_phone_account_used(f.realm, row(user), f.pool);
    ck_assert_int_eq(row(user)->phone_used_at, FAKE_CLOCK_START + DAY);
    ck_assert_int_eq(row(user)->ver, 1);
    fake_clock_advance(&f.clock, 170 * DAY);
    ck_assert_int_eq(login(PHONE, FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_int_eq(row(user)->phone_used_at, FAKE_CLOCK_START + 171 * DAY);
    fake_clock_advance(&f.clock, 170 * DAY);
    ck_assert_int_eq(prove(user, NULL), AUTHP_OK);
}
END_TEST

/* --- roles --- */
static authp_err_t add(const authp_user_t *user, const char *a, const char *b)
{
    authp_user_t *after = NULL;
    return authp_phone_account_add_roles(f.realm, user->id.hex, roles_of(a, b), &fixture_client,
                                         &after, f.pool);
}

START_TEST(roles_are_added)
{
    const authp_user_t *user = person(PHONE, "provider", false);
    ck_assert_int_eq(add(user, "provider", NULL), AUTHP_OK);
    ck_assert_int_eq(row(user)->ver, 1);
    ck_assert_ptr_null(fixture_audit(&f, "user_change"));
    ck_assert_int_eq(add(user, "seeker", "provider"), AUTHP_OK);
    ck_assert_int_eq(row(user)->ver, 2);
    ck_assert_str_eq(listed(user), "seeker,provider"); /* as in ROLES: nobody chose the first one */
    ck_assert_str_eq(fixture_audit(&f, "user_change")->reason, "roles");
    user = person(OTHER, "provider", true);
    ck_assert_int_eq(add(user, "seeker", NULL), AUTHP_OK);
    ck_assert_str_eq(listed(user), "provider,seeker");
}
END_TEST

/* A code gives no role that people may not choose, and none to an administrator. */
START_TEST(roles_are_not_added)
{
    const authp_user_t *user = person(PHONE, "seeker", false);
    const authp_user_t *admin = person(OTHER, "admin", false);
    ck_assert_int_eq(add(user, "admin", NULL), AUTHP_E_VALIDATION_FAILED);
    ck_assert_int_eq(add(user, "provider", "recruiter"), AUTHP_E_VALIDATION_FAILED);
    ck_assert_int_eq(add(admin, "seeker", NULL), AUTHP_E_INSUFFICIENT_ROLE);
    ck_assert_str_eq(listed(user), "seeker");
    ck_assert_str_eq(listed(admin), "admin");
    ck_assert(authp_phone_account_may_open(row(user)));
    ck_assert(!authp_phone_account_may_open(row(admin)));
    mem_store_user(f.store, user->id.hex)->disabled = true;
    ck_assert(!authp_phone_account_may_open(row(user)));
    ck_assert_int_eq(add(user, "provider", NULL), AUTHP_E_INSUFFICIENT_ROLE);
}
END_TEST

static authp_err_t drop(const authp_user_t *user, const char *role)
{
    return authp_phone_account_remove_role(f.realm, user, role, &fixture_client, f.pool);
}

START_TEST(a_role_is_removed)
{
    const authp_user_t *user = person(PHONE, "seeker", false);
    ck_assert_int_eq(drop(user, "provider"), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(add(user, "provider", NULL), AUTHP_OK);
    ck_assert_int_eq(drop(user, "seeker"), AUTHP_OK);
    ck_assert_str_eq(listed(user), "provider");
    ck_assert_int_eq(row(user)->ver, 3); /* so older tokens lose the role, too */
    ck_assert_int_eq(drop(user, "seeker"), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(drop(person(OTHER, "admin", true), "admin"), AUTHP_E_LAST_ADMIN);
    /* Who gets the role again must be verified again. */
    user = fixture_user(&f, "rae@example.org", "recruiter", true);
    ck_assert(row(user)->is_recruiter_verified);
    ck_assert_int_eq(drop(user, "recruiter"), AUTHP_OK);
    ck_assert(!row(user)->is_recruiter_verified);
}
END_TEST

/* --- a new password by code --- */
static authp_err_t reset(const authp_user_t *user)
{
    static const char hash[] = "$2b$04$vauYeqNq/4gwTtaktz0FDOcpc6xPlthDWULBvdgt.jbnvnuOyh3sy";
    return authp_phone_account_reset_password(f.realm, user, hash, &fixture_client, f.pool);
}

START_TEST(a_password_is_reset)
{
    authp_user_t *user = person(PHONE, "seeker", true);
    authp_user_t before = *row(user);
    (void)fixture_start(&f, user);
    ck_assert_int_eq(reset(&before), AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
    ck_assert_int_eq(row(user)->min_ver, 2);
    ck_assert_int_eq(login(PHONE, "three calm words 7", AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_str_eq(fixture_audit(&f, "password_reset")->actor_id, user->id.hex);
    /* The account has changed since its code was checked. */
    ck_assert_int_eq(reset(&before), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(reset(person(OTHER, "admin", true)), AUTHP_E_INVALID_OTP);
}
END_TEST

/* --- the number --- */
static authp_err_t set(const authp_user_t *user, const char *phone)
{
    authp_user_t *after = NULL;
    return authp_phone_account_set(f.realm, &the_operator, user->id.hex, phone, &after, f.pool);
}

START_TEST(a_number_is_set)
{
    authp_user_t *found = NULL;
    const authp_user_t *user = fixture_user(&f, "ada@example.org", "candidate", false);
    const authp_user_t *other = person(OTHER, "seeker", false);
    fake_clock_advance(&f.clock, 400 * DAY);
    ck_assert_int_eq(set(user, PHONE), AUTHP_OK);
    ck_assert_str_eq(row(user)->phone, PHONE);
    ck_assert_int_eq(row(user)->ver, 2);
    ck_assert_int_eq(prove(user, NULL), AUTHP_OK); /* a new number is not idle */
    ck_assert_str_eq(fixture_audit(&f, "user_change")->reason, "phone");
    ck_assert_int_eq(set(user, PHONE), AUTHP_OK);
    ck_assert_int_eq(row(user)->ver, 2);
    ck_assert_int_eq(set(user, OTHER), AUTHP_E_USER_EXISTS);
    ck_assert_str_eq(row(user)->phone, PHONE);
    ck_assert_int_eq(set(other, NULL), AUTHP_OK);
    ck_assert_ptr_null(row(other)->phone);
    ck_assert_int_eq(set(user, OTHER), AUTHP_OK);
    ck_assert_int_eq(authp_find_by_login(f.realm, AUTHP_LOGIN_PHONE, PHONE, &found, f.pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_find_by_login(f.realm, AUTHP_LOGIN_PHONE, "98765 43211", &found, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(found->id.hex, user->id.hex);
}
END_TEST

static void somebody_takes_it(void *ctx)
{
    (void)ctx;
    (void)person(PHONE, "seeker", false);
}

START_TEST(a_number_is_taken_meanwhile)
{
    const authp_user_t *user = person(OTHER, "seeker", false);
    mem_store_before(f.store, "user_update", somebody_takes_it, NULL);
    ck_assert_int_eq(set(user, PHONE), AUTHP_E_USER_EXISTS);
    ck_assert_str_eq(row(user)->phone, OTHER);
}
END_TEST

Suite *suite_phone_account(void)
{
    Suite *suite = suite_create("phone_account");
    TCase *tests = tcase_create("phone_account");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, made_with_a_number);
    tcase_add_test(tests, new_administrators_sign_in_again);
    tcase_add_test(tests, signs_in_by_any_spelling);
    tcase_add_test(tests, no_password_no_sign_in);
    tcase_add_test(tests, doors_of_admins_and_of_others);
    tcase_add_test(tests, a_wrong_door_counts_as_an_attempt);
    tcase_add_test(tests, an_idle_number_needs_the_password);
    tcase_add_test(tests, an_idle_number_is_no_way_to_guess);
    tcase_add_test(tests, a_use_is_noted);
    tcase_add_test(tests, roles_are_added);
    tcase_add_test(tests, roles_are_not_added);
    tcase_add_test(tests, a_role_is_removed);
    tcase_add_test(tests, a_password_is_reset);
    tcase_add_test(tests, a_number_is_set);
    tcase_add_test(tests, a_number_is_taken_meanwhile);
    suite_add_tcase(suite, tests);
    return suite;
}
