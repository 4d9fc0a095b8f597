/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_rules.h"

#include "base/text.h"
#include "service/account/user.h"

#include <string.h>

static bool same(const authp_columns_t *columns, const void *stored, const void *row)
{
    bool all = true;
    for (int i = 0; all && i < columns->count; i++) {
        all = authp_columns_same(&columns->list[i], stored, row);
    }
    return all;
}

static bool same_roles(const apr_array_header_t *a, const apr_array_header_t *b)
{
    bool same = a->nelts == b->nelts;
    for (int i = 0; same && i < a->nelts; i++) {
        same =
            authp_text_equal(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, i, const char *));
    }
    return same;
}

static bool same_rights(const authp_user_t *a, const authp_user_t *b)
{
    return authp_text_equal(a->password_hash, b->password_hash) && a->disabled == b->disabled &&
           same_roles(a->roles, b->roles) && a->is_recruiter_verified == b->is_recruiter_verified &&
           a->email_verified == b->email_verified && authp_text_equal(a->email, b->email) &&
           authp_text_equal(a->phone, b->phone);
}

static authp_put_outcome_t decide_session(const authp_session_t *stored, const authp_session_t *row)
{
    if (strcmp(stored->user_id.hex, row->user_id.hex) != 0) {
        return AUTHP_PUT_CONFLICT;
    }
    if (stored->ended_at != 0) {
        return AUTHP_PUT_KEPT;
    }
    bool later = row->generation > stored->generation || (row->generation == stored->generation &&
                                                          row->last_used_at > stored->last_used_at);
    return row->ended_at != 0 || later ? AUTHP_PUT_REPLACED : AUTHP_PUT_KEPT;
}

static authp_put_outcome_t decide_invite(const authp_invite_t *stored, const authp_invite_t *row)
{
    bool open = stored->used_at == 0 && stored->revoked_at == 0;
    return open && (row->used_at != 0 || row->revoked_at != 0) ? AUTHP_PUT_REPLACED
                                                               : AUTHP_PUT_KEPT;
}

authp_put_outcome_t authp_transfer_rules_decide(const authp_columns_t *columns, const void *stored,
                                                const void *row)
{
    if (same(columns, stored, row)) {
        return AUTHP_PUT_UNCHANGED;
    }
    if (columns == &authp_columns_user) {
        return ((const authp_user_t *)stored)->updated_at < ((const authp_user_t *)row)->updated_at
                   ? AUTHP_PUT_REPLACED
                   : AUTHP_PUT_KEPT;
    }
    if (columns == &authp_columns_session) {
        return decide_session(stored, row);
    }
    return columns == &authp_columns_invite ? decide_invite(stored, row) : AUTHP_PUT_KEPT;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

const char *authp_transfer_rules_parted(const authp_user_t *stored, const authp_user_t *row)
{
    bool replaces = stored->updated_at < row->updated_at;
    /* A hash that was made anew at a sign-in counts up nothing. */
    bool both = stored->ver == row->ver && stored->auth_changed_at != row->auth_changed_at;
    if (same_rights(stored, row)) {
        return NULL;
    }
    if (replaces && (both || stored->ver > row->ver)) {
        return "its password, address, number, roles or lock were changed in this store, and something in "
               "the file later";
    }
    return !replaces && (both || stored->ver < row->ver)
               ? "its password, address, number, roles or lock were changed in the file, and something in "
                 "this store later"
               : NULL;
}

/* What gives rights was changed here since the last import. A change sets auth_changed_at and
 * updated_at to the same time, and an import auth_changed_at to its time and updated_at to the
 * earlier one of the file (authp_transfer_rules_merge). */
static bool changed_here(const authp_user_t *stored)
{
    bool changed = stored->ver > 1 || stored->auth_changed_at > stored->created_at;
    return changed && stored->auth_changed_at <= stored->updated_at;
}

authp_user_t authp_transfer_rules_adopt(const authp_user_t *stored, const authp_user_t *row,
                                        const authp_scheme_t *scheme)
{
    authp_user_t after = *row;
    bool hashed_here = stored->password_hash != NULL && row->password_hash != NULL &&
                       authp_scheme_holds(scheme, stored->password_hash) &&
                       !authp_scheme_holds(scheme, row->password_hash);
    if (hashed_here || row->password_hash == NULL) {
        after.password_hash = stored->password_hash;
    }
    after.ver = stored->ver;
    after.min_ver = stored->min_ver;
    after.auth_changed_at = stored->auth_changed_at;
    after.recruiter_requested_at = stored->recruiter_requested_at;
    /* What was removed here would otherwise be a way in again. */
    after.identities = stored->identities;
    if (stored->phone != NULL || row->phone == NULL || changed_here(stored)) {
        after.phone = stored->phone;
        after.phone_used_at = stored->phone_used_at;
    }
    after.profiles = stored->profiles;
    return after;
}

const char *authp_transfer_rules_parted_foreign(const authp_user_t *stored, const authp_user_t *row)
{
    bool replaces = stored->updated_at < row->updated_at;
    return replaces && changed_here(stored) && !same_rights(stored, row)
               ? "its password, address, number, roles or lock were changed in this store since it was "
                 "imported, and something in the file later"
               : NULL;
}

authp_user_t authp_transfer_rules_merge(const authp_user_t *stored, const authp_user_t *row,
                                        authp_ms_t now)
{
    authp_user_t after = *row;
    bool kills = !authp_text_equal(stored->password_hash, row->password_hash) ||
                 (row->disabled && !stored->disabled);
    bool counts =
        stored->ver != row->ver || stored->min_ver != row->min_ver || !same_rights(stored, row);
    after.ver = greater(row->ver, stored->ver);
    after.min_ver = greater(row->min_ver, stored->min_ver);
    after.auth_changed_at = counts ? now : greater(row->auth_changed_at, stored->auth_changed_at);
    if (counts && after.ver == stored->ver) {
        after.ver++;
    }
    /* Both were changed since they were the same account. Sessions that survived one of the changes
     * must not survive the other. */
    if ((kills && stored->ver > row->ver) || authp_user_outgrows_codes(stored, row)) {
        after.min_ver = after.ver;
    }
    return after;
}
