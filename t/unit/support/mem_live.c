/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_impl.h"
#include "mem_store.h"

#include <apr_strings.h>
#include <stdlib.h>

static int by_change(const void *a, const void *b)
{
    authp_ms_t one = (*(authp_user_t *const *)a)->auth_changed_at;
    authp_ms_t other = (*(authp_user_t *const *)b)->auth_changed_at;
    return (one > other) - (one < other);
}

static int by_end(const void *a, const void *b)
{
    authp_ms_t one = (*(authp_ended_t *const *)a)->ended_at;
    authp_ms_t other = (*(authp_ended_t *const *)b)->ended_at;
    return (one > other) - (one < other);
}

static authp_user_t *tombstone(const mem_tombstone_t *row, apr_pool_t *pool)
{
    authp_user_t *user = apr_pcalloc(pool, sizeof(*user));
    user->id = row->id;
    user->roles = apr_array_make(pool, 0, sizeof(const char *));
    user->disabled = true;
    user->ver = user->min_ver = row->ver;
    user->auth_changed_at = row->deleted_at;
    return user;
}

static void cut(apr_array_header_t *list, int limit, int (*order)(const void *, const void *))
{
    qsort(list->elts, (size_t)list->nelts, (size_t)list->elt_size, order);
    list->nelts = list->nelts > limit ? limit : list->nelts;
}

authp_err_t mem_user_changed(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                             authp_seen_t *seen, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "user_changed");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_user_t *));
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *user = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if (user->auth_changed_at > 0 && user->auth_changed_at >= since) {
            APR_ARRAY_PUSH(found, authp_user_t *) = mem_rows_copy(&authp_columns_user, user, pool);
        }
    }
    for (int i = 0; i < mem->deleted->nelts; i++) {
        const mem_tombstone_t *row = &APR_ARRAY_IDX(mem->deleted, i, mem_tombstone_t);
        if (row->deleted_at >= since) {
            APR_ARRAY_PUSH(found, authp_user_t *) = tombstone(row, pool);
        }
    }
    cut(found, limit, by_change);
    int last = found->nelts - 1;
    *seen = (authp_seen_t){.rows = found->nelts};
    seen->newest = last >= 0 ? APR_ARRAY_IDX(found, last, authp_user_t *)->auth_changed_at : 0;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_ended(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                              authp_seen_t *seen, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "session_ended");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_ended_t *));
    for (int i = 0; i < mem->sessions->nelts; i++) {
        const authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
        if (session->ended_at > 0 && session->ended_at >= since) {
            authp_ended_t *ended = apr_pcalloc(pool, sizeof(*ended));
            ended->id = session->id;
            ended->ended_at = session->ended_at;
            APR_ARRAY_PUSH(found, authp_ended_t *) = ended;
        }
    }
    cut(found, limit, by_end);
    int last = found->nelts - 1;
    *seen = (authp_seen_t){.rows = found->nelts};
    seen->newest = last >= 0 ? APR_ARRAY_IDX(found, last, authp_ended_t *)->ended_at : 0;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                 apr_array_header_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "session_ended_of");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(const char *));
    for (int i = 0; i < mem->sessions->nelts; i++) {
        const authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
        if (session->ended_at > 0 && session->ended_at >= since &&
            mem_rows_same(session->user_id.hex, user_id)) {
            APR_ARRAY_PUSH(found, const char *) = apr_pstrdup(pool, session->id.hex);
        }
    }
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_clock(void *self, authp_ms_t *now, apr_pool_t *pool)
{
    const mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(self, "clock");
    if (err != AUTHP_OK) {
        return err;
    }
    *now = authp_clock_now(mem->clock != NULL ? mem->clock : authp_clock_system()) + mem->ahead;
    return mem_leave(self, AUTHP_OK);
}

void mem_store_clock(authp_store_t *store, const authp_clock_t *clock)
{
    mem_t *mem = store->self;
    mem->clock = clock;
}

void mem_store_ahead(authp_store_t *store, authp_ms_t ms)
{
    mem_t *mem = store->self;
    mem->ahead = ms;
}
