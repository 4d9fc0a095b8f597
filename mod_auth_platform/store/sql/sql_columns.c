/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql_columns.h"
#include "base/b64url.h"
#include "base/log.h"
#include "store/sql/sql_identities.h"

#include <apr_strings.h>
#include <string.h>

/* A list of texts is kept as ",candidate,admin,": a member is found by ",name,", wherever it is. */
static const char *join(const apr_array_header_t *texts, apr_pool_t *pool)
{
    const char *joined = ",";
    for (int i = 0; i < texts->nelts; i++) {
        joined = apr_pstrcat(pool, joined, APR_ARRAY_IDX(texts, i, const char *), ",", NULL);
    }
    return joined;
}

static apr_array_header_t *split(const char *joined, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 2, sizeof(const char *));
    char *last = NULL;
    char *copy = apr_pstrdup(pool, joined != NULL ? joined : "");
    for (char *text = apr_strtok(copy, ",", &last); text != NULL;
         text = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return texts;
}

static const void *bound(const authp_column_t *column, const void *row, apr_pool_t *pool)
{
    const void *at = authp_columns_at(column, row);
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        return ((const authp_id_t *)at)->hex;
    case AUTHP_COLUMN_TEXT:
    case AUTHP_COLUMN_REF:
    case AUTHP_COLUMN_JSON:
        return *(const char *const *)at;
    case AUTHP_COLUMN_TEXTS:
        return join(*(apr_array_header_t *const *)at, pool);
    case AUTHP_COLUMN_BOOL:
        return authp_sql_bool(*(const bool *)at);
    case AUTHP_COLUMN_IDENTITIES:
        return authp_sql_identities_text(*(apr_array_header_t *const *)at, pool);
    case AUTHP_COLUMN_SALT:
        /* Text, because the drivers of apr_dbd differ in how they bind bytes. */
        return authp_b64url_encode(at, AUTHP_SALT_LEN, pool);
    case AUTHP_COLUMN_INT:
    case AUTHP_COLUMN_TIME:
    case AUTHP_COLUMN_KINDS:
        break;
    }
    return at;
}

_Static_assert(sizeof(int64_t) == sizeof(apr_int64_t), "integers are bound where they are");

int authp_sql_columns_bind(const authp_columns_t *columns, const void *row, unsigned int skip,
                           const void **values, apr_pool_t *pool)
{
    int count = 0;
    for (int i = 0; i < columns->count; i++) {
        if ((columns->list[i].flags & skip) == 0) {
            values[count++] = bound(&columns->list[i], row, pool);
        }
    }
    return count;
}

static bool read_id(const char *text, authp_id_t *id)
{
    if (text == NULL) {
        return false;
    }
    apr_cpystrn(id->hex, text, sizeof(id->hex));
    return true;
}

static bool read_salt(const char *text, unsigned char *salt)
{
    return text != NULL && strlen(text) == AUTHP_B64URL_ENCODED(AUTHP_SALT_LEN) &&
           authp_b64url_decode(text, strlen(text), salt) == AUTHP_OK;
}

/* Returns false if the column cannot be what we wrote. */
static bool read_column(const authp_sql_rows_t *rows, int i, const authp_column_t *column, void *at,
                        apr_pool_t *pool)
{
    switch (column->kind) {
    case AUTHP_COLUMN_ID:
        return read_id(authp_sql_rows_peek(rows, i), at);
    case AUTHP_COLUMN_TEXT:
    case AUTHP_COLUMN_REF:
    case AUTHP_COLUMN_JSON:
        *(const char **)at = authp_sql_rows_text(rows, i, pool);
        return true;
    case AUTHP_COLUMN_TEXTS:
        *(apr_array_header_t **)at = split(authp_sql_rows_peek(rows, i), pool);
        return true;
    case AUTHP_COLUMN_BOOL:
        *(bool *)at = authp_sql_rows_int(rows, i) != 0;
        return true;
    case AUTHP_COLUMN_INT:
    case AUTHP_COLUMN_TIME:
        *(int64_t *)at = authp_sql_rows_int(rows, i);
        return true;
    case AUTHP_COLUMN_SALT:
        return read_salt(authp_sql_rows_peek(rows, i), at);
    case AUTHP_COLUMN_IDENTITIES:
        return authp_sql_identities_parse(authp_sql_rows_peek(rows, i), at, pool) == AUTHP_OK;
    case AUTHP_COLUMN_KINDS:
        break;
    }
    return false;
}

typedef struct reading_t {
    const authp_columns_t *columns;
    apr_array_header_t *found;
    authp_rows_t *page; /* only of authp_sql_columns_page() */
    apr_pool_t *pool;
} reading_t;

/* The first column of each table is the row's id. */
static authp_err_t read_row(const authp_sql_rows_t *rows, const reading_t *out)
{
    void *row = apr_pcalloc(out->pool, out->columns->size);
    for (int i = 0; i < out->columns->count; i++) {
        const authp_column_t *column = &out->columns->list[i];
        if (!read_column(rows, i, column, authp_columns_in(column, row), out->pool)) {
            const char *id = authp_sql_rows_peek(rows, 0);
            authp_log(AUTHP_LOG_ERROR, "AUTHP0211", "store: %s of %s %s cannot be read",
                      column->name, out->columns->table, id != NULL ? id : "?");
            return AUTHP_E_INTERNAL;
        }
    }
    APR_ARRAY_PUSH(out->found, void *) = row;
    return AUTHP_OK;
}

static authp_err_t read_rows(authp_sql_rows_t *rows, void *ctx)
{
    authp_err_t err = AUTHP_OK;
    while (err == AUTHP_OK && authp_sql_rows_next(rows)) {
        err = read_row(rows, ctx);
    }
    return err;
}

static authp_err_t read_page(authp_sql_rows_t *rows, void *ctx)
{
    const reading_t *out = ctx;
    while (authp_sql_rows_next(rows)) {
        out->page->seen++;
        (void)read_id(authp_sql_rows_peek(rows, 0), &out->page->last);
        (void)read_row(rows, out); /* has logged why a row cannot be read */
    }
    return AUTHP_OK;
}

authp_err_t authp_sql_columns_page(authp_sql_t *sql, const authp_sql_statement_t *statement,
                                   const void **values, authp_rows_t *out, apr_pool_t *pool)
{
    authp_rows_t page = {.list = apr_array_make(pool, 64, sizeof(void *))};
    reading_t reading = {
        .columns = statement->columns, .found = page.list, .page = &page, .pool = pool};
    authp_err_t err = authp_sql_run(sql, statement, values, read_page, &reading);
    if (err == AUTHP_OK) {
        *out = page;
    }
    return err;
}

authp_err_t authp_sql_columns_list(authp_sql_t *sql, const authp_sql_statement_t *statement,
                                   const void **values, apr_array_header_t **out, apr_pool_t *pool)
{
    reading_t reading = {.columns = statement->columns,
                         .found = apr_array_make(pool, 8, sizeof(void *)),
                         .pool = pool};
    authp_err_t err = authp_sql_run(sql, statement, values, read_rows, &reading);
    if (err == AUTHP_OK) {
        *out = reading.found;
    }
    return err;
}

authp_err_t authp_sql_columns_one(authp_sql_t *sql, const authp_sql_statement_t *statement,
                                  const void **values, void **out, apr_pool_t *pool)
{
    apr_array_header_t *found = NULL;
    authp_err_t err = authp_sql_columns_list(sql, statement, values, &found, pool);
    if (err == AUTHP_OK && found->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found, 0, void *);
    }
    return err;
}
