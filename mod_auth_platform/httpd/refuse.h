/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REFUSE_H
#define AUTHP_HTTPD_REFUSE_H

#include "httpd/context.h"

void authp_refuse_register(apr_pool_t *pool);

/* Refuses a guarded request: to be returned from the hook. A signed-out navigation becomes a
 * redirect; else the headers are set and the document is kept, to take the place of httpd's own
 * error page. An ErrorDocument of the site wins over it. */
int authp_refuse(request_rec *r, authp_err_t err);

#endif
