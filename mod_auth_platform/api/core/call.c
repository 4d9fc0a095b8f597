/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/call.h"
#include "base/text.h"

const char *authp_call_header(const authp_call_t *call, const char *name)
{
    return call->request->headers.get(call->request->headers.ctx, name);
}

const char *authp_call_field(const authp_call_t *call, const char *name)
{
    return json_string_value(json_object_get(call->body, name));
}

const char *authp_call_query(const authp_call_t *call, const char *name)
{
    return authp_text_query(call->request->query, name, call->pool);
}

const char *authp_call_id(const authp_call_t *call)
{
    return authp_path_value(&call->path, "id");
}
