/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/version.h"
#include "cli/cmd_admin.h"
#include "cli/cmd_user.h"
#include "cli/help.h"
#include "cli/output.h"

#include <apr_general.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

/* --- every command: its name, its help, its options, its code ----------------------------------
 */
static const authp_command_t commands[] = {
    {"user",
     "create",
     "Make an account",
     "The password is asked on the terminal, or read as one line from standard input where that is\n"
     "no terminal. This is how the first admin is made: user create --role admin --email E",
     authp_cmd_user_create,
     {{"role", "ROLE", "one of ROLES", true},
      {"email", "EMAIL", "the address to sign in with", true},
      {"name", "NAME", "what the person is called", false},
      {"verified", NULL, "with --role recruiter: verified from the start", false},
      {NULL, NULL, NULL, false}}},
    {"user",
     "list",
     "List accounts, the oldest first",
     NULL,
     authp_cmd_user_list,
     {{"role", "ROLE", "only those with this role", false},
      {"email", "PREFIX", "only those whose address starts with PREFIX", false},
      {"limit", "N", "at most N, 1 to 200 (default: 50)", false},
      {"after", "ID", "go on behind this user", false},
      {NULL, NULL, NULL, false}}},
    {"user",
     "show",
     "Show one account",
     NULL,
     authp_cmd_user_show,
     {{"email", "EMAIL", "by address", false},
      {"id", "ID", "by id", false},
      {NULL, NULL, NULL, false}}},
    {NULL,
     "migrate",
     "Bring the database up to date",
     "The server does this too when it starts. Doing it twice does no harm.",
     authp_cmd_admin_migrate,
     {{NULL, NULL, NULL, false}}},
    {NULL,
     "check-config",
     "Check the settings",
     "Says everything that is wrong, one line each. Contacts no store and makes no file.",
     authp_cmd_admin_check_config,
     {{NULL, NULL, NULL, false}}},
    {NULL,
     "purge",
     "Remove what is over",
     "Sessions and deleted accounts an hour after their end, invites a month after theirs. The server\n"
     "does this too, now and then.",
     authp_cmd_admin_purge,
     {{NULL, NULL, NULL, false}}},
    {NULL,
     "secret",
     "Print a strong secret for JWT_SECRET_KEY",
     NULL,
     authp_cmd_admin_secret,
     {{NULL, NULL, NULL, false}}},
    {NULL, NULL, NULL, NULL, NULL, {{NULL, NULL, NULL, false}}},
};

/* Comes from any thread, so no pool; control characters are gone already (base/log.h). */
static void log_to_terminal(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    if (level <= AUTHP_LOG_WARNING) {
        fprintf(stderr, "authplatform: %s\n", message);
    }
}

static int usage(const authp_options_t *options, const char *error, apr_pool_t *pool)
{
    authp_output_error(pool, "%s", error);
    authp_output_error(pool, "try: authplatform %s%s--help",
                       options->command != NULL ? authp_options_command_name(options->command, pool)
                                                : "",
                       options->command != NULL ? " " : "");
    return AUTHP_EXIT_USAGE;
}

static int run(int argc, const char *const *argv, apr_pool_t *pool)
{
    authp_options_t options;
    const char *error = NULL;
    if (authp_options_parse(commands, argc, argv, &options, &error, pool) != AUTHP_OK) {
        return usage(&options, error, pool);
    }
    if (options.version) {
        authp_output_line(pool, "authplatform %s", AUTHP_VERSION);
        return AUTHP_EXIT_OK;
    }
    if (options.help && options.command != NULL) {
        authp_help_command(options.command, stdout, pool);
        return AUTHP_EXIT_OK;
    }
    if (options.help) {
        authp_help_all(commands, stdout, pool);
        return AUTHP_EXIT_OK;
    }
    authp_context_t context = {.options = &options, .pool = pool};
    return options.command->run(&context);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    /* A closed pipe is a write error like any other; what we make is nobody else's to read. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    umask(077);
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return AUTHP_EXIT_FAILED;
    }
    authp_log_set_sink(log_to_terminal, NULL);
    int status = run(argc, argv, pool);
    if (!authp_output_finish() && status == AUTHP_EXIT_OK) {
        authp_output_error(pool, "the answer could not be written");
        status = AUTHP_EXIT_FAILED;
    }
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
