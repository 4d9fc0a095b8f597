/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what operations cost in a store with many rows, beside a store of the same kind that is
 * nearly empty.
 *   scale_rates load STORE PLACE USERS     fills a store: USERS accounts with three sessions each
 *   scale_rates compare STORE FULL EMPTY USERS ROUNDS
 * A place is a file of SQLite, or URI and the name of a database of MongoDB or of a schema of
 * PostgreSQL as one text, with a blank between them. `compare` prints one line for each operation:
 * its name and the microseconds in the full store and in the empty one. Both are measured in short
 * turns, one after the other, so that what else the machine does counts for both. Each number is
 * the median over the turns. */
#include "scale_rows.h"

#include "base/clock.h"
#include "base/random.h"
#include "store/providers/providers.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EMPTY_USERS 1000
#define ROUNDS_MOST 200
#define TURN_US 30000 /* a turn is at least as long, and at least one operation */

static authp_store_t *open_store(const char *name, const char *place, apr_pool_t *pool)
{
    authp_store_t *store = NULL;
    char *copy = apr_pstrdup(pool, place);
    char *second = strchr(copy, ' ');
    if (second != NULL) {
        *second++ = '\0';
    }
    const authp_store_config_t config = {.file = copy,
                                         .uri = copy,
                                         .database = second,
                                         .schema = second,
                                         .timeout_ms = 60000,
                                         .max_connections = 2};
    if (authp_providers_find(name) == NULL) {
        fprintf(stderr, "scale_rates: there is no store %s\n", name);
        exit(2);
    }
    scale_rows_must(authp_store_open(authp_providers_find(name), &config, &store, pool), "open");
    scale_rows_must(authp_store_ping(store, pool), "ping");
    return store;
}

/* --- what is measured ------------------------------------------------------------------------- */

typedef struct side_t {
    authp_store_t *store;
    long users;                /* how many it had at the start */
    double turns[ROUNDS_MOST]; /* microseconds for an operation */
} side_t;

static authp_ms_t now(void)
{
    return authp_clock_now(authp_clock_system());
}

static long anybody(const side_t *side)
{
    return (long)(scale_rows_random() % (uint64_t)side->users);
}

/* One that has not ended. */
static long a_session(const side_t *side)
{
    long number = anybody(side) * SCALE_SESSIONS_EACH;
    return number % SCALE_ENDED_EVERY == 0 ? number + 1 : number;
}

static authp_err_t note(const side_t *side, const char *user_id, apr_pool_t *pool)
{
    authp_audit_t entry = {.id = authp_id_new(authp_clock_system(), authp_random_system()),
                           .at = now(),
                           .event = "bench",
                           .outcome = "ok",
                           .actor_id = user_id,
                           .subject_id = user_id};
    return authp_store_audit_append(side->store, &entry, pool);
}

static authp_err_t start_session(const side_t *side, const authp_id_t *user_id, apr_pool_t *pool)
{
    authp_session_t *session = scale_rows_session(1, pool);
    session->id = authp_id_new(authp_clock_system(), authp_random_system());
    session->user_id = *user_id;
    authp_err_t err = authp_store_session_create(side->store, session, pool);
    return err == AUTHP_OK ? note(side, user_id->hex, pool) : err;
}

static authp_err_t sign_up(side_t *side, apr_pool_t *pool)
{
    authp_user_t *user = scale_rows_user(2, pool);
    user->id = authp_id_new(authp_clock_system(), authp_random_system());
    user->email =
        apr_psprintf(pool, "up%" APR_UINT64_T_HEX_FMT "@example.net", scale_rows_random());
    authp_err_t err = authp_store_user_create(side->store, user, pool);
    return err == AUTHP_OK ? start_session(side, &user->id, pool) : err;
}

static authp_err_t sign_in(side_t *side, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_login(
        side->store, AUTHP_LOGIN_EMAIL, scale_rows_address(anybody(side), pool), &user, pool);
    return err == AUTHP_OK ? start_session(side, &user->id, pool) : err;
}

static authp_err_t refresh(side_t *side, apr_pool_t *pool)
{
    authp_id_t id;
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    scale_rows_id(&id, 2, a_session(side));
    authp_err_t err = authp_store_session_by_id(side->store, id.hex, &session, pool);
    if (err == AUTHP_OK && session->expires_at <= now()) {
        return AUTHP_OK; /* a few */
    }
    if (err == AUTHP_OK) {
        err = authp_store_user_by_id(side->store, session->user_id.hex, &user, pool);
    }
    return err == AUTHP_OK ? authp_store_session_rotate(side->store, id.hex, session->generation,
                                                        now(), now() + SCALE_MONTH_MS, pool)
                           : err;
}

/* What a guarded page asks if the live table cannot answer. */
static authp_err_t ask(side_t *side, apr_pool_t *pool)
{
    authp_id_t id;
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    scale_rows_id(&id, 2, a_session(side));
    authp_err_t err = authp_store_session_by_id(side->store, id.hex, &session, pool);
    return err == AUTHP_OK ? authp_store_user_by_id(side->store, session->user_id.hex, &user, pool)
                           : err;
}

static authp_err_t list_of(const side_t *side, authp_user_filter_t filter, apr_pool_t *pool)
{
    apr_array_header_t *users = NULL;
    return authp_store_user_list(side->store, &filter, &users, pool);
}

/* A page from the middle. */
static authp_err_t list(side_t *side, apr_pool_t *pool)
{
    authp_id_t id;
    scale_rows_id(&id, 1, side->users / 2 - 50);
    return list_of(side, (authp_user_filter_t){.after_id = id.hex, .limit = 51}, pool);
}

static authp_err_t list_prefix(side_t *side, apr_pool_t *pool)
{
    const char *prefix = apr_pstrmemdup(pool, scale_rows_address(side->users / 2, pool), 12);
    return list_of(side, (authp_user_filter_t){.email_prefix = prefix, .limit = 51}, pool);
}

/* A prefix that more accounts have than a store sorts. The empty store has so few accounts that its
 * list without a prefix is what this one is compared with. */
static authp_err_t list_common_prefix(side_t *side, apr_pool_t *pool)
{
    if (side->users == EMPTY_USERS) {
        return list(side, pool);
    }
    return list_of(side, (authp_user_filter_t){.email_prefix = "pers", .limit = 51}, pool);
}

static authp_err_t list_role(side_t *side, apr_pool_t *pool)
{
    return list_of(side, (authp_user_filter_t){.role = "recruiter", .limit = 51}, pool);
}

/* The search for another admin before one is disabled. */
static authp_err_t list_admins(side_t *side, apr_pool_t *pool)
{
    return list_of(side, (authp_user_filter_t){.role = "admin", .limit = 2, .enabled_only = true},
                   pool);
}

static authp_err_t list_sessions(side_t *side, apr_pool_t *pool)
{
    authp_id_t id;
    apr_array_header_t *sessions = NULL;
    const authp_page_t page = {.limit = 51};
    scale_rows_id(&id, 1, anybody(side));
    return authp_store_session_list(side->store, id.hex, now(), &page, &sessions, pool);
}

static authp_err_t poll_ended(side_t *side, apr_pool_t *pool)
{
    authp_seen_t seen;
    apr_array_header_t *rows = NULL;
    authp_err_t err =
        authp_store_session_ended(side->store, now() - 5000, 1000, &rows, &seen, pool);
    return err == AUTHP_OK
               ? authp_store_user_changed(side->store, now() - 5000, 1000, &rows, &seen, pool)
               : err;
}

/* Nothing is old enough, as most of the times. */
static authp_err_t purge(side_t *side, apr_pool_t *pool)
{
    int removed = 0;
    apr_array_header_t *ids = NULL;
    const authp_page_t page = {.limit = 100};
    const authp_purge_t what = {.sessions_before = now() - SCALE_PURGE_MARGIN_MS,
                                .users_before = now() - SCALE_DAY_MS,
                                .invites_before = now() - SCALE_DAY_MS,
                                .audit_before = now() - SCALE_DAY_MS,
                                .failures_before = now(),
                                .tokens_before = now(),
                                .codes_before = now(),
                                .batch = 500};
    authp_err_t err = authp_store_user_list_deleted(side->store, &page, &ids, pool);
    return err == AUTHP_OK ? authp_store_purge(side->store, &what, &removed, pool) : err;
}

static const struct {
    const char *name;
    authp_err_t (*run)(side_t *side, apr_pool_t *pool);
} operations[] = {{"register", sign_up},
                  {"sign-in", sign_in},
                  {"refresh", refresh},
                  {"cold-ask", ask},
                  {"list", list},
                  {"list-prefix", list_prefix},
                  {"list-common-prefix", list_common_prefix},
                  {"list-role", list_role},
                  {"list-admins", list_admins},
                  {"list-sessions", list_sessions},
                  {"poll", poll_ended},
                  {"purge", purge}};

static void take_turn(side_t *side, size_t which, int round, apr_pool_t *pool)
{
    long done = 0;
    apr_time_t began = apr_time_now();
    apr_time_t took = 0;
    while (took < TURN_US) {
        scale_rows_must(operations[which].run(side, pool), operations[which].name);
        apr_pool_clear(pool);
        done++;
        took = apr_time_now() - began;
    }
    side->turns[round] = (double)took / (double)done;
}

static int compare_doubles(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return a < b ? -1 : a > b;
}

static double median(double *turns, int count)
{
    qsort(turns, (size_t)count, sizeof(double), compare_doubles);
    return turns[count / 2];
}

/* The first turns are not counted: they fill caches and prepare statements. */
static void compare(side_t *full, side_t *empty, int rounds, apr_pool_t *parent)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, parent);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        for (int round = -2; round < rounds; round++) {
            take_turn(full, i, round < 0 ? 0 : round, pool);
            take_turn(empty, i, round < 0 ? 0 : round, pool);
        }
        printf("%s %.1f %.1f\n", operations[i].name, median(full->turns, rounds),
               median(empty->turns, rounds));
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    apr_pool_t *pool = NULL;
    static side_t full;
    static side_t empty = {.users = EMPTY_USERS};
    bool loads = argc == 5 && strcmp(argv[1], "load") == 0;
    if (!loads && (argc != 7 || strcmp(argv[1], "compare") != 0)) {
        fprintf(stderr, "usage: scale_rates load STORE PLACE USERS\n"
                        "       scale_rates compare STORE FULL EMPTY USERS ROUNDS\n");
        return 2;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    full.store = open_store(argv[2], argv[3], pool);
    full.users = (long)apr_atoi64(argv[loads ? 4 : 5]);
    if (loads) {
        scale_rows_load(full.store, full.users, pool);
    } else {
        int rounds = (int)apr_atoi64(argv[6]);
        empty.store = open_store(argv[2], argv[4], pool);
        compare(&full, &empty, rounds < ROUNDS_MOST ? rounds : ROUNDS_MOST, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
