/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_impl.h"

#include <string.h>

static mem_failure_t *find(mem_t *mem, const char *key)
{
    for (int i = 0; i < mem->failures->nelts; i++) {
        mem_failure_t *row = &APR_ARRAY_IDX(mem->failures, i, mem_failure_t);
        if (strcmp(row->key, key) == 0) {
            return row;
        }
    }
    return NULL;
}

authp_err_t mem_failure_get(void *self, const char *key, authp_ms_t now, authp_failures_t *out,
                            apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "failure_get");
    if (err != AUTHP_OK) {
        return err;
    }
    const mem_failure_t *row = find(self, key);
    bool found = row != NULL && row->expires_at > now;
    if (found) {
        *out = row->failures;
    }
    return mem_leave(self, found ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

authp_err_t mem_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                            apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "failure_add");
    if (err != AUTHP_OK) {
        return err;
    }
    mem_failure_t *row = find(mem, what->key);
    if (row == NULL) {
        row = apr_array_push(mem->failures);
        *row = (mem_failure_t){.key = mem_rows_text(what->key, mem->pool)};
    }
    bool anew = row->failures.last_at < what->forget_before;
    row->failures.count = anew ? 1 : row->failures.count + 1;
    row->failures.last_at = what->at;
    row->expires_at = what->expires_at;
    *count = row->failures.count;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_failure_clear(void *self, const char *key, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "failure_clear");
    if (err != AUTHP_OK) {
        return err;
    }
    mem_failure_t *row = find(mem, key);
    if (row != NULL) {
        *row = APR_ARRAY_IDX(mem->failures, mem->failures->nelts - 1, mem_failure_t);
        mem->failures->nelts--;
    }
    return mem_leave(mem, AUTHP_OK);
}
