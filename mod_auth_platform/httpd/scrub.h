/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_SCRUB_H
#define AUTHP_HTTPD_SCRUB_H

#include "httpd/module.h"

/* Removes our identity headers from each request of a client, before any other module reads them.
 * So a client cannot set them. */
void authp_scrub_register(apr_pool_t *pool);

/* Removes these headers in every spelling that an app might take for ours, and removes their names
 * from Connection, which would make mod_proxy drop the real headers. */
void authp_scrub_headers(request_rec *r);

#endif
