/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongo_impl.h"

typedef struct read_entries_t {
    apr_array_header_t *entries;
    apr_pool_t *pool;
} read_entries_t;

static authp_err_t read_entry(const bson_t *document, void *ctx)
{
    read_entries_t *out = ctx;
    authp_mongo_reader_t in = {
        .document = document, .collection = AUTHP_MONGO_AUDIT, .pool = out->pool};
    authp_audit_t *entry = apr_pcalloc(out->pool, sizeof(*entry));
    authp_mongo_get_id(&in, "_id", &entry->id);
    authp_mongo_get_time(&in, "at", &entry->at);
    authp_mongo_get_text(&in, "event", &entry->event);
    authp_mongo_get_text(&in, "outcome", &entry->outcome);
    authp_mongo_get_text(&in, "reason", &entry->reason);
    authp_mongo_get_id_text(&in, "actor_id", &entry->actor_id);
    authp_mongo_get_id_text(&in, "subject_id", &entry->subject_id);
    authp_mongo_get_id_text(&in, "session_id", &entry->session_id);
    authp_mongo_get_text(&in, "ip", &entry->ip);
    authp_mongo_get_text(&in, "request_id", &entry->request_id);
    authp_err_t err = authp_mongo_read_end(&in);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(out->entries, authp_audit_t *) = entry;
    }
    return err;
}

static void match_person(bson_t *filter, const char *person)
{
    bson_t either;
    bson_t part;
    BSON_APPEND_ARRAY_BEGIN(filter, "$or", &either);
    BSON_APPEND_DOCUMENT_BEGIN(&either, "0", &part);
    authp_mongo_match_id(&part, "actor_id", person);
    bson_append_document_end(&either, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&either, "1", &part);
    authp_mongo_match_id(&part, "subject_id", person);
    bson_append_document_end(&either, &part);
    bson_append_array_end(filter, &either);
}

authp_err_t authp_mongo_audit_list(void *self, const authp_audit_filter_t *filter,
                                   apr_array_header_t **out, apr_pool_t *pool)
{
    read_entries_t found = {.entries = apr_array_make(pool, filter->limit, sizeof(authp_audit_t *)),
                            .pool = pool};
    bson_t wanted = BSON_INITIALIZER;
    if (filter->person != NULL) {
        match_person(&wanted, filter->person);
    }
    if (filter->event != NULL) {
        authp_mongo_match_text(&wanted, "event", filter->event);
    }
    if (filter->since != 0) {
        authp_mongo_match_compared(&wanted, "at", "$gte", filter->since);
    }
    const authp_mongo_find_t what = {
        .collection = AUTHP_MONGO_AUDIT, .filter = &wanted, .limit = filter->limit, .list = true};
    authp_err_t err = authp_mongo_list(self, &what, filter->after_id, read_entry, &found);
    bson_destroy(&wanted);
    if (err == AUTHP_OK) {
        *out = found.entries;
    }
    return err;
}
