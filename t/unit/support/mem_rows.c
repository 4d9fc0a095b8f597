/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_rows.h"
#include "columns_fixture.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

bool mem_rows_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const char *mem_rows_text(const char *text, apr_pool_t *pool)
{
    return text != NULL ? apr_pstrdup(pool, text) : NULL;
}

static apr_array_header_t *copy_texts(const apr_array_header_t *texts, apr_pool_t *pool)
{
    apr_array_header_t *out = apr_array_make(pool, 2, sizeof(const char *));
    for (int i = 0; i < texts->nelts; i++) {
        APR_ARRAY_PUSH(out, const char *) =
            mem_rows_text(APR_ARRAY_IDX(texts, i, const char *), pool);
    }
    return out;
}

void *mem_rows_copy(const authp_columns_t *columns, const void *row, apr_pool_t *pool)
{
    void *out = apr_pmemdup(pool, row, columns->size);
    for (int i = 0; i < columns->count; i++) {
        void *at = authp_columns_in(&columns->list[i], out);
        if (columns->list[i].kind == AUTHP_COLUMN_TEXT ||
            columns->list[i].kind == AUTHP_COLUMN_REF ||
            columns->list[i].kind == AUTHP_COLUMN_JSON) {
            *(const char **)at = mem_rows_text(*(const char **)at, pool);
        } else if (columns->list[i].kind == AUTHP_COLUMN_TEXTS) {
            *(apr_array_header_t **)at = copy_texts(*(apr_array_header_t **)at, pool);
        } else if (columns->list[i].kind == AUTHP_COLUMN_IDENTITIES) {
            *(apr_array_header_t **)at = authp_identities_copy(*(apr_array_header_t **)at, pool);
        }
    }
    return out;
}

void mem_rows_keep(const authp_columns_t *columns, void *row, const void *old, unsigned int flags)
{
    for (int i = 0; i < columns->count; i++) {
        if ((columns->list[i].flags & flags) != 0) {
            memcpy(authp_columns_in(&columns->list[i], row),
                   authp_columns_at(&columns->list[i], old),
                   columns_fixture_size(columns->list[i].kind));
        }
    }
}

void mem_rows_forget(const authp_columns_t *columns, void *row)
{
    for (int i = 0; i < columns->count; i++) {
        if ((columns->list[i].flags & AUTHP_COLUMN_PERSONAL) != 0) {
            memset(authp_columns_in(&columns->list[i], row), 0,
                   columns_fixture_size(columns->list[i].kind));
        }
    }
}

static bool begins(const char *text, const char *prefix)
{
    return prefix == NULL || (text != NULL && strncmp(text, prefix, strlen(prefix)) == 0);
}

bool mem_rows_passes(const authp_user_t *user, const authp_user_filter_t *filter)
{
    bool role = filter->role == NULL;
    for (int i = 0; i < user->roles->nelts && !role; i++) {
        role = mem_rows_same(APR_ARRAY_IDX(user->roles, i, const char *), filter->role);
    }
    bool prefix = begins(user->email, filter->email_prefix) &&
                  begins(user->username, filter->username_prefix);
    return role && prefix && !(filter->enabled_only && user->disabled) &&
           (filter->after_id == NULL || strcmp(user->id.hex, filter->after_id) > 0);
}

int mem_rows_by_id(const void *a, const void *b)
{
    return strcmp((*(const authp_id_t *const *)a)->hex, (*(const authp_id_t *const *)b)->hex);
}
