/* SPDX-License-Identifier: Apache-2.0 */
#include "service/realm/realm.h"
#include "service/live_table/live_table.h"
#include "service/realm/token_cache.h"

#include "base/log.h"
#include "service/password/password_rules.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <string.h>

#define STORE_TIMEOUT_MS 2000
#define STORE_CONNECTIONS 8
/* The key is derived with this label. If the label changes, cookies that were sealed before cannot
 * be opened, so pending sign-ins must begin again. */
#define SEAL_LABEL "authp state"

/* Reads the file once. No request opens it again. */
static authp_err_t load_refused(authp_settings_t *settings, apr_pool_t *pool)
{
    const char *error = NULL;
    if (settings->password_refused_file == NULL) {
        return AUTHP_OK;
    }
    authp_err_t err = authp_password_rules_load(settings->password_refused_file,
                                                &settings->password_refused, &error, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0300", "PASSWORD_REFUSED_FILE in %s: %s", settings->source,
                  error);
    }
    return err;
}

authp_err_t authp_realm_make(const authp_settings_t *settings, authp_realm_t **out,
                             apr_pool_t *pool)
{
    /* The list of refused passwords is added to a copy, because the caller's settings are
     * read-only. */
    authp_settings_t *own = apr_pmemdup(pool, settings, sizeof(*settings));
    authp_err_t err = load_refused(own, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_keys_t *keys = NULL;
    err = authp_keys_make(own->jwt_secret, own->jwt_secret_previous, &keys, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_seal_t *seal = NULL;
    err = authp_seal_make(own->jwt_secret, own->jwt_secret_previous, SEAL_LABEL, &seal, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_jwt_t *jwt = NULL;
    err = authp_jwt_make(own->jwt_secret, own->jwt_secret_previous, own->jwt_issuer,
                         own->jwt_audience, &jwt, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (own->jwt_audience_set) {
        authp_jwt_make_audience(jwt, own->jwt_audience, pool);
    }
    authp_realm_t *realm = apr_pcalloc(pool, sizeof(*realm));
    realm->settings = own;
    realm->roles = authp_roles_map_make(own->roles, pool);
    realm->keys = keys;
    realm->seal = seal;
    realm->jwt = jwt;
    realm->clock = authp_clock_system();
    realm->random = authp_random_system();
    *out = realm;
    return AUTHP_OK;
}

authp_scheme_t authp_realm_scheme(const authp_realm_t *realm)
{
    return (authp_scheme_t){.argon2id = realm->settings->password_argon2id,
                            .rounds = realm->settings->bcrypt_rounds};
}

static const char *store_uri(const authp_settings_t *settings)
{
    if (strcmp(settings->store, "mongodb") == 0) {
        return settings->mongodb_uri;
    }
    return strcmp(settings->store, "postgresql") == 0 ? settings->database_url : NULL;
}

/* The names of all providers (const char *), for which the store keeps identities. */
static const apr_array_header_t *identity_names(const authp_settings_t *settings, apr_pool_t *pool)
{
    int count = settings->providers != NULL ? settings->providers->nelts : 0;
    apr_array_header_t *names = apr_array_make(pool, count, sizeof(const char *));
    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(settings->providers, i, authp_provider_t *)->name;
    }
    return names;
}

authp_err_t authp_realm_store(const authp_settings_t *settings, const authp_store_ops_t **ops,
                              authp_store_config_t *config, const char **error, apr_pool_t *pool)
{
    const authp_store_ops_t *found = authp_providers_find(settings->store);
    if (found == NULL) {
        *error = apr_psprintf(pool, "AUTH_STORE in %s: this build has no store \"%s\" (it has: %s)",
                              settings->source, settings->store, authp_providers_names(pool));
        return AUTHP_E_VALIDATION_FAILED;
    }
    authp_store_config_t chosen = {
        .file = settings->sqlite_file,
        .uri = store_uri(settings),
        .database = settings->mongodb_db,
        .schema = settings->db_schema,
        .unprepared = !settings->db_prepared,
        .timeout_ms = STORE_TIMEOUT_MS,
        .max_connections = STORE_CONNECTIONS,
        .identity_names = identity_names(settings, pool),
    };
    const char *wrong = found->check(&chosen, pool);
    if (wrong != NULL) {
        *error =
            apr_psprintf(pool, "AUTH_STORE in %s: %s: %s", settings->source, found->name, wrong);
        return AUTHP_E_VALIDATION_FAILED;
    }
    *ops = found;
    *config = chosen;
    return AUTHP_OK;
}

authp_err_t authp_realm_remember(authp_realm_t *realm, size_t bytes, apr_pool_t *pool)
{
    if (bytes == 0) {
        return AUTHP_OK;
    }
    authp_err_t err = authp_token_cache_make(bytes / 2, realm->random, &realm->token_cache, pool);
    return err == AUTHP_OK ? authp_jwt_verify_remember(realm->jwt, bytes / 2, realm->random, pool)
                           : err;
}

authp_err_t authp_realm_selftest(const authp_realm_t *realm, apr_pool_t *pool)
{
    return authp_jwt_selftest(realm->jwt, pool);
}

void authp_realm_adopt_clock(const authp_realm_t *realm)
{
    int64_t offset = 0;
    if (realm->live != NULL && authp_live_table_clock(realm->live->table, &offset)) {
        authp_store_set_offset(realm->store, offset);
    }
}

authp_ms_t authp_realm_now(const authp_realm_t *realm)
{
    authp_ms_t now = authp_clock_now(realm->clock);
    int64_t offset = 0;
    if (realm->store != NULL && !authp_store_offset(realm->store, &offset)) {
        authp_realm_adopt_clock(realm);
    }
    return realm->store != NULL ? authp_store_time(realm->store, now) : now;
}
