/* SPDX-License-Identifier: Apache-2.0 */
#include "postgresql_fixture.h"
#include "store/providers/providers.h"

#include <apr_dbd.h>
#include <apr_strings.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char schema[64];

static const char *url(const char *variable)
{
    const char *set = getenv(variable);
    ck_assert_msg(set != NULL, "%s is not set: run this by build/with-postgres.sh", variable);
    return set;
}

void postgresql_fixture_make(void)
{
    static unsigned int serial;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(schema, sizeof(schema), "Authp_%lx_%lx_%x", (unsigned long)getpid(),
             (unsigned long)now.tv_nsec, serial++);
}

authp_store_config_t postgresql_fixture_config(void)
{
    return (authp_store_config_t){.uri = url("AUTHP_POSTGRES_URL"),
                                  .schema = schema,
                                  .unprepared = getenv("AUTHP_POOLED") != NULL,
                                  .timeout_ms = 2000,
                                  .max_connections = 16};
}

authp_store_t *postgresql_fixture_open(apr_pool_t *pool)
{
    authp_store_config_t config = postgresql_fixture_config();
    authp_store_t *store = NULL;
    ck_assert_int_eq(authp_store_open(authp_providers_find("postgresql"), &config, &store, pool),
                     AUTHP_OK);
    return store;
}

const char *postgresql_fixture_sql(const char *text, apr_pool_t *pool)
{
    const apr_dbd_driver_t *driver = NULL;
    apr_dbd_t *handle = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    char *value = NULL;
    ck_assert_int_eq(apr_dbd_init(pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(pool, "pgsql", &driver), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(driver, pool, url("AUTHP_POSTGRES_DIRECT_URL"), &handle),
                     APR_SUCCESS);
    const char *quiet =
        apr_psprintf(pool, "SET client_min_messages = warning; SET search_path = \"%s\"", schema);
    ck_assert_int_eq(apr_dbd_select(driver, pool, handle, &results, quiet, 1), 0);
    results = NULL;
    int rc = apr_dbd_select(driver, pool, handle, &results, text, 1);
    ck_assert_msg(rc == 0, "%s: %s", text, apr_dbd_error(driver, handle, rc));
    if (apr_dbd_get_row(driver, pool, results, &row, 1) == 0 &&
        apr_dbd_datum_get(driver, row, 0, APR_DBD_TYPE_STRING, &value) == APR_SUCCESS) {
        value = apr_pstrdup(pool, value);
    }
    ck_assert_int_eq(apr_dbd_close(driver, handle), APR_SUCCESS);
    return value;
}

void postgresql_fixture_remove(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    (void)postgresql_fixture_sql(apr_psprintf(pool, "DROP SCHEMA IF EXISTS \"%s\" CASCADE", schema),
                                 pool);
    apr_pool_destroy(pool);
}
