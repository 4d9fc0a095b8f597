/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes that a server refuses or has already, the names of providers, and what is logged. */
#include "../unit/suite.h"
#include "base/clock.h"
#include "base/log.h"
#include "contract.h"
#include "fake_mongod.h"
#include "store/mongodb/mongo.h"
#include "store/mongodb/mongo_impl.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_pool_t *pool;
static authp_store_t *store;
static char heard[2000];

/* Keeps our own lines, without those of the driver. */
static void listen_to(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    size_t len = strlen(heard);
    if (strstr(message, "AUTHP0236") == NULL) {
        (void)snprintf(heard + len, sizeof(heard) - len, "%d %s\n", (int)level, message);
    }
}

static authp_store_t *open_with(const char *name, atomic_bool *told)
{
    authp_store_t *opened = NULL;
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    if (name != NULL) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    const authp_store_config_t config = {
        .uri = apr_psprintf(pool, "mongodb://127.0.0.1:%d/?replicaSet=rs0", fake_mongod_port()),
        .database = "indexes",
        .timeout_ms = 1500,
        .max_connections = 2,
        .told = told,
        .identity_names = names};
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &opened, pool),
                     AUTHP_OK);
    return opened;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    fake_mongod_start();
    store = open_with("corp", NULL);
    heard[0] = '\0';
    authp_log_set_sink(listen_to, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    fake_mongod_stop();
}

#define NO_IDENTITY "0 AUTHP0239: MongoDB: no unique index on users.oauth.corp.sub: code "
#define REFUSED "0 AUTHP0232: MongoDB refused a command: domain 17, code "
#define NO_ROLES                                                                                   \
    "3 AUTHP0235: MongoDB refused optional indexes (code 85) on users.roles: only the purge "      \
    "removes documents that are not needed any more\n"
#define RIGHTS                                                                                     \
    " (not authorized: MONGODB_URI names no user, or one who lacks the role readWrite on this "    \
    "database)\n"

/* One index is refused, and another one is found there. A unique index must be unique, and an index
 * on two fields must have both, in that order. */
static const struct {
    const char *only; /* the key of the index that is refused */
    int code;
    const char *found;
    const char *said;
    authp_err_t err;
} rows[] = {
    {"oauth.corp.sub", 85,
     "{\"key\": {\"oauth.corp.sub\": 1, \"oauth.corp.issuer\": 1}, \"name\": \"x\", \"unique\": true}",
     "", AUTHP_OK},
    {"oauth.corp.sub", 85,
     "{\"key\": {\"oauth.corp.sub\": 1, \"oauth.corp.issuer\": 1}, \"name\": \"x\"}",
     NO_IDENTITY "85\n" REFUSED "85\n", AUTHP_E_INTERNAL},
    {"oauth.corp.sub", 85,
     "{\"key\": {\"oauth.corp.issuer\": 1, \"oauth.corp.sub\": 1}, \"name\": \"x\", \"unique\": true}",
     NO_IDENTITY "85\n" REFUSED "85\n", AUTHP_E_INTERNAL},
    {"oauth.corp.sub", 85, "{\"key\": {\"oauth.corp.sub\": 1}, \"name\": \"x\", \"unique\": true}",
     NO_IDENTITY "85\n" REFUSED "85\n", AUTHP_E_INTERNAL},
    {"oauth.corp.sub", 85,
     "{\"key\": {\"oauth.corp.sub\": 1, \"oauth.corp.issuer\": 1, \"z\": 1}, \"unique\": true}",
     NO_IDENTITY "85\n" REFUSED "85\n", AUTHP_E_INTERNAL},
    {"oauth.corp.sub", 11000, NULL,
     NO_IDENTITY "11000 (documents with the same value exist: remove them)\n", AUTHP_E_INTERNAL},
    {"oauth.corp.sub", 13, NULL, NO_IDENTITY "13" RIGHTS REFUSED "13" RIGHTS, AUTHP_E_INTERNAL},
    {"oauth.corp.sub", 50, NULL, "1 AUTHP0231: MongoDB does not answer: refused\n",
     AUTHP_E_UNAVAILABLE},
    {"\"roles\" : 1", 85, "{\"key\": {\"roles\": 1, \"_id\": 1}, \"name\": \"x\"}", "", AUTHP_OK},
    {"\"roles\" : 1", 85, "{\"key\": {\"roles\": 1}, \"name\": \"x\"}", NO_ROLES, AUTHP_OK},
    {"\"roles\" : 1", 85, "{\"key\": {\"roles\": 1, \"email\": 1}, \"name\": \"x\"}", NO_ROLES,
     AUTHP_OK},
    {"\"roles\" : 1", 85, "{\"key\": {\"_id\": 1}, \"name\": \"_id_\"}", NO_ROLES, AUTHP_OK},
    {"\"roles\" : 1", 85, NULL, NO_ROLES, AUTHP_OK},
};

START_TEST(one_is_refused)
{
    int applied = -1;
    fake_mongod_only(rows[_i].only);
    fake_mongod_code("createIndexes", rows[_i].code);
    fake_mongod_found(rows[_i].found);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), rows[_i].err);
    ck_assert_str_eq(heard, rows[_i].said);
    ck_assert_int_eq(applied, rows[_i].err == AUTHP_OK ? 0 : -1);
}
END_TEST

/* A warning names all of them, once for the server. Later it is only information. */
START_TEST(many_are_refused)
{
    static const char line[] =
        "AUTHP0235: MongoDB refused optional indexes (code 238) on refresh_tokens.expires_at, "
        "recruiter_invites.expires_at, login_failures.expires_at, used_tokens.expires_at, "
        "login_codes.expires_at, otp_codes.expires_at, tallies.expires_at, "
        "pending_admins.expires_at: only the purge removes documents that are not needed any "
        "more\n";
    atomic_bool told = false;
    fake_mongod_fault("createIndexes", FAKE_MONGOD_NO_TTL);
    ck_assert_int_eq(authp_store_ping(open_with("corp", &told), pool), AUTHP_OK);
    ck_assert_str_eq(heard, apr_pstrcat(pool, "1 ", line, NULL));
    heard[0] = '\0';
    ck_assert_int_eq(authp_store_ping(open_with("corp", &told), pool), AUTHP_OK);
    ck_assert_str_eq(heard, apr_pstrcat(pool, "3 ", line, NULL));
}
END_TEST

/* Counts the indexes that are new. */
START_TEST(new_ones_are_counted)
{
    int applied = -1;
    fake_mongod_reply("createIndexes", "{\"numIndexesBefore\": 3, \"numIndexesAfter\": 4}");
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, fake_mongod_count("createIndexes"));
    fake_mongod_reply("createIndexes", "{\"numIndexesBefore\": 4, \"numIndexesAfter\": 4}");
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 0);
}
END_TEST

/* After a refusal the store tries again half a second later, and not before. */
START_TEST(a_rest_after_a_refusal)
{
    static const struct {
        int ago;
        bool tries;
    } rests[] = {{300, false}, {500, true}};
    authp_mongo_t *m = store->self;
    fake_mongod_code("createIndexes", 121);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_E_INTERNAL);
    for (int i = 0; i < LENGTH(rests); i++) {
        int64_t took = INT64_MAX;
        /* The process must not sleep for long between the lines that matter. */
        for (int k = 0; k < 100 && took > 150; k++) {
            const int64_t now = authp_clock_now(authp_clock_monotonic());
            fake_mongod_forget();
            m->tried_at = now - rests[i].ago;
            authp_err_t err = authp_store_ping(store, pool);
            const int tries = fake_mongod_count("createIndexes");
            took = authp_clock_now(authp_clock_monotonic()) - now;
            ck_assert(took > 150 || (tries > 0) == rests[i].tries);
            ck_assert(took > 150 ||
                      err == (rests[i].tries ? AUTHP_E_INTERNAL : AUTHP_E_UNAVAILABLE));
        }
        ck_assert_int_le(took, 150);
    }
}
END_TEST

/* The index of older versions on Google's sub alone is dropped if it is unique and the settings
 * have a provider. */
static const struct {
    const char *provider;
    const char *found;
    bool dropped;
} olds[] = {
    {"corp", "{\"key\": {\"oauth.google.sub\": 1}, \"name\": \"n\", \"unique\": true}", true},
    {NULL, "{\"key\": {\"oauth.google.sub\": 1}, \"name\": \"n\", \"unique\": true}", false},
    {"corp", "{\"key\": {\"oauth.google.sub\": 1}, \"name\": \"n\", \"unique\": false}", false},
    {"corp", "{\"key\": {\"oauth.google.sub\": 1}, \"name\": \"n\"}", false},
    {"corp", "{\"key\": {\"oauth.google.sub\": 1}, \"name\": 7, \"unique\": true}", false},
    {"corp", "{\"key\": {\"oauth.corp.sub\": 1}, \"name\": \"n\", \"unique\": true}", false},
    {"corp",
     "{\"key\": {\"oauth.google.sub\": 1, \"oauth.google.issuer\": 1}, \"name\": \"n\", "
     "\"unique\": true}",
     false},
    {"corp", "{\"name\": \"n\", \"unique\": true}", false},
};

START_TEST(what_is_dropped)
{
    store = open_with(olds[_i].provider, NULL);
    fake_mongod_found(olds[_i].found);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(fake_mongod_count("dropIndexes"), olds[_i].dropped);
    if (olds[_i].dropped) {
        const char *json = fake_mongod_last("dropIndexes");
        ck_assert_msg(strstr(json, "\"dropIndexes\" : \"users\", \"index\" : \"n\"") != NULL, "%s",
                      json);
    }
    ck_assert_str_eq(heard, "");
}
END_TEST

START_TEST(one_that_cannot_be_dropped)
{
    fake_mongod_found(olds[0].found);
    fake_mongod_code("dropIndexes", 13);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_str_eq(heard, "3 AUTHP0241: MongoDB: the index n of users, which is not used any "
                            "more, cannot be dropped: code 13\n");
}
END_TEST

/* --- names --------------------------------------------------------------------------------------
 */
static apr_array_header_t *many_names(int count)
{
    apr_array_header_t *names = apr_array_make(pool, count, sizeof(const char *));
    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(names, const char *) = apr_psprintf(pool, "p%d", i);
    }
    return names;
}

START_TEST(names_of_settings)
{
    static authp_mongo_t m;
    ck_assert_int_eq(authp_mongo_names_set(&m, many_names(AUTHP_MONGO_NAMES_MOST)), AUTHP_OK);
    ck_assert_int_eq(m.names.configured, AUTHP_MONGO_NAMES_MOST);
    ck_assert_str_eq(m.names.list[AUTHP_MONGO_NAMES_MOST - 1], "p63");
    authp_mongo_names_add(&m, "more", 4); /* there is no room */
    ck_assert_int_eq(atomic_load(&m.names.count), AUTHP_MONGO_NAMES_MOST);
    memset(&m, 0, sizeof(m));
    ck_assert_int_eq(authp_mongo_names_set(&m, many_names(AUTHP_MONGO_NAMES_MOST + 1)),
                     AUTHP_E_INTERNAL);
    ck_assert_str_eq(heard, "0 AUTHP0240: MongoDB: too many identity providers, or one without a "
                            "usable name\n");
    memset(&m, 0, sizeof(m));
    ck_assert_int_eq(authp_mongo_names_set(&m, NULL), AUTHP_OK);
    ck_assert_int_eq(m.names.configured, 0);
}
END_TEST

START_TEST(names_of_indexes)
{
    static authp_mongo_t m;
    const char *longest = apr_psprintf(pool, "%0*d", AUTHP_IDENTITY_NAME_LEN, 7);
    ck_assert_int_eq(authp_mongo_names_set(&m, many_names(1)), AUTHP_OK);
    static const char *const added[] = {"p0", "p", "p01", "p", "p01.sub"};
    static const int lengths[] = {2, 1, 3, 1, 3};
    static const int counts[] = {1, 2, 3, 3, 3};
    for (int i = 0; i < LENGTH(added); i++) {
        authp_mongo_names_add(&m, added[i], (size_t)lengths[i]);
        ck_assert_int_eq(atomic_load(&m.names.count), counts[i]);
    }
    ck_assert_str_eq(m.names.list[2], "p01");
    authp_mongo_names_add(&m, apr_pstrcat(pool, longest, "x", NULL), AUTHP_IDENTITY_NAME_LEN + 1);
    ck_assert_int_eq(atomic_load(&m.names.count), 3);
    authp_mongo_names_add(&m, longest, AUTHP_IDENTITY_NAME_LEN);
    ck_assert_int_eq(atomic_load(&m.names.count), 4);
    ck_assert_str_eq(m.names.list[3], longest);
    ck_assert_int_eq(m.names.configured, 1);
}
END_TEST

/* --- what else the store tells or leaves ---------------------------------------------------------
 */
START_TEST(where_the_rows_are)
{
    const authp_store_ops_t *ops = authp_providers_find("mongodb");
    const authp_store_config_t config = {.uri = "mongodb://u:hush@h/", .database = "jobs"};
    ck_assert_str_eq(ops->place(&config, pool), "\"jobs\" of mongodb");
}
END_TEST

/* A child opens what its parent has checked. If that is wrong all the same, it says so. */
START_TEST(opened_unchecked)
{
    authp_store_t *none = NULL;
    const authp_store_config_t config = {
        .uri = "mongodb://u:hush@h/?w=0", .database = "jobs", .timeout_ms = 100};
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &none, pool),
                     AUTHP_E_INTERNAL);
    ck_assert_ptr_null(none);
    ck_assert_str_eq(heard, "0 AUTHP0237: MONGODB_URI must not ask for unacknowledged writes "
                            "(w=0): who wins a race would be unknown\n");
}
END_TEST

static bool has_counters(const char *name)
{
    int fd = shm_open(name, O_RDONLY, 0);
    return fd >= 0 && close(fd) == 0;
}

/* The file of the driver's statistics of this process goes, and no other. */
START_TEST(statistics_leave_no_file)
{
    const char *mine = apr_psprintf(pool, "/mongoc-%ld", (long)getpid());
    const char *other = apr_psprintf(pool, "/mongoc-%ld-other", (long)getpid());
    for (int i = 0; i < 2; i++) {
        int fd = shm_open(i == 0 ? mine : other, O_CREAT | O_RDWR, 0600);
        ck_assert(fd >= 0 && close(fd) == 0);
    }
    authp_mongo_counters_drop();
    ck_assert(!has_counters(mine) && has_counters(other));
    ck_assert_int_eq(shm_unlink(other), 0);
    authp_mongo_counters_drop(); /* there is none any more */
}
END_TEST

Suite *suite_mongodb_indexes(void)
{
    Suite *suite = suite_create("mongodb_indexes");
    TCase *tests = tcase_create("mongodb_indexes");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, one_is_refused, 0, LENGTH(rows));
    tcase_add_test(tests, many_are_refused);
    tcase_add_test(tests, new_ones_are_counted);
    tcase_add_test(tests, a_rest_after_a_refusal);
    tcase_add_loop_test(tests, what_is_dropped, 0, LENGTH(olds));
    tcase_add_test(tests, one_that_cannot_be_dropped);
    tcase_add_test(tests, names_of_settings);
    tcase_add_test(tests, names_of_indexes);
    tcase_add_test(tests, where_the_rows_are);
    tcase_add_test(tests, opened_unchecked);
    tcase_add_test(tests, statistics_leave_no_file);
    suite_add_tcase(suite, tests);
    return suite;
}
