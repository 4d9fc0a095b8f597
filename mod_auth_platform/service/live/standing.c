/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live/standing.h"

#include <string.h>

static authp_err_t missing_is_revoked(authp_err_t err)
{
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_TOKEN_REVOKED : err;
}

static bool session_lives(const authp_session_t *session, authp_ms_t now)
{
    return session->ended_at == 0 && session->expires_at > now &&
           session->absolute_expires_at > now;
}

authp_err_t authp_standing_of_session(const authp_realm_t *realm, authp_principal_t *principal,
                                      const authp_session_t *session, authp_user_t **user,
                                      apr_pool_t *pool)
{
    if (!session_lives(session, authp_realm_now(realm)) ||
        strcmp(session->user_id.hex, principal->user_id) != 0) {
        return AUTHP_E_TOKEN_REVOKED;
    }
    authp_user_t *account = NULL;
    authp_err_t err = authp_store_user_by_id(realm->store, session->user_id.hex, &account, pool);
    if (err != AUTHP_OK) {
        return missing_is_revoked(err);
    }
    if (account->disabled || principal->ver < account->min_ver || session->ver < account->min_ver) {
        return AUTHP_E_TOKEN_REVOKED;
    }
    principal->roles =
        authp_roles_effective(realm->roles, account->roles, account->is_recruiter_verified);
    principal->email = account->email;
    principal->name = account->name;
    principal->username = account->username;
    principal->email_verified = account->email_verified;
    *user = account;
    return AUTHP_OK;
}

authp_err_t authp_standing_check(const authp_realm_t *realm, authp_principal_t *principal,
                                 authp_user_t **user, authp_session_t **session, apr_pool_t *pool)
{
    authp_session_t *row = NULL;
    authp_err_t err = authp_store_session_by_id(realm->store, principal->session_id, &row, pool);
    if (err != AUTHP_OK) {
        return missing_is_revoked(err);
    }
    err = authp_standing_of_session(realm, principal, row, user, pool);
    if (err == AUTHP_OK) {
        *session = row;
    }
    return err;
}
