/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_OPENAPI_OPENAPI_TEXT_H
#define AUTHP_API_OPENAPI_OPENAPI_TEXT_H

#include <apr_pools.h>
#include <jansson.h>

/* The object in a text that the build embeds (docs/ and the profiles' folders). NULL counts as {},
 * and so does what is not JSON: a test holds every text to be an object. Released with `pool`. */
json_t *authp_openapi_text_parse(const char *text, apr_pool_t *pool);

#endif
