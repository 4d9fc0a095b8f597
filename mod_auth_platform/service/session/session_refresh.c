/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/session_refresh.h"

#include "base/log.h"
#include "service/live/live_change.h"
#include "service/session/rotation.h"

#include <apr_strings.h>

static authp_err_t missing_is_invalid(authp_err_t err)
{
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_REFRESH_INVALID : err;
}

/* The user is checked too. So a sign-in that raced with a password change or a disabling gains
 * nothing. */
static authp_err_t read_user(const authp_realm_t *realm, const authp_session_t *row,
                             authp_user_t **out, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_id(realm->store, row->user_id.hex, &user, pool);
    if (err != AUTHP_OK) {
        return missing_is_invalid(err);
    }
    if (user->disabled || row->ver < user->min_ver) {
        return AUTHP_E_REFRESH_INVALID;
    }
    *out = user;
    return AUTHP_OK;
}

static authp_err_t theft(const authp_realm_t *realm, const authp_session_t *row,
                         const authp_client_t *client, apr_pool_t *pool)
{
    authp_err_t err = authp_live_change_session_end(realm, row->id.hex, "refresh_reuse", pool);
    if (err != AUTHP_OK && err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    const authp_event_t event = {"refresh_reuse",  "denied",   "refresh_reused", NULL,
                                 row->user_id.hex, row->id.hex};
    authp_audit_write(realm, &event, client, pool);
    return AUTHP_E_REFRESH_REUSED;
}

/* AUTHP_E_CONFLICT: the row has changed, and *row is a fresh read. */
static authp_err_t attempt(const authp_realm_t *realm, authp_refresh_action_t action,
                           authp_session_t **row, const authp_client_t *client, apr_pool_t *pool)
{
    switch (action) {
    case AUTHP_REFRESH_ADVANCE:
        return authp_rotation_advance(realm, realm->settings->refresh_token_rotation, client, row,
                                      pool);
    case AUTHP_REFRESH_REPEAT:
        return AUTHP_OK;
    case AUTHP_REFRESH_THEFT:
        return theft(realm, *row, client, pool);
    case AUTHP_REFRESH_REFUSE:
        break;
    }
    return AUTHP_E_REFRESH_INVALID;
}

authp_err_t authp_session_refresh(const authp_realm_t *realm, const authp_proof_t *proof,
                                  const authp_client_t *client, authp_grant_t *out,
                                  apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = read_user(realm, proof->session, &user, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    /* A copy, because a rotation writes to it, and the proof belongs to the caller. */
    authp_session_t *row = apr_pmemdup(pool, proof->session, sizeof(*row));
    err = attempt(realm, proof->action, &row, client, pool);
    for (int i = 1; err == AUTHP_E_CONFLICT && i < AUTHP_ROTATION_TRIES; i++) {
        authp_refresh_action_t action = authp_refresh_rules_decide(
            row, proof->generation, authp_realm_now(realm), realm->settings->refresh_token_grace);
        err = attempt(realm, action, &row, client, pool);
    }
    if (err == AUTHP_E_CONFLICT) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0303",
                  "session %s: %d conditional updates failed, does the store return old data?",
                  row->id.hex, AUTHP_ROTATION_TRIES);
        return AUTHP_E_UNAVAILABLE;
    }
    return err == AUTHP_OK ? authp_grant_make(realm, user, row, client, out, pool)
                           : missing_is_invalid(err);
}
