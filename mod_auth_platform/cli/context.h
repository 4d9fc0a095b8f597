/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CONTEXT_H
#define AUTHP_CLI_CONTEXT_H

#include "cli/options.h"
#include "service/admin.h"

/* What a command works with; the parts are made on demand, as `secret` needs none of them. */
typedef struct authp_context_t {
    const authp_options_t *options;
    apr_pool_t *pool;
    authp_settings_t *settings;
    authp_realm_t *realm;
    const authp_store_ops_t *ops;
    authp_store_config_t config;
    const char *where; /* for errors: the database, and the settings that name it */
} authp_context_t;

/* Settings, realm and the choice of the store, contacting nothing. On failure each wrong thing is a
 * line of *errors (const char *). */
AUTHP_CHECKED authp_err_t authp_context_load(authp_context_t *context, apr_array_header_t **errors);
/* The same, then becomes the owner of the database, makes what is missing and opens the store.
 * Failures have been told to the operator. */
AUTHP_CHECKED authp_err_t authp_context_open(authp_context_t *context);

/* Tells the operator of a failure; `missing` says what AUTHP_E_NOT_FOUND means here, NULL where it
 * cannot come. A failure of the store names the database. Returns the exit status. */
int authp_context_failure(const authp_context_t *context, authp_err_t err, const char *missing);

const char *authp_context_value(const authp_context_t *context, const char *name);
/* Nobody: the audit's actor is "cli". */
extern const authp_client_t authp_context_client;
extern const authp_actor_t authp_context_actor;

#endif
