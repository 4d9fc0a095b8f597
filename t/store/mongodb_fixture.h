/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MONGODB_FIXTURE_H
#define AUTHP_TEST_MONGODB_FIXTURE_H

#include "store/store.h"

#include <mongoc/mongoc.h>

/* Makes a database for one test on the server that AUTHP_MONGODB_URI names (build/with-mongo.sh
 * starts one). Without that variable the test fails. A second client reads and changes the database
 * from outside of the store. */
void mongodb_fixture_make(void);
authp_store_config_t mongodb_fixture_config(void);
authp_store_t *mongodb_fixture_open(apr_pool_t *pool);
mongoc_client_t *mongodb_fixture_outside(void);
const char *mongodb_fixture_database(void);
/* Inserts a document (extended JSON) into a collection by the second client. */
void mongodb_fixture_put(const char *collection, const char *json);
/* Drops the database. */
void mongodb_fixture_remove(void);

#endif
