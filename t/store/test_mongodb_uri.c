/* SPDX-License-Identifier: Apache-2.0 */
/* MONGODB_URI and MONGODB_DB: what is refused before any server is contacted, and what is
 * logged. */
#include "../unit/suite.h"
#include "base/log.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    mongoc_init();
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static char heard[2000];

static void listen_to(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    size_t len = strlen(heard);
    snprintf(heard + len, sizeof(heard) - len, "%d %s\n", (int)level, message);
}

/* Every secret contains `hush`, which no message may contain. */
static const struct {
    const char *uri;
    const char *said; /* part of the error; NULL: accepted */
    const char *log;  /* part of the log line; NULL: none */
} uris[] = {
    {"mongodb://h1,h2:27018/?replicaSet=rs0&tls=true", NULL, NULL},
    {"mongodb://u:p%40ss@localhost/?authSource=admin&readPreference=secondaryPreferred", NULL,
     NULL},
    {"mongodb://localhost/?w=2&wtimeoutMS=100&journal=true&readConcernLevel=majority", NULL, NULL},
    {"mongodb://localhost/?readPreference=nearest&readPreferenceTags=dc:ny&readPreferenceTags=",
     NULL, NULL},
    {"mongodb://u:hush@localhost/?authMechanism=SCRAM-SHA-256&compressors=zlib&appName=x&SSL=TRUE",
     NULL, NULL},
    {"mongodb://localhost", NULL, NULL},
    {"mongodb://localhost/db", NULL, NULL},
    {"mongodb://u:p@ss:hush@localhost/", "no valid", "0238"},
    {"mongodb://", "no valid", "0238"},
    {"mongodb://localhost/?w=0", "w=0", NULL},
    {"mongodb://u:hush@localhost:notaport/", "no valid", "0238"},
    {"mongodb://u:hush@localhost/?tsl=true", "\"tsl\"; did you mean tls?", NULL},
    {"mongodb://u:hush@localhost/?replicaSet=rs0&TSL=true", "\"TSL\"; did you mean tls?", NULL},
    {"mongodb://localhost/?replicaset=rs0&readPreferences=nearest", "did you mean readPreference?",
     NULL},
    {"mongodb://localhost/?authsorce=admin", "did you mean authSource?", NULL},
    {"mongodb://localhost/?hullabaloo=1", "would ignore: \"hullabaloo\"", NULL},
    {"mongodb+srv://cluster.example.org/db?tlss=true", "did you mean tls?", NULL},
    {"mongodb://localhost/?=x", "would ignore: \"\"", NULL},
    {"mongodb://localhost/?tls=", "tls without a value", NULL},
    {"mongodb://localhost/?tls", "tls without a value", NULL},
    {"mongodb://u:hush@localhost/?appname=x&tls=ture", "for the option tls", NULL},
    {"mongodb://localhost/?connectTimeoutMS=hush", "for the option connectTimeoutMS", "0238"},
    {"mongodb://localhost/?w=-5", "for the option w", NULL},
    /* With a slash in the password, the text after it looks like an option but is part of the
     * password. */
    {"mongodb://u:x/y?hush=z@localhost/", "does not know (an @", NULL},
    {"mongodb://u:x/y@localhost/?hush=z", "does not know (an @", NULL},
    {"mongodb://u:x/y@localhost/?tls=hush", "no valid", "0238"},
    /* A port is no password. */
    {"mongodb://x@localhost:27017/?authMechanism=MONGODB-X509&tls=true", NULL, NULL},
    {"mongodb://localhost:27017,localhost:27018/", NULL, NULL},
    {"mongodb://u:p@localhost:27017/", NULL, NULL},
    {"mongodb://x@localhost:27017/?authMechanism=MONGODB-X509&tls=yes", NULL, "Deprecated boolean"},
    /* Warnings of the driver. */
    {"mongodb://localhost/?tls=yes", NULL, "1 AUTHP0238: MONGODB_URI: Deprecated boolean"},
    {"mongodb://localhost/?tls=true&tls=false", NULL, "1 AUTHP0238: MONGODB_URI: Overwriting"},
    {"mongodb://u:Deprecated%20hush@localhost/?tls=yes", NULL, "Deprecated boolean"},
    {"mongodb://u:Deprecated@localhost/?tls=yes", NULL, "may hold a part of a secret"},
    {"mongodb://u:Depre%63ated@localhost/?tls=yes", NULL, "may hold a part of a secret"},
    {"mongodb://localhost/?tls=yes&tlsCertificateKeyFilePassword=boolean", NULL,
     "may hold a part of a secret"},
    {"mongodb://localhost/?tls=yes&sslClientCertificateKeyPassword=boolean", NULL,
     "may hold a part of a secret"},
    {"mongodb://u:p@localhost/?authMechanism=SCRAM-SHA-1&authMechanismProperties=boolean&tls=yes",
     NULL, "may hold a part of a secret"},
};

START_TEST(the_uri_is_checked_and_not_shown)
{
    const authp_store_config_t config = {
        .uri = uris[_i].uri, .database = "jobs", .timeout_ms = 2000, .max_connections = 4};
    heard[0] = '\0';
    authp_log_set_sink(listen_to, NULL);
    const char *said = authp_providers_find("mongodb")->check(&config, pool);
    authp_log_set_sink(NULL, NULL);
    ck_assert_msg(uris[_i].said == NULL ? said == NULL
                                        : said != NULL && strstr(said, uris[_i].said) != NULL,
                  "%s: %s", uris[_i].uri, said);
    ck_assert(said == NULL ||
              (strstr(said, "hush") == NULL && strstr(said, "MONGODB_URI ") == said));
    ck_assert_msg(uris[_i].log == NULL ? heard[0] == '\0' : strstr(heard, uris[_i].log) != NULL,
                  "%s: %s", uris[_i].uri, heard);
    if (strstr(uris[_i].uri, "TimeoutMS=hush") == NULL) {
        ck_assert_ptr_null(strstr(heard, "hush"));
    }
}
END_TEST

/* The module may be unloaded before the driver logs the next line, so the driver's own log handler
 * must be set again. */
START_TEST(the_drivers_own_handler_is_put_back)
{
    const authp_store_config_t config = {.uri = "mongodb://localhost/?tls=yes",
                                         .database = "jobs",
                                         .timeout_ms = 2000,
                                         .max_connections = 4};
    ck_assert_ptr_null(authp_providers_find("mongodb")->check(&config, pool));
    heard[0] = '\0';
    authp_log_set_sink(listen_to, NULL);
    mongoc_uri_destroy(mongoc_uri_new(config.uri)); /* a line on standard error */
    authp_log_set_sink(NULL, NULL);
    ck_assert_str_eq(heard, "");
}
END_TEST

/* A child opens a configuration that was checked before, and does not log the same warnings
 * again. */
START_TEST(opening_is_silent)
{
    const authp_store_config_t config = {.uri = "mongodb://localhost/?tls=yes",
                                         .database = "jobs",
                                         .timeout_ms = 2000,
                                         .max_connections = 4};
    authp_store_t *store = NULL;
    heard[0] = '\0';
    authp_log_set_sink(listen_to, NULL);
    /* The driver must not write to standard error either. */
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
    authp_err_t err = authp_store_open(authp_providers_find("mongodb"), &config, &store, pool);
    off_t written = lseek(fileno(file), 0, SEEK_END);
    ck_assert_int_ge(dup2(kept, STDERR_FILENO), 0);
    (void)close(kept);
    (void)fclose(file);
    ck_assert_int_eq(err, AUTHP_OK);
    ck_assert_int_eq(written, 0);
    ck_assert_ptr_null(strstr(heard, "Deprecated"));
    /* After that the driver's lines go to our log. */
    mongoc_uri_destroy(mongoc_uri_new(config.uri));
    authp_log_set_sink(NULL, NULL);
    ck_assert_ptr_nonnull(strstr(heard, "3 AUTHP0236: mongoc: Deprecated"));
    mongoc_log_set_handler(mongoc_log_default_handler, NULL);
}
END_TEST

/* Warnings and worse lines of the driver are logged at level info. */
START_TEST(which_lines_of_the_driver)
{
    static const struct {
        mongoc_log_level_t level;
        bool heard;
    } rows[] = {{MONGOC_LOG_LEVEL_CRITICAL, true}, {MONGOC_LOG_LEVEL_ERROR, true},
                {MONGOC_LOG_LEVEL_WARNING, true},  {MONGOC_LOG_LEVEL_MESSAGE, false},
                {MONGOC_LOG_LEVEL_INFO, false},    {MONGOC_LOG_LEVEL_DEBUG, false}};
    const authp_store_config_t config = {.uri = "mongodb://localhost/",
                                         .database = "jobs",
                                         .timeout_ms = 2000,
                                         .max_connections = 4};
    authp_store_t *store = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &store, pool),
                     AUTHP_OK);
    authp_log_set_sink(listen_to, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        heard[0] = '\0';
        mongoc_log(rows[i].level, "part", "words");
        ck_assert_str_eq(heard, rows[i].heard ? "3 AUTHP0236: part: words\n" : "");
    }
    authp_log_set_sink(NULL, NULL);
    mongoc_log_set_handler(mongoc_log_default_handler, NULL);
}
END_TEST

/* Nothing listens at this port. No line of the driver about it may contain the password. */
START_TEST(no_password_in_the_log)
{
    const authp_store_config_t config = {.uri =
                                             "mongodb://ada:hush%21@127.0.0.1:9/?authSource=hush",
                                         .database = "jobs",
                                         .timeout_ms = 300,
                                         .max_connections = 1};
    authp_store_t *store = NULL;
    heard[0] = '\0';
    authp_log_set_sink(listen_to, NULL);
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &store, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    authp_log_set_sink(NULL, NULL);
    mongoc_log_set_handler(mongoc_log_default_handler, NULL);
    ck_assert_ptr_nonnull(strstr(heard, "AUTHP0231"));
    ck_assert_ptr_null(strstr(heard, "hush"));
}
END_TEST

START_TEST(the_database_name_is_checked)
{
    static const char *const wrong_names[] = {"a b", "a.b", "", "a/b", "a$b", NULL};
    const authp_store_ops_t *ops = authp_providers_find("mongodb");
    authp_store_config_t config = {.uri = "mongodb://localhost/",
                                   .database = "jobs",
                                   .timeout_ms = 2000,
                                   .max_connections = 4};
    ck_assert_ptr_null(ops->check(&config, pool));
    for (size_t i = 0; i < sizeof(wrong_names) / sizeof(wrong_names[0]); i++) {
        config.database = wrong_names[i];
        ck_assert_str_eq(ops->check(&config, pool), "MONGODB_DB is no database name");
    }
    for (const char *bad = "/\\. \"$*<>:|?"; *bad != '\0'; bad++) {
        config.database = apr_psprintf(pool, "a%c", *bad);
        ck_assert_str_eq(ops->check(&config, pool), "MONGODB_DB is no database name");
    }
    for (int len = 63; len <= 64; len++) {
        config.database = apr_psprintf(pool, "%0*d", len, 7);
        const char *said = ops->check(&config, pool);
        ck_assert_msg((said == NULL) == (len == 63), "%d bytes: %s", len, said);
    }
    config.uri = NULL;
    ck_assert_str_eq(ops->check(&config, pool), "MONGODB_URI is needed");
}
END_TEST

Suite *suite_mongodb_uri(void)
{
    Suite *suite = suite_create("mongodb_uri");
    TCase *tests = tcase_create("mongodb_uri");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, the_uri_is_checked_and_not_shown, 0,
                        (int)(sizeof(uris) / sizeof(uris[0])));
    tcase_add_test(tests, the_drivers_own_handler_is_put_back);
    tcase_add_test(tests, opening_is_silent);
    tcase_add_test(tests, which_lines_of_the_driver);
    tcase_add_test(tests, no_password_in_the_log);
    tcase_add_test(tests, the_database_name_is_checked);
    suite_add_tcase(suite, tests);
    return suite;
}
