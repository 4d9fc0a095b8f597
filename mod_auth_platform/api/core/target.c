/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/target.h"

#include "base/text.h"
#include "net/origin.h"

#include <apr_strings.h>
#include <string.h>

bool authp_target_is_path(const char *target)
{
    return target[0] == '/';
}

/* True if all bytes may stand in a URL. A backslash may not: browsers read it as a slash. */
static bool is_clean(const char *url)
{
    for (; *url != '\0'; url++) {
        if (*url <= ' ' || *url >= 0x7f || strchr("\"<>\\^`{|}", *url) != NULL) {
            return false;
        }
    }
    return true;
}

static bool is_front_end(const authp_settings_t *settings, const char *url, apr_pool_t *pool)
{
    const char *host = strstr(url, "://");
    const char *origin = NULL;
    if (host == NULL || !is_clean(url)) {
        return false;
    }
    size_t len = (size_t)(host - url) + 3 + strcspn(host + 3, "/?#");
    if (authp_origin_parse(apr_pstrmemdup(pool, url, len), false, &origin, pool) != AUTHP_OK) {
        return false;
    }
    return (settings->frontend_origin != NULL && strcmp(settings->frontend_origin, origin) == 0) ||
           authp_text_listed(origin, settings->cors_origins);
}

const char *authp_target_check(const authp_settings_t *settings, const char *text, apr_pool_t *pool)
{
    if (strlen(text) > AUTHP_TARGET_MOST) {
        return "Must be at most 1024 bytes.";
    }
    if (authp_target_is_path(text)) {
        /* A path that is not safe comes back as "/". */
        return strcmp(authp_origin_return_to(text, pool), "/") != 0 || strcmp(text, "/") == 0
                   ? NULL
                   : "Is not a safe path.";
    }
    return is_front_end(settings, text, pool)
               ? NULL
               : "Must be a path, or a URL of FRONTEND_URL or of BACKEND_CORS_ORIGINS.";
}
