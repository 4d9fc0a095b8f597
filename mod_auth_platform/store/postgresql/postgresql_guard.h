/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_GUARD_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_GUARD_H

#include "base/err.h"

#include <apr_dbd.h>
#include <apr_pools.h>

/* Bounds how long a call of libpq may take. A server that does not answer, but whose kernel does
 * (it is frozen, or its disk is), would hold the caller for ever: libpq has no time-out for an
 * answer. A thread of our own shuts the socket down when the time is over, and libpq then reports
 * a lost connection. These are the guard_...() of authp_sql_link_t; `data` is what the first one
 * made. */
AUTHP_CHECKED authp_err_t authp_postgresql_guard_open(void **guard, apr_pool_t *pool);
void authp_postgresql_guard_begin(void *data, const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                                  int timeout_ms);
void authp_postgresql_guard_end(void *data, apr_dbd_t *handle);

#endif
