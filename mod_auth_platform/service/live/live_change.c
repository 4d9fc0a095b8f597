/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live/live_change.h"

#include "service/live_table/live_tell.h"

/* The poll has read changes that are older than this. */
#define RECENT_MS 60000

/* Changes that make tokens invalid. The store is changed first. Then the live table is told, before
 * the request is answered. The command line tool has no table, and servers learn of its changes by
 * their poll. */

static void tell_session(const authp_realm_t *realm, const char *sid)
{
    if (realm->live != NULL && authp_id_valid(sid)) {
        authp_ms_t at = authp_realm_now(realm);
        authp_live_tell_session(realm->live->table, sid, at);
    }
}

/* Tells the table which sessions of that user ended in the last minute, on other hosts too. */
static authp_err_t tell_sessions(const authp_realm_t *realm, const char *user_id, apr_pool_t *pool)
{
    apr_array_header_t *ended = NULL;
    authp_ms_t now = authp_realm_now(realm);
    if (realm->live == NULL) {
        return AUTHP_OK;
    }
    authp_err_t err =
        authp_store_session_ended_of(realm->store, user_id, now - RECENT_MS, &ended, pool);
    for (int i = 0; err == AUTHP_OK && i < ended->nelts; i++) {
        tell_session(realm, APR_ARRAY_IDX(ended, i, const char *));
    }
    return err;
}

static void tell_user(const authp_realm_t *realm, const authp_live_user_t *user)
{
    if (realm->live != NULL) {
        authp_ms_t at = authp_realm_now(realm);
        authp_live_tell_user(realm->live->table, user, at);
    }
}

authp_err_t authp_live_change_session_end(const authp_realm_t *realm, const char *sid,
                                          const char *reason, apr_pool_t *pool)
{
    authp_err_t err =
        authp_store_session_end(realm->store, sid, reason, authp_realm_now(realm), pool);
    /* AUTHP_E_NOT_FOUND: the session has ended already. Another host may have ended it, and the
     * table may not know yet. */
    if (err == AUTHP_OK || err == AUTHP_E_NOT_FOUND) {
        tell_session(realm, sid);
    }
    return err;
}

authp_err_t authp_live_change_session_end_user(const authp_realm_t *realm, const char *user_id,
                                               const char *except_sid, const char *reason,
                                               int *count, apr_pool_t *pool)
{
    const authp_end_t end = {
        .except_sid = except_sid, .reason = reason, .now = authp_realm_now(realm)};
    int ended = 0;
    authp_err_t err = authp_store_session_end_user(realm->store, user_id, &end, &ended);
    if (err == AUTHP_OK) {
        err = tell_sessions(realm, user_id, pool);
    }
    if (err == AUTHP_OK && count != NULL) {
        *count = ended;
    }
    return err;
}

authp_err_t authp_live_change_user_update(const authp_realm_t *realm, const authp_user_t *before,
                                          const authp_user_t *after, apr_pool_t *pool)
{
    authp_err_t err = authp_store_user_update(realm->store, before, after, pool);
    if (err == AUTHP_OK && after->ver != before->ver) {
        authp_live_change_user_note(realm, after);
    }
    return err;
}

void authp_live_change_user_note(const authp_realm_t *realm, const authp_user_t *user)
{
    const authp_live_user_t facts = {
        .id = user->id.hex,
        .ver = user->ver,
        .min_ver = user->min_ver,
        .roles = authp_roles_effective(realm->roles, user->roles, user->is_recruiter_verified),
        .email_verified = user->email_verified};
    tell_user(realm, &facts);
}

authp_err_t authp_live_change_user_delete(const authp_realm_t *realm, const authp_user_t *before,
                                          apr_pool_t *pool)
{
    authp_err_t err = authp_store_user_delete(realm->store, before, authp_realm_now(realm), pool);
    if (err == AUTHP_OK) {
        const authp_live_user_t user = {
            .id = before->id.hex, .ver = before->ver + 1, .min_ver = before->ver + 1};
        tell_user(realm, &user);
    }
    return err;
}
