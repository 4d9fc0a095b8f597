/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_POSTGRESQL_FIXTURE_H
#define AUTHP_TEST_POSTGRESQL_FIXTURE_H

#include "store/store.h"

/* Makes a schema for one test in the database that AUTHP_POSTGRES_URL names (build/with-postgres.sh
 * starts a server). Without that variable the test fails. The schema is made and removed past
 * PgBouncer, over AUTHP_POSTGRES_DIRECT_URL. */
void postgresql_fixture_make(void);
authp_store_config_t postgresql_fixture_config(void);
authp_store_t *postgresql_fixture_open(apr_pool_t *pool);
/* Runs a statement in the schema from outside of the store. Returns the first column of its first
 * row as text; NULL if there is no row, or SQL's NULL. The test fails if the statement fails. */
const char *postgresql_fixture_sql(const char *text, apr_pool_t *pool);
/* Drops the schema. */
void postgresql_fixture_remove(void);

#endif
