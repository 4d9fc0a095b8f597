/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_LIFECYCLE_H
#define AUTHP_HTTPD_LIFECYCLE_H

#include "httpd/runtime.h"
#include "net/places.h"

#include <stdbool.h>

void authp_lifecycle_register(apr_pool_t *pool);

/* True if account routes can be served. Tries to open what could not be opened when the child
 * started. */
bool authp_lifecycle_ready(void);

/* Makes the places of requests that wait for other servers. There are half as many as places at the
 * gate. If those servers do not answer, the other half is left for requests to the store. */
authp_places_t *authp_lifecycle_places(const authp_runtime_t *runtime);

#endif
