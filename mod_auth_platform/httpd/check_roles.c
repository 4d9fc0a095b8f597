/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/check_roles.h"
#include "base/text.h"
#include "httpd/check_hosts.h"
#include "httpd/config.h"

#include "api/core/mounts.h"
#include "api/core/profile.h"
#include "api/core/profiles.h"

#include <apr_strings.h>
#include <string.h>

static void add_names(apr_array_header_t *roles, const authp_profile_t *profile)
{
    for (const char *const *name = profile->role_names; name != NULL && *name != NULL; name++) {
        if (!authp_text_listed(*name, roles)) {
            APR_ARRAY_PUSH(roles, const char *) = *name;
        }
    }
}

/* The main server's own mount at the usual path serves nobody if virtual hosts get all requests. */
static bool is_idle(server_rec *main_server, const server_rec *server)
{
    return server == main_server && authp_config_server(server)->mounts == NULL &&
           !authp_check_hosts_reached(main_server, server);
}

void authp_check_roles_narrow(authp_settings_t *settings, server_rec *main_server, apr_pool_t *pool)
{
    apr_array_header_t *roles = apr_array_make(pool, 4, sizeof(const char *));
    if (settings->roles_set) {
        return;
    }
    for (const server_rec *server = main_server; server != NULL; server = server->next) {
        const apr_array_header_t *mounts = authp_config_server(server)->served;
        for (int i = 0; i < mounts->nelts && !is_idle(main_server, server); i++) {
            add_names(roles, APR_ARRAY_IDX(mounts, i, const authp_mount_t).profile);
        }
    }
    if (roles->nelts == 0) {
        add_names(roles, authp_profiles_find(AUTHP_PROFILES_USUAL));
    }
    settings->roles = roles;
}

static void lacks(const authp_settings_t *settings, const authp_mount_t *mount, const char *role,
                  const char *what, apr_array_header_t *errors, apr_pool_t *pool)
{
    if (authp_text_listed(role, settings->roles)) {
        return;
    }
    const char *error =
        apr_psprintf(pool, "ROLES in %s lacks \"%s\", %s AuthPlatformMount %s %s", settings->source,
                     role, what, mount->path, mount->profile->name);
    if (!authp_text_listed(error, errors)) {
        APR_ARRAY_PUSH(errors, const char *) = error;
    }
}

static void check_mount(const authp_settings_t *settings, const authp_mount_t *mount,
                        apr_array_header_t *errors, apr_pool_t *pool)
{
    const authp_profile_t *profile = mount->profile;
    if (profile->default_role != NULL && strcmp(profile->name, AUTHP_PROFILES_USUAL) != 0) {
        lacks(settings, mount, profile->default_role, "the role of accounts that are made at",
              errors, pool);
    }
    bool chooses = profile->terms != NULL && (profile->terms->claims & AUTHP_TERMS_PHONE) != 0;
    for (int i = 0; chooses && i < settings->self_service_roles->nelts; i++) {
        lacks(settings, mount, APR_ARRAY_IDX(settings->self_service_roles, i, const char *),
              "which SELF_SERVICE_ROLES offers at", errors, pool);
    }
}

void authp_check_roles_defaults(const authp_settings_t *settings, server_rec *main_server,
                                apr_array_header_t *errors, apr_pool_t *pool)
{
    for (const server_rec *server = main_server; server != NULL; server = server->next) {
        const apr_array_header_t *mounts = authp_config_server(server)->served;
        for (int i = 0; i < mounts->nelts; i++) {
            check_mount(settings, &APR_ARRAY_IDX(mounts, i, const authp_mount_t), errors, pool);
        }
    }
}
