/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/check_mounts.h"
#include "httpd/config.h"

#include "api/core/mounts.h"
#include "api/core/profile.h"
#include "api/core/profiles.h"
#include "service/otp/sender_warn.h"

#include <apr_strings.h>
#include <string.h>

/* The first route of `outer` that requests cannot reach because `inner` owns its path. */
static const authp_route_t *find_hidden(const authp_mount_t *outer, const authp_mount_t *inner)
{
    const char *below = authp_mount_rest(outer, inner->path);
    size_t len = below != NULL ? strlen(below) : 0;
    if (len == 0 || inner->profile->rows_only) {
        return NULL;
    }
    for (const authp_route_t *route = outer->profile->routes; route->method != NULL; route++) {
        if (strncmp(route->path, below, len) == 0 &&
            (route->path[len] == '/' || route->path[len] == '\0')) {
            return route;
        }
    }
    return NULL;
}

static void check_pair(const authp_mount_t *outer, const authp_mount_t *inner,
                       apr_array_header_t *warnings, apr_pool_t *pool)
{
    const authp_route_t *hidden = find_hidden(outer, inner);
    if (hidden != NULL) {
        APR_ARRAY_PUSH(warnings, const char *) =
            apr_psprintf(pool, "AuthPlatformMount %s hides %s%s of AuthPlatformMount %s",
                         inner->path, outer->path, hidden->path, outer->path);
    }
}

/* Hosts that inherit the mounts of the main server are not told again. */
static bool inherits(const server_rec *main_server, const server_rec *server)
{
    return server != main_server &&
           authp_config_server(server)->mounts == authp_config_server(main_server)->mounts;
}

void authp_check_mounts(server_rec *main_server, apr_array_header_t *warnings, apr_pool_t *pool)
{
    for (const server_rec *server = main_server; server != NULL; server = server->next) {
        const apr_array_header_t *mounts = authp_config_server(server)->served;
        for (int i = 0; i < mounts->nelts && !inherits(main_server, server); i++) {
            for (int k = 0; k < mounts->nelts; k++) {
                check_pair(&APR_ARRAY_IDX(mounts, i, const authp_mount_t),
                           &APR_ARRAY_IDX(mounts, k, const authp_mount_t), warnings, pool);
            }
        }
    }
}

/* True if a request for the redirect URI's path gets to the callback of that provider. */
static bool is_callback(const authp_provider_t *provider, const server_rec *server,
                        const char *callback)
{
    const authp_mount_t *mount =
        authp_mounts_find(authp_config_server(server)->served, provider->redirect_path);
    if (mount == NULL || mount->profile != authp_profiles_find(AUTHP_PROFILES_USUAL)) {
        return false;
    }
    const char *rest = authp_mount_rest(mount, provider->redirect_path);
    return strcmp(rest, callback) == 0 ||
           (provider->google && strcmp(rest, "/google/callback") == 0);
}

static bool comes_back(const authp_provider_t *provider, const server_rec *main_server,
                       apr_pool_t *pool)
{
    const char *callback = apr_pstrcat(pool, "/oidc/", provider->name, "/callback", NULL);
    const server_rec *server = main_server;
    while (server != NULL && !is_callback(provider, server, callback)) {
        server = server->next;
    }
    return server != NULL;
}

void authp_check_mounts_providers(const authp_settings_t *settings, server_rec *main_server,
                                  apr_array_header_t *warnings, apr_pool_t *pool)
{
    for (int i = 0; i < settings->providers->nelts; i++) {
        const authp_provider_t *provider =
            APR_ARRAY_IDX(settings->providers, i, const authp_provider_t *);
        if (!comes_back(provider, main_server, pool)) {
            APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
                pool,
                "the redirect URI of the provider %s in %s, %s, is at no AuthPlatformMount of any "
                "host: nobody who signs in there can come back. Its path must be that of a mount "
                "and %s%s/callback",
                provider->name, settings->source, provider->redirect_uri,
                provider->google ? "/" : "/oidc/", provider->name);
        }
    }
}

/* The path of a mount that sends codes. NULL: there is none. */
static const char *code_mount(const server_rec *main_server)
{
    const authp_profile_t *phone = authp_profiles_find("phone");
    for (const server_rec *server = main_server; server != NULL; server = server->next) {
        const apr_array_header_t *mounts = authp_config_server(server)->served;
        for (int i = 0; i < mounts->nelts; i++) {
            const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
            if (mount->profile == phone) {
                return mount->path;
            }
        }
    }
    return NULL;
}

void authp_check_mounts_codes(const authp_settings_t *settings, server_rec *main_server,
                              apr_array_header_t *warnings, apr_pool_t *pool)
{
    const char *path = code_mount(main_server);
    apr_array_header_t *said = apr_array_make(pool, 4, sizeof(const char *));
    if (path != NULL) {
        authp_sender_warn(settings, said, pool);
    }
    for (int i = 0; i < said->nelts; i++) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            pool, "AuthPlatformMount %s phone: %s", path, APR_ARRAY_IDX(said, i, const char *));
    }
}
