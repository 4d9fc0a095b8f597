/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "contract.h"
#include "plans.h"
#include "sqlite_fixture.h"

static void setup(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    sqlite_fixture_make();
    contract_begin(sqlite_fixture_open(pool), pool);
}

static void teardown(void)
{
    plans_check(contract_store());
    contract_end();
    sqlite_fixture_remove();
}

Suite *suite_contract_sqlite(void)
{
    return contract_suite("contract_sqlite", setup, teardown);
}
