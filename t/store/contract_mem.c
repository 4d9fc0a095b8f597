/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/suite.h"
#include "../unit/support/mem_store.h"
#include "contract.h"

static void setup(void)
{
    apr_pool_t *pool = NULL;
    authp_store_t *store = NULL;
    authp_store_config_t config = {.timeout_ms = 2000};
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_store_open(&mem_store_ops, &config, &store, pool), AUTHP_OK);
    contract_begin(store, pool);
}

Suite *suite_contract_mem(void)
{
    return contract_suite("contract_mem", setup, contract_end);
}
