/* SPDX-License-Identifier: Apache-2.0 */
/* Identities of providers, and values that may be used once, in the in-memory store. */
#include "mem_impl.h"
#include "store/identities.h"

#include <string.h>

authp_err_t mem_identities_free(const mem_t *mem, const authp_user_t *user)
{
    authp_err_t err = authp_identities_check(user->identities);
    for (int i = 0; err == AUTHP_OK && i < mem->users->nelts; i++) {
        const authp_user_t *other = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        for (int j = 0; j < authp_identities_count(user->identities); j++) {
            const authp_identity_t *own = authp_identities_at(user->identities, j);
            if (!mem_rows_same(other->id.hex, user->id.hex) &&
                authp_identities_find(other->identities, own->issuer, own->sub) != NULL) {
                return AUTHP_E_CONFLICT;
            }
        }
    }
    return err;
}

authp_err_t mem_user_by_identity(void *self, const char *issuer, const char *sub,
                                 authp_user_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "user_by_identity");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *user = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if (authp_identities_find(user->identities, issuer, sub) != NULL) {
            *out = mem_rows_copy(&authp_columns_user, user, pool);
            return mem_leave(mem, AUTHP_OK);
        }
    }
    return mem_leave(mem, AUTHP_E_NOT_FOUND);
}

authp_err_t mem_used_token_add(void *self, const char *key, authp_ms_t expires_at, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "used_token_add");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->tokens->nelts; i++) {
        if (mem_rows_same(APR_ARRAY_IDX(mem->tokens, i, mem_token_t).key, key)) {
            return mem_leave(mem, AUTHP_E_CONFLICT);
        }
    }
    APR_ARRAY_PUSH(mem->tokens, mem_token_t) =
        (mem_token_t){.key = mem_rows_text(key, mem->pool), .expires_at = expires_at};
    return mem_leave(mem, AUTHP_OK);
}

static authp_login_code_t *find_code(const mem_t *mem, const char *code_hash)
{
    for (int i = 0; i < mem->codes->nelts; i++) {
        authp_login_code_t *code = APR_ARRAY_IDX(mem->codes, i, authp_login_code_t *);
        if (mem_rows_same(code->code_hash, code_hash)) {
            return code;
        }
    }
    return NULL;
}

authp_err_t mem_login_code_create(void *self, const authp_login_code_t *code, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "login_code_create");
    if (err != AUTHP_OK) {
        return err;
    }
    bool taken = find_code(mem, code->code_hash) != NULL;
    for (int i = 0; i < mem->codes->nelts; i++) {
        taken = taken || mem_rows_same(APR_ARRAY_IDX(mem->codes, i, authp_login_code_t *)->id.hex,
                                       code->id.hex);
    }
    if (!taken) {
        APR_ARRAY_PUSH(mem->codes, authp_login_code_t *) =
            mem_rows_copy(&authp_columns_login_code, code, mem->pool);
    }
    return mem_leave(mem, taken ? AUTHP_E_CONFLICT : AUTHP_OK);
}

authp_err_t mem_login_code_take(void *self, const char *code_hash, const char *challenge,
                                authp_ms_t now, authp_login_code_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "login_code_take");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_login_code_t *code = find_code(mem, code_hash);
    if (code == NULL || !mem_rows_same(code->challenge, challenge) || code->used_at != 0 ||
        code->expires_at <= now) {
        return mem_leave(mem, AUTHP_E_NOT_FOUND);
    }
    code->used_at = now;
    *out = mem_rows_copy(&authp_columns_login_code, code, pool);
    return mem_leave(mem, AUTHP_OK);
}
