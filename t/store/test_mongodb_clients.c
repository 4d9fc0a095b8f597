/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the driver's clients, and what is logged about them. And answers of a server that
 * seldom come. */
#include "../unit/suite.h"
#include "base/log.h"
#include "contract.h"
#include "fake_mongod.h"
#include "store/mongodb/mongo_impl.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOST 4

static apr_pool_t *pool;
static char heard[2000];

static void listen_to(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    size_t len = strlen(heard);
    (void)snprintf(heard + len, sizeof(heard) - len, "%d %s\n", (int)level, message);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    mongoc_init();
    fake_mongod_start();
    heard[0] = '\0';
    authp_log_set_sink(listen_to, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    fake_mongod_stop();
    mongoc_log_set_handler(mongoc_log_default_handler, NULL);
}

static const char *lines_of(const char *id)
{
    const char *all = "";
    char *last = NULL;
    for (char *line = apr_strtok(apr_pstrdup(pool, heard), "\n", &last); line != NULL;
         line = apr_strtok(NULL, "\n", &last)) {
        if (strstr(line, id) != NULL) {
            all = apr_pstrcat(pool, all, line, "\n", NULL);
        }
    }
    return all;
}

/* --- clients ------------------------------------------------------------------------------------
 */
static authp_store_t *open_at(const authp_store_config_t *config)
{
    authp_store_t *store = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), config, &store, pool),
                     AUTHP_OK);
    return store;
}

static authp_store_config_t at_fake(int max_connections)
{
    return (authp_store_config_t){
        .uri = apr_psprintf(pool, "mongodb://127.0.0.1:%d/?replicaSet=rs0", fake_mongod_port()),
        .database = "options",
        .timeout_ms = 3000,
        .max_connections = max_connections};
}

static void wait_for_connections(int count)
{
    for (int i = 0; i < 1000 && fake_mongod_connections() != count; i++) {
        usleep(10000);
    }
    ck_assert_int_eq(fake_mongod_connections(), count);
}

/* What the caller does with its strings after open is of no concern to the store, and the store
 * keeps no password. */
START_TEST(nothing_of_the_caller_is_kept)
{
    authp_store_config_t config = at_fake(MOST);
    char uri[200];
    char database[] = "options";
    apr_cpystrn(uri, config.uri, sizeof(uri));
    config.uri = uri;
    config.database = database;
    authp_store_t *store = open_at(&config);
    const authp_mongo_t *m = store->self;
    ck_assert_ptr_null(m->config.uri);
    memset(uri, 'x', strlen(uri));
    memset(database, 'x', strlen(database));
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_ptr_nonnull(strstr(fake_mongod_last("ping"), "\"$db\" : \"options\""));
}
END_TEST

/* A store without a number of connections has one. */
START_TEST(at_least_one_client)
{
    const authp_store_config_t config = at_fake(0);
    authp_store_t *store = open_at(&config);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    }
    authp_mongo_t *m = store->self;
    mongoc_client_t *client = NULL;
    ck_assert_int_eq(authp_mongo_pool_acquire(m, &client), AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(lines_of("AUTHP0"), "1 AUTHP0233: no MongoDB client free within 500 ms\n");
    ck_assert_int_eq(authp_mongo_pool_release(m, client, NULL), AUTHP_OK);
}
END_TEST

/* No connection is open after the pool of the store is gone. */
START_TEST(closed_with_its_pool)
{
    const authp_store_config_t config = at_fake(MOST);
    authp_store_t *store = open_at(&config);
    authp_mongo_t *m = store->self;
    mongoc_client_t *clients[MOST];
    for (int i = 0; i < MOST; i++) {
        bson_error_t error;
        ck_assert_int_eq(authp_mongo_pool_acquire(m, &clients[i]), AUTHP_OK);
        bson_t *ping = BCON_NEW("ping", BCON_INT32(1));
        ck_assert(mongoc_client_command_simple(clients[i], "options", ping, NULL, NULL, &error));
        bson_destroy(ping);
    }
    for (int i = 0; i < MOST; i++) {
        ck_assert_int_eq(authp_mongo_pool_release(m, clients[i], NULL), AUTHP_OK);
    }
    ck_assert_int_ge(fake_mongod_connections(), MOST);
    authp_store_maintain(store);
    ck_assert_int_ge(fake_mongod_connections(), MOST); /* they are not that old */
    apr_pool_clear(pool);
    wait_for_connections(0);
}
END_TEST

/* If the process ends in the middle of a request, the client of that request stays usable: the
 * driver would abort or hang. */
START_TEST(a_client_in_use_stays)
{
    const authp_store_config_t config = at_fake(MOST);
    /* The list of clients stays, because it still has the client. LeakSanitizer finds the list's
     * allocator here. */
    static apr_allocator_t *volatile allocator;
    authp_mongo_t *m = open_at(&config)->self;
    mongoc_client_t *client = NULL;
    ck_assert_int_eq(authp_mongo_pool_acquire(m, &client), AUTHP_OK);
    mongoc_client_pool_t *clients = m->pool;
    allocator = apr_pool_allocator_get(m->clients_pool);
    apr_pool_clear(pool);
    bson_error_t error;
    bson_t *ping = BCON_NEW("ping", BCON_INT32(1));
    ck_assert(mongoc_client_command_simple(client, "options", ping, NULL, NULL, &error));
    bson_destroy(ping);
    mongoc_client_pool_push(clients, client);
    mongoc_client_pool_destroy(clients);
    ck_assert_ptr_nonnull(allocator);
    wait_for_connections(0);
}
END_TEST

/* --- what is logged -----------------------------------------------------------------------------
 */
static authp_err_t find(authp_store_t *store)
{
    authp_user_t *user = NULL;
    return authp_store_user_by_id(store, "6b0000000000000000000001", &user, pool);
}

START_TEST(an_outage_is_logged_twice)
{
    const authp_store_config_t config = at_fake(MOST);
    authp_store_t *store = open_at(&config);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_code("find", 50);
    for (int i = 0; i < 2 * AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(find(store), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_str_eq(lines_of("AUTHP0231"), "1 AUTHP0231: MongoDB does not answer: refused\n");
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    for (int i = 0; i < 200 && find(store) != AUTHP_E_NOT_FOUND; i++) {
        usleep(50000);
    }
    ck_assert_int_eq(find(store), AUTHP_E_NOT_FOUND);
    ck_assert_str_eq(lines_of("AUTHP0231"), "1 AUTHP0231: MongoDB does not answer: refused\n"
                                            "2 AUTHP0231: MongoDB answers again\n");
}
END_TEST

/* --- answers of the server ----------------------------------------------------------------------
 */
START_TEST(the_clock_of_the_primary)
{
    const authp_store_config_t config = at_fake(MOST);
    authp_store_t *store = open_at(&config);
    authp_ms_t at = 7;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_reply("isMaster", "{\"localTime\": 1700000000000}");
    ck_assert_int_eq(authp_store_clock(store, &at, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(at, 7);
    fake_mongod_code("isMaster", 121);
    ck_assert_int_eq(authp_store_clock(store, &at, pool), AUTHP_E_INTERNAL);
    ck_assert_int_eq(at, 7);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    fake_mongod_reply("isMaster",
                      "{\"localTime\": {\"$date\": {\"$numberLong\": \"1700000000000\"}}}");
    ck_assert_int_eq(authp_store_clock(store, &at, pool), AUTHP_OK);
    ck_assert_int_eq(at, INT64_C(1700000000000));
}
END_TEST

#define TAKEN(index) "{\"index\": " index ", \"code\": 11000, \"errmsg\": \"dup\"}"
#define WRONG(index) "{\"index\": " index ", \"code\": 121, \"errmsg\": \"bad\"}"
#define ALONE ", \"writeConcernError\": {\"code\": 64, \"errmsg\": \"no majority\"}"

/* Two rows are added. A row whose unique value is taken is not added, and the call succeeds. Each
 * other error fails the call, also together with a taken value, and then `added` does not change.
 */
static const struct {
    const char *reply;
    authp_err_t err;
    bool added[2];
} bulks[] = {
    {"{}", AUTHP_OK, {true, true}},
    {"{\"writeErrors\": [" TAKEN("0") "]}", AUTHP_OK, {false, true}},
    {"{\"writeErrors\": [" TAKEN("1") "]}", AUTHP_OK, {true, false}},
    {"{\"writeErrors\": [" TAKEN("0") ", " TAKEN("1") "]}", AUTHP_OK, {false, false}},
    {"{\"writeErrors\": [" WRONG("0") "]}", AUTHP_E_INTERNAL, {true, false}},
    {"{\"writeErrors\": [" WRONG("0") ", " TAKEN("1") "]}", AUTHP_E_INTERNAL, {true, false}},
    {"{\"n\": 2" ALONE "}", AUTHP_E_UNAVAILABLE, {true, false}},
};

START_TEST(several_rows_at_a_time)
{
    const authp_store_config_t config = at_fake(MOST);
    authp_store_t *store = open_at(&config);
    authp_user_t ada = contract_user("ada@example.org", pool);
    authp_user_t eve = contract_user("eve@example.org", pool);
    void *const rows[] = {&ada, &eve};
    bool added[] = {true, false};
    fake_mongod_reply("insert", bulks[_i].reply);
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_user, rows, 2, added, pool),
                     bulks[_i].err);
    ck_assert_int_eq(added[0], bulks[_i].added[0]);
    ck_assert_int_eq(added[1], bulks[_i].added[1]);
    const char *json = fake_mongod_last("insert");
    ck_assert_msg(strstr(json, "\"ordered\" : false") != NULL, "%s", json);
    ck_assert_msg(strstr(json, "\"w\" : \"majority\"") != NULL, "%s", json);
}
END_TEST

/* The server answers for none of the rows. */
static const struct {
    fake_mongod_fault_t fault;
    int code;
    authp_err_t err;
} wholes[] = {
    {FAKE_MONGOD_CODE, 13, AUTHP_E_INTERNAL},    {FAKE_MONGOD_CODE, 50, AUTHP_E_UNAVAILABLE},
    {FAKE_MONGOD_CODE, 121, AUTHP_E_INTERNAL},   {FAKE_MONGOD_CODE, 11000, AUTHP_E_CONFLICT},
    {FAKE_MONGOD_CUT, 0, AUTHP_E_UNAVAILABLE},   {FAKE_MONGOD_CONCERN, 0, AUTHP_E_UNAVAILABLE},
    {FAKE_MONGOD_SILENT, 0, AUTHP_E_UNAVAILABLE}};

START_TEST(refused_as_a_whole)
{
    const authp_store_config_t config = at_fake(MOST);
    authp_store_t *store = open_at(&config);
    authp_user_t ada = contract_user("ada@example.org", pool);
    authp_user_t eve = contract_user("eve@example.org", pool);
    void *const rows[] = {&ada, &eve};
    bool added[] = {true, false};
    fake_mongod_code("insert", wholes[_i].code);
    fake_mongod_fault("insert", wholes[_i].fault);
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_user, rows, 2, added, pool),
                     wholes[_i].err);
    ck_assert(added[0] && !added[1]);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    /* After a cut the driver looks for a primary first, which may take half a second. */
    authp_err_t err = AUTHP_E_UNAVAILABLE;
    for (int i = 0; i < 100 && err == AUTHP_E_UNAVAILABLE; i++) {
        usleep(i > 0 ? 100000 : 0);
        err = authp_store_move_add(store, &authp_columns_user, rows, 2, added, pool);
    }
    ck_assert_int_eq(err, AUTHP_OK);
    ck_assert(added[0] && added[1]);
}
END_TEST

/* The row that is taken is there, but no majority has the others. */
START_TEST(taken_and_no_majority)
{
    const authp_store_config_t config = at_fake(MOST);
    authp_store_t *store = open_at(&config);
    authp_user_t ada = contract_user("ada@example.org", pool);
    authp_user_t eve = contract_user("eve@example.org", pool);
    void *const rows[] = {&ada, &eve};
    bool added[] = {true, false};
    fake_mongod_reply("insert", "{\"writeErrors\": [" TAKEN("0") "]" ALONE "}");
    ck_assert_int_ne(authp_store_move_add(store, &authp_columns_user, rows, 2, added, pool),
                     AUTHP_OK);
    ck_assert(added[0] && !added[1]);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

Suite *suite_mongodb_clients(void)
{
    Suite *suite = suite_create("mongodb_clients");
    TCase *tests = tcase_create("mongodb_clients");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, nothing_of_the_caller_is_kept);
    tcase_add_test(tests, at_least_one_client);
    tcase_add_test(tests, closed_with_its_pool);
    tcase_add_test(tests, a_client_in_use_stays);
    tcase_add_test(tests, an_outage_is_logged_twice);
    tcase_add_test(tests, the_clock_of_the_primary);
    tcase_add_loop_test(tests, several_rows_at_a_time, 0, LENGTH(bulks));
    tcase_add_loop_test(tests, refused_as_a_whole, 0, LENGTH(wholes));
    tcase_add_test(tests, taken_and_no_majority);
    suite_add_tcase(suite, tests);
    return suite;
}
