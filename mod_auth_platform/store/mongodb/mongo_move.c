/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/text.h"
#include "store/mongodb/mongo_bulk.h"
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#include <apr_strings.h>

/* Appends the condition that a document is a row that moves. */
static void match_moving(const authp_columns_t *columns, bson_t *filter)
{
    if (columns == &authp_columns_user) {
        authp_mongo_match_absent(filter, "deleted_at");
    }
}

typedef struct moving_t {
    authp_mongo_rows_t found;
    authp_rows_t page;
} moving_t;

/* An invite that another program wrote, and that nobody has used here, still has its plain code.
 * Other stores cannot keep it. Its e-mail may be in capitals. */
static bool usable_invite(authp_invite_t *invite, apr_pool_t *pool)
{
    char *email = apr_pstrdup(pool, invite->email);
    authp_text_lower(email);
    invite->email = email;
    if (invite->code_hash == NULL) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0242",
                  "MongoDB: invite %s was written by another program and has a plain code: it is "
                  "not moved",
                  invite->id.hex);
    }
    return invite->code_hash != NULL;
}

static authp_err_t read_moving(const bson_t *document, void *ctx)
{
    moving_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = out->found.columns->table, .pool = out->found.pool};
    out->page.seen++;
    authp_mongo_get_id(&in, "_id", &out->page.last);
    authp_err_t err = authp_mongo_columns_read(document, &out->found);
    if (err == AUTHP_OK && out->found.columns == &authp_columns_invite) {
        void **last = apr_array_pop(out->found.rows);
        out->found.rows->nelts += usable_invite(*last, out->found.pool);
    }
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

authp_err_t authp_mongo_move_list(void *self, const authp_columns_t *columns,
                                  const authp_page_t *page, authp_rows_t *out, apr_pool_t *pool)
{
    static const char before_all[] = "000000000000000000000000";
    const bool first = page->after_id == NULL;
    moving_t moving = {.found = {.columns = columns,
                                 .rows = apr_array_make(pool, page->limit, sizeof(void *)),
                                 .pool = pool}};
    bson_t range;
    bson_t filter = BSON_INITIALIZER;
    match_moving(columns, &filter);
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "_id", &range);
    authp_mongo_put_id(&range, first ? "$gte" : "$gt", first ? before_all : page->after_id);
    bson_append_document_end(&filter, &range);
    const authp_mongo_find_t what = {
        .collection = columns->table, .filter = &filter, .limit = page->limit, .sort = "_id"};
    authp_err_t err = authp_mongo_run_find(self, &what, read_moving, &moving);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = moving.page;
        out->list = moving.found.rows;
    }
    return err;
}

authp_err_t authp_mongo_move_count(void *self, const authp_columns_t *columns, int64_t *count,
                                   apr_pool_t *pool)
{
    bson_t filter = BSON_INITIALIZER;
    (void)pool;
    match_moving(columns, &filter);
    authp_err_t err = authp_mongo_bulk_count(self, columns->table, &filter, count);
    bson_destroy(&filter);
    return err;
}

static bool keeps(const authp_columns_t *columns, const void *row)
{
    return columns != &authp_columns_user ||
           authp_identities_check(((const authp_user_t *)row)->identities) == AUTHP_OK;
}

static bson_t *document_of(const authp_columns_t *columns, const void *row)
{
    bson_t *document = bson_new();
    authp_mongo_columns_put(columns, row, document);
    if (columns == &authp_columns_session) {
        BSON_APPEND_BOOL(document, "revoked", ((const authp_session_t *)row)->ended_at != 0);
    }
    return document;
}

authp_err_t authp_mongo_move_add(void *self, const authp_columns_t *columns, void *const *rows,
                                 int count, bool *added, apr_pool_t *pool)
{
    const bson_t **documents = apr_palloc(pool, (size_t)count * sizeof(const bson_t *));
    bool *done = apr_pcalloc(pool, (size_t)count * sizeof(*done));
    int *places = apr_palloc(pool, (size_t)count * sizeof(*places)); /* in `rows`, of each one */
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (keeps(columns, rows[i])) {
            documents[kept] = document_of(columns, rows[i]);
            places[kept++] = i;
        }
    }
    authp_err_t err =
        kept > 0 ? authp_mongo_bulk_insert(self, columns->table, documents, kept, done) : AUTHP_OK;
    for (int i = 0; i < count; i++) {
        added[i] = err != AUTHP_OK && added[i];
    }
    for (int i = 0; i < kept; i++) {
        bson_destroy((bson_t *)documents[i]);
        if (err == AUTHP_OK) {
            added[places[i]] = done[i];
        }
    }
    return err;
}
