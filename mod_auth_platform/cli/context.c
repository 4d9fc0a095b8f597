/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/context.h"

#include "base/log.h"
#include "cli/output.h"
#include "cli/owner.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_ENV_FILE ".env"

const authp_client_t authp_context_client = {0};
const authp_actor_t authp_context_actor = {.id = AUTHP_ACTOR_CLI, .client = &authp_context_client};

const char *authp_context_value(const authp_context_t *context, const char *name)
{
    return authp_options_value(context->options, name);
}

int authp_context_failure(const authp_context_t *context, authp_err_t err, const char *missing)
{
    const char *why = err == AUTHP_E_NOT_FOUND ? missing : authp_output_explain(err);
    bool store = err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_INTERNAL;
    if (why == NULL) {
        why = apr_psprintf(context->pool, "failed (%s)", authp_err_name(err));
    }
    authp_output_error(context->pool, "%s", why);
    if (store) {
        authp_output_error(context->pool, "note: %s", context->where);
    }
    return AUTHP_EXIT_FAILED;
}

static void add_error(apr_array_header_t *errors, const char *line)
{
    APR_ARRAY_PUSH(errors, const char *) = line;
}

/* A .env that was not named on the command line must belong to the operator or to root. Otherwise
 * anybody who can write the current folder could choose the store that the tool changes. */
static authp_err_t choose_env_file(const authp_context_t *context, const char **file,
                                   const char **error)
{
    struct stat info;
    if (context->options->env_file != NULL) {
        *file = context->options->env_file;
        return AUTHP_OK;
    }
    if (lstat(DEFAULT_ENV_FILE, &info) != 0) {
        *file = NULL;
        return AUTHP_OK;
    }
    if (info.st_uid != geteuid() && info.st_uid != 0) {
        *error =
            "the file .env here belongs to another user: name it with --env-file .env if it is "
            "the right one";
        return AUTHP_E_MALFORMED;
    }
    *file = DEFAULT_ENV_FILE;
    return AUTHP_OK;
}

static authp_err_t load_settings(authp_context_t *context, apr_array_header_t *errors)
{
    const char *file = NULL;
    const char *error = NULL;
    apr_array_header_t *wrong = NULL;
    authp_err_t err = choose_env_file(context, &file, &error);
    if (err != AUTHP_OK) {
        add_error(errors, error);
        return err;
    }
    err = authp_settings_load(file, authp_settings_load_environment(), &context->settings, &wrong,
                              context->pool);
    if (err != AUTHP_OK && wrong != NULL) {
        apr_array_cat(errors, wrong);
    }
    if (err != AUTHP_OK && file == NULL && getenv("JWT_SECRET_KEY") == NULL &&
        getenv("SECRET_KEY") == NULL) {
        authp_output_error(context->pool, "note: there is no .env in this folder; name the "
                                          "server's settings file with --env-file FILE");
    }
    return err;
}

authp_err_t authp_context_load(authp_context_t *context, apr_array_header_t **errors)
{
    const char *error = NULL;
    *errors = apr_array_make(context->pool, 4, sizeof(const char *));
    authp_err_t err = load_settings(context, *errors);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_realm_make(context->settings, &context->realm, context->pool);
    if (err != AUTHP_OK) {
        add_error(*errors, "the settings cannot be used, see the line above");
        return err;
    }
    context->where = apr_psprintf(context->pool, "the store is %s, as %s says",
                                  context->settings->store, context->settings->source);
    err = authp_realm_store(context->settings, &context->ops, &context->config, &error,
                            context->pool);
    if (err != AUTHP_OK) {
        add_error(*errors, error);
        return err;
    }
    if (context->patience_ms > 0) {
        context->config.timeout_ms = context->patience_ms;
        context->config.bulk = true;
    }
    context->where = apr_psprintf(context->pool, "the database is %s, as %s says",
                                  context->ops->place(&context->config, context->pool),
                                  context->settings->source);
    return AUTHP_OK;
}

static const char *folder_of(const char *file, apr_pool_t *pool)
{
    const char *slash = strrchr(file, '/');
    if (slash == NULL) {
        return ".";
    }
    return slash == file ? "/" : apr_pstrmemdup(pool, file, (apr_size_t)(slash - file));
}

/* Becomes the owner of the store's files. Only the SQLite store has any. *missing is their folder
 * if it must be made, else NULL. */
static authp_err_t own_files(authp_context_t *context, const char **missing)
{
    const char *error = NULL;
    struct stat info;
    *missing = NULL;
    if (strcmp(context->settings->store, "sqlite") != 0) {
        return AUTHP_OK;
    }
    const char *folder = folder_of(context->settings->sqlite_file, context->pool);
    *missing = stat(folder, &info) != 0 ? folder : NULL;
    authp_err_t err = authp_owner_become(folder, &error, context->pool);
    if (err != AUTHP_OK) {
        authp_output_error(context->pool, "%s", error);
    }
    return err;
}

/* Called after the folder was made. */
static void note_made(const authp_context_t *context, const char *missing)
{
    struct stat info;
    if (missing != NULL && geteuid() == 0 && stat(missing, &info) == 0) {
        authp_output_error(context->pool,
                           "note: made %s, which belongs to root until httpd starts with these "
                           "settings and gives it to its User",
                           missing);
    }
}

static authp_err_t open_store(authp_context_t *context)
{
    authp_hasher_bound_t *bound = NULL;
    authp_err_t err = context->ops->prepare(&context->config, (uid_t)-1, (gid_t)-1, context->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_store_open(context->ops, &context->config, &context->realm->store, context->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_hasher_bound_make(1, 1, &bound);
    if (err != AUTHP_OK) {
        return err;
    }
    return authp_hasher_make(bound, context->realm->random, 0, &context->realm->hasher,
                             context->pool);
}

authp_err_t authp_context_open_unasked(authp_context_t *context)
{
    apr_array_header_t *errors = NULL;
    authp_err_t err = authp_context_load(context, &errors);
    for (int i = 0; err != AUTHP_OK && i < errors->nelts; i++) {
        authp_output_error(context->pool, "%s", APR_ARRAY_IDX(errors, i, const char *));
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const char *missing = NULL;
    err = own_files(context, &missing);
    if (err != AUTHP_OK) {
        return err;
    }
    err = open_store(context);
    note_made(context, missing);
    if (err != AUTHP_OK) {
        authp_output_error(context->pool, "cannot open the store \"%s\" (%s): %s",
                           context->ops->name, authp_err_name(err), context->where);
    }
    return err;
}

/* Servers order changes by the store's time. If the store does not answer here, the command itself
 * fails later. */
authp_err_t authp_context_open(authp_context_t *context)
{
    authp_err_t err = authp_context_open_unasked(context);
    if (err == AUTHP_OK && authp_store_measure_clock(context->realm->store, context->realm->clock,
                                                     context->pool) != AUTHP_OK) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0707", "the store's clock is not known");
    }
    return err;
}
