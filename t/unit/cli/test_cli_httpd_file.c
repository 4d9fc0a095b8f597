/* SPDX-License-Identifier: Apache-2.0 */
/* httpd's configuration as check-config --httpd reads it: words, variables and long lines. */
#include "cli/httpd_file.h"
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MOST 8191

static const struct {
    const char *text;
    const char *word;
    const char *rest;
} words[] = {
    {"", "", ""},
    {"  ", "", ""},
    {"a", "a", ""},
    {" a b", "a", " b"},
    {"\ta\tb", "a", "\tb"},
    {"\"a b\" c", "a b", " c"},
    {"'a b' c", "a b", " c"},
    {"\"a'b\"c", "a'b", "c"},
    {"a\"b c\"", "a\"b", " c\""},
    {"\"\" x", "", " x"},
    {"\"a b", "a b", ""},
    {"'", "", ""},
};

/* The rest of a quotation that does not end is the end of the text, and nothing behind it. */
START_TEST(a_word)
{
    const char *text = apr_pstrdup(cli_fixture.f.pool, words[_i].text);
    const char *end = text + strlen(text);
    const char *args = text;
    ck_assert_str_eq(authp_httpd_file_word(&args, cli_fixture.f.pool), words[_i].word);
    ck_assert_ptr_eq(args, end - strlen(words[_i].rest));
    ck_assert_str_eq(args, words[_i].rest);
}
END_TEST

/* Returns the lines of a configuration as "NUMBER NAME ARGS|...". */
static const char *read_all(const char *text)
{
    const char *all = "";
    apr_pool_t *pool = cli_fixture.f.pool;
    apr_array_header_t *lines = NULL;
    apr_array_header_t *missed = NULL;
    const char *file = cli_fixture_file("conf", text);
    ck_assert_int_eq(authp_httpd_file_read(file, &lines, &missed, pool), AUTHP_OK);
    ck_assert_int_eq(missed->nelts, 0);
    for (int i = 0; i < lines->nelts; i++) {
        const authp_httpd_line_t *line = &APR_ARRAY_IDX(lines, i, authp_httpd_line_t);
        all = apr_pstrcat(pool, all, strrchr(line->at, ':') + 1, " ", line->name, " ", line->args,
                          "|", NULL);
    }
    return all;
}

START_TEST(lines)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"\n \n# x\n", ""},
        {"Listen 80", "1 listen 80|"},
        {"<Location \"/x\">\n</Location>\n", "1 <location \"/x\"|2 </location |"},
        {"<IfModule>\n", "1 <ifmodule |"},
        {"A \\\nb\\\n c\nD", "3 a b c|4 d |"},
        {"A b\\", "1 a b|"},
        {"Define X\nA ${X}b\n", "1 define X|2 a b|"},
        {"Define X ab\nDefine X cd\nA ${X}${X} ${Y} ${X\n", "1 define X ab|2 define X cd|3 a cdcd "
                                                            "${Y} ${X|"},
        {"A ${TEST_CLI}\n", "1 a from the environment|"},
        {"Define TEST_CLI\nA ${TEST_CLI}x\n", "1 define TEST_CLI|2 a x|"},
    };
    setenv("TEST_CLI", "from the environment", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(read_all(cases[i][0]), cases[i][1]);
    }
    unsetenv("TEST_CLI");
}
END_TEST

/* A line that httpd takes is read whole, in one piece or in several. */
START_TEST(a_long_line)
{
    apr_pool_t *pool = cli_fixture.f.pool;
    char *line = apr_pcalloc(pool, LINE_MOST + 1);
    memset(line, 'x', LINE_MOST);
    line[1] = ' ';
    const char *whole = apr_pstrcat(pool, "1 x ", line + 2, "|", NULL);
    ck_assert_str_eq(read_all(line), whole);
    line[LINE_MOST - 1] = '\0';
    whole = apr_pstrcat(pool, "1 x ", line + 2, "|2 y |", NULL);
    ck_assert_str_eq(read_all(apr_pstrcat(pool, line, "\ny\n", NULL)), whole);
    const char *half = apr_pstrmemdup(pool, line, LINE_MOST / 2);
    whole = apr_pstrcat(pool, "2 x ", line + 2, "|", NULL);
    ck_assert_str_eq(read_all(apr_pstrcat(pool, half, "\\\n", line + strlen(half), NULL)), whole);
}
END_TEST

Suite *suite_cli_httpd_file(void)
{
    Suite *suite = suite_create("cli_httpd_file");
    TCase *tests = tcase_create("httpd_file");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_loop_test(tests, a_word, 0, (int)(sizeof(words) / sizeof(words[0])));
    tcase_add_test(tests, lines);
    tcase_add_test(tests, a_long_line);
    suite_add_tcase(suite, tests);
    return suite;
}
