/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/openapi.h"
#include "base/json.h"

authp_err_t h_healthz(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "status", "ok");
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

authp_err_t h_readyz(authp_call_t *call)
{
    authp_err_t err = authp_store_ping(call->realm->store, call->pool);
    if (err != AUTHP_OK) {
        return AUTHP_E_UNAVAILABLE;
    }
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "status", "ready");
    authp_json_set_str(out, "store", "ok");
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

authp_err_t h_openapi(authp_call_t *call)
{
    authp_answer_json(call, 200,
                      authp_openapi_make(call->realm->settings, call->request->mount, call->pool));
    apr_table_setn(call->out->headers, "Cache-Control", "public, max-age=300");
    return AUTHP_OK;
}
