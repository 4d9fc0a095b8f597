/* SPDX-License-Identifier: Apache-2.0 */
/* The file of an export, which anybody may have changed: the header, and rows of every kind. A row
 * that is accepted is written again, and reads as the same row. */
#include "fuzz.h"
#include "service/transfer/transfer_file.h"
#include "store/identities.h"
#include "store/model.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void try_header(const char *text, size_t len, apr_pool_t *pool)
{
    authp_transfer_header_t header;
    authp_transfer_header_t again;
    const char *refusal = NULL;
    size_t again_len = 0;
    if (authp_transfer_file_read_header(text, len, &header, &refusal, pool) != AUTHP_OK) {
        FUZZ_DEMAND(refusal != NULL);
        return;
    }
    const char *line = authp_transfer_file_header(&header, &again_len, pool);
    FUZZ_DEMAND(authp_transfer_file_read_header(line, again_len, &again, &refusal, pool) ==
                AUTHP_OK);
    FUZZ_DEMAND(strcmp(again.key, header.key) == 0 && again.made_at == header.made_at);
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        FUZZ_DEMAND(header.counts[i] >= 0 && again.counts[i] == header.counts[i]);
    }
}

/* What stores rely on. */
static void check_row(const authp_transfer_line_t *line)
{
    FUZZ_DEMAND(authp_id_valid(((const authp_id_t *)line->row)->hex));
    if (line->kind == AUTHP_TRANSFER_USER) {
        const authp_user_t *user = line->row;
        FUZZ_DEMAND(user->roles != NULL);
        FUZZ_DEMAND(authp_identities_check(user->identities) == AUTHP_OK);
        for (int i = 0; i < user->roles->nelts; i++) {
            const char *role = APR_ARRAY_IDX(user->roles, i, const char *);
            FUZZ_DEMAND(*role != '\0' && strchr(role, ',') == NULL);
        }
    } else if (line->kind == AUTHP_TRANSFER_INVITE) {
        const authp_invite_t *invite = line->row;
        FUZZ_DEMAND(invite->email != NULL && invite->code_hash != NULL);
    } else if (line->kind == AUTHP_TRANSFER_AUDIT) {
        const authp_audit_t *entry = line->row;
        FUZZ_DEMAND(entry->event != NULL && entry->outcome != NULL);
    }
}

static void try_line(const char *text, size_t len, bool drop_factors, apr_pool_t *pool)
{
    authp_transfer_line_t line = {.drop_factors = drop_factors};
    authp_transfer_line_t again = {.drop_factors = false};
    const char *refusal = NULL;
    size_t again_len = 0;
    if (authp_transfer_file_read_line(text, len, &line, &refusal, pool) != AUTHP_OK) {
        FUZZ_DEMAND(refusal != NULL);
        return;
    }
    FUZZ_DEMAND(drop_factors || !line.had_factors);
    check_row(&line);
    const char *written = authp_transfer_file_line(line.kind, line.row, &again_len, pool);
    FUZZ_DEMAND(written != NULL && memchr(written, '\n', again_len) == NULL);
    FUZZ_DEMAND(authp_transfer_file_read_line(written, again_len, &again, &refusal, pool) ==
                AUTHP_OK);
    const authp_columns_t *columns = authp_transfer_file_columns(line.kind);
    FUZZ_DEMAND(again.kind == line.kind);
    for (int i = 0; i < columns->count; i++) {
        FUZZ_DEMAND(authp_columns_same(&columns->list[i], line.row, again.row));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size > 8192) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data, size);
    try_header(text, size, pool);
    try_line(text, size, false, pool);
    try_line(text, size, true, pool);
    apr_pool_destroy(pool);
    return 0;
}
