/* SPDX-License-Identifier: Apache-2.0 */
/* What the tool writes: its two streams, the words of errors, tables, the progress of a long
 * command, and answers that get lost. */
#include "base/log.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/show.h"
#include "cli/table.h"
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOUR_MS 3600000

/* --- words ------------------------------------------------------------------------------------ */
static const struct {
    authp_err_t err;
    const char *words; /* NULL: none of its own */
} explained[] = {
    {AUTHP_E_EMAIL_TAKEN, "there is an account with this e-mail address already"},
    {AUTHP_E_USER_EXISTS,
     "there is an account with this username, phone number or e-mail address already"},
    {AUTHP_E_CANNOT_VERIFY, "this person neither is a recruiter nor asked to be one: to make a "
                            "recruiter of an account, first give it the role (user set-roles)"},
    {AUTHP_E_LAST_ADMIN, "this is the last admin who can sign in: make another one first"},
    {AUTHP_E_UNAVAILABLE,
     "the store cannot be reached, does not answer in time, or refuses a statement"},
    {AUTHP_E_BUSY, "too many requests at the same time, try again"},
    {AUTHP_E_INTERNAL, NULL},
    {AUTHP_E_CONFLICT, NULL},
    {AUTHP_E_NOT_FOUND, NULL},
};

/* A failure is told in one line. If the store is to blame, a second line names it. */
START_TEST(failures_have_words)
{
    apr_pool_t *pool = cli_fixture.f.pool;
    authp_err_t err = explained[_i].err;
    const char *words = explained[_i].words;
    authp_context_t context = {.pool = pool, .where = "the database is X"};
    bool store = err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_INTERNAL;
    ck_assert_pstr_eq(authp_output_explain(err), words);
    if (words == NULL) {
        words = apr_psprintf(pool, "failed (%s)", authp_err_name(err));
    }
    cli_fixture_catch(STDERR_FILENO);
    int status = authp_context_failure(&context, err, err == AUTHP_E_NOT_FOUND ? "none" : NULL);
    const char *said = cli_fixture_caught(STDERR_FILENO);
    ck_assert_int_eq(status, 1);
    words = err == AUTHP_E_NOT_FOUND ? "none" : words;
    ck_assert_str_eq(said,
                     apr_pstrcat(pool, "authplatform: ", words, "\n",
                                 store ? "authplatform: note: the database is X\n" : "", NULL));
}
END_TEST

/* Warnings and errors of the library are for people. Notices and the rest are for servers. */
START_TEST(lines_of_the_log)
{
    cli_fixture_catch(STDERR_FILENO);
    authp_output_log(true);
    for (int level = AUTHP_LOG_ERROR; level <= AUTHP_LOG_DEBUG; level++) {
        authp_log((authp_log_level_t)level, "AUTHP0999", "level %d", level);
    }
    authp_output_log(false);
    authp_log(AUTHP_LOG_ERROR, "AUTHP0999", "unheard");
    ck_assert_str_eq(cli_fixture_caught(STDERR_FILENO), "authplatform: AUTHP0999: level 0\n"
                                                        "authplatform: AUTHP0999: level 1\n");
}
END_TEST

static const char help_begins[] =
    "authplatform: the accounts and settings of mod_auth_platform, from the command line.\n\n"
    "Usage: authplatform [--env-file FILE] [--json] COMMAND [OPTIONS]\n\nCommands:\n"
    "  user create              Make an account\n";
static const char help_ends[] =
    "  secret                   Print a strong secret for JWT_SECRET_KEY\n"
    "  help [COMMAND]           Show this, or the help of a command\n"
    "  version                  Show the version\n\nOptions:\n"
    "  --env-file FILE          read settings from FILE (default: ./.env if there is one)\n"
    "  --json                   answer with one JSON document\n"
    "  --help                   show this help, or the help of a command\n"
    "  --version                show the version\n\n"
    "Name the file of the server's AuthPlatformEnvFile by --env-file, so that the tool works on\n"
    "the same accounts. Without --env-file it reads the file .env of the current folder, if\n"
    "there is one. Variables of the environment take precedence over the file.\n\n"
    "If root runs the tool, it first changes to the owner of the folder that holds the database,\n"
    "so that the server can use the files that it writes.\n\n"
    "Exit status: 0 done, 1 failed (a line on standard error says why), 2 wrong usage.\n";

START_TEST(words_of_the_help)
{
    const cli_answer_t answer = cli_fixture_run("help", NULL);
    ck_assert_uint_gt(strlen(answer.out), strlen(help_begins) + strlen(help_ends));
    ck_assert_str_eq(answer.out + strlen(answer.out) - strlen(help_ends), help_ends);
    ck_assert_int_eq(strncmp(answer.out, help_begins, strlen(help_begins)), 0);
}
END_TEST

/* Limits and defaults that the help names. */
START_TEST(figures_of_the_help)
{
    static const char *const figures[][2] = {
        {"user create", "3 to 150 letters, digits, _ . and -; kept in lower case"},
        {"user list", "at most N, 1 to 200 (default: 50)"},
        {"user set-roles", "some of ROLES, comma separated; - for none (required)"},
        {"invite create", "hours until it expires, 1 to 8760 (default: 168, a week)"},
        {"invite create", "recruiter (default) or admin"},
        {"audit list", "only entries since TIME: 30m, 24h or 7d (ago), a date, or 2026-01-31T08"},
        {"mail test", "waits at most 45 seconds"},
        {"export", "it is for its owner only (0600)"},
        {"import", "the file to read (default: standard input)"},
        {"import", "authplatform (default), csv, firebase, auth0, supabase or keycloak"},
        {"purge", "differs from it by more than 20 seconds, nothing is removed"},
    };
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        const char *line = apr_pstrcat(cli_fixture.f.pool, "help ", figures[i][0], NULL);
        const cli_answer_t answer = cli_fixture_run(line, NULL);
        ck_assert_msg(strstr(answer.out, figures[i][1]) != NULL, "%s: %s", line, answer.out);
    }
}
END_TEST

/* --- lost answers ----------------------------------------------------------------------------- */
/* Leads standard output to the file, as `> file` does, and gives back what it was. */
static int lead_output(const char *path)
{
    fflush(stdout);
    int before = dup(STDOUT_FILENO);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert(before >= 0 && fd >= 0);
    ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    close(fd);
    return before;
}

static void lead_back(int before)
{
    ck_assert_int_eq(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    close(before);
    clearerr(stdout);
}

/* The first part of a long answer is lost, and the rest of it can be written. */
START_TEST(a_part_that_is_lost_counts)
{
    char *line = apr_palloc(cli_fixture.f.pool, 1001);
    memset(line, 'x', 1000);
    line[1000] = '\0';
    int before = lead_output("/dev/full");
    for (int i = 0; i < 200; i++) {
        authp_output_line(cli_fixture.f.pool, "%s", line);
    }
    int full = lead_output("/dev/null"); /* its fflush() drops or keeps what is left */
    bool fine = authp_output_finish();
    close(full);
    lead_back(before);
    ck_assert(!fine);
    ck_assert(authp_output_finish());
}
END_TEST

/* --- tables ----------------------------------------------------------------------------------- */
START_TEST(cells_of_a_table)
{
    static const char *const head[] = {"A", "LONG HEAD", "B", NULL};
    static const char *const rows[][3] = {
        {"1", "x", "last  "}, {"", NULL, ""}, {"wide cell", "\xc3\xa4\xc3\xb6", "b\tc\x7f"}};
    authp_table_t *table = authp_table_make(head, cli_fixture.f.pool);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        authp_table_add(table, rows[i]);
    }
    cli_fixture_catch(STDOUT_FILENO);
    authp_table_print(table);
    const char *said = cli_fixture_caught(STDOUT_FILENO);
    ck_assert_str_eq(said, "A          LONG HEAD  B\n"
                           "1          x          last  \n"
                           "-          -          -\n"
                           "wide cell  \xc3\xa4\xc3\xb6         b?c?\n");
}
END_TEST

/* An invite counts until the millisecond before its end. */
START_TEST(states_of_an_invite)
{
    authp_context_t context = {.pool = cli_fixture.f.pool, .realm = cli_fixture.f.realm};
    authp_ms_t now = authp_realm_now(context.realm);
    const struct {
        authp_invite_t invite;
        const char *state;
    } cases[] = {
        {{.expires_at = now + 1}, "open"},
        {{.expires_at = now}, "expired"},
        {{.expires_at = now - 1}, "expired"},
        {{.expires_at = now + HOUR_MS, .used_at = 1}, "used"},
        {{.expires_at = now - HOUR_MS, .used_at = 1}, "used"},
        {{.expires_at = now + HOUR_MS, .revoked_at = 1}, "revoked"},
        {{.expires_at = now - HOUR_MS, .revoked_at = 1}, "revoked"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(authp_show_invite_state(&context, &cases[i].invite), cases[i].state);
    }
}
END_TEST

/* --- progress --------------------------------------------------------------------------------- */
/* Returns what is shown of a command that has begun `seconds` ago. `pause`: milliseconds since the
 * line was last written; 0: it was not. */
static const char *shown(int seconds, int pause, int64_t done, int64_t all)
{
    authp_ms_t now = authp_clock_now(authp_clock_monotonic());
    authp_progress_t progress = {.shown = true,
                                 .began = now - (authp_ms_t)seconds * 1000,
                                 .latest = pause != 0 ? now - pause : 0};
    cli_fixture_catch(STDERR_FILENO);
    authp_progress_show(&progress, done, all, 5000 + done);
    return cli_fixture_caught(STDERR_FILENO);
}

/* The command is so long ago that a slow test changes no figure but the last digits. */
START_TEST(progress_has_its_figures)
{
    char rest[16] = "";
    int seconds = 0;
    const char *said = shown(100000, 0, 2500000, 10000000);
    ck_assert_int_eq(
        sscanf(said, "\r2505000 rows, 25 a second, 25 %%, 5000:%d left%15s", &seconds, rest), 2);
    ck_assert_str_eq(rest, "\033[K");
    ck_assert_int_ge(seconds, 0);
    ck_assert_int_lt(seconds, 60);
    ck_assert_str_eq(shown(5000, 0, 0, 100), "\r5000 rows, 1 a second\033[K");
    ck_assert_str_eq(shown(5000, 0, 100, 0), "\r5100 rows, 1 a second\033[K");
    ck_assert_str_eq(shown(5000, 0, 101, 100), "\r5101 rows, 1 a second\033[K");
    ck_assert_str_eq(shown(5000, 0, 100, 100), "\r5100 rows, 1 a second, 100 %, 0:01 left\033[K");
    for (int i = 0; i < 20; i++) { /* most of these within the first millisecond */
        ck_assert_ptr_null(strstr(shown(0, 0, 1, 2), "inf"));
    }
}
END_TEST

/* The line is written again after a quarter of a second, and not before. */
START_TEST(progress_pauses)
{
    const authp_clock_t *clock = authp_clock_monotonic();
    bool paused = false;
    ck_assert_str_ne(shown(5000, 250, 1, 0), "");
    for (int i = 0; i < 100 && !paused; i++) {
        authp_ms_t before = authp_clock_now(clock);
        const char *said = shown(5000, 150, 1, 0);
        paused = authp_clock_now(clock) - before < 100;
        ck_assert(!paused || *said == '\0');
    }
    ck_assert(paused);
}
END_TEST

START_TEST(progress_is_cleared)
{
    authp_progress_t progress = {.shown = true, .began = 1, .latest = 1};
    cli_fixture_catch(STDERR_FILENO);
    authp_progress_clear(&progress);
    ck_assert_int_eq(progress.latest, 0);
    authp_progress_clear(&progress);
    progress.shown = false;
    authp_progress_show(&progress, 1, 2, 3);
    authp_progress_clear(&progress);
    ck_assert_str_eq(cli_fixture_caught(STDERR_FILENO), "\r\033[K");
}
END_TEST

Suite *suite_cli_output(void)
{
    Suite *suite = suite_create("cli_output");
    TCase *tests = tcase_create("output");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_loop_test(tests, failures_have_words, 0,
                        (int)(sizeof(explained) / sizeof(explained[0])));
    tcase_add_test(tests, lines_of_the_log);
    tcase_add_test(tests, words_of_the_help);
    tcase_add_test(tests, figures_of_the_help);
    tcase_add_test(tests, a_part_that_is_lost_counts);
    tcase_add_test(tests, cells_of_a_table);
    tcase_add_test(tests, states_of_an_invite);
    tcase_add_test(tests, progress_has_its_figures);
    tcase_add_test(tests, progress_pauses);
    tcase_add_test(tests, progress_is_cleared);
    suite_add_tcase(suite, tests);
    return suite;
}
