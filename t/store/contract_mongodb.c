/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "contract.h"
#include "mongodb_fixture.h"

static void setup(void)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, NULL);
    mongodb_fixture_make();
    contract_begin(mongodb_fixture_open(pool), pool);
}

static void teardown(void)
{
    contract_end();
    mongodb_fixture_remove();
}

Suite *suite_contract_mongodb(void)
{
    return contract_suite("contract_mongodb", setup, teardown);
}
