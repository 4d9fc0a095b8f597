/* SPDX-License-Identifier: Apache-2.0 */
#include "watchdog_fake.h"
#include "suite.h"

#include <apr_hooks.h>

watch_t watches[WATCHDOG_FAKE_MOST];
int nwatches;
bool no_instance;
int refused_at;

static apr_status_t ap_watchdog_get_instance(ap_watchdog_t **watchdog, const char *name, int parent,
                                             int singleton, apr_pool_t *pool)
{
    (void)pool;
    ck_assert_int_lt(nwatches, WATCHDOG_FAKE_MOST);
    ck_assert_int_eq(parent, 0);    /* rounds run in children only */
    ck_assert_int_eq(singleton, 0); /* rounds run in every child */
    if (no_instance) {
        return APR_EGENERAL;
    }
    watches[nwatches].name = name;
    *watchdog = (ap_watchdog_t *)(void *)&watches[nwatches];
    return APR_SUCCESS;
}

static apr_status_t ap_watchdog_register_callback(ap_watchdog_t *watchdog,
                                                  apr_interval_time_t interval, const void *data,
                                                  ap_watchdog_callback_fn_t *round)
{
    watch_t *watch = (watch_t *)(void *)watchdog;
    watch->interval = interval;
    watch->data = data;
    watch->round = round;
    return ++nwatches == refused_at ? APR_EGENERAL : APR_SUCCESS;
}

/* mod_watchdog registers its optional functions only if it is loaded. */
void watchdog_fake_load(bool there)
{
    static apr_pool_t *registry;
    nwatches = refused_at = 0;
    no_instance = false;
    if (registry == NULL) {
        ck_assert_int_eq(apr_pool_create(&registry, NULL), APR_SUCCESS);
        apr_hook_global_pool = registry;
    }
    if (there) {
        APR_REGISTER_OPTIONAL_FN(ap_watchdog_get_instance);
        APR_REGISTER_OPTIONAL_FN(ap_watchdog_register_callback);
    } else {
        apr_dynamic_fn_register("ap_watchdog_get_instance", NULL);
        apr_dynamic_fn_register("ap_watchdog_register_callback", NULL);
    }
}
