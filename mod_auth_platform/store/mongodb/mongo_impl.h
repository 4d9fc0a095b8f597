/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_IMPL_H
#define AUTHP_STORE_MONGODB_MONGO_IMPL_H

#include "base/breaker.h"
#include "store/identities.h"
#include "store/store.h"

#include <apr_reslist.h>
#include <apr_thread_mutex.h>
#include <mongoc/mongoc.h>

/* Names of identity providers: the configured ones, and those for which the database has an index.
 * Filled in before the first operation. */
#define AUTHP_MONGO_NAMES_MOST 64
typedef struct authp_mongo_names_t {
    char list[AUTHP_MONGO_NAMES_MOST][AUTHP_IDENTITY_NAME_LEN + 1];
    int configured;   /* the first ones */
    atomic_int count; /* all */
} authp_mongo_names_t;

/* The internals of the MongoDB store, shared by its files. */
typedef struct authp_mongo_t {
    authp_store_config_t config;
    mongoc_client_pool_t *pool;
    apr_reslist_t *clients;
    apr_pool_t *clients_pool; /* unmanaged: see tear_down() in mongo_pool.c */
    authp_breaker_t breaker;
    apr_thread_mutex_t *mutex; /* guards what follows */
    atomic_bool ready;         /* the unique indexes exist */
    authp_ms_t tried_at;       /* when making them last failed; monotonic; 0 = it has not failed */
    authp_mongo_names_t names; /* written under the mutex */
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
AUTHP_CHECKED authp_err_t authp_mongo_pool_acquire(authp_mongo_t *m, mongoc_client_t **out);
/* Makes the indexes if this process has not done so. AUTHP_E_UNAVAILABLE and AUTHP_E_INTERNAL as
 * authp_mongo_index(). */
AUTHP_CHECKED authp_err_t authp_mongo_pool_ready(authp_mongo_t *m);
/* Gives the client back and reports the outcome. `error` NULL: the operation worked. */
authp_err_t authp_mongo_pool_release(authp_mongo_t *m, mongoc_client_t *client,
                                     const bson_error_t *error);

/* mongo_names.c: takes the configured names (const char *; NULL = none). AUTHP_E_INTERNAL (logged):
 * one is no name, or there are too many. */
AUTHP_CHECKED authp_err_t authp_mongo_names_set(authp_mongo_t *m, const apr_array_header_t *names);
/* Adds a name for which the database has an index. */
void authp_mongo_names_add(authp_mongo_t *m, const char *name, size_t len);

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
    bool descending;  /* the greatest first */
    bool list;        /* the readPreference of the URI applies */
} authp_mongo_find_t;

/* Called for each document while the client is in use. Any result but AUTHP_OK ends the query. */
typedef authp_err_t authp_mongo_read_fn(const bson_t *document, void *ctx);

/* Counts a document in *seen. `field` is the time by which the documents are sorted. */
void authp_mongo_run_see(authp_seen_t *seen, const bson_t *document, const char *field);

AUTHP_CHECKED authp_err_t authp_mongo_run_find(authp_mongo_t *m, const authp_mongo_find_t *what,
                                               authp_mongo_read_fn *read, void *ctx);
/* Reads a page of a list, sorted by _id. The filter must not have a condition on _id. A document
 * that cannot be read (AUTHP_E_INTERNAL) is left out, and the list goes on. */
AUTHP_CHECKED authp_err_t authp_mongo_run_list(authp_mongo_t *m, const authp_mongo_find_t *what,
                                               const char *after_id, authp_mongo_read_fn *read,
                                               void *ctx);
/* AUTHP_E_CONFLICT: a unique value is taken. */
AUTHP_CHECKED authp_err_t authp_mongo_run_insert(authp_mongo_t *m, const char *collection,
                                                 const bson_t *document);
typedef enum authp_mongo_change_t {
    AUTHP_MONGO_UPDATE_ONE,
    AUTHP_MONGO_UPSERT_ONE, /* the same, and inserts if there is none */
    AUTHP_MONGO_UPDATE_MANY,
    AUTHP_MONGO_REPLACE_ONE,
    AUTHP_MONGO_DELETE_MANY, /* takes no update */
    AUTHP_MONGO_DELETE_ONE   /* the same; only for authp_mongo_run_modify() */
} authp_mongo_change_t;

typedef struct authp_mongo_write_t {
    const char *collection;
    authp_mongo_change_t change;
    const bson_t *filter;
    const bson_t *update;
} authp_mongo_write_t;

/* *matched gets the number of documents that the filter has found. */
AUTHP_CHECKED authp_err_t authp_mongo_run_write(authp_mongo_t *m, const authp_mongo_write_t *what,
                                                int *matched);
/* Updates one document and reads it as it is afterwards. With `insert` it is made if there is none.
 * AUTHP_E_NOT_FOUND: there is none. AUTHP_E_CONFLICT: a document with a unique value of the filter
 * exists, but does not fulfil the rest of the filter, or another call made it at this moment. With
 * what->change AUTHP_MONGO_DELETE_ONE the document is removed, and read as it was. */
AUTHP_CHECKED authp_err_t authp_mongo_run_modify(authp_mongo_t *m, const authp_mongo_write_t *what,
                                                 bool insert, authp_mongo_read_fn *read, void *ctx);
/* Changes one document. Returns `otherwise` if there is none. Frees filter and update. */
AUTHP_CHECKED authp_err_t authp_mongo_run_change_one(authp_mongo_t *m, const char *collection,
                                                     bson_t *filter, bson_t *update,
                                                     authp_err_t otherwise);

/* The operations of store/operations.def, as the store port wants them. */
#define OPERATION(name, params, args)                                                              \
    authp_err_t authp_mongo_##name(void *self, AUTHP_STORE_LIST params);
#include "store/operations.def"

#endif
