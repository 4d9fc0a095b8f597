/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_LIMIT_H
#define AUTHP_SERVICE_LIMIT_LIMIT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/random.h"
#include "service/limit/limit_class.h"
#include "service/settings/settings.h"

#include <apr_pools.h>
#include <stddef.h>

/* Limits how often one client may ask. The counters are in shared memory, so all children of one
 * server count together, and graceful and full restarts keep the counts. AUTH_LIMIT_ADDRESS=120/1m
 * means a burst of 120, and 120 a minute over time. (GCRA: each request moves a due time forward by
 * a 120th of a minute. The due time may be at most a minute in the future.) */
typedef struct authp_limit_shared_t authp_limit_shared_t; /* made before fork */
typedef struct authp_limits_t authp_limits_t; /* with the settings of one generation; read-only */

/* `clock` is monotonic, and the same for all processes that share the memory. */
AUTHP_CHECKED authp_err_t authp_limit_shared_make(const authp_clock_t *clock,
                                                  const authp_random_t *random,
                                                  authp_limit_shared_t **out);
authp_limits_t *authp_limit_make(authp_limit_shared_t *shared, const authp_settings_t *settings,
                                 const authp_clock_t *clock, apr_pool_t *pool);

/* Counts one request of a client address (IPv6: of its /64; NULL counts as an address too) or of a
 * known device. AUTHP_E_RATE_LIMITED: there is no room. The request is then not counted, and
 * *retry_after has the seconds to wait. If `limits` is NULL, everybody passes. */
AUTHP_CHECKED authp_err_t authp_limit_take_address(const authp_limits_t *limits,
                                                   authp_limit_class_t class, const char *ip,
                                                   int *retry_after);
AUTHP_CHECKED authp_err_t authp_limit_take_device(const authp_limits_t *limits,
                                                  authp_limit_class_t class, const void *id,
                                                  size_t len, int *retry_after);
/* Takes one request back, for example after a registration that failed. */
void authp_limit_give_address(const authp_limits_t *limits, authp_limit_class_t class,
                              const char *ip);

#endif
