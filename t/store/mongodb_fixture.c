/* SPDX-License-Identifier: Apache-2.0 */
#include "mongodb_fixture.h"
#include "store/providers/providers.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char database[64];
static mongoc_client_t *outside;

static const char *uri(void)
{
    const char *set = getenv("AUTHP_MONGODB_URI");
    ck_assert_msg(set != NULL, "AUTHP_MONGODB_URI is not set: run this by build/with-mongo.sh");
    return set;
}

void mongodb_fixture_make(void)
{
    static unsigned int serial;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(database, sizeof(database), "authp_%lx_%lx_%x", (unsigned long)getpid(),
             (unsigned long)now.tv_nsec, serial++);
    outside = mongoc_client_new(uri());
    ck_assert_ptr_nonnull(outside);
}

const char *mongodb_fixture_database(void)
{
    return database;
}

mongoc_client_t *mongodb_fixture_outside(void)
{
    return outside;
}

/* The names of providers that tests use. */
static const apr_array_header_t *names(void)
{
    static const char *all[] = {"google", "corp", "other"};
    static const int count = sizeof(all) / sizeof(all[0]);
    static apr_array_header_t list;
    list = (apr_array_header_t){
        .elt_size = sizeof(const char *), .nelts = count, .nalloc = count, .elts = (char *)all};
    return &list;
}

authp_store_config_t mongodb_fixture_config(void)
{
    return (authp_store_config_t){.uri = uri(),
                                  .database = database,
                                  .timeout_ms = 20000, /* the machine may be busy */
                                  .max_connections = 64,
                                  .identity_names = names()};
}

authp_store_t *mongodb_fixture_open(apr_pool_t *pool)
{
    authp_store_config_t config = mongodb_fixture_config();
    authp_store_t *store = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &store, pool),
                     AUTHP_OK);
    return store;
}

void mongodb_fixture_put(const char *collection, const char *json)
{
    bson_error_t error;
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, &error);
    ck_assert_msg(document != NULL, "%s: %s", json, error.message);
    mongoc_collection_t *to = mongoc_client_get_collection(outside, database, collection);
    ck_assert_msg(mongoc_collection_insert_one(to, document, NULL, NULL, &error), "%s",
                  error.message);
    mongoc_collection_destroy(to);
    bson_destroy(document);
}

void mongodb_fixture_remove(void)
{
    mongoc_database_t *gone = mongoc_client_get_database(outside, database);
    (void)mongoc_database_drop(gone, NULL);
    mongoc_database_destroy(gone);
    mongoc_client_destroy(outside);
    outside = NULL;
}
