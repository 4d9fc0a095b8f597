/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_LOG_BRIDGE_H
#define AUTHP_HTTPD_LOG_BRIDGE_H

#include "httpd/module.h"

/* Lines of the layers below go to httpd's error log under `LogLevel auth_platform:...`. */
void authp_log_bridge_start(server_rec *server);

/* While a thread works for a request, its lines carry the client's address and the request id;
 * returns what was set before, to be put back. NULLs: for no request. */
typedef struct authp_log_scope_t {
    const request_rec *r;
    const char *request_id;
} authp_log_scope_t;

authp_log_scope_t authp_log_bridge_enter(authp_log_scope_t scope);

#endif
