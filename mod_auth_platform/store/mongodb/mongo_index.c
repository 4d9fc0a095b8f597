/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/columns.h"
#include "store/mongodb/mongo_error.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

/* An hour after expiry and never before, so that the live tables of all hosts have learned of the
 * end. */
#define SESSION_TTL 3600
/* A used invite is kept for a month. Until then the same account can complete an interrupted use.
 */
#define INVITE_TTL (30 * 86400)
/* A one-time code is kept for a day, so that who sends it learns that it has expired or was used.
 */
#define CODE_TTL 86400

typedef enum index_kind_t {
    INDEX_PLAIN,
    INDEX_UNIQUE, /* unique and sparse: several documents may lack the value */
    INDEX_SPARSE,
    INDEX_TTL
} index_kind_t;

typedef struct index_t {
    const char *collection;
    const char *field;
    index_kind_t kind;
    int seconds;
    const char *second; /* a second field; NULL = none */
} index_t;

static const index_t indexes[] = {
    {AUTHP_TABLE_USERS, "email", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_USERS, "username", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_USERS, "phone", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_USERS, "auth_changed_at", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_USERS, "deleted_at", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_USERS, "roles", INDEX_PLAIN, 0, "_id"}, /* for a page of the list by role */
    {AUTHP_TABLE_SESSIONS, "user_id", INDEX_PLAIN, 0, NULL},
    {AUTHP_TABLE_SESSIONS, "ended_at", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_SESSIONS, "expires_at", INDEX_TTL, SESSION_TTL, NULL},
    {AUTHP_TABLE_INVITES, "code_hash", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_INVITES, "email", INDEX_PLAIN, 0, NULL},
    {AUTHP_TABLE_INVITES, "invite_code", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_INVITES, "used_by", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_INVITES, "expires_at", INDEX_TTL, INVITE_TTL, NULL},
    {AUTHP_TABLE_AUDIT, "at", INDEX_PLAIN, 0, NULL},
    {AUTHP_TABLE_AUDIT, "subject_id", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_AUDIT, "actor_id", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_FAILURES, "expires_at", INDEX_TTL, 0, NULL},
    {AUTHP_TABLE_TOKENS, "expires_at", INDEX_TTL, 0, NULL},
    {AUTHP_TABLE_LOGIN_CODES, "code_hash", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_LOGIN_CODES, "expires_at", INDEX_TTL, 0, NULL},
    {AUTHP_TABLE_OTP_CODES, "phone", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_OTP_CODES, "expires_at", INDEX_TTL, CODE_TTL, NULL},
    {AUTHP_TABLE_TALLIES, "expires_at", INDEX_TTL, 0, NULL},
    {AUTHP_TABLE_PENDING_ADMINS, "phone", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_PENDING_ADMINS, "expires_at", INDEX_TTL, 0, NULL},
    {AUTHP_TABLE_OUTBOX, "token_hash", INDEX_UNIQUE, 0, NULL},
    {AUTHP_TABLE_OUTBOX, "due_at", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_OUTBOX, "failed_at", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_OUTBOX, "user_id", INDEX_SPARSE, 0, NULL},
    {AUTHP_TABLE_OUTBOX, "expires_at", INDEX_PLAIN, 0, NULL},
};

/* Longer than the name of any index. */
#define INDEX_NAME_LEN 192
/* Longer than the names of all indexes together. */
#define MISSING_LEN 1024
#define INDEXES (sizeof(indexes) / sizeof(indexes[0]))

/* Makes {createIndexes: ..., indexes: [{key: {field: 1}, name: "field_1", ...}]}. The name is the
 * one that every driver gives, so that an existing index counts as the same. */
static void describe(const index_t *index, bson_t *out)
{
    bson_t list;
    bson_t one;
    bson_t key;
    char name[INDEX_NAME_LEN];
    (void)bson_snprintf(
        name, sizeof(name), "%s_1%s%s%s", index->field, index->second != NULL ? "_" : "",
        index->second != NULL ? index->second : "", index->second != NULL ? "_1" : "");
    BSON_APPEND_UTF8(out, "createIndexes", index->collection);
    BSON_APPEND_ARRAY_BEGIN(out, "indexes", &list);
    BSON_APPEND_DOCUMENT_BEGIN(&list, "0", &one);
    BSON_APPEND_DOCUMENT_BEGIN(&one, "key", &key);
    BSON_APPEND_INT32(&key, index->field, 1);
    if (index->second != NULL) {
        BSON_APPEND_INT32(&key, index->second, 1);
    }
    bson_append_document_end(&one, &key);
    BSON_APPEND_UTF8(&one, "name", name);
    if (index->kind == INDEX_UNIQUE) {
        BSON_APPEND_BOOL(&one, "unique", true);
    }
    if (index->kind == INDEX_UNIQUE || index->kind == INDEX_SPARSE) {
        BSON_APPEND_BOOL(&one, "sparse", true);
    }
    if (index->kind == INDEX_TTL) {
        BSON_APPEND_INT32(&one, "expireAfterSeconds", index->seconds);
    }
    bson_append_document_end(&list, &one);
    bson_append_array_end(out, &list);
}

static int64_t member(const bson_t *reply, const char *name)
{
    bson_iter_t at;
    return bson_iter_init_find(&at, reply, name) ? bson_iter_as_int64(&at) : 0;
}

/* True if the key of the index `found` is on `field`, on `second` (NULL = none), and on nothing
 * else. */
static bool is_on(const bson_t *found, const char *field, const char *second)
{
    bson_iter_t at;
    bson_iter_t key;
    bool on = bson_iter_init_find(&at, found, "key") && BSON_ITER_HOLDS_DOCUMENT(&at) &&
              bson_iter_recurse(&at, &key) && bson_iter_next(&key) &&
              strcmp(bson_iter_key(&key), field) == 0;
    if (on && second != NULL) {
        on = bson_iter_next(&key) && strcmp(bson_iter_key(&key), second) == 0;
    }
    return on && !bson_iter_next(&key);
}

/* True if there is an index on the field. For a unique index it must be unique; its name and other
 * options may differ. */
static bool exists(authp_mongo_t *m, mongoc_client_t *client, const index_t *index)
{
    bool found = false;
    const bson_t *document = NULL;
    mongoc_collection_t *collection =
        mongoc_client_get_collection(client, m->config.database, index->collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(collection, NULL);
    while (!found && mongoc_cursor_next(cursor, &document)) {
        bson_iter_t at;
        found = is_on(document, index->field, index->second) &&
                (index->kind != INDEX_UNIQUE ||
                 (bson_iter_init_find(&at, document, "unique") && bson_iter_as_bool(&at)));
    }
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    return found;
}

/* Indexes that the server refuses and that are not needed. They only save time, or work of the
 * purge. */
typedef struct missing_t {
    char list[MISSING_LEN];
    uint32_t code; /* error code of the last one */
} missing_t;

static void note_missing(missing_t *missing, const index_t *index, uint32_t code)
{
    size_t used = strlen(missing->list);
    missing->code = code;
    (void)bson_snprintf(missing->list + used, sizeof(missing->list) - used, "%s%s.%s",
                        used > 0 ? ", " : "", index->collection, index->field);
}

/* Logs the missing indexes in one line, once for each start of the server. */
static void tell_missing(const authp_mongo_t *m, const missing_t *missing)
{
    bool first = m->config.told != NULL && !atomic_exchange(m->config.told, true);
    authp_log(
        first ? AUTHP_LOG_WARNING : AUTHP_LOG_INFO, "AUTHP0235",
        "MongoDB refused optional indexes (code %u) on %s: only the purge removes documents that "
        "are not needed any more",
        missing->code, missing->list);
}

/* AUTHP_OK also if the server refused an index that is not needed. *missing then names it. */
static authp_err_t make(authp_mongo_t *m, mongoc_client_t *client, const index_t *index, int *made,
                        missing_t *missing, bson_error_t *error)
{
    bson_t reply;
    bson_t command = BSON_INITIALIZER;
    describe(index, &command);
    bool fine = mongoc_client_write_command_with_opts(client, m->config.database, &command, NULL,
                                                      &reply, error);
    if (fine && member(&reply, "numIndexesAfter") > member(&reply, "numIndexesBefore")) {
        (*made)++;
    }
    bson_destroy(&reply);
    bson_destroy(&command);
    if (fine) {
        return AUTHP_OK;
    }
    if (authp_mongo_error_classify(error) == AUTHP_E_UNAVAILABLE) {
        return AUTHP_E_UNAVAILABLE;
    }
    if (exists(m, client, index)) {
        return AUTHP_OK;
    }
    if (index->kind != INDEX_UNIQUE) {
        note_missing(missing, index, error->code);
        return AUTHP_OK;
    }
    authp_log(AUTHP_LOG_ERROR, "AUTHP0239", "MongoDB: no unique index on %s.%s: code %u%s",
              index->collection, index->field, error->code,
              authp_mongo_error_is_duplicate(error)
                  ? " (documents with the same value exist: remove them)"
                  : authp_mongo_error_hint(error));
    return AUTHP_E_INTERNAL;
}

/* The fields of an identity, and what a unique index on one name is made of. sub stands first,
 * because a document of another program may have no issuer. */
#define IDENTITY_BEGIN AUTHP_FIELD_IDENTITIES "."
#define IDENTITY_SUB ".sub"
#define IDENTITY_ISSUER ".issuer"

static authp_err_t make_for_name(authp_mongo_t *m, mongoc_client_t *client, const char *name,
                                 int *made, bson_error_t *error)
{
    char sub[INDEX_NAME_LEN / 2];
    char issuer[INDEX_NAME_LEN / 2];
    missing_t none = {.list = ""};
    (void)bson_snprintf(sub, sizeof(sub), IDENTITY_BEGIN "%s" IDENTITY_SUB, name);
    (void)bson_snprintf(issuer, sizeof(issuer), IDENTITY_BEGIN "%s" IDENTITY_ISSUER, name);
    const index_t index = {AUTHP_TABLE_USERS, sub, INDEX_UNIQUE, 0, issuer};
    return make(m, client, &index, made, &none, error);
}

/* Adds the name of a provider that has an index, but may have gone from the settings since: its
 * identities are looked up still. */
static void learn_name(authp_mongo_t *m, const bson_t *found)
{
    bson_iter_t at;
    bson_iter_t key;
    if (!bson_iter_init_find(&at, found, "key") || !BSON_ITER_HOLDS_DOCUMENT(&at) ||
        !bson_iter_recurse(&at, &key) || !bson_iter_next(&key)) {
        return;
    }
    const char *field = bson_iter_key(&key);
    size_t len = strlen(field);
    size_t begin = strlen(IDENTITY_BEGIN);
    size_t end = strlen(IDENTITY_SUB);
    if (len > begin + end && strncmp(field, IDENTITY_BEGIN, begin) == 0 &&
        strcmp(field + len - end, IDENTITY_SUB) == 0) {
        authp_mongo_names_add(m, field + begin, len - begin - end);
    }
}

/* An index of older versions: unique on the sub alone. With it the same sub of another issuer would
 * be refused. Copies its name to `name`. */
static void note_old(const bson_t *found, char *name, size_t size)
{
    bson_iter_t at;
    if (is_on(found, IDENTITY_BEGIN "google" IDENTITY_SUB, NULL) &&
        bson_iter_init_find(&at, found, "unique") && bson_iter_as_bool(&at) &&
        bson_iter_init_find(&at, found, "name") && BSON_ITER_HOLDS_UTF8(&at)) {
        apr_cpystrn(name, bson_iter_utf8(&at, NULL), size);
    }
}

static void drop(authp_mongo_t *m, mongoc_client_t *client, const char *name)
{
    bson_t reply;
    bson_error_t error;
    bson_t command = BSON_INITIALIZER;
    BSON_APPEND_UTF8(&command, "dropIndexes", AUTHP_TABLE_USERS);
    BSON_APPEND_UTF8(&command, "index", name);
    if (!mongoc_client_write_command_with_opts(client, m->config.database, &command, NULL, &reply,
                                               &error)) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0241",
                  "MongoDB: the index %s of users, which is not used any more, cannot be dropped: "
                  "code %u",
                  name, error.code);
    }
    bson_destroy(&reply);
    bson_destroy(&command);
}

static authp_err_t learn_names(authp_mongo_t *m, mongoc_client_t *client, bson_error_t *error)
{
    char old[INDEX_NAME_LEN] = "";
    const bson_t *document = NULL;
    mongoc_collection_t *collection =
        mongoc_client_get_collection(client, m->config.database, AUTHP_TABLE_USERS);
    mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(collection, NULL);
    while (mongoc_cursor_next(cursor, &document)) {
        learn_name(m, document);
        note_old(document, old, sizeof(old));
    }
    bool failed = mongoc_cursor_error(cursor, error);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    if (!failed && *old != '\0' && m->names.configured > 0) {
        drop(m, client, old);
    }
    return failed ? authp_mongo_error_classify(error) : AUTHP_OK;
}

authp_err_t authp_mongo_index(authp_mongo_t *m, mongoc_client_t *client, int *made,
                              bson_error_t *error)
{
    missing_t missing = {.list = ""};
    authp_err_t err = AUTHP_OK;
    for (size_t i = 0; err == AUTHP_OK && i < INDEXES; i++) {
        err = make(m, client, &indexes[i], made, &missing, error);
    }
    for (int i = 0; err == AUTHP_OK && i < m->names.configured; i++) {
        err = make_for_name(m, client, m->names.list[i], made, error);
    }
    if (err == AUTHP_OK) {
        err = learn_names(m, client, error);
    }
    if (err == AUTHP_OK && missing.list[0] != '\0') {
        tell_missing(m, &missing);
    }
    return err;
}
