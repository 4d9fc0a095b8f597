/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live_table/live_table.h"
#include "base/log.h"
#include "service/live_table/live_layout.h"

#include <apr_strings.h>
#include <string.h>

/* Added to the life of a token. The clocks of hosts may differ by 20 s in each direction (/readyz),
 * and a change gets its time up to one time-out of the store before it can be read. */
#define MARGIN_MS 120000

_Static_assert(AUTHP_LIVE_STORE_ID_LEN == LIVE_STORE_ID_LEN, "the same id");

authp_err_t authp_live_table_make(int entries, authp_live_shared_t **out)
{
    uint32_t buckets = 1;
    void *memory = NULL;
    while (buckets * LIVE_WAYS < (uint32_t)entries) {
        buckets *= 2;
    }
    authp_err_t err =
        authp_shm_make(sizeof(authp_live_shared_t) + buckets * sizeof(live_bucket_t), &memory);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_live_shared_t *shared = memory;
    shared->nbuckets = buckets;
    err = authp_shm_mutex_init(&shared->mutex);
    if (err == AUTHP_OK) {
        *out = shared;
    }
    return err;
}

/* --- one generation's view -------------------------------------------------------------------- */

static int find_role(const authp_live_shared_t *shared, const char *name)
{
    for (int i = 0; i < shared->nroles; i++) {
        if (strcmp(shared->roles[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* False if all reloads together have used more role names than the table has bits. */
static bool learn_roles(authp_live_shared_t *shared, const apr_array_header_t *roles,
                        authp_live_table_t *table)
{
    table->nroles = roles->nelts;
    table->same_bits = true;
    for (int i = 0; i < roles->nelts; i++) {
        const char *name = APR_ARRAY_IDX(roles, i, const char *);
        int bit = find_role(shared, name);
        if (bit < 0 && shared->nroles == LIVE_ROLES) {
            return false;
        }
        if (bit < 0) {
            bit = shared->nroles++;
            apr_cpystrn(shared->roles[bit], name, sizeof(shared->roles[bit]));
        }
        table->there[i] = (unsigned char)bit;
        table->same_bits = table->same_bits && bit == i;
    }
    return true;
}

authp_err_t authp_live_table_open(authp_live_shared_t *shared, const authp_live_terms_t *terms,
                                  authp_live_table_t **out, apr_pool_t *pool)
{
    authp_live_table_t *table = apr_pcalloc(pool, sizeof(*table));
    table->shared = shared;
    table->max_lag_ms = terms->max_lag_ms;
    if (!authp_live_layout_lock(shared)) {
        return AUTHP_E_BUSY;
    }
    uint32_t realm = LIVE_REALM(atomic_load(&shared->state));
    bool other = memcmp(shared->store_id, terms->store_id, AUTHP_LIVE_STORE_ID_LEN) != 0;
    if (other || !learn_roles(shared, terms->roles, table)) {
        /* From now on children that use the old store ask that store. */
        authp_live_layout_empty(shared, ++realm);
        memcpy(shared->store_id, terms->store_id, AUTHP_LIVE_STORE_ID_LEN);
        shared->nroles = 0;
        (void)learn_roles(shared, terms->roles, table);
    }
    if (terms->token_ms + MARGIN_MS > atomic_load(&shared->horizon_ms)) {
        atomic_store(&shared->horizon_ms, terms->token_ms + MARGIN_MS);
    }
    authp_live_layout_unlock(shared);
    table->realm = realm;
    *out = table;
    return AUTHP_OK;
}

uint64_t authp_live_table_era(const authp_live_table_t *table)
{
    return atomic_load_explicit(&table->shared->state, memory_order_acquire) & ~LIVE_WARM;
}

void authp_live_table_set_clock(authp_live_table_t *table, int64_t offset_ms)
{
    atomic_store(&table->shared->clock_offset, offset_ms);
    atomic_store(&table->shared->clock_known, true);
}

bool authp_live_table_clock(const authp_live_table_t *table, int64_t *offset_ms)
{
    *offset_ms = atomic_load(&table->shared->clock_offset);
    return atomic_load(&table->shared->clock_known);
}

void authp_live_table_status(const authp_live_table_t *table, authp_live_status_t *out)
{
    authp_live_shared_t *shared = table->shared;
    uint64_t state = atomic_load(&shared->state);
    int64_t news_at = atomic_load(&shared->news_at);
    out->age_ms = news_at != 0 ? authp_clock_now(authp_clock_monotonic()) - news_at : -1;
    out->warm = (state & LIVE_WARM) != 0 && LIVE_REALM(state) == table->realm && out->age_ms >= 0 &&
                out->age_ms <= table->max_lag_ms;
    out->worst_ms = atomic_load(&shared->worst_ms);
    out->dropped = atomic_load(&shared->dropped);
}
