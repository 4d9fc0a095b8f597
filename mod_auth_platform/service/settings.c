/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings.h"
#include "base/envfile.h"
#include "service/settings_table.h"

#include <apr_strings.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(authp_settings_t, member)
#define KEY_BYTES 32

/* All settings. A new setting needs a row here, a member in settings.h and an entry in
 * .env.example. */
const authp_setting_t authp_settings_table[] = {
    {"AUTH_STORE", AUTHP_SETTING_STORE, AT(store), NULL, 0, 0},
    {"AUTH_STATE_DIR", AUTHP_SETTING_TEXT, AT(state_dir), "/var/lib/auth_platform", 1, 1000},
    {"MONGODB_URI", AUTHP_SETTING_TEXT, AT(mongodb_uri), NULL, 1, 4000},
    {"MONGODB_DB", AUTHP_SETTING_TEXT, AT(mongodb_db), "auth_platform", 1, 63},
    {"DATABASE_URL", AUTHP_SETTING_TEXT, AT(database_url), NULL, 1, 4000},

    {"JWT_SECRET_KEY", AUTHP_SETTING_SECRET, AT(jwt_secret), NULL, KEY_BYTES, 4096},
    {"JWT_SECRET_KEY_PREVIOUS", AUTHP_SETTING_SECRET, AT(jwt_secret_previous), NULL, KEY_BYTES,
     4096},
    {"JWT_ALGORITHM", AUTHP_SETTING_TEXT, AT(jwt_algorithm), "HS256", 1, 20},
    {"JWT_KEY_FILE", AUTHP_SETTING_TEXT, AT(jwt_key_file), NULL, 1, 1000},
    {"JWT_ISSUER", AUTHP_SETTING_TEXT, AT(jwt_issuer), "auth_platform", 1, 255},
    {"JWT_AUDIENCE", AUTHP_SETTING_TEXT, AT(jwt_audience), "auth_platform", 1, 255},

    {"ACCESS_TOKEN_EXPIRE_MINUTES", AUTHP_SETTING_INT, AT(access_token_minutes), "15", 1, 1440},
    {"REFRESH_TOKEN_EXPIRE_DAYS", AUTHP_SETTING_INT, AT(refresh_token_days), "7", 1, 365},
    {"REFRESH_TOKEN_ROTATION", AUTHP_SETTING_BOOL, AT(refresh_token_rotation), "true", 0, 0},
    {"REFRESH_TOKEN_GRACE_SECONDS", AUTHP_SETTING_INT, AT(refresh_token_grace), "10", 0, 60},
    {"SESSION_ABSOLUTE_DAYS", AUTHP_SETTING_INT, AT(session_absolute_days), "90", 1, 3650},
    {"AUDIT_RETENTION_DAYS", AUTHP_SETTING_INT, AT(audit_retention_days), "365", 0, 36500},

    {"BCRYPT_ROUNDS", AUTHP_SETTING_INT, AT(bcrypt_rounds), "12", 4, 16},
    {"PASSWORD_MIN_LENGTH", AUTHP_SETTING_INT, AT(password_min_length), "8", 8, 64},
    {"PASSWORD_REFUSE_COMMON", AUTHP_SETTING_BOOL, AT(password_refuse_common), "true", 0, 0},
    {"PASSWORD_REFUSED_FILE", AUTHP_SETTING_TEXT, AT(password_refused_file), NULL, 1, 1000},
    {"AUTH_BODY_LIMIT", AUTHP_SETTING_INT, AT(body_limit), "16384", 1024, 1048576},

    {"BACKEND_CORS_ORIGINS", AUTHP_SETTING_ORIGINS, AT(cors_origins), "[]", 0, 0},
    {"FRONTEND_URL", AUTHP_SETTING_TEXT, AT(frontend_url), NULL, 1, 2000},
    {"SECURE_COOKIES", AUTHP_SETTING_BOOL, AT(secure_cookies), "true", 0, 0},

    {"ROLES", AUTHP_SETTING_ROLES, AT(roles), "candidate,recruiter,admin", 0, 0},

    {"AUTH_LIMITS", AUTHP_SETTING_BOOL, AT(limits), "on", 0, 0},
    {"AUTH_LIMIT_ADDRESS", AUTHP_SETTING_RATE, AT(limit_address), "120/1m", 0, 0},
    {"AUTH_LIMIT_REGISTER", AUTHP_SETTING_RATE, AT(limit_register), "20/1h", 0, 0},
    {"AUTH_LIMIT_ACCOUNT", AUTHP_SETTING_RATE, AT(limit_account), "5/15m", 0, 0},

    {"GOOGLE_CLIENT_ID", AUTHP_SETTING_TEXT, AT(google_client_id), NULL, 1, 500},
    {"GOOGLE_CLIENT_SECRET", AUTHP_SETTING_SECRET, AT(google_client_secret), NULL, 8, 500},
    {"GOOGLE_OAUTH_REDIRECT_URI", AUTHP_SETTING_TEXT, AT(google_redirect_uri), NULL, 1, 2000},
};

const int authp_settings_count =
    (int)(sizeof(authp_settings_table) / sizeof(authp_settings_table[0]));

static const char *from_environment(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

const authp_settings_env_t *authp_settings_environment(void)
{
    static const authp_settings_env_t environment = {from_environment, NULL};
    return &environment;
}

void authp_settings_each(authp_settings_visit_fn *visit, void *ctx)
{
    for (int i = 0; i < authp_settings_count; i++) {
        const authp_setting_t *row = &authp_settings_table[i];
        if (!visit(ctx, row->name, row->fallback != NULL ? row->fallback : "",
                   row->kind == AUTHP_SETTING_SECRET)) {
            return;
        }
    }
}

void authp_settings_complain(authp_loading_t *loading, const char *text)
{
    APR_ARRAY_PUSH(loading->errors, const char *) =
        apr_pstrcat(loading->pool, loading->name, " ", loading->where, ": ", text, NULL);
}

/* The environment takes precedence over the file. An empty value counts as none, in both. */
static const char *find_value(const apr_table_t *file, const authp_settings_env_t *env,
                              const char *name, const char **where, const char *in_file)
{
    const char *value = env->lookup(env->ctx, name);
    if (value != NULL && value[0] != '\0') {
        *where = "in the environment";
        return value;
    }
    *where = in_file;
    value = file != NULL ? apr_table_get(file, name) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

authp_err_t authp_settings_load(const char *env_file, const authp_settings_env_t *env,
                                authp_settings_t **out, apr_array_header_t **errors,
                                apr_pool_t *pool)
{
    apr_table_t *file = NULL;
    const char *error = NULL;
    authp_loading_t loading = {.settings = apr_pcalloc(pool, sizeof(authp_settings_t)),
                               .errors = apr_array_make(pool, 2, sizeof(const char *)),
                               .pool = pool};
    *errors = loading.errors;
    if (env_file != NULL && authp_envfile_read(env_file, &file, &error, pool) != AUTHP_OK) {
        APR_ARRAY_PUSH(loading.errors, const char *) = error;
        return AUTHP_E_MALFORMED;
    }
    loading.settings->source = env_file != NULL ? apr_pstrdup(pool, env_file) : "the environment";
    const char *in_file = apr_pstrcat(pool, "in ", loading.settings->source, NULL);
    const char *store = NULL;
    for (int i = 0; i < authp_settings_count; i++) {
        const authp_setting_t *row = &authp_settings_table[i];
        loading.name = row->name;
        const char *value = find_value(file, env, row->name, &loading.where, in_file);
        if (row->kind == AUTHP_SETTING_STORE) {
            store = value;
        } else if (value != NULL || row->fallback != NULL) {
            authp_settings_set(&loading, row, value != NULL ? value : row->fallback);
        }
    }
    loading.where = in_file;
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
