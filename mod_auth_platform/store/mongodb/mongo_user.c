/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_get.h"
#include "store/mongodb/mongo_identities.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#include <apr_strings.h>
#include <string.h>

/* Greater than every character of an address. It ends the range of a prefix. */
#define LAST_CHARACTER "\xef\xbf\xbf"

/* Reads an account that has not been deleted. */
static authp_err_t read_live(const bson_t *document, void *ctx)
{
    bson_iter_t at;
    bool deleted = bson_iter_init_find(&at, document, "deleted_at") && !BSON_ITER_HOLDS_NULL(&at);
    return deleted ? AUTHP_OK : authp_mongo_columns_read(document, ctx);
}

/* Reads the one account that matches the filter, and frees the filter. The filter has the key of
 * a unique index and nothing else, so that every server uses that index. read_live() then sees
 * whether the account was deleted. */
static authp_err_t one_user(authp_mongo_t *m, bson_t *filter, authp_user_t **out, apr_pool_t *pool)
{
    authp_mongo_rows_t found = {.columns = &authp_columns_user,
                                .rows = apr_array_make(pool, 1, sizeof(void *)),
                                .pool = pool};
    const authp_mongo_find_t what = {.collection = AUTHP_TABLE_USERS, .filter = filter, .limit = 1};
    authp_err_t err = authp_mongo_run_find(m, &what, read_live, &found);
    bson_destroy(filter);
    if (err == AUTHP_OK && found.rows->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found.rows, 0, authp_user_t *);
    }
    return err;
}

authp_err_t authp_mongo_user_create(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    authp_err_t err = authp_identities_check(user->identities);
    (void)pool;
    if (err != AUTHP_OK) {
        return err;
    }
    bson_t document = BSON_INITIALIZER;
    authp_mongo_columns_put(&authp_columns_user, user, &document);
    err = authp_mongo_run_insert(self, AUTHP_TABLE_USERS, &document);
    bson_destroy(&document);
    return err;
}

authp_err_t authp_mongo_user_by_id(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    return one_user(self, authp_mongo_match_by_id(id), out, pool);
}

authp_err_t authp_mongo_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                                      authp_user_t **out, apr_pool_t *pool)
{
    static const char *const fields[] = {[AUTHP_LOGIN_EMAIL] = "email",
                                         [AUTHP_LOGIN_USERNAME] = "username",
                                         [AUTHP_LOGIN_PHONE] = "phone"};
    bson_t *filter = bson_new();
    authp_mongo_match_text(filter, fields[kind], value);
    return one_user(self, filter, out, pool);
}

/* The names of providers are known when the indexes have been made. */
authp_err_t authp_mongo_user_by_identity(void *self, const char *issuer, const char *sub,
                                         authp_user_t **out, apr_pool_t *pool)
{
    authp_err_t err = authp_mongo_pool_ready(self);
    if (err != AUTHP_OK) {
        return err;
    }
    bson_t *filter = bson_new();
    if (!authp_mongo_identities_match(self, filter, issuer, sub)) {
        bson_destroy(filter);
        return AUTHP_E_NOT_FOUND;
    }
    return one_user(self, filter, out, pool);
}

static void match_prefix(bson_t *filter, const char *field, const char *prefix, apr_pool_t *pool)
{
    bson_t range;
    BSON_APPEND_DOCUMENT_BEGIN(filter, field, &range);
    BSON_APPEND_UTF8(&range, "$gte", prefix);
    BSON_APPEND_UTF8(&range, "$lt", apr_pstrcat(pool, prefix, LAST_CHARACTER, NULL));
    bson_append_document_end(filter, &range);
}

authp_err_t authp_mongo_user_list(void *self, const authp_user_filter_t *filter,
                                  apr_array_header_t **out, apr_pool_t *pool)
{
    bson_t *match = bson_new();
    authp_mongo_match_absent(match, "deleted_at");
    if (filter->email_prefix != NULL) {
        match_prefix(match, "email", filter->email_prefix, pool);
    }
    if (filter->username_prefix != NULL) {
        match_prefix(match, "username", filter->username_prefix, pool);
    }
    if (filter->role != NULL) {
        authp_mongo_match_text(match, "roles", filter->role);
    }
    if (filter->enabled_only) {
        bson_t other;
        BSON_APPEND_DOCUMENT_BEGIN(match, "disabled", &other);
        BSON_APPEND_BOOL(&other, "$ne", true);
        bson_append_document_end(match, &other);
    }
    /* A secondary may be behind, so the search for another admin (enabled_only) uses the primary.
     */
    const authp_mongo_find_t what = {.collection = AUTHP_TABLE_USERS,
                                     .filter = match,
                                     .limit = filter->limit,
                                     .list = !filter->enabled_only};
    authp_err_t err =
        authp_mongo_columns_list(self, &authp_columns_user, &what, filter->after_id, out, pool);
    bson_destroy(match);
    return err;
}

typedef struct changed_t {
    authp_mongo_rows_t found;
    authp_seen_t seen;
} changed_t;

/* Reads an account, and skips one that cannot be read: nobody can get a token of it. */
static authp_err_t read_changed(const bson_t *document, void *ctx)
{
    changed_t *out = ctx;
    authp_mongo_run_see(&out->seen, document, "auth_changed_at");
    authp_err_t err = authp_mongo_columns_read(document, &out->found);
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

authp_err_t authp_mongo_user_changed(void *self, authp_ms_t since, int limit,
                                     apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    changed_t changed = {.found = {.columns = &authp_columns_user,
                                   .rows = apr_array_make(pool, 16, sizeof(void *)),
                                   .pool = pool}};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, "auth_changed_at", "$gte", since);
    const authp_mongo_find_t what = {.collection = AUTHP_TABLE_USERS,
                                     .filter = &filter,
                                     .limit = limit,
                                     .sort = "auth_changed_at"};
    authp_err_t err = authp_mongo_run_find(self, &what, read_changed, &changed);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = changed.found.rows;
        *seen = changed.seen;
    }
    return err;
}

authp_err_t authp_mongo_user_upgrade_hash(void *self, const authp_user_t *user,
                                          const char *new_hash, authp_ms_t now, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    bson_t *filter = authp_mongo_match_by_id(user->id.hex);
    (void)pool;
    authp_mongo_match_text(filter, "password_hash", user->password_hash);
    authp_mongo_match_absent(filter, "deleted_at");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_text(&set, "password_hash", new_hash);
    authp_mongo_put_time(&set, "updated_at", now);
    bson_append_document_end(update, &set);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_USERS, filter, update, AUTHP_E_CONFLICT);
}

/* Matches the account only if it has not changed since it was read. */
static bson_t *filter_unchanged(const authp_user_t *user)
{
    bson_t *filter = authp_mongo_match_by_id(user->id.hex);
    authp_mongo_match_int(filter, "ver", user->ver);
    authp_mongo_match_time(filter, "updated_at", user->updated_at);
    authp_mongo_match_absent(filter, "deleted_at");
    return filter;
}

/* What did not change stays as other programs wrote it. */
static bson_t *changes(const authp_user_t *before, const authp_user_t *after)
{
    bson_t set = BSON_INITIALIZER;
    bson_t unset = BSON_INITIALIZER;
    bson_t *update = bson_new();
    authp_mongo_columns_change(&authp_columns_user, before, after, &set, &unset);
    BSON_APPEND_DOCUMENT(update, "$set", &set);
    if (!bson_empty(&unset)) {
        BSON_APPEND_DOCUMENT(update, "$unset", &unset);
    }
    bson_destroy(&set);
    bson_destroy(&unset);
    return update;
}

/* The field of the identities may be null in a document of another program. MongoDB cannot set a
 * field inside null, so the field is removed before the account gets its first identity. */
static authp_err_t make_room(authp_mongo_t *m, const authp_user_t *before)
{
    int matched = 0;
    bson_t part;
    bson_t type;
    bson_t update = BSON_INITIALIZER;
    bson_t *filter = filter_unchanged(before);
    BSON_APPEND_DOCUMENT_BEGIN(filter, AUTHP_FIELD_IDENTITIES, &type);
    BSON_APPEND_INT32(&type, "$type", BSON_TYPE_NULL);
    bson_append_document_end(filter, &type);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$unset", &part);
    BSON_APPEND_UTF8(&part, AUTHP_FIELD_IDENTITIES, "");
    bson_append_document_end(&update, &part);
    const authp_mongo_write_t what = {.collection = AUTHP_TABLE_USERS,
                                      .change = AUTHP_MONGO_UPDATE_ONE,
                                      .filter = filter,
                                      .update = &update};
    authp_err_t err = authp_mongo_run_write(m, &what, &matched);
    bson_destroy(filter);
    bson_destroy(&update);
    return err;
}

authp_err_t authp_mongo_user_update(void *self, const authp_user_t *before,
                                    const authp_user_t *after, apr_pool_t *pool)
{
    authp_err_t err = authp_identities_check(after->identities);
    (void)pool;
    if (err == AUTHP_OK && authp_identities_count(before->identities) == 0 &&
        authp_identities_count(after->identities) > 0) {
        err = make_room(self, before);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    return authp_mongo_run_change_one(self, AUTHP_TABLE_USERS, filter_unchanged(before),
                                      changes(before, after), AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                                    apr_pool_t *pool)
{
    int matched = 0;
    bson_t tombstone = BSON_INITIALIZER;
    bson_t *filter = filter_unchanged(before);
    (void)pool;
    authp_mongo_put_time(&tombstone, "deleted_at", now);
    BSON_APPEND_BOOL(&tombstone, "disabled", true);
    BSON_APPEND_INT64(&tombstone, "ver", before->ver + 1);
    BSON_APPEND_INT64(&tombstone, "min_ver", before->ver + 1);
    authp_mongo_put_time(&tombstone, "auth_changed_at", now);
    const authp_mongo_write_t what = {.collection = AUTHP_TABLE_USERS,
                                      .change = AUTHP_MONGO_REPLACE_ONE,
                                      .filter = filter,
                                      .update = &tombstone};
    authp_err_t err = authp_mongo_run_write(self, &what, &matched);
    bson_destroy(filter);
    bson_destroy(&tombstone);
    return err == AUTHP_OK && matched != 1 ? AUTHP_E_CONFLICT : err;
}

authp_err_t authp_mongo_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    int deleted = 0;
    bson_t *filter = filter_unchanged(user);
    const authp_mongo_write_t what = {
        .collection = AUTHP_TABLE_USERS, .change = AUTHP_MONGO_DELETE_MANY, .filter = filter};
    (void)pool;
    authp_err_t err = authp_mongo_run_write(self, &what, &deleted);
    bson_destroy(filter);
    return err == AUTHP_OK && deleted != 1 ? AUTHP_E_CONFLICT : err;
}

/* Documents whose `key` is the id, and which have no field `absent` (NULL: any), lose the personal
 * data of `columns`. */
typedef struct forget_t {
    const authp_columns_t *columns;
    const char *key;
    const char *absent;
} forget_t;

static authp_err_t forget_in(authp_mongo_t *m, const forget_t *trace, const char *id)
{
    int matched = 0;
    bson_t part;
    bson_t filter = BSON_INITIALIZER;
    bson_t update = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, trace->key, id);
    if (trace->absent != NULL) {
        authp_mongo_match_absent(&filter, trace->absent);
    }
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$unset", &part);
    authp_mongo_columns_forget(trace->columns, &part);
    bson_append_document_end(&update, &part);
    const authp_mongo_write_t what = {.collection = trace->columns->table,
                                      .change = AUTHP_MONGO_UPDATE_MANY,
                                      .filter = &filter,
                                      .update = &update};
    authp_err_t err = authp_mongo_run_write(m, &what, &matched);
    bson_destroy(&filter);
    bson_destroy(&update);
    return err;
}

/* Removes the documents whose `key` is the id. */
static authp_err_t remove_of(authp_mongo_t *m, const char *collection, const char *key,
                             const char *id)
{
    int deleted = 0;
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, key, id);
    const authp_mongo_write_t what = {
        .collection = collection, .change = AUTHP_MONGO_DELETE_MANY, .filter = &filter};
    authp_err_t err = authp_mongo_run_write(m, &what, &deleted);
    bson_destroy(&filter);
    return err;
}

authp_err_t authp_mongo_user_forget(void *self, const char *id, apr_pool_t *pool)
{
    static const forget_t traces[] = {
        {&authp_columns_session, "user_id", NULL},
        {&authp_columns_audit, "actor_id", NULL},
        {&authp_columns_audit, "subject_id", "actor_id"},
    };
    authp_err_t err = AUTHP_OK;
    (void)pool;
    for (size_t i = 0; err == AUTHP_OK && i < sizeof(traces) / sizeof(traces[0]); i++) {
        err = forget_in(self, &traces[i], id);
    }
    if (err == AUTHP_OK) {
        err = remove_of(self, AUTHP_TABLE_INVITES, "used_by", id);
    }
    return err == AUTHP_OK ? remove_of(self, AUTHP_TABLE_OUTBOX, "user_id", id) : err;
}

typedef struct read_ids_t {
    apr_array_header_t *ids;
    apr_pool_t *pool;
} read_ids_t;

static authp_err_t read_id(const bson_t *document, void *ctx)
{
    read_ids_t *out = ctx;
    authp_id_t id = {""};
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_TABLE_USERS, .pool = out->pool};
    authp_mongo_get_id(&in, "_id", &id);
    authp_err_t err = authp_mongo_get_end(&in);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(out->ids, const char *) = apr_pstrdup(out->pool, id.hex);
    }
    return err;
}

authp_err_t authp_mongo_user_list_deleted(void *self, const authp_page_t *page,
                                          apr_array_header_t **out, apr_pool_t *pool)
{
    read_ids_t found = {.ids = apr_array_make(pool, page->limit, sizeof(const char *)),
                        .pool = pool};
    bson_t range;
    bson_t filter = BSON_INITIALIZER;
    BSON_APPEND_DOCUMENT_BEGIN(&filter, "deleted_at", &range);
    BSON_APPEND_NULL(&range, "$ne");
    bson_append_document_end(&filter, &range);
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_USERS, .filter = &filter, .limit = page->limit};
    authp_err_t err = authp_mongo_run_list(self, &what, page->after_id, read_id, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.ids;
    }
    return err;
}
