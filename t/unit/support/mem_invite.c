/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_impl.h"

#include <stdlib.h>
#include <string.h>

static authp_invite_t *find_invite(mem_t *mem, const char *id)
{
    for (int i = 0; i < mem->invites->nelts; i++) {
        authp_invite_t *invite = APR_ARRAY_IDX(mem->invites, i, authp_invite_t *);
        if (mem_rows_same(invite->id.hex, id)) {
            return invite;
        }
    }
    return NULL;
}

static authp_invite_t *find_code(mem_t *mem, const char *code_hash)
{
    for (int i = 0; i < mem->invites->nelts; i++) {
        authp_invite_t *invite = APR_ARRAY_IDX(mem->invites, i, authp_invite_t *);
        if (mem_rows_same(invite->code_hash, code_hash)) {
            return invite;
        }
    }
    return NULL;
}

authp_err_t mem_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "invite_create");
    if (err != AUTHP_OK) {
        return err;
    }
    if (find_invite(mem, invite->id.hex) != NULL || find_code(mem, invite->code_hash) != NULL) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    APR_ARRAY_PUSH(mem->invites, authp_invite_t *) =
        mem_rows_copy(&authp_columns_invite, invite, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_invite_by_id(void *self, const char *id, authp_invite_t **out, apr_pool_t *pool)
{
    authp_err_t err = mem_enter(self, "invite_by_id");
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_invite_t *found = find_invite(self, id);
    if (found != NULL) {
        *out = mem_rows_copy(&authp_columns_invite, found, pool);
    }
    return mem_leave(self, found != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

authp_err_t mem_invite_by_code(void *self, const char *code, const char *code_hash,
                               authp_invite_t **out, apr_pool_t *pool)
{
    (void)code;
    authp_err_t err = mem_enter(self, "invite_by_code");
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_invite_t *found = find_code(self, code_hash);
    if (found != NULL) {
        *out = mem_rows_copy(&authp_columns_invite, found, pool);
    }
    return mem_leave(self, found != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

authp_err_t mem_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                            apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "invite_list");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_invite_t *));
    for (int i = 0; i < mem->invites->nelts; i++) {
        const authp_invite_t *invite = APR_ARRAY_IDX(mem->invites, i, authp_invite_t *);
        if (page->after_id == NULL || strcmp(invite->id.hex, page->after_id) > 0) {
            APR_ARRAY_PUSH(found, authp_invite_t *) =
                mem_rows_copy(&authp_columns_invite, invite, pool);
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(authp_invite_t *), mem_rows_by_id);
    found->nelts = found->nelts > page->limit ? page->limit : found->nelts;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

/* Ids grow with the time of their creation. */
authp_err_t mem_invite_live_of(void *self, const char *email, const char *role, authp_ms_t now,
                               authp_invite_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    const authp_invite_t *newest = NULL;
    authp_err_t err = mem_enter(mem, "invite_live_of");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->invites->nelts; i++) {
        const authp_invite_t *invite = APR_ARRAY_IDX(mem->invites, i, authp_invite_t *);
        bool its_role = role == NULL ? invite->role == NULL : mem_rows_same(invite->role, role);
        if (its_role && mem_rows_same(invite->email, email) && invite->used_at == 0 &&
            invite->revoked_at == 0 && invite->expires_at > now &&
            (newest == NULL || strcmp(invite->id.hex, newest->id.hex) > 0)) {
            newest = invite;
        }
    }
    if (newest != NULL) {
        *out = mem_rows_copy(&authp_columns_invite, newest, pool);
    }
    return mem_leave(mem, newest != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

authp_err_t mem_invite_claimed_by(void *self, const char *user_id, int64_t used_ver,
                                  authp_invite_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "invite_claimed_by");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->invites->nelts; i++) {
        const authp_invite_t *invite = APR_ARRAY_IDX(mem->invites, i, authp_invite_t *);
        if (invite->used_at != 0 && mem_rows_same(invite->used_by, user_id) &&
            invite->used_ver == used_ver && invite->revoked_at == 0) {
            *out = mem_rows_copy(&authp_columns_invite, invite, pool);
            return mem_leave(mem, AUTHP_OK);
        }
    }
    return mem_leave(mem, AUTHP_E_NOT_FOUND);
}

authp_err_t mem_invite_claim(void *self, const char *id, const char *user_id, int64_t used_ver,
                             authp_ms_t now, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "invite_claim");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_invite_t *invite = find_invite(mem, id);
    if (invite == NULL || invite->used_at != 0 || invite->revoked_at != 0 ||
        invite->expires_at <= now) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    invite->used_at = now;
    invite->used_by = mem_rows_text(user_id, mem->pool);
    invite->used_ver = used_ver;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "invite_revoke");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_invite_t *invite = find_invite(mem, id);
    if (invite == NULL || invite->used_at != 0 || invite->revoked_at != 0) {
        return mem_leave(mem, AUTHP_E_NOT_FOUND);
    }
    invite->revoked_at = now;
    return mem_leave(mem, AUTHP_OK);
}
