/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_rows.h"

#include <apr_strings.h>
#include <string.h>

bool mem_rows_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const char *mem_rows_text(const char *text, apr_pool_t *pool)
{
    return text != NULL ? apr_pstrdup(pool, text) : NULL;
}

authp_user_t *mem_rows_user(const authp_user_t *user, apr_pool_t *pool)
{
    authp_user_t *out = apr_pmemdup(pool, user, sizeof(*user));
    out->email = mem_rows_text(user->email, pool);
    out->username = mem_rows_text(user->username, pool);
    out->phone = mem_rows_text(user->phone, pool);
    out->name = mem_rows_text(user->name, pool);
    out->password_hash = mem_rows_text(user->password_hash, pool);
    out->roles = apr_array_make(pool, 2, sizeof(const char *));
    for (int i = 0; i < user->roles->nelts; i++) {
        APR_ARRAY_PUSH(out->roles, const char *) =
            mem_rows_text(APR_ARRAY_IDX(user->roles, i, const char *), pool);
    }
    return out;
}

authp_session_t *mem_rows_session(const authp_session_t *session, apr_pool_t *pool)
{
    authp_session_t *out = apr_pmemdup(pool, session, sizeof(*session));
    out->end_reason = mem_rows_text(session->end_reason, pool);
    out->device_id = mem_rows_text(session->device_id, pool);
    out->ip = mem_rows_text(session->ip, pool);
    out->user_agent = mem_rows_text(session->user_agent, pool);
    return out;
}

authp_invite_t *mem_rows_invite(const authp_invite_t *invite, apr_pool_t *pool)
{
    authp_invite_t *out = apr_pmemdup(pool, invite, sizeof(*invite));
    out->email = mem_rows_text(invite->email, pool);
    out->code_hash = mem_rows_text(invite->code_hash, pool);
    out->created_by = mem_rows_text(invite->created_by, pool);
    out->used_by = mem_rows_text(invite->used_by, pool);
    return out;
}

bool mem_rows_passes(const authp_user_t *user, const authp_user_filter_t *filter)
{
    bool role = filter->role == NULL;
    for (int i = 0; i < user->roles->nelts && !role; i++) {
        role = mem_rows_same(APR_ARRAY_IDX(user->roles, i, const char *), filter->role);
    }
    bool prefix = filter->email_prefix == NULL ||
                  (user->email != NULL &&
                   strncmp(user->email, filter->email_prefix, strlen(filter->email_prefix)) == 0);
    return role && prefix && !(filter->enabled_only && user->disabled) &&
           (filter->after_id == NULL || strcmp(user->id.hex, filter->after_id) > 0);
}

int mem_rows_by_id(const void *a, const void *b)
{
    return strcmp((*(const authp_id_t *const *)a)->hex, (*(const authp_id_t *const *)b)->hex);
}
