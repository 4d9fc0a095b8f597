/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_LISTING_H
#define AUTHP_CLI_LISTING_H

#include "cli/context.h"
#include "cli/table.h"

#include <jansson.h>

/* What every `list` does: --limit and --after in; a table, or {items, next_cursor} as the API has
 * it, out. Rows begin with their authp_id_t. */
typedef struct authp_listing_t {
    const char *head[AUTHP_TABLE_COLUMNS + 1]; /* ends with NULL */
    void (*cells)(const authp_context_t *context, const void *row, const char **cells);
    json_t *(*shape)(const void *row, apr_pool_t *pool);
} authp_listing_t;

/* Asks for one row more than will be shown, to know whether there are more. Returns the exit
 * status; what is wrong has been said. */
int authp_listing_page(const authp_context_t *context, authp_page_t *out);
/* `rows`: pointers, as a store answered for that page. */
void authp_listing_show(const authp_context_t *context, const authp_listing_t *kind,
                        const authp_page_t *page, const apr_array_header_t *rows);

#endif
