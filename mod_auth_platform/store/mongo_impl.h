/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGO_IMPL_H
#define AUTHP_STORE_MONGO_IMPL_H

#include "store/breaker.h"
#include "store/store.h"

#include <apr_reslist.h>
#include <apr_thread_mutex.h>
#include <mongoc/mongoc.h>

/* Shared by the files of the MongoDB store. The names of the collections. */
#define AUTHP_MONGO_USERS "users"
#define AUTHP_MONGO_SESSIONS "refresh_tokens"
#define AUTHP_MONGO_INVITES "recruiter_invites"
#define AUTHP_MONGO_AUDIT "audit_log"
#define AUTHP_MONGO_FAILURES "login_failures"

typedef struct authp_mongo_t {
    authp_store_config_t config;
    mongoc_client_pool_t *pool;
    apr_reslist_t *clients;
    apr_pool_t *clients_pool; /* unmanaged: see tear_down() in mongo_pool.c */
    authp_breaker_t breaker;
    apr_thread_mutex_t *mutex; /* guards what follows */
    atomic_bool ready;         /* the unique indexes exist */
    authp_ms_t tried_at;       /* when making them last failed; monotonic; 0 = it has not failed */
} authp_mongo_t;

/* mongo_uri.c: parses MONGODB_URI and adds our time-outs where it sets none. NULL if it does not
 * parse; *error then is one line that does not contain the URI. Contacts nothing. */
mongoc_uri_t *authp_mongo_uri(const authp_store_config_t *config, const char **error,
                              apr_pool_t *pool);

/* mongo_options.c: *options are the NAME=VALUE texts (const char *) after the ? of the URI. False
 * if the URI may be malformed, so that *options may contain a part of a password. */
bool authp_mongo_options_find(const char *uri, apr_array_header_t **options, apr_pool_t *pool);
/* NULL, or an error text: an option that the driver does not know, or one without a value. The
 * driver would ignore both. */
const char *authp_mongo_options_check(const char *uri, apr_pool_t *pool);
/* For a URI that does not parse: the name of the first option that does not parse alone. NULL if
 * there is none. */
const char *authp_mongo_options_culprit(const char *uri, apr_pool_t *pool);

/* mongo_log.c: the driver has one handler for its log lines. While `uri` is parsed, the lines
 * become warnings in our log, without secrets of the URI. `pool` lasts until
 * authp_mongo_log_parsed(), which restores the driver's own handler, because the module may be
 * unloaded afterwards. */
void authp_mongo_log_parse(const char *uri, apr_pool_t *pool);
void authp_mongo_log_parsed(void);
/* Drops the driver's lines: the parent has logged them when it parsed the same URI at the start. */
void authp_mongo_log_silent(void);
/* While a store is open, the lines are logged at level info. */
void authp_mongo_log_open(void);

/* mongo_pool.c */
AUTHP_CHECKED authp_err_t authp_mongo_pool_open(authp_mongo_t *m, const mongoc_uri_t *uri,
                                                apr_pool_t *pool);
/* Takes a client for one operation, within a time limit. AUTHP_E_UNAVAILABLE: none is free, the
 * breaker is open, or the indexes do not exist. */
AUTHP_CHECKED authp_err_t authp_mongo_acquire(authp_mongo_t *m, mongoc_client_t **out);
/* Maps an error of the driver to one of ours. */
authp_err_t authp_mongo_classify(const bson_error_t *error);
/* Gives the client back and reports the outcome. `error` NULL: the operation worked. */
authp_err_t authp_mongo_release(authp_mongo_t *m, mongoc_client_t *client,
                                const bson_error_t *error);

/* mongo_index.c: makes the indexes. *made counts new ones. AUTHP_E_UNAVAILABLE. AUTHP_E_INTERNAL: a
 * unique index cannot be made. */
AUTHP_CHECKED authp_err_t authp_mongo_index(authp_mongo_t *m, mongoc_client_t *client, int *made,
                                            bson_error_t *error);

/* mongo_run.c: each function runs one command. The caller keeps its filters and documents. */
typedef struct authp_mongo_find_t {
    const char *collection;
    const bson_t *filter;
    int limit;        /* 0 = no limit */
    const char *sort; /* sort by this field; NULL = unsorted */
    bool list;        /* the readPreference of the URI applies */
} authp_mongo_find_t;

/* Called for each document while the client is in use. Any result but AUTHP_OK ends the query. */
typedef authp_err_t authp_mongo_read_fn(const bson_t *document, void *ctx);

/* Counts a document in *seen. `field` is the time by which the documents are sorted. */
void authp_mongo_see(authp_seen_t *seen, const bson_t *document, const char *field);

AUTHP_CHECKED authp_err_t authp_mongo_find(authp_mongo_t *m, const authp_mongo_find_t *what,
                                           authp_mongo_read_fn *read, void *ctx);
/* Reads a page of a list, sorted by _id. The filter must not have a condition on _id. A document
 * that cannot be read (AUTHP_E_INTERNAL) is left out, and the list goes on. */
AUTHP_CHECKED authp_err_t authp_mongo_list(authp_mongo_t *m, const authp_mongo_find_t *what,
                                           const char *after_id, authp_mongo_read_fn *read,
                                           void *ctx);
/* AUTHP_E_CONFLICT: a unique value is taken. */
AUTHP_CHECKED authp_err_t authp_mongo_insert(authp_mongo_t *m, const char *collection,
                                             const bson_t *document);
typedef enum authp_mongo_change_t {
    AUTHP_MONGO_UPDATE_ONE,
    AUTHP_MONGO_UPDATE_MANY,
    AUTHP_MONGO_REPLACE_ONE,
    AUTHP_MONGO_DELETE_MANY /* takes no update */
} authp_mongo_change_t;

typedef struct authp_mongo_write_t {
    const char *collection;
    authp_mongo_change_t change;
    const bson_t *filter;
    const bson_t *update;
} authp_mongo_write_t;

/* *matched gets the number of documents that the filter has found. */
AUTHP_CHECKED authp_err_t authp_mongo_write(authp_mongo_t *m, const authp_mongo_write_t *what,
                                            int *matched);
/* Updates one document and reads it as it is afterwards. With `insert` it is made if there is none.
 * AUTHP_E_NOT_FOUND: there is none. AUTHP_E_CONFLICT: a document with the filter's _id exists, but
 * does not fulfil the rest of the filter. */
AUTHP_CHECKED authp_err_t authp_mongo_modify(authp_mongo_t *m, const authp_mongo_write_t *what,
                                             bool insert, authp_mongo_read_fn *read, void *ctx);
/* Changes one document. Returns `otherwise` if there is none. Frees filter and update. */
AUTHP_CHECKED authp_err_t authp_mongo_change_one(authp_mongo_t *m, const char *collection,
                                                 bson_t *filter, bson_t *update,
                                                 authp_err_t otherwise);

/* mongo_bson.c: appending. Absent values append nothing. Text that is not UTF-8 is left out,
 * because it would make the document invalid. That would be a bug of this program: bodies and
 * headers have been checked before. */
void authp_mongo_put_text(bson_t *out, const char *key, const char *value);
/* Appends an ObjectId, or text if `id` is no id: "cli". */
void authp_mongo_put_id(bson_t *out, const char *key, const char *id);
void authp_mongo_put_time(bson_t *out, const char *key, authp_ms_t at);
/* Conditions. A condition is never left out, because the filter would then find other documents.
 * Text that no document can have, and NULL, find nothing. */
void authp_mongo_match_text(bson_t *out, const char *key, const char *value);
void authp_mongo_match_id(bson_t *out, const char *key, const char *id);
/* Matches the value. 0 also matches documents without the field. */
void authp_mongo_match_int(bson_t *out, const char *key, int64_t value);
void authp_mongo_match_time(bson_t *out, const char *key, authp_ms_t at);
/* `compare` is "$gt" and the like. A document without the field is not found. */
void authp_mongo_match_compared(bson_t *out, const char *key, const char *compare, authp_ms_t at);
void authp_mongo_match_absent(bson_t *out, const char *key);
bson_t *authp_mongo_filter_id(const char *id);

/* mongo_bson.c: reading. An absent field and null do not change *out. The reader remembers the
 * first field of a wrong type, and authp_mongo_read_end() reports it. */
typedef struct authp_mongo_reader_t {
    const bson_t *document;
    const char *collection;
    const char *wrong; /* the first field of a wrong type */
    apr_pool_t *pool;
} authp_mongo_reader_t;

void authp_mongo_get_text(authp_mongo_reader_t *reader, const char *key, const char **out);
void authp_mongo_get_bool(authp_mongo_reader_t *reader, const char *key, bool *out);
void authp_mongo_get_int(authp_mongo_reader_t *reader, const char *key, int64_t *out);
void authp_mongo_get_time(authp_mongo_reader_t *reader, const char *key, authp_ms_t *out);
/* Reads an ObjectId, which must exist. A document with another _id could not be found by its id
 * later. */
void authp_mongo_get_id(authp_mongo_reader_t *reader, const char *key, authp_id_t *out);
void authp_mongo_get_id_text(authp_mongo_reader_t *reader, const char *key, const char **out);
void authp_mongo_get_texts(authp_mongo_reader_t *reader, const char *key, apr_array_header_t *out);
/* AUTHP_E_INTERNAL, logged: a field had a wrong type. */
AUTHP_CHECKED authp_err_t authp_mongo_read_end(const authp_mongo_reader_t *reader);

/* The operations of the store port (mongo_user.c, mongo_session.c, mongo_invite.c, mongo_purge.c,
 * mongo_audit.c). */
authp_err_t authp_mongo_user_create(void *self, const authp_user_t *user, apr_pool_t *pool);
authp_err_t authp_mongo_user_by_id(void *self, const char *id, authp_user_t **out,
                                   apr_pool_t *pool);
authp_err_t authp_mongo_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                                      authp_user_t **out, apr_pool_t *pool);
authp_err_t authp_mongo_user_list(void *self, const authp_user_filter_t *filter,
                                  apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_mongo_user_upgrade_hash(void *self, const authp_user_t *user,
                                          const char *new_hash, authp_ms_t now, apr_pool_t *pool);
authp_err_t authp_mongo_user_update(void *self, const authp_user_t *before,
                                    const authp_user_t *after, apr_pool_t *pool);
authp_err_t authp_mongo_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                                    apr_pool_t *pool);
authp_err_t authp_mongo_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool);
authp_err_t authp_mongo_user_forget(void *self, const char *id, apr_pool_t *pool);
authp_err_t authp_mongo_user_list_deleted(void *self, const authp_page_t *page,
                                          apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_mongo_session_create(void *self, const authp_session_t *session,
                                       apr_pool_t *pool);
authp_err_t authp_mongo_session_by_id(void *self, const char *sid, authp_session_t **out,
                                      apr_pool_t *pool);
authp_err_t authp_mongo_session_rotate(void *self, const char *sid, int64_t generation,
                                       authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool);
authp_err_t authp_mongo_session_slide(void *self, const char *sid, int64_t generation,
                                      authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool);
authp_err_t authp_mongo_session_end(void *self, const char *sid, const char *reason, authp_ms_t now,
                                    apr_pool_t *pool);
authp_err_t authp_mongo_session_end_user(void *self, const char *user_id, const authp_end_t *end,
                                         int *count);
authp_err_t authp_mongo_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                         apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_mongo_user_changed(void *self, authp_ms_t since, int limit,
                                     apr_array_header_t **out, authp_seen_t *seen,
                                     apr_pool_t *pool);
authp_err_t authp_mongo_session_ended(void *self, authp_ms_t since, int limit,
                                      apr_array_header_t **out, authp_seen_t *seen,
                                      apr_pool_t *pool);
authp_err_t authp_mongo_session_list(void *self, const char *user_id, authp_ms_t now,
                                     const authp_page_t *page, apr_array_header_t **out,
                                     apr_pool_t *pool);
authp_err_t authp_mongo_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool);
authp_err_t authp_mongo_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool);
authp_err_t authp_mongo_invite_by_id(void *self, const char *id, authp_invite_t **out,
                                     apr_pool_t *pool);
authp_err_t authp_mongo_invite_by_code(void *self, const char *code, const char *code_hash,
                                       authp_invite_t **out, apr_pool_t *pool);
authp_err_t authp_mongo_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                                    apr_pool_t *pool);
authp_err_t authp_mongo_invite_claim(void *self, const char *id, const char *user_id,
                                     int64_t used_ver, authp_ms_t now, apr_pool_t *pool);
authp_err_t authp_mongo_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool);
authp_err_t authp_mongo_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool);
authp_err_t authp_mongo_audit_list(void *self, const authp_audit_filter_t *filter,
                                   apr_array_header_t **out, apr_pool_t *pool);
authp_err_t authp_mongo_purge(void *self, const authp_purge_t *what, int *removed,
                              apr_pool_t *pool);
/* mongo_failure.c */
authp_err_t authp_mongo_failure_get(void *self, const char *key, authp_ms_t now,
                                    authp_failures_t *out, apr_pool_t *pool);
authp_err_t authp_mongo_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                                    apr_pool_t *pool);
authp_err_t authp_mongo_failure_clear(void *self, const char *key, apr_pool_t *pool);

#endif
