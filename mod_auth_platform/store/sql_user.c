/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/sql.h"

#include <apr_strings.h>
#include <string.h>

/* Roles are stored as ",candidate,admin,". So ",name," finds a role in any position. */
static const char *join_roles(const apr_array_header_t *roles, apr_pool_t *pool)
{
    const char *joined = ",";
    for (int i = 0; i < roles->nelts; i++) {
        joined = apr_pstrcat(pool, joined, APR_ARRAY_IDX(roles, i, const char *), ",", NULL);
    }
    return joined;
}

static apr_array_header_t *split_roles(const char *joined, apr_pool_t *pool)
{
    apr_array_header_t *roles = apr_array_make(pool, 2, sizeof(const char *));
    char *last = NULL;
    char *copy = apr_pstrdup(pool, joined != NULL ? joined : "");
    for (char *role = apr_strtok(copy, ",", &last); role != NULL;
         role = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(roles, const char *) = role;
    }
    return roles;
}

/* Reads columns in the order of USER_COLUMNS. */
static authp_user_t *read_user(const authp_sql_rows_t *rows, apr_pool_t *pool)
{
    authp_user_t *user = apr_pcalloc(pool, sizeof(*user));
    const char *id = authp_sql_text(rows, 0, pool);
    apr_cpystrn(user->id.hex, id != NULL ? id : "", sizeof(user->id.hex));
    user->email = authp_sql_text(rows, 1, pool);
    user->username = authp_sql_text(rows, 2, pool);
    user->phone = authp_sql_text(rows, 3, pool);
    user->name = authp_sql_text(rows, 4, pool);
    user->password_hash = authp_sql_text(rows, 5, pool);
    user->roles = split_roles(authp_sql_text(rows, 6, pool), pool);
    user->is_recruiter_verified = authp_sql_int(rows, 7) != 0;
    user->recruiter_requested_at = authp_sql_int(rows, 8);
    user->email_verified = authp_sql_int(rows, 9) != 0;
    user->disabled = authp_sql_int(rows, 10) != 0;
    user->ver = authp_sql_int(rows, 11);
    user->min_ver = authp_sql_int(rows, 12);
    user->auth_changed_at = authp_sql_int(rows, 13);
    user->created_at = authp_sql_int(rows, 14);
    user->updated_at = authp_sql_int(rows, 15);
    return user;
}

typedef struct read_users_t {
    apr_array_header_t *users;
    apr_pool_t *pool;
} read_users_t;

static authp_err_t read_users(authp_sql_rows_t *rows, void *ctx)
{
    read_users_t *out = ctx;
    while (authp_sql_next(rows)) {
        APR_ARRAY_PUSH(out->users, authp_user_t *) = read_user(rows, out->pool);
    }
    return AUTHP_OK;
}

static authp_err_t one_user(void *self, authp_sql_label_t label, const char *value,
                            authp_user_t **out, apr_pool_t *pool)
{
    read_users_t found = {.users = apr_array_make(pool, 1, sizeof(authp_user_t *)), .pool = pool};
    const void *values[] = {value};
    authp_err_t err = authp_sql_run(self, label, values, read_users, &found);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.users->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.users, 0, authp_user_t *);
    return AUTHP_OK;
}

authp_err_t authp_sql_user_create(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    apr_int64_t verified = user->is_recruiter_verified;
    apr_int64_t requested = user->recruiter_requested_at;
    apr_int64_t email_verified = user->email_verified;
    apr_int64_t disabled = user->disabled;
    apr_int64_t ver = user->ver;
    apr_int64_t min_ver = user->min_ver;
    apr_int64_t changed = user->auth_changed_at;
    apr_int64_t created = user->created_at;
    apr_int64_t updated = user->updated_at;
    const void *values[] = {user->id.hex,
                            user->email,
                            user->username,
                            user->phone,
                            user->name,
                            user->password_hash,
                            join_roles(user->roles, pool),
                            &verified,
                            &requested,
                            &email_verified,
                            &disabled,
                            &ver,
                            &min_ver,
                            &changed,
                            &created,
                            &updated};
    return authp_sql_change_one(self, AUTHP_SQL_USER_CREATE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_user_by_id(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    return one_user(self, AUTHP_SQL_USER_BY_ID, id, out, pool);
}

authp_err_t authp_sql_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                                    authp_user_t **out, apr_pool_t *pool)
{
    return one_user(
        self, kind == AUTHP_LOGIN_EMAIL ? AUTHP_SQL_USER_BY_EMAIL : AUTHP_SQL_USER_BY_USERNAME,
        value, out, pool);
}

authp_err_t authp_sql_user_list(void *self, const authp_user_filter_t *filter,
                                apr_array_header_t **out, apr_pool_t *pool)
{
    read_users_t found = {.users = apr_array_make(pool, filter->limit, sizeof(authp_user_t *)),
                          .pool = pool};
    const char *prefix = filter->email_prefix != NULL ? filter->email_prefix : "";
    const char *role = filter->role != NULL ? apr_pstrcat(pool, ",", filter->role, ",", NULL) : "";
    apr_int64_t limit = filter->limit;
    apr_int64_t most_disabled = !filter->enabled_only;
    const void *values[] = {filter->after_id != NULL ? filter->after_id : "",
                            &most_disabled,
                            prefix,
                            prefix,
                            prefix,
                            prefix,
                            role,
                            role,
                            &limit};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_USER_LIST, values, read_users, &found);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = found.users;
    return AUTHP_OK;
}

authp_err_t authp_sql_user_changed(void *self, authp_ms_t since, int limit,
                                   apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    read_users_t found = {.users = apr_array_make(pool, 16, sizeof(authp_user_t *)), .pool = pool};
    /* 0 means "never changed", so the search begins at 1. */
    apr_int64_t from = since > 0 ? since : 1;
    apr_int64_t most = limit;
    const void *values[] = {&from, &most};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_USER_CHANGED, values, read_users, &found);
    if (err == AUTHP_OK) {
        int rows = found.users->nelts;
        *out = found.users;
        *seen = (authp_seen_t){.rows = rows};
        if (rows > 0) {
            seen->newest = APR_ARRAY_IDX(found.users, rows - 1, authp_user_t *)->auth_changed_at;
        }
    }
    return err;
}

authp_err_t authp_sql_user_upgrade_hash(void *self, const authp_user_t *user, const char *new_hash,
                                        authp_ms_t now, apr_pool_t *pool)
{
    apr_int64_t at = now;
    const void *values[] = {new_hash, &at, user->id.hex, user->password_hash};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_USER_UPGRADE_HASH, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_user_update(void *self, const authp_user_t *before, const authp_user_t *after,
                                  apr_pool_t *pool)
{
    apr_int64_t verified = after->is_recruiter_verified;
    apr_int64_t requested = after->recruiter_requested_at;
    apr_int64_t email_verified = after->email_verified;
    apr_int64_t disabled = after->disabled;
    apr_int64_t ver = after->ver;
    apr_int64_t min_ver = after->min_ver;
    apr_int64_t changed = after->auth_changed_at;
    apr_int64_t updated = after->updated_at;
    apr_int64_t ver_before = before->ver;
    apr_int64_t updated_before = before->updated_at;
    const void *values[] = {after->name,
                            after->password_hash,
                            join_roles(after->roles, pool),
                            &verified,
                            &requested,
                            &email_verified,
                            &disabled,
                            &ver,
                            &min_ver,
                            &changed,
                            &updated,
                            before->id.hex,
                            &ver_before,
                            &updated_before};
    return authp_sql_change_one(self, AUTHP_SQL_USER_UPDATE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                                  apr_pool_t *pool)
{
    apr_int64_t at = now;
    apr_int64_t ver = before->ver;
    apr_int64_t updated = before->updated_at;
    const void *values[] = {&at, &at, &at, before->id.hex, &ver, &updated};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_USER_DELETE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    apr_int64_t ver = user->ver;
    apr_int64_t updated = user->updated_at;
    const void *values[] = {user->id.hex, &ver, &updated};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_USER_DISCARD, values, AUTHP_E_CONFLICT);
}
