/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"
#include "base/log.h"

#include <apr_strings.h>

authp_err_t authp_store_open(const authp_store_ops_t *ops, const authp_store_config_t *config,
                             authp_store_t **out, apr_pool_t *pool)
{
    if (ops->version != AUTHP_STORE_VERSION) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0200",
                  "store %s was built for version %d of the store port, not %d", ops->name,
                  ops->version, AUTHP_STORE_VERSION);
        return AUTHP_E_INTERNAL;
    }
    authp_store_t *store = apr_pcalloc(pool, sizeof(*store));
    store->ops = ops;
    authp_err_t err = ops->open(config, pool, &store->self);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = store;
    return AUTHP_OK;
}

authp_err_t authp_store_migrate(authp_store_t *s, int *applied, apr_pool_t *pool)
{
    const authp_store_goal_t newest = {.steps = AUTHP_STORE_NEWEST};
    authp_store_migrated_t done;
    authp_err_t err = authp_store_migrate_to(s, &newest, &done, pool);
    if (err == AUTHP_OK) {
        *applied = done.made;
    }
    return err;
}

authp_err_t authp_store_migrate_to(authp_store_t *s, const authp_store_goal_t *goal,
                                   authp_store_migrated_t *out, apr_pool_t *pool)
{
    *out = (authp_store_migrated_t){.refusal = NULL};
    return s->ops->migrate(s->self, goal, out, pool);
}

authp_err_t authp_store_ping(authp_store_t *s, apr_pool_t *pool)
{
    return s->ops->ping(s->self, pool);
}

void authp_store_maintain(authp_store_t *s)
{
    if (s->ops->maintain != NULL) {
        s->ops->maintain(s->self);
    }
}

authp_err_t authp_store_measure_clock(authp_store_t *s, const authp_clock_t *clock,
                                      apr_pool_t *pool)
{
    authp_ms_t theirs = 0;
    authp_ms_t before = authp_clock_now(clock);
    authp_err_t err = s->ops->clock(s->self, &theirs, pool);
    authp_ms_t after = authp_clock_now(clock);
    if (err == AUTHP_OK) {
        /* The store read its clock between `before` and `after`. A difference within that span
         * cannot be told from none. */
        authp_ms_t offset = theirs < before ? theirs - before : theirs > after ? theirs - after : 0;
        authp_store_set_offset(s, offset);
    }
    return err;
}

bool authp_store_offset(authp_store_t *s, int64_t *offset_ms)
{
    *offset_ms = atomic_load(&s->offset);
    return atomic_load(&s->measured);
}

bool authp_store_offset_fine(int64_t offset_ms)
{
    return offset_ms <= AUTHP_STORE_CLOCKS_DIFFER_MS && offset_ms >= -AUTHP_STORE_CLOCKS_DIFFER_MS;
}

void authp_store_set_offset(authp_store_t *s, int64_t offset_ms)
{
    atomic_store(&s->offset, offset_ms);
    atomic_store(&s->measured, true);
}

authp_ms_t authp_store_time(authp_store_t *s, authp_ms_t now)
{
    return now + atomic_load_explicit(&s->offset, memory_order_relaxed);
}

#define OPERATION(name, params, args)                                                              \
    authp_err_t authp_store_##name(authp_store_t *s, AUTHP_STORE_LIST params)                      \
    {                                                                                              \
        return s->ops->name(s->self, AUTHP_STORE_LIST args);                                       \
    }
#include "store/operations.def"
