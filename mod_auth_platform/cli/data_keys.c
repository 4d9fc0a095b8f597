/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/data_keys.h"

#include "cli/output.h"

authp_err_t authp_data_keys_read(const authp_context_t *context, apr_array_header_t **out,
                                 const authp_seal_t **seal)
{
    apr_pool_t *pool = context->pool;
    apr_array_header_t *rows = NULL;
    const authp_seal_t *wrap = NULL;
    authp_err_t err = authp_wrapping_make(context->settings, &wrap, pool);
    if (err == AUTHP_OK) {
        err = authp_store_data_key_list(context->realm->store, &rows, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *items = apr_array_make(pool, rows->nelts, sizeof(authp_data_keys_item_t));
    for (int i = 0; i < rows->nelts; i++) {
        authp_data_keys_item_t *item = apr_array_push(items);
        *item = (authp_data_keys_item_t){.row = APR_ARRAY_IDX(rows, i, const authp_data_key_t *)};
        item->by = authp_wrapping_by(context->realm, item->row);
        err = authp_wrapping_open(wrap, item->row, &item->bytes, pool);
        if (err != AUTHP_OK && err != AUTHP_E_MALFORMED) {
            return err;
        }
        item->opens = err == AUTHP_OK;
    }
    *out = items;
    if (seal != NULL) {
        *seal = wrap;
    }
    return AUTHP_OK;
}

int authp_data_keys_lost(const apr_array_header_t *items)
{
    int lost = 0;
    for (int i = 0; i < items->nelts; i++) {
        lost += !APR_ARRAY_IDX(items, i, authp_data_keys_item_t).opens;
    }
    return lost;
}

void authp_data_keys_note(const authp_context_t *context, const apr_array_header_t *items)
{
    int lost = authp_data_keys_lost(items);
    if (lost > 0) {
        authp_output_error(context->pool,
                           "note: %d data key%s cannot be unwrapped, and what %s cannot be used: "
                           "see authplatform keys status",
                           lost, lost == 1 ? "" : "s", lost == 1 ? "it seals" : "they seal");
    }
}
