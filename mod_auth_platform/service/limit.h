/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_H
#define AUTHP_SERVICE_LIMIT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/random.h"
#include "service/settings.h"

#include <apr_pools.h>
#include <stddef.h>

/* How often one client may ask. The counters lie in shared memory: every child of one server counts
 * together, over graceful restarts too. AUTH_LIMIT_ADDRESS=120/1m means a burst of 120, and 120 a
 * minute over time (GCRA: each request moves a due time on by a 120th of a minute; it may be at
 * most a minute ahead of the clock). */
typedef struct authp_limit_shared_t authp_limit_shared_t; /* made before fork */
typedef struct authp_limits_t authp_limits_t; /* with the settings of one generation; read-only */

/* What routes belong to. */
typedef enum authp_limit_class_t {
    AUTHP_LIMIT_CREDENTIAL, /* a password is tried: AUTH_LIMIT_ADDRESS */
    AUTHP_LIMIT_REGISTER,   /* an account is made: AUTH_LIMIT_REGISTER */
    AUTHP_LIMIT_REFRESH,    /* a refresh token is shown: ten times AUTH_LIMIT_ADDRESS, since apps of
                               a whole office come by themselves */
    AUTHP_LIMIT_CLASSES
} authp_limit_class_t;

/* `clock` is a monotonic one, the same for all who share. */
AUTHP_CHECKED authp_err_t authp_limit_shared_make(const authp_clock_t *clock,
                                                  const authp_random_t *random,
                                                  authp_limit_shared_t **out);
authp_limits_t *authp_limit_make(authp_limit_shared_t *shared, const authp_settings_t *settings,
                                 const authp_clock_t *clock, apr_pool_t *pool);

/* Counts one request of a client address (IPv6: of its /64; NULL is an address too) or of a known
 * device. AUTHP_E_RATE_LIMITED: it was one too many, is not counted, and may be tried again in
 * *retry_after seconds. NULL limits let everybody pass. */
AUTHP_CHECKED authp_err_t authp_limit_take_address(const authp_limits_t *limits,
                                                   authp_limit_class_t class, const char *ip,
                                                   int *retry_after);
AUTHP_CHECKED authp_err_t authp_limit_take_device(const authp_limits_t *limits,
                                                  authp_limit_class_t class, const void *id,
                                                  size_t len, int *retry_after);
/* Takes one of those back: it turned out not to be what the limit is about. */
void authp_limit_give_address(const authp_limits_t *limits, authp_limit_class_t class,
                              const char *ip);

#endif
