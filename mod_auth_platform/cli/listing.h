/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_LISTING_H
#define AUTHP_CLI_LISTING_H

#include "cli/context.h"
#include "cli/table.h"

#include <jansson.h>

/* What all `list` commands do: they take --limit and --after, and print a table, or {items,
 * next_cursor} as the API does. Rows begin with their authp_id_t. */
typedef struct authp_listing_t {
    const char *head[AUTHP_TABLE_COLUMNS + 1]; /* ends with NULL */
    void (*cells)(const authp_context_t *context, const void *row, const char **cells);
    json_t *(*shape)(const void *row, apr_pool_t *pool);
} authp_listing_t;

/* Sets *out to a page with one row more than is shown, in order to know whether there are more.
 * Returns the exit status, and has printed an error if it is not 0. */
int authp_listing_page(const authp_context_t *context, authp_page_t *out);
/* Prints the rows, which are the pointers that the store returned for that page. */
void authp_listing_show(const authp_context_t *context, const authp_listing_t *kind,
                        const authp_page_t *page, const apr_array_header_t *rows);

#endif
