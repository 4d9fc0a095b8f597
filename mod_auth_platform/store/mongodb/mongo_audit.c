/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_columns.h"
#include "store/mongodb/mongo_match.h"

authp_err_t authp_mongo_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool)
{
    bson_t document = BSON_INITIALIZER;
    (void)pool;
    authp_mongo_columns_put(&authp_columns_audit, entry, &document);
    authp_err_t err = authp_mongo_run_insert(self, AUTHP_TABLE_AUDIT, &document);
    bson_destroy(&document);
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
        .collection = AUTHP_TABLE_AUDIT, .filter = &wanted, .limit = filter->limit, .list = true};
    authp_err_t err =
        authp_mongo_columns_list(self, &authp_columns_audit, &what, filter->after_id, out, pool);
    bson_destroy(&wanted);
    return err;
}
