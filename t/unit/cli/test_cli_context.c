/* SPDX-License-Identifier: Apache-2.0 */
/* How commands open the store, which settings they read, and what single commands say. */
#include "cli_fixture.h"
#include "mail_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAIL_LINES                                                                                 \
    "MAIL_URL=smtp://127.0.0.1:1\nMAIL_TLS=off\nMAIL_FROM=us@example.org\n"                        \
    "PUBLIC_URL=http://localhost"
#define NEW_KEY "other-key-other-key-other-key-other-key"

/* --- the store -------------------------------------------------------------------------------- */
/* Commands that move many rows wait a minute for an operation, others two seconds. */
static const struct {
    const char *line;
    int timeout_ms;
    bool bulk;
    int measured;
} opened[] = {
    {"export", 60000, true, 1},    {"import --in /dev/null", 60000, true, 1},
    {"user list", 2000, false, 1}, {"purge", 2000, false, 1},
    {"migrate", 2000, false, 0},
};

START_TEST(how_a_store_is_opened)
{
    (void)cli_fixture_run(opened[_i].line, NULL);
    ck_assert_int_eq(cli_fixture.opened, 1);
    ck_assert_int_eq(cli_fixture.measured, opened[_i].measured);
    ck_assert_int_eq(cli_fixture.config.timeout_ms, opened[_i].timeout_ms);
    ck_assert_int_eq(cli_fixture.config.bulk, opened[_i].bulk);
}
END_TEST

/* No command but these opens a store. */
START_TEST(commands_without_a_store)
{
    static const char *const lines[] = {"secret",       "check-config", "help",
                                        "version",      "user show",    "user create --role admin",
                                        "export --json"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        (void)cli_fixture_run(lines[i], NULL);
        ck_assert_msg(cli_fixture.opened == 0, "%s", lines[i]);
    }
}
END_TEST

/* --- settings --------------------------------------------------------------------------------- */
/* Without --env-file and without a .env, only variables of the environment count. */
START_TEST(a_key_in_the_environment)
{
    static const char *const names[] = {NULL, "JWT_SECRET_KEY", "SECRET_KEY"};
    static const char note[] = "authplatform: note: there is no .env in this folder; name the "
                               "server's settings file with --env-file FILE\n";
    char here[4096];
    ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
    ck_assert_int_eq(chdir(cli_fixture.folder), 0);
    cli_fixture.env_file = NULL;
    if (names[_i] != NULL) {
        setenv(names[_i], "short", 1);
    }
    cli_answer_t answer = cli_fixture_run("user list", NULL);
    if (names[_i] != NULL) {
        unsetenv(names[_i]);
    }
    ck_assert_int_eq(chdir(here), 0);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_str_eq(answer.out, "");
    ck_assert_msg(strstr(answer.err, "SECRET_KEY") != NULL, "%s", answer.err);
    ck_assert_int_eq(strstr(answer.err, note) != NULL, names[_i] == NULL);
}
END_TEST

/* A command that loads settings says what is wrong with them, in a line, and opens no store. */
START_TEST(settings_that_are_wrong)
{
    static const char *const lines[] = {"mail test --to a@b.c", "user list", "migrate", "purge",
                                        "keys status",          "export"};
    cli_fixture_set("AUTH_LIMITS=perhaps");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        cli_answer_t answer = cli_fixture_run(lines[i], NULL);
        const char *begin = apr_pstrcat(cli_fixture.f.pool, "authplatform: AUTH_LIMITS in ",
                                        cli_fixture.env_file, NULL);
        ck_assert_msg(strstr(answer.err, begin) == answer.err, "%s: %s", lines[i], answer.err);
        ck_assert_ptr_eq(strchr(answer.err, '\n') + 1, answer.err + strlen(answer.err));
        ck_assert_str_eq(answer.out, "");
        ck_assert_int_eq(answer.status, 1);
    }
    ck_assert_int_eq(cli_fixture.opened, 0);
}
END_TEST

/* A wrong text of MAIL_TEMPLATE_DIR is an error of check-config, as it is one of httpd -t. */
START_TEST(texts_that_are_wrong)
{
    fixture_t *f = &cli_fixture.f;
    const char *folder = apr_pstrcat(f->pool, cli_fixture.folder, "/mails", NULL);
    cli_fixture_set(MAIL_LINES);
    cli_answer_t answer = cli_fixture_run("check-config", NULL);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_ptr_nonnull(strstr(answer.out, "\n  mail_from               us@example.org\n"));
    ck_assert_ptr_nonnull(strstr(answer.out, "\n  email_verification      optional\n"));
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    (void)cli_fixture_file("mails/invite.en.txt", "Subject: A\n\nB\n");
    cli_fixture_set(apr_pstrcat(f->pool, "MAIL_TEMPLATE_DIR=", folder, NULL));
    for (int json = 0; json < 2; json++) {
        answer = cli_fixture_run(json ? "check-config --json" : "check-config", NULL);
        ck_assert_int_eq(answer.status, 1);
        ck_assert_msg(strstr(answer.err, "invite.en.txt lacks {{code}}") != NULL, "%s", answer.err);
        ck_assert_int_eq(strstr(answer.out, "invite.en.txt lacks {{code}}") != NULL, json);
        ck_assert(json || *answer.out == '\0');
    }
}
END_TEST

/* A store that cannot be opened is named, with the settings that name it: nobody can make its
 * folder. */
START_TEST(a_store_that_cannot_be_opened)
{
    fixture_t *f = &cli_fixture.f;
    (void)cli_fixture_file("env", "JWT_SECRET_KEY=" FIXTURE_SECRET
                                  "\nAUTH_STORE=sqlite\nAUTH_STATE_DIR=/proc/none\n");
    cli_fixture.own_store = true;
    cli_answer_t answer = cli_fixture_run("user list", NULL);
    const char *line =
        apr_pstrcat(f->pool,
                    "authplatform: cannot open the store \"sqlite\" (unavailable): the "
                    "database is /proc/none/auth_platform.db, as ",
                    cli_fixture.env_file, " says\n", NULL);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_str_eq(answer.out, "");
    ck_assert_msg(strstr(answer.err, line) != NULL, "%s", answer.err);
}
END_TEST

/* --- what single commands say ----------------------------------------------------------------- */
static const struct {
    const char *line;
    int status;
    const char *out; /* how it begins */
    const char *err;
} words[] = {
    {"audit list --user +919876543299", 1, "",
     "there is no user with this phone number; name a deleted one by its id"},
    {"audit list --user nobody", 1, "",
     "there is no user with this username; name a deleted one by its id"},
    {"audit list --user a@b.c", 1, "",
     "there is no user with this e-mail address; name a deleted one by its id"},
    {"user list --phone +919876543210 --username ada", 2, "",
     "--phone names one account: give no other option with it"},
    {"user list --phone +919876543210 --email ada", 2, "",
     "--phone names one account: give no other option with it"},
    {"user list --phone +919876543210 --role admin", 2, "",
     "--phone names one account: give no other option with it"},
    {"user set-phone --email ada@example.org --none", 0, "removed the number of user ", NULL},
    {"user set-phone --email ada@example.org --number +919876543211", 0, "set the number of user ",
     NULL},
    {"user show --phone +919876543299", 1, "", "there is no user with this phone number"},
    {"user show --username nobody", 1, "", "there is no user with this username"},
    {"user show --email a@b.c", 1, "", "there is no user with this e-mail address"},
    {"user show --id 665f1c2e9b1d4a0012345678", 1, "", "there is no user with this id"},
    {"session end --session 665f1c2e9b1d4a0012345678", 1, "",
     "there is no such session, or it has ended already"},
    {"keys status", 0, "The store has no data key yet. The first mail makes one.\n", NULL},
    {"mail retry", 0, "no mail waits or has failed\n", NULL},
    {"import --in /nowhere/at/all", 1, "",
     "cannot open /nowhere/at/all: No such file or directory"},
    {"export --out /nowhere/at/all", 1, "",
     "cannot write /nowhere/at/all.part: No such file or directory"},
    {"otp status", 0, "codes sent on ", NULL},
    {"help --version", 0, "authplatform ", NULL},
    {"user list --help --version", 0, "authplatform ", NULL},
};

START_TEST(what_commands_say)
{
    fixture_t *f = &cli_fixture.f;
    authp_user_t *ada = fixture_user(f, "ada@example.org", "candidate", false);
    mem_store_user(f->store, ada->id.hex)->phone = "+919876543210";
    cli_answer_t answer = cli_fixture_run(words[_i].line, NULL);
    const char *err = words[_i].err != NULL
                          ? apr_pstrcat(f->pool, "authplatform: ", words[_i].err, "\n", NULL)
                          : "";
    ck_assert_str_eq(answer.err, err);
    ck_assert_int_eq(answer.status, words[_i].status);
    ck_assert_int_eq(strncmp(answer.out, words[_i].out, strlen(words[_i].out)), 0);
    ck_assert_int_eq(*answer.out == '\0', *words[_i].out == '\0');
}
END_TEST

static void change_address(void *user)
{
    ((authp_user_t *)user)->email = "new@example.org";
}

/* Another process changes the address between the look at the account and the change. */
START_TEST(an_address_that_changes_meanwhile)
{
    fixture_t *f = &cli_fixture.f;
    authp_user_t *ada = fixture_user(f, "ada@example.org", "candidate", false);
    authp_user_t *stored = mem_store_user(f->store, ada->id.hex);
    mem_store_before(f->store, "user_by_id", change_address, stored);
    cli_answer_t answer = cli_fixture_run("user verify-email --email ada@example.org", NULL);
    ck_assert_str_eq(answer.err, "authplatform: the e-mail address of this account has just been "
                                 "changed: see user show\n");
    ck_assert_str_eq(answer.out, "");
    ck_assert_int_eq(answer.status, 1);
    ck_assert(!mem_store_user(f->store, ada->id.hex)->email_verified);
}
END_TEST

/* The limit is 20 seconds, either way. */
START_TEST(a_purge_compares_the_clocks)
{
    static const struct {
        authp_ms_t ahead;
        const char *says; /* NULL: the purge runs */
    } cases[] = {{0, NULL},
                 {20000, NULL},
                 {-20000, NULL},
                 {3600000, "3600 seconds ahead of"},
                 {-7200000, "7200 seconds behind"}};
    mem_store_ahead(cli_fixture.f.store, cases[_i].ahead);
    cli_answer_t answer = cli_fixture_run("purge", NULL);
    ck_assert_int_eq(answer.status, cases[_i].says != NULL);
    if (cases[_i].says == NULL) {
        ck_assert_str_eq(answer.out, "0 rows removed\n");
    } else {
        ck_assert_str_eq(answer.out, "");
        ck_assert_str_eq(answer.err,
                         apr_pstrcat(cli_fixture.f.pool,
                                     "authplatform: nothing was removed: the store's clock is ",
                                     cases[_i].says,
                                     " this host's (20 seconds are allowed), so the age of an "
                                     "entry is uncertain. Set the clock that is wrong, then purge "
                                     "again.\n",
                                     NULL));
    }
}
END_TEST

/* --- mails that nobody sends ------------------------------------------------------------------ */
/* The note is there from the first mail that waits. */
START_TEST(mails_that_wait_without_a_server)
{
    fixture_t *f = &cli_fixture.f;
    for (int i = 0; i < 3; i++) {
        cli_answer_t answer = cli_fixture_run("mail status", NULL);
        const char *note = apr_pstrcat(f->pool, "authplatform: note: MAIL_URL is not set in ",
                                       cli_fixture.env_file,
                                       ", so a server with these settings sends no mail\n", NULL);
        ck_assert_str_eq(answer.err, i == 0 ? "" : note);
        ck_assert_int_eq(answer.status, 0);
        authp_mail_row_t mail = {.kind = "invite",
                                 .sealed = "665f1c2e9b1d4a0012345679.sealed",
                                 .due_at = 1000,
                                 .created_at = 1,
                                 .give_up_at = INT64_C(9900000000000),
                                 .expires_at = INT64_C(9900000000000)};
        (void)apr_snprintf(mail.id.hex, sizeof(mail.id.hex), "%024d", i);
        ck_assert_int_eq(authp_store_outbox_add(f->store, &mail, f->pool), AUTHP_OK);
    }
    cli_fixture_set(MAIL_LINES);
    ck_assert_str_eq(cli_fixture_run("mail status", NULL).err, "");
}
END_TEST

/* --- data keys -------------------------------------------------------------------------------- */
START_TEST(a_key_that_cannot_be_wrapped)
{
    fixture_t *f = &cli_fixture.f;
    mail_fixture_on(f);
    (void)cli_fixture_file("env",
                           "JWT_SECRET_KEY=" NEW_KEY "\nJWT_SECRET_KEY_PREVIOUS=" FIXTURE_SECRET
                           "\nAUTH_STORE=sqlite\nAUTH_STATE_DIR=/nowhere\n");
    mem_store_fail(f->store, "data_key_rewrap", 0, AUTHP_E_UNAVAILABLE);
    cli_answer_t answer = cli_fixture_run("keys wrap", NULL);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_str_eq(answer.out, "");
    ck_assert_ptr_nonnull(strstr(answer.err, "the store cannot be reached"));
    mem_store_fail(f->store, NULL, 0, AUTHP_OK);
    answer = cli_fixture_run("keys wrap", NULL);
    ck_assert_str_eq(answer.out, "1 data key wrapped again\n");
    ck_assert_int_eq(answer.status, 0);
}
END_TEST

/* check-config --online opens the store only for data keys: if mails are sent, and if there is a
 * database. */
START_TEST(a_store_that_is_not_needed)
{
    for (int i = 0; i < 4; i++) {
        cli_fixture_set(i == 2 ? MAIL_LINES : "");
        const char *file = cli_fixture_file("auth_platform.db", "");
        if (i % 2 == 0) {
            ck_assert_int_eq(unlink(file), 0);
        }
        cli_answer_t answer = cli_fixture_run("check-config --online --json", NULL);
        ck_assert_int_eq(cli_fixture.opened, i == 3);
        ck_assert_int_eq(strstr(answer.out, "data_keys") != NULL, i == 3);
    }
}
END_TEST

/* check-config --online also names a store that fails. */
START_TEST(data_keys_that_are_not_known)
{
    fixture_t *f = &cli_fixture.f;
    (void)cli_fixture_file("auth_platform.db", "");
    cli_fixture_set(MAIL_LINES);
    mem_store_fail(f->store, "data_key_list", 0, AUTHP_E_UNAVAILABLE);
    cli_answer_t answer = cli_fixture_run("check-config --online --json", NULL);
    const char *says = apr_pstrcat(f->pool,
                                   "authplatform: the data keys are not known, because the store "
                                   "fails (unavailable): the database is in memory, as ",
                                   cli_fixture.env_file, " says\n", NULL);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_msg(strstr(answer.err, says) != NULL, "%s", answer.err);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

Suite *suite_cli_context(void)
{
    Suite *suite = suite_create("cli_context");
    TCase *tests = tcase_create("context");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_loop_test(tests, how_a_store_is_opened, 0, COUNT(opened));
    tcase_add_test(tests, commands_without_a_store);
    tcase_add_loop_test(tests, a_key_in_the_environment, 0, 3);
    tcase_add_test(tests, settings_that_are_wrong);
    tcase_add_test(tests, texts_that_are_wrong);
    tcase_add_test(tests, a_store_that_cannot_be_opened);
    tcase_add_loop_test(tests, what_commands_say, 0, COUNT(words));
    tcase_add_test(tests, an_address_that_changes_meanwhile);
    tcase_add_loop_test(tests, a_purge_compares_the_clocks, 0, 5);
    tcase_add_test(tests, mails_that_wait_without_a_server);
    tcase_add_test(tests, a_key_that_cannot_be_wrapped);
    tcase_add_test(tests, a_store_that_is_not_needed);
    tcase_add_test(tests, data_keys_that_are_not_known);
    suite_add_tcase(suite, tests);
    return suite;
}
