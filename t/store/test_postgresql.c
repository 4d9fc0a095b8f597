/* SPDX-License-Identifier: Apache-2.0 */
/* What is PostgreSQL's own: DATABASE_URL, errors, settings of a session, the bound on a call. */
#include "../unit/suite.h"
#include "contract.h"
#include "postgresql_fixture.h"
#include "store/postgresql/postgresql.h"
#include "store/postgresql/postgresql_error.h"
#include "store/postgresql/postgresql_url.h"
#include "store/sql/sql.h"
#include "store/sql/sql_rows.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static apr_pool_t *pool;
static const apr_dbd_driver_t *driver;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(apr_dbd_init(pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(pool, "pgsql", &driver), APR_SUCCESS);
    postgresql_fixture_make();
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    postgresql_fixture_remove();
}

static const authp_store_config_t *with_uri(const char *uri)
{
    static authp_store_config_t config;
    config = (authp_store_config_t){.uri = uri, .timeout_ms = 2000, .max_connections = 4};
    return &config;
}

/* --- DATABASE_URL ----------------------------------------------------------------------------- */

#define DEFAULTS                                                                                   \
    "connect_timeout='2' client_encoding='UTF8' tcp_user_timeout='2000' "                          \
    "fallback_application_name='auth_platform' target_session_attrs='read-write' "                 \
    "sslcert='/dev/null/none' "

/* Each option of the URI, and the default that it replaces. Options are in libpq's order, so each
 * is looked for alone. */
static const struct {
    const char *uri;
    const char *has[4];
} params[] = {
    {"postgresql://u:p@h/d", {"user='u'", "password='p'", "host='h'", "dbname='d'"}},
    {"postgres://u:p@h:5433/d", {"port='5433'", "host='h'"}},
    {"postgresql+asyncpg://u:p@h/d", {"user='u'", "password='p'", "host='h'", "dbname='d'"}},
    {"postgresql+psycopg2://u@h/d", {"user='u'", "host='h'"}},
    {"postgresql://a,b:6000/d?target_session_attrs=any",
     {"host='a,b'", "port=',6000'", "target_session_attrs='any'"}},
    {"postgresql://u:%27%5C%20%25@h/d", {"password='\\'\\\\ %'"}},
    {"postgresql://h/d?connect_timeout=7", {"connect_timeout='7'"}},
    {"postgresql://h/d?tcp_user_timeout=5", {"tcp_user_timeout='5'"}},
    {"postgresql://h/d?sslcert=/c.pem", {"sslcert='/c.pem'"}},
    {"postgresql://h/d?client_encoding=LATIN1", {"client_encoding='UTF8'"}},
    {"postgresql://h/d?sslmode=verify-full&sslrootcert=/a%20b.pem",
     {"sslmode='verify-full'", "sslrootcert='/a b.pem'"}},
    {"postgresql://h/d?options=-cstatement_timeout%3D5s", {"options='-cstatement_timeout=5s'"}},
    {"host=h password='a\\'b' keepalives=0", {"password='a\\'b'", "keepalives='0'"}},
    {"postgresql:///d?host=/var/run/postgresql", {"host='/var/run/postgresql'"}},
};

START_TEST(test_params)
{
    const char *got = authp_postgresql_url_params(with_uri(params[_i].uri), pool);
    for (int i = 0; i < 4 && params[_i].has[i] != NULL; i++) {
        const char *pair = apr_pstrcat(pool, " ", params[_i].has[i], " ", NULL);
        ck_assert_msg(strstr(apr_pstrcat(pool, " ", got, NULL), pair) != NULL, "no %s in %s",
                      params[_i].has[i], got);
    }
    /* What the driver gets can be read again, and means the same. */
    const char *again = authp_postgresql_url_params(with_uri(got), pool);
    ck_assert_str_eq(again, got);
}
END_TEST

START_TEST(test_defaults)
{
    const char *got = authp_postgresql_url_params(with_uri("postgresql://h/d"), pool);
    char *rest = apr_pstrdup(pool, DEFAULTS);
    char *state = NULL;
    for (char *pair = apr_strtok(rest, " ", &state); pair != NULL;
         pair = apr_strtok(NULL, " ", &state)) {
        ck_assert_msg(strstr(got, pair) != NULL, "no %s in %s", pair, got);
    }
    authp_store_config_t slow = *with_uri("postgresql://h/d");
    slow.timeout_ms = 777;
    ck_assert_ptr_nonnull(
        strstr(authp_postgresql_url_params(&slow, pool), "tcp_user_timeout='777'"));
}
END_TEST

/* Every password contains `hush`, which no message may contain. */
static const struct {
    const char *uri;
    const char *said; /* part of the refusal; NULL: accepted */
} refusals[] = {
    {"postgresql://u%40c:hu%40%2F?sh@h/d%40e?application_name=a@b", NULL},
    {"postgresql+asyncpg://u:hush@h1,h2/d?sslmode=require", NULL},
    {"user=u@c password=hu/sh@ host=h", NULL},
    {"postgresql://u:hush@h/d?sslmod=require", "\"sslmod\"; did you mean sslmode?"},
    {"postgresql://u:hush@h/d?conect_timeout=3", "did you mean connect_timeout?"},
    {"postgresql://u:hush@h/d?hullabaloo=1", "does not know: \"hullabaloo\""},
    {"usr=u password=hush", "\"usr\"; did you mean user?"},
    {"postgresql://u:hush@h/d?sslmode", "cannot read DATABASE_URL"},
    {"postgresql://u:%hush@h/d", "cannot read DATABASE_URL"},
    {"postgresql://u:hu/hush@h/d", "special characters are written as %XX"},
    {"postgresql://u:hu@hush@h/d", "special characters are written as %XX"},
    {"user=u password='hush", "cannot read DATABASE_URL"},
    {"u:hush@h", "cannot read DATABASE_URL"},
    {"mysql://u:hush@h/d", "cannot read DATABASE_URL"},
    {"postgresql://u:p@h/d?\"hush hush hush hush hush hush hush hush hush\"=1",
     "cannot read DATABASE_URL"},
};

START_TEST(test_refusals)
{
    const char *said = authp_postgresql_url_refusal(with_uri(refusals[_i].uri), pool);
    if (refusals[_i].said == NULL) {
        ck_assert_msg(said == NULL, "%s: %s", refusals[_i].uri, said);
        return;
    }
    ck_assert_msg(said != NULL && strstr(said, refusals[_i].said) != NULL, "%s: %s",
                  refusals[_i].uri, said);
    ck_assert_msg(strstr(said, "hush") == NULL, "%s", said);
}
END_TEST

START_TEST(test_sets)
{
    ck_assert(
        authp_postgresql_url_sets(with_uri("postgresql://h/d?options=-c%20statement_timeout%3D5s"),
                                  "statement_timeout", pool));
    ck_assert(!authp_postgresql_url_sets(with_uri("postgresql://h/d?options=-c%20geqo%3Doff"),
                                         "statement_timeout", pool));
    ck_assert(!authp_postgresql_url_sets(with_uri("postgresql://h/d"), "statement_timeout", pool));
}
END_TEST

/* --- errors ----------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    authp_sql_fault_t fault;
    bool advice;
} errors[] = {
    {"server closed the connection unexpectedly", AUTHP_SQL_LOST, false},
    {"", AUTHP_SQL_LOST, false},
    {"FATAL:  57P01: terminating connection due to administrator command", AUTHP_SQL_LOST, false},
    {"FEHLER:  57P02: der Server ist abgest\xc3\xbcrzt", AUTHP_SQL_LOST, false},
    {"FATAL:  08P01: server login has been failing", AUTHP_SQL_LOST, false},
    {"ERROR:  40003: completion unknown", AUTHP_SQL_LOST, false},
    {"ERROR:  40P01: deadlock detected", AUTHP_SQL_LOCKED, false},
    {"ERROR:  40001: could not serialize access", AUTHP_SQL_LOCKED, false},
    {"ERROR:  55P03: lock not available", AUTHP_SQL_SLOW, false},
    {"ERROR:  57014: canceling statement due to statement timeout", AUTHP_SQL_SLOW, false},
    {"ERROR:  23505: duplicate key value violates unique constraint", AUTHP_SQL_TAKEN, false},
    {"ERROR:  22021: invalid byte sequence", AUTHP_SQL_NO_ROW, false},
    {"ERROR:  25006: cannot execute INSERT in a read-only transaction", AUTHP_SQL_BROKEN, false},
    {"ERROR:  26000: prepared statement \"authp_1\" does not exist", AUTHP_SQL_BROKEN, true},
    {"ERROR:  42P05: prepared statement \"authp_1\" already exists", AUTHP_SQL_BROKEN, true},
    {"ERROR:  0A000: cached plan must not change result type", AUTHP_SQL_BROKEN, false},
    {"ERROR:  42703: column users.phone does not exist", AUTHP_SQL_BROKEN, false},
    {"ERROR:  3F000: schema \"auth\" does not exist", AUTHP_SQL_BROKEN, false},
    {"ERROR:  42P01: relation \"users\" does not exist", AUTHP_SQL_BROKEN, false},
    {"FATAL:  25P03: terminating connection due to idle-in-transaction timeout", AUTHP_SQL_BROKEN,
     false},
    {"FATAL:  53300: sorry, too many clients already", AUTHP_SQL_BROKEN, false},
    {"PANIC:  53100: could not write to log file: No space left on device", AUTHP_SQL_UNSURE,
     false},
    {"PANIC:  58030: could not fsync file", AUTHP_SQL_UNSURE, false},
    {"ERROR:  XX001: invalid page in block 0", AUTHP_SQL_UNSURE, false},
    {"ERROR:  42501: permission denied for table users", AUTHP_SQL_WRONG, false},
    {"ERROR:  42601: syntax error", AUTHP_SQL_WRONG, false},
    /* No state: letters in lower case, another length, another place. */
    {"ERROR:  23o05: x", AUTHP_SQL_LOST, false},
    {"ERROR:  235055: x", AUTHP_SQL_LOST, false},
    {"ERROR: 23505: x", AUTHP_SQL_LOST, false},
};

START_TEST(test_errors)
{
    ck_assert_int_eq(authp_postgresql_error_classify(7, errors[_i].text), errors[_i].fault);
    const char *advice = authp_postgresql_error_advice(errors[_i].text);
    ck_assert_msg((strstr(advice, "AUTH_DB_PREPARED=off") != NULL) == errors[_i].advice, "%s",
                  advice);
}
END_TEST

START_TEST(test_no_error_text)
{
    ck_assert_int_eq(authp_postgresql_error_classify(7, NULL), AUTHP_SQL_LOST);
    ck_assert_str_eq(authp_postgresql_error_advice(NULL), "");
}
END_TEST

static const struct {
    const char *text;
    const char *reason; /* NULL: nothing of it may be logged */
} reasons[] = {
    {"connection to server at \"h\" (127.0.0.1), port 5432 failed: Connection refused\n\tIs the "
     "server running?\n",
     "Connection refused"},
    {"connection to server at \"a\", port 1 failed: timeout expired\nconnection to server at \"b\", "
     "port 1 failed: session is read-only\n",
     "session is read-only"},
    {"connection to server at \"h\", port 1 failed: FATAL:  password authentication failed for user "
     "\"u\"\n",
     "FATAL:  password authentication failed for user \"u\""},
    {"root certificate file \"/x\" does not exist\nEither provide", /* */
     "root certificate file \"/x\" does not exist"},
    {"invalid URI query parameter: \"hush\"", NULL},
    {"missing \"=\" after \"hush\" in connection info string", NULL},
    {"", NULL},
};

START_TEST(test_open_reasons)
{
    const char *reason = authp_postgresql_error_open_reason(reasons[_i].text, pool);
    if (reasons[_i].reason == NULL) {
        ck_assert_msg(reason == NULL, "%s", reason);
    } else {
        ck_assert_pstr_eq(reason, reasons[_i].reason);
    }
}
END_TEST

/* --- a session -------------------------------------------------------------------------------- */

static const char *one_text(authp_sql_t *sql, const authp_sql_statement_t *statement,
                            const void **values)
{
    authp_sql_rows_texts_t out = {.texts = apr_array_make(pool, 1, sizeof(char *)), .pool = pool};
    ck_assert_int_eq(authp_sql_run(sql, statement, values, authp_sql_rows_texts, &out), AUTHP_OK);
    ck_assert_int_eq(out.texts->nelts, 1);
    return APR_ARRAY_IDX(out.texts, 0, const char *);
}

static const char *shown(authp_sql_t *sql, const char *name)
{
    static const authp_sql_statement_t statement = {
        .name = "shown", .text = "SELECT current_setting({?text})::text"};
    const void *values[] = {name};
    return one_text(sql, &statement, values);
}

static void check_session(bool unprepared, const char *uri, const char *const (*settings)[2])
{
    authp_store_config_t config = postgresql_fixture_config();
    void *self = NULL;
    config.unprepared = unprepared;
    config.uri = uri;
    ck_assert_int_eq(authp_postgresql_ops.open(&config, pool, &self), AUTHP_OK);
    for (; (*settings)[0] != NULL; settings++) {
        ck_assert_pstr_eq(shown(self, (*settings)[0]), (*settings)[1]);
    }
    ck_assert_str_eq(shown(self, "search_path"), "\"$user\", public");
}

START_TEST(test_session)
{
    static const char *const settings[][2] = {{"statement_timeout", "1800ms"},
                                              {"idle_in_transaction_session_timeout", "10s"},
                                              {"client_min_messages", "warning"},
                                              {"client_encoding", "UTF8"},
                                              {"application_name", "auth_platform"},
                                              {"transaction_isolation", "read committed"},
                                              {NULL, NULL}};
    check_session(_i == 1, getenv("AUTHP_POSTGRES_DIRECT_URL"), settings);
}
END_TEST

START_TEST(test_session_of_the_uri)
{
    static const char *const settings[][2] = {{"statement_timeout", "5s"},
                                              {"application_name", "jobs"},
                                              {"client_encoding", "UTF8"},
                                              {"transaction_isolation", "read committed"},
                                              {NULL, NULL}};
    const char *uri = apr_pstrcat(
        pool, getenv("AUTHP_POSTGRES_DIRECT_URL"),
        "?options=-c%20statement_timeout%3D5s%20-c%20default_transaction_isolation%3Dserializable&application_name=jobs&client_encoding=LATIN1",
        NULL);
    check_session(_i == 1, uri, settings);
}
END_TEST

/* The name of a prepared statement says which one it is, in every session. */
START_TEST(test_names_of_statements)
{
    static const authp_sql_statement_t names = {
        .name = "names",
        .text = "SELECT string_agg(name, ' ' ORDER BY name) FROM pg_prepared_statements "
                "WHERE position('current_' || 'setting(' in statement) > 0"};
    const char *got[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        authp_store_config_t config = postgresql_fixture_config();
        void *self = NULL;
        config.unprepared = false;
        config.max_connections = 1;
        config.uri = getenv("AUTHP_POSTGRES_DIRECT_URL");
        ck_assert_int_eq(authp_postgresql_ops.open(&config, pool, &self), AUTHP_OK);
        const void *values[] = {NULL};
        if (i == 1) { /* another statement is the first one of this session */
            ck_assert_int_eq(authp_postgresql_ops.ping(self, pool), AUTHP_OK);
        }
        (void)shown(self, "application_name");
        got[i] = one_text(self, &names, values);
    }
    ck_assert_ptr_nonnull(got[0]);
    ck_assert_msg(strncmp(got[0], "authp_", 6) == 0 && strlen(got[0]) == 22, "%s", got[0]);
    ck_assert_pstr_eq(got[0], got[1]);
}
END_TEST

/* --- a race for an address -------------------------------------------------------------------- */

static apr_dbd_t *other_program(void)
{
    apr_dbd_t *handle = NULL;
    ck_assert_int_eq(apr_dbd_open(driver, pool, getenv("AUTHP_POSTGRES_DIRECT_URL"), &handle),
                     APR_SUCCESS);
    return handle;
}

static void *commit_later(void *data)
{
    int rows = 0;
    const struct timespec wait = {.tv_nsec = 300000000L};
    nanosleep(&wait, NULL);
    ck_assert_int_eq(apr_dbd_query(driver, data, &rows, "COMMIT"), 0);
    return NULL;
}

/* Another program has added the address, and commits while ours waits for its row. */
START_TEST(test_address_taken_in_a_race)
{
    authp_store_t *store = postgresql_fixture_open(pool);
    authp_user_t user = contract_user("ada@example.org", pool);
    authp_user_t other = contract_user("eve@example.org", pool);
    apr_dbd_t *handle = other_program();
    pthread_t thread;
    int rows = 0;
    ck_assert_int_eq(authp_store_migrate(store, &rows, pool), AUTHP_OK);
    if (_i == 1) {
        ck_assert_int_eq(authp_store_user_create(store, &other, pool), AUTHP_OK);
    }
    const char *text = apr_psprintf(
        pool,
        "BEGIN; INSERT INTO \"%s\".users (id, email, roles, is_recruiter_verified, email_verified, "
        "disabled, ver, min_ver, updated_at) VALUES ('aaaaaaaaaaaaaaaaaaaaaaaa', "
        "'ada@example.org', ',', false, false, false, 1, 0, now())",
        postgresql_fixture_config().schema);
    ck_assert_int_eq(apr_dbd_query(driver, handle, &rows, text), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, commit_later, handle), 0);
    if (_i == 0) {
        ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_E_CONFLICT);
    } else {
        authp_user_t changed = other;
        changed.email = "ada@example.org";
        ck_assert_int_eq(authp_store_user_update(store, &other, &changed, pool), AUTHP_E_CONFLICT);
    }
    pthread_join(thread, NULL);
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
    ck_assert_str_eq(
        postgresql_fixture_sql("SELECT count(*) FROM users WHERE email = 'ada@example.org'", pool),
        "1");
}
END_TEST

Suite *suite_postgresql(void)
{
    Suite *suite = suite_create("postgresql");
    TCase *tests = tcase_create("dialect");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, test_params, 0, (int)(sizeof(params) / sizeof(params[0])));
    tcase_add_test(tests, test_defaults);
    tcase_add_loop_test(tests, test_refusals, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
    tcase_add_test(tests, test_sets);
    tcase_add_loop_test(tests, test_errors, 0, (int)(sizeof(errors) / sizeof(errors[0])));
    tcase_add_test(tests, test_no_error_text);
    tcase_add_loop_test(tests, test_open_reasons, 0, (int)(sizeof(reasons) / sizeof(reasons[0])));
    tcase_add_loop_test(tests, test_session, 0, 2);
    tcase_add_loop_test(tests, test_session_of_the_uri, 0, 2);
    tcase_add_test(tests, test_names_of_statements);
    tcase_add_loop_test(tests, test_address_taken_in_a_race, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
