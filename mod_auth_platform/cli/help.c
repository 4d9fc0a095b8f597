/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <apr_strings.h>
#include <string.h>

#define COLUMN 25

static void put_flags(const authp_flag_t *flags, FILE *to, apr_pool_t *pool)
{
    for (; flags->name != NULL; flags++) {
        const char *left = apr_pstrcat(pool, "--", flags->name, flags->value != NULL ? " " : "",
                                       flags->value != NULL ? flags->value : "", NULL);
        fprintf(to, "  %-*s%s%s\n", COLUMN, left, flags->help,
                flags->required ? " (required)" : "");
    }
}

void authp_help_all(const authp_command_t *table, FILE *to, apr_pool_t *pool)
{
    fputs("authplatform: the accounts and settings of mod_auth_platform, from the command line.\n\n"
          "Usage: authplatform [--env-file FILE] [--json] COMMAND [OPTIONS]\n\nCommands:\n",
          to);
    for (const authp_command_t *row = table; row->verb != NULL; row++) {
        fprintf(to, "  %-*s%s\n", COLUMN, authp_options_command_name(row, pool), row->summary);
    }
    fprintf(to, "  %-*s%s\n  %-*s%s\n", COLUMN, "help [COMMAND]",
            "Show this, or the help of a command", COLUMN, "version", "Show the version");
    fputs("\nOptions:\n", to);
    put_flags(authp_options_global, to, pool);
    fputs(
        "\n"
        "Name the file of the server's AuthPlatformEnvFile by --env-file, so that the tool works on\n"
        "the same accounts. Without --env-file it reads the file .env of the current folder, if\n"
        "there is one. Variables of the environment take precedence over the file.\n"
        "\n"
        "If root runs the tool, it first changes to the owner of the folder that holds the database,\n"
        "so that the server can use the files that it writes.\n"
        "\n"
        "Exit status: 0 done, 1 failed (a line on standard error says why), 2 wrong usage.\n",
        to);
}

void authp_help_group(const authp_command_t *table, const char *group, FILE *to, apr_pool_t *pool)
{
    fprintf(to,
            "Usage: authplatform [--env-file FILE] [--json] %s COMMAND [OPTIONS]\n\nCommands:\n",
            group);
    for (const authp_command_t *row = table; row->verb != NULL; row++) {
        if (row->group != NULL && strcmp(row->group, group) == 0) {
            fprintf(to, "  %-*s%s\n", COLUMN, authp_options_command_name(row, pool), row->summary);
        }
    }
    fputs("\nOptions:\n", to);
    put_flags(authp_options_global, to, pool);
    fprintf(to, "\nOptions and examples of a command: authplatform help %s COMMAND\n", group);
}

/* Prints each line of `examples` as a command line. */
static void put_examples(const char *examples, FILE *to, apr_pool_t *pool)
{
    char *last = NULL;
    fputs("\nExamples:\n", to);
    for (char *each = apr_strtok(apr_pstrdup(pool, examples), "\n", &last); each != NULL;
         each = apr_strtok(NULL, "\n", &last)) {
        fprintf(to, "  authplatform %s\n", each);
    }
}

void authp_help_command(const authp_command_t *command, FILE *to, apr_pool_t *pool)
{
    fprintf(to, "Usage: authplatform [--env-file FILE] [--json] %s%s\n\n%s.\n",
            authp_options_command_name(command, pool),
            command->flags[0].name != NULL ? " [OPTIONS]" : "", command->summary);
    if (command->about != NULL) {
        fprintf(to, "\n%s\n", command->about);
    }
    fputs("\nOptions:\n", to);
    put_flags(command->flags, to, pool);
    put_flags(authp_options_global, to, pool);
    put_examples(command->examples, to, pool);
    fputs("\nExit status: 0 done, 1 failed (a line on standard error says why), 2 wrong usage.\n",
          to);
}
