/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include "base/json.h"
#include "cli/input.h"
#include "cli/output.h"

#define USUAL 50
#define MOST 200

int authp_listing_page(const authp_context_t *context, authp_page_t *out)
{
    int limit = authp_input_number(context, "limit", USUAL, MOST);
    const char *after = authp_context_value(context, "after");
    if (limit == 0) {
        return AUTHP_EXIT_USAGE;
    }
    if (after != NULL && !authp_input_id(context, "after")) {
        return AUTHP_EXIT_USAGE;
    }
    *out = (authp_page_t){.after_id = after, .limit = limit + 1};
    return AUTHP_EXIT_OK;
}

static void show_json(const authp_context_t *context, const authp_listing_t *kind,
                      const apr_array_header_t *rows, const char *next)
{
    json_t *answer = authp_json_object(context->pool);
    json_t *items = authp_json_array(context->pool);
    for (int i = 0; i < rows->nelts; i++) {
        (void)json_array_append(items,
                                kind->shape(APR_ARRAY_IDX(rows, i, const void *), context->pool));
    }
    authp_json_set(answer, "items", items);
    authp_json_set_str(answer, "next_cursor", next);
    authp_output_json(answer, context->pool);
}

static void show_table(const authp_context_t *context, const authp_listing_t *kind,
                       const apr_array_header_t *rows, const char *next)
{
    authp_table_t *table = authp_table_make(kind->head, context->pool);
    for (int i = 0; i < rows->nelts; i++) {
        const char *cells[AUTHP_TABLE_COLUMNS];
        kind->cells(context, APR_ARRAY_IDX(rows, i, const void *), cells);
        authp_table_add(table, cells);
    }
    authp_table_print(table);
    if (next != NULL) {
        authp_output_error(context->pool, "note: there are more; continue with --after %s", next);
    }
}

void authp_listing_show(const authp_context_t *context, const authp_listing_t *kind,
                        const authp_page_t *page, const apr_array_header_t *rows)
{
    apr_array_header_t *shown = apr_array_copy(context->pool, rows);
    const char *next = NULL;
    if (shown->nelts == page->limit) {
        (void)apr_array_pop(shown);
        next = APR_ARRAY_IDX(shown, shown->nelts - 1, const authp_id_t *)->hex;
    }
    if (context->options->json) {
        show_json(context, kind, shown, next);
    } else {
        show_table(context, kind, shown, next);
    }
}
