/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_OPTIONS_H
#define AUTHP_CLI_OPTIONS_H

#include "base/err.h"

#include <apr_pools.h>
#include <stdbool.h>

struct authp_context_t;

#define AUTHP_OPTIONS_MAX 16

/* The exit status of the process. */
enum { AUTHP_EXIT_OK = 0, AUTHP_EXIT_FAILED = 1, AUTHP_EXIT_USAGE = 2 };

typedef struct authp_flag_t {
    const char *name;  /* without the dashes; NULL ends a list */
    const char *value; /* the name of its value in the help; NULL for a switch */
    const char *help;
    bool required;
} authp_flag_t;

/* One row has everything about a command: its name, its help, its options and its function. */
typedef struct authp_command_t {
    const char *group; /* "user"; NULL for a command of one word */
    const char *verb;  /* NULL ends the table */
    const char *summary;
    const char *about;    /* text for the command's --help; may be NULL */
    const char *examples; /* for the command's --help: one per line, without the tool's name */
    int (*run)(struct authp_context_t *context);
    authp_flag_t flags[AUTHP_OPTIONS_MAX];
} authp_command_t;

typedef struct authp_options_t {
    const authp_command_t *command; /* NULL if none was named */
    const char *group;              /* the first word of a command of two words, else NULL */
    const char *env_file;
    bool json;
    bool help;
    bool version;
    /* In the order of command->flags; "" for a switch that was given. */
    const char *values[AUTHP_OPTIONS_MAX];
} authp_options_t;

/* The options of all commands. The last one has a NULL name. */
extern const authp_flag_t authp_options_global[];

/* Parses the command line. `help` before a command means --help, and `version` alone means
 * --version. On failure (AUTHP_E_MALFORMED) *out has the part that was parsed, so that the caller
 * can name the right help. *error never contains a value, because it may be a password. */
AUTHP_CHECKED authp_err_t authp_options_parse(const authp_command_t *table, int argc,
                                              const char *const *argv, authp_options_t *out,
                                              const char **error, apr_pool_t *pool);
/* The value of an option of the command. NULL if it was not given. `name` must be in the command's
 * row. */
const char *authp_options_value(const authp_options_t *options, const char *name);
/* The name of a command, such as "user create". */
const char *authp_options_command_name(const authp_command_t *command, apr_pool_t *pool);

#endif
