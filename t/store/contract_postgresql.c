/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "contract.h"
#include "plans.h"
#include "postgresql_fixture.h"
#include "store/providers/providers.h"

static void setup(void)
{
    apr_pool_t *pool = NULL;
    authp_store_t *store = NULL;
    apr_pool_create(&pool, NULL);
    postgresql_fixture_make();
    /* The greatest batch of rows takes seconds through PgBouncer and under the sanitizers. */
    authp_store_config_t config = postgresql_fixture_config();
    config.timeout_ms = 30000;
    ck_assert_int_eq(authp_store_open(authp_providers_find("postgresql"), &config, &store, pool),
                     AUTHP_OK);
    contract_begin(store, pool);
}

static void teardown(void)
{
    plans_check(contract_store());
    contract_end();
    postgresql_fixture_remove();
}

Suite *suite_contract_postgresql(void)
{
    return contract_suite("contract_postgresql", setup, teardown);
}
