/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in with a password: which accounts may, what the refusals say, and that all refusals cost
 * the same. */
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "crypto/password/bcrypt.h"
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

static authp_login_t with(const char *login, const char *password, authp_door_t door)
{
    return (authp_login_t){.kind = AUTHP_LOGIN_EMAIL,
                           .login = login,
                           .password = password,
                           .password_len = strlen(password),
                           .door = door};
}

static authp_err_t attempt(const authp_login_t *in)
{
    authp_grant_t grant = {.expires_in = 77};
    const int before = fixture_sessions(&f);
    authp_err_t err = authp_login_by_password(f.realm, in, &fixture_client, &grant, f.pool);
    /* Success makes a session and tokens, and a failure makes neither. */
    ck_assert_int_eq(fixture_sessions(&f) - before, err == AUTHP_OK);
    ck_assert_int_eq(grant.expires_in == 77, err != AUTHP_OK);
    return err;
}

static authp_err_t login(const char *email, const char *password, authp_door_t door)
{
    const authp_login_t in = with(email, password, door);
    return attempt(&in);
}

START_TEST(right_password)
{
    authp_grant_t grant = {0};
    const authp_user_t *user = fixture_user(&f, "ada@example.org", "admin", false);
    const authp_login_t in = with("\tADA@Example.org ", FIXTURE_PASSWORD, AUTHP_DOOR_ANY);
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(grant.user->id.hex, user->id.hex);
    ck_assert_int_eq(mem_store_session(f.store, grant.session->id.hex)->ver, user->ver);
    const authp_audit_t *event = fixture_audit(&f, "login");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_ptr_null(event->reason);
    ck_assert_str_eq(event->actor_id, user->id.hex);
    ck_assert_str_eq(event->session_id, grant.session->id.hex);
}
END_TEST

START_TEST(by_username)
{
    authp_user_t user = *fixture_user(&f, "ada@example.org", "admin", false);
    user.id = (authp_id_t){"0123456789abcdef01234567"};
    user.email = NULL;
    user.username = "Grace";
    ck_assert_int_eq(authp_store_user_create(f.store, &user, f.pool), AUTHP_OK);
    authp_login_t in = with("Grace", FIXTURE_PASSWORD, AUTHP_DOOR_ANY);
    ck_assert_int_eq(attempt(&in), AUTHP_E_INVALID_CREDENTIALS); /* not an e-mail address */
    in.kind = AUTHP_LOGIN_USERNAME;
    ck_assert_int_eq(attempt(&in), AUTHP_OK);
    in.login = "ada@example.org";
    ck_assert_int_eq(attempt(&in), AUTHP_E_INVALID_CREDENTIALS);
}
END_TEST

/* Usernames are compared without case. An older version imported "Grace" as it was: that account is
 * found by "Grace", unless another account is "grace". */
START_TEST(by_username_of_any_case)
{
    authp_user_t *user = NULL;
    authp_new_account_t new = fixture_new(NULL, "admin");
    new.username = "Ada.L";
    ck_assert_int_eq(authp_account_create(f.realm, &new, NULL, NULL, &user, f.pool), AUTHP_OK);
    authp_login_t in = with("aDA.l", FIXTURE_PASSWORD, AUTHP_DOOR_ANY);
    in.kind = AUTHP_LOGIN_USERNAME;
    ck_assert_int_eq(attempt(&in), AUTHP_OK);
    ck_assert_str_eq(fixture_audit(&f, "login")->subject_id, user->id.hex);
    in.login = " ada.l";
    ck_assert_int_eq(attempt(&in), AUTHP_E_INVALID_CREDENTIALS);
    mem_store_user(f.store, user->id.hex)->username = "Grace";
    in.login = "Grace";
    ck_assert_int_eq(attempt(&in), AUTHP_OK);
    in.login = "grace";
    ck_assert_int_eq(attempt(&in), AUTHP_E_INVALID_CREDENTIALS);
    new.username = "grace";
    authp_user_t *other = NULL;
    ck_assert_int_eq(authp_account_create(f.realm, &new, NULL, NULL, &other, f.pool), AUTHP_OK);
    in.login = "Grace";
    ck_assert_int_eq(attempt(&in), AUTHP_OK);
    ck_assert_str_eq(fixture_audit(&f, "login")->subject_id, other->id.hex);
}
END_TEST

/* --- one answer for whatever is wrong
 * --------------------------------------------------------------- */
START_TEST(refusals_are_alike)
{
    static const char long_one[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    (void)fixture_user(&f, "ada@example.org", "admin", false);
    const authp_user_t *off = fixture_user(&f, "off@example.org", "admin", false);
    const authp_user_t *none = fixture_user(&f, "none@example.org", "admin", false);
    const authp_user_t *odd = fixture_user(&f, "odd@example.org", "admin", false);
    mem_store_user(f.store, off->id.hex)->disabled = true;
    mem_store_user(f.store, none->id.hex)->password_hash = NULL;
    mem_store_user(f.store, odd->id.hex)->password_hash = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";
    const authp_login_t rows[] = {
        with("ada@example.org", "correct horse 8", AUTHP_DOOR_ANY),
        with("ada@example.org", "", AUTHP_DOOR_ANY),
        with("ada@example.org", long_one, AUTHP_DOOR_ANY),
        with("nobody@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
        with("", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
        with("off@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
        with("off@example.org", "wrong", AUTHP_DOOR_CANDIDATE),
        with("none@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
        with("none@example.org", "", AUTHP_DOOR_ANY),
        with("odd@example.org", "password", AUTHP_DOOR_ANY),
        /* a refusal with 403 comes only after the right password */
        with("ada@example.org", "wrong", AUTHP_DOOR_CANDIDATE),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_int_eq(attempt(&rows[i]), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_str_eq(fixture_audit(&f, "login")->outcome, "denied");
        ck_assert_str_eq(fixture_audit(&f, "login")->reason, "invalid_credentials");
        ck_assert_ptr_null(fixture_audit(&f, "login")->actor_id);
    }
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), sizeof(rows) / sizeof(rows[0]));
}
END_TEST

/* Two passwords open no account: the stand-in that is checked in place of unusable passwords, and
 * the first 72 bytes of a longer one, which bcrypt alone would accept. */
START_TEST(stand_ins_open_nothing)
{
    char password[80];
    authp_new_account_t in = fixture_new("ada@example.org", "admin");
    authp_user_t *user = NULL;
    in.password = "stand-in";
    in.password_len = 8;
    ck_assert_int_eq(authp_account_create(f.realm, &in, NULL, NULL, &user, f.pool), AUTHP_OK);
    memset(password, 'x', sizeof(password));
    authp_login_t trial = with("ada@example.org", "", AUTHP_DOOR_ANY);
    trial.password = password;
    trial.password_len = 73;
    ck_assert_int_eq(attempt(&trial), AUTHP_E_INVALID_CREDENTIALS);
    trial.password = "stand-in\0more";
    trial.password_len = 13;
    ck_assert_int_eq(attempt(&trial), AUTHP_E_INVALID_CREDENTIALS);
    in = fixture_new("bob@example.org", "admin");
    in.password = password;
    in.password_len = 72;
    ck_assert_int_eq(authp_account_create(f.realm, &in, NULL, NULL, &user, f.pool), AUTHP_OK);
    trial = with("bob@example.org", "", AUTHP_DOOR_ANY);
    trial.password = password;
    trial.password_len = 73;
    ck_assert_int_eq(attempt(&trial), AUTHP_E_INVALID_CREDENTIALS);
    trial.password_len = 72;
    ck_assert_int_eq(attempt(&trial), AUTHP_OK);
}
END_TEST

/* --- the doors
 * ------------------------------------------------------------------------------------------ */
typedef struct door_row_t {
    const char *roles; /* stored, space separated */
    bool verified;
    authp_err_t any;
    authp_err_t candidate;
} door_row_t;

static const door_row_t doors[] = {
    {"", false, AUTHP_OK, AUTHP_OK},
    {"candidate", false, AUTHP_OK, AUTHP_OK},
    {"admin", false, AUTHP_OK, AUTHP_E_NOT_CANDIDATE},
    {"recruiter", true, AUTHP_OK, AUTHP_E_NOT_CANDIDATE},
    {"recruiter", false, AUTHP_E_RECRUITER_PENDING, AUTHP_E_NOT_CANDIDATE},
    {"candidate recruiter", false, AUTHP_OK, AUTHP_OK},
    {"candidate recruiter", true, AUTHP_OK, AUTHP_OK},
    {"recruiter admin", false, AUTHP_OK, AUTHP_E_NOT_CANDIDATE},
    /* A role that is no longer in ROLES gives no access and does not make a pending recruiter. */
    {"boss", false, AUTHP_OK, AUTHP_E_NOT_CANDIDATE},
    {"boss recruiter", false, AUTHP_E_RECRUITER_PENDING, AUTHP_E_NOT_CANDIDATE},
};

START_TEST(door)
{
    const door_row_t *row = &doors[_i];
    const authp_user_t *made = fixture_user(&f, "ada@example.org", NULL, false);
    authp_user_t *user = mem_store_user(f.store, made->id.hex);
    char *rest = apr_pstrdup(f.pool, row->roles);
    for (char *next = NULL, *role = apr_strtok(rest, " ", &next); role != NULL;
         role = apr_strtok(NULL, " ", &next)) {
        APR_ARRAY_PUSH(user->roles, const char *) = role;
    }
    user->is_recruiter_verified = row->verified;
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY), row->any);
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_CANDIDATE),
                     row->candidate);
    const char *reason = fixture_audit(&f, "login")->reason;
    ck_assert_pstr_eq(reason, row->candidate == AUTHP_OK ? NULL : authp_err_name(row->candidate));
    ck_assert_int_eq(login("ada@example.org", "wrong", AUTHP_DOOR_ANY),
                     AUTHP_E_INVALID_CREDENTIALS);
}
END_TEST

/* --- hashes of lower cost
 * ------------------------------------------------------------------------------- */
START_TEST(upgrades_the_hash)
{
    const authp_user_t *user = fixture_user(&f, "ada@example.org", "admin", false);
    const authp_user_t *row = mem_store_user(f.store, user->id.hex);
    const char *old = row->password_hash;
    f.settings->bcrypt_rounds = 6;
    ck_assert_int_eq(login("ada@example.org", "wrong", AUTHP_DOOR_ANY),
                     AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_str_eq(row->password_hash, old);
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 6);
    ck_assert_int_eq(row->ver, user->ver);
    const char *upgraded = row->password_hash;
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_str_eq(row->password_hash, upgraded);
    f.settings->bcrypt_rounds = 4; /* the cost is never lowered */
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_str_eq(row->password_hash, upgraded);
}
END_TEST

static void change_password(void *ctx)
{
    authp_user_t *row = ctx;
    row->password_hash = "$2y$04$changedchangedchangedchangedchangedchangedchangedchan";
    row->ver++;
    row->min_ver = row->ver;
}

/* The new password stays, and the sign-in that raced it gets no session. */
START_TEST(password_changed_meanwhile)
{
    const authp_user_t *user = fixture_user(&f, "ada@example.org", "admin", false);
    authp_user_t *row = mem_store_user(f.store, user->id.hex);
    const authp_login_t in = with("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY);
    authp_grant_t grant = {0};
    f.settings->bcrypt_rounds = 6;
    mem_store_before(f.store, "session_create", change_password, row);
    ck_assert_int_eq(authp_login_by_password(f.realm, &in, &fixture_client, &grant, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(row->password_hash), 4);
    authp_grant_t next = {0};
    ck_assert_int_eq(fixture_refresh(&f, grant.refresh_token, &next, f.pool),
                     AUTHP_E_REFRESH_INVALID);
}
END_TEST

/* --- the store fails
 * ------------------------------------------------------------------------------------- */
START_TEST(store_down)
{
    const authp_user_t *user = fixture_user(&f, "ada@example.org", "admin", false);
    mem_store_fail(f.store, "user_by_login", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
                     AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, "session_create", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(mem_store_audit_count(f.store, "login"), 0);
    /* Failures after the session is stored do not fail the sign-in. */
    mem_store_fail(f.store, "audit_append", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_int_eq(login("ada@example.org", "wrong", AUTHP_DOOR_ANY),
                     AUTHP_E_INVALID_CREDENTIALS);
    f.settings->bcrypt_rounds = 5;
    mem_store_fail(f.store, "user_upgrade_hash", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(login("ada@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(mem_store_user(f.store, user->id.hex)->password_hash), 4);
}
END_TEST

/* A refusal takes a multiple of 5 ms, however little work it needs. */
START_TEST(refusals_take_their_time)
{
    (void)fixture_user(&f, "ada@example.org", "admin", false);
    for (int i = 0; i < 12; i++) {
        struct timespec from;
        struct timespec to;
        const char *who = i % 2 == 0 ? "ada@example.org" : "nobody@example.org";
        ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &from), 0);
        ck_assert_int_eq(login(who, "wrong", AUTHP_DOOR_ANY), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &to), 0);
        long took = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
        ck_assert_msg(took >= 4900, "%s: refused after %ld microseconds", who, took);
    }
}
END_TEST

/* --- equal work, in CPU time of this process (other load on the machine does not matter)
 * --------------- */
static double cpu_of(const authp_login_t *in)
{
    struct timespec from;
    struct timespec to;
    double best = 1e9;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from), 0);
        ck_assert_int_eq(attempt(in), AUTHP_E_INVALID_CREDENTIALS);
        ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to), 0);
        double took = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        best = took < best ? took : best;
    }
    return best;
}

START_TEST(equal_work)
{
    char long_one[74];
    memset(long_one, 'x', sizeof(long_one));
    long_one[73] = '\0';
    (void)fixture_user(&f, "old@example.org", "admin", false); /* cost 4 */
    f.settings->bcrypt_rounds = 9;
    (void)fixture_user(&f, "ada@example.org", "admin", false);
    const authp_user_t *off = fixture_user(&f, "off@example.org", "admin", false);
    const authp_user_t *none = fixture_user(&f, "none@example.org", "admin", false);
    const authp_user_t *odd = fixture_user(&f, "odd@example.org", "admin", false);
    mem_store_user(f.store, off->id.hex)->disabled = true;
    mem_store_user(f.store, none->id.hex)->password_hash = NULL;
    mem_store_user(f.store, odd->id.hex)->password_hash = "$2y$31$not.a.hash";
    const authp_login_t unknown = with("nobody@example.org", "wrong", AUTHP_DOOR_ANY);
    const double base = cpu_of(&unknown);
    const authp_login_t rows[] = {
        with("ada@example.org", "wrong", AUTHP_DOOR_ANY),
        with("off@example.org", FIXTURE_PASSWORD, AUTHP_DOOR_ANY),
        with("none@example.org", "wrong", AUTHP_DOOR_ANY),
        with("odd@example.org", "wrong", AUTHP_DOOR_ANY),
        with("old@example.org", "wrong", AUTHP_DOOR_ANY),
        with("ada@example.org", long_one, AUTHP_DOOR_ANY),
        with("nobody@example.org", long_one, AUTHP_DOOR_ANY),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const double ratio = cpu_of(&rows[i]) / base;
        ck_assert_msg(ratio > 0.7 && ratio < 1.4, "row %zu: %.2f of an unknown user's work", i,
                      ratio);
    }
}
END_TEST

Suite *suite_login(void)
{
    Suite *suite = suite_create("login");
    TCase *rules = tcase_create("login");
    tcase_add_checked_fixture(rules, set_up, tear_down);
    tcase_add_test(rules, right_password);
    tcase_add_test(rules, by_username);
    tcase_add_test(rules, by_username_of_any_case);
    tcase_add_test(rules, refusals_are_alike);
    tcase_add_test(rules, stand_ins_open_nothing);
    tcase_add_loop_test(rules, door, 0, sizeof(doors) / sizeof(doors[0]));
    tcase_add_test(rules, upgrades_the_hash);
    tcase_add_test(rules, password_changed_meanwhile);
    tcase_add_test(rules, store_down);
    tcase_add_test(rules, refusals_take_their_time);
    tcase_add_test(rules, equal_work);
    suite_add_tcase(suite, rules);
    return suite;
}
