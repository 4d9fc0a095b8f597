/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of error, at each place of a run: what the caller gets, whether the run is tried again,
 * what is logged, and whether the breaker counts it. */
#include "../unit/suite.h"
#include "base/breaker.h"
#include "base/log.h"
#include "contract.h"
#include "dbd_tap.h"
#include "sqlite_fixture.h"
#include "store/sql/sql.h"
#include "store/sql/sql_impl.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <stdio.h>
#include <string.h>

#define RC 77
#define MESSAGE "ERROR: it broke\nDETAIL: a value of the row"

static apr_pool_t *pool;
static authp_store_t *store;
static authp_sql_t *sql;
static authp_sql_dialect_t dialect;
static authp_sql_fault_t says; /* what each error of the driver means */
static char logged[4096];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    static const char levels[] = "EWNID";
    (void)ctx;
    size_t len = strlen(logged);
    (void)snprintf(logged + len, sizeof(logged) - len, "%c %s\n", levels[level], message);
}

static authp_sql_fault_t classify(int rc, const char *text)
{
    ck_assert_int_eq(rc, RC);
    ck_assert_str_eq(text, MESSAGE);
    return says;
}

static const char *advice(const char *text)
{
    ck_assert_str_eq(text, MESSAGE);
    return " (do this)";
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    store = sqlite_fixture_open(pool);
    sql = store->self;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    dialect = *sql->dialect;
    dialect.classify = classify;
    dialect.advice = advice;
    sql->dialect = &dialect;
    dbd_tap_begin();
    logged[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    dbd_tap_end();
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* --- runs ------------------------------------------------------------------------------------- */

static const authp_sql_statement_t reading = {
    .name = "reading", .text = "SELECT id FROM used_tokens WHERE id = 'faulty'"};
static const authp_sql_statement_t first = {
    .name = "first", .text = "INSERT INTO used_tokens VALUES ('first', 1) RETURNING id"};
static const authp_sql_statement_t writing = {
    .name = "writing", .text = "INSERT INTO used_tokens VALUES ('faulty', 1) RETURNING id"};
static const void *values[] = {NULL};
static const authp_sql_step_t steps[] = {{.statement = &first, .values = values},
                                         {.statement = &writing, .values = values}};

static authp_err_t read_one(void)
{
    int rows = -1;
    authp_err_t err = authp_sql_run(sql, &reading, values, authp_sql_rows_count, &rows);
    ck_assert_int_eq(rows, err == AUTHP_OK ? 0 : -1);
    return err;
}

static authp_err_t write_one(void)
{
    return authp_sql_change_one(sql, &writing, values, AUTHP_E_NOT_FOUND);
}

static authp_err_t write_several(void)
{
    return authp_sql_change_together(sql, steps, 2, AUTHP_E_NOT_FOUND);
}

static authp_err_t write_groups(void)
{
    const authp_sql_group_t groups[] = {{.steps = &steps[0], .count = 1},
                                        {.steps = &steps[1], .count = 1}};
    bool done[2] = {false, false};
    authp_err_t err = authp_sql_change_groups(sql, groups, 2, done);
    ck_assert(err != AUTHP_OK || (done[0] && done[1]));
    return err;
}

/* Where the error happens. */
typedef enum place_t { IN_READ, IN_WRITE, IN_STEP, IN_GROUP, IN_BEGIN, IN_COMMIT, PLACES } place_t;

static const struct {
    const char *part; /* of the text that fails */
    const char *name; /* in the log */
    authp_err_t (*run)(void);
    bool reads;
    bool once; /* never tried again */
} places[PLACES] = {[IN_READ] = {"faulty", "reading", read_one, true, false},
                    [IN_WRITE] = {"faulty", "writing", write_one, false, false},
                    [IN_STEP] = {"faulty", "writing", write_several, false, false},
                    [IN_GROUP] = {"faulty", "writing", write_groups, false, false},
                    [IN_BEGIN] = {"BEGIN", "begin", write_several, false, false},
                    [IN_COMMIT] = {"COMMIT", "commit", write_several, false, true}};

typedef enum again_t { NEVER, READS, ALL } again_t;

static const struct {
    authp_sql_fault_t fault;
    again_t again;
    authp_err_t err;
    const char *line; /* in the log; NULL: none */
    bool counts;      /* for the breaker */
} faults[] = {
    {AUTHP_SQL_BROKEN, ALL, AUTHP_E_UNAVAILABLE, "W AUTHP0207: store: statement %s: %s", false},
    {AUTHP_SQL_UNSURE, READS, AUTHP_E_UNAVAILABLE, "W AUTHP0207: store: statement %s: %s", false},
    {AUTHP_SQL_LOST, READS, AUTHP_E_UNAVAILABLE, "W AUTHP0207: store: statement %s: %s", true},
    {AUTHP_SQL_LOCKED, ALL, AUTHP_E_UNAVAILABLE, "W AUTHP0207: store: statement %s: %s", false},
    {AUTHP_SQL_SLOW, NEVER, AUTHP_E_UNAVAILABLE, "W AUTHP0207: store: statement %s: %s", false},
    {AUTHP_SQL_TAKEN, NEVER, AUTHP_E_CONFLICT, NULL, false},
    {AUTHP_SQL_NO_ROW, NEVER, AUTHP_E_NOT_FOUND, NULL, false},
    {AUTHP_SQL_WRONG, NEVER, AUTHP_E_INTERNAL,
     "E AUTHP0206: store: statement %s failed with 77: %s", false},
};
#define FAULTS ((int)(sizeof(faults) / sizeof(faults[0])))

static bool is_again(int fault, int place)
{
    return !places[place].once &&
           (faults[fault].again == ALL || (faults[fault].again == READS && places[place].reads));
}

/* The line of one failure. */
static const char *line_of(int fault, int place)
{
    const char *line = faults[fault].line;
    const char *end = " (do this)\n";
    if (faults[fault].fault == AUTHP_SQL_NO_ROW && place == IN_GROUP) {
        line = faults[FAULTS - 1].line; /* a row of a batch that no store can hold */
    }
    if (line == NULL) {
        return "";
    }
    if (line[0] == 'E') {
        end = "\n";
    }
    const char *text = apr_pstrcat(pool, line, end, NULL);
    char out[256];
    const char *name = strstr(text, "%s");
    const char *reason = strstr(name + 2, "%s");
    (void)snprintf(out, sizeof(out), "%.*s%s%.*sERROR: it broke%s", (int)(name - text), text,
                   places[place].name, (int)(reason - name - 2), name + 2, reason + 2);
    return apr_pstrdup(pool, out);
}

static authp_err_t error_of(int fault, int place)
{
    if (faults[fault].fault == AUTHP_SQL_NO_ROW && place == IN_READ) {
        return AUTHP_OK; /* no row */
    }
    if (faults[fault].fault == AUTHP_SQL_NO_ROW && place == IN_GROUP) {
        return AUTHP_E_INTERNAL;
    }
    return faults[fault].err;
}

static int rows_made(void)
{
    static const authp_sql_statement_t count = {.name = "count",
                                                .text = "SELECT count(*) FROM used_tokens"};
    int64_t found = -1;
    ck_assert_int_eq(authp_sql_run(sql, &count, values, authp_sql_rows_number, &found), AUTHP_OK);
    return (int)found;
}

/* The first try fails, and the second one would work. */
START_TEST(one_failure)
{
    const int fault = _i / PLACES;
    const int place = _i % PLACES;
    const bool again = is_again(fault, place);
    says = faults[fault].fault;
    dbd_tap_fail(places[place].part, 1, RC, MESSAGE);
    ck_assert_int_eq(places[place].run(), again ? AUTHP_OK : error_of(fault, place));
    const char *noted = dbd_tap_take();
    /* The connection is not used again, in any case. */
    ck_assert_int_eq(dbd_tap_count(noted, "close\n"), 1);
    ck_assert_int_eq(dbd_tap_count(noted, "open "), again ? 1 : 0);
    ck_assert_str_eq(logged, line_of(fault, place));
    ck_assert_int_eq(atomic_load(&sql->breaker.failures), faults[fault].counts && !again ? 1 : 0);
    ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
    const int written = place == IN_WRITE ? 1 : place == IN_READ ? 0 : 2;
    ck_assert_int_eq(rows_made(), again ? written : 0);
}
END_TEST

/* Each try fails: there are two, or one. */
START_TEST(failures)
{
    const int fault = _i / PLACES;
    const int place = _i % PLACES;
    const int tries = is_again(fault, place) ? 2 : 1;
    const char *lines = "";
    says = faults[fault].fault;
    dbd_tap_fail(places[place].part, 9, RC, MESSAGE);
    ck_assert_int_eq(places[place].run(), error_of(fault, place));
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "close\n"), tries);
    for (int i = 0; i < tries; i++) {
        lines = apr_pstrcat(pool, lines, line_of(fault, place), NULL);
    }
    ck_assert_str_eq(logged, lines);
    ck_assert_int_eq(atomic_load(&sql->breaker.failures), faults[fault].counts ? 1 : 0);
    ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
    dbd_tap_fail("none", 0, 0, NULL);
    ck_assert_int_eq(rows_made(), 0);
}
END_TEST

/* A SELECT in a transaction of its own may be repeated, also after COMMIT. */
START_TEST(commit_of_a_reader)
{
    says = faults[_i].fault;
    sql->wraps = true;
    dbd_tap_fail("COMMIT", 1, RC, MESSAGE);
    authp_err_t err = read_one();
    ck_assert_int_eq(err, is_again(_i, IN_READ) ? AUTHP_OK : error_of(_i, IN_READ));
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "send COMMIT"), is_again(_i, IN_READ) ? 2 : 1);
}
END_TEST

/* The database has done it, and the answer is lost: it is not done twice. */
START_TEST(a_lost_answer)
{
    says = AUTHP_SQL_LOST;
    dbd_tap_lose(_i == 0 ? "faulty" : "COMMIT", 1, RC, MESSAGE);
    ck_assert_int_eq(_i == 0 ? write_one() : write_several(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(rows_made(), _i == 0 ? 1 : 2);
}
END_TEST

/* --- steps that change nothing ---------------------------------------------------------------- */

static const char *const guards[] = {"SAVEPOINT one_group", "RELEASE SAVEPOINT one_group"};

/* The log names the statement of a savepoint that fails, and nothing of the batch is done. */
START_TEST(savepoints)
{
    const authp_sql_group_t group = {.steps = steps, .count = 2};
    bool done = false;
    says = AUTHP_SQL_WRONG;
    dbd_tap_fail(guards[_i], 1, RC, MESSAGE);
    ck_assert_int_eq(authp_sql_change_groups(sql, &group, 1, &done), AUTHP_E_INTERNAL);
    ck_assert_str_eq(logged, apr_pstrcat(pool, "E AUTHP0206: store: statement ", guards[_i],
                                         " failed with 77: ERROR: it broke\n", NULL));
    ck_assert_int_eq(rows_made(), 0);
}
END_TEST

/* A step that changes two rows is as wrong as one that changes none. The connection stays open. A
 * connection that cannot roll back is closed. */
START_TEST(a_step_of_two_rows)
{
    static const authp_sql_statement_t two = {
        .name = "two", .text = "INSERT INTO used_tokens VALUES ('b', 1), ('c', 1) RETURNING id"};
    const authp_sql_step_t pair[] = {{.statement = &first, .values = values},
                                     {.statement = &two, .values = values}};
    ck_assert_int_eq(authp_sql_change_together(sql, pair, 2, AUTHP_E_NOT_FOUND), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "close\n"), 0);
    ck_assert_int_eq(rows_made(), 0);
    dbd_tap_fail("ROLLBACK", 1, RC, MESSAGE);
    ck_assert_int_eq(authp_sql_change_together(sql, pair, 2, AUTHP_E_NOT_FOUND), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "close\n"), 1);
    ck_assert_int_eq(rows_made(), 0);
    ck_assert_str_eq(logged, "");
    /* Outside of a transaction both rows stay, and the caller learns that the statement did not add
     * exactly one. */
    ck_assert_int_eq(authp_sql_change_one(sql, &two, values, AUTHP_E_CONFLICT), AUTHP_E_CONFLICT);
    ck_assert_int_eq(rows_made(), 2);
}
END_TEST

/* --- readers ---------------------------------------------------------------------------------- */

static int read_calls;
static int cleaned;

static apr_status_t clean(void *data)
{
    (void)data;
    cleaned++;
    return APR_SUCCESS;
}

static authp_err_t reader(authp_sql_rows_t *rows, void *ctx)
{
    (void)ctx;
    read_calls++;
    apr_pool_cleanup_register(rows->pool, rows, clean, apr_pool_cleanup_null);
    return AUTHP_E_MALFORMED;
}

/* A reader is called only if the run worked. Its answer is that of the run, and the memory of the
 * rows is free afterwards. */
START_TEST(readers)
{
    int64_t number = 7;
    says = AUTHP_SQL_WRONG;
    read_calls = cleaned = 0;
    ck_assert_int_eq(authp_sql_run(sql, &reading, values, reader, NULL), AUTHP_E_MALFORMED);
    ck_assert_int_eq(read_calls, 1);
    ck_assert_int_eq(cleaned, 1);
    dbd_tap_fail("faulty", 1, RC, MESSAGE);
    ck_assert_int_eq(authp_sql_run(sql, &reading, values, reader, NULL), AUTHP_E_INTERNAL);
    ck_assert_int_eq(read_calls, 1);
    /* A number that is not there is an error. */
    ck_assert_int_eq(authp_sql_run(sql, &reading, values, authp_sql_rows_number, &number),
                     AUTHP_E_INTERNAL);
    ck_assert_int_eq(number, 7);
}
END_TEST

static void take_long(const char *text)
{
    if (strstr(text, "faulty") != NULL) {
        apr_sleep(apr_time_from_msec(sql->config.timeout_ms + 100));
    }
}

/* A run whose time is over is not tried again. */
START_TEST(too_late)
{
    says = AUTHP_SQL_BROKEN;
    sql->config.timeout_ms = 50;
    ck_assert_int_eq(read_one(), AUTHP_OK);
    (void)dbd_tap_take();
    dbd_tap_watch(take_long);
    dbd_tap_fail("faulty", 1, RC, MESSAGE);
    ck_assert_int_eq(read_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(dbd_tap_count(dbd_tap_take(), "open "), 0);
}
END_TEST

Suite *suite_sql_faults(void)
{
    Suite *suite = suite_create("sql_faults");
    TCase *tests = tcase_create("sql_faults");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, one_failure, 0, FAULTS * PLACES);
    tcase_add_loop_test(tests, failures, 0, FAULTS * PLACES);
    tcase_add_loop_test(tests, commit_of_a_reader, 0, FAULTS);
    tcase_add_loop_test(tests, a_lost_answer, 0, 2);
    tcase_add_loop_test(tests, savepoints, 0, 2);
    tcase_add_test(tests, a_step_of_two_rows);
    tcase_add_test(tests, readers);
    tcase_add_test(tests, too_late);
    suite_add_tcase(suite, tests);
    return suite;
}
