/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/mail_mount.h"
#include "httpd/config.h"

#include "api/core/mounts.h"
#include "api/core/profile.h"
#include "api/core/profiles.h"
#include "base/text.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <string.h>

/* How well a host fits PUBLIC_URL. */
typedef enum fit_t { FIT_NONE, FIT_MAIN, FIT_HOST, FIT_NAME, FIT_NAME_AND_PORT } fit_t;

static bool has_name(const apr_array_header_t *names, const char *name, bool wild)
{
    for (int i = 0; names != NULL && i < names->nelts; i++) {
        const char *each = APR_ARRAY_IDX(names, i, const char *);
        if (wild ? apr_fnmatch(each, name, APR_FNM_CASE_BLIND) == APR_SUCCESS
                 : authp_text_same(each, name)) {
            return true;
        }
    }
    return false;
}

static bool is_named(const server_rec *server, const char *name)
{
    return authp_text_same(server->server_hostname, name) || has_name(server->names, name, false) ||
           has_name(server->wild_names, name, true);
}

static int port_of(const authp_settings_t *settings)
{
    const char *port = strstr(settings->public_url, settings->public_host);
    port += strlen(settings->public_host);
    if (*port == ':') {
        return (int)apr_atoi64(port + 1);
    }
    return settings->public_url[4] == 's' ? 443 : 80;
}

static bool has_port(const server_rec *server, int port)
{
    for (const server_addr_rec *at = server->addrs; at != NULL; at = at->next) {
        if (at->host_port == port) {
            return true;
        }
    }
    return false;
}

static fit_t fit_of(const authp_settings_t *settings, const server_rec *server)
{
    if (is_named(server, settings->public_host)) {
        return has_port(server, port_of(settings)) ? FIT_NAME_AND_PORT : FIT_NAME;
    }
    return server->is_virtual ? FIT_HOST : FIT_MAIN;
}

static const char *platform_mount(const server_rec *server)
{
    const authp_profile_t *platform = authp_profiles_find(AUTHP_PROFILES_USUAL);
    const apr_array_header_t *mounts = authp_config_server(server)->served;
    for (int i = 0; i < mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
        if (mount->profile == platform) {
            return mount->path;
        }
    }
    return NULL;
}

/* Returns the path as authp_mail_mount_find() does. *fit says how well the host of that mount fits,
 * and *best how well the best host fits, which may have no mount. httpd's list of virtual hosts
 * begins with the last one of the configuration, so of equal hosts the last one in the list counts.
 */
static const char *find(const authp_settings_t *settings, const server_rec *main_server, fit_t *fit,
                        fit_t *best)
{
    const char *found = NULL;
    *fit = *best = FIT_NONE;
    for (const server_rec *server = main_server; server != NULL; server = server->next) {
        const char *path = platform_mount(server);
        fit_t here = fit_of(settings, server);
        *best = here > *best ? here : *best;
        if (path != NULL && here >= *fit) {
            found = path;
            *fit = here;
        }
    }
    return found;
}

const char *authp_mail_mount_find(const authp_settings_t *settings, const server_rec *main_server)
{
    fit_t fit;
    fit_t best;
    return settings->public_url != NULL ? find(settings, main_server, &fit, &best) : NULL;
}

void authp_mail_mount_check(const authp_settings_t *settings, const server_rec *main_server,
                            apr_array_header_t *warnings, apr_pool_t *pool)
{
    fit_t fit;
    fit_t best;
    if (settings->mail_url == NULL) {
        return;
    }
    const char *path = find(settings, main_server, &fit, &best);
    if (path == NULL || (best >= FIT_NAME && fit < FIT_NAME)) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            pool,
            "PUBLIC_URL in %s is %s, and %s has no AuthPlatformMount of the profile platform: "
            "the links in mails lead to no page",
            settings->source, settings->public_url, path == NULL ? "no host" : "that host");
    }
}
