/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "store/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

typedef struct read_invites_t {
    apr_array_header_t *invites;
    apr_pool_t *pool;
} read_invites_t;

/* Reads an invite. E-mail, invite_code and expires_at are enough, so that operators can add invites
 * by hand. */
static authp_err_t read_invite(const bson_t *document, void *ctx)
{
    read_invites_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_MONGO_INVITES, .pool = out->pool};
    authp_invite_t *invite = apr_pcalloc(out->pool, sizeof(*invite));
    authp_mongo_get_id(&in, "_id", &invite->id);
    authp_mongo_get_text(&in, "email", &invite->email);
    authp_mongo_get_text(&in, "code_hash", &invite->code_hash);
    authp_mongo_get_time(&in, "created_at", &invite->created_at);
    authp_mongo_get_time(&in, "expires_at", &invite->expires_at);
    authp_mongo_get_id_text(&in, "created_by", &invite->created_by);
    authp_mongo_get_time(&in, "used_at", &invite->used_at);
    authp_mongo_get_id_text(&in, "used_by", &invite->used_by);
    authp_mongo_get_int(&in, "used_ver", &invite->used_ver);
    authp_mongo_get_time(&in, "revoked_at", &invite->revoked_at);
    if (invite->email == NULL && in.wrong == NULL) {
        in.wrong = "email";
    }
    authp_err_t err = authp_mongo_read_end(&in);
    if (err == AUTHP_OK) {
        char *email = apr_pstrdup(out->pool, invite->email);
        authp_text_lower(email);
        invite->email = email;
        APR_ARRAY_PUSH(out->invites, authp_invite_t *) = invite;
    }
    return err;
}

/* Frees the filter. */
static authp_err_t one_invite(authp_mongo_t *m, bson_t *filter, authp_invite_t **out,
                              apr_pool_t *pool)
{
    read_invites_t found = {.invites = apr_array_make(pool, 1, sizeof(authp_invite_t *)),
                            .pool = pool};
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_INVITES, .filter = filter, .limit = 1};
    authp_err_t err = authp_mongo_find(m, &what, read_invite, &found);
    bson_destroy(filter);
    if (err != AUTHP_OK) {
        return err;
    }
    if (found.invites->nelts == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    *out = APR_ARRAY_IDX(found.invites, 0, authp_invite_t *);
    return AUTHP_OK;
}

authp_err_t authp_mongo_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_put_id(&document, "_id", invite->id.hex);
    authp_mongo_put_text(&document, "email", invite->email);
    authp_mongo_put_text(&document, "code_hash", invite->code_hash);
    authp_mongo_put_time(&document, "created_at", invite->created_at);
    authp_mongo_put_time(&document, "expires_at", invite->expires_at);
    authp_mongo_put_id(&document, "created_by", invite->created_by);
    authp_err_t err = authp_mongo_insert(self, AUTHP_MONGO_INVITES, &document);
    bson_destroy(&document);
    return err;
}

authp_err_t authp_mongo_invite_by_id(void *self, const char *id, authp_invite_t **out,
                                     apr_pool_t *pool)
{
    return one_invite(self, authp_mongo_filter_id(id), out, pool);
}

/* Replaces a plain code, which was added by hand, by its hash when it is first used. If several
 * requests do this at the same time, one of them changes the document, and for the others that is
 * as good. */
static authp_err_t hash_by_hand(authp_mongo_t *m, const char *code, const char *code_hash)
{
    bson_t part;
    bson_t *filter = bson_new();
    bson_t *update = bson_new();
    BSON_APPEND_UTF8(filter, "invite_code", code);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &part);
    authp_mongo_put_text(&part, "code_hash", code_hash);
    bson_append_document_end(update, &part);
    BSON_APPEND_DOCUMENT_BEGIN(update, "$unset", &part);
    BSON_APPEND_UTF8(&part, "invite_code", "");
    bson_append_document_end(update, &part);
    authp_err_t err =
        authp_mongo_change_one(m, AUTHP_MONGO_INVITES, filter, update, AUTHP_E_NOT_FOUND);
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
    err = hash_by_hand(self, code, code_hash);
    return err == AUTHP_OK ? one_invite(self, filter_hash(code_hash), out, pool) : err;
}

authp_err_t authp_mongo_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                                    apr_pool_t *pool)
{
    read_invites_t found = {.invites = apr_array_make(pool, page->limit, sizeof(authp_invite_t *)),
                            .pool = pool};
    bson_t filter = BSON_INITIALIZER;
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_INVITES, .filter = &filter, .limit = page->limit, .list = true};
    authp_err_t err = authp_mongo_list(self, &what, page->after_id, read_invite, &found);
    bson_destroy(&filter);
    if (err == AUTHP_OK) {
        *out = found.invites;
    }
    return err;
}

static bson_t *filter_open(const char *id)
{
    bson_t *filter = authp_mongo_filter_id(id);
    authp_mongo_match_absent(filter, "used_at");
    authp_mongo_match_absent(filter, "revoked_at");
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
    return authp_mongo_change_one(self, AUTHP_MONGO_INVITES, filter, update, AUTHP_E_CONFLICT);
}

authp_err_t authp_mongo_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool)
{
    bson_t set;
    bson_t *update = bson_new();
    (void)pool;
    BSON_APPEND_DOCUMENT_BEGIN(update, "$set", &set);
    authp_mongo_put_time(&set, "revoked_at", now);
    bson_append_document_end(update, &set);
    return authp_mongo_change_one(self, AUTHP_MONGO_INVITES, filter_open(id), update,
                                  AUTHP_E_NOT_FOUND);
}
