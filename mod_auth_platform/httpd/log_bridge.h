/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_LOG_BRIDGE_H
#define AUTHP_HTTPD_LOG_BRIDGE_H

#include "httpd/module.h"

/* Sends the lines of the lower layers to httpd's error log, under `LogLevel auth_platform:...`. */
void authp_log_bridge_start(server_rec *server);

/* While a thread works for a request, its lines have the client's address and the request id.
 * Returns the scope that was set before. The caller sets it again at the end. With NULLs the lines
 * belong to no request. */
typedef struct authp_log_scope_t {
    const request_rec *r;
    const char *request_id;
} authp_log_scope_t;

authp_log_scope_t authp_log_bridge_enter(authp_log_scope_t scope);

#endif
