/* SPDX-License-Identifier: Apache-2.0 */
/* How a test makes the in-memory store fail, and how it looks at rows. */
#include "mem_impl.h"
#include "mem_store.h"

#include <apr_strings.h>

void mem_store_fail(authp_store_t *store, const char *op, int nth, authp_err_t err)
{
    mem_t *mem = store->self;
    mem->fail_op = op;
    mem->fail_nth = nth;
    mem->fail_err = err;
}

void mem_store_before(authp_store_t *store, const char *op, void (*hook)(void *ctx), void *ctx)
{
    mem_t *mem = store->self;
    mem->hook_op = op;
    mem->hook = hook;
    mem->hook_ctx = ctx;
}

authp_user_t *mem_store_user(authp_store_t *store, const char *id)
{
    return mem_find_user(store->self, id);
}

authp_session_t *mem_store_session(authp_store_t *store, const char *sid)
{
    return mem_find_session(store->self, sid);
}

const char *mem_store_calls(authp_store_t *store, apr_pool_t *pool)
{
    mem_t *mem = store->self;
    pthread_mutex_lock(&mem->mutex);
    const char *calls = apr_array_pstrcat(pool, mem->calls, ' ');
    mem->calls->nelts = 0;
    pthread_mutex_unlock(&mem->mutex);
    return calls;
}

int mem_store_audit_count(authp_store_t *store, const char *event)
{
    const mem_t *mem = store->self;
    int count = 0;
    for (int i = 0; i < mem->audit->nelts; i++) {
        count += mem_rows_same(APR_ARRAY_IDX(mem->audit, i, authp_audit_t *)->event, event);
    }
    return count;
}
