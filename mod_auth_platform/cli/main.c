/* SPDX-License-Identifier: Apache-2.0 */
#include "base/version.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/output.h"
#include "store/mongodb/mongo.h"

#include <apr_general.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

static int usage(const authp_options_t *options, const char *error, apr_pool_t *pool)
{
    authp_output_error(pool, "%s", error);
    const char *which = options->command != NULL
                            ? authp_options_command_name(options->command, pool)
                            : options->group;
    authp_output_error(pool, "try: authplatform %s%s--help", which != NULL ? which : "",
                       which != NULL ? " " : "");
    return AUTHP_EXIT_USAGE;
}

static int run(int argc, const char *const *argv, apr_pool_t *pool)
{
    authp_options_t options;
    const char *error = NULL;
    if (authp_options_parse(authp_commands, argc, argv, &options, &error, pool) != AUTHP_OK) {
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
    if (options.help && options.group != NULL) {
        authp_help_group(authp_commands, options.group, stdout, pool);
        return AUTHP_EXIT_OK;
    }
    if (options.help) {
        authp_help_all(authp_commands, stdout, pool);
        return AUTHP_EXIT_OK;
    }
    authp_context_t context = {.options = &options, .pool = pool};
    return options.command->run(&context);
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool = NULL;
    /* With SIGPIPE and SIGXFSZ ignored, a closed pipe and a file at the limit of its size (ulimit)
     * are write errors like any other. The umask makes new files private. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    umask(077);
    authp_mongo_counters_drop();
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return AUTHP_EXIT_FAILED;
    }
    authp_output_log(true);
    int status = run(argc, argv, pool);
    if (!authp_output_finish() && status == AUTHP_EXIT_OK) {
        authp_output_error(pool, "the answer could not be written");
        status = AUTHP_EXIT_FAILED;
    }
    authp_output_log(false);
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
