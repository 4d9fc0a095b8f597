/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/origin_rule.h"
#include "base/text.h"
#include "net/origin.h"

#include <string.h>

static const char *header(const authp_headers_t *headers, const char *name)
{
    return headers->get(headers->ctx, name);
}

static bool is_allowed(const authp_settings_t *settings, const char *origin)
{
    if (settings->frontend_origin != NULL && strcmp(settings->frontend_origin, origin) == 0) {
        return true;
    }
    return authp_text_listed(origin, settings->cors_origins);
}

static bool is_own(const char *origin, const char *scheme, const char *host, apr_pool_t *pool)
{
    const char *own = NULL;
    return host != NULL && authp_origin_own(scheme, host, &own, pool) == AUTHP_OK &&
           strcmp(own, origin) == 0;
}

authp_err_t authp_origin_rule_check(const authp_realm_t *realm, const authp_headers_t *headers,
                                    const char *scheme, const char *host, bool lenient,
                                    apr_pool_t *pool)
{
    const char *sent = header(headers, "Origin");
    const char *site = header(headers, "Sec-Fetch-Site");
    if (sent == NULL) {
        if (site == NULL) {
            return lenient ? AUTHP_OK : AUTHP_E_ORIGIN_DENIED;
        }
        return strcmp(site, "same-origin") == 0 ? AUTHP_OK : AUTHP_E_ORIGIN_DENIED;
    }
    const char *origin = NULL;
    bool allowed = authp_origin_parse(sent, false, &origin, pool) == AUTHP_OK &&
                   (is_own(origin, scheme, host, pool) || is_allowed(realm->settings, origin));
    return allowed ? AUTHP_OK : AUTHP_E_ORIGIN_DENIED;
}

bool authp_origin_rule_same(const authp_headers_t *headers, const char *scheme, const char *host,
                            apr_pool_t *pool)
{
    const char *sent = header(headers, "Origin");
    const char *site = header(headers, "Sec-Fetch-Site");
    const char *origin = NULL;
    if (sent == NULL) {
        return site != NULL && strcmp(site, "same-origin") == 0;
    }
    return authp_origin_parse(sent, false, &origin, pool) == AUTHP_OK &&
           is_own(origin, scheme, host, pool);
}
