/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session_refresh.h"

#include "base/log.h"
#include "service/grant.h"
#include "service/live.h"
#include "service/refresh_token.h"
#include "service/session.h"

/* After a lost race the first new read decides. More reads are needed only if reads are stale. */
#define ATTEMPTS 4

authp_refresh_state_t authp_session_refresh_state(const authp_session_t *row, authp_ms_t now)
{
    if (row->ended_at != 0) {
        return AUTHP_REFRESH_ENDED;
    }
    if (row->absolute_expires_at <= now) {
        return AUTHP_REFRESH_TOO_OLD;
    }
    return row->expires_at <= now ? AUTHP_REFRESH_IDLE : AUTHP_REFRESH_LIVE;
}

authp_refresh_distance_t authp_session_refresh_distance(const authp_session_t *row,
                                                        int64_t generation, authp_ms_t now,
                                                        authp_ms_t grace)
{
    if (generation >= row->generation) {
        return generation == row->generation ? AUTHP_REFRESH_CURRENT : AUTHP_REFRESH_AHEAD;
    }
    if (generation != row->generation - 1) {
        return AUTHP_REFRESH_OLDER;
    }
    /* rotated_at is in the future if another host, whose clock is ahead, has rotated. */
    bool recent = grace > 0 && now - row->rotated_at <= grace;
    return recent ? AUTHP_REFRESH_GRACE : AUTHP_REFRESH_LATE;
}

authp_refresh_action_t authp_session_refresh_decide(authp_refresh_state_t state,
                                                    authp_refresh_distance_t distance)
{
    /* A session that has ended or expired refuses every token. There is nothing to steal or to end.
     */
    static const authp_refresh_action_t actions[AUTHP_REFRESH_STATES][AUTHP_REFRESH_DISTANCES] = {
        [AUTHP_REFRESH_LIVE] = {[AUTHP_REFRESH_AHEAD] = AUTHP_REFRESH_REFUSE,
                                [AUTHP_REFRESH_CURRENT] = AUTHP_REFRESH_ADVANCE,
                                [AUTHP_REFRESH_GRACE] = AUTHP_REFRESH_REPEAT,
                                [AUTHP_REFRESH_LATE] = AUTHP_REFRESH_THEFT,
                                [AUTHP_REFRESH_OLDER] = AUTHP_REFRESH_THEFT},
        [AUTHP_REFRESH_ENDED] = {AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE,
                                 AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE},
        [AUTHP_REFRESH_IDLE] = {AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE,
                                AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE},
        [AUTHP_REFRESH_TOO_OLD] = {AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE,
                                   AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE},
    };
    return actions[state][distance];
}

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
    authp_err_t err = authp_live_end_session(realm, row->id.hex, "refresh_reuse", pool);
    if (err != AUTHP_OK && err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    const authp_event_t event = {"refresh_reuse",  "denied",   "refresh_reused", NULL,
                                 row->user_id.hex, row->id.hex};
    authp_audit_write(realm, &event, client, pool);
    return AUTHP_E_REFRESH_REUSED;
}

/* Makes the one conditional update. On success *row is as the store has it now. AUTHP_E_CONFLICT:
 * another request was first. */
static authp_err_t advance(const authp_realm_t *realm, authp_session_t *row, apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    authp_ms_t idle = authp_grant_idle_limit(realm->settings, now, row->absolute_expires_at);
    bool rotate = realm->settings->refresh_token_rotation;
    authp_err_t err = rotate ? authp_store_session_rotate(realm->store, row->id.hex,
                                                          row->generation, now, idle, pool)
                             : authp_store_session_slide(realm->store, row->id.hex, row->generation,
                                                         now, idle, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (rotate) {
        row->generation++;
        row->rotated_at = now;
    }
    row->last_used_at = now;
    row->expires_at = idle;
    return AUTHP_OK;
}

/* Decides about the row as it was read. AUTHP_E_CONFLICT: the row must be read again. */
static authp_err_t attempt(const authp_realm_t *realm, int64_t generation, authp_session_t *row,
                           const authp_client_t *client, apr_pool_t *pool)
{
    authp_ms_t now = authp_realm_now(realm);
    authp_ms_t grace = (authp_ms_t)realm->settings->refresh_token_grace * 1000;
    switch (
        authp_session_refresh_decide(authp_session_refresh_state(row, now),
                                     authp_session_refresh_distance(row, generation, now, grace))) {
    case AUTHP_REFRESH_ADVANCE:
        return advance(realm, row, pool);
    case AUTHP_REFRESH_REPEAT:
        return AUTHP_OK;
    case AUTHP_REFRESH_THEFT:
        return theft(realm, row, client, pool);
    case AUTHP_REFRESH_REFUSE:
        break;
    }
    return AUTHP_E_REFRESH_INVALID;
}

authp_err_t authp_session_refresh(const authp_realm_t *realm, const char *refresh_token,
                                  const authp_client_t *client, authp_grant_t *out,
                                  apr_pool_t *pool)
{
    authp_refresh_token_t token;
    authp_err_t err = authp_refresh_token_parse(refresh_token, &token);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_session_t *row = NULL;
    err = authp_session_of_refresh(realm, refresh_token, &row, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_user_t *user = NULL;
    err = read_user(realm, row, &user, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < ATTEMPTS; i++) {
        err = attempt(realm, token.generation, row, client, pool);
        if (err != AUTHP_E_CONFLICT) {
            break;
        }
        err = authp_store_session_by_id(realm->store, token.sid.hex, &row, pool);
        if (err != AUTHP_OK) {
            return missing_is_invalid(err);
        }
        err = AUTHP_E_CONFLICT;
    }
    if (err == AUTHP_E_CONFLICT) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0303",
                  "session %s: the store refuses its own row %d times, are its reads stale?",
                  token.sid.hex, ATTEMPTS);
        return AUTHP_E_UNAVAILABLE;
    }
    return err == AUTHP_OK ? authp_grant_make(realm, user, row, out, pool) : err;
}
