/* SPDX-License-Identifier: Apache-2.0 */
/* The live table beside processes of other users and processes that hold its lock, and the oldest
 * tokens about which it has an answer. */
#include <apr_strings.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "service/live_table/live_ask.h"
#include "service/live_table/live_layout.h"
#include "service/live_table/live_round.h"
#include "service/live_table/live_tell.h"
#include "suite.h"

#define MINUTE_MS INT64_C(60000)
#define TOKEN_MS (15 * MINUTE_MS)

static apr_pool_t *pool;
static authp_live_shared_t *shared;
static authp_live_table_t *table;
static authp_live_terms_t terms;
static char lines[1000];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert(level == AUTHP_LOG_ERROR || level == AUTHP_LOG_WARNING);
    ck_assert_uint_lt(strlen(lines) + strlen(message) + 10, sizeof(lines));
    strcat(strcat(strcat(lines, level == AUTHP_LOG_ERROR ? "error " : "warning "), message), "\n");
}

static void set_up(void)
{
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
    apr_pool_create(&pool, NULL);
    terms = (authp_live_terms_t){.token_ms = TOKEN_MS,
                                 .max_lag_ms = 60000,
                                 .roles = apr_array_make(pool, 1, sizeof(const char *))};
    ck_assert_int_eq(authp_live_table_make(64, &shared), AUTHP_OK);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &table, pool), AUTHP_OK);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

/* A process of another user cannot be sent signals, but it is there. */
START_TEST(a_round_of_another_user)
{
    int status = 0;
    shared->round_began = authp_clock_now(authp_clock_monotonic()) - 1000;
    pid_t child = fork();
    if (child == 0) {
        authp_live_round_t round = {0};
        shared->round_pid = geteuid() == 0 ? getppid() : 1;
        if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) {
            _exit(2);
        }
        shared->round_beat = authp_clock_now(authp_clock_monotonic());
        _exit(authp_live_round_begin(table, &round));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

/* While a process holds the lock, a new generation cannot open the table. After that it can. */
START_TEST(opened_while_a_writer_sleeps)
{
    authp_live_table_t *opened = NULL;
    int ready[2];
    int end[2];
    char byte = 0;
    ck_assert(pipe(ready) == 0 && pipe(end) == 0);
    pid_t child = fork();
    if (child == 0) {
        bool held = authp_live_layout_lock(shared);
        ck_assert_int_eq(write(ready[1], "x", 1), 1);
        ck_assert_int_eq(read(end[0], &byte, 1), 1);
        authp_live_layout_unlock(shared);
        _exit(!held);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &opened, pool), AUTHP_E_BUSY);
    ck_assert_ptr_null(opened);
    ck_assert_str_eq(lines, "");
    authp_live_tell_session(table, "6b00000000000000000000a1",
                            authp_clock_now(authp_clock_system()));
    ck_assert_str_eq(lines, "error AUTHP0331: the live table could not be written: guarded pages "
                            "ask the store until it is filled again\n");
    ck_assert_int_eq(write(end[1], "x", 1), 1);
    int status = 0;
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &opened, pool), AUTHP_OK);
    ck_assert_ptr_nonnull(opened);
}
END_TEST

/* A process ends while it holds the lock. The next one gets the lock, and says so once. */
START_TEST(a_writer_that_died)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        _exit(!authp_live_layout_lock(shared));
    }
    ck_assert(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(authp_live_layout_lock(shared));
        authp_live_layout_unlock(shared);
    }
    ck_assert_str_eq(lines, "warning AUTHP0334: a process died while it wrote to the live table: "
                            "the table is filled again\n");
}
END_TEST

/* A change is kept for the life of a token and two minutes. About a token of the last of these
 * minutes the table does not answer, because it may have forgotten a change. */
START_TEST(the_last_minute)
{
    const authp_ms_t now = authp_clock_now(authp_clock_system()) / 1000 * 1000;
    authp_live_round_t round = {0};
    authp_live_facts_t facts = {0};
    bool newer = false;
    ck_assert(authp_live_round_begin(table, &round));
    authp_live_round_set(table, &round, now);
    authp_live_round_end(table, &round, true);
    atomic_store(&shared->covered_from, 0);
    for (int seconds = -2; seconds <= 2; seconds++) {
        const authp_live_query_t query = {"6b0000000000000000000001", "6b00000000000000000000a1", 1,
                                          (now - TOKEN_MS - MINUTE_MS) / 1000 + seconds};
        ck_assert_int_eq(authp_live_ask(table, &query, now, &facts, &newer),
                         seconds < 0 ? AUTHP_LIVE_UNKNOWN : AUTHP_LIVE_GOOD);
    }
}
END_TEST

/* As many roles as there are bits. All of them come back, also the last one alone. */
START_TEST(as_many_roles_as_bits)
{
    static const authp_roles_t given[] = {UINT32_MAX, 1U << 31, 1U, 0};
    const authp_ms_t now = authp_clock_now(authp_clock_system());
    apr_array_header_t *roles = apr_array_make(pool, LIVE_ROLES, sizeof(const char *));
    for (int i = 0; i < LIVE_ROLES; i++) {
        APR_ARRAY_PUSH(roles, const char *) = apr_psprintf(pool, "role%d", i);
    }
    terms.roles = roles;
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &table, pool), AUTHP_OK);
    for (int i = 0; i < 4; i++) {
        bool newer = false;
        authp_live_facts_t facts = {.roles = 7};
        const authp_live_user_t user = {
            .id = "6b0000000000000000000001", .ver = 2 + i, .roles = given[i]};
        const authp_live_query_t query = {user.id, "6b00000000000000000000a1", 1, now / 1000};
        authp_live_tell_user(table, &user, now);
        (void)authp_live_ask(table, &query, now, &facts, &newer);
        ck_assert(newer);
        ck_assert_uint_eq(facts.roles, given[i]);
    }
}
END_TEST

Suite *suite_live_edges(void)
{
    Suite *suite = suite_create("live_edges");
    TCase *tests = tcase_create("live_edges");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_round_of_another_user);
    tcase_add_test(tests, opened_while_a_writer_sleeps);
    tcase_add_test(tests, a_writer_that_died);
    tcase_add_test(tests, the_last_minute);
    tcase_add_test(tests, as_many_roles_as_bits);
    suite_add_tcase(suite, tests);
    return suite;
}
