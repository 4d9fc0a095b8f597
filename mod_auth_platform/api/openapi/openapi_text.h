/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_TEXT_H
#define AUTHP_API_OPENAPI_OPENAPI_TEXT_H

#include <apr_pools.h>
#include <jansson.h>

/* Parses a text that the build embeds (docs/ and the profiles' folders) and returns its object.
 * NULL gives {}, and so does a text that is not JSON; a test checks that every text is an object.
 * `pool` frees the value. */
json_t *authp_openapi_text_parse(const char *text, apr_pool_t *pool);

#endif
