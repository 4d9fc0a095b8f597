/* SPDX-License-Identifier: Apache-2.0 */
/* What each system's export becomes. t/cli/imports has whole files, whose passwords are tried by
 * t/cli/ tests. */
#include "intake_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))
#define BCRYPT "$2b$10$aaaaaaaaaaaaaaaaaaaaaOu.2RCQaC8dgrJ5zuTsJvjekNCE2D4WO"
#define B16 "AAECAwQFBgcICQoLDA0ODw=="
#define B32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static intake_result_t read_as(const char *format, const char *text)
{
    const authp_intake_options_t options = {0};
    return intake_fixture_as(&options, format, text, pool);
}

/* The account of a file with one entry; its notes must be `notes`. */
static const authp_user_t *one(const char *format, const char *text, const char *notes)
{
    intake_result_t result = read_as(format, text);
    ck_assert_msg(result.err == AUTHP_E_NOT_FOUND, "%s", result.why);
    ck_assert_str_eq(result.notes, notes);
    return intake_fixture_user(&result, 0);
}

static const char *left_out(const char *format, const char *text)
{
    intake_result_t result = read_as(format, text);
    ck_assert_int_eq(result.err, AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(result.users->nelts, 1);
    ck_assert_ptr_null(APR_ARRAY_IDX(result.users, 0, authp_user_t *));
    return result.notes;
}

static const char *identities(const authp_user_t *user)
{
    return intake_fixture_identities(user, pool);
}

/* --- Auth0 ------------------------------------------------------------------------------------ */

START_TEST(auth0_exports)
{
    const authp_user_t *user =
        one("auth0",
            "{\"_id\":{\"$oid\":\"5dea9f9c82dd7c0e76e4ec93\"},\"email_verified\":true,"
            "\"email\":\"nia@example.org\",\"passwordHash\":\"" BCRYPT "\"}\n",
            "");
    ck_assert_str_eq(user->password_hash, BCRYPT);
    ck_assert(user->email_verified);
    ck_assert_int_eq(user->created_at, 0x5dea9f9cLL * 1000);
    /* The profile of the same person has the same row id. */
    const authp_user_t *profile =
        one("auth0",
            "{\"user_id\":\"auth0|5dea9f9c82dd7c0e76e4ec93\",\"email\":\"nia@example.org\","
            "\"name\":\"nia@example.org\",\"given_name\":\"Nia\",\"family_name\":\"N\","
            "\"created_at\":\"2019-12-06T18:36:12.399Z\",\"blocked\":true,"
            "\"app_metadata\":{\"roles\":[\"recruiter\"]},"
            "\"user_metadata\":{\"roles\":[\"admin\"]},"
            "\"identities\":[{\"user_id\":\"5dea\",\"provider\":\"auth0\"},"
            "{\"user_id\":583231,\"provider\":\"github\"},"
            "{\"user_id\":\"1101\",\"provider\":\"google-oauth2\",\"profileData\":"
            "{\"email\":\"n@example.org\"}}]}",
            "");
    ck_assert_str_eq(profile->id.hex, user->id.hex);
    ck_assert_str_eq(profile->name, "Nia N");
    ck_assert(profile->disabled);
    ck_assert_str_eq(apr_array_pstrcat(pool, profile->roles, ','), "recruiter");
    ck_assert_str_eq(identities(profile), "github https://github.com 583231 -, google "
                                          "https://accounts.google.com 1101 n@example.org");
}
END_TEST

START_TEST(auth0_identifiers)
{
    const authp_user_t *user =
        one("auth0",
            "{\"_id\":{\"$oid\":\"5deaa01f82dd7c0e76e4ec94\"},\"alt_id\":\"euclid\","
            "\"created_at\":{\"$date\":\"2019-12-06T18:38:23.001Z\"},\"identifiers\":["
            "{\"type\":\"phone_number\",\"value\":\"+1555\"},"
            "{\"type\":\"email\",\"value\":\"omar@example.org\",\"verified\":true},"
            "{\"type\":\"username\",\"value\":\"omar\"}],\"multifactor\":[\"guardian\"]}",
            "entry 1 (line 1): omar@example.org: its second factor is not taken over\n");
    ck_assert_str_eq(user->email, "omar@example.org");
    ck_assert_str_eq(user->username, "omar");
    ck_assert(user->email_verified);
    ck_assert_int_eq(user->created_at, 1575657503001LL);
    /* The account's own address and username win, and whether its own address was verified. */
    user = one("auth0",
               "{\"user_id\":\"auth0|1\",\"email\":\"ada@example.org\",\"username\":\"ada\","
               "\"email_verified\":false,\"identifiers\":["
               "{\"type\":\"email\",\"value\":\"eve@example.org\",\"verified\":true},"
               "{\"type\":\"username\",\"value\":\"eve\"}]}",
               "");
    ck_assert_str_eq(user->email, "ada@example.org");
    ck_assert_str_eq(user->username, "ada");
    ck_assert(!user->email_verified);
}
END_TEST

START_TEST(auth0_custom_hashes)
{
    static const struct {
        const char *custom;
        const char *hash;
    } rows[] = {
        {"\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"" BCRYPT "\"}", BCRYPT},
        {"\"algorithm\":\"sha256\",\"hash\":{\"value\":\"" B32 "\",\"encoding\":\"base64\"}",
         "$sha256$o=sp$$" B32},
        {"\"algorithm\":\"sha256\",\"hash\":{\"value\":\"" B32 "\",\"encoding\":\"base64\"},"
         "\"salt\":{\"value\":\"00ff\",\"encoding\":\"hex\",\"position\":\"suffix\"}",
         "$sha256$o=ps$AP8$" B32},
        {"\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"000102030405060708090a0b0c0d0e0f\"},"
         "\"salt\":{\"value\":\"bath\",\"encoding\":\"utf8\"},\"keylen\":16,\"cost\":16384,"
         "\"blockSize\":8,\"parallelization\":2",
         "$scrypt$ln=14,r=8,p=2$YmF0aA$AAECAwQFBgcICQoLDA0ODw"},
        {"\"algorithm\":\"scrypt\",\"hash\":{\"value\":\"000102030405060708090a0b0c0d0e0f\"},"
         "\"salt\":{\"value\":\"b\"},"
         "\"cost\":1000,\"blockSize\":8,\"parallelization\":1",
         NULL},
        {"\"algorithm\":\"sha256\",\"hash\":{\"value\":\"xyz\",\"encoding\":\"hex\"}", NULL},
        {"\"algorithm\":\"sha256\",\"hash\":{\"value\":\"00\"},\"salt\":{\"value\":\"0\","
         "\"encoding\":\"hex\"}",
         NULL},
        {"\"algorithm\":\"md5\",\"hash\":{\"value\":\"00\"}", NULL},
        {"\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"" BCRYPT
         "\"},\"password\":{\"encoding\":\"utf16le\"}",
         NULL},
        {"\"algorithm\":\"bcrypt\"", NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        intake_result_t result = read_as(
            "auth0",
            apr_psprintf(pool, "[{\"email\":\"a@example.org\",\"custom_password_hash\":{%s}}]",
                         rows[i].custom));
        const authp_user_t *user = intake_fixture_user(&result, 0);
        ck_assert_pstr_eq(user->password_hash, rows[i].hash);
        ck_assert_int_eq(*result.notes == '\0', rows[i].hash != NULL);
    }
}
END_TEST

/* --- Supabase --------------------------------------------------------------------------------- */

START_TEST(supabase)
{
    static const char *const files[] = {
        "id,email,encrypted_password,email_confirmed_at,raw_app_meta_data,raw_user_meta_data,role,"
        "created_at,updated_at,banned_until,deleted_at,is_anonymous,identities\n"
        "6f1d,vera@example.org," BCRYPT ",2023-01-02 03:05:06.123456+00,"
        "\"{\"\"role\"\": \"\"recruiter\"\", \"\"provider\"\": \"\"email\"\"}\","
        "\"{\"\"full_name\"\": \"\"Vera\"\", \"\"role\"\": \"\"admin\"\"}\",authenticated,"
        "2023-01-02 03:04:05.678901+00,2023-06-07 08:09:10.5+02,2024-01-01 00:00:00+00,,f,"
        "\"[{\"\"provider\"\":\"\"keycloak\"\",\"\"identity_data\"\":{\"\"sub\"\":\"\"s\"\","
        "\"\"iss\"\":\"\"https://id.corp.example/realms/acme\"\"}}]\"\n",
        "[{\"id\":\"6f1d\",\"email\":\"vera@example.org\",\"encrypted_password\":\"" BCRYPT "\","
        "\"email_confirmed_at\":\"2023-01-02T03:05:06.123456+00:00\",\"raw_app_meta_data\":"
        "{\"role\":\"recruiter\",\"provider\":\"email\"},\"raw_user_meta_data\":"
        "{\"full_name\":\"Vera\",\"role\":\"admin\"},\"role\":\"authenticated\","
        "\"created_at\":\"2023-01-02T03:04:05.678901+00:00\","
        "\"updated_at\":\"2023-06-07T06:09:10.5+00:00\",\"banned_until\":null,"
        "\"deleted_at\":null,\"is_anonymous\":false,\"identities\":[{\"provider\":\"email\","
        "\"identity_data\":{\"sub\":\"6f1d\"}},{\"provider\":\"keycloak\",\"identity_data\":"
        "{\"sub\":\"s\",\"iss\":\"https://id.corp.example/realms/acme\"}}]}]",
    };
    for (size_t i = 0; i < LENGTH(files); i++) {
        const authp_user_t *user = one("supabase", files[i], "");
        ck_assert_str_eq(user->password_hash, BCRYPT);
        ck_assert_str_eq(user->name, "Vera");
        ck_assert_str_eq(apr_array_pstrcat(pool, user->roles, ','), "recruiter");
        ck_assert(user->email_verified && !user->disabled);
        ck_assert_int_eq(user->created_at, 1672628645678LL);
        ck_assert_int_eq(user->updated_at, 1686118150500LL);
        /* The provider has the name that the settings give it. */
        ck_assert_str_eq(identities(user), "corp https://id.corp.example/realms/acme s -");
    }
}
END_TEST

START_TEST(supabase_accounts_that_are_none)
{
    ck_assert_str_eq(left_out("supabase", "[{\"id\":\"1\",\"is_anonymous\":true}]"),
                     "entry 1 (line 1): 1: the account is anonymous: skipped\n");
    ck_assert_str_eq(left_out("supabase", "[{\"id\":\"1\",\"email\":\"a@example.org\","
                                          "\"deleted_at\":\"2024-01-01T00:00:00Z\"}]"),
                     "entry 1 (line 1): a@example.org: the account was deleted: skipped\n");
    ck_assert_str_eq(
        left_out("supabase", "[{\"id\":\"1\",\"phone\":\"1555\",\"email\":null}]"),
        "entry 1 (line 1): 1: there is no e-mail address, no username and no phone number: skipped\n");
    const authp_user_t *user = one(
        "supabase", "{\"email\":\"a@example.org\",\"banned_until\":\"2999-01-01T00:00:00Z\"}", "");
    ck_assert(user->disabled && !user->email_verified);
    ck_assert(one("supabase", "{\"email\":\"a@example.org\",\"banned_until\":\"infinity\"}", "")
                  ->disabled);
    intake_result_t result = read_as("supabase", "id,email\n1,a@example.org\n");
    ck_assert_int_eq(result.err, AUTHP_E_MALFORMED);
    ck_assert_str_eq(result.why, "line 1: the line of names has no column \"encrypted_password\"");
}
END_TEST

START_TEST(supabase_identities)
{
    const authp_user_t *user = one(
        "supabase",
        "{\"email\":\"a@example.org\",\"identities\":["
        "{\"provider\":\"google\",\"identity_data\":{\"sub\":\"1\"}},"
        "{\"provider\":\"google\",\"identity_data\":{\"sub\":\"2\"}},"
        "{\"provider\":\"azure\",\"identity_data\":{\"sub\":\"3\",\"iss\":\"https://az.example\"}},"
        "{\"provider\":\"Odd Name\",\"identity_data\":{\"sub\":\"4\",\"iss\":\"https://odd.example\"}},"
        "{\"provider\":\"discord\",\"identity_data\":{\"sub\":\"5\"}},"
        "{\"provider\":\"github\",\"identity_data\":{}}]}",
        "entry 1 (line 1): a@example.org: the identity at \"discord\" is not taken over\n"
        "entry 1 (line 1): a@example.org: the identity at \"github\" is not taken over\n"
        "entry 1 (line 1): a@example.org: an identity at a provider is not taken over\n"
        "entry 1 (line 1): a@example.org: an identity at a provider is not taken over\n");
    ck_assert_str_eq(identities(user), "google https://accounts.google.com 1 -, "
                                       "azure https://az.example 3 -");
}
END_TEST

/* --- Keycloak --------------------------------------------------------------------------------- */

#define SECRET "\"secretData\":\"{\\\"value\\\":\\\"" B32 "\\\",\\\"salt\\\":\\\"" B16 "\\\"}\""

START_TEST(keycloak)
{
    const authp_user_t *user =
        one("keycloak",
            "{\"realm\":\"acme\",\"users\":[{\"id\":\"0a1b\",\"username\":\"betty\","
            "\"firstName\":\"Betty\",\"lastName\":\"Holberton\",\"email\":\"betty@example.org\","
            "\"emailVerified\":true,\"createdTimestamp\":1690000001456,\"enabled\":false,"
            "\"credentials\":[{\"type\":\"password\"," SECRET ",\"credentialData\":"
            "\"{\\\"hashIterations\\\":27500,\\\"algorithm\\\":\\\"pbkdf2-sha256\\\"}\"},"
            "{\"type\":\"otp\"}],\"realmRoles\":[\"default-roles-acme\",\"offline_access\","
            "\"uma_authorization\",\"recruiter\"],\"clientRoles\":{\"shop\":[\"admin\"]},"
            "\"federatedIdentities\":[{\"identityProvider\":\"google\",\"userId\":\"11\","
            "\"userName\":\"b\"},{\"identityProvider\":\"saml\",\"userId\":\"G\"}]}]}",
            "entry 1 (line 1): betty@example.org: the identity at \"saml\" is not taken over\n"
            "entry 1 (line 1): betty@example.org: its second factor is not taken over\n");
    ck_assert_str_eq(user->password_hash, "$pbkdf2-sha256$27500$" B16 "$" B32);
    ck_assert_str_eq(user->name, "Betty Holberton");
    ck_assert_str_eq(user->username, "betty");
    ck_assert_str_eq(apr_array_pstrcat(pool, user->roles, ','), "recruiter");
    ck_assert(user->disabled && user->email_verified);
    ck_assert_int_eq(user->created_at, 1690000001456LL);
    ck_assert_str_eq(identities(user), "google https://accounts.google.com 11 -");
}
END_TEST

#define ARGON2(memory, lanes)                                                                      \
    "\\\"hashIterations\\\":5,\\\"algorithm\\\":\\\"argon2\\\",\\\"additionalParameters\\\":"      \
    "{\\\"memory\\\":[\\\"" memory "\\\"],\\\"parallelism\\\":[\\\"" lanes "\\\"]}"
#define UNREADABLE "its salt, hash or parameters cannot be read"

/* Numbers of Argon2 have at most nine digits. */
START_TEST(keycloak_hashes)
{
    static const struct {
        const char *data;
        const char *hash;
        const char *why; /* if there is no hash */
    } rows[] = {
        {"\\\"hashIterations\\\":30000,\\\"algorithm\\\":\\\"pbkdf2-sha512\\\"",
         "$pbkdf2-sha512$30000$" B16 "$" B32, NULL},
        {"\\\"hashIterations\\\":5,\\\"algorithm\\\":\\\"argon2\\\",\\\"additionalParameters\\\":"
         "{\\\"memory\\\":[\\\"7168\\\"],\\\"type\\\":[\\\"id\\\"],\\\"version\\\":[\\\"1.3\\\"],"
         "\\\"parallelism\\\":[\\\"1\\\"]}",
         "$argon2id$v=19$m=7168,t=5,p=1$" B16 "$" B32, NULL},
        {ARGON2("000007168", "000000001"), "$argon2id$v=19$m=7168,t=5,p=1$" B16 "$" B32, NULL},
        {ARGON2("0000007168", "1"), NULL, UNREADABLE},
        {ARGON2("7168", "0000000001"), NULL, UNREADABLE},
        {ARGON2("999999999", "1"), NULL, "Argon2 with over 64 MiB of memory"},
        {ARGON2("", "1"), NULL, UNREADABLE},
        {ARGON2("7168", "0"), NULL, UNREADABLE},
        {ARGON2("-7168", "1"), NULL, UNREADABLE},
        {"\\\"hashIterations\\\":5,\\\"algorithm\\\":\\\"argon2\\\",\\\"additionalParameters\\\":"
         "{\\\"memory\\\":[\\\"7168\\\"],\\\"type\\\":[\\\"d\\\"],\\\"parallelism\\\":[\\\"1\\\"]}",
         NULL, UNREADABLE},
        {"\\\"hashIterations\\\":5,\\\"algorithm\\\":\\\"argon2\\\",\\\"additionalParameters\\\":"
         "{\\\"memory\\\":[\\\"7168\\\"],\\\"version\\\":[\\\"1.0\\\"],"
         "\\\"parallelism\\\":[\\\"1\\\"]}",
         NULL, UNREADABLE},
        {"\\\"hashIterations\\\":5,\\\"algorithm\\\":\\\"argon2\\\",\\\"additionalParameters\\\":"
         "{\\\"memory\\\":[\\\"999999\\\"],\\\"parallelism\\\":[\\\"1\\\"]}",
         NULL, "Argon2 with over 64 MiB of memory"}, /* more memory than the hasher allows */
        {"\\\"hashIterations\\\":0,\\\"algorithm\\\":\\\"pbkdf2-sha256\\\"", NULL, UNREADABLE},
        {"\\\"hashIterations\\\":20000,\\\"algorithm\\\":\\\"pbkdf2\\\"", NULL,
         "its algorithm is not known here"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        intake_result_t result = read_as(
            "keycloak",
            apr_psprintf(
                pool,
                "{\"users\":[{\"username\":\"ann\",\"credentials\":[{\"type\":\"password\"," SECRET
                ",\"credentialData\":\"{%s}\"}]}]}",
                rows[i].data));
        const authp_user_t *user = intake_fixture_user(&result, 0);
        ck_assert_pstr_eq(user->password_hash, rows[i].hash);
        ck_assert_str_eq(result.notes,
                         rows[i].hash != NULL
                             ? ""
                             : apr_psprintf(pool,
                                            "entry 1 (line 1): ann: the password hash cannot be "
                                            "used (%s): imported without a password\n",
                                            rows[i].why));
        ck_assert_ptr_null(strstr(result.notes, B32));
    }
}
END_TEST

START_TEST(keycloak_others)
{
    ck_assert_str_eq(
        left_out("keycloak", "{\"users\":[{\"id\":\"1\",\"username\":\"service-account-shop\","
                             "\"serviceAccountClientId\":\"shop\"}]}"),
        "entry 1 (line 1): service-account-shop: the account belongs to a client, not to a person: "
        "skipped\n");
    const authp_user_t *user =
        one("keycloak",
            "{\"users\":[{\"username\":\"A@example.org\",\"email\":\"a@example.org\","
            "\"credentials\":[{\"type\":\"password\",\"value\":\"plain secret\"}]}]}",
            "entry 1 (line 1): a@example.org: the password hash cannot be used (the password is in "
            "the file as plain text): imported without a password\n");
    ck_assert_ptr_null(user->username);
    ck_assert(!user->disabled);
    ck_assert_ptr_null(user->name);
}
END_TEST

Suite *suite_intake_formats(void)
{
    Suite *suite = suite_create("intake_formats");
    TCase *tests = tcase_create("formats");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, auth0_exports);
    tcase_add_test(tests, auth0_identifiers);
    tcase_add_test(tests, auth0_custom_hashes);
    tcase_add_test(tests, supabase);
    tcase_add_test(tests, supabase_accounts_that_are_none);
    tcase_add_test(tests, supabase_identities);
    tcase_add_test(tests, keycloak);
    tcase_add_test(tests, keycloak_hashes);
    tcase_add_test(tests, keycloak_others);
    suite_add_tcase(suite, tests);
    return suite;
}
