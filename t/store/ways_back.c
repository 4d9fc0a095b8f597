/* SPDX-License-Identifier: Apache-2.0 */
#include "ways_back.h"
#include "child.h"
#include "columns_fixture.h"
#include "contract.h"
#include "store/sql/sql_impl.h"
#include "ways_back_rows.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW CONTRACT_NOW
#define STEPS 9
#define USERS 4 /* that a test makes: their serials are their parts, too */
#define PROCESSES 4
#define MOVES 6 /* of each process */

static const ways_back_t *dialect;
static apr_pool_t *pool;
static authp_store_t *store;

void ways_back_begin(const ways_back_t *its_dialect)
{
    dialect = its_dialect;
    apr_pool_create(&pool, NULL);
    store = dialect->open(pool);
}

void ways_back_end(void)
{
    apr_pool_destroy(pool);
}

static authp_err_t go(authp_store_t *with, int steps, bool force, authp_store_migrated_t *done)
{
    const authp_store_goal_t goal = {.steps = steps, .force = force};
    return authp_store_migrate_to(with, &goal, done, pool);
}

/* Goes to that number of steps, whatever is lost. Returns how many were made (or, below 0, undone).
 */
static int move(int steps)
{
    authp_store_migrated_t done;
    ck_assert_int_eq(go(store, steps, true, &done), AUTHP_OK);
    ck_assert(done.made == 0 || done.undone == 0);
    ck_assert_ptr_null(done.refusal);
    return done.made - done.undone;
}

static const char *shape(void)
{
    const char *text = dialect->ask(dialect->shape, pool);
    return text != NULL ? text : "";
}

static authp_sql_t *sql_of(authp_store_t *of)
{
    return of->self;
}

START_TEST(each_step_has_a_way_back)
{
    const authp_sql_dialect_t *its = sql_of(store)->dialect;
    ck_assert_int_eq(its->nmigrations, STEPS);
    for (int i = 0; i < its->nmigrations; i++) {
        ck_assert_msg(its->migrations[i].down != NULL, "%s", its->migrations[i].name);
    }
}
END_TEST

/* With any number of steps the schema is the same, whether they were made or later ones undone. */
START_TEST(the_way_back_ends_where_the_way_began)
{
    const char *up[STEPS + 1];
    up[0] = shape();
    ck_assert_str_eq(up[0], "");
    for (int steps = 1; steps <= STEPS; steps++) {
        ck_assert_int_eq(move(steps), 1);
        up[steps] = shape();
        ck_assert_str_ne(up[steps], up[steps - 1]);
    }
    ck_assert_int_eq(move(STEPS), 0);
    for (int steps = STEPS - 1; steps >= 0; steps--) {
        ck_assert_int_eq(move(steps), -1);
        ck_assert_str_eq(shape(), up[steps]);
    }
    for (int steps = 0; steps < STEPS; steps++) {
        ck_assert_int_eq(move(AUTHP_STORE_NEWEST), steps > 0 ? STEPS - steps + 1 : STEPS);
        ck_assert_str_eq(shape(), up[STEPS]);
        ck_assert_int_eq(move(steps), steps - STEPS);
        ck_assert_str_eq(shape(), up[steps]);
    }
}
END_TEST

/* Down to _i steps and up again: what the first _i steps hold is unchanged. */
START_TEST(data_of_the_steps_that_stay_survives)
{
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    for (int serial = 0; serial < USERS; serial++) {
        ways_back_put_user(store, serial, serial, pool);
    }
    ways_back_put_session(store, pool);
    ways_back_put_entry(store, pool);
    ways_back_put_invite(store, pool);
    ck_assert_int_eq(move(_i), _i - STEPS);
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS - _i);
    for (int serial = 0; serial < USERS; serial++) {
        ways_back_check_user(store, serial, serial, _i, pool);
    }
    ways_back_check_rows(store, _i, pool);
}
END_TEST

/* The rest of a deleted account goes with the column that says that it is one. It does not become
 * an account again. */
START_TEST(the_deleted_stay_deleted)
{
    apr_array_header_t *found = NULL;
    const authp_user_filter_t filter = {.limit = 10};
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    ways_back_put_deleted_user(store, pool);
    ways_back_put_plain_user(store, pool);
    ck_assert_int_eq(move(WAYS_BACK_INVITES - 1), WAYS_BACK_INVITES - 1 - STEPS);
    ck_assert_str_eq(dialect->ask("SELECT CAST(count(*) AS VARCHAR(20)) FROM users", pool), "1");
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS - WAYS_BACK_INVITES + 1);
    ck_assert_int_eq(authp_store_user_list(store, &filter, &found, pool), AUTHP_OK);
    ck_assert_int_eq(found->nelts, 1);
}
END_TEST

/* An invite for another role goes with the column that says so. It does not become one of a
 * recruiter. */
START_TEST(no_invite_gets_another_role)
{
    apr_array_header_t *found = NULL;
    const authp_page_t page = {.limit = 10};
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    ways_back_put_invite(store, pool);
    ways_back_put_admin_invite(store, pool);
    ck_assert_int_eq(move(WAYS_BACK_PHONES - 1), WAYS_BACK_PHONES - 1 - STEPS);
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS - WAYS_BACK_PHONES + 1);
    ck_assert_int_eq(authp_store_invite_list(store, &page, &found, pool), AUTHP_OK);
    ck_assert_int_eq(found->nelts, 1);
    ck_assert_ptr_null(APR_ARRAY_IDX(found, 0, authp_invite_t *)->role);
}
END_TEST

static const struct {
    void (*put)(authp_store_t *store, apr_pool_t *pool);
    int step; /* that brought what it writes */
    const char *table;
    const char *refusal;
} held[] = {
    {ways_back_put_plain_user, 1, "users", "step 1 (accounts and sessions) holds users"},
    {ways_back_put_session, 1, "refresh_tokens",
     "step 1 (accounts and sessions) holds refresh_tokens"},
    {ways_back_put_entry, 1, "audit_log", "step 1 (accounts and sessions) holds audit_log"},
    {ways_back_put_invite, 2, "recruiter_invites",
     "step 2 (invites and deletion) holds recruiter_invites"},
    {ways_back_put_deleted_user, 2, "users",
     "step 2 (invites and deletion) holds users.deleted_at"},
    {ways_back_put_failure, 4, "login_failures", "step 4 (failed sign-ins) holds login_failures"},
    {ways_back_put_linked_user, 5, "user_identities",
     "step 5 (identities) holds user_identities, users.identities"},
    {ways_back_put_used_token, 6, "used_tokens",
     "step 6 (used tokens and login codes) holds used_tokens"},
    {ways_back_put_login_code, 6, "login_codes",
     "step 6 (used tokens and login codes) holds login_codes"},
    {ways_back_put_profiled_user, 8, "users",
     "step 8 (phone numbers) holds users.profiles, users.phone_used_at"},
    {ways_back_put_admin_invite, 8, "recruiter_invites",
     "step 8 (phone numbers) holds recruiter_invites.role"},
    {ways_back_put_otp_code, 8, "otp_codes", "step 8 (phone numbers) holds otp_codes"},
    {ways_back_put_tally, 8, "tallies", "step 8 (phone numbers) holds tallies"},
    {ways_back_put_pending_admin, 8, "pending_admins",
     "step 8 (phone numbers) holds pending_admins"},
    {ways_back_put_data_key, 9, "data_keys", "step 9 (mail) holds data_keys"},
    {ways_back_put_mail, 9, "outbox", "step 9 (mail) holds outbox"},
};

static void check_refused(int steps, const char *refusal)
{
    authp_store_migrated_t done;
    const char *before = shape();
    ck_assert_int_eq(go(store, steps, false, &done), AUTHP_E_CONFLICT);
    ck_assert_str_eq(done.refusal, refusal);
    ck_assert_int_eq(done.made + done.undone, 0);
    ck_assert_str_eq(shape(), before);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
}

/* A step is not undone while it holds data, unless the operator insists. Later ones are. */
START_TEST(data_is_not_lost_by_accident)
{
    authp_store_migrated_t done;
    const char *count =
        apr_psprintf(pool, "SELECT CAST(count(*) AS VARCHAR(20)) FROM %s", held[_i].table);
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    held[_i].put(store, pool);
    const char *rows = dialect->ask(count, pool);
    ck_assert_str_ne(rows, "0");
    check_refused(held[_i].step - 1, held[_i].refusal);
    ck_assert_str_eq(dialect->ask(count, pool), rows);
    ck_assert_int_eq(go(store, held[_i].step, false, &done), AUTHP_OK);
    ck_assert_int_eq(done.undone, STEPS - held[_i].step);
    ck_assert_str_eq(dialect->ask(count, pool), rows);
    ck_assert_int_eq(move(held[_i].step - 1), -1);
}
END_TEST

#define LATEST                                                                                                                          \
    "step 9 (mail) holds data_keys, outbox; step 8 (phone numbers) holds users.profiles, users.phone_used_at, recruiter_invites.role, " \
    "otp_codes, tallies, pending_admins; "

START_TEST(a_refusal_names_all_that_would_be_lost)
{
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    ways_back_put_everything(store, pool);
    check_refused(3, LATEST "step 6 (used tokens and login codes) holds used_tokens, login_codes; "
                            "step 5 (identities) holds user_identities, users.identities; "
                            "step 4 (failed sign-ins) holds login_failures");
    check_refused(0,
                  LATEST "step 6 (used tokens and login codes) holds used_tokens, login_codes; "
                         "step 5 (identities) holds user_identities, users.identities; "
                         "step 4 (failed sign-ins) holds login_failures; "
                         "step 2 (invites and deletion) holds recruiter_invites, users.deleted_at; "
                         "step 1 (accounts and sessions) holds users, refresh_tokens, audit_log");
    ck_assert_int_eq(move(0), -STEPS);
    ck_assert_str_eq(shape(), "");
}
END_TEST

START_TEST(nothing_is_held_by_empty_tables)
{
    authp_store_migrated_t done;
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    ck_assert_int_eq(go(store, 0, false, &done), AUTHP_OK);
    ck_assert_int_eq(done.undone, STEPS);
    ck_assert_str_eq(shape(), "");
    ck_assert_int_eq(go(store, 0, false, &done), AUTHP_OK);
    ck_assert_int_eq(done.undone, 0);
    ck_assert_str_eq(shape(), "");
}
END_TEST

START_TEST(more_steps_than_there_are)
{
    authp_store_migrated_t done;
    ck_assert_int_eq(go(store, STEPS + 1, true, &done), AUTHP_E_MALFORMED);
    ck_assert_str_eq(done.refusal, "this version has 9 steps");
    ck_assert_str_eq(shape(), "");
}
END_TEST

static authp_sql_dialect_t changed;
static authp_sql_migration_t changed_steps[STEPS];

/* Gives a store a dialect of its own, with its first `steps` steps, which may be changed. */
static void change_dialect(authp_store_t *of, int steps)
{
    changed = *sql_of(of)->dialect;
    memcpy(changed_steps, changed.migrations, sizeof(changed_steps));
    changed.migrations = changed_steps;
    changed.nmigrations = steps;
    sql_of(of)->dialect = &changed;
}

/* A step that fails takes back the ones before it. */
START_TEST(all_steps_or_none)
{
    authp_store_migrated_t done;
    change_dialect(store, STEPS);
    changed_steps[STEPS - 1].sql = "CREATE TABLE x (id INTEGER); BROKEN";
    ck_assert_int_eq(go(store, AUTHP_STORE_NEWEST, false, &done), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(shape(), "");
    store = dialect->open(pool);
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    ways_back_put_everything(store, pool);
    const char *before = shape();
    change_dialect(store, STEPS);
    changed_steps[1].down = "DROP TABLE recruiter_invites; BROKEN";
    ck_assert_int_eq(go(store, 0, true, &done), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(done.made + done.undone, 0);
    ck_assert_str_eq(shape(), before);
    ck_assert_str_ne(dialect->ask("SELECT id FROM recruiter_invites", pool), "");
}
END_TEST

/* Looks for the session of ways_back_put_session(). */
static authp_err_t find_session(authp_store_t *of)
{
    authp_session_t session;
    authp_session_t *got = NULL;
    columns_fixture_fill(&authp_columns_session, &session, 1, pool);
    return authp_store_session_by_id(of, session.id.hex, &got, pool);
}

/* An older version refuses the database, and takes it after the newer version's way back. */
START_TEST(an_older_version_goes_on)
{
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    ways_back_put_session(store, pool);
    authp_store_t *older = dialect->open(pool);
    change_dialect(older, STEPS - 1);
    int applied = 0;
    ck_assert_int_eq(authp_store_migrate(older, &applied, pool), AUTHP_E_INTERNAL);
    ck_assert_int_eq(move(STEPS - 1), -1);
    ck_assert_int_eq(authp_store_migrate(older, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 0);
    ck_assert_int_eq(authp_store_ping(older, pool), AUTHP_OK);
    ck_assert_int_eq(find_session(older), AUTHP_OK);
}
END_TEST

/* A process that is running when the schema is set back still does what it can. For the rest the
 * store is unavailable. A new process makes the steps again. */
START_TEST(a_running_process)
{
    authp_user_t *got = NULL;
    authp_store_t *running = store;
    ck_assert_int_eq(authp_store_ping(running, pool), AUTHP_OK);
    ways_back_put_session(store, pool);
    ways_back_put_used_token(store, pool);
    store = dialect->open(pool);
    ck_assert_int_eq(move(WAYS_BACK_IDENTITIES), WAYS_BACK_IDENTITIES - STEPS);
    ck_assert_int_eq(authp_store_ping(running, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_store_used_token_add(running, "other", NOW, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(find_session(running), AUTHP_OK);
    ck_assert_int_eq(move(WAYS_BACK_IDENTITIES - 1), -1);
    ck_assert_int_eq(authp_store_user_by_login(running, AUTHP_LOGIN_EMAIL, "email-2", &got, pool),
                     AUTHP_E_UNAVAILABLE);
    authp_user_t user = contract_user("new@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(running, &user, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(move(0), 1 - WAYS_BACK_IDENTITIES);
    ck_assert_int_eq(authp_store_ping(running, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_store_ping(dialect->open(pool), pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_ping(running, pool), AUTHP_OK);
    ck_assert_int_eq(find_session(running), AUTHP_E_NOT_FOUND);
}
END_TEST

static void move_often(void)
{
    unsigned int seed = (unsigned int)getpid();
    apr_pool_create(&pool, NULL);
    store = dialect->open(pool);
    for (int i = 0; i < MOVES; i++) {
        (void)move(rand_r(&seed) % (STEPS + 1));
    }
    apr_pool_destroy(pool);
}

/* Processes that go up and down at the same time do so one after the other. */
START_TEST(many_processes)
{
    pid_t children[PROCESSES];
    ck_assert_int_eq(move(AUTHP_STORE_NEWEST), STEPS);
    const char *before = shape();
    apr_pool_t *own = pool;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = child_start(move_often);
    }
    for (int i = 0; i < PROCESSES; i++) {
        child_finish(children[i]);
    }
    pool = own;
    (void)move(AUTHP_STORE_NEWEST);
    ck_assert_str_eq(shape(), before);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
}
END_TEST

Suite *ways_back_suite(const char *name, SFun setup, SFun teardown)
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_step_has_a_way_back);
    tcase_add_test(tests, the_way_back_ends_where_the_way_began);
    tcase_add_loop_test(tests, data_of_the_steps_that_stay_survives, 0, STEPS + 1);
    tcase_add_test(tests, the_deleted_stay_deleted);
    tcase_add_test(tests, no_invite_gets_another_role);
    tcase_add_loop_test(tests, data_is_not_lost_by_accident, 0,
                        (int)(sizeof(held) / sizeof(held[0])));
    tcase_add_test(tests, a_refusal_names_all_that_would_be_lost);
    tcase_add_test(tests, nothing_is_held_by_empty_tables);
    tcase_add_test(tests, more_steps_than_there_are);
    tcase_add_test(tests, all_steps_or_none);
    tcase_add_test(tests, an_older_version_goes_on);
    tcase_add_test(tests, a_running_process);
    tcase_add_test(tests, many_processes);
    suite_add_tcase(suite, tests);
    return suite;
}
