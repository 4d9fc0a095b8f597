/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_text.h"
#include "base/json.h"

#include <string.h>

json_t *authp_openapi_text_parse(const char *text, apr_pool_t *pool)
{
    json_t *object = NULL;
    if (text != NULL && authp_json_parse(text, strlen(text), &object, pool) == AUTHP_OK) {
        return object;
    }
    return authp_json_object(pool);
}
