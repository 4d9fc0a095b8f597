/* SPDX-License-Identifier: Apache-2.0 */
/* The modes of files that the tool writes, and a disk that is full. */
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static mode_t mode_of(const char *name)
{
    struct stat info;
    ck_assert_int_eq(stat(apr_pstrcat(cli_fixture.f.pool, cli_fixture.folder, name, NULL), &info),
                     0);
    return info.st_mode & 07777;
}

/* Files are private without the umask, and the umask makes all others private. */
START_TEST(files_of_the_tool_are_private)
{
    apr_pool_t *pool = cli_fixture.f.pool;
    (void)cli_fixture_run(apr_pstrcat(pool, "export --out ", cli_fixture.folder, "/file", NULL),
                          NULL);
    ck_assert_uint_eq(cli_fixture.umask, 077);
    ck_assert_uint_eq(mode_of("/file"), 0600);
    const authp_audit_t *entry = fixture_audit(&cli_fixture.f, "export");
    ck_assert_str_eq(entry->actor_id, "cli");
    ck_assert_str_eq(entry->outcome, "ok");
    ck_assert_ptr_null(entry->subject_id);
    const char *out = apr_pstrcat(pool, cli_fixture.folder, "/mails", NULL);
    cli_answer_t answer =
        cli_fixture_run(apr_pstrcat(pool, "mail templates --out ", out, NULL), NULL);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_uint_eq(mode_of("/mails"), 0700);
    ck_assert_uint_eq(mode_of("/mails/invite.en.txt"), 0600);
    ck_assert_uint_eq(mode_of("/mails/invite.en.html"), 0600);
}
END_TEST

/* The disk takes the first bytes of a text, and no more. */
START_TEST(a_template_that_is_cut)
{
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit few = {.rlim_cur = 300, .rlim_max = before.rlim_max};
    const char *out = apr_pstrcat(cli_fixture.f.pool, cli_fixture.folder, "/mails", NULL);
    const char *line = apr_pstrcat(cli_fixture.f.pool, "mail templates --out ", out, NULL);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    cli_answer_t answer = cli_fixture_run(line, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_str_eq(answer.out, "");
    ck_assert_msg(strstr(answer.err, ": File too large\n") != NULL, "%s", answer.err);
}
END_TEST

Suite *suite_cli_files(void)
{
    Suite *suite = suite_create("cli_files");
    TCase *tests = tcase_create("files");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_test(tests, files_of_the_tool_are_private);
    tcase_add_test(tests, a_template_that_is_cut);
    suite_add_tcase(suite, tests);
    return suite;
}
