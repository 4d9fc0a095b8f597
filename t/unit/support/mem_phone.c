/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes, tallies, and requests of administrators, in the in-memory store. */
#include "mem_impl.h"

#include <string.h>

/* NULL: the number has no code. */
static authp_otp_code_t *find_code(const mem_t *mem, const char *phone)
{
    for (int i = 0; i < mem->otp_codes->nelts; i++) {
        authp_otp_code_t *code = APR_ARRAY_IDX(mem->otp_codes, i, authp_otp_code_t *);
        if (mem_rows_same(code->phone, phone)) {
            return code;
        }
    }
    return NULL;
}

/* The code of the number, if it is that one and unused. */
static authp_otp_code_t *find_still(const mem_t *mem, const char *phone, const char *code_id)
{
    authp_otp_code_t *code = find_code(mem, phone);
    return code != NULL && mem_rows_same(code->code_id.hex, code_id) && code->used_at == 0 ? code
                                                                                           : NULL;
}

authp_err_t mem_otp_put(void *self, const authp_otp_code_t *code, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "otp_put");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_otp_code_t *row = find_code(mem, code->phone);
    authp_otp_code_t *now = mem_rows_copy(&authp_columns_otp_code, code, mem->pool);
    if (row == NULL) {
        APR_ARRAY_PUSH(mem->otp_codes, authp_otp_code_t *) = now;
    } else {
        mem_rows_keep(&authp_columns_otp_code, now, row, AUTHP_COLUMN_FIXED);
        *row = *now;
    }
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_otp_of(void *self, const char *phone, authp_otp_code_t **out, apr_pool_t *pool)
{
    authp_err_t err = mem_enter(self, "otp_of");
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_otp_code_t *code = find_code(self, phone);
    if (code != NULL) {
        *out = mem_rows_copy(&authp_columns_otp_code, code, pool);
    }
    return mem_leave(self, code != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

authp_err_t mem_otp_attempt(void *self, const char *phone, const char *code_id, int64_t most,
                            authp_ms_t now, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "otp_attempt");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_otp_code_t *code = find_still(self, phone, code_id);
    if (code == NULL || code->attempts >= most || code->expires_at <= now) {
        return mem_leave(self, AUTHP_E_CONFLICT);
    }
    code->attempts++;
    return mem_leave(self, AUTHP_OK);
}

authp_err_t mem_otp_attempt_undo(void *self, const char *phone, const char *code_id,
                                 apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "otp_attempt_undo");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_otp_code_t *code = find_still(self, phone, code_id);
    if (code != NULL && code->attempts > 0) {
        code->attempts--;
    }
    return mem_leave(self, AUTHP_OK);
}

authp_err_t mem_otp_use(void *self, const char *phone, const char *code_id, const char *code_hmac,
                        authp_ms_t now, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "otp_use");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_otp_code_t *code = find_still(self, phone, code_id);
    bool right =
        code != NULL && code->expires_at > now &&
        (code_hmac == NULL ? code->code_hmac == NULL : mem_rows_same(code->code_hmac, code_hmac));
    if (right) {
        code->used_at = now;
    }
    return mem_leave(self, right ? AUTHP_OK : AUTHP_E_CONFLICT);
}

static mem_tally_t *find_tally(const mem_t *mem, const char *key)
{
    for (int i = 0; i < mem->tallies->nelts; i++) {
        mem_tally_t *row = &APR_ARRAY_IDX(mem->tallies, i, mem_tally_t);
        if (mem_rows_same(row->key, key)) {
            return row;
        }
    }
    return NULL;
}

static authp_err_t take(mem_t *mem, const authp_tally_t *tally, authp_tallied_t *out)
{
    mem_tally_t *row = find_tally(mem, tally->key);
    const bool runs = row != NULL && row->began_at + tally->window_ms > tally->now &&
                      row->began_at <= tally->now + tally->window_ms;
    out->until = (runs ? row->began_at : tally->now) + tally->window_ms;
    if (tally->most <= (runs ? row->count : 0)) {
        out->count = runs ? row->count : 0;
        return AUTHP_E_CONFLICT;
    }
    if (row == NULL) {
        row = apr_array_push(mem->tallies);
        row->key = mem_rows_text(tally->key, mem->pool);
    }
    if (runs) {
        row->count++;
    } else {
        row->count = 1;
        row->began_at = tally->now;
        row->expires_at = out->until;
    }
    out->count = row->count;
    return AUTHP_OK;
}

authp_err_t mem_tally_take(void *self, const authp_tally_t *tally, authp_tallied_t *out,
                           apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "tally_take");
    return err == AUTHP_OK ? mem_leave(self, take(self, tally, out)) : err;
}

authp_err_t mem_tally_give(void *self, const char *key, authp_ms_t now, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "tally_give");
    if (err != AUTHP_OK) {
        return err;
    }
    mem_tally_t *row = find_tally(self, key);
    if (row != NULL && row->expires_at > now && row->count > 0) {
        row->count--;
    }
    return mem_leave(self, AUTHP_OK);
}

authp_err_t mem_tally_get(void *self, const char *key, authp_ms_t now, authp_tallied_t *out,
                          apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "tally_get");
    if (err != AUTHP_OK) {
        return err;
    }
    const mem_tally_t *row = find_tally(self, key);
    bool found = row != NULL && row->expires_at > now;
    if (found) {
        *out = (authp_tallied_t){.count = row->count, .until = row->expires_at};
    }
    return mem_leave(self, found ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

/* The place of the row of the number; -1: there is none. */
static int find_pending(const mem_t *mem, const char *phone)
{
    for (int i = 0; i < mem->pending->nelts; i++) {
        if (mem_rows_same(APR_ARRAY_IDX(mem->pending, i, authp_pending_admin_t *)->phone, phone)) {
            return i;
        }
    }
    return -1;
}

authp_err_t mem_pending_admin_put(void *self, const authp_pending_admin_t *admin, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "pending_admin_put");
    if (err != AUTHP_OK) {
        return err;
    }
    int i = find_pending(mem, admin->phone);
    authp_pending_admin_t *now = mem_rows_copy(&authp_columns_pending_admin, admin, mem->pool);
    if (i < 0) {
        APR_ARRAY_PUSH(mem->pending, authp_pending_admin_t *) = now;
    } else {
        authp_pending_admin_t **row = &APR_ARRAY_IDX(mem->pending, i, authp_pending_admin_t *);
        mem_rows_keep(&authp_columns_pending_admin, now, *row, AUTHP_COLUMN_FIXED);
        *row = now;
    }
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_pending_admin_take(void *self, const char *phone, authp_ms_t now,
                                   authp_pending_admin_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "pending_admin_take");
    if (err != AUTHP_OK) {
        return err;
    }
    int i = find_pending(mem, phone);
    authp_pending_admin_t *row =
        i >= 0 ? APR_ARRAY_IDX(mem->pending, i, authp_pending_admin_t *) : NULL;
    if (row == NULL || row->expires_at <= now) {
        return mem_leave(mem, AUTHP_E_NOT_FOUND);
    }
    *out = mem_rows_copy(&authp_columns_pending_admin, row, pool);
    APR_ARRAY_IDX(mem->pending, i, authp_pending_admin_t *) =
        *(authp_pending_admin_t **)apr_array_pop(mem->pending);
    return mem_leave(mem, AUTHP_OK);
}
