/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_GUARD_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_GUARD_H

#include "base/err.h"

#include <apr_dbd.h>
#include <apr_pools.h>

/* Bounds how long a call of libpq may take. libpq has no time-out for an answer. If the server
 * process is frozen while its kernel still acknowledges packets, a call would wait without end.
 * A thread of ours shuts down the socket when the time is over, and libpq then reports a lost
 * connection. These functions are guard_open() and the other guard functions of
 * authp_sql_link_t; `data` is what guard_open() made. */
AUTHP_CHECKED authp_err_t authp_postgresql_guard_open(void **guard, apr_pool_t *pool);
void authp_postgresql_guard_begin(void *data, const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                                  int timeout_ms);
void authp_postgresql_guard_end(void *data, apr_dbd_t *handle);

#endif
