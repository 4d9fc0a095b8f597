/* SPDX-License-Identifier: Apache-2.0 */
/* The MongoDB store against a fake server: how it maps the server's answers to results, which
 * indexes it creates, and how it retries after a refusal. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "fake_mongod.h"
#include "store/mongodb/mongo_impl.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 1500
#define MOST 2
#define LATE_MS 1200 /* a busy machine */

static apr_pool_t *pool;
static authp_store_t *store;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    fake_mongod_start();
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(names, const char *) = "corp";
    const authp_store_config_t config = {
        .uri = apr_psprintf(pool, "mongodb://127.0.0.1:%d/?replicaSet=rs0", fake_mongod_port()),
        .database = "answers",
        .timeout_ms = TIMEOUT_MS,
        .max_connections = MOST,
        .identity_names = names};
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &store, pool),
                     AUTHP_OK);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    fake_mongod_stop();
}

static authp_err_t find(void)
{
    authp_user_t *user = NULL;
    return authp_store_user_by_id(store, "6b0000000000000000000001", &user, pool);
}

static authp_err_t insert(void)
{
    authp_user_t user = contract_user("eve@example.org", pool);
    return authp_store_user_create(store, &user, pool);
}

/* Errors that mean "ask another server, or later" are not our fault and not the client's: 503. All
 * others are 500. */
static const struct {
    int code;
    authp_err_t err;
} codes[] = {
    {6, AUTHP_E_UNAVAILABLE},     /* HostUnreachable */
    {7, AUTHP_E_UNAVAILABLE},     /* HostNotFound */
    {50, AUTHP_E_UNAVAILABLE},    /* MaxTimeMSExpired */
    {64, AUTHP_E_UNAVAILABLE},    /* WriteConcernFailed */
    {89, AUTHP_E_UNAVAILABLE},    /* NetworkTimeout */
    {91, AUTHP_E_UNAVAILABLE},    /* ShutdownInProgress */
    {189, AUTHP_E_UNAVAILABLE},   /* PrimarySteppedDown */
    {262, AUTHP_E_UNAVAILABLE},   /* ExceededTimeLimit */
    {9001, AUTHP_E_UNAVAILABLE},  /* SocketException */
    {10058, AUTHP_E_UNAVAILABLE}, /* LegacyNotPrimary */
    {10107, AUTHP_E_UNAVAILABLE}, /* NotWritablePrimary */
    {11600, AUTHP_E_UNAVAILABLE}, /* InterruptedAtShutdown */
    {11602, AUTHP_E_UNAVAILABLE}, /* InterruptedDueToReplStateChange */
    {13435, AUTHP_E_UNAVAILABLE}, /* NotPrimaryNoSecondaryOk */
    {13436, AUTHP_E_UNAVAILABLE}, /* NotPrimaryOrSecondary */
    {11000, AUTHP_E_CONFLICT},    /* DuplicateKey */
    {11001, AUTHP_E_CONFLICT},    /* the same, of old servers */
    {2, AUTHP_E_INTERNAL},        /* BadValue */
    {13, AUTHP_E_INTERNAL},       /* Unauthorized */
    {121, AUTHP_E_INTERNAL},      /* DocumentValidationFailure */
};

/* After an error "not primary" the driver looks for a primary before the next operation, which may
 * take half a second. */
static void works_again(void)
{
    authp_err_t err = AUTHP_E_UNAVAILABLE;
    for (int i = 0; i < 100 && err == AUTHP_E_UNAVAILABLE; i++) {
        usleep(i > 0 ? 100000 : 0);
        err = insert();
    }
    ck_assert_int_eq(err, AUTHP_OK);
}

START_TEST(refusals)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_code("insert", codes[_i].code);
    ck_assert_int_eq(insert(), codes[_i].err);
    fake_mongod_code("find", codes[_i].code);
    ck_assert_int_eq(find(), codes[_i].err);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    works_again();
}
END_TEST

/* The primary has the write but no majority has confirmed it, so a fail-over may lose it. The store
 * must not report success. */
START_TEST(no_majority_behind_it)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_fault("insert", FAKE_MONGOD_CONCERN);
    ck_assert_int_eq(insert(), AUTHP_E_UNAVAILABLE);
}
END_TEST

/* An error from the server does not open the breaker; only missing answers do. */
START_TEST(refusals_give_no_rest)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_code("insert", 11000);
    for (int i = 0; i < 3 * AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(insert(), AUTHP_E_CONFLICT);
    }
    fake_mongod_code("insert", 121);
    for (int i = 0; i < 3 * AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(insert(), AUTHP_E_INTERNAL);
    }
    ck_assert_int_eq(fake_mongod_count("insert"), 6 * AUTHP_BREAKER_FAILURES);
    ck_assert_int_eq(find(), AUTHP_E_NOT_FOUND);
}
END_TEST

START_TEST(no_answers_give_a_rest)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_code("find", 50); /* time limit exceeded on a server that is still primary */
    for (int i = 0; i < 3 * AUTHP_BREAKER_FAILURES; i++) {
        ck_assert_int_eq(find(), AUTHP_E_UNAVAILABLE);
    }
    ck_assert_int_eq(fake_mongod_count("find"), AUTHP_BREAKER_FAILURES);
    usleep((AUTHP_BREAKER_PAUSE_MS + 50) * 1000);
    /* one operation asks; the breaker stays open for the others */
    ck_assert_int_eq(find(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(find(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(fake_mongod_count("find"), AUTHP_BREAKER_FAILURES + 1);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    usleep((AUTHP_BREAKER_PAUSE_MS + 50) * 1000);
    ck_assert_int_eq(find(), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(find(), AUTHP_E_NOT_FOUND);
}
END_TEST

#define SPARSE ", \"sparse\" : true"
#define UNIQUE ", \"unique\" : true" SPARSE
#define TTL(seconds) ", \"expireAfterSeconds\" : " seconds

/* These are the indexes of released versions. If one changes, an upgraded database keeps the old
 * index, which may conflict with the new one. */
static const char *const indexes[][4] = {
    {"users", "email", UNIQUE},
    {"users", "username", UNIQUE},
    {"users", "phone", UNIQUE},
    {"users", "auth_changed_at", SPARSE},
    {"users", "deleted_at", SPARSE},
    {"users", "roles", "", "_id"},
    {"refresh_tokens", "user_id", ""},
    {"refresh_tokens", "ended_at", SPARSE},
    {"refresh_tokens", "expires_at", TTL("3600")},
    {"recruiter_invites", "code_hash", UNIQUE},
    {"recruiter_invites", "email", ""},
    {"recruiter_invites", "invite_code", SPARSE},
    {"recruiter_invites", "used_by", SPARSE},
    {"recruiter_invites", "expires_at", TTL("2592000")},
    {"audit_log", "at", ""},
    {"audit_log", "subject_id", SPARSE},
    {"audit_log", "actor_id", SPARSE},
    {"login_failures", "expires_at", TTL("0")},
    {"used_tokens", "expires_at", TTL("0")},
    {"login_codes", "code_hash", UNIQUE},
    {"login_codes", "expires_at", TTL("0")},
    {"otp_codes", "phone", UNIQUE},
    {"otp_codes", "expires_at", TTL("86400")},
    {"tallies", "expires_at", TTL("0")},
    {"pending_admins", "phone", UNIQUE},
    {"pending_admins", "expires_at", TTL("0")},
    {"outbox", "token_hash", UNIQUE},
    {"outbox", "due_at", SPARSE},
    {"outbox", "failed_at", SPARSE},
    {"outbox", "user_id", SPARSE},
    {"outbox", "expires_at", ""},
    {"users", "oauth.corp.sub", UNIQUE, "oauth.corp.issuer"}, /* of a configured name */
};
#define INDEXES ((int)(sizeof(indexes) / sizeof(indexes[0])))

START_TEST(which_indexes)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(fake_mongod_count("createIndexes"), INDEXES);
    for (int i = 0; i < INDEXES; i++) {
        const char *const *row = indexes[i];
        const char *key = apr_psprintf(pool, "\"%s\" : 1", row[1]);
        const char *name = apr_pstrcat(pool, row[1], "_1", NULL);
        if (row[3] != NULL) {
            key = apr_psprintf(pool, "%s, \"%s\" : 1", key, row[3]);
            name = apr_pstrcat(pool, name, "_", row[3], "_1", NULL);
        }
        const char *wanted =
            apr_psprintf(pool,
                         "{ \"createIndexes\" : \"%s\", \"indexes\" : [ { \"key\" : { %s }, "
                         "\"name\" : \"%s\"%s } ]",
                         row[0], key, name, row[2]);
        const char *json = fake_mongod_nth("createIndexes", i);
        ck_assert_msg(strncmp(json, wanted, strlen(wanted)) == 0, "%s\n%s", json, wanted);
        ck_assert_msg(strstr(json, "\"w\" : \"majority\"") != NULL, "%s", json);
    }
    ck_assert_int_eq(find(), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(fake_mongod_count("createIndexes"), INDEXES); /* once */
}
END_TEST

/* Nothing is written before the unique indexes exist. After a refusal the store tries to create
 * them again, but not at each request. */
START_TEST(no_indexes_yet)
{
    int applied = -1;
    fake_mongod_code("createIndexes", 50);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(applied, -1);
    ck_assert_int_eq(fake_mongod_count("createIndexes"), 1);
    ck_assert_int_eq(insert(), AUTHP_E_UNAVAILABLE); /* tries */
    ck_assert_int_eq(fake_mongod_count("createIndexes"), 2);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(insert(), AUTHP_E_UNAVAILABLE); /* in the pause of half a second */
    }
    ck_assert_int_eq(fake_mongod_count("createIndexes"), 2);
    ck_assert_int_eq(fake_mongod_count("insert"), 0);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    usleep(600000);
    ck_assert_int_eq(insert(), AUTHP_OK);
    ck_assert_int_eq(fake_mongod_count("createIndexes"), 2 + INDEXES);
    ck_assert_int_eq(fake_mongod_count("insert"), 1);
}
END_TEST

/* An index that exists already under another name or with other options. It is accepted if it is
 * unique on the same field and on no other. `asked` is the number of createIndexes commands: 2 if
 * the store goes on with users.username. */
static const struct {
    const char *index;
    int asked;
} others[] = {
    {"{\"key\": {\"email\": 1}, \"name\": \"x\", \"unique\": true}", 2},
    {"{\"key\": {\"email\": -1}, \"name\": \"x\", \"unique\": true, \"sparse\": true}", 2},
    {"{\"key\": {\"email\": 1}, \"name\": \"email_1\"}", 1},
    {"{\"key\": {\"email\": 1}, \"name\": \"email_1\", \"unique\": false}", 1},
    {"{\"key\": {\"email\": 1, \"name\": 1}, \"name\": \"x\", \"unique\": true}", 1},
    {"{\"key\": {\"name\": 1, \"email\": 1}, \"name\": \"x\", \"unique\": true}", 1},
    {"{\"key\": {\"mail\": 1}, \"name\": \"x\", \"unique\": true}", 1},
    {"{\"name\": \"x\", \"unique\": true}", 1},
};

START_TEST(an_index_of_others)
{
    int applied = -1;
    fake_mongod_code("createIndexes", 85); /* IndexOptionsConflict */
    fake_mongod_found(others[_i].index);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_E_INTERNAL);
    ck_assert_int_eq(fake_mongod_count("createIndexes"), others[_i].asked);
    ck_assert_int_ne(insert(), AUTHP_OK);
    ck_assert_int_eq(fake_mongod_count("insert"), 0);
}
END_TEST

static char logged[1024];

static void keep_line(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(logged, message, sizeof(logged));
}

/* A code alone does not tell an operator that the URI names no user, or one without the rights. */
START_TEST(rights_are_missing)
{
    int applied = -1;
    authp_log_set_sink(keep_line, NULL);
    fake_mongod_code("createIndexes", 13);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0232"));
    ck_assert_ptr_nonnull(strstr(logged, "code 13 (not authorized"));
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    usleep(600000);
    ck_assert_int_eq(insert(), AUTHP_OK);
    fake_mongod_code("find", 121);
    ck_assert_int_eq(find(), AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(logged, "code 121"));
    ck_assert_ptr_null(strstr(logged, "authorized"));
    authp_log_set_sink(NULL, NULL);
}
END_TEST

/* With all clients in use a caller waits for a part of its time and then gets an error. Every
 * client comes back, also after errors. */
START_TEST(all_in_use)
{
    authp_mongo_t *m = store->self;
    mongoc_client_t *clients[MOST];
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    for (int i = 0; i < MOST; i++) {
        ck_assert_int_eq(authp_mongo_pool_acquire(m, &clients[i]), AUTHP_OK);
    }
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    ck_assert_int_eq(find(), AUTHP_E_UNAVAILABLE);
    authp_ms_t took = authp_clock_now(authp_clock_monotonic()) - began;
    ck_assert_int_ge(took, TIMEOUT_MS / 6 - 20);
    ck_assert_int_lt(took, LATE_MS);
    ck_assert_int_eq(authp_mongo_pool_release(m, clients[0], NULL), AUTHP_OK);
    const bson_error_t refused = {.domain = MONGOC_ERROR_SERVER, .code = 121};
    ck_assert_int_eq(authp_mongo_pool_release(m, clients[1], &refused), AUTHP_E_INTERNAL);
    for (int i = 0; i < 2 * MOST; i++) {
        fake_mongod_code("find", i % 2 == 0 ? 121 : 11000);
        ck_assert_int_ne(find(), AUTHP_E_UNAVAILABLE);
        ck_assert_uint_eq(apr_reslist_acquired_count(m->clients), 0);
    }
}
END_TEST

/* The client's name in the server's log tells an administrator which program connected. */
START_TEST(who_is_it)
{
    static const char name[] = "\"application\" : { \"name\" : \"mod_auth_platform\" }";
    bool said = false;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    for (int i = 0; i < fake_mongod_count("isMaster"); i++) {
        said = said || strstr(fake_mongod_nth("isMaster", i), name) != NULL;
    }
    ck_assert(said);
}
END_TEST

Suite *suite_mongodb_answers(void)
{
    Suite *suite = suite_create("mongodb_answers");
    TCase *tests = tcase_create("mongodb_answers");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 20); /* a wait without an end fails after 20 s */
    tcase_add_loop_test(tests, refusals, 0, (int)(sizeof(codes) / sizeof(codes[0])));
    tcase_add_test(tests, no_majority_behind_it);
    tcase_add_test(tests, refusals_give_no_rest);
    tcase_add_test(tests, no_answers_give_a_rest);
    tcase_add_test(tests, which_indexes);
    tcase_add_test(tests, no_indexes_yet);
    tcase_add_loop_test(tests, an_index_of_others, 0, (int)(sizeof(others) / sizeof(others[0])));
    tcase_add_test(tests, rights_are_missing);
    tcase_add_test(tests, all_in_use);
    tcase_add_test(tests, who_is_it);
    suite_add_tcase(suite, tests);
    return suite;
}
