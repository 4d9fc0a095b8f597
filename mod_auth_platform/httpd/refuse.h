/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REFUSE_H
#define AUTHP_HTTPD_REFUSE_H

#include "httpd/context.h"

void authp_refuse_register(apr_pool_t *pool);

/* Refuses a guarded request. Returns the status for the hook to return. A signed-out navigation is
 * redirected. For other requests the headers are set, and a document is kept that replaces httpd's
 * own error page. An ErrorDocument of the site takes precedence over it. */
int authp_refuse(request_rec *r, authp_err_t err);

#endif
