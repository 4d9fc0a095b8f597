/* SPDX-License-Identifier: Apache-2.0 */
/* Identities in the SQL store: the column of users and the table user_identities change together or
 * not at all, and a damaged column is noticed. */
#include "../unit/suite.h"
#include "base/log.h"
#include "contract.h"
#include "sqlite_fixture.h"
#include "store/identities.h"
#include "store/sql/sql_identities.h"
#include "store/sql/sql_impl.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW CONTRACT_NOW
#define ISSUER "https://accounts.google.com"

static apr_pool_t *pool;
static authp_store_t *store;
static authp_sql_t *sql;
static char logged[1024];

static void keep_line(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(logged, message, sizeof(logged));
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    store = sqlite_fixture_open(pool);
    sql = store->self;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    logged[0] = '\0';
    authp_log_set_sink(keep_line, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    sqlite_fixture_remove();
}

/* Runs `text` on a connection outside the store, and returns the first column of its only row. */
static const char *outside(const char *text)
{
    const apr_dbd_driver_t *driver = sql->driver;
    apr_dbd_t *handle = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    const char *value = "";
    ck_assert_int_eq(apr_dbd_open(driver, pool, sqlite_fixture_file(), &handle), APR_SUCCESS);
    ck_assert_msg(apr_dbd_select(driver, pool, handle, &results, text, 1) == 0, "%s", text);
    if (apr_dbd_get_row(driver, pool, results, &row, 1) == 0) {
        value = apr_pstrdup(pool, apr_dbd_get_entry(driver, row, 0));
    }
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
    return value;
}

static void meddle(const char *text)
{
    int rows = 0;
    apr_dbd_t *handle = NULL;
    ck_assert_int_eq(apr_dbd_open(sql->driver, pool, sqlite_fixture_file(), &handle), APR_SUCCESS);
    ck_assert_msg(apr_dbd_query(sql->driver, handle, &rows, text) == 0, "%s", text);
    ck_assert_int_eq(apr_dbd_close(sql->driver, handle), APR_SUCCESS);
}

/* The whole table user_identities, in order. */
static const char *taken(void)
{
    return outside("SELECT coalesce(group_concat(sub || '=' || user_id), '') FROM "
                   "(SELECT sub, user_id FROM user_identities ORDER BY issuer, sub)");
}

static apr_array_header_t *with(const char *sub)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(list, authp_identity_t) =
        (authp_identity_t){.provider = "google", .issuer = ISSUER, .sub = sub, .linked_at = NOW};
    return list;
}

static authp_user_t put(const char *email, const char *sub)
{
    authp_user_t user = contract_user(email, pool);
    user.identities = sub != NULL ? with(sub) : NULL;
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    return user;
}

static authp_user_t next(const authp_user_t *before, const char *sub)
{
    authp_user_t after = *before;
    after.updated_at++;
    after.identities = sub != NULL ? with(sub) : NULL;
    return after;
}

static const char *stored_sub(const authp_user_t *user)
{
    authp_user_t *got = NULL;
    ck_assert_int_eq(authp_store_user_by_id(store, user->id.hex, &got, pool), AUTHP_OK);
    return got->identities != NULL ? authp_identities_at(got->identities, 0)->sub : "none";
}

START_TEST(the_table_follows)
{
    authp_user_t user = put("ada@example.org", "1");
    ck_assert_str_eq(taken(), apr_pstrcat(pool, "1=", user.id.hex, NULL));
    authp_user_t moved = next(&user, "2");
    ck_assert_int_eq(authp_store_user_update(store, &user, &moved, pool), AUTHP_OK);
    ck_assert_str_eq(taken(), apr_pstrcat(pool, "2=", user.id.hex, NULL));
    /* The same identity under a second name has one row. */
    authp_user_t twice = next(&moved, "2");
    APR_ARRAY_PUSH(twice.identities, authp_identity_t) =
        (authp_identity_t){.provider = "new-name", .issuer = ISSUER, .sub = "2"};
    ck_assert_int_eq(authp_store_user_update(store, &moved, &twice, pool), AUTHP_OK);
    ck_assert_str_eq(taken(), apr_pstrcat(pool, "2=", user.id.hex, NULL));
    ck_assert_int_eq(authp_store_user_delete(store, &twice, NOW, pool), AUTHP_OK);
    ck_assert_str_eq(taken(), "");
    ck_assert_str_eq(outside("SELECT count(*) FROM users WHERE identities IS NOT NULL"), "0");
}
END_TEST

/* An account without identities, and a change that leaves them alone, need no transaction. */
START_TEST(the_table_is_left_alone)
{
    authp_user_t user = put("ada@example.org", "1");
    meddle("CREATE TRIGGER no BEFORE DELETE ON user_identities BEGIN SELECT RAISE(ABORT, 'no'); "
           "END");
    meddle("CREATE TRIGGER nor BEFORE INSERT ON user_identities BEGIN SELECT RAISE(ABORT, 'no'); "
           "END");
    authp_user_t after = next(&user, "1");
    authp_identities_at(after.identities, 0)->last_login = NOW + 9;
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    authp_user_t plain = put("plain@example.org", NULL);
    ck_assert_int_eq(authp_store_user_delete(store, &plain, NOW, pool), AUTHP_OK);
}
END_TEST

/* The second statement fails: the first one is undone, and its connection is not used again. */
START_TEST(a_step_that_fails)
{
    authp_user_t user = put("ada@example.org", "1");
    authp_user_t after = next(&user, "2");
    authp_user_t fresh = contract_user("eve@example.org", pool);
    fresh.identities = with("3");
    meddle("CREATE TRIGGER no BEFORE INSERT ON user_identities BEGIN SELECT RAISE(ABORT, 'no'); "
           "END");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(logged, "AUTHP0206: store: statement user_identities take"));
    ck_assert_int_eq(authp_store_user_create(store, &fresh, pool), AUTHP_E_INTERNAL);
    ck_assert_str_eq(stored_sub(&user), "1");
    ck_assert_str_eq(outside("SELECT count(*) FROM users"), "1");
    ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
    meddle("DROP TRIGGER no");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_str_eq(taken(), apr_pstrcat(pool, "2=", user.id.hex, NULL));
}
END_TEST

/* All statements worked, and COMMIT does not. */
START_TEST(a_commit_that_fails)
{
    authp_user_t user = put("ada@example.org", NULL);
    authp_user_t after = next(&user, "1");
    meddle("CREATE TABLE broken (id TEXT REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)");
    meddle("CREATE TRIGGER late AFTER INSERT ON user_identities BEGIN "
           "INSERT INTO broken VALUES ('nobody'); END");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(logged, "statement commit"));
    ck_assert_str_eq(stored_sub(&user), "none");
    ck_assert_str_eq(taken(), "");
    meddle("DROP TRIGGER late");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_str_eq(stored_sub(&user), "1");
}
END_TEST

/* Files that may not grow fail like a full disk: with WAL in COMMIT. */
static void let_grow(bool may)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = may ? limit.rlim_max : 1;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk)
{
    authp_user_t user = put("ada@example.org", NULL);
    authp_user_t after = next(&user, "1");
    let_grow(false);
    authp_err_t full = authp_store_user_update(store, &user, &after, pool);
    let_grow(true);
    ck_assert_int_eq(full, AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(stored_sub(&user), "none");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_str_eq(stored_sub(&user), "1");
}
END_TEST

static const char *const *read_only(const authp_store_config_t *config, apr_pool_t *p)
{
    static const char *const statements[] = {"PRAGMA query_only=ON", NULL};
    (void)config, (void)p;
    return statements;
}

START_TEST(a_database_that_is_read_only)
{
    authp_user_t user = put("ada@example.org", NULL);
    authp_user_t after = next(&user, "1");
    authp_login_code_t *code = NULL;
    authp_invite_t *invite = NULL;
    const authp_sql_dialect_t *own = sql->dialect;
    authp_sql_dialect_t dialect = *own;
    authp_sql_conn_t *conn = NULL;
    ck_assert_int_eq(authp_sql_conn_acquire(sql, &conn), AUTHP_OK);
    authp_sql_conn_close(conn);
    authp_sql_conn_release(conn);
    dialect.session = read_only;
    sql->dialect = &dialect;
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_store_used_token_add(store, "k", NOW, pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_store_login_code_take(store, "h", "c", NOW, &code, pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_store_invite_live_of(store, "ada@example.org", NULL, NOW, &invite, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_str_eq(stored_sub(&user), "none");
    sql->dialect = own; /* the second try opens a connection that may write */
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
}
END_TEST

/* After a change of the schema each prepared statement fails once, also in a transaction. */
START_TEST(a_changed_schema)
{
    authp_user_t user = put("ada@example.org", "1");
    meddle("ALTER TABLE user_identities ADD COLUMN later TEXT");
    authp_user_t after = next(&user, "2");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_str_eq(taken(), apr_pstrcat(pool, "2=", user.id.hex, NULL));
}
END_TEST

/* A refused change ends its transaction: more of them than there are connections leave all of these
 * usable, and nobody waits for them. */
START_TEST(refused_changes_hold_nothing)
{
    authp_user_t holder = put("holder@example.org", "1");
    authp_user_t user = put("ada@example.org", NULL);
    authp_user_t after = next(&user, "1");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_E_CONFLICT);
    }
    ck_assert_uint_eq(apr_reslist_acquired_count(sql->connections), 0);
    meddle("UPDATE users SET name = 'free'");
    ck_assert_str_eq(stored_sub(&user), "none");
    ck_assert_int_eq(authp_store_user_discard(store, &holder, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
}
END_TEST

#define ONE "\"provider\":\"google\",\"issuer\":\"i\",\"sub\":\"s\""
#define TIMES ",\"linked_at\":1,\"last_login\":2"

/* The first one is sound, the others are not. */
static const char *const texts[] = {
    "[{" ONE TIMES "}]",
    "",
    "x",
    "{}",
    "[]",
    "[1]",
    "[{}]",
    "null",
    "[{" ONE "}]",
    "[{" ONE TIMES "}] ]",
    "[{" ONE TIMES ",\"more\":1}]",
    "[{" ONE TIMES ",\"email\":1}]",
    "[{" ONE TIMES ",\"picture\":null}]",
    "[{" ONE TIMES ",\"sub\":\"t\"}]",
    "[{" ONE ",\"linked_at\":1,\"last_login\":\"2\"}]",
    "[{" ONE ",\"linked_at\":1.5,\"last_login\":2}]",
    "[{\"provider\":\"google\",\"issuer\":\"i\",\"sub\":\"s\\u0000t\"" TIMES "}]",
    "[{\"provider\":\"google\",\"sub\":\"s\"" TIMES "}]",
    "[{" ONE TIMES "},{" ONE TIMES "}]",
    "[{" ONE TIMES "},[]]",
    "[{" ONE TIMES ",\"email\":\"\xff\"}]",
};
#define TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

START_TEST(damaged_columns)
{
    authp_user_t user = put("ada@example.org", "1");
    authp_user_t *got = NULL;
    apr_array_header_t *list = NULL;
    const authp_user_filter_t filter = {.limit = 9};
    const authp_err_t expected = _i == 0 ? AUTHP_OK : AUTHP_E_INTERNAL;
    const char *text = "";
    for (const char *c = texts[_i]; *c != '\0'; c++) {
        text = apr_psprintf(pool, "%s%02x", text, (unsigned char)*c);
    }
    meddle(apr_psprintf(pool, "UPDATE users SET identities = CAST(x'%s' AS TEXT)", text));
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &got, pool), expected);
    ck_assert_int_eq(authp_store_user_by_identity(store, ISSUER, "1", &got, pool), expected);
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), expected);
    if (_i > 0) {
        ck_assert_str_eq(logged, apr_psprintf(pool,
                                              "AUTHP0211: store: identities of users %s cannot be "
                                              "read",
                                              user.id.hex));
    }
}
END_TEST

/* Moves the identities of a few accounts around until it is killed. */
static void move_around(const authp_user_t *users, int count)
{
    for (unsigned int i = 0;; i++) {
        apr_pool_t *scratch = NULL;
        authp_user_t *before = NULL;
        apr_pool_create(&scratch, pool);
        if (authp_store_user_by_id(store, users[i % (unsigned int)count].id.hex, &before,
                                   scratch) == AUTHP_OK) {
            authp_user_t after =
                next(before, i % 3 == 0 ? NULL : apr_psprintf(scratch, "%u", i % 7));
            authp_err_t err = authp_store_user_update(store, before, &after, scratch);
            (void)err;
        }
        apr_pool_destroy(scratch);
    }
}

START_TEST(a_killed_writer_leaves_both_or_none)
{
    authp_user_t users[4];
    for (int i = 0; i < 4; i++) {
        users[i] = put(apr_psprintf(pool, "u%d@example.org", i), NULL);
    }
    for (int round = 0; round < 6; round++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            store = sqlite_fixture_open(pool);
            move_around(users, 4);
        }
        usleep(20000 + 7000 * (unsigned int)round);
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        const char *columns =
            outside("SELECT coalesce(group_concat(sub || '=' || id), '') FROM (SELECT id, "
                    "json_extract(identities, '$[0].sub') AS sub FROM users WHERE identities IS "
                    "NOT NULL ORDER BY sub)");
        ck_assert_str_eq(columns, taken());
    }
}
END_TEST

Suite *suite_sqlite_identities(void)
{
    Suite *suite = suite_create("sqlite_identities");
    TCase *tests = tcase_create("sqlite_identities");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_table_follows);
    tcase_add_test(tests, the_table_is_left_alone);
    tcase_add_test(tests, a_step_that_fails);
    tcase_add_test(tests, a_commit_that_fails);
    tcase_add_test(tests, a_full_disk);
    tcase_add_test(tests, a_database_that_is_read_only);
    tcase_add_test(tests, a_changed_schema);
    tcase_add_test(tests, refused_changes_hold_nothing);
    tcase_add_loop_test(tests, damaged_columns, 0, TEXTS);
    tcase_add_test(tests, a_killed_writer_leaves_both_or_none);
    suite_add_tcase(suite, tests);
    return suite;
}
