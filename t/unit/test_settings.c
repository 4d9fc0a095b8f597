/* SPDX-License-Identifier: Apache-2.0 */
/* .env text and the table of settings: the values that are read, and the errors about wrong
 * ones. */
#include "base/envfile.h"
#include "service/settings/settings.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define SECRET "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL"

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *lookup(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

/* Loads pairs "A=1" "B=2" from the environment alone. Returns the errors as one text. */
static const char *load(const char *const *pairs, authp_settings_t **out)
{
    apr_table_t *values = apr_table_make(pool, 4);
    apr_array_header_t *errors = NULL;
    authp_settings_env_t env = {lookup, values};
    for (; *pairs != NULL; pairs++) {
        const char *equals = strchr(*pairs, '=');
        apr_table_set(values, apr_pstrmemdup(pool, *pairs, (apr_size_t)(equals - *pairs)),
                      equals + 1);
    }
    authp_err_t err = authp_settings_load(NULL, &env, out, &errors, pool);
    ck_assert_int_eq(err == AUTHP_OK, errors->nelts == 0);
    return apr_array_pstrcat(pool, errors, '|');
}

START_TEST(defaults)
{
    const char *const pairs[] = {"JWT_SECRET_KEY=" SECRET, NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert_str_eq(s->store, "sqlite");
    ck_assert_str_eq(s->sqlite_file, "/var/lib/auth_platform/auth_platform.db");
    ck_assert_int_eq(s->access_token_minutes, 0);
    ck_assert_int_eq(s->refresh_token_days, 7);
    ck_assert_int_eq(s->audit_retention_days, 365);
    ck_assert_int_eq(s->bcrypt_rounds, 12);
    ck_assert(!s->password_argon2id);
    ck_assert_int_eq(s->body_limit, 16384);
    ck_assert_str_eq(apr_array_pstrcat(pool, s->roles, ','),
                     "candidate,recruiter,admin,seeker,provider,user");
    ck_assert(!s->roles_set);
    ck_assert_int_eq(s->recruiter_registration, AUTHP_RECRUITERS_BY_INVITE);
    ck_assert_int_eq(s->limit_account.count, 5);
    ck_assert_int_eq(s->limit_account.seconds, 900);
    ck_assert(s->secure_cookies && s->refresh_token_rotation && s->limits);
    ck_assert(s->password_refuse_common);
    ck_assert_ptr_null(s->jwt_secret_previous);
    ck_assert_str_eq(s->mongodb_db, "auth_platform");
    ck_assert_str_eq(s->jwt_algorithm, "HS256");
    ck_assert_str_eq(s->jwt_issuer, "auth_platform");
    ck_assert_str_eq(s->jwt_audience, "auth_platform");
    ck_assert(!s->jwt_audience_set);
    ck_assert_int_eq(s->refresh_token_grace, 10);
    ck_assert_int_eq(s->session_absolute_days, 90);
    ck_assert_int_eq(s->password_min_length, 8);
    ck_assert_int_eq(s->cors_origins->nelts, 0);
    ck_assert_int_eq(s->limit_address.count, 120);
    ck_assert_int_eq(s->limit_address.seconds, 60);
    ck_assert_int_eq(s->limit_register.count, 20);
    ck_assert_int_eq(s->limit_register.seconds, 3600);
    ck_assert(s->mongodb_uri == NULL && s->database_url == NULL && s->frontend_url == NULL);
    ck_assert(s->db_schema == NULL && s->db_prepared);
    ck_assert(s->password_refused_file == NULL && s->google_client_id == NULL);
}
END_TEST

/* Each number at both ends of its range and one beyond. The error names the setting. */
START_TEST(ends_of_numbers)
{
    static const struct {
        const char *name;
        int least;
        int most;
    } rows[] = {
        {"ACCESS_TOKEN_EXPIRE_MINUTES", 1, 43200},
        {"REFRESH_TOKEN_EXPIRE_DAYS", 1, 365},
        {"REFRESH_TOKEN_GRACE_SECONDS", 0, 60},
        {"SESSION_ABSOLUTE_DAYS", 1, 3650},
        {"AUDIT_RETENTION_DAYS", 0, 36500},
        {"BCRYPT_ROUNDS", 4, 16},
        {"PASSWORD_MIN_LENGTH", 8, 64},
        {"AUTH_BODY_LIMIT", 1024, 1048576},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int values[] = {rows[i].least, rows[i].most, rows[i].least - 1, rows[i].most + 1};
        for (int k = 0; k < 4; k++) {
            const char *pairs[] = {
                "JWT_SECRET_KEY=" SECRET, apr_psprintf(pool, "%s=%d", rows[i].name, values[k]),
                strcmp(rows[i].name, "SESSION_ABSOLUTE_DAYS") == 0 ? "REFRESH_TOKEN_EXPIRE_DAYS=1"
                                                                   : "SESSION_ABSOLUTE_DAYS=3650",
                NULL};
            authp_settings_t *s = NULL;
            const char *wrong = load(pairs, &s);
            ck_assert_msg((*wrong == '\0') == (k < 2), "%s: %s", pairs[1], wrong);
            ck_assert_msg(k < 2 || strstr(wrong, rows[i].name) == wrong, "%s: %s", pairs[1], wrong);
        }
    }
}
END_TEST

START_TEST(values_are_typed)
{
    const char *const pairs[] = {
        "JWT_SECRET_KEY=" SECRET,
        "AUTH_STORE=sqlite:own.db",
        "AUTH_STATE_DIR=/srv/x",
        "BACKEND_CORS_ORIGINS=https://A.example:443, http://b.example:8080",
        "FRONTEND_URL=https://www.example.org/app",
        "ROLES=seeker,provider,admin",
        "AUTH_LIMITS=OFF",
        "AUTH_LIMIT_REGISTER=3/2d",
        "SECURE_COOKIES=no",
        NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert_str_eq(s->sqlite_file, "/srv/x/own.db");
    ck_assert_int_eq(s->cors_origins->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(s->cors_origins, 0, const char *), "https://a.example");
    ck_assert_str_eq(s->frontend_origin, "https://www.example.org");
    ck_assert_str_eq(APR_ARRAY_IDX(s->roles, 1, const char *), "provider");
    ck_assert(s->roles_set);
    ck_assert_int_eq(s->limit_register.seconds, 172800);
    ck_assert(!s->limits && !s->secure_cookies);
}
END_TEST

START_TEST(bounds)
{
    const char *const pairs[] = {
        "JWT_SECRET_KEY=" SECRET,
        "JWT_ISSUER=me",
        "JWT_AUDIENCE=my apps",
        "JWT_KEY_FILE=/k",
        "BCRYPT_ROUNDS=0016",
        "PASSWORD_HASH=argon2id",
        "AUTH_BODY_LIMIT=1048576",
        "REFRESH_TOKEN_GRACE_SECONDS=0",
        "AUTH_LIMIT_ADDRESS=1000000/1000D",
        "AUTH_LIMIT_ACCOUNT=900/1s",
        "BACKEND_CORS_ORIGINS= [\"https://a.example\", \"http://[::1]:3000\"] ",
        "MONGODB_DB=a23456789012345678901234567890123456789012345678901234567890123",
        "AUTH_DB_SCHEMA=_23456789012345678901234567890123456789012345678901234567890123",
        "AUTH_DB_PREPARED=off",
        "ROLES= abcdefghijklmnopqrstuvwxyz012345 ,a_-9,recruiter",
        "RECRUITER_REGISTRATION=open",
        "REFRESH_TOKEN_ROTATION=FALSE",
        NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert_str_eq(s->jwt_issuer, "me");
    ck_assert_str_eq(s->jwt_audience, "my apps");
    ck_assert(s->jwt_audience_set);
    ck_assert_str_eq(s->jwt_key_file, "/k");
    ck_assert_int_eq(s->bcrypt_rounds, 16);
    ck_assert(s->password_argon2id);
    ck_assert_int_eq(s->body_limit, 1048576);
    ck_assert_int_eq(s->refresh_token_grace, 0);
    ck_assert_int_eq(s->limit_address.count, 1000000);
    ck_assert_int_eq(s->limit_address.seconds, 86400000);
    ck_assert_int_eq(s->limit_account.seconds, 1);
    ck_assert_int_eq(s->cors_origins->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(s->cors_origins, 1, const char *), "http://[::1]:3000");
    ck_assert_uint_eq(strlen(s->mongodb_db), 63);
    ck_assert_int_eq(s->roles->nelts, 3);
    ck_assert_int_eq(s->recruiter_registration, AUTHP_RECRUITERS_OPEN);
    ck_assert_str_eq(APR_ARRAY_IDX(s->roles, 1, const char *), "a_-9");
    ck_assert(!s->refresh_token_rotation);
}
END_TEST

static const struct {
    const char *pair;
    const char *says;
} wrong[] = {
    {"JWT_SECRET_KEY=short", "JWT_SECRET_KEY in the environment: is 5 bytes"},
    {"JWT_SECRET_KEY=change-me-to-48-random-characters", "sample"},
    {"JWT_SECRET_KEY_PREVIOUS=" SECRET, "JWT_SECRET_KEY_PREVIOUS"},
    {"JWT_ALGORITHM=none", "HS256 only"},
    {"PASSWORD_HASH=scrypt", "PASSWORD_HASH in the environment: must be bcrypt or argon2id"},
    {"PASSWORD_HASH=Argon2id", "must be bcrypt or argon2id"},
    {"PASSWORD_HASH=argon2", "must be bcrypt or argon2id"},
    {"BCRYPT_ROUNDS=3", "from 4 to 16"},
    {"BCRYPT_ROUNDS=4x", "from 4 to 16"},
    {"AUTH_LIMIT_ADDRESS=5/1w", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=5/m", "COUNT/TIME"},
    {"BACKEND_CORS_ORIGINS=*", "without *"},
    {"BACKEND_CORS_ORIGINS=[1]", "BACKEND_CORS_ORIGINS"},
    {"FRONTEND_URL=ftp://x", "http or https"},
    {"ROLES=Admin", "different names"},
    {"ROLES=,", "ROLES"},
    {"AUTH_STORE=oracle", "sqlite"},
    {"AUTH_STORE=mongodb", "MONGODB_URI"},
    {"AUTH_STATE_DIR=relative", "absolute"},
    {"AUTH_STATE_DIR=/dev/null", "/dev/null is not a folder"},
    {"AUTH_STATE_DIR=/dev/null/x", "/dev/null/x lies below something that is not a folder"},
    {"MONGODB_URI=http://x", "mongodb://"},
    {"DATABASE_URL=mysql://x", "postgresql://"},
    {"GOOGLE_CLIENT_ID=x", "all three"},
    {"SESSION_ABSOLUTE_DAYS=1", "SESSION_ABSOLUTE_DAYS"},
    {"SECURE_COOKIES=maybe", "true or false"},
    {"PASSWORD_REFUSE_COMMON=10000", "true or false"},
    {"JWT_ISSUER=a\nb", "control characters"},
    {"PASSWORD_REFUSED_FILE=/nonexistent/list", "/nonexistent/list"},
    {"JWT_SECRET_KEY=aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", "pattern"},
    {"GOOGLE_CLIENT_SECRET=seven77", "is 7 bytes"},
    {"BCRYPT_ROUNDS=-4", "from 4 to 16"},
    {"BCRYPT_ROUNDS=17", "from 4 to 16"},
    {"BCRYPT_ROUNDS= 12", "from 4 to 16"},
    {"BCRYPT_ROUNDS=0x0c", "from 4 to 16"},
    {"BCRYPT_ROUNDS=12.0", "from 4 to 16"},
    {"AUTH_BODY_LIMIT=1048577", "from 1024 to 1048576"},
    {"AUTH_BODY_LIMIT=99999999999999999999", "from 1024 to 1048576"},
    {"REFRESH_TOKEN_GRACE_SECONDS=61", "from 0 to 60"},
    {"AUTH_LIMIT_ADDRESS=5", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=1234", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=/15m", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=123/", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=55/d", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=0/1m", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=5/0m", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=5/1/1m", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=-5/1m", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=5 / 1m", "COUNT/TIME"},
    {"AUTH_LIMIT_ADDRESS=5/1001d", "COUNT/TIME"},
    {"BACKEND_CORS_ORIGINS=[", "not a JSON list"},
    {"BACKEND_CORS_ORIGINS=[\"https://a.example\",null]", "BACKEND_CORS_ORIGINS"},
    {"BACKEND_CORS_ORIGINS=[\"https://a.example/\"]", "without paths"},
    {"BACKEND_CORS_ORIGINS=[\"https://a.example\\u0000.evil\"]", "BACKEND_CORS_ORIGINS"},
    {"BACKEND_CORS_ORIGINS={\"https://a.example\":1}", "BACKEND_CORS_ORIGINS"},
    {"BACKEND_CORS_ORIGINS=https://a.example,null", "BACKEND_CORS_ORIGINS"},
    {"BACKEND_CORS_ORIGINS=https://a.example https://b.example", "BACKEND_CORS_ORIGINS"},
    {"ROLES=admin,admin", "different names"},
    {"ROLES=a b", "different names"},
    {"ROLES=1a", "different names"},
    {"ROLES=a, ,b", "different names"},
    {"ROLES=abcdefghijklmnopqrstuvwxyz0123456", "different names"},
    {"ROLES=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,aa,ab,ac,ad,ae,af,ag", "1 to 32"},
    {"JWT_ISSUER=\xff", "control characters"},
    {"JWT_ISSUER=\xc2\x85", "control characters"},
    {"MONGODB_DB=a234567890123456789012345678901234567890123456789012345678901234",
     "at most 63 bytes"},
    {"AUTH_LIMITS=2", "true or false"},
    {"AUTH_DB_PREPARED=never", "true or false"},
    {"AUTH_DB_SCHEMA=1st", "begins with no digit"},
    {"AUTH_DB_SCHEMA=a\"b", "begins with no digit"},
    {"AUTH_DB_SCHEMA=a-b", "begins with no digit"},
    {"AUTH_DB_SCHEMA=a234567890123456789012345678901234567890123456789012345678901234",
     "at most 63 bytes"},
    {"AUTH_LIMIT_ACCOUNT=901/1s", "at most 900 failures"},
    {"RECRUITER_REGISTRATION=closed",
     "RECRUITER_REGISTRATION in the environment: must be invite, pending or open"},
    {"RECRUITER_REGISTRATION=Open", "must be invite, pending or open"},
    {"JWT_SECRET_KEY=abcdefgabcdefgabcdefgabcdefgabcdefg", "pattern"},
};

START_TEST(wrong_values_are_named)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET, wrong[_i].pair, NULL};
    authp_settings_t *s = NULL;
    const char *said = load(pairs, &s);
    ck_assert_msg(strstr(said, wrong[_i].says) != NULL, "%s: %s", wrong[_i].pair, said);
    ck_assert_ptr_null(strstr(said, SECRET));
    ck_assert_ptr_null(s);
}
END_TEST

/* Secrets that look like a sample in a document are refused, in any case and anywhere in the
 * text. */
START_TEST(samples_are_no_secrets)
{
    const char *const fine[] = {"JWT_SECRET_KEY=abcdefghabcdefghabcdefghabcdefgh", NULL};
    authp_settings_t *eight = NULL;
    ck_assert_str_eq(load(fine, &eight), "");
    static const char *const samples[] = {
        "change-me",   "ChangeMe",     "CHANGE_ME",   "Replace-Me",  "replace_me",
        "Your-Secret", "YOUR_SECRET",  "Example",     "PLACEHOLDER", "Secret-Key",
        "SuperSecret", "Replace_This", "change_this", "CHANGE_THIS"};
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const char *key = apr_pstrcat(pool, "JWT_SECRET_KEY=0123456789abcdefghij-", samples[i],
                                      "-klmnopqrst", NULL);
        const char *pairs[] = {key, NULL};
        authp_settings_t *s = NULL;
        const char *said = load(pairs, &s);
        ck_assert_msg(strstr(said, "is a sample") != NULL, "%s: %s", key, said);
        ck_assert_ptr_null(s);
    }
}
END_TEST

/* The samples of other back ends, under each name of the key, and far behind in a long one. */
START_TEST(samples_under_each_name)
{
    static const char *const pairs[] = {
        "SECRET_KEY=your-super-secret-key-make-it-strong",
        "SECRET_KEY=replace_this_with_a_long_random_string",
        "JWT_SECRET_KEY_PREVIOUS=your-super-secret-key-make-it-strong",
        "JWT_SECRET_KEY_PREVIOUS=please-change_this-key-0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const char *both[] = {pairs[i], i < 2 ? NULL : "JWT_SECRET_KEY=" SECRET, NULL};
        authp_settings_t *s = NULL;
        const char *said = load(both, &s);
        const char *name = apr_pstrmemdup(pool, pairs[i], strcspn(pairs[i], "="));
        ck_assert_str_eq(said, apr_pstrcat(pool, name,
                                           " in the environment: is a sample or a pattern, not a "
                                           "secret (make one with `authplatform secret`)",
                                           NULL));
        ck_assert_ptr_null(s);
    }
    char *filler = apr_palloc(pool, 601);
    for (int i = 0; i < 600; i++) {
        filler[i] = (char)('A' + i % 26);
    }
    filler[600] = '\0';
    const char *long_one[] = {apr_pstrcat(pool, "JWT_SECRET_KEY=", filler, "replace_this", NULL),
                              NULL};
    authp_settings_t *s = NULL;
    ck_assert_ptr_nonnull(strstr(load(long_one, &s), "is a sample"));
}
END_TEST

static const struct {
    const char *text;
    const char *value; /* the value of A; NULL: the file is refused */
} files[] = {
    {"A=b", "b"},
    {"\xef\xbb\xbf"
     "A=b\r\n",
     "b"},
    {"# c\n\n  export A = b  # why\n", "b"},
    {"A='b # c'\n", "b # c"},
    {"A=\"b\\n\\\"c\\\\\"\n", "b\n\"c\\"},
    {"A=\n", ""},
    {"A=$B\n", "$B"},
    {"A=b#c\n", "b#c"},
    {"A=b\nA=c\n", NULL},
    {"A\n", NULL},
    {"=b\n", NULL},
    {"1A=b\n", NULL},
    {"A=\"b\n", NULL},
    {"A='b\n", NULL},
    {"A=\"b\" c\n", NULL},
};

START_TEST(env_files)
{
    apr_table_t *values = NULL;
    const char *error = NULL;
    const char *text = files[_i].text;
    authp_err_t err = authp_envfile_parse("test.env", text, strlen(text), &values, &error, pool);
    if (files[_i].value == NULL) {
        ck_assert_int_ne(err, AUTHP_OK);
        ck_assert_ptr_nonnull(strstr(error, "test.env"));
        return;
    }
    ck_assert_msg(err == AUTHP_OK, "%s: %s", text, error);
    ck_assert_str_eq(apr_table_get(values, "A"), files[_i].value);
}
END_TEST

Suite *suite_settings(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, ends_of_numbers);
    tcase_add_test(tests, values_are_typed);
    tcase_add_test(tests, bounds);
    tcase_add_loop_test(tests, wrong_values_are_named, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tests, samples_are_no_secrets);
    tcase_add_test(tests, samples_under_each_name);
    tcase_add_loop_test(tests, env_files, 0, (int)(sizeof(files) / sizeof(files[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
