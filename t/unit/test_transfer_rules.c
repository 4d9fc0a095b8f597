/* SPDX-License-Identifier: Apache-2.0 */
/* When both an account and its row in a file have changed since they were the same. */
#include "service/transfer/transfer_rules.h"

#include "suite.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <check.h>
#include <string.h>

static apr_pool_t *pool;

static void set_up(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
}

static authp_user_t account(void)
{
    authp_user_t user = {.email = "ada@example.org",
                         .name = "Ada",
                         .password_hash = "$2b$04$one",
                         .roles = apr_array_make(pool, 1, sizeof(const char *)),
                         .ver = 8,
                         .auth_changed_at = 80,
                         .updated_at = 100};
    APR_ARRAY_PUSH(user.roles, const char *) = "admin";
    return user;
}

/* What gives rights, or takes them. */
static void change(authp_user_t *user, int which)
{
    user->password_hash = which == 0 ? "$2b$04$two" : user->password_hash;
    user->disabled = which == 1;
    user->roles = which == 2 ? apr_array_make(pool, 1, sizeof(const char *)) : user->roles;
    user->is_recruiter_verified = which == 3;
    user->email_verified = which == 4;
    user->email = which == 5 ? "bob@example.org" : user->email;
    user->phone = which == 6 ? "+919876543210" : user->phone;
}
#define RIGHTS 7
#define PHONE 6 /* a file of another system does not bring it back */

static const struct {
    int64_t ver; /* of the row; the stored account's is 8 */
    authp_ms_t auth_changed_at;
    authp_ms_t updated_at;
    const char *said; /* NULL: nothing */
} cases[] = {
    {7, 70, 101, "changed in this store, and something in the file later"},
    {8, 81, 101, "changed in this store, and something in the file later"},
    {8, 79, 101, "changed in this store, and something in the file later"},
    {9, 81, 99, "changed in the file, and something in this store later"},
    {9, 81, 100, "changed in the file, and something in this store later"},
    {8, 81, 99, "changed in the file, and something in this store later"},
    {9, 81, 101, NULL}, /* the file has all changes */
    {7, 70, 99, NULL},  /* the store has */
    {8, 80, 101, NULL}, /* a hash that was made anew at a sign-in */
    {8, 80, 99, NULL},
};

START_TEST(changed_on_both_sides)
{
    for (int which = 0; which < RIGHTS; which++) {
        const authp_user_t stored = account();
        authp_user_t row = account();
        row.ver = cases[_i].ver;
        row.auth_changed_at = cases[_i].auth_changed_at;
        row.updated_at = cases[_i].updated_at;
        row.name = "Countess";
        ck_assert_ptr_null(authp_transfer_rules_parted(&stored, &row));
        change(&row, which);
        const char *said = authp_transfer_rules_parted(&stored, &row);
        if (cases[_i].said == NULL) {
            ck_assert_ptr_null(said);
        } else {
            ck_assert_ptr_nonnull(said);
            ck_assert_msg(strstr(said, cases[_i].said) != NULL, "%s", said);
        }
    }
}
END_TEST

/* The other system does not count its changes. A change here is one of a later time than that of
 * the account's making, unless the last import made it: then auth_changed_at is after updated_at.
 */
static const struct {
    int64_t ver;
    authp_ms_t auth_changed_at;
    authp_ms_t updated_at; /* the file's is 200 */
    bool said;
} foreign[] = {
    {1, 10, 100, false},  /* as it was imported */
    {1, 11, 100, true},   /* changed here */
    {2, 100, 100, true},  /* changed here */
    {2, 10, 100, true},   /* changed here */
    {2, 100, 199, true},  /* and then something else was */
    {2, 150, 100, false}, /* replaced by an import */
    {2, 100, 200, false}, /* later than the file, which replaces nothing */
};

START_TEST(changed_here_since_a_foreign_import)
{
    const authp_scheme_t scheme = {.rounds = 4};
    for (int which = 0; which < PHONE; which++) {
        authp_user_t stored = account();
        stored.created_at = 10;
        stored.ver = stored.min_ver = foreign[_i].ver;
        stored.auth_changed_at = foreign[_i].auth_changed_at;
        stored.updated_at = foreign[_i].updated_at;
        authp_user_t file = account();
        file.ver = file.min_ver = 1;
        file.created_at = file.auth_changed_at = 10;
        file.updated_at = 200;
        file.name = "Countess";
        authp_user_t row = authp_transfer_rules_adopt(&stored, &file, &scheme);
        ck_assert_ptr_null(authp_transfer_rules_parted_foreign(&stored, &row));
        authp_user_t after = authp_transfer_rules_merge(&stored, &row, 300);
        ck_assert_int_eq(after.ver, stored.ver);
        ck_assert_int_eq(after.auth_changed_at, stored.auth_changed_at);
        change(&file, which);
        row = authp_transfer_rules_adopt(&stored, &file, &scheme);
        ck_assert_int_eq(authp_transfer_rules_parted_foreign(&stored, &row) != NULL,
                         foreign[_i].said);
        after = authp_transfer_rules_merge(&stored, &row, 300);
        ck_assert_int_eq(after.ver, stored.ver + 1);
        ck_assert_int_eq(after.auth_changed_at, 300);
    }
}
END_TEST

#define REST "aaaaaaaaaaaaaaaaaaaaaOu.2RCQaC8dgrJ5zuTsJvjekNCE2D4WO"
#define OURS "$2b$06$" REST
static const struct {
    const char *stored;
    const char *file;
    bool kept;
} hashes[] = {
    {OURS, "$2y$05$" REST, true},            /* made at a sign-in here */
    {OURS, "$pbkdf2$two", true},             /* the same */
    {OURS, NULL, true},                      /* the file has none */
    {"$2y$05$" REST, "$2y$04$" REST, false}, /* both are of the other system */
    {"$2y$05$" REST, "$2b$06$" REST, false},
    {OURS, "$2b$07$" REST, false}, /* from where the stored one is cannot be seen */
    {NULL, "$2y$05$" REST, false},
};

START_TEST(the_hash_of_a_foreign_import)
{
    const authp_scheme_t scheme = {.rounds = 6};
    authp_user_t stored = account();
    authp_user_t file = account();
    stored.phone = "+15550100";
    stored.phone_used_at = 7;
    stored.profiles = "{\"seeker\":{}}";
    stored.recruiter_requested_at = 5;
    stored.password_hash = hashes[_i].stored;
    file.password_hash = hashes[_i].file;
    file.identities = apr_array_make(pool, 1, sizeof(authp_identity_t));
    authp_user_t row = authp_transfer_rules_adopt(&stored, &file, &scheme);
    ck_assert_pstr_eq(row.password_hash, hashes[_i].kept ? hashes[_i].stored : hashes[_i].file);
    ck_assert_pstr_eq(row.phone, "+15550100");
    ck_assert_int_eq(row.phone_used_at, 7);
    ck_assert_pstr_eq(row.profiles, "{\"seeker\":{}}");
    ck_assert_int_eq(row.recruiter_requested_at, 5);
    ck_assert_ptr_null(row.identities); /* none that was removed here comes back */
}
END_TEST

/* A number that was taken from an account here stays away, whatever a file has. */
START_TEST(the_phone_number_of_a_foreign_import)
{
    static const struct {
        const char *stored;
        const char *file;
        int64_t ver;
        const char *after;
        authp_ms_t used;
    } numbers[] = {{NULL, "+919876543210", 1, "+919876543210", 7},
                   {NULL, "+919876543210", 2, NULL, 3},
                   {"+919876543211", "+919876543210", 1, "+919876543211", 3},
                   {"+919876543211", NULL, 1, "+919876543211", 3}};
    const authp_scheme_t scheme = {.rounds = 6};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        authp_user_t stored = account();
        authp_user_t file = account();
        stored.created_at = stored.auth_changed_at = stored.updated_at = 10;
        stored.ver = numbers[i].ver;
        stored.phone = numbers[i].stored;
        stored.phone_used_at = 3;
        file.phone = numbers[i].file;
        file.phone_used_at = 7;
        authp_user_t row = authp_transfer_rules_adopt(&stored, &file, &scheme);
        ck_assert_pstr_eq(row.phone, numbers[i].after);
        ck_assert_int_eq(row.phone_used_at, numbers[i].used);
    }
}
END_TEST

static apr_array_header_t *roles_of(const char *role)
{
    apr_array_header_t *roles = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = role;
    return roles;
}

/* Sessions that a one-time code may have opened must not become those of an administrator. */
static const struct {
    const char *phone; /* of the stored account */
    const char *before;
    const char *after;
    int64_t ver; /* of the row; the stored account's is 8 */
    bool ends;
} promotions[] = {
    {"+919876543210", "seeker", "admin", 8, true},
    {"+919876543210", "seeker", "admin", 9, true},
    {"+919876543210", "seeker", "admin", 7, true},
    {"+919876543210", "seeker", "provider", 9, false},
    {"+919876543210", "admin", "seeker", 9, false},
    {"+919876543210", "admin", "admin", 9, false},
    {NULL, "seeker", "admin", 9, false},
};

START_TEST(administrators_outgrow_codes)
{
    authp_user_t stored = account();
    authp_user_t row = account();
    stored.phone = promotions[_i].phone;
    stored.roles = roles_of(promotions[_i].before);
    stored.min_ver = row.min_ver = 3;
    row.phone = "+919876543210";
    row.roles = roles_of(promotions[_i].after);
    row.ver = promotions[_i].ver;
    row.updated_at = 101;
    const authp_user_t after = authp_transfer_rules_merge(&stored, &row, 300);
    ck_assert_int_eq(after.ver, promotions[_i].ver > 8 ? promotions[_i].ver : 9);
    /* Tokens and sessions of the stored account have at most its ver. */
    ck_assert_int_eq(after.min_ver, promotions[_i].ends ? after.ver : 3);
}
END_TEST

/* Both were changed since they were the same account: the sessions of the stored one end if its
 * password or lock is not the row's. A change that gives no rights keeps the later time. */
static const struct {
    int which; /* -1: nothing that gives rights */
    int64_t ver;
    authp_ms_t changed; /* auth_changed_at of the row; the stored account's is 80 */
    int64_t min_ver;    /* afterwards */
    int64_t ver_after;
    authp_ms_t changed_after;
} merged[] = {
    {0, 7, 70, 9, 9, 300}, /* password */
    {1, 7, 70, 9, 9, 300}, /* locked */
    {2, 7, 70, 3, 9, 300}, /* roles */
    {0, 8, 70, 3, 9, 300}, /* the file has all changes of the store */
    {1, 9, 70, 3, 9, 300}, {-1, 8, 70, 3, 8, 80}, {-1, 8, 90, 3, 8, 90}, {-1, 10, 90, 3, 10, 300},
};

START_TEST(sessions_after_a_merge)
{
    authp_user_t stored = account();
    authp_user_t row = account();
    stored.min_ver = row.min_ver = 3;
    row.ver = merged[_i].ver;
    row.auth_changed_at = merged[_i].changed;
    change(&row, merged[_i].which);
    authp_user_t after = authp_transfer_rules_merge(&stored, &row, 300);
    ck_assert_int_eq(after.min_ver, merged[_i].min_ver);
    ck_assert_int_eq(after.ver, merged[_i].ver_after);
    ck_assert_int_eq(after.auth_changed_at, merged[_i].changed_after);
    /* An account that the file unlocks keeps its sessions: it had none. */
    stored.disabled = true;
    row = account();
    row.ver = 7;
    row.min_ver = 3;
    ck_assert_int_eq(authp_transfer_rules_merge(&stored, &row, 300).min_ver, 3);
    /* A min_ver of either side counts. */
    row.min_ver = 5;
    ck_assert_int_eq(authp_transfer_rules_merge(&stored, &row, 300).min_ver, 5);
    stored.min_ver = 6;
    ck_assert_int_eq(authp_transfer_rules_merge(&stored, &row, 300).min_ver, 6);
}
END_TEST

/* An entry of the audit does not change: one with the same id stays as it is. */
START_TEST(entries_of_the_audit)
{
    const authp_audit_t stored = {.id = {"665f1c2e9b1d4a0012345678"}, .at = 1, .event = "login"};
    authp_audit_t row = stored;
    ck_assert_int_eq(authp_transfer_rules_decide(&authp_columns_audit, &stored, &row),
                     AUTHP_PUT_UNCHANGED);
    row.event = "logout";
    row.at = 2;
    ck_assert_int_eq(authp_transfer_rules_decide(&authp_columns_audit, &stored, &row),
                     AUTHP_PUT_KEPT);
}
END_TEST

Suite *suite_transfer_rules(void)
{
    Suite *suite = suite_create("transfer_rules");
    TCase *tests = tcase_create("transfer_rules");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, changed_on_both_sides, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_loop_test(tests, changed_here_since_a_foreign_import, 0,
                        (int)(sizeof(foreign) / sizeof(foreign[0])));
    tcase_add_loop_test(tests, the_hash_of_a_foreign_import, 0,
                        (int)(sizeof(hashes) / sizeof(hashes[0])));
    tcase_add_loop_test(tests, sessions_after_a_merge, 0,
                        (int)(sizeof(merged) / sizeof(merged[0])));
    tcase_add_test(tests, the_phone_number_of_a_foreign_import);
    tcase_add_test(tests, entries_of_the_audit);
    tcase_add_loop_test(tests, administrators_outgrow_codes, 0,
                        (int)(sizeof(promotions) / sizeof(promotions[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
