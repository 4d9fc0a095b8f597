/* SPDX-License-Identifier: Apache-2.0 */
/* Second names of settings, as .env files of other back ends have them. */
#include "service/settings/settings.h"
#include "service/settings/settings_alias.h"
#include "suite.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL"
#define OTHER "bN5mT8wX1cR4yU7iO0pL3kJ6hG9fD2sA"
#define KEY "JWT_SECRET_KEY=" SECRET "\n"
#define BOTH "both are names of one setting, so remove one of them"

static apr_pool_t *pool;
static apr_table_t *environment;

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    environment = apr_table_make(pool, 4);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *lookup(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

/* Loads the pairs "A=1\nB=2\n" as the environment. Returns the errors as one text, which has no
 * secret. */
static const char *load_beside(const char *file, const char *lines, authp_settings_t **out)
{
    const authp_settings_env_t env = {lookup, environment};
    apr_array_header_t *errors = NULL;
    char *last = NULL;
    for (char *line = apr_strtok(apr_pstrdup(pool, lines), "\n", &last); line != NULL;
         line = apr_strtok(NULL, "\n", &last)) {
        char *equals = strchr(line, '=');
        *equals = '\0';
        apr_table_set(environment, line, equals + 1);
    }
    *out = NULL;
    authp_err_t err = authp_settings_load(file, &env, out, &errors, pool);
    ck_assert_int_eq(err == AUTHP_OK, errors->nelts == 0);
    const char *said = apr_array_pstrcat(pool, errors, '|');
    ck_assert_ptr_null(strstr(said, SECRET));
    ck_assert_ptr_null(strstr(said, OTHER));
    return said != NULL ? said : "";
}

static const char *load(const char *lines, authp_settings_t **out)
{
    return load_beside(NULL, lines, out);
}

START_TEST(each_counts)
{
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load("SECRET_KEY=" SECRET "\nALGORITHM=HS256\nMONGO_URI=mongodb://h1\n"
                          "MONGO_DB_NAME=jobs\nCORS_ORIGINS=http://localhost:3000\n",
                          &s),
                     "");
    ck_assert_str_eq((const char *)authp_secret_bytes(s->jwt_secret), SECRET);
    ck_assert_str_eq(s->store, "mongodb");
    ck_assert_str_eq(s->mongodb_uri, "mongodb://h1");
    ck_assert_str_eq(s->mongodb_db, "jobs");
    ck_assert_str_eq(APR_ARRAY_IDX(s->cors_origins, 0, const char *), "http://localhost:3000");
}
END_TEST

/* An error has the name that is in the file. */
static const struct {
    const char *lines;
    const char *says;
} wrong[] = {
    {"SECRET_KEY=short\n", "SECRET_KEY in the environment: is 5 bytes, needs 32 to 4096 (make one "
                           "with `authplatform secret`)"},
    {KEY "ALGORITHM=RS256\n", "ALGORITHM in the environment: this build has HS256 only"},
    {KEY "MONGO_URI=http://h\n",
     "MONGO_URI in the environment: must begin with mongodb:// or mongodb+srv://"},
    {KEY "CORS_ORIGINS=[\n", "CORS_ORIGINS in the environment: is not a JSON list"},
    {KEY "SECRET_KEY=" OTHER "\n", "JWT_SECRET_KEY in the environment: has another value than "
                                   "SECRET_KEY in the environment; " BOTH},
    {KEY "JWT_ALGORITHM=HS256\nALGORITHM=hs256\n",
     "JWT_ALGORITHM in the environment: has another value than ALGORITHM in the environment; " BOTH},
    {KEY "MONGODB_URI=mongodb://a\nMONGO_URI=mongodb://b\n",
     "MONGODB_URI in the environment: has another value than MONGO_URI in the environment; " BOTH},
    {KEY "MONGODB_DB=a\nMONGO_DB_NAME=b\n",
     "MONGODB_DB in the environment: has another value than MONGO_DB_NAME in the environment; " BOTH},
    {KEY "BACKEND_CORS_ORIGINS=http://a.example\nCORS_ORIGINS=http://b.example\n",
     "BACKEND_CORS_ORIGINS in the environment: has another value than CORS_ORIGINS in the "
     "environment; " BOTH},
};

START_TEST(wrong_values)
{
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(wrong[_i].lines, &s), wrong[_i].says);
}
END_TEST

START_TEST(the_same_twice_is_fine)
{
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(KEY "SECRET_KEY=" SECRET "\nMONGODB_DB=a\nMONGO_DB_NAME=a\n"
                              "CORS_ORIGINS=\nBACKEND_CORS_ORIGINS=http://a.example\n"
                              "MONGODB_URI=\nMONGO_URI=mongodb://h\n",
                          &s),
                     "");
    ck_assert_str_eq(s->mongodb_db, "a");
    ck_assert_str_eq(s->mongodb_uri, "mongodb://h");
    ck_assert_int_eq(s->cors_origins->nelts, 1);
}
END_TEST

/* An error says where each of the two names stands. */
static const struct {
    const char *file;
    const char *lines;
    const char *says; /* "@" is the file */
} places[] = {
    {KEY, "ALGORITHM=RS256\n", "ALGORITHM in the environment: this build has HS256 only"},
    {KEY "ALGORITHM=RS256\n", "", "ALGORITHM @: this build has HS256 only"},
    {KEY, "MONGODB_URI=http://h\n",
     "MONGODB_URI in the environment: must begin with mongodb:// or mongodb+srv://"},
    {KEY "SESSION_ABSOLUTE_DAYS=x\n", "JWT_ALGORITHM=RS256\n",
     "SESSION_ABSOLUTE_DAYS @: must be a whole number from 1 to 3650|"
     "JWT_ALGORITHM in the environment: this build has HS256 only"},
    {KEY "JWT_ALGORITHM=HS256\n", "ALGORITHM=RS256\n",
     "JWT_ALGORITHM @: has another value than ALGORITHM in the environment; " BOTH},
    {KEY "ALGORITHM=RS256\n", "JWT_ALGORITHM=HS256\n",
     "JWT_ALGORITHM in the environment: has another value than ALGORITHM @; " BOTH},
};

START_TEST(where_it_stands)
{
    char path[] = "/tmp/authp-alias-XXXXXX";
    authp_settings_t *s = NULL;
    const int len = (int)strlen(places[_i].file);
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, places[_i].file, (size_t)len), len);
    ck_assert_int_eq(close(fd), 0);
    const char *said = load_beside(path, places[_i].lines, &s);
    ck_assert_int_eq(unlink(path), 0);
    const char *at = strchr(places[_i].says, '@');
    ck_assert_str_eq(said, at == NULL
                               ? places[_i].says
                               : apr_psprintf(pool, "%.*sin %s%s", (int)(at - places[_i].says),
                                              places[_i].says, path, at + 1));
}
END_TEST

/* Names of other programs that are near to one of ours are no misspelling of it. */
START_TEST(names_of_other_programs)
{
    static const char *const others[] = {
        "APP_NAME",      "APP_VERSION",    "DEBUG",        "LOG_LEVEL",       "GOOGLE_API_KEY",
        "CHROMA_DB_DIR", "PYTHON_VERSION", "DB_POOL_SIZE", "DB_MAX_OVERFLOW", "CORS_CREDENTIALS"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert_msg(authp_settings_alias_foreign(others[i]), "%s", others[i]);
    }
    ck_assert(!authp_settings_alias_foreign("APP_ENV") && !authp_settings_alias_foreign(""));
    apr_array_header_t *names = apr_array_make(pool, 5, sizeof(const char *));
    authp_settings_alias_list(names);
    ck_assert_str_eq(apr_array_pstrcat(pool, names, ','),
                     "SECRET_KEY,ALGORITHM,MONGO_URI,MONGO_DB_NAME,CORS_ORIGINS");
}
END_TEST

Suite *suite_settings_alias(void)
{
    Suite *suite = suite_create("settings_alias");
    TCase *tests = tcase_create("settings_alias");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_counts);
    tcase_add_loop_test(tests, wrong_values, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_loop_test(tests, where_it_stands, 0, (int)(sizeof(places) / sizeof(places[0])));
    tcase_add_test(tests, the_same_twice_is_fine);
    tcase_add_test(tests, names_of_other_programs);
    suite_add_tcase(suite, tests);
    return suite;
}
