/* SPDX-License-Identifier: Apache-2.0 */
/* Members of other systems' files that few accounts have, and the rules of a row at their bounds.
 */
#include "intake_fixture.h"
#include "service/intake/row.h"
#include "store/identities.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) ((int)(sizeof(list) / sizeof((list)[0])))
#define BCRYPT "$2b$10$aaaaaaaaaaaaaaaaaaaaaOu.2RCQaC8dgrJ5zuTsJvjekNCE2D4WO"
#define B16 "AAECAwQFBgcICQoLDA0ODw=="
#define B32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define B64                                                                                        \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw=="
#define R64 "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"
#define NOTE "entry 1 (line 1): a@example.org: "
#define FACTOR NOTE "its second factor is not taken over\n"
#define NO_LOGIN "there is no e-mail address, no username and no phone number: skipped\n"
#define DAY INT64_C(86400000)

static apr_pool_t *pool;
static authp_intake_options_t options;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    options = (authp_intake_options_t){.hash_algo = NULL};
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* The account of a file with one entry; its notes must be `notes`. */
static const authp_user_t *one(const char *format, const char *text, const char *notes)
{
    intake_result_t result = intake_fixture_as(&options, format, text, pool);
    ck_assert_msg(result.err == AUTHP_E_NOT_FOUND, "%s", result.why);
    ck_assert_str_eq(result.notes, notes);
    return intake_fixture_user(&result, 0);
}

/* The same of an entry with the address a@example.org and the members `more`. */
static const authp_user_t *with(const char *format, const char *more, const char *notes)
{
    const bool listed = strcmp(format, "auth0") != 0 && strcmp(format, "supabase") != 0;
    return one(format,
               apr_psprintf(pool, "%s{\"email\":\"a@example.org\",%s}%s",
                            listed ? "{\"users\":[" : "", more, listed ? "]}" : ""),
               notes);
}

/* --- formats ---------------------------------------------------------------------------------- */

static const struct {
    const char *format;
    const char *more;
    const char *notes;
    const char *hash;
    const char *name;
    const char *roles;
} entries[] = {
    {"auth0", "\"password_hash\":\"" BCRYPT "\"", "", BCRYPT, NULL, "candidate"},
    {"auth0", "\"passwordHash\":\"" BCRYPT "\",\"password_hash\":\"x\"", "", BCRYPT, NULL,
     "candidate"},
    {"auth0", "\"app_metadata\":{\"role\":\"admin\"}", "", NULL, NULL, "admin"},
    {"auth0", "\"mfa_factors\":[{}]", FACTOR, NULL, NULL, "candidate"},
    {"auth0", "\"mfa_factors\":[],\"multifactor\":[]", "", NULL, NULL, "candidate"},
    {"auth0", "\"name\":\"Ada\",\"given_name\":\"x\"", "", NULL, "Ada", "candidate"},
    {"auth0", "\"name\":\"a@example.org\",\"family_name\":\"Byron\"", "", NULL, "Byron",
     "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"" BCRYPT
     "\"},\"password\":{\"encoding\":\"ascii\"}}",
     "", BCRYPT, NULL, "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"ldap\",\"hash\":{\"value\":"
     "\"{SSHA}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa==\"}}",
     NULL, NULL, NULL, "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"pbkdf2\",\"hash\":{\"value\":"
     "\"$pbkdf2-sha256$1000$" B16 "$" B32 "\"}}",
     "", "$pbkdf2-sha256$1000$" B16 "$" B32, NULL, "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"argon2\",\"hash\":{\"value\":"
     "\"$argon2id$v=19$m=64,t=2,p=1$" B16 "$" B32 "\"}}",
     "", "$argon2id$v=19$m=64,t=2,p=1$" B16 "$" B32, NULL, "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"sha512\",\"hash\":{\"value\":\"" B64
     "\",\"encoding\":\"base64\"},\"salt\":{\"value\":\"bath\",\"position\":\"prefix\"}}",
     "", "$sha512$o=sp$YmF0aA$" B64, NULL, "candidate"},
    {"auth0", "\"custom_password_hash\":{\"algorithm\":\"md5\",\"hash\":{\"value\":\"00\"}}",
     NOTE "the password hash cannot be used (its algorithm cannot be verified here): imported "
          "without a password\n",
     NULL, NULL, "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"bcrypt\",\"hash\":{\"value\":\"" BCRYPT
     "\"},\"password\":{\"encoding\":\"utf8\"}}",
     "", BCRYPT, NULL, "candidate"},
    {"auth0",
     "\"custom_password_hash\":{\"algorithm\":\"sha256\",\"hash\":{\"value\":\"00\","
     "\"encoding\":\"binary\"}}",
     NOTE "the password hash cannot be used (its salt, hash or parameters cannot be read): "
          "imported without a password\n",
     NULL, NULL, "candidate"},
    {"auth0", "\"app_metadata\":{\"role\":\"" R64 "r\"}",
     NOTE "the role \"" R64 "\" is not in ROLES: left out\n", NULL, NULL, "candidate"},
    {"auth0", "\"custom_password_hash\":{\"password\":{\"encoding\":\"utf16le\"}}",
     NOTE "the password hash cannot be used (its passwords are not hashed as UTF-8): imported "
          "without a password\n",
     NULL, NULL, "candidate"},
    {"auth0", "\"custom_password_hash\":{\"algorithm\":\"bcrypt\"}",
     NOTE "the password hash cannot be used (its salt, hash or parameters cannot be read): "
          "imported without a password\n",
     NULL, NULL, "candidate"},
    {"supabase", "\"raw_user_meta_data\":{\"display_name\":\"C\",\"name\":\"B\"}", "", NULL, "B",
     "candidate"},
    {"supabase", "\"raw_user_meta_data\":{\"display_name\":\"C\"}", "", NULL, "C", "candidate"},
    {"supabase", "\"raw_app_meta_data\":{\"roles\":[\"admin\"],\"role\":\"recruiter\"}", "", NULL,
     NULL, "recruiter,admin"},
    {"supabase", "\"raw_app_meta_data\":\"{\"", "", NULL, NULL, "candidate"},
    {"supabase",
     "\"identities\":[{\"provider\":\"phone\",\"identity_data\":{\"sub\":\"7\"}},"
     "{\"provider\":\"email\",\"identity_data\":{\"sub\":\"7\"}},{\"identity_data\":{}}]",
     "", NULL, NULL, "candidate"},
    {"supabase", "\"factors\":[{}]", FACTOR, NULL, NULL, "candidate"},
    {"supabase", "\"factors\":[]", "", NULL, NULL, "candidate"},
    {"keycloak", "\"credentials\":[{\"type\":\"password-history\",\"value\":\"x\"}]", "", NULL,
     NULL, "candidate"},
    {"keycloak", "\"credentials\":[{\"type\":\"webauthn\"}]", FACTOR, NULL, NULL, "candidate"},
    {"keycloak",
     "\"credentials\":[{\"type\":\"password\",\"secretData\":\"{\\\"value\\\":\\\"" BCRYPT
     "\\\"}\",\"credentialData\":\"{\\\"algorithm\\\":\\\"bcrypt\\\"}\"},"
     "{\"type\":\"password\",\"value\":\"plain\"}]",
     "", BCRYPT, NULL, "candidate"},
    {"keycloak",
     "\"credentials\":[{\"type\":\"password\",\"secretData\":\"{\\\"value\\\":\\\"x\\\"}\","
     "\"credentialData\":\"{\\\"algorithm\\\":\\\"pbkdf2\\\"}\"}]",
     NOTE "the password hash cannot be used (its algorithm is not known here): imported without a "
          "password\n",
     NULL, NULL, "candidate"},
    {"keycloak",
     "\"credentials\":[{\"type\":\"password\",\"secretData\":\"{}\","
     "\"credentialData\":\"{\\\"algorithm\\\":\\\"bcrypt\\\"}\"}]",
     NOTE "the password hash cannot be used (its salt, hash or parameters cannot be read): "
          "imported without a password\n",
     NULL, NULL, "candidate"},
    {"keycloak", "\"credentials\":[{\"type\":\"password\"}]",
     NOTE "the password hash cannot be used (there is no secretData and credentialData): imported "
          "without a password\n",
     NULL, NULL, "candidate"},
    {"keycloak",
     "\"credentials\":[{\"type\":\"password\",\"value\":\"plain\"},"
     "{\"type\":\"password\",\"secretData\":\"{\\\"value\\\":\\\"" BCRYPT
     "\\\"}\",\"credentialData\":\"{\\\"algorithm\\\":\\\"bcrypt\\\"}\"}]",
     "", BCRYPT, NULL, "candidate"},
    {"keycloak", "\"lastName\":\"Byron\",\"enabled\":true", "", NULL, "Byron", "candidate"},
};

START_TEST(members)
{
    const authp_user_t *user = NULL;
    if (entries[_i].notes != NULL) {
        user = with(entries[_i].format, entries[_i].more, entries[_i].notes);
    } else { /* whichever the reason is */
        const char *text = apr_psprintf(pool, "{\"email\":\"a@example.org\",%s}", entries[_i].more);
        intake_result_t result = intake_fixture_as(&options, entries[_i].format, text, pool);
        user = intake_fixture_user(&result, 0);
        ck_assert_ptr_null(strstr(result.notes, "cannot be verified here"));
    }
    ck_assert_pstr_eq(user->password_hash, entries[_i].hash);
    ck_assert_pstr_eq(user->name, entries[_i].name);
    ck_assert_str_eq(apr_array_pstrcat(pool, user->roles, ','), entries[_i].roles);
    ck_assert(!user->disabled);
}
END_TEST

/* The id of an entry, whichever member has it, decides the id of the account. */
START_TEST(ids_of_auth0)
{
    static const char *const same[] = {"\"_id\":\"77\"",
                                       "\"_id\":{\"$oid\":\"77\"}",
                                       "\"user_id\":\"77\"",
                                       "\"user_id\":\"auth0|77\"",
                                       "\"alt_id\":\"77\",\"user_id\":\"78\"",
                                       "\"_id\":\"77\",\"user_id\":\"78\""};
    const char *first = with("auth0", same[0], "")->id.hex;
    for (int i = 1; i < LENGTH(same); i++) {
        ck_assert_str_eq(with("auth0", same[i], "")->id.hex, first);
    }
    ck_assert_str_ne(with("auth0", "\"user_id\":\"sms|77\"", "")->id.hex, first);
    ck_assert_str_ne(with("auth0", "\"user_id\":\"78\"", "")->id.hex, first);
}
END_TEST

START_TEST(bans_of_supabase)
{
    static const struct {
        authp_ms_t until;
        bool disabled;
    } bans[] = {{INTAKE_NOW - 1, false}, {INTAKE_NOW, false}, {INTAKE_NOW + 1, true}};
    for (int i = 0; i < LENGTH(bans); i++) {
        const char *more = apr_psprintf(pool, "\"banned_until\":\"%ld\"", (long)bans[i].until);
        ck_assert_int_eq(with("supabase", more, "")->disabled, bans[i].disabled);
    }
    const authp_user_t *user =
        with("supabase", "\"phone\":\"+919876543210\",\"phone_confirmed_at\":\"x\"", "");
    ck_assert_str_eq(user->phone, "+919876543210");
}
END_TEST

START_TEST(hashes_of_firebase)
{
    options = (authp_intake_options_t){.hash_algo = "SHA512", .rounds = "1"};
    const authp_user_t *user =
        with("firebase", "\"passwordHash\":\"" B64 "\",\"salt\":\"" B16 "\"", "");
    ck_assert_str_eq(user->password_hash, "$sha512$o=sp$" B16 "$" B64);
    options.hash_input_order = "PASSWORD_FIRST";
    user = with("firebase", "\"passwordHash\":\"" B64 "\",\"salt\":\"" B16 "\"", "");
    ck_assert_str_eq(user->password_hash, "$sha512$o=ps$" B16 "$" B64);
    options = (authp_intake_options_t){.hash_algo = "NONE"};
    (void)with("firebase", "\"mfaInfo\":[{}]", FACTOR);
    (void)with("firebase", "\"mfaInfo\":[]", "");
    user = with("firebase", "\"customAttributes\":\"{\\\"role\\\":\"", "");
    ck_assert_str_eq(apr_array_pstrcat(pool, user->roles, ','), "candidate");
}
END_TEST

/* --- rows ------------------------------------------------------------------------------------- */

static const char *of_length(int len, const char *end)
{
    char *text = memset(apr_pcalloc(pool, (apr_size_t)len + 1), 'a', (size_t)len);
    memcpy(text + len - strlen(end), end, strlen(end));
    return text;
}

/* Times of a file are at most those of now; created_at may be a day later, for other time zones. */
START_TEST(times_near_now)
{
    for (int more = 0; more < 2; more++) {
        const char *text =
            apr_psprintf(pool,
                         "email,name,password_hash,phone,created_at,updated_at,last_sign_in_at\n"
                         "a@example.org,,,9876543210,%ld,%ld,%ld\n",
                         (long)(INTAKE_NOW + DAY + more), (long)INTAKE_NOW, (long)INTAKE_NOW);
        ck_assert_int_eq(one("csv", text, "")->created_at,
                         more ? AUTHP_ROW_NO_TIME : INTAKE_NOW + DAY);
        text = apr_psprintf(pool,
                            "email,name,password_hash,phone,created_at,updated_at,last_sign_in_at\n"
                            "a@example.org,,,9876543210,1700000000,%ld,%ld\n",
                            (long)(INTAKE_NOW + more), (long)(INTAKE_NOW - 1 + more));
        const authp_user_t *user = one("csv", text, "");
        ck_assert_int_eq(user->updated_at, more ? 1700000000000LL : INTAKE_NOW);
        ck_assert_int_eq(user->phone_used_at, INTAKE_NOW - 1 + more);
    }
}
END_TEST

static const char *identity(const char *provider, const char *issuer, const char *sub,
                            const char *email)
{
    return apr_psprintf(pool,
                        "{\"provider\":\"%s\",\"identity_data\":{\"sub\":\"%s\",\"iss\":\"%s\","
                        "\"email\":\"%s\"}}",
                        provider, sub, issuer, email);
}

#define LEFT_OUT NOTE "an identity at a provider is not taken over\n"

START_TEST(longest_identities)
{
    for (int more = 0; more < 2; more++) {
        const char *notes = more ? LEFT_OUT : "";
        const char *sub =
            identity("azure", "https://az.example", of_length(255 + more, ""), "x@example.org");
        const authp_user_t *user =
            with("supabase", apr_pstrcat(pool, "\"identities\":[", sub, "]", NULL), notes);
        ck_assert_int_eq(authp_identities_count(user->identities), 1 - more);
        const char *issuer = identity("azure", of_length(255 + more, ""), "1", "x@example.org");
        user = with("supabase", apr_pstrcat(pool, "\"identities\":[", issuer, "]", NULL), notes);
        ck_assert_int_eq(authp_identities_count(user->identities), 1 - more);
        const char *email = identity("azure", "https://az.example", "1", of_length(255 + more, ""));
        user = with("supabase", apr_pstrcat(pool, "\"identities\":[", email, "]", NULL), "");
        ck_assert_int_eq(authp_identities_at(user->identities, 0)->email == NULL, more);
        ck_assert_int_eq(authp_identities_at(user->identities, 0)->linked_at, user->created_at);
        ck_assert_int_eq(authp_identities_at(user->identities, 0)->last_login, user->created_at);
    }
}
END_TEST

/* 16 identities, and none twice under two names. */
START_TEST(most_identities)
{
    for (int count = 16; count < 18; count++) {
        const char *all = "";
        for (int i = 0; i < count; i++) {
            all = apr_pstrcat(pool, all, i > 0 ? "," : "",
                              identity(apr_psprintf(pool, "p%d", i), "https://az.example",
                                       apr_itoa(pool, i), "x@example.org"),
                              NULL);
        }
        const authp_user_t *user =
            with("supabase", apr_pstrcat(pool, "\"identities\":[", all, "]", NULL),
                 count > 16 ? LEFT_OUT : "");
        ck_assert_int_eq(authp_identities_count(user->identities), 16);
    }
    const char *twice = apr_pstrcat(
        pool, "\"identities\":[", identity("one", "https://az.example", "1", "x@example.org"), ",",
        identity("two", "https://az.example", "1", "x@example.org"), "]", NULL);
    ck_assert_int_eq(authp_identities_count(with("supabase", twice, LEFT_OUT)->identities), 1);
}
END_TEST

/* An account without a time takes the milliseconds of its id from the digest: all of a second. */
START_TEST(ids_without_a_time)
{
    int most = 0;
    int differ = 0;
    for (int i = 0; i < 100; i++) {
        unsigned char bytes[AUTHP_ID_BYTES];
        const char *text = apr_psprintf(pool, "email,name,password_hash\nu%d@example.org,,\n", i);
        authp_id_pack(one("csv", text, "")->id.hex, bytes);
        const int ms = bytes[4] << 8 | bytes[5];
        differ += ms != most;
        most = ms > most ? ms : most;
    }
    ck_assert(most >= 900 && most < 1000);
    ck_assert_int_gt(differ, 90);
}
END_TEST

/* What a note calls an entry: its address, username, number or id, at most 254 bytes of it. */
START_TEST(labels)
{
    static const char *const rows[][2] = {
        {"x@,ann,12345,7", "x@"}, {",a b,12345,7", "a b"}, {",,12345,7", "12345"}, {",,,7", "7"}};
    for (int i = 0; i < LENGTH(rows); i++) {
        intake_result_t result =
            intake_fixture_as(&options, "csv",
                              apr_pstrcat(pool, "email,username,phone,id,name,password_hash\n",
                                          rows[i][0], ",,\n", NULL),
                              pool);
        ck_assert_ptr_eq(
            strstr(result.notes, apr_pstrcat(pool, "line 2: ", rows[i][1], ": ", NULL)),
            result.notes);
    }
    intake_result_t result = intake_fixture_as(
        &options, "csv",
        apr_pstrcat(pool, "id,email,name,password_hash\n", of_length(300, ""), ",,,\n", NULL),
        pool);
    ck_assert_ptr_eq(
        strstr(result.notes, apr_pstrcat(pool, "line 2: ", of_length(254, ""), ": there ", NULL)),
        result.notes);
    result = intake_fixture_as(&options, "auth0",
                               "{\"email\":\"a@example.org\"}\n{\"user_id\":\"8\"}\n"
                               "{\"email\":\"\",\"user_id\":\"9\"}\n",
                               pool);
    ck_assert_str_eq(result.notes,
                     "entry 2 (line 2): 8: " NO_LOGIN "entry 3 (line 3): 9: " NO_LOGIN);
    result = intake_fixture_as(&options, "csv", "email,name,password_hash\n", pool);
    ck_assert_int_eq(result.users->nelts, 0);
}
END_TEST

Suite *suite_intake_details(void)
{
    Suite *suite = suite_create("intake_details");
    TCase *tests = tcase_create("details");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, members, 0, LENGTH(entries));
    tcase_add_test(tests, ids_of_auth0);
    tcase_add_test(tests, bans_of_supabase);
    tcase_add_test(tests, hashes_of_firebase);
    tcase_add_test(tests, times_near_now);
    tcase_add_test(tests, longest_identities);
    tcase_add_test(tests, most_identities);
    tcase_add_test(tests, ids_without_a_time);
    tcase_add_test(tests, labels);
    suite_add_tcase(suite, tests);
    return suite;
}
