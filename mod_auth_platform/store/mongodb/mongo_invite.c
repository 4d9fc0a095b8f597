/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* How many invites for one address are looked at if the newest ones cannot be used. */
#define LIVE_MOST 20

/* An invite that another program wrote needs an e-mail, invite_code and expires_at. Its e-mail may
 * be in capitals. */
static void lower_email(authp_invite_t *invite, apr_pool_t *pool)
{
    char *email = apr_pstrdup(pool, invite->email);
    authp_text_lower(email);
    invite->email = email;
}

/* Frees the filter. */
static authp_err_t one_invite(authp_mongo_t *m, bson_t *filter, authp_invite_t **out,
                              apr_pool_t *pool)
{
    void *row = NULL;
    authp_err_t err = authp_mongo_columns_one(m, &authp_columns_invite, filter, &row, pool);
    bson_destroy(filter);
    if (err == AUTHP_OK) {
        lower_email(row, pool);
        *out = row;
    }
    return err;
}

authp_err_t authp_mongo_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_columns_put(&authp_columns_invite, invite, &document);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_INVITES, &document);
    bson_destroy(&document);
    return err;
}

authp_err_t authp_mongo_invite_by_id(void *self, const char *id, authp_invite_t **out,
                                     apr_pool_t *pool)
{
    return one_invite(self, authp_mongo_match_by_id(id), out, pool);
}

static bson_t *filter_plain(const char *code)
{
    bson_t *filter = bson_new();
    BSON_APPEND_UTF8(filter, "invite_code", code);
    return filter;
}

/* Replaces a code that another program wrote by its hash, and the e-mail by the same in lower case,
 * as invites of this program have it. If several requests do so at the same time, all but one find
 * it done already, which counts as success. */
static authp_err_t hash_by_hand(authp_mongo_t *m, const char *code, const char *code_hash,
                                apr_pool_t *pool)
{
    bson_t part;
    authp_invite_t *invite = NULL;
    authp_err_t err = one_invite(m, filter_plain(code), &invite, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
    }
    bson_t *filter = filter_plain(code);
    bson_t *update = bson_new();
    authp_mongo_match_id(filter, "_id", invite->id.hex);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &part);
    authp_mongo_put_text(&part, "code_hash", code_hash);
    authp_mongo_put_text(&part, "email", invite->email);
    bson_append_document_end(update, &part);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$unset", &part);
    BSON_APPEND_UTF8(&part, "invite_code", "");
    bson_append_document_end(update, &part);
    err = authp_mongo_run_change_one(m, AUTHP_TABLE_INVITES, filter, update, AUTHP_E_NOT_FOUND);
    return err == AUTHP_E_CONFLICT || err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

static bson_t *filter_hash(const char *code_hash)
{
    bson_t *filter = bson_new();
    BSON_APPEND_UTF8(filter, "code_hash", code_hash);
    return filter;
}

authp_err_t authp_mongo_invite_by_code(void *self, const char *code, const char *code_hash,
                                       authp_invite_t **out, apr_pool_t *pool)
{
    authp_err_t err = one_invite(self, filter_hash(code_hash), out, pool);
    if (err != AUTHP_E_NOT_FOUND || *code == '\0' ||
        !bson_utf8_validate(code, strlen(code), false)) {
        return err;
    }
    err = hash_by_hand(self, code, code_hash, pool);
    return err == AUTHP_OK ? one_invite(self, filter_hash(code_hash), out, pool) : err;
}

authp_err_t authp_mongo_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                                    apr_pool_t *pool)
{
    apr_array_header_t *found = NULL;
    bson_t filter = BSON_INITIALIZER;
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_INVITES, .filter = &filter, .limit = page->limit, .list = true};
    authp_err_t err =
        authp_mongo_columns_list(self, &authp_columns_invite, &what, page->after_id, &found, pool);
    bson_destroy(&filter);
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < found->nelts; i++) {
        lower_email(APR_ARRAY_IDX(found, i, authp_invite_t *), pool);
    }
    *out = found;
    return AUTHP_OK;
}

static void match_open(bson_t *filter)
{
    authp_mongo_match_absent(filter, "used_at");
    authp_mongo_match_absent(filter, "revoked_at");
}

/* Keeps the first invite that can be used. */
static authp_err_t read_newest(const bson_t *document, void *ctx)
{
    authp_mongo_rows_t *found = ctx;
    authp_err_t err =
        found->rows->nelts == 0 ? authp_mongo_columns_read(document, found) : AUTHP_OK;
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

/* Frees the filter, which has the condition on the e-mail. */
static authp_err_t newest_live(authp_mongo_t *m, bson_t *filter, authp_ms_t now,
                               authp_invite_t **out, apr_pool_t *pool)
{
    authp_mongo_rows_t found = {.columns = &authp_columns_invite,
                                .rows = apr_array_make(pool, 1, sizeof(void *)),
                                .pool = pool};
    match_open(filter);
    authp_mongo_match_compared(filter, "expires_at", "$gt", now);
    const authp_mongo_find_t what = {.collection = AUTHP_TABLE_INVITES,
                                     .filter = filter,
                                     .limit = LIVE_MOST,
                                     .sort = "_id",
                                     .descending = true};
    authp_err_t err = authp_mongo_run_find(m, &what, read_newest, &found);
    bson_destroy(filter);
    if (err == AUTHP_OK && found.rows->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found.rows, 0, authp_invite_t *);
        lower_email(*out, pool);
    }
    return err;
}

/* The invites that only another program has written so far: they still have their plain code. Their
 * e-mail may be in capitals. The index on invite_code finds them. */
static bson_t *filter_foreign(const char *email, apr_pool_t *pool)
{
    bson_t any;
    bson_t *filter = bson_new();
    char *pattern = apr_palloc(pool, 2 * strlen(email) + 3);
    char *to = pattern;
    *to++ = '^';
    for (const char *c = email; *c != '\0'; c++) {
        if (apr_ispunct(*c)) {
            *to++ = '\\';
        }
        *to++ = *c;
    }
    *to++ = '$';
    *to = '\0';
    BSON_APPEND_DOCUMENT_BEGIN(filter, "invite_code", &any);
    BSON_APPEND_UTF8(&any, "$gt", "");
    bson_append_document_end(filter, &any);
    BSON_APPEND_REGEX(filter, "email", pattern, "i");
    return filter;
}

static void match_role(bson_t *filter, const char *role)
{
    if (role != NULL) {
        authp_mongo_match_text(filter, "role", role);
    } else {
        authp_mongo_match_absent(filter, "role");
    }
}

authp_err_t authp_mongo_invite_live_of(void *self, const char *email, const char *role,
                                       authp_ms_t now, authp_invite_t **out, apr_pool_t *pool)
{
    bson_t *filter = bson_new();
    authp_mongo_match_text(filter, "email", email);
    match_role(filter, role);
    authp_err_t err = newest_live(self, filter, now, out, pool);
    if (err != AUTHP_E_NOT_FOUND || !bson_utf8_validate(email, strlen(email), false)) {
        return err;
    }
    filter = filter_foreign(email, pool);
    match_role(filter, role);
    return newest_live(self, filter, now, out, pool);
}

authp_err_t authp_mongo_invite_claimed_by(void *self, const char *user_id, int64_t used_ver,
                                          authp_invite_t **out, apr_pool_t *pool)
{
    authp_mongo_rows_t found = {.columns = &authp_columns_invite,
                                .rows = apr_array_make(pool, 1, sizeof(void *)),
                                .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    authp_mongo_match_id(&filter, "used_by", user_id);
    authp_mongo_match_int(&filter, "used_ver", used_ver);
    authp_mongo_match_absent(&filter, "revoked_at");
    const authp_mongo_find_t what = {
        .collection = AUTHP_TABLE_INVITES, .filter = &filter, .limit = 1};
    authp_err_t err = authp_mongo_run_find(self, &what, read_newest, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK && found.rows->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    if (err == AUTHP_OK) {
        *out = APR_ARRAY_IDX(found.rows, 0, authp_invite_t *);
        lower_email(*out, pool);
    }
    return err;
}

static bson_t *filter_open(const char *id)
{
    bson_t *filter = authp_mongo_match_by_id(id);
    match_open(filter);
    return filter;
}

authp_err_t authp_mongo_invite_claim(void *self, const char *id, const char *user_id,
                                     int64_t used_ver, authp_ms_t now, apr_pool_t *pool)
{
    bson_t part;
    bson_t *filter = filter_open(id);
    bson_t *update = bson_new();
    (void)pool;
    authp_mongo_match_compared(filter, "expires_at", "$gt", now);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &part);
    authp_mongo_put_time(&part, "used_at", now);
    authp_mongo_put_id(&part, "used_by", user_id);
    BSON_APPEND_INT64(&part, "used_ver", used_ver);
    bson_append_document_end(update, &part);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_INVITES, filter, update, AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    (void)pool;
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_time(&set, "revoked_at", now);
    bson_append_document_end(update, &set);
    return authp_mongo_run_change_one(self, AUTHP_TABLE_INVITES, filter_open(id), update,
                                      AUTHP_E_NOT_FOUND);
}

authp_err_t authp_mongo_invite_replace(void *self, const authp_invite_t *before,
                                       const authp_invite_t *after, apr_pool_t *pool)
{
    bson_t *filter = authp_mongo_match_by_id(before->id.hex);
    (void)pool;
    authp_mongo_match_absent(filter, "used_at");
    authp_mongo_match_absent(filter, "revoked_at");
    return authp_mongo_columns_replace(self, &authp_columns_invite, filter, before, after);
}
