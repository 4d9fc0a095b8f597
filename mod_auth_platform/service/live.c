/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live.h"
#include "service/live_store.h"

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
                                      .iat = principal->iat};
    authp_live_facts_t facts = {0};
    bool newer = false;
    switch (authp_live_table_ask(authp_live_store_table(realm->live), &query,
                                 authp_clock_now(realm->clock), &facts, &newer)) {
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
    } else if (newer) {
        take_facts(principal, &facts);
    }
    return AUTHP_OK;
}
