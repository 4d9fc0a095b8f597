/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/grant.h"

#include "service/session/refresh_token.h"

#define MINUTE_MS INT64_C(60000)

authp_ms_t authp_grant_idle_limit(const authp_settings_t *settings, authp_ms_t now,
                                  const authp_session_t *session, const authp_client_t *client)
{
    authp_ms_t idle = now + settings->refresh_token_days * AUTHP_DAY_MS;
    authp_ms_t token =
        now + (authp_ms_t)authp_terms_minutes(settings, client != NULL ? client->terms : NULL) *
                  MINUTE_MS;
    idle = idle > token ? idle : token;
    idle = idle > session->expires_at ? idle : session->expires_at;
    return idle < session->absolute_expires_at ? idle : session->absolute_expires_at;
}

authp_err_t authp_grant_make(const authp_realm_t *realm, authp_user_t *user,
                             authp_session_t *session, const authp_client_t *client,
                             authp_grant_t *out, apr_pool_t *pool)
{
    authp_grant_t grant = {.user = user, .session = session};
    const authp_token_order_t order = {.user = user,
                                       .session = session,
                                       .terms = client != NULL ? client->terms : NULL,
                                       .door_role = client != NULL ? client->door_role : NULL};
    authp_err_t err =
        authp_token_issue(realm, &order, &grant.access_token, &grant.expires_in, pool);
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
