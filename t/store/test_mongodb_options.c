/* SPDX-License-Identifier: Apache-2.0 */
/* What the MongoDB store hands to the driver: every option of the URI, and the write concern. And
 * what errors of the driver mean. */
#include "../unit/suite.h"
#include "store/mongodb/mongo_error.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

#define MOST 4

static apr_pool_t *pool;
static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    mongoc_init();
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static mongoc_uri_t *parse(const char *options, int timeout_ms)
{
    const char *error = NULL;
    const authp_store_config_t config = {.uri = apr_pstrcat(pool, "mongodb://h/", options, NULL),
                                         .database = "options",
                                         .timeout_ms = timeout_ms,
                                         .max_connections = MOST};
    mongoc_uri_t *uri = authp_mongo_uri(&config, &error, pool);
    ck_assert_msg(uri != NULL, "%s: %s", options, error);
    return uri;
}

#define BOUNDS(select, answer)                                                                     \
    "\"serverselectiontimeoutms\" : " select ", \"connecttimeoutms\" : " select                    \
    ", \"sockettimeoutms\" : " answer
#define APP ", \"appname\" : \"mod_auth_platform\""
#define POOL ", \"maxpoolsize\" : 5 }"
#define ONCE "{ \"retryreads\" : false, \"retrywrites\" : false, "

/* All options, in the order in which they are set: those of the URI, and then our own. */
static const struct {
    const char *options;
    int timeout_ms;
    const char *all;
} options[] = {
    {"", 2000, ONCE BOUNDS("700", "1200") APP POOL},
    {"", 999, ONCE BOUNDS("349", "599") APP POOL},
    {"?retryReads=true", 2000,
     "{ \"retryreads\" : true, \"retrywrites\" : false, " BOUNDS("350", "600") APP POOL},
    {"?retryWrites=true", 2000,
     "{ \"retrywrites\" : true, \"retryreads\" : false, " BOUNDS("350", "600") APP POOL},
    {"?retryReads=false&retryWrites=false", 2000, ONCE BOUNDS("700", "1200") APP POOL},
    {"?socketTimeoutMS=13", 2000,
     "{ \"sockettimeoutms\" : 13, \"retryreads\" : false, \"retrywrites\" : false, "
     "\"serverselectiontimeoutms\" : 700, \"connecttimeoutms\" : 700" APP POOL},
    {"?connectTimeoutMS=12&serverSelectionTimeoutMS=11", 2000,
     "{ \"connecttimeoutms\" : 12, \"serverselectiontimeoutms\" : 11, \"retryreads\" : false, "
     "\"retrywrites\" : false, \"sockettimeoutms\" : 1200" APP POOL},
    {"?appName=mine&maxPoolSize=99&minPoolSize=7", 2000,
     "{ \"appname\" : \"mine\", \"maxpoolsize\" : 5, \"minpoolsize\" : 0, \"retryreads\" : false, "
     "\"retrywrites\" : false, " BOUNDS("700", "1200") " }"},
    {"?tls=true&tlsCAFile=/ca.pem&heartbeatFrequencyMS=5000", 2000,
     "{ \"tls\" : true, \"tlscafile\" : \"/ca.pem\", \"heartbeatfrequencyms\" : 5000, "
     "\"retryreads\" : false, \"retrywrites\" : false, " BOUNDS("700", "1200") APP POOL},
};

START_TEST(every_option)
{
    mongoc_uri_t *uri = parse(options[_i].options, options[_i].timeout_ms);
    char *json = bson_as_relaxed_extended_json(mongoc_uri_get_options(uri), NULL);
    ck_assert_str_eq(json, options[_i].all);
    ck_assert_ptr_null(mongoc_read_concern_get_level(mongoc_uri_get_read_concern(uri)));
    ck_assert_int_eq(mongoc_read_prefs_get_mode(mongoc_uri_get_read_prefs_t(uri)),
                     MONGOC_READ_PRIMARY);
    bson_free(json);
    mongoc_uri_destroy(uri);
}
END_TEST

/* A majority, unless the URI has another `w`; and a limit for its acknowledgement, unless the URI
 * has one or only the primary acknowledges. */
static const struct {
    const char *options;
    int w;
    int wtimeout;
    bool journal;
} concerns[] = {
    {"", MONGOC_WRITE_CONCERN_W_MAJORITY, 1000, false},
    {"?journal=true", MONGOC_WRITE_CONCERN_W_MAJORITY, 1000, true},
    {"?journal=false", MONGOC_WRITE_CONCERN_W_MAJORITY, 1000, false},
    {"?wtimeoutMS=70", MONGOC_WRITE_CONCERN_W_MAJORITY, 70, false},
    {"?w=majority", MONGOC_WRITE_CONCERN_W_MAJORITY, 1000, false},
    {"?w=majority&wtimeoutMS=70&journal=true", MONGOC_WRITE_CONCERN_W_MAJORITY, 70, true},
    {"?w=1", 1, 0, false},
    {"?w=1&journal=true", 1, 0, true},
    {"?w=2", 2, 1000, false},
    {"?w=3&wtimeoutMS=70", 3, 70, false},
    {"?w=everywhere", MONGOC_WRITE_CONCERN_W_TAG, 1000, false},
};

START_TEST(write_concerns)
{
    mongoc_uri_t *uri = parse(concerns[_i].options, 2000);
    const mongoc_write_concern_t *concern = mongoc_uri_get_write_concern(uri);
    ck_assert_int_eq(mongoc_write_concern_get_w(concern), concerns[_i].w);
    ck_assert_int_eq(mongoc_write_concern_get_wtimeout_int64(concern), concerns[_i].wtimeout);
    ck_assert_int_eq(mongoc_write_concern_get_journal(concern), concerns[_i].journal);
    if (concerns[_i].w == MONGOC_WRITE_CONCERN_W_TAG) {
        ck_assert_str_eq(mongoc_write_concern_get_wtag(concern), "everywhere");
    }
    mongoc_uri_destroy(uri);
}
END_TEST

START_TEST(unacknowledged_writes)
{
    static const char *const refused[] = {"?w=0", "?w=-1", "?safe=false", "?w=0&wtimeoutMS=70"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const char *error = NULL;
        const authp_store_config_t config = {
            .uri = apr_pstrcat(pool, "mongodb://h/", refused[i], NULL),
            .database = "options",
            .timeout_ms = 2000,
            .max_connections = MOST};
        ck_assert_ptr_null(authp_mongo_uri(&config, &error, pool));
        ck_assert_msg(strstr(error, "unacknowledged writes (w=0)") != NULL, "%s: %s", refused[i],
                      error);
    }
}
END_TEST

/* --- what errors of the driver mean -------------------------------------------------------------
 */
static const struct {
    mongoc_error_domain_t domain;
    authp_err_t err;
} domains[] = {
    {MONGOC_ERROR_CLIENT, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_STREAM, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_PROTOCOL, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_SASL, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_SCRAM, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_SERVER_SELECTION, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_WRITE_CONCERN, AUTHP_E_UNAVAILABLE},
    {MONGOC_ERROR_CURSOR, AUTHP_E_INTERNAL},
    {MONGOC_ERROR_QUERY, AUTHP_E_INTERNAL},
    {MONGOC_ERROR_BSON, AUTHP_E_INTERNAL},
    {MONGOC_ERROR_COMMAND, AUTHP_E_INTERNAL},
    {MONGOC_ERROR_COLLECTION, AUTHP_E_INTERNAL},
};

/* A code of a server has no meaning in another domain. */
START_TEST(domains_of_errors)
{
    static const uint32_t codes[] = {0, 13, 50, 11000, 11001};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const bson_error_t error = {.domain = domains[_i].domain, .code = codes[i]};
        ck_assert_int_eq(authp_mongo_error_classify(&error), domains[_i].err);
        ck_assert(!authp_mongo_error_is_duplicate(&error));
        ck_assert_str_eq(authp_mongo_error_hint(&error), "");
    }
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *suite_mongodb_options(void)
{
    Suite *suite = suite_create("mongodb_options");
    TCase *tests = tcase_create("mongodb_options");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_option, 0, LENGTH(options));
    tcase_add_loop_test(tests, write_concerns, 0, LENGTH(concerns));
    tcase_add_test(tests, unacknowledged_writes);
    tcase_add_loop_test(tests, domains_of_errors, 0, LENGTH(domains));
    suite_add_tcase(suite, tests);
    return suite;
}
