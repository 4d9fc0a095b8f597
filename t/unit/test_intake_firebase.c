/* SPDX-License-Identifier: Apache-2.0 */
/* What users.json of Firebase becomes, and the parameters of its hashes. */
#include "intake_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define BCRYPT "$2b$10$aaaaaaaaaaaaaaaaaaaaaOu.2RCQaC8dgrJ5zuTsJvjekNCE2D4WO"
#define KEY                                                                                        \
    "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
#define B16 "AAECAwQFBgcICQoLDA0ODw=="
#define B32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static apr_pool_t *pool;
static authp_intake_options_t options;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static intake_result_t read_as(const char *text)
{
    return intake_fixture_as(&options, "firebase", text, pool);
}

/* The account of a file with one entry; its notes must be `notes`. */
static const authp_user_t *one(const char *text, const char *notes)
{
    intake_result_t result = read_as(text);
    ck_assert_msg(result.err == AUTHP_E_NOT_FOUND, "%s", result.why);
    ck_assert_str_eq(result.notes, notes);
    return intake_fixture_user(&result, 0);
}

static void firebase_scrypt(void)
{
    options = (authp_intake_options_t){.hash_algo = "SCRYPT",
                                       .hash_key = KEY,
                                       .salt_separator = "Bw==",
                                       .rounds = "8",
                                       .mem_cost = "14"};
}

START_TEST(firebase)
{
    firebase_scrypt();
    const authp_user_t *user = one(
        "{\"users\": [\n{\"localId\":\"4VxQ0\",\"email\":\"Ada@example.org\","
        "\"emailVerified\":true,\"passwordHash\":\"" KEY "\",\"salt\":\"" B16 "\","
        "\"displayName\":\"Ada\",\"createdAt\":\"1609459200123\",\"disabled\":true,"
        "\"customAttributes\":\"{\\\"role\\\":\\\"admin\\\",\\\"roles\\\":[\\\"recruiter\\\"]}\","
        "\"providerUserInfo\":[{\"providerId\":\"google.com\",\"rawId\":\"1101\","
        "\"email\":\"ada@example.org\"},{\"providerId\":\"github.com\",\"rawId\":\"7\"},"
        "{\"providerId\":\"facebook.com\",\"rawId\":\"9\"}]}]}",
        "entry 1 (line 2): Ada@example.org: the identity at \"facebook.com\" is not taken "
        "over\n");
    ck_assert_str_eq(user->password_hash,
                     "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=" KEY "$" B16 "$" KEY);
    ck_assert_str_eq(apr_array_pstrcat(pool, user->roles, ','), "admin,recruiter");
    ck_assert_int_eq(user->created_at, 1609459200123LL);
    ck_assert(user->disabled && user->email_verified && user->is_recruiter_verified);
    ck_assert_str_eq(intake_fixture_identities(user, pool),
                     "google https://accounts.google.com 1101 ada@example.org, "
                     "github https://github.com 7 -");
}
END_TEST

#define FIREBASE_USER(hash)                                                                        \
    "{\"users\":[{\"localId\":\"1\",\"email\":\"a@example.org\",\"passwordHash\":\"" hash          \
    "\",\"salt\":\"" B16 "\"}]}"

START_TEST(firebase_algorithms)
{
    static const struct {
        authp_intake_options_t options;
        const char *hash;
    } rows[] = {
        {{.hash_algo = "scrypt", .hash_key = KEY, .rounds = "1", .mem_cost = "1"},
         "$fbscrypt$v=1,n=1,r=1,p=1,sk=" KEY "$" B16 "$" KEY},
        {{.hash_algo = "STANDARD_SCRYPT",
          .mem_cost = "1024",
          .block_size = "8",
          .parallelization = "16"},
         "$scrypt$ln=10,r=8,p=16$" B16 "$" B32},
        {{.hash_algo = "PBKDF2_SHA256", .rounds = "120000"}, "$pbkdf2-sha256$120000$" B16 "$" B32},
        {{.hash_algo = "SHA256", .rounds = "1"}, "$sha256$o=sp$" B16 "$" B32},
        {{.hash_algo = "SHA256", .rounds = "1", .hash_input_order = "password_first"},
         "$sha256$o=ps$" B16 "$" B32},
        {{.hash_algo = "NONE"}, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        options = rows[i].options;
        const char *note =
            rows[i].hash != NULL
                ? ""
                : "entry 1 (line 1): a@example.org: the password hash cannot be used "
                  "(--hash-algo is NONE): imported without a password\n";
        const authp_user_t *user = one(i == 0 ? FIREBASE_USER(KEY) : FIREBASE_USER(B32), note);
        ck_assert_pstr_eq(user->password_hash, rows[i].hash);
    }
    /* Firebase keeps the base64 of the text of a bcrypt hash. */
    options = (authp_intake_options_t){.hash_algo = "BCRYPT"};
    const authp_user_t *user =
        one("{\"users\":[{\"localId\":\"1\",\"email\":\"a@example.org\",\"passwordHash\":"
            "\"JDJiJDEwJGFhYWFhYWFhYWFhYWFhYWFhYWFhYU91LjJSQ1FhQzhkZ3JKNXp1VHNKdmpla05DRTJENFdP\""
            "}]}",
            "");
    ck_assert_str_eq(user->password_hash, BCRYPT);
}
END_TEST

START_TEST(firebase_hashes_that_cannot_be_read)
{
    static const char *const members[] = {
        "\"passwordHash\":\"" B32 "\"",
        "\"passwordHash\":\"" B32 "\",\"salt\":\"a$b\"",
        "\"passwordHash\":\"$2b$10$\",\"salt\":\"" B16 "\"",
    };
    for (size_t i = 0; i < LENGTH(members); i++) {
        firebase_scrypt();
        const authp_user_t *user = one(
            apr_pstrcat(pool, "{\"users\":[{\"email\":\"a@example.org\",", members[i], "}]}", NULL),
            "entry 1 (line 1): a@example.org: the password hash cannot be used (its hash or "
            "salt is not base64): imported without a password\n");
        ck_assert_ptr_null(user->password_hash);
    }
}
END_TEST

START_TEST(firebase_parameters)
{
    static const struct {
        authp_intake_options_t options;
        const char *why;
    } rows[] = {
        {{.hash_key = KEY}, "--format firebase needs --hash-algo"},
        {{.hash_algo = "HMAC_SHA512"}, "--hash-algo is not one whose hashes can be verified"},
        {{.hash_algo = "SCRYPT", .rounds = "8", .mem_cost = "14"},
         "--hash-algo SCRYPT needs --hash-key"},
        {{.hash_algo = "SCRYPT", .hash_key = "a$b", .rounds = "8", .mem_cost = "14"},
         "--hash-algo SCRYPT needs --hash-key"},
        {{.hash_algo = "SCRYPT", .hash_key = KEY, .rounds = "9", .mem_cost = "14"},
         "--hash-algo SCRYPT needs --rounds from 1 to 8"},
        {{.hash_algo = "SCRYPT", .hash_key = KEY, .rounds = "0", .mem_cost = "14"},
         "--hash-algo SCRYPT needs --rounds from 1 to 8"},
        {{.hash_algo = "SCRYPT", .hash_key = KEY, .rounds = "8", .mem_cost = "15"},
         "--hash-algo SCRYPT needs --mem-cost from 1 to 14"},
        {{.hash_algo = "SCRYPT", .hash_key = KEY, .rounds = "8"},
         "--hash-algo SCRYPT needs --mem-cost from 1 to 14"},
        {{.hash_algo = "SCRYPT",
          .hash_key = KEY,
          .salt_separator = "$",
          .rounds = "8",
          .mem_cost = "14"},
         "--salt-separator is not base64"},
        {{.hash_algo = "STANDARD_SCRYPT", .mem_cost = "1024", .block_size = "8"},
         "--hash-algo STANDARD_SCRYPT needs --block-size and --parallelization"},
        {{.hash_algo = "PBKDF2_SHA256"}, "--hash-algo PBKDF2_SHA256 needs --rounds"},
        {{.hash_algo = "BCRYPT", .dk_len = "x"}, "--dk-len is the length"},
        {{.hash_algo = "SHA256", .rounds = "2"}, "--hash-algo SHA256 needs --rounds from 1 to 1"},
        {{.hash_algo = "SHA512", .rounds = "1", .hash_input_order = "SALT"},
         "--hash-input-order is SALT_FIRST or PASSWORD_FIRST"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        options = rows[i].options;
        intake_result_t result = read_as(FIREBASE_USER(B32));
        ck_assert_int_eq(result.err, AUTHP_E_VALIDATION_FAILED);
        ck_assert_msg(strncmp(result.why, rows[i].why, strlen(rows[i].why)) == 0, "%s", result.why);
        ck_assert_ptr_null(strstr(result.why, "a$b"));
    }
}
END_TEST

/* The largest parameters that Firebase's options may have, and one more. */
START_TEST(largest_parameters)
{
    static const struct {
        authp_intake_options_t good;
        authp_intake_options_t bad;
    } pairs[] = {
        {{.hash_algo = "PBKDF2_SHA256", .rounds = "2000000"},
         {.hash_algo = "PBKDF2_SHA256", .rounds = "2000001"}},
        {{.hash_algo = "SHA512", .rounds = "1", .hash_input_order = "salt_first"},
         {.hash_algo = "SHA512", .rounds = "0", .hash_input_order = "salt_first"}},
        {{.hash_algo = "STANDARD_SCRYPT",
          .mem_cost = "16777216",
          .block_size = "1024",
          .parallelization = "1024"},
         {.hash_algo = "STANDARD_SCRYPT",
          .mem_cost = "16777217",
          .block_size = "1024",
          .parallelization = "1024"}},
        {{.hash_algo = "STANDARD_SCRYPT",
          .mem_cost = "2",
          .block_size = "1",
          .parallelization = "1",
          .dk_len = "1024"},
         {.hash_algo = "STANDARD_SCRYPT",
          .mem_cost = "2",
          .block_size = "1025",
          .parallelization = "1"}},
        {{.hash_algo = "BCRYPT", .dk_len = "1"},
         {.hash_algo = "STANDARD_SCRYPT",
          .mem_cost = "2",
          .block_size = "1",
          .parallelization = "1025"}},
        {{.hash_algo = "NONE", .rounds = "x", .mem_cost = "x"},
         {.hash_algo = "BCRYPT", .dk_len = "1025"}},
        {{.hash_algo = "SCRYPT",
          .hash_key = B16,
          .salt_separator = "",
          .rounds = "000000008",
          .mem_cost = "14"},
         {.hash_algo = "SCRYPT", .hash_key = B16, .rounds = "0000000008", .mem_cost = "14"}},
        {{.hash_algo = "none"}, {.hash_algo = "NONE", .salt_separator = "a b"}},
    };
    options = pairs[_i].good;
    options.format = "firebase";
    ck_assert_pstr_eq(authp_intake_check(&options, pool), NULL);
    options = pairs[_i].bad;
    options.format = "firebase";
    ck_assert_ptr_nonnull(authp_intake_check(&options, pool));
}
END_TEST

/* Each parameter of Firebase's hashes is refused with a format that has none, also alone. */
START_TEST(parameters_of_others)
{
    static const authp_intake_options_t alone[] = {
        {.hash_algo = "NONE"}, {.hash_key = KEY},  {.salt_separator = "Bw=="},
        {.rounds = "8"},       {.mem_cost = "14"}, {.parallelization = "1"},
        {.block_size = "8"},   {.dk_len = "64"},   {.hash_input_order = "SALT_FIRST"},
    };
    static const char *const formats[] = {"csv", "auth0", "supabase", "keycloak", NULL};
    for (size_t i = 0; i < LENGTH(alone); i++) {
        for (size_t k = 0; k < LENGTH(formats); k++) { /* NULL: a file of this program */
            options = alone[i];
            options.format = formats[k];
            ck_assert_pstr_eq(
                authp_intake_check(&options, pool),
                "the parameters of hashes (--hash-algo ...) are for --format firebase");
        }
    }
    for (size_t k = 0; k < LENGTH(formats); k++) {
        options = (authp_intake_options_t){.format = formats[k]};
        ck_assert_ptr_null(authp_intake_check(&options, pool));
    }
}
END_TEST

Suite *suite_intake_firebase(void)
{
    Suite *suite = suite_create("intake_firebase");
    TCase *tests = tcase_create("firebase");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, firebase);
    tcase_add_test(tests, firebase_algorithms);
    tcase_add_test(tests, firebase_hashes_that_cannot_be_read);
    tcase_add_test(tests, firebase_parameters);
    tcase_add_loop_test(tests, largest_parameters, 0, 8);
    tcase_add_test(tests, parameters_of_others);
    suite_add_tcase(suite, tests);
    return suite;
}
