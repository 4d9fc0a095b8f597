/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql.h"

#include <apr_strings.h>

typedef struct read_invites_t {
    apr_array_header_t *invites;
    apr_pool_t *pool;
} read_invites_t;

/* Reads columns in the order of INVITE_COLUMNS. */
static authp_err_t read_invites(authp_sql_rows_t *rows, void *ctx)
{
    read_invites_t *out = ctx;
    while (authp_sql_next(rows)) {
        authp_invite_t *invite = apr_pcalloc(out->pool, sizeof(*invite));
        const char *id = authp_sql_text(rows, 0, out->pool);
        apr_cpystrn(invite->id.hex, id != NULL ? id : "", sizeof(invite->id.hex));
        invite->email = authp_sql_text(rows, 1, out->pool);
        invite->code_hash = authp_sql_text(rows, 2, out->pool);
        invite->created_at = authp_sql_int(rows, 3);
        invite->expires_at = authp_sql_int(rows, 4);
        invite->created_by = authp_sql_text(rows, 5, out->pool);
        invite->used_at = authp_sql_int(rows, 6);
        invite->used_by = authp_sql_text(rows, 7, out->pool);
        invite->used_ver = authp_sql_int(rows, 8);
        invite->revoked_at = authp_sql_int(rows, 9);
        APR_ARRAY_PUSH(out->invites, authp_invite_t *) = invite;
    }
    return AUTHP_OK;
}

static authp_err_t one_invite(void *self, authp_sql_label_t label, const char *value,
                              authp_invite_t **out, apr_pool_t *pool)
{
    read_invites_t found = {.invites = apr_array_make(pool, 1, sizeof(authp_invite_t *)),
                            .pool = pool};
    const void *values[] = {value};
    authp_err_t err = authp_sql_run(self, label, values, read_invites, &found);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.invites->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.invites, 0, authp_invite_t *);
    return AUTHP_OK;
}

authp_err_t authp_sql_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool)
{
    apr_int64_t created = invite->created_at;
    apr_int64_t expires = invite->expires_at;
    apr_int64_t used = invite->used_at;
    apr_int64_t used_ver = invite->used_ver;
    apr_int64_t revoked = invite->revoked_at;
    const void *values[] = {
        invite->id.hex,     invite->email, invite->code_hash, &created,  &expires,
        invite->created_by, &used,         invite->used_by,   &used_ver, &revoked};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_INVITE_CREATE, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_invite_by_id(void *self, const char *id, authp_invite_t **out,
                                   apr_pool_t *pool)
{
    return one_invite(self, AUTHP_SQL_INVITE_BY_ID, id, out, pool);
}

/* `code` is not used: the column for the hash is required here, so no plain codes are added by
 * hand. */
authp_err_t authp_sql_invite_by_code(void *self, const char *code, const char *code_hash,
                                     authp_invite_t **out, apr_pool_t *pool)
{
    (void)code;
    return one_invite(self, AUTHP_SQL_INVITE_BY_CODE, code_hash, out, pool);
}

authp_err_t authp_sql_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                                  apr_pool_t *pool)
{
    read_invites_t found = {.invites = apr_array_make(pool, page->limit, sizeof(authp_invite_t *)),
                            .pool = pool};
    apr_int64_t limit = page->limit;
    const void *values[] = {page->after_id != NULL ? page->after_id : "", &limit};
    authp_err_t err = authp_sql_run(self, AUTHP_SQL_INVITE_LIST, values, read_invites, &found);
    if (err == AUTHP_OK) {
        *out = found.invites;
    }
    return err;
}

authp_err_t authp_sql_invite_claim(void *self, const char *id, const char *user_id,
                                   int64_t used_ver, authp_ms_t now, apr_pool_t *pool)
{
    apr_int64_t at = now;
    apr_int64_t ver = used_ver;
    const void *values[] = {&at, user_id, &ver, id, &at};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_INVITE_CLAIM, values, AUTHP_E_CONFLICT);
}

authp_err_t authp_sql_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    apr_int64_t at = now;
    const void *values[] = {&at, id};
    (void)pool;
    return authp_sql_change_one(self, AUTHP_SQL_INVITE_REVOKE, values, AUTHP_E_NOT_FOUND);
}
