/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/config.h"
#include "api/core/mounts.h"

#include "api/core/profiles.h"
#include "api/docs/document.h"
#include "service/live_table/live_table.h"

#include <apr_strings.h>
#include <string.h>

#define DEFAULT_MOUNT "/api/auth"
#define DEFAULT_ME "/api/protected/me"
#define ME_PROFILE "me"
#define DEFAULT_TOKEN_CACHE 4096 /* KB for each child */

#define SET_UNSET(type, name, unset) out->name = unset;
#define MERGE(type, name, unset) out->name = over->name != (unset) ? over->name : under->name;

void *authp_config_create_server(apr_pool_t *pool, server_rec *server)
{
    authp_server_config_t *out = apr_pcalloc(pool, sizeof(*out));
    (void)server;
    AUTHP_SERVER_MEMBERS(SET_UNSET)
    AUTHP_MAIN_MEMBERS(SET_UNSET)
    out->served = apr_array_make(pool, 1, sizeof(authp_mount_t));
    return out;
}

void *authp_config_merge_server(apr_pool_t *pool, void *base, void *add)
{
    authp_server_config_t *out = apr_pcalloc(pool, sizeof(*out));
    const authp_server_config_t *under = base;
    const authp_server_config_t *over = add;
    AUTHP_SERVER_MEMBERS(MERGE)
    AUTHP_MAIN_MEMBERS(SET_UNSET)
    out->served = apr_array_make(pool, 1, sizeof(authp_mount_t));
    return out;
}

void *authp_config_create_dir(apr_pool_t *pool, char *dir)
{
    authp_dir_config_t *out = apr_pcalloc(pool, sizeof(*out));
    (void)dir;
    AUTHP_DIR_MEMBERS(SET_UNSET)
    return out;
}

void *authp_config_merge_dir(apr_pool_t *pool, void *base, void *add)
{
    authp_dir_config_t *out = apr_pcalloc(pool, sizeof(*out));
    const authp_dir_config_t *under = base;
    const authp_dir_config_t *over = add;
    AUTHP_DIR_MEMBERS(MERGE)
    const authp_guarded_by_t *outer = &under->guarded_by;
    const authp_guarded_by_t *inner = &over->guarded_by;
    out->guarded_by.location =
        outer->location > inner->location ? outer->location : inner->location;
    out->guarded_by.directory =
        outer->directory > inner->directory ? outer->directory : inner->directory;
    out->guarded_by.other = outer->other || inner->other;
    return out;
}

authp_server_config_t *authp_config_server(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &auth_platform_module);
}

size_t authp_config_token_cache(const server_rec *server)
{
    int kilobytes = authp_config_server(server)->token_cache;
    return (size_t)(kilobytes != AUTHP_UNSET ? kilobytes : DEFAULT_TOKEN_CACHE) * 1024;
}

int authp_config_token_minutes(const server_rec *main_server, const authp_settings_t *settings)
{
    int longest = authp_terms_minutes(settings, NULL);
    for (const server_rec *server = main_server; server != NULL; server = server->next) {
        const apr_array_header_t *mounts = authp_config_server(server)->served;
        for (int i = 0; i < mounts->nelts; i++) {
            const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
            int minutes = authp_terms_minutes(settings, mount->profile->terms);
            longest = minutes > longest ? minutes : longest;
        }
    }
    return longest < AUTHP_LIVE_MINUTES ? longest : AUTHP_LIVE_MINUTES;
}

const authp_dir_config_t *authp_config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_platform_module);
}

bool authp_config_serves(const request_rec *r)
{
    return authp_config_server(r->server)->served->nelts > 0;
}

const authp_mount_t *authp_config_mount(const request_rec *r)
{
    const authp_server_config_t *config = authp_config_server(r->server);
    return r->uri != NULL ? authp_mounts_find(config->served, r->uri) : NULL;
}

static void serve(authp_server_config_t *config, const char *path, const authp_profile_t *profile)
{
    authp_delivery_t delivery =
        config->delivery == AUTHP_UNSET ? AUTHP_DELIVERY_JSON : (authp_delivery_t)config->delivery;
    APR_ARRAY_PUSH(config->served, authp_mount_t) = authp_mount_make(path, profile, delivery);
}

/* Returns the mount that owns everything below its path and would therefore own `path`, the value
 * of AuthPlatformMe. NULL: there is none. */
static const authp_mount_t *around(const apr_array_header_t *mounts, const char *path)
{
    for (int i = 0; i < mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
        if (!mount->profile->rows_only && authp_mount_rest(mount, path) != NULL) {
            return mount;
        }
    }
    return NULL;
}

const char *authp_config_resolve(server_rec *server, apr_pool_t *pool)
{
    authp_server_config_t *config = authp_config_server(server);
    const char *me = config->me_path != NULL ? config->me_path : DEFAULT_ME;

    config->served = apr_array_make(pool, 2, sizeof(authp_mount_t));
    if (config->mounts == NULL) {
        serve(config, DEFAULT_MOUNT, authp_profiles_find(AUTHP_PROFILES_USUAL));
    }
    for (int i = 0; config->mounts != NULL && i < config->mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(config->mounts, i, const authp_mount_t);
        serve(config, mount->path, mount->profile);
    }
    const authp_mount_t *outer = config->me_path != NULL ? around(config->served, me) : NULL;
    if (outer != NULL) {
        return apr_psprintf(pool, "AuthPlatformMe %s lies within AuthPlatformMount %s", me,
                            outer->path);
    }
    if (config->served->nelts > 0 && me[0] != '\0') {
        serve(config, me, authp_profiles_find(ME_PROFILE));
    }
    config->renewing = authp_mounts_renewing(config->served);
    return NULL;
}

/* The mounts of an earlier host than `server` that have the same documents, or NULL. */
static const apr_array_header_t *made_before(const server_rec *main_server,
                                             const server_rec *server)
{
    const apr_array_header_t *mounts = authp_config_server(server)->served;
    for (const server_rec *at = main_server; at != server; at = at->next) {
        if (authp_document_same(authp_config_server(at)->served, mounts)) {
            return authp_config_server(at)->served;
        }
    }
    return NULL;
}

static authp_err_t make_documents(const authp_settings_t *settings, apr_array_header_t *mounts,
                                  const apr_array_header_t *before, apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    for (int i = 0; i < mounts->nelts && err == AUTHP_OK; i++) {
        authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, authp_mount_t);
        if (before != NULL) {
            mount->documents = APR_ARRAY_IDX(before, i, const authp_mount_t).documents;
        } else if (mount->profile->title != NULL) {
            err = authp_document_make(settings, mounts, mount, &mount->documents, pool);
        }
    }
    return err;
}

authp_err_t authp_config_documents(server_rec *main_server, const authp_settings_t *settings,
                                   apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    for (server_rec *server = main_server; server != NULL && err == AUTHP_OK;
         server = server->next) {
        err = make_documents(settings, authp_config_server(server)->served,
                             made_before(main_server, server), pool);
    }
    return err;
}
