/* SPDX-License-Identifier: Apache-2.0 */
/* Settings from file and environment together, rules between settings, misspelt names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <fcntl.h>

#include "service/settings/settings_table.h"
#include "suite.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define KEY "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL"
#define OTHER_KEY "zT7uW1eR5yU8iO2pA6sD4fG9hJ3kL0xC"
#define KEY_LINE "JWT_SECRET_KEY=" KEY "\n"

static apr_pool_t *pool;
static apr_table_t *environment;
static char path[64];

static const char *lookup(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    environment = apr_table_make(pool, 4);
    snprintf(path, sizeof(path), "/tmp/authp-settings-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
}

static void tear_down(void)
{
    (void)unlink(path);
    apr_pool_destroy(pool);
}

/* Loads `text` as the file (NULL: no file) together with `environment`. Returns the errors, each
 * followed by '|'. */
static const char *load(const char *text, authp_settings_t **out)
{
    const authp_settings_env_t env = {lookup, environment};
    apr_array_header_t *errors = NULL;
    *out = NULL;
    if (text != NULL) {
        int fd = open(path, O_WRONLY | O_TRUNC);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        ck_assert_int_eq(close(fd), 0);
    }
    authp_err_t err = authp_settings_load(text != NULL ? path : NULL, &env, out, &errors, pool);
    const char *said = "";
    for (int i = 0; i < errors->nelts; i++) {
        said = apr_pstrcat(pool, said, APR_ARRAY_IDX(errors, i, const char *), "|", NULL);
    }
    ck_assert_int_eq(err == AUTHP_OK, errors->nelts == 0);
    ck_assert_int_eq(*out != NULL, errors->nelts == 0);
    ck_assert_ptr_null(strstr(said, KEY));
    return said;
}

static authp_settings_t *loaded(const char *text)
{
    authp_settings_t *settings = NULL;
    const char *said = load(text, &settings);
    ck_assert_msg(settings != NULL, "%s", said);
    return settings;
}

/* Expects exactly one error, "NAME in FILE: what". */
static void expect_one(const char *text, const char *name, const char *what)
{
    authp_settings_t *settings = NULL;
    const char *said = load(text, &settings);
    ck_assert_str_eq(said, apr_pstrcat(pool, name, " in ", text != NULL ? path : "the environment",
                                       ": ", what, "|", NULL));
}

START_TEST(file_alone)
{
    const authp_settings_t *s = loaded(KEY_LINE "ACCESS_TOKEN_EXPIRE_MINUTES=30\n"
                                                "MONGODB_DB='jobs'\n"
                                                "JWT_AUDIENCE=auth_platform\n"
                                                "JWT_ISSUER=\n");
    ck_assert_str_eq(s->source, path);
    ck_assert_str_eq((const char *)authp_secret_bytes(s->jwt_secret), KEY);
    ck_assert_int_eq(s->access_token_minutes, 30);
    ck_assert_str_eq(s->mongodb_db, "jobs");
    ck_assert_str_eq(s->jwt_issuer, "auth_platform");
    ck_assert_str_eq(s->jwt_audience, "auth_platform");
    ck_assert(s->jwt_audience_set);
}
END_TEST

START_TEST(environment_wins)
{
    apr_table_set(environment, "ACCESS_TOKEN_EXPIRE_MINUTES", "5");
    apr_table_set(environment, "MONGODB_DB", "");
    const authp_settings_t *s =
        loaded(KEY_LINE "ACCESS_TOKEN_EXPIRE_MINUTES=30\nMONGODB_DB=jobs\n");
    ck_assert_int_eq(s->access_token_minutes, 5);
    ck_assert_str_eq(s->mongodb_db, "jobs");
    /* An error names the place from which the wrong value came. */
    apr_table_set(environment, "ACCESS_TOKEN_EXPIRE_MINUTES", "x");
    authp_settings_t *none = NULL;
    ck_assert_str_eq(load(KEY_LINE "ACCESS_TOKEN_EXPIRE_MINUTES=30\nBCRYPT_ROUNDS=3\n", &none),
                     apr_pstrcat(pool,
                                 "ACCESS_TOKEN_EXPIRE_MINUTES in the environment: must be a whole "
                                 "number from 1 to 43200|BCRYPT_ROUNDS in ",
                                 path, ": must be a whole number from 4 to 16|", NULL));
}
END_TEST

START_TEST(no_file_no_settings)
{
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(NULL, &s), "JWT_SECRET_KEY in the environment: is missing (make one with "
                                     "`authplatform secret`)|");
    const authp_settings_env_t env = {lookup, environment};
    apr_array_header_t *errors = NULL;
    apr_table_set(environment, "JWT_SECRET_KEY", KEY);
    const char *nowhere = apr_pstrcat(pool, path, ".none", NULL);
    ck_assert_int_ne(authp_settings_load(nowhere, &env, &s, &errors, pool), AUTHP_OK);
    ck_assert_int_eq(errors->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(errors, 0, const char *), nowhere));
    ck_assert_ptr_null(s);
}
END_TEST

START_TEST(broken_file)
{
    authp_settings_t *s = NULL;
    const char *said = load(KEY_LINE "BCRYPT_ROUNDS=99\nnot a line\n", &s);
    ck_assert_ptr_eq(strstr(said, apr_pstrcat(pool, path, ": line 3 ", NULL)), said);
    ck_assert_ptr_null(strstr(said, "BCRYPT_ROUNDS"));
}
END_TEST

START_TEST(all_errors_at_once)
{
    authp_settings_t *s = NULL;
    const char *said = load("JWT_SECRET_KEY=short\nSECURE_COOKIES=perhaps\nBCRYPT_ROUND=12\n"
                            "GOOGLE_CLIENT_ID=x\nAUTH_STORE=oracle\n",
                            &s);
    static const char *const each[] = {"JWT_SECRET_KEY in ", "SECURE_COOKIES in ",
                                       "BCRYPT_ROUND in ", "GOOGLE_CLIENT_ID in ",
                                       "AUTH_STORE in "};
    int bars = 0;
    for (int i = 0; i < LENGTH(each); i++) {
        ck_assert_msg(strstr(said, each[i]) != NULL, "%s", said);
    }
    for (const char *at = said; *at != '\0'; at++) {
        bars += *at == '|';
    }
    ck_assert_int_eq(bars, LENGTH(each));
}
END_TEST

static const struct {
    const char *lines;
    const char *store;
    const char *file;
} stores[] = {
    {"", "sqlite", "/var/lib/auth_platform/auth_platform.db"},
    {"AUTH_STATE_DIR=/srv/s\n", "sqlite", "/srv/s/auth_platform.db"},
    {"AUTH_STORE=sqlite\n", "sqlite", "/var/lib/auth_platform/auth_platform.db"},
    {"AUTH_STORE=sqlite:a/b.db\nAUTH_STATE_DIR=/srv/s\n", "sqlite", "/srv/s/a/b.db"},
    {"AUTH_STORE=sqlite:/x/y.db\n", "sqlite", "/x/y.db"},
    {"MONGODB_URI=mongodb://h\n", "mongodb", NULL},
    {"MONGODB_URI=mongodb+srv://h\n", "mongodb", NULL},
    {"DATABASE_URL=postgresql://h\n", "postgresql", NULL},
    {"DATABASE_URL=postgres://h\n", "postgresql", NULL},
    {"DATABASE_URL=postgresql+asyncpg://h\n", "postgresql", NULL},
    {"DATABASE_URL=postgresql+psycopg2://h\n", "postgresql", NULL},
    {"MONGO_URI=mongodb://h\n", "mongodb", NULL},
    {"DATABASE_URL=host=h sslrootcert=/a://b\n", "postgresql", NULL},
    {"DATABASE_URL=postgres://h\nMONGODB_URI=mongodb://h\n", "mongodb", NULL},
    {"AUTH_STORE=sqlite\nMONGODB_URI=mongodb://h\n", "sqlite",
     "/var/lib/auth_platform/auth_platform.db"},
    {"AUTH_STORE=postgresql\nDATABASE_URL=postgres://h\nMONGODB_URI=mongodb://h\n", "postgresql",
     NULL},
};

START_TEST(store)
{
    const authp_settings_t *s = loaded(apr_pstrcat(pool, KEY_LINE, stores[_i].lines, NULL));
    ck_assert_str_eq(s->store, stores[_i].store);
    ck_assert_ptr_nonnull(s->sqlite_file);
    if (stores[_i].file != NULL) {
        ck_assert_str_eq(s->sqlite_file, stores[_i].file);
    }
}
END_TEST

static const struct {
    const char *line;
    const char *name;
    const char *what;
} relations[] = {
    {"AUTH_STORE=mongodb", "MONGODB_URI", "is needed with AUTH_STORE=mongodb"},
    {"AUTH_STORE=postgresql", "DATABASE_URL", "is needed with AUTH_STORE=postgresql"},
    {"AUTH_STORE=sqlite:", "AUTH_STORE", "must be sqlite, sqlite:FILE, mongodb or postgresql"},
    {"AUTH_STORE=SQLite", "AUTH_STORE", "must be sqlite, sqlite:FILE, mongodb or postgresql"},
    {"AUTH_STORE=mongodb:x", "AUTH_STORE", "must be sqlite, sqlite:FILE, mongodb or postgresql"},
    {"AUTH_STATE_DIR=./state", "AUTH_STATE_DIR", "must be an absolute path"},
    {"MONGODB_URI=mongo://h", "MONGODB_URI", "must begin with mongodb:// or mongodb+srv://"},
    {"DATABASE_URL=sqlite://h", "DATABASE_URL",
     "must begin with postgresql://, or be a list of key=value"},
    {"DATABASE_URL=db", "DATABASE_URL", "must begin with postgresql://, or be a list of key=value"},
    {"FRONTEND_URL=https://", "FRONTEND_URL", "must be an http or https URL"},
    {"FRONTEND_URL=example.org", "FRONTEND_URL", "must be an http or https URL"},
    {"FRONTEND_URL=https://u:p@example.org", "FRONTEND_URL", "must be an http or https URL"},
    {"FRONTEND_URL=app://example", "FRONTEND_URL", "must be an http or https URL"},
    {"JWT_SECRET_KEY_PREVIOUS=" KEY, "JWT_SECRET_KEY_PREVIOUS", "is the same as the present key"},
    {"JWT_ALGORITHM=RS256", "JWT_ALGORITHM", "this build has HS256 only"},
    {"JWT_ALGORITHM=hs256", "JWT_ALGORITHM", "this build has HS256 only"},
    {"SESSION_ABSOLUTE_DAYS=6", "SESSION_ABSOLUTE_DAYS",
     "must not be less than REFRESH_TOKEN_EXPIRE_DAYS"},
    {"REFRESH_TOKEN_EXPIRE_DAYS=91", "SESSION_ABSOLUTE_DAYS",
     "must not be less than REFRESH_TOKEN_EXPIRE_DAYS"},
    {"PASSWORD_REFUSED_FILE=/nonexistent/list", "PASSWORD_REFUSED_FILE",
     "/nonexistent/list cannot be read"},
    {"OIDC_PROVIDERS=a\nOIDC_A_KIND=github\nOIDC_A_CLIENT_ID=x\nOIDC_A_CLIENT_SECRET=s3cret-s3\n"
     "OIDC_A_REDIRECT_URI=https://h/oidc/a/callback\nOIDC_A_LABLE=A",
     "OIDC_A_LABLE", "is not a setting; did you mean OIDC_A_LABEL?"},
    {"ROLES=candidate,admin\nRECRUITER_REGISTRATION=pending", "RECRUITER_REGISTRATION",
     "is set, but ROLES has no recruiter"},
    {"GOOGLE_CLIENT_SECRET=s3cret-s3cret", "GOOGLE_CLIENT_ID",
     "GOOGLE_CLIENT_SECRET and GOOGLE_OAUTH_REDIRECT_URI go together: set all three or none"},
    {"GOOGLE_CLIENT_ID=x\nGOOGLE_OAUTH_REDIRECT_URI=https://h/cb", "GOOGLE_CLIENT_ID",
     "GOOGLE_CLIENT_SECRET and GOOGLE_OAUTH_REDIRECT_URI go together: set all three or none"},
};

START_TEST(related)
{
    const char *text = apr_pstrcat(pool, KEY_LINE, relations[_i].line, "\n", NULL);
    expect_one(text, relations[_i].name, relations[_i].what);
}
END_TEST

START_TEST(related_and_right)
{
    const authp_settings_t *s = loaded(apr_pstrcat(
        pool,
        KEY_LINE
        "JWT_SECRET_KEY_PREVIOUS=" OTHER_KEY "\nSESSION_ABSOLUTE_DAYS=7\n"
        "GOOGLE_CLIENT_ID=x\nGOOGLE_CLIENT_SECRET=s3cret-s3cret\n"
        "GOOGLE_OAUTH_REDIRECT_URI=https://h/auth/google/callback\nFRONTEND_URL=http://[::1]:80/app\n"
        "PASSWORD_REFUSED_FILE=",
        path, "\n", NULL));
    ck_assert_str_eq(s->frontend_origin, "http://[::1]");
    ck_assert_str_eq(s->frontend_url, "http://[::1]:80/app");
    ck_assert_str_eq(s->password_refused_file, path);
    ck_assert_ptr_null(s->password_refused);
    ck_assert_uint_eq(authp_secret_len(s->google_client_secret), 13);
    ck_assert_str_eq((const char *)authp_secret_bytes(s->jwt_secret_previous), OTHER_KEY);
}
END_TEST

/* A wrong key is reported once, and not also as a missing key. */
START_TEST(one_complaint_each)
{
    expect_one("JWT_SECRET_KEY=0123456789ab\n", "JWT_SECRET_KEY",
               "is 12 bytes, needs 32 to 4096 (make one with `authplatform secret`)");
    expect_one("JWT_SECRET_KEY=abababababababababababababababababab\n", "JWT_SECRET_KEY",
               "is a sample or a pattern, not a secret (make one with `authplatform secret`)");
    expect_one("JWT_SECRET_KEY_PREVIOUS=" OTHER_KEY "\n", "JWT_SECRET_KEY",
               "is missing (make one with `authplatform secret`)");
    expect_one(KEY_LINE "SESSION_ABSOLUTE_DAYS=0\nREFRESH_TOKEN_EXPIRE_DAYS=365\n",
               "SESSION_ABSOLUTE_DAYS", "must be a whole number from 1 to 3650");
}
END_TEST

static const struct {
    const char *name;
    const char *meant; /* the setting that is suggested; NULL: none */
} names[] = {
    {"JWT_SECRET", "JWT_SECRET_KEY"},
    {"SECRET_KYE", "SECRET_KEY"},
    {"MONGO_UIR", "MONGO_URI"},
    {"CORS_ORIGIN", "CORS_ORIGINS"},
    {"jwt_secret", "JWT_SECRET_KEY"},
    {"JWT_SECERT_KEY", "JWT_SECRET_KEY"},
    {"BCRYPT_ROUND", "BCRYPT_ROUNDS"},
    {"BCYRPT_ROUNDS", "BCRYPT_ROUNDS"},
    {"BCRYPT-ROUNDS", "BCRYPT_ROUNDS"},
    {"ROLE", "ROLES"},
    {"ROELS", "ROLES"},
    {"ROLLES", "ROLES"},
    {"AUTH_LIMIT", "AUTH_LIMITS"},
    {"AUTH_LIMIT_ADRESS", "AUTH_LIMIT_ADDRESS"},
    /* the nearest name, although MONGODB_DB is only two edits away */
    {"MONGODB_UR", "MONGODB_URI"},
    {"MONGODB_URL", "MONGODB_URI"},
    {"MONGO_DB", "MONGODB_DB"},
    {"DATABASE_URI", "DATABASE_URL"},
    {"OIDC_PROVIDER", "OIDC_PROVIDERS"},
    {"OTP_EXPIRY_MINUTES", "OTP_EXPIRE_MINUTES"},
    {"MSG91_AUTHKEY", "MSG91_AUTH_KEY"},
    {"OTP_BUDGET", NULL},
    {"GOOGLE_REDIRECT_URI", NULL},
    {"RULES_OF", NULL},
    {"MODE", NULL},
    {"PATH", NULL},
    {"APP_NAME", NULL},
    {"POSTGRES_PASSWORD", NULL},
    {"A", NULL},
    {"A_NAME_THAT_IS_LONGER_THAN_ANY_SETTING_EVER_WAS", NULL},
};

START_TEST(misspelt)
{
    const char *text = apr_pstrcat(pool, KEY_LINE, names[_i].name, "=whatever\n", NULL);
    if (names[_i].meant == NULL) {
        ck_assert_ptr_null(loaded(text)->mongodb_uri);
    } else {
        expect_one(
            text, names[_i].name,
            apr_pstrcat(pool, "is not a setting; did you mean ", names[_i].meant, "?", NULL));
    }
}
END_TEST

START_TEST(case_matters)
{
    expect_one(KEY_LINE "bcrypt_rounds=10\n", "bcrypt_rounds",
               "is not a setting; did you mean BCRYPT_ROUNDS?");
}
END_TEST

/* The default of each setting is a valid value, and no two names are so similar that one is
 * suggested for the other. */
START_TEST(defaults)
{
    int secrets = 0;
    apr_array_header_t *lines = apr_array_make(pool, 32, sizeof(const char *));
    for (int i = 0; i < authp_settings_table_count; i++) {
        const authp_setting_t *row = &authp_settings_table[i];
        bool secret = row->kind == AUTHP_SETTING_SECRET;
        secrets += secret;
        if (!secret && row->fallback != NULL) {
            APR_ARRAY_PUSH(lines, const char *) =
                apr_pstrcat(pool, row->name, "='", row->fallback, "'\n", NULL);
        }
    }
    ck_assert_int_gt(authp_settings_table_count, 25);
    ck_assert_int_eq(secrets, 4);
    const authp_settings_t *s =
        loaded(apr_pstrcat(pool, KEY_LINE, apr_array_pstrcat(pool, lines, '\0'), NULL));
    const authp_settings_t *plain = loaded(KEY_LINE);
    ck_assert_int_eq(s->bcrypt_rounds, plain->bcrypt_rounds);
    ck_assert_int_eq(s->bcrypt_rounds, 12);
    ck_assert_int_eq(s->limit_account.seconds, plain->limit_account.seconds);
    ck_assert_int_eq(s->roles->nelts, plain->roles->nelts);
}
END_TEST

START_TEST(process_environment)
{
    static const char name[] = "AUTHP_TEST_OF_SETTINGS";
    const authp_settings_env_t *env = authp_settings_load_environment();
    ck_assert_ptr_null(env->lookup(env->ctx, name));
    ck_assert_int_eq(setenv(name, "x y", 1), 0);
    ck_assert_str_eq(env->lookup(env->ctx, name), "x y");
    ck_assert_int_eq(unsetenv(name), 0);
    ck_assert_ptr_null(env->lookup(env->ctx, name));
}
END_TEST

Suite *suite_settings_check(void)
{
    Suite *suite = suite_create("settings_check");
    TCase *tests = tcase_create("settings_check");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, file_alone);
    tcase_add_test(tests, environment_wins);
    tcase_add_test(tests, no_file_no_settings);
    tcase_add_test(tests, broken_file);
    tcase_add_test(tests, all_errors_at_once);
    tcase_add_loop_test(tests, store, 0, LENGTH(stores));
    tcase_add_loop_test(tests, related, 0, LENGTH(relations));
    tcase_add_test(tests, related_and_right);
    tcase_add_test(tests, one_complaint_each);
    tcase_add_loop_test(tests, misspelt, 0, LENGTH(names));
    tcase_add_test(tests, case_matters);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, process_environment);
    suite_add_tcase(suite, tests);
    return suite;
}
