/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_NATIVE_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_NATIVE_H

#include <apr_dbd.h>
#include <apr_tables.h>
#include <libpq-fe.h>
#include <stdbool.h>

/* Functions of libpq that apr_dbd does not offer. The module is not linked with libpq, so that
 * it can be loaded where libpq is not installed. The driver of apr_dbd is linked with libpq. */

/* Loads the driver. Returns NULL, or one line that says what is missing. */
const char *authp_postgresql_native_load(apr_pool_t *pool);

/* From now on error texts of this connection begin with the SQLSTATE, in every language of the
 * server. */
void authp_postgresql_native_set_up(const apr_dbd_driver_t *driver, apr_dbd_t *handle);

/* The number of the connection's socket; -1 if it has none. */
int authp_postgresql_native_socket(const apr_dbd_driver_t *driver, apr_dbd_t *handle);

/* True if there is something to read on a connection on which nothing is asked. Then the server has
 * closed it, or is about to. */
bool authp_postgresql_native_is_closed(const apr_dbd_driver_t *driver, apr_dbd_t *handle);

/* Reads a connection string (a URI or key=value). Returns an array with an end mark, which is freed
 * with `pool`: a member that is not set has the val NULL. Returns NULL if libpq cannot read it;
 * then *error is its message, which may contain parts of the string. */
const PQconninfoOption *authp_postgresql_native_parse(const char *text, const char **error,
                                                      apr_pool_t *pool);

#endif
