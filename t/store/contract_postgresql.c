/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "contract.h"
#include "plans.h"
#include "postgresql_fixture.h"

static void setup(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    postgresql_fixture_make();
    contract_begin(postgresql_fixture_open(pool), pool);
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
