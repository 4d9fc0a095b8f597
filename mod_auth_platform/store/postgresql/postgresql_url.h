/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_POSTGRESQL_POSTGRESQL_URL_H
#define AUTHP_STORE_POSTGRESQL_POSTGRESQL_URL_H

#include "store/store.h"

/* DATABASE_URL. It may contain a password: nothing here puts parts of it into a message, except for
 * the name of an option. */

/* Returns NULL, or one line that says what is wrong. Contacts nothing. */
const char *authp_postgresql_url_refusal(const authp_store_config_t *config, apr_pool_t *pool);

/* Database, host and port. */
const char *authp_postgresql_url_place(const authp_store_config_t *config, apr_pool_t *pool);

/* Returns the connection string for the driver: the options of config->uri, and our values for
 * time-outs and other options that config->uri does not set. */
const char *authp_postgresql_url_params(const authp_store_config_t *config, apr_pool_t *pool);

/* True if the URI sets the server's parameter `name` in its option "options". */
bool authp_postgresql_url_sets(const authp_store_config_t *config, const char *name,
                               apr_pool_t *pool);

#endif
