/* SPDX-License-Identifier: Apache-2.0 */
/* Whole rows, as they move between stores, in the in-memory store. */
#include "mem_impl.h"

#include <apr_strings.h>
#include <stdlib.h>

static apr_array_header_t *rows_of(mem_t *mem, const authp_columns_t *columns)
{
    return columns == &authp_columns_user      ? mem->users
           : columns == &authp_columns_session ? mem->sessions
           : columns == &authp_columns_invite  ? mem->invites
                                               : mem->audit;
}

authp_err_t mem_move_list(void *self, const authp_columns_t *columns, const authp_page_t *page,
                          authp_rows_t *out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "move_list");
    if (err != AUTHP_OK) {
        return err;
    }
    const apr_array_header_t *rows = rows_of(mem, columns);
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(void *));
    for (int i = 0; i < rows->nelts; i++) {
        void *row = APR_ARRAY_IDX(rows, i, void *);
        if (page->after_id == NULL || strcmp(((authp_id_t *)row)->hex, page->after_id) > 0) {
            APR_ARRAY_PUSH(found, void *) = mem_rows_copy(columns, row, pool);
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(void *), mem_rows_by_id);
    found->nelts = found->nelts > page->limit ? page->limit : found->nelts;
    *out = (authp_rows_t){.list = found, .seen = found->nelts};
    if (found->nelts > 0) {
        out->last = *APR_ARRAY_IDX(found, found->nelts - 1, const authp_id_t *);
    }
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_move_count(void *self, const authp_columns_t *columns, int64_t *count,
                           apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "move_count");
    if (err != AUTHP_OK) {
        return err;
    }
    *count = rows_of(mem, columns)->nelts;
    return mem_leave(mem, AUTHP_OK);
}

static authp_err_t add_one(mem_t *mem, const authp_columns_t *columns, void *row, apr_pool_t *pool)
{
    const apr_array_header_t *entries = mem->audit;
    if (columns == &authp_columns_user) {
        return mem_user_create(mem, row, pool);
    }
    if (columns == &authp_columns_session) {
        return mem_session_create(mem, row, pool);
    }
    if (columns == &authp_columns_invite) {
        return mem_invite_create(mem, row, pool);
    }
    for (int i = 0; i < entries->nelts; i++) {
        if (mem_rows_by_id(&APR_ARRAY_IDX(entries, i, const void *), &row) == 0) {
            return AUTHP_E_CONFLICT;
        }
    }
    return mem_audit_append(mem, row, pool);
}

static bool has_tombstone(const mem_t *mem, const void *row)
{
    for (int i = 0; i < mem->deleted->nelts; i++) {
        if (mem_rows_same(APR_ARRAY_IDX(mem->deleted, i, mem_tombstone_t).id.hex,
                          ((const authp_id_t *)row)->hex)) {
            return true;
        }
    }
    return false;
}

authp_err_t mem_move_add(void *self, const authp_columns_t *columns, void *const *rows, int count,
                         bool *added, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "move_add");
    if (err != AUTHP_OK) {
        return err;
    }
    err = mem_leave(mem, AUTHP_OK);
    for (int i = 0; i < count; i++) {
        bool gone = columns == &authp_columns_user && has_tombstone(mem, rows[i]);
        added[i] = !gone && add_one(mem, columns, rows[i], pool) == AUTHP_OK;
    }
    return err;
}

authp_err_t mem_session_replace(void *self, const authp_session_t *before,
                                const authp_session_t *after, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "session_replace");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_session_t *row = mem_find_session(mem, before->id.hex);
    if (row == NULL || row->ended_at != 0 || row->generation != before->generation ||
        row->last_used_at != before->last_used_at) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    *row = *(authp_session_t *)mem_rows_copy(&authp_columns_session, after, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_invite_replace(void *self, const authp_invite_t *before,
                               const authp_invite_t *after, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "invite_replace");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->invites->nelts; i++) {
        authp_invite_t *row = APR_ARRAY_IDX(mem->invites, i, authp_invite_t *);
        if (mem_rows_same(row->id.hex, before->id.hex) && row->used_at == 0 &&
            row->revoked_at == 0) {
            *row = *(authp_invite_t *)mem_rows_copy(&authp_columns_invite, after, mem->pool);
            return mem_leave(mem, AUTHP_OK);
        }
    }
    return mem_leave(mem, AUTHP_E_CONFLICT);
}
