/* SPDX-License-Identifier: Apache-2.0 */
/* The audit lists of the in-memory store. */
#include "mem_impl.h"
#include "mem_rows.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static bool fits(const authp_audit_t *entry, const authp_audit_filter_t *filter)
{
    return (filter->after_id == NULL || strcmp(entry->id.hex, filter->after_id) > 0) &&
           entry->at >= filter->since &&
           (filter->event == NULL || mem_rows_same(entry->event, filter->event)) &&
           (filter->person == NULL || mem_rows_same(entry->actor_id, filter->person) ||
            mem_rows_same(entry->subject_id, filter->person));
}

authp_err_t mem_audit_list(void *self, const authp_audit_filter_t *filter, apr_array_header_t **out,
                           apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "audit_list");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_audit_t *));
    for (int i = 0; i < mem->audit->nelts; i++) {
        const authp_audit_t *entry = APR_ARRAY_IDX(mem->audit, i, authp_audit_t *);
        if (fits(entry, filter)) {
            APR_ARRAY_PUSH(found, authp_audit_t *) =
                mem_rows_copy(&authp_columns_audit, entry, pool);
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(authp_audit_t *), mem_rows_by_id);
    found->nelts = found->nelts > filter->limit ? filter->limit : found->nelts;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}
