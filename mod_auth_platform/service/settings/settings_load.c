/* SPDX-License-Identifier: Apache-2.0 */
#include "base/envfile.h"
#include "service/settings/settings.h"
#include "service/settings/settings_alias.h"
#include "service/settings/settings_check.h"
#include "service/settings/settings_phone.h"
#include "service/settings/settings_providers.h"
#include "service/settings/settings_values.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define AUDIENCE "auth_platform"

static const char *from_environment(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

const authp_settings_env_t *authp_settings_load_environment(void)
{
    static const authp_settings_env_t environment = {from_environment, NULL};
    return &environment;
}

/* The role names of all profiles. service/ may not include api/, so they stand here again. */
static apr_array_header_t *all_roles(apr_pool_t *pool)
{
    static const char *const names[] = {"candidate", "recruiter", "admin",
                                        "seeker",    "provider",  "user"};
    apr_array_header_t *roles = apr_array_make(pool, 6, sizeof(const char *));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        APR_ARRAY_PUSH(roles, const char *) = names[i];
    }
    return roles;
}

/* The defaults of settings of which other code must know whether they were set. */
static void fill_in(authp_settings_t *settings, apr_pool_t *pool)
{
    settings->jwt_audience_set = settings->jwt_audience != NULL;
    if (!settings->jwt_audience_set) {
        settings->jwt_audience = AUDIENCE;
    }
    settings->roles_set = settings->roles != NULL;
    if (!settings->roles_set) {
        settings->roles = all_roles(pool);
    }
    authp_settings_phone_fill_in(settings, pool);
}

authp_err_t authp_settings_load(const char *env_file, const authp_settings_env_t *env,
                                authp_settings_t **out, apr_array_header_t **errors,
                                apr_pool_t *pool)
{
    apr_table_t *file = NULL;
    const char *error = NULL;
    authp_loading_t loading = {.settings = apr_pcalloc(pool, sizeof(authp_settings_t)),
                               .said = apr_table_make(pool, 2),
                               .places = apr_hash_make(pool),
                               .errors = apr_array_make(pool, 2, sizeof(const char *)),
                               .pool = pool};
    *errors = loading.errors;
    if (env_file != NULL && authp_envfile_read(env_file, &file, &error, pool) != AUTHP_OK) {
        APR_ARRAY_PUSH(loading.errors, const char *) = error;
        return AUTHP_E_MALFORMED;
    }
    loading.settings->source = env_file != NULL ? apr_pstrdup(pool, env_file) : "the environment";
    loading.target = loading.settings;
    const authp_settings_source_t source = {
        .file = file,
        .env = env,
        .in_file = apr_pstrcat(pool, "in ", loading.settings->source, NULL)};
    const char *store = NULL;
    for (int i = 0; i < authp_settings_table_count; i++) {
        const authp_setting_t *row = &authp_settings_table[i];
        const char *value = authp_settings_alias_value(&loading, &source, row->name);
        if (row->kind == AUTHP_SETTING_STORE) {
            store = value;
        } else if (value != NULL || row->fallback != NULL) {
            authp_settings_values_set(&loading, row, value != NULL ? value : row->fallback);
        }
    }
    fill_in(loading.settings, pool);
    authp_settings_providers_load(&loading, &source);
    loading.where = source.in_file;
    if (file != NULL) {
        authp_settings_check_names(&loading, file);
    }
    authp_settings_check(&loading, store);
    if (loading.errors->nelts > 0) {
        return AUTHP_E_MALFORMED;
    }
    *out = loading.settings;
    return AUTHP_OK;
}
