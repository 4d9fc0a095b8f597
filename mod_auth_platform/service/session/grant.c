/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/grant.h"

#include "service/session/refresh_token.h"

authp_ms_t authp_grant_idle_limit(const authp_settings_t *settings, authp_ms_t now,
                                  authp_ms_t absolute_expires_at)
{
    authp_ms_t idle = now + settings->refresh_token_days * AUTHP_DAY_MS;
    return idle < absolute_expires_at ? idle : absolute_expires_at;
}

authp_err_t authp_grant_make(const authp_realm_t *realm, authp_user_t *user,
                             authp_session_t *session, authp_grant_t *out, apr_pool_t *pool)
{
    authp_grant_t grant = {.user = user, .session = session};
    authp_err_t err =
        authp_token_issue(realm, user, session, &grant.access_token, &grant.expires_in, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_refresh_token_make(realm->keys, session, session->generation, &grant.refresh_token,
                                   pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_ms_t left = session->expires_at - authp_realm_now(realm);
    grant.refresh_expires_in = left > 0 ? (int)(left / 1000) : 0;
    *out = grant;
    return AUTHP_OK;
}
