/* SPDX-License-Identifier: Apache-2.0 */
/* What the MongoDB store sends beside the documents: write concern, read preference, time limits
 * and retries. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "fake_mongod.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define TIMEOUT_MS 2000

static apr_pool_t *pool;
static authp_store_t *store;
static atomic_int index_lines;
static char index_line[512];

static void count_lines(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    if (level <= AUTHP_LOG_WARNING && strstr(message, "AUTHP0235") != NULL) {
        atomic_fetch_add(&index_lines, 1);
        apr_cpystrn(index_line, message, sizeof(index_line));
    }
}

static authp_store_t *open_with(const char *options, atomic_bool *told)
{
    authp_store_t *opened = NULL;
    const authp_store_config_t config = {
        .uri = apr_psprintf(pool, "mongodb://127.0.0.1:%d/?replicaSet=rs0%s", fake_mongod_port(),
                            options),
        .database = "sent",
        .timeout_ms = TIMEOUT_MS,
        .max_connections = 4,
        .told = told};
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &opened, pool),
                     AUTHP_OK);
    return opened;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    fake_mongod_start();
    store = NULL;
    atomic_store(&index_lines, 0);
    authp_log_set_sink(count_lines, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    fake_mongod_stop();
}

static const char *sent(const char *command)
{
    const char *json = fake_mongod_last(command);
    ck_assert_msg(json != NULL, "no %s was sent", command);
    return json;
}

#define ck_assert_contains(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s", text)
#define ck_assert_lacks(text, part) ck_assert_msg(strstr(text, part) == NULL, "%s", text)

/* Makes one write of every kind. */
static void write_all(void)
{
    int64_t count = 0;
    authp_user_t user = contract_user("ada@example.org", pool);
    authp_user_t after = user;
    const authp_failure_t failure = {.key = "k", .at = NOW, .expires_at = NOW + 1};
    after.ver++;
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_discard(store, &user, pool), AUTHP_OK);
    authp_err_t err = authp_store_failure_add(store, &failure, &count, pool);
    (void)err; /* the fake has no document to answer */
}

static const char *const writes[] = {"insert", "update", "delete", "findAndModify"};

START_TEST(writes_are_kept_by_a_majority)
{
    store = open_with("", NULL);
    write_all();
    const char *json = sent(writes[_i]);
    ck_assert_contains(json, "\"writeConcern\" : { \"w\" : \"majority\", \"wtimeout\" : 1000 }");
    ck_assert_lacks(json, "txnNumber"); /* no second try */
}
END_TEST

START_TEST(the_uris_write_concern_counts)
{
    store = open_with("&w=2&wtimeoutMS=70", NULL);
    write_all();
    ck_assert_contains(sent(writes[_i]), "\"writeConcern\" : { \"w\" : 2, \"wtimeout\" : 70 }");
}
END_TEST

/* Reads that decide something go to the primary, whatever readPreference the URI has. Lists follow
 * the URI. */
START_TEST(where_it_reads)
{
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    apr_array_header_t *list = NULL;
    authp_seen_t seen;
    authp_ms_t at = 0;
    authp_user_filter_t filter = {.limit = 5};
    const char *id = "6b0000000000000000000001";
    store = open_with("&readPreference=secondaryPreferred", NULL);
    ck_assert_int_eq(authp_store_user_by_id(store, id, &user, pool), AUTHP_E_NOT_FOUND);
    ck_assert_lacks(sent("find"), "secondary");
    ck_assert_int_eq(authp_store_session_by_id(store, id, &session, pool), AUTHP_E_NOT_FOUND);
    ck_assert_lacks(sent("find"), "secondary");
    ck_assert_int_eq(authp_store_user_changed(store, 1, 5, &list, &seen, pool), AUTHP_OK);
    ck_assert_lacks(sent("find"), "secondary");
    ck_assert_int_eq(authp_store_session_ended(store, 1, 5, &list, &seen, pool), AUTHP_OK);
    ck_assert_lacks(sent("find"), "secondary");
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_contains(sent("find"), "\"$readPreference\" : { \"mode\" : \"secondaryPreferred\" }");
    filter.enabled_only = true; /* used to find out who is the last administrator */
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_lacks(sent("find"), "secondary");
    ck_assert_int_eq(authp_store_clock(store, &at, pool), AUTHP_OK);
    ck_assert_lacks(sent("isMaster"), "secondary");
}
END_TEST

/* The numbers in the header of an export must fit the rows that follow, and what waits in the
 * outbox must be sent: both come from the primary, and within the time limit. */
START_TEST(exports_and_mails_read_the_primary)
{
    int64_t count = -1;
    authp_rows_t rows;
    authp_mail_figures_t figures;
    apr_array_header_t *due = NULL;
    const authp_page_t page = {.limit = 5};
    store = open_with("&readPreference=secondaryPreferred", NULL);
    ck_assert_int_eq(authp_store_move_count(store, &authp_columns_user, &count, pool), AUTHP_OK);
    ck_assert_int_eq(count, 0);
    ck_assert_lacks(sent("aggregate"), "Preferred");
    ck_assert_contains(sent("aggregate"), "\"maxTimeMS\" : 2000");
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_user, &page, &rows, pool),
                     AUTHP_OK);
    ck_assert_lacks(sent("find"), "Preferred");
    ck_assert_int_eq(authp_store_outbox_figures(store, &figures, pool), AUTHP_OK);
    ck_assert_lacks(sent("aggregate"), "Preferred");
    ck_assert_lacks(sent("find"), "Preferred");
    ck_assert_int_eq(authp_store_outbox_due(store, NOW, 5, &due, pool), AUTHP_OK);
    ck_assert_lacks(sent("find"), "Preferred");
}
END_TEST

START_TEST(reads_are_bounded)
{
    authp_user_t *user = NULL;
    store = open_with("", NULL);
    ck_assert_int_eq(authp_store_user_by_id(store, "6b0000000000000000000001", &user, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_contains(sent("find"), "\"maxTimeMS\" : 2000");
    ck_assert_contains(sent("find"), "\"limit\" : 1");
    ck_assert_contains(sent("find"), "\"singleBatch\" : true");
    ck_assert_lacks(sent("find"), "readConcern");
}
END_TEST

/* All sessions of an account are read, however many the server puts into its first batch. */
START_TEST(some_reads_have_no_limit)
{
    apr_array_header_t *list = NULL;
    const char *id = "6b0000000000000000000001";
    store = open_with("", NULL);
    ck_assert_int_eq(authp_store_session_ended_of(store, id, NOW, &list, pool), AUTHP_OK);
    ck_assert_lacks(sent("find"), "limit");
    ck_assert_lacks(sent("find"), "singleBatch");
    ck_assert_lacks(sent("find"), "sort");
    ck_assert_contains(sent("find"), "\"maxTimeMS\" : 2000");
}
END_TEST

/* A purge asks for one batch of each kind, and not for more. */
START_TEST(purges_are_bounded)
{
    const authp_purge_t what = {.sessions_before = NOW, .batch = 7};
    int removed = 0;
    store = open_with("", NULL);
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(fake_mongod_count("find"), 12);
    ck_assert_contains(sent("find"), "\"limit\" : 7");
    ck_assert_int_eq(fake_mongod_count("delete"), 0); /* nothing was found */
}
END_TEST

static authp_ms_t how_long(authp_err_t (*attempt)(void), authp_err_t expected)
{
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(attempt(), expected);
    return authp_clock_now(authp_clock_monotonic()) - began;
}

static authp_err_t insert(void)
{
    authp_user_t user = contract_user("eve@example.org", pool);
    return authp_store_user_create(store, &user, pool);
}

static authp_err_t find(void)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_id(store, "6b0000000000000000000001", &user, pool);
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

static const struct {
    const char *options;
    const char *command;
    authp_err_t (*attempt)(void);
    fake_mongod_fault_t fault;
    int tries;
} faults[] = {
    {"", "insert", insert, FAKE_MONGOD_SILENT, 1},
    {"", "insert", insert, FAKE_MONGOD_CUT, 1},
    {"", "find", find, FAKE_MONGOD_SILENT, 1},
    {"", "find", find, FAKE_MONGOD_CUT, 1},
    {"&retryWrites=true", "insert", insert, FAKE_MONGOD_SILENT, 2},
    {"&retryReads=true", "find", find, FAKE_MONGOD_SILENT, 2},
};

/* An operation ends within its time limit, whatever the URI says, and the next one works again. */
START_TEST(one_operation_and_the_one_after)
{
    store = open_with(faults[_i].options, NULL);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_forget();
    fake_mongod_fault(faults[_i].command, faults[_i].fault);
    authp_ms_t took = how_long(faults[_i].attempt, AUTHP_E_UNAVAILABLE);
    ck_assert_int_lt(took, TIMEOUT_MS + 200);
    ck_assert_int_le(fake_mongod_count(faults[_i].command), faults[_i].tries);
    ck_assert_int_ge(fake_mongod_count(faults[_i].command), 1);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    ck_assert_int_eq(faults[_i].attempt(), AUTHP_OK);
}
END_TEST

/* If the server refuses TTL indexes, one line is logged for all processes of this httpd, and none
 * by the tool. */
START_TEST(missing_ttl_indexes_are_told_once)
{
    atomic_bool told = false;
    fake_mongod_fault("createIndexes", FAKE_MONGOD_NO_TTL);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_store_ping(open_with("", &told), pool), AUTHP_OK);
    }
    ck_assert_int_eq(atomic_load(&index_lines), 1);
    ck_assert_contains(index_line, "refresh_tokens.expires_at");
    ck_assert_contains(index_line, "recruiter_invites.expires_at");
    ck_assert_contains(index_line, "login_failures.expires_at");
    ck_assert_contains(index_line, "238");
    ck_assert_int_eq(authp_store_ping(open_with("", NULL), pool), AUTHP_OK);
    ck_assert_int_eq(atomic_load(&index_lines), 1);
}
END_TEST

Suite *suite_mongodb_sent(void)
{
    Suite *suite = suite_create("mongodb_sent");
    TCase *tests = tcase_create("mongodb_sent");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, writes_are_kept_by_a_majority, 0, 4);
    tcase_add_loop_test(tests, the_uris_write_concern_counts, 0, 4);
    tcase_add_test(tests, where_it_reads);
    tcase_add_test(tests, exports_and_mails_read_the_primary);
    tcase_add_test(tests, reads_are_bounded);
    tcase_add_test(tests, some_reads_have_no_limit);
    tcase_add_test(tests, purges_are_bounded);
    tcase_add_loop_test(tests, one_operation_and_the_one_after, 0,
                        (int)(sizeof(faults) / sizeof(faults[0])));
    tcase_add_test(tests, missing_ttl_indexes_are_told_once);
    suite_add_tcase(suite, tests);
    return suite;
}
