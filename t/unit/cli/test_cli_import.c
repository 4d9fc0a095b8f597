/* SPDX-License-Identifier: Apache-2.0 */
/* How an import ends: its status, what it says, and what the audit has of it. */
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define ROWS 3000
#define HASH "$2b$04$abcdefghijklmnopqrstuuMKcRm1HDw1iYEXcdAv1ujLQmkUo/7Rm"
#define HEAD "email,name,password_hash\n"
#define ADA "ada@example.org,Ada," HASH "\n"
#define EVE "eve@example.org,Eve," HASH "\n"

static const struct {
    const char *text; /* NULL: the file is a folder */
    const char *options;
    const char *out;
    const char *err;    /* a part of it; NULL: nothing */
    const char *reason; /* in the audit; NULL: the audit has nothing of it */
    int status;
} ends[] = {
    {HEAD ADA EVE, "", "users: added 2\n", NULL, "csv; users added 2", 0},
    {HEAD ADA EVE, " --dry-run", "users: added 2\nnothing was written (--dry-run)\n", NULL, NULL,
     0},
    {HEAD ADA ADA, "", "users: added 1, left out 1\n", "line 3", "csv; users added 1, left out 1",
     0},
    {HEAD ADA "\"cut", "", "", "the file is refused: line 3", NULL, 1},
    {HEAD ADA "\"cut", " --dry-run", "", "the file is refused: line 3", NULL, 1},
    {HEAD "\"cut", "", "", "the file is refused: line 2", NULL, 1},
    {NULL, "", "", "the file cannot be read: Is a directory", NULL, 1},
};

START_TEST(how_it_ends)
{
    fixture_t *f = &cli_fixture.f;
    const char *in =
        ends[_i].text != NULL ? cli_fixture_file("rows.csv", ends[_i].text) : cli_fixture.folder;
    const char *line =
        apr_pstrcat(f->pool, "import --format csv --in ", in, ends[_i].options, NULL);
    cli_answer_t answer = cli_fixture_run(line, NULL);
    ck_assert_str_eq(answer.out, ends[_i].out);
    if (ends[_i].err == NULL) {
        ck_assert_str_eq(answer.err, "");
    } else {
        ck_assert_msg(strstr(answer.err, ends[_i].err) != NULL, "%s", answer.err);
    }
    ck_assert_ptr_null(strstr(answer.err, "the import can be repeated"));
    ck_assert_int_eq(answer.status, ends[_i].status);
    const authp_audit_t *entry = fixture_audit(f, "import");
    ck_assert_pstr_eq(entry != NULL ? entry->reason : NULL, ends[_i].reason);
}
END_TEST

/* Rows are written many at a time. What was written before the file ends badly stays, and the audit
 * has it. */
START_TEST(cut_after_many_rows)
{
    fixture_t *f = &cli_fixture.f;
    apr_array_header_t *lines = apr_array_make(f->pool, ROWS, sizeof(const char *));
    APR_ARRAY_PUSH(lines, const char *) = HEAD;
    for (int i = 0; i < ROWS; i++) {
        APR_ARRAY_PUSH(lines, const char *) =
            apr_psprintf(f->pool, "ada%d@example.org,Ada,%s\n", i, HASH);
    }
    APR_ARRAY_PUSH(lines, const char *) = "\"cut";
    const char *in = cli_fixture_file("rows.csv", apr_array_pstrcat(f->pool, lines, 0));
    const char *line = apr_pstrcat(f->pool, "import --format csv --in ", in, NULL);
    cli_answer_t answer = cli_fixture_run(line, NULL);
    const char *says = "\nauthplatform: what stands before has been imported; the import can be "
                       "repeated\n";
    ck_assert_msg(strstr(answer.err, says) != NULL, "%s", answer.err);
    ck_assert_str_eq(answer.out, "");
    ck_assert_int_eq(answer.status, 1);
    const authp_audit_t *entry = fixture_audit(f, "import");
    ck_assert_ptr_nonnull(entry);
    ck_assert_msg(strstr(entry->reason, "csv; users added ") == entry->reason, "%s", entry->reason);
    answer = cli_fixture_run(apr_pstrcat(f->pool, line, " --dry-run", NULL), NULL);
    ck_assert_msg(strstr(answer.err, "can be repeated") == NULL, "%s", answer.err);
}
END_TEST

Suite *suite_cli_import(void)
{
    Suite *suite = suite_create("cli_import");
    TCase *tests = tcase_create("import");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_loop_test(tests, how_it_ends, 0, (int)(sizeof(ends) / sizeof(ends[0])));
    tcase_add_test(tests, cut_after_many_rows);
    suite_add_tcase(suite, tests);
    return suite;
}
