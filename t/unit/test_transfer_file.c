/* SPDX-License-Identifier: Apache-2.0 */
/* The file of an export: rows as JSON and back, what is refused, and what a whole file does. */
#include "base/json.h"
#include "columns_fixture.h"
#include "fixture.h"
#include "service/transfer/transfer_export.h"
#include "service/transfer/transfer_import.h"
#include "service/transfer/transfer_put.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define ROWS 1203 /* more than two pages and batches */

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void *make(authp_transfer_kind_t kind, int serial, apr_pool_t *pool)
{
    const authp_columns_t *columns = authp_transfer_file_columns(kind);
    void *row = apr_pcalloc(pool, columns->size);
    columns_fixture_fill(columns, row, serial, pool);
    return row;
}

static authp_err_t read_line(const char *text, authp_transfer_line_t *line, const char **refusal)
{
    return authp_transfer_file_read_line(text, strlen(text), line, refusal, f.pool);
}

START_TEST(a_row_comes_back)
{
    const authp_transfer_kind_t kind = (authp_transfer_kind_t)_i;
    const authp_columns_t *columns = authp_transfer_file_columns(kind);
    for (int serial = 0; serial < 16; serial++) {
        size_t len = 0;
        const char *refusal = NULL;
        authp_transfer_line_t line = {.row = NULL};
        const void *row = make(kind, serial, f.pool);
        const char *text = authp_transfer_file_line(kind, row, &len, f.pool);
        ck_assert_uint_eq(strlen(text), len);
        ck_assert_int_eq(read_line(text, &line, &refusal), AUTHP_OK);
        ck_assert_int_eq(line.kind, kind);
        columns_fixture_same(columns, line.row, row, 0, 0);
    }
}
END_TEST

/* Each member with a value of a type that no column has, and each one absent: only an id, a salt
 * and a text that SQL needs must be there. */
START_TEST(each_column_is_checked)
{
    const authp_transfer_kind_t kind = (authp_transfer_kind_t)_i;
    const authp_columns_t *columns = authp_transfer_file_columns(kind);
    for (int i = 0; i < columns->count; i++) {
        size_t len = 0;
        const authp_column_t *column = &columns->list[i];
        const char *text = authp_transfer_file_line(kind, make(kind, 1, f.pool), &len, f.pool);
        json_t *object = NULL;
        ck_assert_int_eq(authp_json_parse(text, len, &object, f.pool), AUTHP_OK);
        json_t *inner = json_object_get(object, authp_transfer_file_name(kind));
        for (int absent = 0; absent < 2; absent++) {
            const char *refusal = NULL;
            authp_transfer_line_t line = {.row = NULL};
            if (absent) {
                json_object_del(inner, column->name);
            } else if (column->kind == AUTHP_COLUMN_JSON) {
                (void)authp_json_set_array(inner, column->name);
            } else {
                authp_json_set(inner, column->name, authp_json_object(f.pool));
            }
            bool needed = column->kind == AUTHP_COLUMN_ID || column->kind == AUTHP_COLUMN_SALT ||
                          (column->flags & AUTHP_COLUMN_FULL) != 0;
            authp_err_t err = read_line(authp_json_text(object, NULL, f.pool), &line, &refusal);
            ck_assert_int_eq(err, absent && !needed ? AUTHP_OK : AUTHP_E_MALFORMED);
            if (err != AUTHP_OK) {
                ck_assert_str_eq(refusal,
                                 apr_psprintf(f.pool, "the member \"%s\" %s", column->name,
                                              absent ? "is missing" : "has a wrong value"));
            }
        }
    }
}
END_TEST

static const char *const wrong_members[] = {
    "\"id\":\"6B0000000000000000000001\"",
    "\"id\":\"6b\"",
    "\"ver\":-1",
    "\"ver\":1.5",
    "\"roles\":[\"a,b\"]",
    "\"roles\":[\"\"]",
    "\"roles\":[7]",
    "\"roles\":\"admin\"",
    "\"name\":\"a\\u0000b\"",
    "\"disabled\":0",
    "\"identities\":[]",
    "\"identities\":[{}]",
    "\"updated_at\":\"now\"",
    "\"email_verified\":1",
    "\"email\":[]",
    "\"ver\":9007199254740992",
    "\"created_at\":253402300800000",
};

START_TEST(values_that_no_store_keeps)
{
    const char *refusal = NULL;
    authp_transfer_line_t line = {.row = NULL};
    const char *id =
        strncmp(wrong_members[_i], "\"id\"", 4) == 0 ? "" : "\"id\":\"6b0000000000000000000001\",";
    const char *text = apr_pstrcat(f.pool, "{\"user\":{", id, wrong_members[_i], "}}", NULL);
    ck_assert_int_eq(read_line(text, &line, &refusal), AUTHP_E_MALFORMED);
    ck_assert_msg(strstr(refusal, "has a wrong value") != NULL, "%s", refusal);
}
END_TEST

/* PostgreSQL fails the whole batch if a text is too long for its index. "@" is the text. */
static const struct {
    const char *member;
    int most;
} long_members[] = {
    {"\"email\":\"@\"", 2048},
    {"\"username\":\"@\"", 2048},
    {"\"roles\":[\"a\",\"@\"]", 2044},
    {"\"identities\":[{\"provider\":\"p\",\"issuer\":\"i\",\"sub\":\"@\",\"linked_at\":1,"
     "\"last_login\":1}]",
     2047},
};

START_TEST(texts_that_no_index_keeps)
{
    const char *at = strchr(long_members[_i].member, '@');
    for (int more = 0; more < 2; more++) {
        const char *refusal = NULL;
        authp_transfer_line_t line = {.row = NULL};
        int len = long_members[_i].most + more;
        char *filler = memset(apr_pcalloc(f.pool, (size_t)len + 1), 'a', (size_t)len);
        const char *text = apr_psprintf(
            f.pool, "{\"user\":{\"id\":\"6b0000000000000000000001\",%s,%.*s%s%s}}",
            "\"is_recruiter_verified\":false,\"email_verified\":false,\"disabled\":false,\"ver\":1,"
            "\"min_ver\":1,\"updated_at\":1",
            (int)(at - long_members[_i].member), long_members[_i].member, filler, at + 1);
        ck_assert_int_eq(read_line(text, &line, &refusal), more ? AUTHP_E_MALFORMED : AUTHP_OK);
    }
}
END_TEST

/* The in-memory store takes rows that lack what SQL needs. */
START_TEST(a_row_that_cannot_move_is_left_out)
{
    authp_transfer_export_t done = {.progress = NULL};
    authp_audit_t *odd = make(AUTHP_TRANSFER_AUDIT, 1, f.pool);
    odd->event = NULL;
    ck_assert_int_eq(authp_store_audit_append(f.store, odd, f.pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_audit_append(f.store, make(AUTHP_TRANSFER_AUDIT, 2, f.pool), f.pool), AUTHP_OK);
    FILE *out = tmpfile();
    ck_assert_int_eq(authp_transfer_export(f.realm, out, &done, f.pool), AUTHP_OK);
    ck_assert_int_eq(done.written[AUTHP_TRANSFER_AUDIT], 1);
    ck_assert_int_eq(done.left_out[AUTHP_TRANSFER_AUDIT], 1);
    (void)fclose(out);
}
END_TEST

static authp_err_t open_import(FILE *in, authp_transfer_import_t **import, const char **refusal)
{
    const authp_transfer_source_t source = {.in = in};
    rewind(in);
    return authp_transfer_import_open(f.realm, &source, import, refusal, f.pool);
}

/* Reads to the end, or to what refuses the file. *put: how many rows were put. */
static authp_err_t import_all(FILE *in, int *put, const char **refusal)
{
    authp_transfer_import_t *import = NULL;
    authp_err_t err = open_import(in, &import, refusal);
    *put = 0;
    while (err == AUTHP_OK) {
        authp_transfer_step_t step;
        err = authp_transfer_import_next(import, &step, refusal);
        *put += err == AUTHP_OK ? step.count : 0;
    }
    return err;
}

static FILE *export_many(void)
{
    authp_transfer_export_t done = {.progress = NULL};
    for (int i = 0; i < ROWS; i++) {
        ck_assert_int_eq(
            authp_store_audit_append(f.store, make(AUTHP_TRANSFER_AUDIT, i, f.pool), f.pool),
            AUTHP_OK);
        ck_assert_int_eq(
            authp_store_session_create(f.store, make(AUTHP_TRANSFER_SESSION, i, f.pool), f.pool),
            AUTHP_OK);
    }
    FILE *out = tmpfile();
    ck_assert_int_eq(authp_transfer_export(f.realm, out, &done, f.pool), AUTHP_OK);
    ck_assert_int_eq(done.header.counts[AUTHP_TRANSFER_SESSION], ROWS);
    ck_assert_int_eq(done.written[AUTHP_TRANSFER_SESSION], ROWS);
    ck_assert_int_eq(done.written[AUTHP_TRANSFER_AUDIT], ROWS);
    return out;
}

START_TEST(many_rows)
{
    int put = 0;
    const char *refusal = NULL;
    FILE *file = export_many();
    fixture_close(&f);
    fixture_open(&f);
    ck_assert_int_eq(import_all(file, &put, &refusal), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(put, 2 * ROWS);
    for (int i = 0; i < ROWS; i++) {
        const authp_session_t *row = make(AUTHP_TRANSFER_SESSION, i, f.pool);
        columns_fixture_same(&authp_columns_session, mem_store_session(f.store, row->id.hex), row,
                             0, 0);
    }
    (void)fclose(file);
}
END_TEST

static authp_err_t lossy_list(void *self, const authp_columns_t *columns, const authp_page_t *page,
                              authp_rows_t *out, apr_pool_t *pool)
{
    const authp_store_t *store = self;
    authp_err_t err = store->ops->move_list(store->self, columns, page, out, pool);
    if (err == AUTHP_OK && page->after_id == NULL && out->list->nelts > 0) {
        out->list->nelts--;
    }
    return err;
}

static authp_err_t count_all(void *self, const authp_columns_t *columns, int64_t *count,
                             apr_pool_t *pool)
{
    const authp_store_t *store = self;
    return store->ops->move_count(store->self, columns, count, pool);
}

/* A store that leaves a row of the first page out: all pages behind it are exported. */
START_TEST(a_row_that_cannot_be_read)
{
    const authp_store_ops_t ops = {
        .name = "lossy", .move_list = lossy_list, .move_count = count_all};
    authp_store_t *store = f.realm->store;
    authp_store_t lossy = {.ops = &ops, .self = store};
    authp_transfer_export_t done = {.progress = NULL};
    FILE *file = export_many();
    f.realm->store = &lossy;
    rewind(file);
    ck_assert_int_eq(authp_transfer_export(f.realm, file, &done, f.pool), AUTHP_OK);
    f.realm->store = store;
    (void)fclose(file);
    ck_assert_int_eq(done.header.counts[AUTHP_TRANSFER_SESSION], ROWS);
    ck_assert_int_eq(done.written[AUTHP_TRANSFER_SESSION], ROWS - 1);
    ck_assert_int_eq(done.left_out[AUTHP_TRANSFER_SESSION], 1);
    ck_assert_int_eq(done.written[AUTHP_TRANSFER_AUDIT], ROWS - 1);
    ck_assert_int_eq(done.left_out[AUTHP_TRANSFER_AUDIT], 1);
}
END_TEST

static void write_row(FILE *file, authp_transfer_kind_t kind, const void *row)
{
    size_t len = 0;
    ck_assert_int_ge(fprintf(file, "%s\n", authp_transfer_file_line(kind, row, &len, f.pool)), 0);
}

/* The last rows of a file are sessions that are left out, because its key is another one, or
 * because their account was not taken: the last step tells how many. */
START_TEST(sessions_left_out_at_the_end)
{
    size_t len = 0;
    const char *refusal = NULL;
    authp_transfer_import_t *import = NULL;
    authp_transfer_step_t step;
    const authp_transfer_header_t header = {
        .store = "mem", .key = _i == 0 ? "other" : authp_keys_name(f.realm->keys, false)};
    authp_user_t *user = make(AUTHP_TRANSFER_USER, 1, f.pool);
    FILE *file = tmpfile();
    ck_assert_int_ge(fprintf(file, "%s\n", authp_transfer_file_header(&header, &len, f.pool)), 0);
    write_row(file, AUTHP_TRANSFER_USER, user);
    for (int i = 0; i < ROWS; i++) {
        authp_session_t *session = make(AUTHP_TRANSFER_SESSION, i, f.pool);
        session->user_id = user->id;
        write_row(file, AUTHP_TRANSFER_SESSION, session);
    }
    if (_i == 1) {
        authp_user_t other = *user;
        other.id.hex[0] = '7';
        other.identities = NULL;
        ck_assert_int_eq(authp_store_user_create(f.store, &other, f.pool), AUTHP_OK);
    }
    ck_assert_int_eq(open_import(file, &import, &refusal), AUTHP_OK);
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_OK);
    ck_assert_int_eq(step.count, 1);
    for (int left = ROWS; left > 0; left -= left > 500 ? 500 : left) {
        int count = left > 500 ? 500 : left;
        ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_OK);
        ck_assert_int_eq(step.count, 0);
        ck_assert_int_eq(step.other_key, _i == 0 ? count : 0);
        ck_assert_int_eq(step.without_account, _i == 0 ? 0 : count);
    }
    ck_assert_int_eq(authp_transfer_import_next(import, &step, &refusal), AUTHP_E_NOT_FOUND);
    (void)fclose(file);
}
END_TEST

static void sign_out(void *ctx)
{
    ((authp_session_t *)ctx)->ended_at = 77;
    ((authp_session_t *)ctx)->end_reason = "logout";
}

/* The person signs out between the look and the change. */
START_TEST(a_session_that_ends_meanwhile)
{
    authp_put_result_t result;
    authp_session_t *row = make(AUTHP_TRANSFER_SESSION, 1, f.pool);
    const authp_put_batch_t batch = {
        .columns = &authp_columns_session, .rows = (void *const *)&row, .count = 1};
    row->ended_at = 0;
    ck_assert_int_eq(authp_store_session_create(f.store, row, f.pool), AUTHP_OK);
    authp_session_t *now = mem_store_session(f.store, row->id.hex);
    row->generation++;
    row->ended_at = _i == 0 ? 1000 : 0;
    mem_store_before(f.store, _i == 0 ? "session_end" : "session_replace", sign_out, now);
    ck_assert_int_eq(authp_transfer_put(f.realm, &batch, &result, f.pool), AUTHP_OK);
    ck_assert_int_eq(result.outcome, AUTHP_PUT_KEPT);
    ck_assert(now->ended_at == 77 && strcmp(now->end_reason, "logout") == 0);
}
END_TEST

/* A store that is away for a moment does not end the import; one that stays away does. */
START_TEST(a_store_that_is_away)
{
    int put = 0;
    const char *refusal = NULL;
    FILE *file = export_many();
    fixture_close(&f);
    fixture_open(&f);
    mem_store_fail(f.store, "move_add", 2, _i == 0 ? AUTHP_E_UNAVAILABLE : AUTHP_E_INTERNAL);
    ck_assert_int_eq(import_all(file, &put, &refusal),
                     _i == 0 ? AUTHP_E_NOT_FOUND : AUTHP_E_INTERNAL);
    ck_assert_int_eq(put, _i == 0 ? 2 * ROWS : 500);
    (void)fclose(file);
}
END_TEST

/* A line that is not of this kind of file must not fill the memory. */
START_TEST(a_line_without_an_end)
{
    int put = 0;
    const char *refusal = NULL;
    FILE *file = export_many();
    (void)fseek(file, 0, SEEK_END);
    for (int i = 0; i < 5 * 1024 * 1024; i++) {
        (void)putc(' ', file);
    }
    ck_assert_int_eq(import_all(file, &put, &refusal), AUTHP_E_MALFORMED);
    ck_assert_str_eq(refusal,
                     apr_psprintf(f.pool, "line %d: it is too long for a row", 2 * ROWS + 2));
    ck_assert_int_eq(put, 2 * ROWS);
    (void)fclose(file);
}
END_TEST

Suite *suite_transfer_file(void)
{
    Suite *suite = suite_create("transfer_file");
    TCase *tests = tcase_create("transfer_file");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, a_row_comes_back, 0, AUTHP_TRANSFER_KINDS);
    tcase_add_loop_test(tests, each_column_is_checked, 0, AUTHP_TRANSFER_KINDS);
    tcase_add_loop_test(tests, texts_that_no_index_keeps, 0,
                        (int)(sizeof(long_members) / sizeof(long_members[0])));
    tcase_add_loop_test(tests, values_that_no_store_keeps, 0,
                        (int)(sizeof(wrong_members) / sizeof(wrong_members[0])));
    tcase_add_test(tests, a_row_that_cannot_move_is_left_out);
    tcase_add_test(tests, many_rows);
    tcase_add_test(tests, a_row_that_cannot_be_read);
    tcase_add_loop_test(tests, sessions_left_out_at_the_end, 0, 2);
    tcase_add_loop_test(tests, a_session_that_ends_meanwhile, 0, 2);
    tcase_add_loop_test(tests, a_store_that_is_away, 0, 2);
    tcase_add_test(tests, a_line_without_an_end);
    suite_add_tcase(suite, tests);
    return suite;
}
