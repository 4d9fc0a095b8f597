/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "base/text.h"
#include "cli/output.h"

#include <apr_tables.h>
#include <stdio.h>
#include <string.h>

struct authp_table_t {
    apr_pool_t *pool;
    int columns;
    size_t widths[AUTHP_TABLE_COLUMNS];
    apr_array_header_t *rows; /* const char *const *; the first row is the head */
};

static size_t width_of(const char *text)
{
    size_t count = 0;
    return authp_text_utf8(text, strlen(text), &count) ? count : strlen(text);
}

authp_table_t *authp_table_make(const char *const *head, apr_pool_t *pool)
{
    authp_table_t *table = apr_pcalloc(pool, sizeof(*table));
    table->pool = pool;
    table->rows = apr_array_make(pool, 16, sizeof(const char *const *));
    while (head[table->columns] != NULL) {
        table->columns++;
    }
    authp_table_add(table, head);
    return table;
}

void authp_table_add(authp_table_t *table, const char *const *cells)
{
    const char **row = apr_palloc(table->pool, (size_t)table->columns * sizeof(*row));
    for (int i = 0; i < table->columns; i++) {
        bool empty = cells[i] == NULL || *cells[i] == '\0';
        row[i] = empty ? "-" : authp_output_safe(cells[i], table->pool);
        size_t width = width_of(row[i]);
        table->widths[i] = width > table->widths[i] ? width : table->widths[i];
    }
    APR_ARRAY_PUSH(table->rows, const char *const *) = row;
}

static void put_row(const authp_table_t *table, const char *const *row)
{
    for (int i = 0; i < table->columns; i++) {
        fputs(row[i], stdout);
        for (size_t at = width_of(row[i]); i + 1 < table->columns && at < table->widths[i] + 2;
             at++) {
            putchar(' ');
        }
    }
    putchar('\n');
}

void authp_table_print(const authp_table_t *table)
{
    for (int i = 0; i < table->rows->nelts; i++) {
        put_row(table, APR_ARRAY_IDX(table->rows, i, const char *const *));
    }
}
