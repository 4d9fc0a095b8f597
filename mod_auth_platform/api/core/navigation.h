/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_NAVIGATION_H
#define AUTHP_API_CORE_NAVIGATION_H

#include "api/core/http.h"

/* Tells a browser that opens a page from a client that calls a route. */

/* True for GET or HEAD with Sec-Fetch-Mode: navigate. If that header is absent, true if Accept
 * names text/html and does not prefer JSON. An Accept of only "*" + "/" + "*" is an API client. */
bool authp_navigation_is(const char *method, const authp_headers_t *headers);

#endif
