/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo.h"
#include "base/log.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

/* Characters that servers refuse in database names. */
#define BAD_IN_NAME "/\\. \"$*<>:|?"

static const char *check(const authp_store_config_t *config, apr_pool_t *pool)
{
    const char *error = NULL;
    if (config->uri == NULL) {
        return "MONGODB_URI is needed";
    }
    if (config->database == NULL || *config->database == '\0' ||
        strpbrk(config->database, BAD_IN_NAME) != NULL || strlen(config->database) > 63) {
        return "MONGODB_DB is no database name";
    }
    authp_mongo_log_parse(config->uri, pool);
    mongoc_uri_t *uri = authp_mongo_uri(config, &error, pool);
    authp_mongo_log_parsed();
    if (uri == NULL) {
        return apr_pstrcat(pool, "MONGODB_URI ", error, NULL);
    }
    mongoc_uri_destroy(uri);
    return NULL;
}

/* MongoDB has no files on this host. */
static const char *place(const authp_store_config_t *config, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "\"", config->database, "\" of mongodb", NULL);
}

static authp_err_t prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                           apr_pool_t *pool)
{
    (void)config, (void)uid, (void)gid, (void)pool;
    return AUTHP_OK;
}

static authp_err_t open_store(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    const char *error = NULL;
    authp_mongo_log_silent();
    mongoc_init();
    mongoc_uri_t *uri = authp_mongo_uri(config, &error, pool);
    authp_mongo_log_open();
    if (uri == NULL) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0237", "MONGODB_URI %s", error);
        return AUTHP_E_INTERNAL;
    }
    authp_mongo_t *m = apr_pcalloc(pool, sizeof(*m));
    m->config = *config;
    m->config.database = apr_pstrdup(pool, config->database);
    m->config.uri = NULL; /* it has been read, and contains a password */
    m->config.identity_names = NULL;
    authp_err_t err = authp_mongo_names_set(m, config->identity_names);
    if (err == AUTHP_OK &&
        apr_thread_mutex_create(&m->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        err = AUTHP_E_INTERNAL;
    }
    if (err == AUTHP_OK) {
        err = authp_mongo_pool_open(m, uri, pool);
    }
    mongoc_uri_destroy(uri);
    if (err == AUTHP_OK) {
        *self = m;
    }
    return err;
}

/* Makes the indexes that are missing. There is no other goal than all of them. */
static authp_err_t migrate(void *self, const authp_store_goal_t *goal, authp_store_migrated_t *out,
                           apr_pool_t *pool)
{
    authp_mongo_t *m = self;
    mongoc_client_t *client = NULL;
    bson_error_t error;
    int made = 0;
    (void)pool;
    if (goal->steps != AUTHP_STORE_NEWEST) {
        out->refusal = "MongoDB has no numbered steps: it gets indexes only, and an older version "
                       "works with those of a newer one";
        return AUTHP_E_MALFORMED;
    }
    bool was_ready = atomic_exchange(&m->ready, true); /* lets authp_mongo_pool_acquire() pass */
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err == AUTHP_OK) {
        apr_thread_mutex_lock(m->mutex);
        err = authp_mongo_index(m, client, &made, &error);
        apr_thread_mutex_unlock(m->mutex);
        authp_err_t said = authp_mongo_pool_release(m, client, err == AUTHP_OK ? NULL : &error);
        err = err == AUTHP_E_UNAVAILABLE ? said : err;
    }
    if (err != AUTHP_OK) {
        atomic_store(&m->ready, was_ready);
        return err;
    }
    out->made = made;
    return AUTHP_OK;
}

/* Runs a command that has no arguments. The caller destroys the reply. */
static authp_err_t command(authp_mongo_t *m, const char *name, bson_t *reply)
{
    mongoc_client_t *client = NULL;
    authp_err_t err = authp_mongo_pool_acquire(m, &client);
    if (err != AUTHP_OK) {
        bson_init(reply);
        return err;
    }
    bson_error_t error;
    bson_t command = BSON_INITIALIZER;
    BSON_APPEND_INT32(&command, name, 1);
    bool fine =
        mongoc_client_command_simple(client, m->config.database, &command, NULL, reply, &error);
    bson_destroy(&command);
    return authp_mongo_pool_release(m, client, fine ? NULL : &error);
}

static authp_err_t ping(void *self, apr_pool_t *pool)
{
    bson_t reply;
    (void)pool;
    authp_err_t err = command(self, "ping", &reply);
    bson_destroy(&reply);
    return err;
}

/* The clock of the primary. MongoDB adds no times itself, so all hosts that write must use the same
 * clock. */
authp_err_t authp_mongo_clock(void *self, authp_ms_t *now, apr_pool_t *pool)
{
    bson_t reply;
    bson_iter_t at;
    (void)pool;
    authp_err_t err = command(self, "isMaster", &reply);
    if (err == AUTHP_OK && bson_iter_init_find(&at, &reply, "localTime") &&
        BSON_ITER_HOLDS_DATE_TIME(&at)) {
        *now = bson_iter_date_time(&at);
    } else if (err == AUTHP_OK) {
        err = AUTHP_E_UNAVAILABLE;
    }
    bson_destroy(&reply);
    return err;
}

static void maintain(void *self)
{
    authp_mongo_t *m = self;
    (void)apr_reslist_maintain(m->clients);
}

const authp_store_ops_t authp_mongo_ops = {
    .version = AUTHP_STORE_VERSION,
    .name = "mongodb",
    .check = check,
    .place = place,
    .prepare = prepare,
    .open = open_store,
    .migrate = migrate,
    .ping = ping,
    .maintain = maintain,
#define OPERATION(name, params, args) .name = authp_mongo_##name,
#include "store/operations.def"
};
