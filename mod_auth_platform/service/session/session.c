/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/session.h"

#include "base/text.h"
#include "service/live/live_change.h"
#include "service/live/standing.h"
#include "service/session/refresh_token.h"

#include <apr_strings.h>
#include <string.h>

#define USER_AGENT_MAX 400

/* The header may have any bytes. The stored text is short, well-formed UTF-8 without control
 * characters. */
static const char *clean_user_agent(const char *text, apr_pool_t *pool)
{
    if (text == NULL) {
        return NULL;
    }
    size_t len = strnlen(text, USER_AGENT_MAX);
    char *clean = apr_pstrmemdup(pool, text, len);
    /* If the cut is inside a character, at most three bytes of it are left. */
    for (int i = 0; i < 3 && text[len] != '\0' && !authp_text_utf8(clean, len, NULL); i++) {
        clean[--len] = '\0';
    }
    bool plain = authp_text_utf8(clean, len, NULL) && !authp_text_has_control(clean, len);
    for (size_t i = 0; !plain && i < len; i++) {
        if (clean[i] < ' ' || clean[i] > '~') {
            clean[i] = '?';
        }
    }
    return clean;
}

authp_err_t authp_session_start(const authp_realm_t *realm, authp_user_t *user,
                                const authp_client_t *client, authp_grant_t *out, apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    authp_session_t *session = apr_pcalloc(pool, sizeof(*session));
    session->id = authp_id_new(realm->clock, realm->random);
    session->user_id = user->id;
    session->ver = user->ver;
    authp_random_fill(realm->random, session->salt, sizeof(session->salt));
    session->rotated_at = now;
    session->auth_time = now;
    session->created_at = now;
    session->last_used_at = now;
    session->absolute_expires_at = now + realm->settings->session_absolute_days * AUTHP_DAY_MS;
    session->expires_at = authp_grant_idle_limit(realm->settings, now, session, client);
    if (client != NULL) {
        session->device_id = client->device_id;
        session->ip = client->ip;
        session->user_agent = clean_user_agent(client->user_agent, pool);
    }
    /* The tokens are made first. If that fails, no row exists yet. */
    authp_grant_t grant = {0};
    authp_err_t err = authp_grant_make(realm, user, session, client, &grant, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_store_session_create(realm->store, session, pool);
    if (err == AUTHP_OK) {
        *out = grant;
    }
    return err;
}

authp_err_t authp_session_prove(const authp_realm_t *realm, const char *refresh_token,
                                authp_proof_t *out, apr_pool_t *pool)
{
    authp_refresh_token_t token;
    authp_err_t err = authp_refresh_token_parse(refresh_token, &token);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_session_t *row = NULL;
    err = authp_store_session_by_id(realm->store, token.sid.hex, &row, pool);
    if (err == AUTHP_OK) {
        err = authp_refresh_token_check(realm->keys, &token, row);
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_E_REFRESH_INVALID : err;
    }
    *out = (authp_proof_t){
        .session = row,
        .generation = token.generation,
        .action = authp_refresh_rules_decide(row, token.generation, authp_realm_now(realm),
                                             realm->settings->refresh_token_grace)};
    return AUTHP_OK;
}

/* *may is true if the credential may end other sessions than its own. A credential that is no
 * longer valid may not. */
static authp_err_t ask_for_all(const authp_realm_t *realm, const authp_leaving_t *leaving,
                               bool *may, apr_pool_t *pool)
{
    authp_principal_t principal = {
        .user_id = leaving->user_id, .session_id = leaving->session_id, .ver = leaving->ver};
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    authp_err_t err =
        leaving->session != NULL
            ? authp_standing_of_session(realm, &principal, leaving->session, &user, pool)
            : authp_standing_check(realm, &principal, &user, &session, pool);
    *may = err == AUTHP_OK;
    return err == AUTHP_E_TOKEN_REVOKED ? AUTHP_OK : err;
}

static void audit_end(const authp_realm_t *realm, const char *user_id, const char *sid,
                      const char *reason, const authp_client_t *client, apr_pool_t *pool)
{
    const authp_event_t event = {"logout", "ok", reason, user_id, user_id, sid};
    authp_audit_write(realm, &event, client, pool);
}

static authp_err_t end_one(const authp_realm_t *realm, const char *user_id, const char *sid,
                           const char *reason, const authp_client_t *client, apr_pool_t *pool)
{
    authp_err_t err = authp_live_change_session_end(realm, sid, reason, pool);
    if (err == AUTHP_OK) {
        audit_end(realm, user_id, sid, reason, client, pool);
    }
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

authp_err_t authp_session_logout(const authp_realm_t *realm, const authp_leaving_t *leaving,
                                 bool all, const authp_client_t *client, apr_pool_t *pool)
{
    static const char reason[] = "logout_all";
    const char *user_id = leaving->user_id;
    const char *sid = leaving->session_id;
    int count = 0;
    authp_err_t err = all ? ask_for_all(realm, leaving, &all, pool) : AUTHP_OK;
    if (err != AUTHP_OK) {
        return err;
    }
    if (!all) {
        return end_one(realm, user_id, sid, "logout", client, pool);
    }
    err = authp_live_change_session_end_user(realm, user_id, NULL, reason, &count, pool);
    if (err == AUTHP_OK && count > 0) {
        audit_end(realm, user_id, sid, reason, client, pool);
    }
    return err;
}

authp_err_t authp_session_end(const authp_realm_t *realm, const authp_session_t *session,
                              const char *reason, const authp_client_t *client, apr_pool_t *pool)
{
    return end_one(realm, session->user_id.hex, session->id.hex, reason, client, pool);
}

authp_err_t authp_session_end_by_id(const authp_realm_t *realm, const char *sid,
                                    const authp_client_t *client, apr_pool_t *pool)
{
    authp_session_t *row = NULL;
    authp_err_t err = authp_store_session_by_id(realm->store, sid, &row, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
    }
    return authp_session_end(realm, row, "logout", client, pool);
}
