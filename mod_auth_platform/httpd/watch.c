/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/watch.h"
#include "httpd/runtime.h"

apr_status_t authp_watch(const char *name, int interval_ms, ap_watchdog_callback_fn_t *fn,
                         apr_pool_t *pconf)
{
    ap_watchdog_t *watchdog = NULL;
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    if (get == NULL || add == NULL) {
        return APR_ENOTIMPL;
    }
    apr_status_t rv = get(&watchdog, name, 0, 0, pconf);
    return rv == APR_SUCCESS
               ? add(watchdog, apr_time_from_msec(interval_ms), authp_runtime_get(), fn)
               : rv;
}
