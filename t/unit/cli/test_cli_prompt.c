/* SPDX-License-Identifier: Apache-2.0 */
/* Questions on a terminal: on which stream, what is wiped afterwards, what becomes of text that
 * was typed too early or too late, and which of the three streams must be a terminal. */
#include "cli/prompt.h"
#include "cli_fixture.h"
#include "suite.h"
#include "wiped.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define IN (1U << STDIN_FILENO)
#define OUT (1U << STDOUT_FILENO)
#define ERR (1U << STDERR_FILENO)

/* A person: waits for a question on standard error, types the answer, and so on. */
typedef struct typed_t {
    const char *question;
    const char *answer;
} typed_t;

static int master;
static int before[3];
static pid_t person;

static void answer_all(const typed_t *typed, int errors)
{
    char seen[4096];
    size_t len = 0;
    seen[0] = '\0';
    while (typed->question != NULL) {
        ssize_t got = read(errors, seen + len, sizeof(seen) - 1 - len);
        if (got <= 0) {
            _exit(1);
        }
        len += (size_t)got;
        seen[len] = '\0';
        if (strstr(seen, typed->question) != NULL) {
            if (write(master, typed->answer, strlen(typed->answer)) < 0) {
                _exit(1);
            }
            len = 0;
            seen[0] = '\0';
            typed++;
        }
    }
    while (read(errors, seen, sizeof(seen)) > 0) {
    }
    _exit(0);
}

/* Standard input is a terminal from now on, and standard error goes to the person. */
static void sit_down(const typed_t *typed)
{
    int errors[2];
    before[0] = dup(STDIN_FILENO);
    before[2] = dup(STDERR_FILENO);
    master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(slave, 0);
    ck_assert_int_eq(pipe(errors), 0);
    person = fork();
    ck_assert_int_ge(person, 0);
    if (person == 0) {
        close(errors[1]);
        close(slave);
        answer_all(typed, errors[0]);
    }
    close(errors[0]);
    ck_assert_int_eq(dup2(slave, STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(dup2(errors[1], STDERR_FILENO), STDERR_FILENO);
    close(slave);
    close(errors[1]);
    cli_fixture_catch(STDOUT_FILENO);
}

/* Returns what went to standard output. */
static const char *stand_up(void)
{
    int status = -1;
    const char *out = cli_fixture_caught(STDOUT_FILENO);
    ck_assert_int_eq(dup2(before[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(dup2(before[2], STDERR_FILENO), STDERR_FILENO);
    close(before[0]);
    close(before[2]);
    ck_assert_int_eq(waitpid(person, &status, 0), person);
    ck_assert_int_eq(status, 0);
    close(master);
    return out;
}

/* --- passwords -------------------------------------------------------------------------------- */
#define FIRST "Password: "
#define SECOND "The same again: "

static const struct {
    typed_t typed[3];
    const char *wrong; /* NULL: the password is taken */
    int wiped;         /* how many places have held the password */
} asked[] = {
    {{{FIRST, WIPED_SECRET "\n"}, {SECOND, WIPED_SECRET "\n"}, {NULL, NULL}}, NULL, 2},
    /* More lines than questions: none of them stays for the shell. */
    {{{FIRST, WIPED_SECRET "\nmore\n"},
      {SECOND, WIPED_SECRET "\nmore\nstill more\n"},
      {NULL, NULL}},
     NULL,
     2},
    {{{FIRST, WIPED_SECRET "\n"}, {SECOND, "another\n"}, {NULL, NULL}},
     "the two passwords differ",
     1},
    {{{FIRST, WIPED_SECRET "\n"}, {SECOND, "\n"}, {NULL, NULL}}, "no password was given", 1},
    {{{FIRST, "\n"}, {NULL, NULL}, {NULL, NULL}}, "no password was given", 0},
};

START_TEST(a_password_is_asked_for)
{
    int left = -1;
    const char *error = NULL;
    authp_secret_t *secret = NULL;
    sit_down(asked[_i].typed);
    (void)wiped_count();
    authp_err_t err = authp_prompt_password(&secret, &error, cli_fixture.f.pool);
    int wiped = wiped_count();
    ck_assert_int_eq(ioctl(STDIN_FILENO, FIONREAD, &left), 0);
    ck_assert_str_eq(stand_up(), "");
    ck_assert_pstr_eq(error, asked[_i].wrong);
    ck_assert_int_eq(wiped, asked[_i].wiped);
    ck_assert_int_eq(left, 0);
    if (asked[_i].wrong == NULL) {
        ck_assert_int_eq(err, AUTHP_OK);
        ck_assert_uint_eq(authp_secret_len(secret), strlen(WIPED_SECRET));
        ck_assert_mem_eq(authp_secret_bytes(secret), WIPED_SECRET, strlen(WIPED_SECRET));
    } else {
        ck_assert_int_eq(err, AUTHP_E_MALFORMED);
    }
}
END_TEST

START_TEST(a_password_from_a_file_is_wiped)
{
    const char *error = NULL;
    authp_secret_t *secret = NULL;
    int terminal = dup(STDIN_FILENO);
    int fd = open(cli_fixture_file("in", WIPED_SECRET "\n"), O_RDONLY);
    ck_assert(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    (void)wiped_count();
    (void)wiped_sizes();
    authp_err_t err = authp_prompt_password(&secret, &error, cli_fixture.f.pool);
    /* The last byte that was read, then the line and its length. */
    const char *sizes = wiped_sizes();
    ck_assert(strncmp(sizes, "1 ", 2) == 0 && strchr(sizes + 2, ' ') == strrchr(sizes, ' '));
    ck_assert_int_eq(dup2(terminal, STDIN_FILENO), STDIN_FILENO);
    close(terminal);
    close(fd);
    ck_assert_int_eq(err, AUTHP_OK);
    ck_assert_int_eq(wiped_count(), 1);
    ck_assert_uint_eq(authp_secret_len(secret), strlen(WIPED_SECRET));
}
END_TEST

/* Standard input that is no terminal, and the password in its first line; NULL: none. */
static const char *const inputs[][2] = {{"", NULL},      {"\n", NULL},     {"\r\n", NULL},
                                        {"\r", NULL},    {"\nx\n", NULL},  {"x", "x"},
                                        {"x\r\ny", "x"}, {"\r\r\n", "\r"}, {" \n", " "}};

START_TEST(a_password_from_a_pipe)
{
    const char *error = NULL;
    authp_secret_t *secret = NULL;
    int terminal = dup(STDIN_FILENO);
    int fd = open(cli_fixture_file("in", inputs[_i][0]), O_RDONLY);
    ck_assert(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    authp_err_t err = authp_prompt_password(&secret, &error, cli_fixture.f.pool);
    ck_assert_int_eq(dup2(terminal, STDIN_FILENO), STDIN_FILENO);
    close(terminal);
    close(fd);
    ck_assert_pstr_eq(error, inputs[_i][1] == NULL ? "no password was given" : NULL);
    ck_assert_int_eq(err, inputs[_i][1] == NULL ? AUTHP_E_MALFORMED : AUTHP_OK);
    if (err == AUTHP_OK) {
        ck_assert_uint_eq(authp_secret_len(secret), strlen(inputs[_i][1]));
        ck_assert_mem_eq(authp_secret_bytes(secret), inputs[_i][1], strlen(inputs[_i][1]));
    }
}
END_TEST

/* The bytes of a new secret are wiped. Its text is printed. */
START_TEST(the_bytes_of_a_new_secret_are_wiped)
{
    (void)wiped_sizes();
    const cli_answer_t answer = cli_fixture_run("secret", "");
    ck_assert_int_eq(answer.status, 0);
    ck_assert_uint_eq(strlen(answer.out), 65); /* 48 bytes in base64url, and a newline */
    ck_assert_str_eq(wiped_sizes(), "48 ");
}
END_TEST

#define SHORTEST "1q2w3e7\xc3\xa9" /* 8 characters */

/* The password that counts is the whole line, of an account that is made and of one that exists. */
START_TEST(what_the_password_is)
{
    fixture_t *f = &cli_fixture.f;
    static const char *const lines[] = {"user create --role admin --email b@example.org",
                                        "user reset-password --email ada@example.org"};
    static const char *const emails[] = {"b@example.org", "ada@example.org"};
    fixture_user(f, "ada@example.org", "candidate", false);
    for (int i = 0; i < 2; i++) {
        bool match = false;
        authp_user_t *user = NULL;
        cli_answer_t answer = cli_fixture_run(lines[i], SHORTEST "\nmore\n");
        ck_assert_msg(answer.status == 0, "%s", answer.err);
        ck_assert_int_eq(
            authp_store_user_by_login(f->store, AUTHP_LOGIN_EMAIL, emails[i], &user, f->pool),
            AUTHP_OK);
        ck_assert_int_eq(authp_hasher_verify(f->realm->hasher, AUTHP_HASH_KNOWN, SHORTEST,
                                             strlen(SHORTEST), user->password_hash, &match),
                         AUTHP_OK);
        ck_assert(match);
    }
}
END_TEST

/* --- a question ------------------------------------------------------------------------------- */
/* The account is named by what it has. */
static const struct {
    const char *email;
    const char *username;
    const char *phone;
    const char *name;
} people[] = {
    {"ada@example.org", "ada", "+919876543210", "ada@example.org"},
    {NULL, "ada", "+919876543210", "ada"},
    {NULL, NULL, "+919876543210", "+919876543210"},
    {NULL, NULL, NULL, "no e-mail address"},
};

START_TEST(a_deletion_asks_for_the_right_account)
{
    fixture_t *f = &cli_fixture.f;
    authp_user_t *user = fixture_user(f, "ada@example.org", "candidate", false);
    authp_user_t *stored = mem_store_user(f->store, user->id.hex);
    stored->email = people[_i].email;
    stored->username = people[_i].username;
    stored->phone = people[_i].phone;
    const typed_t typed[] = {{apr_pstrcat(f->pool, "Delete user ", user->id.hex, " (",
                                          people[_i].name, ") for good? Type yes: ", NULL),
                              "yes\n"},
                             {NULL, NULL}};
    const char *line = apr_pstrcat(f->pool, "user delete --id ", user->id.hex, NULL);
    sit_down(typed);
    cli_fixture.keeps = IN | OUT | ERR;
    cli_answer_t answer = cli_fixture_run(line, NULL);
    const char *out = stand_up();
    ck_assert_int_eq(answer.status, 0);
    ck_assert_str_eq(out, apr_pstrcat(f->pool, "deleted user ", user->id.hex, "\n", NULL));
}
END_TEST

/* --- which stream is a terminal --------------------------------------------------------------- */
static const struct {
    const char *line;
    unsigned terminals;
    int status;
    const char *says; /* on standard error; NULL: it is a terminal */
} streams[] = {
    {"export", OUT, 2, "the export would go to the terminal: name a file with --out FILE"},
    {"export", IN, 0, "exported users 1"},
    {"export", IN | ERR, 0, NULL},
    {"export --out /dev/null/none", IN | OUT, 1, "cannot write /dev/null/none.part"},
    {"import", IN, 2, "name a file with --in FILE, or redirect the input"},
    {"import --in -", IN, 2, "name a file with --in FILE, or redirect the input"},
    {"import --in /dev/null", IN, 1, "the file is refused: the file is empty"},
    {"user delete --email ada@example.org", OUT, 2, "no terminal to ask on: --yes deletes"},
    {"user delete --email ada@example.org", OUT | ERR, 2, NULL},
    {"user create --role admin --email b@example.org", OUT, 0, ""},
    {"user create --role admin --email b@example.org", OUT | ERR, 0, NULL},
};

START_TEST(streams_that_are_terminals)
{
    fixture_user(&cli_fixture.f, "ada@example.org", "candidate", false);
    cli_fixture.terminals = streams[_i].terminals;
    cli_answer_t answer = cli_fixture_run(streams[_i].line, FIXTURE_PASSWORD "\n");
    ck_assert_int_eq(answer.status, streams[_i].status);
    if (streams[_i].says != NULL && *streams[_i].says != '\0') {
        ck_assert_msg(strstr(answer.err, streams[_i].says) != NULL, "%s", answer.err);
    } else if (streams[_i].says != NULL) {
        ck_assert_str_eq(answer.err, "");
    }
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof((list)[0])))

Suite *suite_cli_prompt(void)
{
    Suite *suite = suite_create("cli_prompt");
    TCase *tests = tcase_create("prompt");
    tcase_add_checked_fixture(tests, cli_fixture_open, cli_fixture_close);
    tcase_add_loop_test(tests, a_password_is_asked_for, 0, COUNT(asked));
    tcase_add_test(tests, a_password_from_a_file_is_wiped);
    tcase_add_loop_test(tests, a_password_from_a_pipe, 0, COUNT(inputs));
    tcase_add_test(tests, the_bytes_of_a_new_secret_are_wiped);
    tcase_add_test(tests, what_the_password_is);
    tcase_add_loop_test(tests, a_deletion_asks_for_the_right_account, 0, COUNT(people));
    tcase_add_loop_test(tests, streams_that_are_terminals, 0, COUNT(streams));
    suite_add_tcase(suite, tests);
    return suite;
}
