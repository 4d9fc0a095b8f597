/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_export.h"

#include "base/log.h"

#include <apr_strings.h>

#define PAGE 500

static authp_err_t write_line(FILE *out, const char *line, size_t len)
{
    return fwrite(line, 1, len, out) == len && putc('\n', out) == '\n' ? AUTHP_OK : AUTHP_E_ABORTED;
}

/* Counts the rows first, so that a reader can tell a whole file from a part. */
static authp_err_t write_header(const authp_realm_t *realm, FILE *out,
                                authp_transfer_export_t *export, apr_pool_t *pool)
{
    size_t len = 0;
    authp_err_t err = AUTHP_OK;
    export->header.made_at = authp_realm_now(realm);
    export->header.store = realm->store->ops->name;
    export->header.key = authp_keys_name(realm->keys, false);
    for (int i = 0; err == AUTHP_OK && i < AUTHP_TRANSFER_KINDS; i++) {
        err = authp_store_move_count(realm->store,
                                     authp_transfer_file_columns((authp_transfer_kind_t)i),
                                     &export->header.counts[i], pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const char *line = authp_transfer_file_header(&export->header, &len, pool);
    return write_line(out, line, len);
}

static authp_err_t write_rows(const apr_array_header_t *rows, authp_transfer_kind_t kind, FILE *out,
                              authp_transfer_export_t *export, apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    for (int i = 0; err == AUTHP_OK && i < rows->nelts; i++) {
        size_t len = 0;
        const void *row = APR_ARRAY_IDX(rows, i, const void *);
        const char *line = authp_transfer_file_line(kind, row, &len, pool);
        if (line == NULL) {
            export->left_out[kind]++;
            authp_log(
                AUTHP_LOG_WARNING, "AUTHP0350",
                "export: %s %s lacks a text, or has one that is not UTF-8, or an address that is not "
                "in lower case: it is left out",
                authp_transfer_file_name(kind), ((const authp_id_t *)row)->hex);
        } else {
            export->written[kind]++;
            err = write_line(out, line, len);
        }
    }
    return err;
}

/* Writes all rows of one kind. `page_pool` is cleared for each page. */
static authp_err_t write_kind(const authp_realm_t *realm, authp_transfer_kind_t kind, FILE *out,
                              authp_transfer_export_t *export, apr_pool_t *page_pool)
{
    authp_id_t last = {""};
    for (;;) {
        authp_rows_t found = {.seen = 0};
        const authp_page_t page = {.after_id = last.hex[0] != '\0' ? last.hex : NULL,
                                   .limit = PAGE};
        apr_pool_clear(page_pool);
        authp_err_t err = authp_store_move_list(realm->store, authp_transfer_file_columns(kind),
                                                &page, &found, page_pool);
        if (err == AUTHP_OK) {
            export->left_out[kind] += found.seen - found.list->nelts;
            err = write_rows(found.list, kind, out, export, page_pool);
        }
        if (err != AUTHP_OK) {
            return err;
        }
        if (export->progress != NULL) {
            export->progress(export, export->ctx);
        }
        if (found.seen < PAGE) {
            return AUTHP_OK;
        }
        last = found.last;
    }
}

authp_err_t authp_transfer_export(const authp_realm_t *realm, FILE *out,
                                  authp_transfer_export_t *export, apr_pool_t *pool)
{
    apr_pool_t *page_pool = NULL;
    apr_pool_create(&page_pool, pool);
    authp_err_t err = write_header(realm, out, export, pool);
    for (int i = 0; err == AUTHP_OK && i < AUTHP_TRANSFER_KINDS; i++) {
        err = write_kind(realm, (authp_transfer_kind_t)i, out, export, page_pool);
    }
    if (err == AUTHP_OK && fflush(out) != 0) {
        err = AUTHP_E_ABORTED;
    }
    apr_pool_destroy(page_pool);
    return err;
}
