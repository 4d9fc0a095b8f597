/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_upsert.h"
#include "store/mongodb/mongo_match.h"

/* Two calls that find no document both try to insert one. The one that is too late is told of the
 * duplicate, and finds the document when it tries again. */
#define ROUNDS 8

/* Appends the fields of `document` whose columns have AUTHP_COLUMN_FIXED or not. `key` is in the
 * filter, from which the server takes it. */
static void split(const authp_columns_t *columns, const bson_t *document, const char *key,
                  bson_t *update)
{
    bson_iter_t at;
    bson_t set = BSON_INITIALIZER;
    bson_t unset = BSON_INITIALIZER;
    bson_t first = BSON_INITIALIZER;
    for (int i = 0; i < columns->count; i++) {
        const authp_column_t *column = &columns->list[i];
        bool there = bson_iter_init_find(&at, document, column->field);
        if ((column->flags & AUTHP_COLUMN_FIXED) != 0) {
            bson_append_iter(&first, NULL, 0, &at);
        } else if (!there) {
            BSON_APPEND_UTF8(&unset, column->field, "");
        } else if (strcmp(column->field, key) != 0) {
            bson_append_iter(&set, NULL, 0, &at);
        }
    }
    BSON_APPEND_DOCUMENT(update, "$setOnInsert", &first);
    BSON_APPEND_DOCUMENT(update, "$set", &set);
    if (!bson_empty(&unset)) {
        BSON_APPEND_DOCUMENT(update, "$unset", &unset);
    }
    bson_destroy(&set);
    bson_destroy(&unset);
    bson_destroy(&first);
}

authp_err_t authp_mongo_upsert(authp_mongo_t *m, const authp_columns_t *columns, const char *key,
                               const char *value, const void *row)
{
    int matched = 0;
    authp_err_t err = AUTHP_E_CONFLICT;
    bson_t document = BSON_INITIALIZER;
    bson_t filter = BSON_INITIALIZER;
    bson_t update = BSON_INITIALIZER;
    authp_mongo_columns_put(columns, row, &document);
    split(columns, &document, key, &update);
    authp_mongo_match_text(&filter, key, value);
    const authp_mongo_write_t what = {.collection = columns->table,
                                      .change = AUTHP_MONGO_UPSERT_ONE,
                                      .filter = &filter,
                                      .update = &update};
    for (int i = 0; i < ROUNDS && err == AUTHP_E_CONFLICT; i++) {
        err = authp_mongo_run_write(m, &what, &matched);
    }
    bson_destroy(&document);
    bson_destroy(&filter);
    bson_destroy(&update);
    return err == AUTHP_E_CONFLICT ? AUTHP_E_UNAVAILABLE : err;
}
