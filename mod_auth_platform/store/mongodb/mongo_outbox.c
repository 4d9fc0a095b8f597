/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_bulk.h"
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#define DAY_MS (24 * INT64_C(3600000))

authp_err_t authp_mongo_outbox_add(void *self, const authp_mail_row_t *mail, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_columns_put(&authp_columns_outbox, mail, &document);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_OUTBOX, &document);
    bson_destroy(&document);
    return err;
}

/* Reads a row, and skips one that cannot be read. */
static authp_err_t read_usable(const bson_t *document, void *ctx)
{
    authp_err_t err = authp_mongo_columns_read(document, ctx);
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

authp_err_t authp_mongo_outbox_due(void *self, authp_ms_t now, int limit, apr_array_header_t **out,
                                   apr_pool_t *pool)
{
    authp_mongo_rows_t found = {.columns = &authp_columns_outbox,
                                .rows = apr_array_make(pool, limit, sizeof(void *)),
                                .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, "due_at", "$lte", now);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_OUTBOX, .filter = &filter, .limit = limit, .sort = "due_at"};
    authp_err_t err = authp_mongo_run_find(self, &what, read_usable, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.rows;
    }
    return err;
}

/* Matches the mail if it waits and its due_at is still `due_at`. A time of 0 matches no document,
 * because a mail that does not wait has no due_at. */
static bson_t *filter_still(const char *id, authp_ms_t due_at)
{
    bson_t *filter = authp_mongo_match_by_id(id);
    BSON_APPEND_DATE_TIME(filter, "due_at", due_at);
    return filter;
}

/* An update in the making. */
typedef struct change_t {
    bson_t set;
    bson_t unset;
} change_t;

static void begin(change_t *change)
{
    bson_init(&change->set);
    bson_init(&change->unset);
}

static void drop(change_t *change, const char *field)
{
    BSON_APPEND_UTF8(&change->unset, field, "");
}

static void set_error(change_t *change, const char *error)
{
    if (error != NULL) {
        authp_mongo_put_text(&change->set, "error", error);
    } else {
        drop(change, "error");
    }
}

static bson_t *update_of(change_t *change)
{
    bson_t *update = bson_new();
    if (!bson_empty(&change->set)) {
        BSON_APPEND_DOCUMENT(update, "$set", &change->set);
    }
    if (!bson_empty(&change->unset)) {
        BSON_APPEND_DOCUMENT(update, "$unset", &change->unset);
    }
    bson_destroy(&change->set);
    bson_destroy(&change->unset);
    return update;
}

static authp_err_t change_one(authp_mongo_t *m, bson_t *filter, bson_t *update,
                              authp_err_t otherwise)
{
    return authp_mongo_run_change_one(m, AUTHP_TABLE_OUTBOX, filter, update, otherwise);
}

authp_err_t authp_mongo_outbox_claim(void *self, const char *id, authp_ms_t due_at,
                                     authp_ms_t until, apr_pool_t *pool)
{
    change_t change;
    (void)pool;
    begin(&change);
    authp_mongo_put_time(&change.set, "due_at", until);
    authp_mongo_put_time(&change.set, "claim_until", until);
    return change_one(self, filter_still(id, due_at), update_of(&change), AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_outbox_sent(void *self, const char *id, authp_ms_t claim, authp_ms_t now,
                                    apr_pool_t *pool)
{
    static const char *const gone[] = {"due_at", "claim_until", "sealed", "error"};
    change_t change;
    (void)pool;
    begin(&change);
    authp_mongo_put_time(&change.set, "sent_at", now);
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        drop(&change, gone[i]);
    }
    return change_one(self, filter_still(id, claim), update_of(&change), AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_outbox_later(void *self, const char *id, authp_ms_t claim, authp_ms_t next,
                                     const char *error, apr_pool_t *pool)
{
    change_t change;
    bson_t part;
    (void)pool;
    begin(&change);
    authp_mongo_put_time(&change.set, "due_at", next);
    set_error(&change, error);
    drop(&change, "claim_until");
    bson_t *update = update_of(&change);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$inc", &part);
    BSON_APPEND_INT64(&part, "tries", 1);
    bson_append_document_end(update, &part);
    return change_one(self, filter_still(id, claim), update, AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_outbox_fail(void *self, const char *id, authp_ms_t claim, authp_ms_t now,
                                    const char *error, apr_pool_t *pool)
{
    change_t change;
    (void)pool;
    begin(&change);
    authp_mongo_put_time(&change.set, "failed_at", now);
    set_error(&change, error);
    drop(&change, "due_at");
    drop(&change, "claim_until");
    return change_one(self, filter_still(id, claim), update_of(&change), AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_outbox_by_token(void *self, const char *token_hash, authp_mail_row_t **out,
                                        apr_pool_t *pool)
{
    void *row = NULL;
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_text(&filter, "token_hash", token_hash);
    authp_err_t err = authp_mongo_columns_one(self, &authp_columns_outbox, &filter, &row, pool);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = row;
    }
    return err;
}

authp_err_t authp_mongo_outbox_use(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    change_t change;
    bson_t *filter = authp_mongo_match_by_id(id);
    (void)pool;
    authp_mongo_match_absent(filter, "used_at");
    authp_mongo_match_compared(filter, "link_until", "$gt", now);
    begin(&change);
    authp_mongo_put_time(&change.set, "used_at", now);
    return change_one(self, filter, update_of(&change), AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_outbox_unuse(void *self, const char *id, authp_ms_t used_at,
                                     apr_pool_t *pool)
{
    change_t change;
    bson_t *filter = authp_mongo_match_by_id(id);
    (void)pool;
    BSON_APPEND_DATE_TIME(filter, "used_at", used_at);
    begin(&change);
    drop(&change, "used_at");
    return change_one(self, filter, update_of(&change), AUTHP_OK);
}

/* Counts the mails that have the time `field`. A range finds them by the sparse index. */
static authp_err_t count(authp_mongo_t *m, const char *field, int64_t *out)
{
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, field, "$gt", 0);
    authp_err_t err = authp_mongo_bulk_count(m, AUTHP_TABLE_OUTBOX, &filter, out);
    bson_destroy(&filter);
    return err;
}

typedef struct read_time_t {
    const char *field;
    authp_ms_t at;
} read_time_t;

static authp_err_t read_time(const bson_t *document, void *ctx)
{
    read_time_t *out = ctx;
    bson_iter_t at;
    if (bson_iter_init_find(&at, document, out->field) && BSON_ITER_HOLDS_DATE_TIME(&at)) {
        out->at = bson_iter_date_time(&at);
    }
    return AUTHP_OK;
}

/* The earliest `field` of the mails that wait; 0 if none waits. */
static authp_err_t earliest(authp_mongo_t *m, const char *field, authp_ms_t *out)
{
    read_time_t first = {.field = field};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, "due_at", "$gt", 0);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_OUTBOX, .filter = &filter, .limit = 1, .sort = field};
    authp_err_t err = authp_mongo_run_find(m, &what, read_time, &first);
    bson_destroy(&filter);
    *out = first.at;
    return err;
}

authp_err_t authp_mongo_outbox_figures(void *self, authp_mail_figures_t *out, apr_pool_t *pool)
{
    authp_mail_figures_t found = {.waiting = 0};
    (void)pool;
    authp_err_t err = count(self, "due_at", &found.waiting);
    if (err == AUTHP_OK) {
        err = earliest(self, "created_at", &found.oldest_at);
    }
    if (err == AUTHP_OK) {
        err = earliest(self, "due_at", &found.next_at);
    }
    if (err == AUTHP_OK) {
        err = count(self, "failed_at", &found.failed);
    }
    if (err == AUTHP_OK) {
        err = count(self, "sent_at", &found.sent);
    }
    if (err == AUTHP_OK) {
        *out = found;
    }
    return err;
}

authp_err_t authp_mongo_outbox_list(void *self, authp_mail_state_t state, const authp_page_t *page,
                                    apr_array_header_t **out, apr_pool_t *pool)
{
    static const char *const fields[] = {
        [AUTHP_MAIL_STATE_WAITING] = "due_at", [AUTHP_MAIL_STATE_FAILED] = "failed_at"};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, fields[state], "$gt", 0);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_OUTBOX, .filter = &filter, .limit = page->limit};
    authp_err_t err =
        authp_mongo_columns_list(self, &authp_columns_outbox, &what, page->after_id, out, pool);
    bson_destroy(&filter);
    return err;
}

/* Matches the mails that have the time `field`, are not claimed at `now`, and have no link that is
 * over then. `id` NULL: all of them. */
static bson_t *filter_retry(const char *id, const char *field, authp_ms_t now)
{
    bson_t link;
    bson_t claim;
    bson_t *filter = id != NULL ? authp_mongo_match_by_id(id) : bson_new();
    authp_mongo_match_compared(filter, field, "$gt", 0);
    /* $not also matches a document without the field. */
    BSON_APPEND_DOCUMENT_BEGIN(filter, "claim_until", &claim);
    authp_mongo_match_compared(&claim, "$not", "$gt", now);
    bson_append_document_end(filter, &claim);
    BSON_APPEND_DOCUMENT_BEGIN(filter, "link_until", &link);
    authp_mongo_match_compared(&link, "$not", "$lte", now);
    bson_append_document_end(filter, &link);
    return filter;
}

authp_err_t authp_mongo_outbox_retry(void *self, const char *id, authp_ms_t now, int *count_out,
                                     apr_pool_t *pool)
{
    /* Two updates, so that each reads a range of a sparse index. The first update makes no mail
     * that the second one matches, so no mail is counted twice. */
    static const char *const fields[] = {"due_at", "failed_at"};
    int sum = 0;
    authp_err_t err = AUTHP_OK;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(fields) / sizeof(fields[0]); i++) {
        int matched = 0;
        change_t change;
        begin(&change);
        authp_mongo_put_time(&change.set, "due_at", now);
        authp_mongo_put_time(&change.set, "give_up_at", now + DAY_MS);
        drop(&change, "failed_at");
        drop(&change, "claim_until");
        bson_t *update = update_of(&change);
        bson_t *filter = filter_retry(id, fields[i], now);
        const authp_mongo_write_t what = {.collection = AUTHP_TABLE_OUTBOX,
                                          .change = AUTHP_MONGO_UPDATE_MANY,
                                          .filter = filter,
                                          .update = update};
        err = authp_mongo_run_write(self, &what, &matched);
        bson_destroy(filter);
        bson_destroy(update);
        sum += matched;
    }
    if (err == AUTHP_OK) {
        *count_out = sum;
    }
    return err;
}
