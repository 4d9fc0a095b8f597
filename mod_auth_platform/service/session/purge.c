/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/purge.h"

#include "service/session/grant.h"

#define BATCH 500
#define PAGE 100
#define MINUTE_MS INT64_C(60000)
#define MONTH_MS (30 * AUTHP_DAY_MS)
/* Who sends an old one-time code learns that it has expired or was used. */
#define CODES_KEPT_MS AUTHP_DAY_MS

/* Removes the traces of deleted accounts once more. The first time, at the deletion, may have
 * failed. Repeating it does no harm. */
static authp_err_t forget_deleted(const authp_realm_t *realm, apr_pool_t *pool)
{
    authp_page_t page = {.limit = PAGE};
    apr_array_header_t *ids = NULL;
    do {
        authp_err_t err = authp_store_user_list_deleted(realm->store, &page, &ids, pool);
        for (int i = 0; err == AUTHP_OK && i < ids->nelts; i++) {
            page.after_id = APR_ARRAY_IDX(ids, i, const char *);
            err = authp_store_user_forget(realm->store, page.after_id, pool);
        }
        if (err != AUTHP_OK) {
            return err;
        }
    } while (ids->nelts == PAGE);
    return AUTHP_OK;
}

/* Gets the store's time. The clocks are compared first, because this host's clock may have been set
 * wrong since the last comparison, and live rows must not be removed. */
static authp_err_t ask_time(const authp_realm_t *realm, authp_ms_t *now, apr_pool_t *pool)
{
    int64_t offset = 0;
    authp_err_t err = authp_store_measure_clock(realm->store, realm->clock, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (!authp_store_offset(realm->store, &offset) || !authp_store_offset_fine(offset)) {
        return AUTHP_E_CLOCKS_DIFFER;
    }
    *now = authp_realm_now(realm);
    return AUTHP_OK;
}

authp_err_t authp_purge_run(const authp_realm_t *realm, int batches, int *removed, apr_pool_t *pool)
{
    authp_ms_t now = 0;
    authp_err_t err = ask_time(realm, &now, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    int days = realm->settings->audit_retention_days;
    authp_ms_t margin = 120 * MINUTE_MS; /* the live table remembers 60 */
    const authp_purge_t what = {.sessions_before = now - margin,
                                .users_before = now - margin,
                                .invites_before = now - MONTH_MS,
                                .audit_before = days > 0 ? now - days * AUTHP_DAY_MS : 0,
                                .failures_before = now,
                                .tokens_before = now,
                                .codes_before = now - CODES_KEPT_MS,
                                .mails_before = now,
                                .batch = BATCH};
    int sum = 0;
    int rows = BATCH;
    err = forget_deleted(realm, pool);
    for (int i = 0; err == AUTHP_OK && rows >= BATCH && i < batches; i++) {
        err = authp_store_purge(realm->store, &what, &rows, pool);
        sum += err == AUTHP_OK ? rows : 0;
    }
    if (err == AUTHP_OK) {
        *removed = sum;
    }
    return err;
}
