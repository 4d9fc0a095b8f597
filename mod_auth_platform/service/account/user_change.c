/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/user_change.h"

#include "base/text.h"
#include "service/account/user.h"
#include "service/live/live_change.h"
#include "store/identities.h"

#include <apr_strings.h>

/* A try fails only if another change of the account has succeeded meanwhile. */
#define TRIES 8

/* A copy whose members may be changed: roles and identities are new arrays. */
static authp_user_t *copy_of(const authp_user_t *user, apr_pool_t *pool)
{
    authp_user_t *copy = apr_pmemdup(pool, user, sizeof(*user));
    copy->roles = apr_array_copy(pool, user->roles);
    copy->identities = authp_identities_copy(user->identities, pool);
    return copy;
}

static bool same_roles(const authp_user_t *a, const authp_user_t *b)
{
    if (a->roles->nelts != b->roles->nelts) {
        return false;
    }
    for (int i = 0; i < a->roles->nelts; i++) {
        if (!authp_user_holds(b, APR_ARRAY_IDX(a->roles, i, const char *))) {
            return false;
        }
    }
    return true;
}

/* Sets ver, min_ver and the times of `after`. False if nothing has changed. Identities, profiles
 * and the note of a number's use give no right, so changes of them alone do not count for
 * authorization. */
static bool settle(const authp_user_t *before, authp_user_t *after, bool ends_sessions,
                   authp_ms_t now)
{
    bool kills = ends_sessions || !authp_text_equal(before->password_hash, after->password_hash) ||
                 (after->disabled && !before->disabled) || authp_user_outgrows_codes(before, after);
    bool counts = kills || before->disabled != after->disabled || !same_roles(before, after) ||
                  before->is_recruiter_verified != after->is_recruiter_verified ||
                  before->email_verified != after->email_verified ||
                  !authp_text_equal(before->email, after->email) ||
                  !authp_text_equal(before->phone, after->phone);
    if (!counts && authp_text_equal(before->name, after->name) &&
        before->recruiter_requested_at == after->recruiter_requested_at &&
        authp_text_equal(before->profiles, after->profiles) &&
        before->phone_used_at == after->phone_used_at &&
        authp_identities_same(before->identities, after->identities)) {
        return false;
    }
    after->updated_at = now > before->updated_at ? now : before->updated_at + 1;
    if (counts) {
        after->ver = before->ver + 1;
        after->auth_changed_at = now;
    }
    if (kills) {
        after->min_ver = after->ver;
    }
    return true;
}

authp_err_t authp_user_change(const authp_realm_t *realm, const char *id, authp_user_edit_t *edit,
                              authp_user_t **out, apr_pool_t *pool)
{
    for (int i = 0; i < TRIES; i++) {
        authp_user_t *before = NULL;
        authp_err_t err = authp_store_user_by_id(realm->store, id, &before, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        authp_user_t *after = copy_of(before, pool);
        err = edit->fn(after, edit->ctx, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        if (settle(before, after, edit->ends_sessions, authp_realm_now(realm))) {
            err = authp_live_change_user_update(realm, before, after, pool);
        } else {
            authp_live_change_user_note(realm, after);
        }
        if (err == AUTHP_OK) {
            *out = after;
            edit->killed = after->min_ver != before->min_ver;
            edit->changed = after->updated_at != before->updated_at;
        }
        if (err != AUTHP_E_CONFLICT) {
            return err;
        }
    }
    return AUTHP_E_BUSY;
}
