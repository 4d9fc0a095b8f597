/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live.h"
#include "service/live_store.h"

#include <string.h>

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

/* --- the store's own word --------------------------------------------------------------------- */

static authp_err_t missing_is_revoked(authp_err_t err)
{
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_TOKEN_REVOKED : err;
}

static bool session_lives(const authp_session_t *session, authp_ms_t now)
{
    return session->ended_at == 0 && session->expires_at > now &&
           session->absolute_expires_at > now;
}

authp_err_t authp_live_api(const authp_realm_t *realm, authp_principal_t *principal,
                           authp_user_t **user, authp_session_t **session, apr_pool_t *pool)
{
    authp_session_t *row = NULL;
    authp_err_t err = authp_store_session_by_id(realm->store, principal->session_id, &row, pool);
    if (err != AUTHP_OK) {
        return missing_is_revoked(err);
    }
    if (!session_lives(row, authp_realm_now(realm)) ||
        strcmp(row->user_id.hex, principal->user_id) != 0) {
        return AUTHP_E_TOKEN_REVOKED;
    }
    authp_user_t *account = NULL;
    err = authp_store_user_by_id(realm->store, principal->user_id, &account, pool);
    if (err != AUTHP_OK) {
        return missing_is_revoked(err);
    }
    if (account->disabled || principal->ver < account->min_ver || row->ver < account->min_ver) {
        return AUTHP_E_TOKEN_REVOKED;
    }
    principal->roles =
        authp_roles_effective(realm->roles, account->roles, account->is_recruiter_verified);
    principal->email = account->email;
    principal->name = account->name;
    principal->email_verified = account->email_verified;
    *user = account;
    *session = row;
    return AUTHP_OK;
}
