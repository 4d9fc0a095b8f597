/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_WATCH_H
#define AUTHP_HTTPD_WATCH_H

#include <mod_watchdog.h>

/* Lets mod_watchdog call `fn` in each child about every `interval_ms`, with the state of the
 * present generation as its data. Each name has a thread of its own, so that a round that waits for
 * a slow store or server does not delay the rounds of other names. A round that uses OpenSSL calls
 * authp_thread_memory_free() before the child may end. Call this in post_config.
 * APR_ENOTIMPL: mod_watchdog is not loaded. */
apr_status_t authp_watch(const char *name, int interval_ms, ap_watchdog_callback_fn_t *fn,
                         apr_pool_t *pconf);

#endif
