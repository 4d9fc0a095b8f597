/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_CLI_FIXTURE_H
#define AUTHP_TEST_CLI_FIXTURE_H

#include "cli/context.h"
#include "fixture.h"

#include <sys/types.h>

/* The tool in the test's own process: main() and the files that it uses. By default it works on the
 * in-memory store and the clock of `f`, with the settings of a .env in `folder`. */
typedef struct cli_fixture_t {
    fixture_t f;
    char folder[64];
    const char *env_file;
    unsigned terminals; /* bits 0 to 2: cli_fixture_run() makes a terminal of this stream, */
    unsigned keeps;     /* or leaves it as it is */
    bool own_store;     /* the store that the settings name is used */
    authp_store_config_t config; /* with which the store was opened latest */
    int opened;                  /* how often a store was opened, */
    int measured;                /* and how often its clock was measured */
    mode_t umask; /* that main() has asked for. It is not set, so modes of files are as asked for */
} cli_fixture_t;

extern cli_fixture_t cli_fixture;

void cli_fixture_open(void);
void cli_fixture_close(void);
/* Writes a file in `folder`, which only its owner may read. Returns its path. */
const char *cli_fixture_file(const char *name, const char *text);
/* Adds a line to the .env. */
void cli_fixture_set(const char *line);

typedef struct cli_answer_t {
    int status;
    const char *out;
    const char *err;
} cli_answer_t;

/* Runs a command line of words between blanks, such as "user list --json". `input` is standard
 * input. The settings are those of `env_file` (NULL: none is named). */
cli_answer_t cli_fixture_run(const char *line, const char *input);

/* Sends what is written to a standard stream (1, 2) to a file, until cli_fixture_caught(), which
 * returns what was written. */
void cli_fixture_catch(int stream);
const char *cli_fixture_caught(int stream);

#endif
