/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/log_bridge.h"

#include "base/log.h"

static _Thread_local authp_log_scope_t current;

static int httpd_level(authp_log_level_t level)
{
    static const int levels[] = {
        [AUTHP_LOG_ERROR] = APLOG_ERR,     [AUTHP_LOG_WARNING] = APLOG_WARNING,
        [AUTHP_LOG_NOTICE] = APLOG_NOTICE, [AUTHP_LOG_INFO] = APLOG_INFO,
        [AUTHP_LOG_DEBUG] = APLOG_DEBUG,
    };
    return levels[level];
}

static void sink(void *ctx, authp_log_level_t level, const char *message)
{
    const server_rec *server = ctx;
    if (current.r == NULL) {
        ap_log_error(APLOG_MARK, httpd_level(level), 0, server, "%s", message);
    } else {
        ap_log_rerror(APLOG_MARK, httpd_level(level), 0, current.r, "%s (request %s)", message,
                      current.request_id);
    }
}

void authp_log_bridge_start(server_rec *server)
{
    authp_log_set_sink(sink, server);
}

authp_log_scope_t authp_log_bridge_enter(authp_log_scope_t scope)
{
    authp_log_scope_t before = current;
    current = scope;
    return before;
}
