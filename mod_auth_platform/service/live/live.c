/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live/live.h"
#include "service/live/live_store.h"
#include "service/live_table/live_ask.h"

authp_err_t authp_live_make(authp_live_table_t *table, int askers, authp_live_t **out,
                            apr_pool_t *pool)
{
    authp_live_t *live = apr_pcalloc(pool, sizeof(*live));
    live->table = table;
    authp_err_t err = authp_live_store_make(table, askers, &live->store, pool);
    if (err == AUTHP_OK) {
        *out = live;
    }
    return err;
}

void authp_live_open(authp_live_t *live)
{
    authp_live_store_open(live->store);
}

static void take_facts(authp_principal_t *principal, const authp_live_facts_t *facts)
{
    principal->roles = facts->roles;
    principal->email_verified = facts->email_verified;
}

authp_err_t authp_live_guard(const authp_realm_t *realm, authp_principal_t *principal,
                             authp_unavailable_t otherwise, apr_pool_t *pool)
{
    if (realm->live == NULL) {
        return AUTHP_OK;
    }
    const authp_live_query_t query = {.user_id = principal->user_id,
                                      .session_id = principal->session_id,
                                      .ver = principal->ver,
                                      .known_at = principal->known_at};
    authp_live_facts_t facts = {0};
    bool newer = false;
    switch (
        authp_live_ask(realm->live->table, &query, authp_clock_now(realm->clock), &facts, &newer)) {
    case AUTHP_LIVE_GOOD:
        return AUTHP_OK;
    case AUTHP_LIVE_CHANGED:
        take_facts(principal, &facts);
        return AUTHP_OK;
    case AUTHP_LIVE_DEAD:
        return AUTHP_E_TOKEN_REVOKED;
    case AUTHP_LIVE_UNKNOWN:
        break;
    }
    authp_live_facts_t stored = {0};
    int64_t asked_at = authp_clock_now(realm->clock) / 1000 - AUTHP_LIVE_STORE_AGE;
    authp_err_t err = authp_live_store_ask(realm, principal, &stored, pool);
    if (err == AUTHP_E_TOKEN_REVOKED) {
        return err;
    }
    if (err != AUTHP_OK && otherwise != AUTHP_UNAVAILABLE_ALLOW_VALID) {
        return AUTHP_E_UNAVAILABLE;
    }
    /* The store's answer may be a second old. The table has changes that were made on this host
     * since then. */
    if (err == AUTHP_OK && (!newer || stored.ver >= facts.ver)) {
        take_facts(principal, &stored);
        principal->ver = stored.ver;
        principal->known_at = asked_at > principal->known_at ? asked_at : principal->known_at;
    } else if (newer) {
        take_facts(principal, &facts);
    }
    return AUTHP_OK;
}

bool authp_live_health(const authp_realm_t *realm, authp_live_health_t *out)
{
    if (realm->live == NULL) {
        return false;
    }
    authp_live_table_status(realm->live->table, &out->table);
    /* The offset that the polling child has measured for all children. This child may not have
     * polled. */
    out->clock_known = authp_live_table_clock(realm->live->table, &out->clock_offset_ms);
    out->clock_fine = !out->clock_known || authp_store_offset_fine(out->clock_offset_ms);
    return true;
}
