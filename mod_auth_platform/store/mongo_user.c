/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

/* Greater than every character of an address. It ends the range of a prefix. */
#define LAST_CHARACTER "\xef\xbf\xbf"

static void put_roles(bson_t *out, const apr_array_header_t *roles)
{
    bson_t list;
    char key[16];
    BSON_APPEND_ARRAY_BEGIN(out, "roles", &list);
    for (int i = 0; i < roles->nelts; i++) {
        (void)bson_snprintf(key, sizeof(key), "%d", i);
        authp_mongo_put_text(&list, key, APR_ARRAY_IDX(roles, i, const char *));
    }
    bson_append_array_end(out, &list);
}

static bson_t *write_user(const authp_user_t *user)
{
    bson_t *out = bson_new();
    authp_mongo_put_id(out, "_id", user->id.hex);
    authp_mongo_put_text(out, "email", user->email);
    authp_mongo_put_text(out, "username", user->username);
    authp_mongo_put_text(out, "phone", user->phone);
    authp_mongo_put_text(out, "name", user->name);
    if (user->password_hash != NULL) {
        authp_mongo_put_text(out, "password_hash", user->password_hash);
    } else {
        BSON_APPEND_NULL(out, "password_hash");
    }
    put_roles(out, user->roles);
    BSON_APPEND_BOOL(out, "is_recruiter_verified", user->is_recruiter_verified);
    authp_mongo_put_time(out, "recruiter_requested_at", user->recruiter_requested_at);
    BSON_APPEND_BOOL(out, "email_verified", user->email_verified);
    BSON_APPEND_BOOL(out, "disabled", user->disabled);
    BSON_APPEND_INT64(out, "ver", user->ver);
    BSON_APPEND_INT64(out, "min_ver", user->min_ver);
    authp_mongo_put_time(out, "auth_changed_at", user->auth_changed_at);
    authp_mongo_put_time(out, "created_at", user->created_at);
    authp_mongo_put_time(out, "updated_at", user->updated_at);
    return out;
}

typedef struct read_users_t {
    apr_array_header_t *users;
    authp_seen_t seen; /* only for pages in the order of time */
    apr_pool_t *pool;
} read_users_t;

/* Reads an account, also one that another program has written. Absent fields have their defaults.
 */
static authp_err_t read_user(const bson_t *document, void *ctx)
{
    read_users_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_MONGO_USERS, .pool = out->pool};
    authp_user_t *user = apr_pcalloc(out->pool, sizeof(*user));
    user->roles = apr_array_make(out->pool, 2, sizeof(const char *));
    authp_mongo_get_id(&in, "_id", &user->id);
    authp_mongo_get_text(&in, "email", &user->email);
    authp_mongo_get_text(&in, "username", &user->username);
    authp_mongo_get_text(&in, "phone", &user->phone);
    authp_mongo_get_text(&in, "name", &user->name);
    authp_mongo_get_text(&in, "password_hash", &user->password_hash);
    authp_mongo_get_texts(&in, "roles", user->roles);
    authp_mongo_get_bool(&in, "is_recruiter_verified", &user->is_recruiter_verified);
    authp_mongo_get_time(&in, "recruiter_requested_at", &user->recruiter_requested_at);
    authp_mongo_get_bool(&in, "email_verified", &user->email_verified);
    authp_mongo_get_bool(&in, "disabled", &user->disabled);
    authp_mongo_get_int(&in, "ver", &user->ver);
    authp_mongo_get_int(&in, "min_ver", &user->min_ver);
    authp_mongo_get_time(&in, "auth_changed_at", &user->auth_changed_at);
    authp_mongo_get_time(&in, "created_at", &user->created_at);
    authp_mongo_get_time(&in, "updated_at", &user->updated_at);
    authp_err_t err = authp_mongo_read_end(&in);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(out->users, authp_user_t *) = user;
    }
    return err;
}

/* Frees the filter. */
static authp_err_t one_user(authp_mongo_t *m, bson_t *filter, authp_user_t **out, apr_pool_t *pool)
{
    read_users_t found = {.users = apr_array_make(pool, 1, sizeof(authp_user_t *)), .pool = pool};
    const authp_mongo_find_t what = {.collection = AUTHP_MONGO_USERS, .filter = filter, .limit = 1};
    authp_mongo_match_absent(filter, "deleted_at");
    authp_err_t err = authp_mongo_find(m, &what, read_user, &found);
    bson_destroy(filter);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.users->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.users, 0, authp_user_t *);
    return AUTHP_OK;
}

authp_err_t authp_mongo_user_create(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    bson_t *document = write_user(user);
    (void)pool;
    authp_err_t err = authp_mongo_insert(self, AUTHP_MONGO_USERS, document);
    bson_destroy(document);
    return err;
}

authp_err_t authp_mongo_user_by_id(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    return one_user(self, authp_mongo_filter_id(id), out, pool);
}

authp_err_t authp_mongo_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                                      authp_user_t **out, apr_pool_t *pool)
{
    bson_t *filter = bson_new();
    authp_mongo_match_text(filter, kind == AUTHP_LOGIN_EMAIL ? "email" : "username", value);
    return one_user(self, filter, out, pool);
}

static void match_prefix(bson_t *filter, const char *prefix, apr_pool_t *pool)
{
    bson_t range;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "email", &range);
    BSON_APPEND_UTF8(&range, "$gte", prefix);
    BSON_APPEND_UTF8(&range, "$lt", apr_pstrcat(pool, prefix, LAST_CHARACTER, NULL));
    bson_append_document_end(filter, &range);
}

authp_err_t authp_mongo_user_list(void *self, const authp_user_filter_t *filter,
                                  apr_array_header_t **out, apr_pool_t *pool)
{
    read_users_t found = {.users = apr_array_make(pool, filter->limit, sizeof(authp_user_t *)),
                          .pool = pool};
    bson_t *match = bson_new();
    authp_mongo_match_absent(match, "deleted_at");
    if (filter->email_prefix != NULL) {
        match_prefix(match, filter->email_prefix, pool);
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
    const authp_mongo_find_t what = {.collection = AUTHP_MONGO_USERS,
                                     .filter = match,
                                     .limit = filter->limit,
                                     .list = !filter->enabled_only};
    authp_err_t err = authp_mongo_list(self, &what, filter->after_id, read_user, &found);
    bson_destroy(match);
    if (err == AUTHP_OK) {
        *out = found.users;
    }
    return err;
}

/* Reads an account, and skips one that cannot be read: nobody can get a token of it. */
static authp_err_t read_changed(const bson_t *document, void *ctx)
{
    read_users_t *out = ctx;
    authp_mongo_see(&out->seen, document, "auth_changed_at");
    authp_err_t err = read_user(document, ctx);
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

authp_err_t authp_mongo_user_changed(void *self, authp_ms_t since, int limit,
                                     apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    read_users_t found = {.users = apr_array_make(pool, 16, sizeof(authp_user_t *)), .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_compared(&filter, "auth_changed_at", "$gte", since);
    const authp_mongo_find_t what = {.collection = AUTHP_MONGO_USERS,
                                     .filter = &filter,
                                     .limit = limit,
                                     .sort = "auth_changed_at"};
    authp_err_t err = authp_mongo_find(self, &what, read_changed, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.users;
        *seen = found.seen;
    }
    return err;
}

authp_err_t authp_mongo_user_upgrade_hash(void *self, const authp_user_t *user,
                                          const char *new_hash, authp_ms_t now, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    bson_t *filter = authp_mongo_filter_id(user->id.hex);
    (void)pool;
    authp_mongo_match_text(filter, "password_hash", user->password_hash);
    authp_mongo_match_absent(filter, "deleted_at");
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_text(&set, "password_hash", new_hash);
    authp_mongo_put_time(&set, "updated_at", now);
    bson_append_document_end(update, &set);
    return authp_mongo_change_one(self, AUTHP_MONGO_USERS, filter, update, AUTHP_E_CONFLICT);
}

/* Matches the account only if it has not changed since it was read. */
static bson_t *filter_unchanged(const authp_user_t *user)
{
    bson_t *filter = authp_mongo_filter_id(user->id.hex);
    authp_mongo_match_int(filter, "ver", user->ver);
    authp_mongo_match_time(filter, "updated_at", user->updated_at);
    authp_mongo_match_absent(filter, "deleted_at");
    return filter;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_roles(const apr_array_header_t *a, const apr_array_header_t *b)
{
    bool same = a->nelts == b->nelts;
    for (int i = 0; same && i < a->nelts; i++) {
        same = strcmp(APR_ARRAY_IDX(a, i, const char *), APR_ARRAY_IDX(b, i, const char *)) == 0;
    }
    return same;
}

/* Writes only what has changed. So fields of other programs, and the types that they use, stay as
 * they are. */
static void put_changes(bson_t *set, bson_t *unset, const authp_user_t *before,
                        const authp_user_t *after)
{
    if (!same_text(before->name, after->name)) {
        authp_mongo_put_text(after->name != NULL ? set : unset, "name",
                             after->name != NULL ? after->name : "");
    }
    if (!same_text(before->password_hash, after->password_hash)) {
        authp_mongo_put_text(set, "password_hash", after->password_hash);
        if (after->password_hash == NULL) {
            BSON_APPEND_NULL(set, "password_hash");
        }
    }
    if (!same_roles(before->roles, after->roles)) {
        put_roles(set, after->roles);
    }
    if (before->is_recruiter_verified != after->is_recruiter_verified) {
        BSON_APPEND_BOOL(set, "is_recruiter_verified", after->is_recruiter_verified);
    }
    if (before->recruiter_requested_at != after->recruiter_requested_at) {
        if (after->recruiter_requested_at == 0) {
            BSON_APPEND_UTF8(unset, "recruiter_requested_at", "");
        }
        authp_mongo_put_time(set, "recruiter_requested_at", after->recruiter_requested_at);
    }
    if (before->email_verified != after->email_verified) {
        BSON_APPEND_BOOL(set, "email_verified", after->email_verified);
    }
    if (before->disabled != after->disabled) {
        BSON_APPEND_BOOL(set, "disabled", after->disabled);
    }
    if (before->ver != after->ver) {
        BSON_APPEND_INT64(set, "ver", after->ver);
    }
    if (before->min_ver != after->min_ver) {
        BSON_APPEND_INT64(set, "min_ver", after->min_ver);
    }
    if (before->auth_changed_at != after->auth_changed_at) {
        authp_mongo_put_time(set, "auth_changed_at", after->auth_changed_at);
    }
    authp_mongo_put_time(set, "updated_at", after->updated_at);
}

authp_err_t authp_mongo_user_update(void *self, const authp_user_t *before,
                                    const authp_user_t *after, apr_pool_t *pool)
{
    bson_t set = BSON_INITIALIZER;
    bson_t unset = BSON_INITIALIZER;
    bson_t *update = bson_new();
    (void)pool;
    put_changes(&set, &unset, before, after);
    BSON_APPEND_DOCUMENT(update, "$set", &set);
    if (!bson_empty(&unset)) {
        BSON_APPEND_DOCUMENT(update, "$unset", &unset);
    }
    bson_destroy(&set);
    bson_destroy(&unset);
    return authp_mongo_change_one(self, AUTHP_MONGO_USERS, filter_unchanged(before), update,
                                  AUTHP_E_CONFLICT);
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
    const authp_mongo_write_t what = {.collection = AUTHP_MONGO_USERS,
                                      .change = AUTHP_MONGO_REPLACE_ONE,
                                      .filter = filter,
                                      .update = &tombstone};
    authp_err_t err = authp_mongo_write(self, &what, &matched);
    bson_destroy(filter);
    bson_destroy(&tombstone);
    return err == AUTHP_OK && matched != 1 ? AUTHP_E_CONFLICT : err;
}

authp_err_t authp_mongo_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    int deleted = 0;
    bson_t *filter = filter_unchanged(user);
    const authp_mongo_write_t what = {
        .collection = AUTHP_MONGO_USERS, .change = AUTHP_MONGO_DELETE_MANY, .filter = filter};
    (void)pool;
    authp_err_t err = authp_mongo_write(self, &what, &deleted);
    bson_destroy(filter);
    return err == AUTHP_OK && deleted != 1 ? AUTHP_E_CONFLICT : err;
}
