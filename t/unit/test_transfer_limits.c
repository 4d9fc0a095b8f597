/* SPDX-License-Identifier: Apache-2.0 */
/* Exports and imports at their bounds: pages, lines, numbers of tries, outputs that are full, and
 * steps that are asked for twice. */
#include "columns_fixture.h"
#include "faults.h"
#include "fixture.h"
#include "service/transfer/transfer_export.h"
#include "service/transfer/transfer_import.h"
#include "service/transfer/transfer_put.h"
#include "service/transfer/transfer_stored.h"
#include "suite.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

#define PAGE 500
#define LINE_MOST 4194304

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void *make(const authp_columns_t *columns, int serial)
{
    void *row = apr_pcalloc(f.pool, columns->size);
    columns_fixture_fill(columns, row, serial, f.pool);
    return row;
}

static void append(int count)
{
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(authp_store_audit_append(f.store, make(&authp_columns_audit, i), f.pool),
                         AUTHP_OK);
    }
}

/* --- export ----------------------------------------------------------------------------------- */

static int64_t seen[8]; /* audit rows that were written at each call */
static int nseen;

static void note(const authp_transfer_export_t *so_far, void *ctx)
{
    ck_assert_ptr_eq(ctx, seen);
    ck_assert_int_lt(nseen, 8);
    seen[nseen++] = so_far->written[AUTHP_TRANSFER_AUDIT];
}

/* A page is told when it is written, also an empty one. */
START_TEST(pages_of_an_export)
{
    authp_transfer_export_t done = {.progress = note, .ctx = seen};
    FILE *out = tmpfile();
    append(PAGE);
    nseen = 0;
    ck_assert_int_eq(authp_transfer_export(f.realm, out, &done, f.pool), AUTHP_OK);
    ck_assert_int_eq(nseen, 5); /* accounts, sessions, invites, and two of the audit */
    ck_assert_int_eq(seen[2], 0);
    ck_assert_int_eq(seen[3], PAGE);
    ck_assert_int_eq(seen[4], PAGE);
    ck_assert_int_eq(done.header.counts[AUTHP_TRANSFER_AUDIT], PAGE);
    ck_assert_int_eq(done.header.made_at, authp_realm_now(f.realm));
    ck_assert_str_eq(done.header.store, f.store->ops->name);
    ck_assert_str_eq(done.header.key, authp_keys_name(f.realm->keys, false));
    (void)fclose(out);
}
END_TEST

/* A disk that is full: whether the file is smaller than its buffer, so that only the end shows it,
 * or larger, or has no buffer. */
START_TEST(an_output_that_is_full)
{
    authp_transfer_export_t done = {.progress = NULL};
    FILE *full = fopen("/dev/full", "we");
    ck_assert_ptr_nonnull(full);
    append(_i == 1 ? PAGE * 2 : 1);
    if (_i == 2) {
        (void)setvbuf(full, NULL, _IONBF, 0);
    }
    errno = 0;
    ck_assert_int_eq(authp_transfer_export(f.realm, full, &done, f.pool), AUTHP_E_ABORTED);
    ck_assert_int_eq(errno, ENOSPC);
    ck_assert_int_lt(done.written[AUTHP_TRANSFER_AUDIT], PAGE * 2);
    ck_assert_int_eq(done.written[AUTHP_TRANSFER_AUDIT],
                     _i == 0 ? 1 : done.written[AUTHP_TRANSFER_AUDIT]);
    (void)fclose(full);
}
END_TEST

START_TEST(a_store_that_fails_during_an_export)
{
    static const struct {
        const char *op;
        int nth;
    } rows[] = {{"move_count", 1}, {"move_count", 4}, {"move_list", 1}, {"move_list", 5}};
    authp_transfer_export_t done = {.progress = NULL};
    FILE *out = tmpfile();
    append(PAGE);
    mem_store_fail(f.store, rows[_i].op, rows[_i].nth, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_transfer_export(f.realm, out, &done, f.pool), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(ftell(out) > 0, _i >= 2); /* the header comes after all counts */
    (void)fclose(out);
}
END_TEST

/* --- the header ------------------------------------------------------------------------------- */

#define COUNTS "{\"users\":0,\"sessions\":0,\"invites\":0,\"audit\":0}"
#define HEADER(version, rest) "{\"authplatform\":\"export\",\"version\":" version "," rest "}"
#define REST "\"made_at\":7,\"store\":\"mem\",\"key\":\"k\",\"counts\":" COUNTS

static const struct {
    const char *text;
    const char *refusal; /* NULL: it is taken */
} headers[] = {
    {HEADER("1", REST), NULL},
    {HEADER("2", REST), "the file is of a newer version of this tool"},
    {HEADER("-1", REST), "the file is of a newer version of this tool"},
    {HEADER("\"1\"", REST), "the file is of a newer version of this tool"},
    {HEADER("1.0", REST), "the file is of a newer version of this tool"},
    {HEADER("0", REST), "the header is damaged"},
    {HEADER("1", "\"store\":\"mem\",\"key\":\"k\",\"counts\":" COUNTS), "the header is damaged"},
    {HEADER("1", "\"made_at\":-1,\"store\":\"mem\",\"key\":\"k\",\"counts\":" COUNTS),
     "the header is damaged"},
    {HEADER("1", "\"made_at\":7,\"key\":\"k\",\"counts\":" COUNTS), "the header is damaged"},
    {HEADER("1", "\"made_at\":7,\"store\":\"mem\",\"key\":null,\"counts\":" COUNTS),
     "the header is damaged"},
    {HEADER("1", "\"made_at\":7,\"store\":\"mem\",\"key\":\"k\",\"counts\":{}"),
     "the header is damaged"},
    {HEADER("1", "\"made_at\":7,\"store\":\"mem\",\"key\":\"k\",\"counts\":{\"users\":0,"
                 "\"sessions\":0,\"invites\":0,\"audit\":-1}"),
     "the header is damaged"},
    {"{\"authplatform\":\"import\",\"version\":1," REST "}",
     "this is not a file of `authplatform export`"},
    {"[]", "this is not a file of `authplatform export`"},
};

START_TEST(headers_of_files)
{
    const char *refusal = NULL;
    authp_transfer_header_t header = {.made_at = 0};
    authp_err_t err = authp_transfer_file_read_header(headers[_i].text, strlen(headers[_i].text),
                                                      &header, &refusal, f.pool);
    ck_assert_int_eq(err, headers[_i].refusal == NULL ? AUTHP_OK : AUTHP_E_MALFORMED);
    ck_assert_pstr_eq(refusal, headers[_i].refusal);
    ck_assert_int_eq(header.made_at, headers[_i].refusal == NULL ? 7 : 0);
}
END_TEST

/* --- import ----------------------------------------------------------------------------------- */

static FILE *file_of(const char *text)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    rewind(file);
    return file;
}

static authp_err_t open_file(FILE *file, authp_transfer_import_t **import, const char **refusal)
{
    const authp_transfer_source_t source = {.in = file};
    return authp_transfer_import_open(f.realm, &source, import, refusal, f.pool);
}

/* A line has at most 4 MiB; spaces at its end are no data. */
START_TEST(longest_line)
{
    for (int more = 0; more < 2; more++) {
        const char *refusal = NULL;
        authp_transfer_import_t *import = NULL;
        authp_transfer_step_t step;
        char *text = memset(apr_pcalloc(f.pool, LINE_MOST + 3), ' ', LINE_MOST + 2);
        memcpy(text, headers[0].text, strlen(headers[0].text));
        text[LINE_MOST + more] = '\n';
        text[LINE_MOST + more + 1] = '\0';
        FILE *file = file_of(text);
        ck_assert_int_eq(open_file(file, &import, &refusal), more ? AUTHP_E_MALFORMED : AUTHP_OK);
        ck_assert_pstr_eq(refusal, more ? "line 1: it is too long for a row" : NULL);
        if (!more) {
            ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal),
                             AUTHP_E_NOT_FOUND);
            ck_assert_int_eq(step.bytes, LINE_MOST + 1);
        }
        (void)fclose(file);
    }
}
END_TEST

static const char *row_line(authp_transfer_kind_t kind, int serial)
{
    size_t len = 0;
    return apr_pstrcat(f.pool,
                       authp_transfer_file_line(
                           kind, make(authp_transfer_file_columns(kind), serial), &len, f.pool),
                       "\n", NULL);
}

static const char *header_line(void)
{
    size_t len = 0;
    const authp_transfer_header_t header = {.store = "mem",
                                            .key = authp_keys_name(f.realm->keys, false)};
    return apr_pstrcat(f.pool, authp_transfer_file_header(&header, &len, f.pool), "\n", NULL);
}

/* The bytes and rows of the steps are those of the file, also if its last line has no end. A file
 * that was refused stays refused. */
START_TEST(steps_of_an_import)
{
    const char *refusal = NULL;
    authp_transfer_import_t *import = NULL;
    authp_transfer_step_t step;
    const char *text = apr_pstrcat(f.pool, header_line(), row_line(AUTHP_TRANSFER_INVITE, 1),
                                   row_line(AUTHP_TRANSFER_INVITE, 2),
                                   row_line(AUTHP_TRANSFER_AUDIT, 3), _i == 0 ? "" : "{}\n", NULL);
    const int64_t all = (int64_t)strlen(text);
    FILE *file = file_of(_i == 0 ? apr_pstrmemdup(f.pool, text, strlen(text) - 1) : text);
    ck_assert_int_eq(open_file(file, &import, &refusal), AUTHP_OK);
    ck_assert(authp_transfer_import_same_key(import));
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_OK);
    ck_assert_int_eq(step.kind, AUTHP_TRANSFER_INVITE);
    ck_assert_int_eq(step.count, 2);
    ck_assert_int_eq(step.results[1].outcome, AUTHP_PUT_ADDED);
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_OK);
    ck_assert_int_eq(step.kind, AUTHP_TRANSFER_AUDIT);
    ck_assert_int_eq(step.count, 1);
    ck_assert_int_eq(step.bytes, all);
    for (int i = 0; i < 2; i++) {
        refusal = NULL;
        ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal),
                         _i == 0 ? AUTHP_E_NOT_FOUND : AUTHP_E_MALFORMED);
        ck_assert_pstr_eq(
            refusal, _i == 0 ? NULL : "line 5: it is no row: the file may be damaged or cut off");
        ck_assert_int_eq(step.count, 0);
        ck_assert_int_eq(step.bytes, all);
    }
    ck_assert_int_eq(authp_transfer_import_read(import, AUTHP_TRANSFER_INVITE), 2);
    ck_assert_int_eq(authp_transfer_import_read(import, AUTHP_TRANSFER_AUDIT), 1);
    ck_assert_int_eq(authp_transfer_import_read(import, AUTHP_TRANSFER_USER), 0);
    (void)fclose(file);
}
END_TEST

/* The sessions of a file count with the key of the file, be it the present one or the previous. */
START_TEST(keys_of_files)
{
    FILE *file = file_of(header_line());
    for (int previous = 1; previous >= 0; previous--) {
        const char *refusal = NULL;
        authp_transfer_import_t *import = NULL;
        fixture_roll_key(&f, previous == 1);
        rewind(file);
        ck_assert_int_eq(open_file(file, &import, &refusal), AUTHP_OK);
        ck_assert_int_eq(authp_transfer_import_same_key(import), previous);
    }
    (void)fclose(file);
    FILE *folder = fopen("/", "re"); /* reading fails */
    ck_assert_int_eq(open_file(folder, &(authp_transfer_import_t *){NULL}, &(const char *){NULL}),
                     AUTHP_E_ABORTED);
    (void)fclose(folder);
}
END_TEST

/* A batch is tried four times, two seconds apart. */
START_TEST(a_store_that_stays_away)
{
    const char *refusal = NULL;
    authp_transfer_import_t *import = NULL;
    authp_transfer_step_t step;
    FILE *file =
        file_of(apr_pstrcat(f.pool, header_line(), row_line(AUTHP_TRANSFER_AUDIT, 1), NULL));
    ck_assert_int_eq(open_file(file, &import, &refusal), AUTHP_OK);
    mem_store_fail(f.store, "move_add", 0, AUTHP_E_UNAVAILABLE);
    (void)mem_store_calls(f.store, f.pool);
    faults_open();
    faults.awake = true;
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(faults.us, 3 * 2000000);
    ck_assert_int_eq(faults.sleeps, 3);
    faults_open();
    ck_assert_str_eq(mem_store_calls(f.store, f.pool), "move_add move_add move_add move_add");
    ck_assert_int_eq(step.count, 0);
    (void)fclose(file);
}
END_TEST

/* The sessions of an account that was deleted here are left out, those of one that is newer here
 * are not. */
START_TEST(sessions_of_accounts_that_stay)
{
    const char *refusal = NULL;
    size_t len = 0;
    authp_transfer_import_t *import = NULL;
    authp_transfer_step_t step;
    authp_user_t *deleted = make(&authp_columns_user, 1);
    authp_user_t *newer = make(&authp_columns_user, 2);
    const char *text = apr_pstrcat(f.pool, header_line(), row_line(AUTHP_TRANSFER_USER, 1),
                                   row_line(AUTHP_TRANSFER_USER, 2), NULL);
    for (int i = 0; i < 2; i++) {
        authp_session_t *session = make(&authp_columns_session, i);
        session->user_id = i == 0 ? deleted->id : newer->id;
        text = apr_pstrcat(f.pool, text,
                           authp_transfer_file_line(AUTHP_TRANSFER_SESSION, session, &len, f.pool),
                           "\n", NULL);
    }
    ck_assert_int_eq(authp_store_user_create(f.store, deleted, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_delete(f.store, deleted, 1, f.pool), AUTHP_OK);
    newer->updated_at++;
    ck_assert_int_eq(authp_store_user_create(f.store, newer, f.pool), AUTHP_OK);
    FILE *file = file_of(text);
    ck_assert_int_eq(open_file(file, &import, &refusal), AUTHP_OK);
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_OK);
    ck_assert_int_eq(step.results[0].outcome, AUTHP_PUT_KEPT);
    ck_assert_int_eq(step.results[1].outcome, AUTHP_PUT_KEPT);
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_OK);
    ck_assert_int_eq(step.without_account, 1);
    ck_assert_int_eq(step.count, 1);
    ck_assert_str_eq(((const authp_session_t *)step.rows[0])->user_id.hex, newer->id.hex);
    (void)fclose(file);
}
END_TEST

/* --- rows that a store has -------------------------------------------------------------------- */

/* A row is read by its id alone, whatever its digits are, beside rows that come before and after.
 */
START_TEST(rows_by_their_ids)
{
    static const char *const ids[] = {"000000000000000000000000", "000000000000000000000001",
                                      "6affffffffffffffffffffff", "6b0000000000000000000000",
                                      "6b0000000000000000000001", "ffffffffffffffffffffffff"};
    const int count = (int)(sizeof(ids) / sizeof(ids[0]));
    for (int skip = 0; skip < count; skip++) {
        fixture_close(&f);
        fixture_open(&f);
        for (int i = 0; i < count; i++) {
            authp_user_t *user = make(&authp_columns_user, i);
            apr_cpystrn(user->id.hex, ids[i], sizeof(user->id.hex));
            if (i != skip) {
                ck_assert_int_eq(authp_store_user_create(f.store, user, f.pool), AUTHP_OK);
            }
        }
        for (int i = 0; i < count; i++) {
            void *row = NULL;
            authp_err_t err =
                authp_transfer_stored_read(f.realm, &authp_columns_user, ids[i], &row, f.pool);
            ck_assert_int_eq(err, i == skip ? AUTHP_E_NOT_FOUND : AUTHP_OK);
            ck_assert_pstr_eq(row != NULL ? ((const authp_id_t *)row)->hex : NULL,
                              i == skip ? NULL : ids[i]);
        }
        for (int i = 0; i < count; i++) {
            authp_user_t *user = mem_store_user(f.store, ids[i]);
            ck_assert(i == skip || authp_store_user_delete(f.store, user, 1, f.pool) == AUTHP_OK);
        }
        for (int i = 0; i < count; i++) {
            bool deleted = false;
            ck_assert_int_eq(authp_transfer_stored_deleted(f.realm, ids[i], &deleted, f.pool),
                             AUTHP_OK);
            ck_assert_int_eq(deleted, i != skip);
        }
    }
}
END_TEST

Suite *suite_transfer_limits(void)
{
    Suite *suite = suite_create("transfer_limits");
    TCase *tests = tcase_create("transfer_limits");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, pages_of_an_export);
    tcase_add_loop_test(tests, an_output_that_is_full, 0, 3);
    tcase_add_loop_test(tests, a_store_that_fails_during_an_export, 0, 4);
    tcase_add_loop_test(tests, headers_of_files, 0, (int)(sizeof(headers) / sizeof(headers[0])));
    tcase_add_test(tests, longest_line);
    tcase_add_loop_test(tests, steps_of_an_import, 0, 2);
    tcase_add_test(tests, keys_of_files);
    tcase_add_test(tests, a_store_that_stays_away);
    tcase_add_test(tests, sessions_of_accounts_that_stay);
    tcase_add_test(tests, rows_by_their_ids);
    suite_add_tcase(suite, tests);
    return suite;
}
