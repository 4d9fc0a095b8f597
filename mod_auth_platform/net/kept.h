/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_KEPT_H
#define AUTHP_NET_KEPT_H

#include "base/clock.h"
#include "net/fetch.h"

/* One document that is fetched, parsed and kept, such as the keys of an identity provider. At most
 * one thread of the process fetches it at a time, and it holds no lock meanwhile. */
typedef struct authp_kept_t authp_kept_t;

#define AUTHP_KEPT_LEAST_MS INT64_C(300000)  /* kept at least so long, whatever the server says */
#define AUTHP_KEPT_MOST_MS INT64_C(86400000) /* kept at most so long */
#define AUTHP_KEPT_RENEW_MS INT64_C(60000)   /* time between two renewals for a caller */
#define AUTHP_KEPT_RETRY_MS INT64_C(60000)   /* after a failure, while there is an old value */
#define AUTHP_KEPT_FAILED_MS INT64_C(1000)   /* after a failure, while there is no value */

typedef struct authp_kept_rules_t {
    size_t limit;   /* bytes of the document */
    int timeout_ms; /* of a fetch, and of the wait for another thread's fetch */
    /* Makes the value from the body of an answer with status 200. `pool` lives as long as the value
     * and is used by this value alone. `body` does not live so long. An error refuses the document;
     * callers of authp_kept_get() get that error. */
    authp_err_t (*parse)(void *ctx, const char *body, size_t len, void **value, apr_pool_t *pool);
    void *ctx;
} authp_kept_rules_t;

/* `clock` measures intervals: the monotonic one, or a test's. */
authp_kept_t *authp_kept_make(const authp_kept_rules_t *rules, const authp_fetcher_t *fetcher,
                              const authp_clock_t *clock, apr_pool_t *pool);

/* Gets the value of `url`. *value lives at least as long as `pool`. The document is fetched if
 * there is no value, or if its time is over. If that fails, the old value is used for another
 * minute; without one, the error is remembered for a second. While another thread fetches, callers
 * use the old value; without one they wait, at most timeout_ms. A value that was fetched from
 * another URL does not count. AUTHP_E_UNAVAILABLE: no answer in time, or a status other than 200.
 * Other errors are the fetcher's and parse's. */
AUTHP_CHECKED authp_err_t authp_kept_get(authp_kept_t *kept, const char *url, const void **value,
                                         apr_pool_t *pool);

/* True if authp_kept_get() answers at once now, because it neither fetches nor waits for a fetch.
 */
bool authp_kept_is_quick(authp_kept_t *kept, const char *url);

/* For a caller who does not find what it needs (a key) in *value, which authp_kept_get() gave it.
 * Sets *value to a newer one if there is one, or fetches it if nobody called this function in the
 * latest minute. AUTHP_OK with *value unchanged: the newest document does not have it. An error:
 * the latest renewal failed with it, so a newer document may have it. */
AUTHP_CHECKED authp_err_t authp_kept_renew(authp_kept_t *kept, const char *url, const void **value,
                                           apr_pool_t *pool);

#endif
