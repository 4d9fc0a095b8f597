/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/prompt.h"

#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Far longer than any allowed password. The rules report a password that is too long. */
#define LINE_BYTES 1024

static const int watched[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t caught;

typedef struct line_t {
    char text[LINE_BYTES];
    size_t len;
} line_t;

typedef struct quiet_t {
    struct termios terminal;
    struct sigaction actions[WATCHED];
    sigset_t mask; /* the signal mask before we blocked signals */
} quiet_t;

static void on_signal(int number)
{
    caught = number;
}

/* From here on the watched signals arrive only inside ppoll(), never between a check of `caught`
 * and the wait. */
static bool enter_quiet(quiet_t *quiet)
{
    struct termios silent;
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t block;
    caught = 0;
    sigemptyset(&action.sa_mask);
    sigemptyset(&block);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaddset(&block, watched[i]);
    }
    sigprocmask(SIG_BLOCK, &block, &quiet->mask);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], NULL, &quiet->actions[i]);
        if (quiet->actions[i].sa_handler != SIG_IGN) {
            sigaction(watched[i], &action, NULL);
        }
    }
    silent = quiet->terminal;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ECHONL;
    return tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
}

static void leave_quiet(const quiet_t *quiet)
{
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet->terminal);
    for (size_t i = 0; i < WATCHED; i++) {
        sigaction(watched[i], &quiet->actions[i], NULL);
    }
    sigprocmask(SIG_SETMASK, &quiet->mask, NULL);
}

/* Reads one byte. False at the end of input, on an error, or if a signal was caught. */
static bool read_byte(const sigset_t *mask, char *byte)
{
    for (;;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (mask != NULL && ppoll(&input, 1, NULL, mask) < 0) {
            if (errno == EINTR && caught == 0) {
                continue;
            }
            return false;
        }
        ssize_t got = read(STDIN_FILENO, byte, 1);
        if (got >= 0 || errno != EINTR) {
            return got == 1;
        }
    }
}

/* Reads one line. Returns NULL, or what is wrong. `mask` is NULL if there is no terminal. */
static const char *read_line(const sigset_t *mask, line_t *line)
{
    char byte = '\0';
    bool ended = false;
    line->len = 0;
    while (!ended && read_byte(mask, &byte)) {
        ended = byte == '\n';
        if (!ended && line->len == sizeof(line->text)) {
            return "the password is too long";
        }
        if (!ended) {
            line->text[line->len++] = byte;
        }
    }
    authp_secret_wipe(&byte, sizeof(byte));
    if (line->len > 0 && line->text[line->len - 1] == '\r') {
        line->len--;
    }
    return line->len == 0 ? "no password was given" : NULL;
}

static void say(const char *text)
{
    fputs(text, stderr);
    fflush(stderr);
}

/* Asks again after the tool was stopped and continued. A signal that ends the process does not
 * return here. */
static const char *ask(const char *prompt, line_t *line)
{
    for (;;) {
        quiet_t quiet;
        const char *wrong = "cannot switch off the terminal's echo";
        if (tcgetattr(STDIN_FILENO, &quiet.terminal) != 0) {
            return wrong;
        }
        if (enter_quiet(&quiet)) {
            say(prompt);
            wrong = read_line(&quiet.mask, line);
        }
        leave_quiet(&quiet);
        if (caught == 0) {
            return wrong;
        }
        authp_secret_wipe(line, sizeof(*line));
        say("\n");
        if (raise((int)caught) != 0 || caught != SIGTSTP) {
            return "interrupted";
        }
    }
}

static const char *ask_twice(line_t *line)
{
    line_t again;
    const char *wrong = ask("Password: ", line);
    if (wrong != NULL) {
        return wrong;
    }
    wrong = ask("The same again: ", &again);
    if (wrong == NULL &&
        (again.len != line->len || !authp_secret_equal(again.text, line->text, line->len))) {
        wrong = "the two passwords differ";
    }
    authp_secret_wipe(&again, sizeof(again));
    return wrong;
}

authp_err_t authp_prompt_password(authp_secret_t **out, const char **error, apr_pool_t *pool)
{
    line_t line;
    const char *wrong = isatty(STDIN_FILENO) ? ask_twice(&line) : read_line(NULL, &line);
    if (wrong == NULL) {
        *out = authp_secret_make(line.text, line.len, pool);
    } else {
        *error = wrong;
    }
    authp_secret_wipe(&line, sizeof(line));
    return wrong == NULL ? AUTHP_OK : AUTHP_E_MALFORMED;
}

bool authp_prompt_yes(const char *question)
{
    line_t line;
    say(question);
    return read_line(NULL, &line) == NULL && line.len == 3 && strncmp(line.text, "yes", 3) == 0;
}

bool authp_prompt_can_ask(const char *does, apr_pool_t *pool)
{
    if (isatty(STDIN_FILENO)) {
        return true;
    }
    authp_output_error(pool, "there is no terminal to ask on: --yes %s without asking", does);
    return false;
}
