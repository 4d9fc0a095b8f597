/* SPDX-License-Identifier: Apache-2.0 */
#include "api/docs/meta.h"
#include "api/core/answer.h"
#include "api/docs/document.h"
#include "api/openapi/docs_text.h"
#include "base/json.h"
#include "service/live/live.h"
#include "service/vault/vault.h"

authp_err_t authp_meta_healthz(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "status", "ok");
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

/* Returns a sentence for the operator if something is wrong, else NULL. */
static const char *complaint(const authp_live_health_t *health)
{
    if (!health->table.warm && (health->table.age_ms < 0 || !health->clock_known)) {
        return "Not known yet: the live table is being filled; until then guarded pages ask the "
               "store.";
    }
    if (!health->table.warm) {
        return "The live table has no recent news of revocations; guarded pages ask the store.";
    }
    if (!health->clock_fine) {
        return "The clocks of this host and of the store differ by more than 20 seconds.";
    }
    return NULL;
}

authp_err_t authp_meta_readyz(authp_call_t *call)
{
    authp_live_health_t health = {0};
    bool live = authp_live_health(call->realm, &health);
    if (authp_store_ping(call->realm->store, call->pool) != AUTHP_OK) {
        return AUTHP_E_UNAVAILABLE;
    }
    call->detail = live ? complaint(&health) : NULL;
    if (call->detail == NULL) {
        call->detail = authp_vault_why(call->realm, call->pool);
    }
    if (call->detail != NULL) {
        return AUTHP_E_UNAVAILABLE;
    }
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "status", "ready");
    authp_json_set_str(out, "store", "ok");
    if (live) {
        authp_json_set_int(out, "revocation_lag_ms", health.table.age_ms);
        authp_json_set_int(out, "revocation_lag_worst_ms", health.table.worst_ms);
        authp_json_set_int(out, "clock_offset_ms", health.clock_offset_ms);
    }
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

authp_err_t authp_meta_openapi(authp_call_t *call)
{
    authp_document_send(call, &call->request->mount->documents->openapi, "application/json");
    return AUTHP_OK;
}

authp_err_t authp_meta_docs(authp_call_t *call)
{
    apr_table_setn(call->out->headers, "Content-Security-Policy", authp_docs_text_page_policy);
    authp_document_send(call, &call->request->mount->documents->page, "text/html; charset=utf-8");
    return AUTHP_OK;
}
