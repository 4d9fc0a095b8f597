/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_SCRUB_H
#define AUTHP_HTTPD_SCRUB_H

#include "httpd/module.h"

/* Clients do not get to say who they are: our identity headers are removed before anybody reads
 * them. */
void authp_scrub_register(apr_pool_t *pool);

/* Removes them, in every spelling an app might fold to ours, and their mention in Connection, which
 * would make mod_proxy drop the real ones. */
void authp_scrub_headers(request_rec *r);

#endif
