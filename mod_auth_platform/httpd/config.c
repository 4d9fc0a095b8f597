/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/config.h"
#include "httpd/way_in.h"

#include "api/document.h"

#include <apr_strings.h>
#include <string.h>

#define DEFAULT_MOUNT "/api/auth"
#define DEFAULT_ME "/api/protected/me"
#define DEFAULT_TOKEN_CACHE 4096 /* KB for each child */

#define SET_UNSET(type, name, unset) out->name = unset;
#define MERGE(type, name, unset) out->name = over->name != (unset) ? over->name : under->name;

void *authp_config_create_server(apr_pool_t *pool, server_rec *server)
{
    authp_server_config_t *out = apr_pcalloc(pool, sizeof(*out));
    (void)server;
    AUTHP_SERVER_MEMBERS(SET_UNSET)
    out->token_cache = AUTHP_UNSET;
    return out;
}

void *authp_config_merge_server(apr_pool_t *pool, void *base, void *add)
{
    authp_server_config_t *out = apr_pcalloc(pool, sizeof(*out));
    const authp_server_config_t *under = base;
    const authp_server_config_t *over = add;
    AUTHP_SERVER_MEMBERS(MERGE)
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

const authp_dir_config_t *authp_config_dir(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &auth_platform_module);
}

const authp_mount_t *authp_config_mount(const request_rec *r)
{
    const authp_server_config_t *config = authp_config_server(r->server);
    return config->mounted ? &config->mount : NULL;
}

const char *authp_config_sign_in_page(const request_rec *r)
{
    const authp_way_in_t *way = authp_config_dir(r)->sign_in;
    return way != NULL && way->page[0] != '\0' ? way->page : NULL;
}

bool authp_config_owns(const request_rec *r)
{
    const authp_mount_t *mount = authp_config_mount(r);
    return mount != NULL && r->uri != NULL && authp_api_owns(mount, r->uri);
}

const char *authp_config_resolve(server_rec *server, apr_pool_t *pool)
{
    authp_server_config_t *config = authp_config_server(server);
    const char *mount = config->mount_path != NULL ? config->mount_path : DEFAULT_MOUNT;
    const char *me = config->me_path != NULL ? config->me_path : DEFAULT_ME;
    size_t len = strlen(mount);

    config->mounted = len > 0;
    config->mount.path = mount;
    config->mount.me_path = me[0] != '\0' ? me : NULL;
    config->mount.delivery =
        config->delivery == AUTHP_UNSET ? AUTHP_DELIVERY_JSON : (authp_delivery_t)config->delivery;
    if (config->mounted && config->me_path != NULL && strncmp(me, mount, len) == 0 &&
        (me[len] == '/' || me[len] == '\0')) {
        return apr_psprintf(pool, "AuthPlatformMe %s lies within AuthPlatformMount %s", me, mount);
    }
    return NULL;
}

/* Returns the documents of an earlier host that has the same mount as `server`. NULL if there is
 * none. */
static const authp_documents_t *made_before(const server_rec *main_server, const server_rec *server)
{
    const authp_mount_t *mount = &authp_config_server(server)->mount;
    for (const server_rec *at = main_server; at != server; at = at->next) {
        const authp_server_config_t *config = authp_config_server(at);
        if (config->mounted && authp_documents_same(&config->mount, mount)) {
            return config->mount.documents;
        }
    }
    return NULL;
}

authp_err_t authp_config_documents(server_rec *main_server, const authp_settings_t *settings,
                                   apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    for (server_rec *server = main_server; server != NULL && err == AUTHP_OK;
         server = server->next) {
        authp_server_config_t *config = authp_config_server(server);
        config->mount.documents = config->mounted ? made_before(main_server, server) : NULL;
        if (config->mounted && config->mount.documents == NULL) {
            err = authp_documents_make(settings, &config->mount, &config->mount.documents, pool);
        }
    }
    return err;
}
