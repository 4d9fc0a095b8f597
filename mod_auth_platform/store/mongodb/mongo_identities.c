/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_identities.h"
#include "store/columns.h"
#include "store/mongodb/mongo_match.h"
#include "store/mongodb/mongo_put.h"

#include <apr_strings.h>
#include <string.h>

/* An identity under the name NAME_GOOGLE that has no issuer counts as one of ISSUER_GOOGLE. */
#define NAME_GOOGLE "google"
#define ISSUER_GOOGLE "https://accounts.google.com"

/* Room for "oauth.", a name and the longest field. */
#define KEY_LEN 128
#define FIELD_OF_NAME AUTHP_FIELD_IDENTITIES ".%s"

static void put_members(bson_t *out, const authp_identity_t *identity)
{
    authp_mongo_put_text(out, "issuer", identity->issuer);
    authp_mongo_put_text(out, "sub", identity->sub);
    authp_mongo_put_text(out, "email", identity->email);
    authp_mongo_put_text(out, "picture", identity->picture);
    authp_mongo_put_time(out, "linked_at", identity->linked_at);
    authp_mongo_put_time(out, "last_login", identity->last_login);
}

static void put_one(bson_t *out, const char *key, const authp_identity_t *identity)
{
    bson_t one;
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &one);
    put_members(&one, identity);
    bson_append_document_end(out, &one);
}

void authp_mongo_identities_put(bson_t *out, const char *key, const apr_array_header_t *list)
{
    bson_t inner;
    BSON_APPEND_DOCUMENT_BEGIN(out, key, &inner);
    for (int i = 0; i < authp_identities_count(list); i++) {
        const authp_identity_t *identity = authp_identities_at(list, i);
        put_one(&inner, identity->provider, identity);
    }
    bson_append_document_end(out, &inner);
}

/* Sets the members one by one, so that fields of other programs stay. The issuer is written even if
 * it is the same, because a document of another program may lack it. */
static void change_members(bson_t *set, bson_t *unset, const char *key,
                           const authp_identity_t *after)
{
    char field[KEY_LEN];
    bson_iter_t at;
    bson_t members = BSON_INITIALIZER;
    put_members(&members, after);
    if (bson_iter_init(&at, &members)) {
        while (bson_iter_next(&at)) {
            (void)bson_snprintf(field, sizeof(field), "%s.%s", key, bson_iter_key(&at));
            bson_append_iter(set, field, -1, &at);
        }
    }
    static const char *const optional[] = {"email", "picture", "linked_at", "last_login"};
    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        if (!bson_has_field(&members, optional[i])) {
            (void)bson_snprintf(field, sizeof(field), "%s.%s", key, optional[i]);
            BSON_APPEND_UTF8(unset, field, "");
        }
    }
    bson_destroy(&members);
}

static bool same_person(const authp_identity_t *a, const authp_identity_t *b)
{
    return strcmp(a->issuer, b->issuer) == 0 && strcmp(a->sub, b->sub) == 0;
}

void authp_mongo_identities_change(bson_t *set, bson_t *unset, const apr_array_header_t *before,
                                   const apr_array_header_t *after)
{
    char field[KEY_LEN];
    for (int i = 0; i < authp_identities_count(after); i++) {
        const authp_identity_t *now = authp_identities_at(after, i);
        const authp_identity_t *old = authp_identities_of(before, now->provider);
        (void)bson_snprintf(field, sizeof(field), FIELD_OF_NAME, now->provider);
        if (old != NULL && same_person(old, now)) {
            change_members(set, unset, field, now);
        } else {
            put_one(set, field, now);
        }
    }
    for (int i = 0; i < authp_identities_count(before); i++) {
        const authp_identity_t *old = authp_identities_at(before, i);
        if (authp_identities_of(after, old->provider) == NULL) {
            (void)bson_snprintf(field, sizeof(field), FIELD_OF_NAME, old->provider);
            BSON_APPEND_UTF8(unset, field, "");
        }
    }
}

/* A member that is only shown to people is ignored if it has another type. */
static void get_told(const authp_mongo_reader_t *in, authp_identity_t *out)
{
    authp_mongo_reader_t each = *in;
    authp_mongo_get_text(&each, "email", &out->email);
    authp_mongo_get_text(&each, "picture", &out->picture);
    authp_mongo_get_time(&each, "linked_at", &out->linked_at);
    authp_mongo_get_time(&each, "last_login", &out->last_login);
}

static void get_one(authp_mongo_reader_t *reader, const char *key, const bson_iter_t *at,
                    apr_array_header_t *list)
{
    uint32_t len = 0;
    const uint8_t *data = NULL;
    bson_t inner;
    const char *name = bson_iter_key(at);
    bson_iter_document(at, &len, &data);
    if (!authp_identities_is_name(name) || !bson_init_static(&inner, data, len)) {
        return;
    }
    authp_mongo_reader_t in = {
        .document = &inner, .collection = reader->collection, .pool = reader->pool};
    authp_identity_t found = {.provider = apr_pstrdup(reader->pool, name)};
    authp_mongo_get_text(&in, "issuer", &found.issuer);
    authp_mongo_get_text(&in, "sub", &found.sub);
    if (in.wrong != NULL && reader->wrong == NULL) {
        reader->wrong = apr_pstrcat(reader->pool, key, ".", name, ".", in.wrong, NULL);
        return;
    }
    if (found.issuer == NULL && strcmp(name, NAME_GOOGLE) == 0) {
        found.issuer = ISSUER_GOOGLE;
    }
    if (found.issuer != NULL && found.sub != NULL && authp_identities_of(list, name) == NULL) {
        get_told(&in, &found);
        APR_ARRAY_PUSH(list, authp_identity_t) = found;
    }
}

void authp_mongo_identities_get(authp_mongo_reader_t *reader, const char *key,
                                apr_array_header_t **out)
{
    bson_iter_t at;
    bson_iter_t each;
    if (!bson_iter_init_find(&at, reader->document, key) || BSON_ITER_HOLDS_NULL(&at)) {
        return;
    }
    if (!BSON_ITER_HOLDS_DOCUMENT(&at) || !bson_iter_recurse(&at, &each)) {
        reader->wrong = reader->wrong != NULL ? reader->wrong : key;
        return;
    }
    apr_array_header_t *list = apr_array_make(reader->pool, 1, sizeof(authp_identity_t));
    while (bson_iter_next(&each)) {
        if (BSON_ITER_HOLDS_DOCUMENT(&each)) {
            get_one(reader, key, &each, list);
        }
    }
    if (list->nelts > 0) {
        *out = list;
    }
}

/* One name: {oauth.NAME.sub: sub, oauth.NAME.issuer: issuer}. The index is on sub first, because a
 * sparse index cannot look for a field that is absent. */
static void match_name(bson_t *out, const char *name, const char *issuer, const char *sub)
{
    char field[KEY_LEN];
    bson_t choice;
    bson_t values;
    (void)bson_snprintf(field, sizeof(field), FIELD_OF_NAME ".sub", name);
    authp_mongo_match_text(out, field, sub);
    (void)bson_snprintf(field, sizeof(field), FIELD_OF_NAME ".issuer", name);
    if (strcmp(name, NAME_GOOGLE) != 0 || strcmp(issuer, ISSUER_GOOGLE) != 0) {
        authp_mongo_match_text(out, field, issuer);
        return;
    }
    BSON_APPEND_DOCUMENT_BEGIN(out, field, &choice);
    BSON_APPEND_ARRAY_BEGIN(&choice, "$in", &values);
    BSON_APPEND_UTF8(&values, "0", issuer);
    BSON_APPEND_NULL(&values, "1");
    bson_append_array_end(&choice, &values);
    bson_append_document_end(out, &choice);
}

bool authp_mongo_identities_match(const authp_mongo_t *m, bson_t *filter, const char *issuer,
                                  const char *sub)
{
    bson_t any;
    int names = atomic_load(&m->names.count);
    if (names == 0) {
        return false;
    }
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &any);
    for (int i = 0; i < names; i++) {
        bson_t one;
        char number[16];
        (void)bson_snprintf(number, sizeof(number), "%d", i);
        BSON_APPEND_DOCUMENT_BEGIN(&any, number, &one);
        match_name(&one, m->names.list[i], issuer, sub);
        bson_append_document_end(&any, &one);
    }
    bson_append_array_end(filter, &any);
    return true;
}
