/* SPDX-License-Identifier: Apache-2.0 */
/* Each command while the store fails at its first operation, at its second one, and so on: a
 * failure is told, the status is 1, and no answer says that something was done. */
#include "cli/commands.h"
#include "cli_fixture.h"
#include "mail_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define MAIL "665f1c2e9b1d4a0012345678"
#define KEY "665f1c2e9b1d4a0012345679"
#define NUMBER "+919876543210"

static const char *sid; /* of a session of ada */
static const char *invite;

static const struct {
    const char *line;
    const char *const *id; /* follows the line */
    const char *without;   /* operations without which the command goes on */
    const char *beyond;    /* another one, or with ">" all that come after it, */
    const char *note;      /* and what standard error then says */
} commands[] = {
    {"user create --role admin --email new@example.org", NULL, NULL, NULL, NULL},
    {"user list", NULL, NULL, NULL, NULL},
    {"user list --phone " NUMBER, NULL, NULL, NULL, NULL},
    {"user show --email ada@example.org", NULL, NULL, NULL, NULL},
    {"user show --username grace", NULL, NULL, NULL, NULL},
    {"user set-roles --email ada@example.org --roles recruiter", NULL, NULL, NULL, NULL},
    /* an account that stays an administrator: no search for another administrator */
    {"user set-roles --email root@example.org --roles admin,candidate", NULL, NULL, NULL, NULL},
    {"user disable --email root@example.org", NULL, "session_end_user", "user_list",
     "note: it is done, but the tool could not check if another admin is left"},
    {"user enable --email dan@example.org", NULL, NULL, NULL, NULL},
    {"user verify-email --email ada@example.org", NULL, NULL, NULL, NULL},
    {"user verify-recruiter --email rita@example.org", NULL, NULL, NULL, NULL},
    {"user withdraw-recruiter --email rob@example.org", NULL, NULL, NULL, NULL},
    {"user reset-password --email ada@example.org", NULL, "session_end_user", NULL, NULL},
    {"user set-phone --email ada@example.org --number +919876543211", NULL, NULL, NULL, NULL},
    {"user unlink --email ada@example.org --provider google", NULL, NULL, NULL, NULL},
    {"user delete --yes --email root@example.org", NULL, "session_end_user user_forget",
     "user_list", "note: it is done, but the tool could not check if another admin is left"},
    {"session list --email ada@example.org", NULL, NULL, NULL, NULL},
    {"session end --session", &sid, NULL, NULL, NULL},
    {"session end --email ada@example.org", NULL, NULL, NULL, NULL},
    {"invite create --email new@example.org", NULL, NULL, NULL, NULL},
    {"invite list", NULL, NULL, NULL, NULL},
    {"invite revoke --id", &invite, NULL, NULL, NULL},
    {"audit list", NULL, NULL, NULL, NULL},
    {"audit list --user ada@example.org", NULL, NULL, NULL, NULL},
    {"otp status", NULL, NULL, NULL, NULL},
    {"mail status", NULL, NULL, NULL, NULL},
    {"mail status --waiting", NULL, NULL, NULL, NULL},
    {"mail status --failed", NULL, NULL, NULL, NULL},
    {"mail retry", NULL, NULL, NULL, NULL},
    {"mail retry --id " MAIL, NULL, NULL, NULL, NULL},
    {"keys status", NULL, NULL, NULL, NULL},
    {"keys forget --yes --id " KEY, NULL, NULL, ">data_key_remove", "note: the mails still wait"},
    {"migrate", NULL, NULL, NULL, NULL},
    {"purge", NULL, NULL, NULL, NULL},
    {"export", NULL, NULL, NULL, NULL},
};

static void add_lost_key(fixture_t *f)
{
    authp_data_key_t key = {.wrapped = "not-sealed", .wrapped_by = "another-key", .created_at = 1};
    authp_mail_row_t mail = {.kind = "invite",
                             .sealed = KEY ".sealed",
                             .due_at = 1000,
                             .created_at = 1,
                             .give_up_at = INT64_C(9900000000000),
                             .expires_at = INT64_C(9900000000000)};
    apr_cpystrn(key.id.hex, KEY, sizeof(key.id.hex));
    apr_cpystrn(mail.id.hex, MAIL, sizeof(mail.id.hex));
    ck_assert_int_eq(authp_store_data_key_add(f->store, &key, f->pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_add(f->store, &mail, f->pool), AUTHP_OK);
}

static void prepare(void)
{
    cli_fixture_open();
    fixture_t *f = &cli_fixture.f;
    authp_user_t *ada = fixture_user(f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(f, ada);
    sid = fixture_session_of(f, grant.refresh_token)->id.hex;
    authp_user_t *stored = mem_store_user(f->store, ada->id.hex);
    stored->phone = NUMBER;
    stored->identities = apr_array_make(f->pool, 1, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(stored->identities, authp_identity_t) =
        (authp_identity_t){.provider = "google", .issuer = "https://g.example", .sub = "1"};
    fixture_user(f, "root@example.org", "admin", false);
    fixture_user(f, "rita@example.org", "recruiter", false);
    fixture_user(f, "rob@example.org", "recruiter", true);
    authp_user_t *dan = fixture_user(f, "dan@example.org", "candidate", false);
    mem_store_user(f->store, dan->id.hex)->disabled = true;
    mem_store_user(f->store, dan->id.hex)->username = "grace";
    add_lost_key(f);
    cli_answer_t made = cli_fixture_run("invite create --email eve@example.org", NULL);
    ck_assert_int_eq(made.status, 0);
    invite = apr_pstrmemdup(f->pool, strstr(made.out, "made invite ") + 12, AUTHP_ID_LEN);
    (void)mem_store_calls(f->store, f->pool);
    cli_fixture.measured = 0;
}

static cli_answer_t run(int which)
{
    const char *line = commands[which].line;
    if (commands[which].id != NULL) {
        line = apr_pstrcat(cli_fixture.f.pool, line, " ", *commands[which].id, NULL);
    }
    return cli_fixture_run(line, FIXTURE_PASSWORD "\n");
}

/* The name of the last operation, NULL if there was none. */
static const char *last_call(void)
{
    const char *calls = mem_store_calls(cli_fixture.f.store, cli_fixture.f.pool);
    const char *blank = strrchr(calls, ' ');
    return blank != NULL ? blank + 1 : calls;
}

/* True if the command goes on without the operation, which is number `nth`. The first one compares
 * the clocks. */
static bool is_harmless(int which, const char *operation, int nth)
{
    const char *more = commands[which].without;
    return strcmp(operation, "audit_append") == 0 ||
           (nth == 1 && strcmp(operation, "clock") == 0) ||
           (more != NULL && strstr(more, operation) != NULL);
}

/* Which operation of the list fails. */
static const char *nth_of(const char *calls, int nth)
{
    char *last = NULL;
    const char *name = NULL;
    char *rest = apr_pstrdup(cli_fixture.f.pool, calls);
    for (name = apr_strtok(rest, " ", &last); name != NULL && nth > 1; nth--) {
        name = apr_strtok(NULL, " ", &last);
    }
    return name;
}

/* True if the command has done its work before operation number `nth` and only tells of a failure.
 */
static bool is_beyond(int which, const char *calls, int nth)
{
    const char *beyond = commands[which].beyond;
    bool after = beyond != NULL && *beyond == '>';
    bool found = beyond != NULL && !after && strcmp(nth_of(calls, nth), beyond) == 0;
    for (int i = 1; after && i < nth; i++) {
        found = found || strcmp(nth_of(calls, i), beyond + 1) == 0;
    }
    return found;
}

static void check_failed(const cli_answer_t *answer, const char *operation)
{
    const char *note = "authplatform: note: the database is in memory, as ";
    ck_assert_msg(answer->status == 1, "%s: status %d\n%s%s", operation, answer->status,
                  answer->out, answer->err);
    ck_assert_msg(strstr(answer->err, "authplatform: the store cannot be reached, does not answer "
                                      "in time, or refuses a statement\n") != NULL,
                  "%s: %s", operation, answer->err);
    ck_assert_msg(strstr(answer->err, note) != NULL, "%s: %s", operation, answer->err);
}

START_TEST(a_failure_of_the_store_is_told)
{
    prepare();
    cli_answer_t fine = run(_i);
    ck_assert_msg(fine.status == 0, "%s", fine.err);
    ck_assert_int_eq(cli_fixture.measured > 0, strcmp(commands[_i].line, "migrate") != 0);
    const char *calls = mem_store_calls(cli_fixture.f.store, cli_fixture.f.pool);
    int count = 1;
    for (const char *at = calls; *at != '\0'; at++) {
        count += *at == ' ';
    }
    calls = strdup(calls);
    cli_fixture_close();
    for (int nth = 1; nth <= count; nth++) {
        prepare();
        const char *operation = nth_of(calls, nth);
        mem_store_fail(cli_fixture.f.store, NULL, nth, AUTHP_E_UNAVAILABLE);
        cli_answer_t answer = run(_i);
        const char *last = last_call();
        if (is_harmless(_i, operation, nth)) {
            ck_assert_msg(answer.status == 0, "%d %s: %s", nth, operation, answer.err);
        } else if (is_beyond(_i, calls, nth)) {
            ck_assert_int_eq(answer.status, 0);
            ck_assert_msg(strstr(answer.err, commands[_i].note) != NULL, "%s", answer.err);
        } else {
            check_failed(&answer, operation);
            ck_assert_str_eq(last, operation);
            if (strcmp(commands[_i].line, "export") != 0) {
                ck_assert_str_eq(answer.out, "");
            }
        }
        cli_fixture_close();
    }
    free((char *)(uintptr_t)calls);
}
END_TEST

/* Another process sends the mail at this moment, so it does not wait in vain. */
START_TEST(a_mail_that_changes_meanwhile)
{
    prepare();
    mem_store_fail(cli_fixture.f.store, "outbox_fail", 0, AUTHP_E_CONFLICT);
    cli_answer_t answer = cli_fixture_run("keys forget --yes --id " KEY, NULL);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_msg(strstr(answer.err, "still wait") == NULL, "%s", answer.err);
    cli_fixture_close();
}
END_TEST

/* Another process has wrapped the key again since it was read. */
START_TEST(a_key_that_changes_meanwhile)
{
    prepare();
    mem_store_fail(cli_fixture.f.store, "data_key_remove", 0, AUTHP_E_CONFLICT);
    cli_answer_t answer = cli_fixture_run("keys forget --yes --id " KEY, NULL);
    ck_assert_int_eq(answer.status, 1);
    ck_assert_str_eq(answer.out, "");
    ck_assert_str_eq(answer.err,
                     "authplatform: another process has just changed this data key: see "
                     "authplatform keys status\n");
    ck_assert_ptr_null(fixture_audit(&cli_fixture.f, "key_forget"));
    cli_fixture_close();
}
END_TEST

/* Commands that ask no store, or that have tests of their own (import, which tries again, and keys
 * wrap). */
static const char *const others[] = {"mail templates", "mail test", "keys wrap",
                                     "import",         "secret",    "check-config"};

START_TEST(each_command_is_tested)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    for (const authp_command_t *row = authp_commands; row->verb != NULL; row++) {
        const char *name = authp_options_command_name(row, pool);
        bool found = false;
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
            found = found || strcmp(others[i], name) == 0;
        }
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
            found = found || strncmp(commands[i].line, name, strlen(name)) == 0;
        }
        ck_assert_msg(found, "%s", name);
    }
    apr_pool_destroy(pool);
}
END_TEST

#define WHICH " --email EMAIL --username NAME --phone NUMBER --id ID"
#define PAGE " --limit N --after ID"

/* Each command with its options, in their order. Those behind ! are required. */
static const char options[] =
    "user create: !--role ROLE --email EMAIL --username NAME --phone NUMBER --name NAME --verified\n"
    "user list: --role ROLE --email PREFIX --username PREFIX --phone NUMBER" PAGE "\n"
    "user show:" WHICH "\n"
    "user set-roles:" WHICH " !--roles A,B\n"
    "user disable:" WHICH "\n"
    "user enable:" WHICH "\n"
    "user verify-recruiter:" WHICH "\n"
    "user withdraw-recruiter:" WHICH "\n"
    "user verify-email:" WHICH "\n"
    "user reset-password:" WHICH "\n"
    "user set-phone:" WHICH " --number NUMBER --none\n"
    "user unlink:" WHICH " !--provider NAME\n"
    "user delete:" WHICH " --yes\n"
    "session list:" WHICH PAGE "\n"
    "session end: --session ID" WHICH "\n"
    "invite create: !--email EMAIL --role ROLE --hours N\n"
    "invite list: --email PREFIX --state STATE" PAGE "\n"
    "invite revoke: !--id ID\n"
    "audit list: --user WHO --event NAME --since TIME" PAGE "\n"
    "otp status:\n"
    "mail templates: !--out DIR\n"
    "mail test: !--to EMAIL\n"
    "mail status: --waiting --failed" PAGE "\n"
    "mail retry: --id ID\n"
    "keys status:\n"
    "keys wrap:\n"
    "keys forget: !--id ID --yes\n"
    "migrate: --to N --force\n"
    "export: --out FILE\n"
    "import: --in FILE --format NAME --dry-run --drop-factors --hash-algo NAME --hash-key BASE64"
    " --salt-separator BASE64 --rounds N --mem-cost N --parallelization N --block-size N --dk-len N"
    " --hash-input-order ORDER\n"
    "check-config: --httpd FILE --online\n"
    "purge:\n"
    "secret:\n";

START_TEST(options_of_commands)
{
    apr_pool_t *pool = NULL;
    const char *all = "";
    apr_pool_create(&pool, NULL);
    for (const authp_command_t *row = authp_commands; row->verb != NULL; row++) {
        all = apr_pstrcat(pool, all, authp_options_command_name(row, pool), ":", NULL);
        for (const authp_flag_t *flag = row->flags; flag->name != NULL; flag++) {
            all = apr_pstrcat(pool, all, flag->required ? " !--" : " --", flag->name,
                              flag->value != NULL ? " " : "", flag->value, NULL);
        }
        all = apr_pstrcat(pool, all, "\n", NULL);
    }
    ck_assert_str_eq(all, options);
    apr_pool_destroy(pool);
}
END_TEST

Suite *suite_cli_failures(void)
{
    Suite *suite = suite_create("cli_failures");
    TCase *tests = tcase_create("failures");
    tcase_add_loop_test(tests, a_failure_of_the_store_is_told, 0,
                        (int)(sizeof(commands) / sizeof(commands[0])));
    tcase_add_test(tests, a_mail_that_changes_meanwhile);
    tcase_add_test(tests, a_key_that_changes_meanwhile);
    tcase_add_test(tests, options_of_commands);
    tcase_add_test(tests, each_command_is_tested);
    suite_add_tcase(suite, tests);
    return suite;
}
