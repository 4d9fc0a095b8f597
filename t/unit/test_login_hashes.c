/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts whose password hash is another system's, or not of the chosen scheme: the first sign-in
 * replaces it, and a refusal takes as much work as that of an unknown user. */
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "crypto/password/bcrypt.h"
#include "fixture.h"
#include "service/account/own.h"
#include "service/sign_in/login.h"
#include "suite.h"

static fixture_t f;
static authp_user_t *row; /* Ada's, in the store */

static void set_up(void)
{
    fixture_open(&f);
    const authp_user_t *user = fixture_user(&f, "ada@example.org", "candidate", false);
    row = mem_store_user(f.store, user->id.hex);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_err_t sign_in_with(const char *email, const char *password, size_t len)
{
    authp_grant_t grant = {0};
    const authp_login_t in = {
        .kind = AUTHP_LOGIN_EMAIL, .login = email, .password = password, .password_len = len};
    return authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool);
}

static authp_err_t sign_in(const char *password)
{
    return sign_in_with("ada@example.org", password, strlen(password));
}

static bool is_argon2id(const char *hash)
{
    return strncmp(hash, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0;
}

/* SHA-256("abc"): password "bc", salt "a". */
#define SHA256_BC "$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"

/* The vectors' sources are in test_foreign.c. */
static const struct {
    const char *hash;
    const char *password;
} imported[] = {
    {NULL, NULL}, /* the account as it was made */
    {"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
     "password"},
    {"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
     "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
     "pleaseletmein"},
    {"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk="
     "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
     "$42xEC+ixf3L2lw==$"
     "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==",
     "user1password"},
    {"pbkdf2_sha256$12000$seasalt2$hlDLKsxgkgb1aeOppkM5atCYw5rPzAjCNQZ4NYyUROw=", "l\xc3\xa8tmein"},
    {SHA256_BC, "bc"},
    {"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"},
};

/* A wrong password changes nothing. The right one gets a hash of ours, in both schemes. The account
 * stays the same otherwise: its sessions go on. */
START_TEST(the_first_sign_in_replaces)
{
    const char *password = imported[_i].password != NULL ? imported[_i].password : FIXTURE_PASSWORD;
    const char *hash = imported[_i].password != NULL ? imported[_i].hash : row->password_hash;
    for (int argon2id = 0; argon2id < 2; argon2id++) {
        const int64_t ver = row->ver;
        f.settings->password_argon2id = argon2id == 1;
        f.settings->bcrypt_rounds = 5;
        row->password_hash = hash;
        ck_assert_int_eq(sign_in("wrong"), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_str_eq(row->password_hash, hash);
        ck_assert_int_eq(sign_in(password), AUTHP_OK);
        ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), argon2id ? 0 : 5);
        ck_assert_int_eq(is_argon2id(row->password_hash), argon2id);
        ck_assert_int_eq(row->ver, ver);
        const char *ours = row->password_hash;
        ck_assert_int_eq(sign_in("wrong"), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(sign_in(password), AUTHP_OK);
        ck_assert_str_eq(row->password_hash, ours);
    }
}
END_TEST

START_TEST(schemes_change)
{
    f.settings->password_argon2id = true;
    ck_assert_int_eq(sign_in(FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert(is_argon2id(row->password_hash));
    f.settings->password_argon2id = false;
    ck_assert_int_eq(sign_in(FIXTURE_PASSWORD), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 4);
    f.settings->password_argon2id = true;
    const authp_user_t *user = fixture_user(&f, "eve@example.org", "candidate", false);
    ck_assert(is_argon2id(mem_store_user(f.store, user->id.hex)->password_hash));
}
END_TEST

/* bcrypt cannot take such a password. Argon2id can, whatever is chosen, so its owner is not locked
 * out after the first sign-in. */
START_TEST(long_passwords)
{
    char password[1026];
    memset(password, 'x', sizeof(password));
    password[1025] = '\0';
    row->password_hash =
        "$sha256$$49abd65bbf7f7e40c7055093ed2e3fd75f2f602f2c5fcf955c213e3135eb03f7";
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sign_in_with("ada@example.org", password, 1025),
                         AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(sign_in_with("ada@example.org", password, 1023),
                         AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(sign_in_with("ada@example.org", password, 1024), AUTHP_OK);
        ck_assert(is_argon2id(row->password_hash));
        if (i == 1) {
            f.settings->password_argon2id = true;
        }
    }
}
END_TEST

/* The owner proves the old password against the other system's hash, and gets a hash of ours. */
START_TEST(own_change)
{
    char old[1025];
    authp_grant_t start = fixture_start(&f, row);
    authp_grant_t grant = {0};
    const authp_self_t self = {
        .user = row, .session = start.session, .auth_time = 0, .client = &fixture_client};
    memset(old, 'x', sizeof(old) - 1);
    old[1024] = '\0';
    row->password_hash =
        "$sha256$$49abd65bbf7f7e40c7055093ed2e3fd75f2f602f2c5fcf955c213e3135eb03f7";
    authp_password_change_t change = {.current = old + 1, .wanted = "another horse 9"};
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool),
                     AUTHP_E_WRONG_PASSWORD);
    change.current = old;
    ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 4);
    ck_assert_int_eq(sign_in("another horse 9"), AUTHP_OK);
}
END_TEST

/* A hash that cannot be verified opens nothing, whatever is sent. */
START_TEST(unreadable_hashes)
{
    static const char *const hashes[] = {
        "", "password", "$argon2id$v=19$m=999999,t=2,p=1$QUFBQUFBQUE$QUFBQUFBQUFBQUFBQUFBQQ",
        "$pbkdf2-sha256$9999999$YQ$QUFBQUFBQUFBQUFBQUFBQQ"};
    authp_grant_t start = fixture_start(&f, row);
    authp_grant_t grant = {0};
    const authp_self_t self = {
        .user = row, .session = start.session, .auth_time = 0, .client = &fixture_client};
    for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
        const authp_password_change_t change = {.current = "password", .wanted = "another horse 9"};
        row->password_hash = hashes[i];
        ck_assert_int_eq(sign_in("password"), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(sign_in(""), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(authp_own_password(f.realm, &self, &change, &grant, f.pool),
                         AUTHP_E_WRONG_PASSWORD);
        ck_assert_ptr_eq(row->password_hash, hashes[i]);
    }
}
END_TEST

/* The sign-in succeeds although the hash could not be replaced, and the next one replaces it. */
START_TEST(the_store_fails)
{
    row->password_hash = SHA256_BC;
    mem_store_fail(f.store, "user_upgrade_hash", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(sign_in("bc"), AUTHP_OK);
    ck_assert_str_eq(row->password_hash, SHA256_BC);
    ck_assert_int_eq(sign_in("bc"), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 4);
}
END_TEST

/* --- equal work, in CPU time of this process
 * ------------------------------------------------------ */
static double cpu_of(const char *email, const char *password)
{
    struct timespec from;
    struct timespec to;
    double best = 1e9;
    for (int i = 0; i < 9; i++) {
        ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
        ck_assert_int_eq(sign_in_with(email, password, strlen(password)),
                         AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
        double took = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        best = took < best ? took : best;
    }
    return best;
}

START_TEST(equal_work)
{
    authp_hasher_bound_t *bound = NULL;
    char long_one[1100];
    memset(long_one, 'x', sizeof(long_one));
    long_one[sizeof(long_one) - 1] = '\0';
    const char *bcrypt = row->password_hash;
    f.settings->password_argon2id = _i == 1;
    f.settings->bcrypt_rounds = 9;
    const authp_scheme_t scheme = authp_realm_scheme(f.realm);
    ck_assert_int_eq(authp_hasher_bound_make(2, 200, &bound), AUTHP_OK);
    authp_hasher_bound_assume(bound, authp_hasher_bound_probe(&scheme));
    ck_assert_int_eq(authp_hasher_make(bound, &f.rng.random, 0, &f.realm->hasher, f.pool),
                     AUTHP_OK);
    const double base = cpu_of("nobody@example.org", "wrong");
    const struct {
        const char *hash;
        const char *password;
        bool disabled;
    } rows[] = {
        {SHA256_BC, "wrong", false},         {SHA256_BC, "bc", true},
        {SHA256_BC, long_one, false},        {bcrypt, "wrong", false},
        {bcrypt, FIXTURE_PASSWORD, true},    {imported[1].hash, "wrong", false},
        {"$sha256$damaged", "wrong", false}, {imported[6].hash, long_one, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        row->password_hash = rows[i].hash;
        row->disabled = rows[i].disabled;
        const double ratio = cpu_of("ada@example.org", rows[i].password) / base;
        ck_assert_msg(ratio > 0.55 && ratio < 1.8, "row %zu: %.2f of an unknown user's work", i,
                      ratio);
    }
}
END_TEST

Suite *suite_login_hashes(void)
{
    Suite *suite = suite_create("login_hashes");
    TCase *tests = tcase_create("login_hashes");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, the_first_sign_in_replaces, 0,
                        (int)(sizeof(imported) / sizeof(imported[0])));
    tcase_add_test(tests, schemes_change);
    tcase_add_test(tests, long_passwords);
    tcase_add_test(tests, own_change);
    tcase_add_test(tests, unreadable_hashes);
    tcase_add_test(tests, the_store_fails);
    tcase_add_loop_test(tests, equal_work, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
