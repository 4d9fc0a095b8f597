/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_stored.h"

#include <apr_strings.h>
#include <string.h>

/* The id before `id`, which a page that begins with `id` continues after. NULL: there is none. */
static const char *id_before(const char *id, apr_pool_t *pool)
{
    unsigned char bytes[AUTHP_ID_BYTES];
    authp_id_pack(id, bytes);
    for (int i = AUTHP_ID_BYTES - 1; i >= 0; i--) {
        if (bytes[i]-- > 0) {
            authp_id_t before = authp_id_unpack(bytes);
            return apr_pstrdup(pool, before.hex);
        }
    }
    return NULL;
}

static const char *id_of(const void *row)
{
    return ((const authp_id_t *)row)->hex;
}

authp_err_t authp_transfer_stored_open(const authp_realm_t *realm, const authp_put_batch_t *batch,
                                       authp_transfer_stored_t *out, apr_pool_t *pool)
{
    authp_rows_t found = {.seen = 0};
    const char *lowest = id_of(batch->rows[0]);
    for (int i = 1; i < batch->count; i++) {
        lowest = strcmp(id_of(batch->rows[i]), lowest) < 0 ? id_of(batch->rows[i]) : lowest;
    }
    const authp_page_t page = {.after_id = id_before(lowest, pool), .limit = batch->count};
    authp_err_t err = authp_store_move_list(realm->store, batch->columns, &page, &found, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = (authp_transfer_stored_t){.realm = realm,
                                     .columns = batch->columns,
                                     .known = apr_hash_make(pool),
                                     .upto = found.last,
                                     .all = found.seen < page.limit};
    for (int i = 0; i < found.list->nelts; i++) {
        void *row = APR_ARRAY_IDX(found.list, i, void *);
        apr_hash_set(out->known, id_of(row), AUTHP_ID_LEN, row);
    }
    return AUTHP_OK;
}

authp_err_t authp_transfer_stored_read(const authp_realm_t *realm, const authp_columns_t *columns,
                                       const char *id, void **out, apr_pool_t *pool)
{
    authp_rows_t found = {.seen = 0};
    const authp_page_t page = {.after_id = id_before(id, pool), .limit = 1};
    authp_err_t err = authp_store_move_list(realm->store, columns, &page, &found, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.list->nelts == 0 || strcmp(id_of(APR_ARRAY_IDX(found.list, 0, void *)), id) != 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.list, 0, void *);
    return AUTHP_OK;
}

authp_err_t authp_transfer_stored_find(const authp_transfer_stored_t *stored, const char *id,
                                       void **out, apr_pool_t *pool)
{
    void *row = apr_hash_get(stored->known, id, AUTHP_ID_LEN);
    if (row != NULL) {
        *out = row;
        return AUTHP_OK;
    }
    if (stored->all || strcmp(id, stored->upto.hex) <= 0) {
        return AUTHP_E_NOT_FOUND;
    }
    return authp_transfer_stored_read(stored->realm, stored->columns, id, out, pool);
}

authp_err_t authp_transfer_stored_deleted(const authp_realm_t *realm, const char *id, bool *deleted,
                                          apr_pool_t *pool)
{
    apr_array_header_t *ids = NULL;
    const authp_page_t page = {.after_id = id_before(id, pool), .limit = 1};
    authp_err_t err = authp_store_user_list_deleted(realm->store, &page, &ids, pool);
    if (err == AUTHP_OK) {
        *deleted = ids->nelts > 0 && strcmp(APR_ARRAY_IDX(ids, 0, const char *), id) == 0;
    }
    return err;
}
