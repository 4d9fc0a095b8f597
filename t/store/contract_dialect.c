/* SPDX-License-Identifier: Apache-2.0 */
/* The contract on a second SQL dialect: only the dialect may depend on SQLite. */
#include "../unit/suite.h"
#include "contract.h"
#include "dialect_fixture.h"
#include "sqlite_fixture.h"

#include <apr_strings.h>

static void setup(void)
{
    apr_pool_t *pool = NULL;
    authp_store_t *store = NULL;
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    const authp_store_config_t config = {
        .uri = apr_pstrcat(pool, "fake:", sqlite_fixture_file(), NULL),
        .timeout_ms = 2000,
        .max_connections = 8};
    ck_assert_int_eq(authp_store_open(&dialect_fixture_ops, &config, &store, pool), AUTHP_OK);
    contract_begin(store, pool);
}

static void teardown(void)
{
    contract_end();
    sqlite_fixture_remove();
}

Suite *suite_contract_dialect(void)
{
    return contract_suite("contract_dialect", setup, teardown);
}
