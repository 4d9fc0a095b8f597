/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CONTEXT_H
#define AUTHP_CLI_CONTEXT_H

#include "cli/options.h"
#include "service/account/admin.h"

/* What a command works with. The parts are made when they are needed: `secret`, for example, needs
 * none of them. */
typedef struct authp_context_t {
    const authp_options_t *options;
    apr_pool_t *pool;
    authp_settings_t *settings;
    authp_realm_t *realm;
    const authp_store_ops_t *ops;
    authp_store_config_t config;
    const char *where; /* for errors: the database, and the file that names it */
    int patience_ms;   /* time for one operation of the store; longer for commands that move many
                          rows; 0: as in a server */
} authp_context_t;

/* Loads the settings, makes the realm and chooses the store. Contacts nothing. On failure *errors
 * has a line (const char *) for each error. */
AUTHP_CHECKED authp_err_t authp_context_load(authp_context_t *context, apr_array_header_t **errors);
/* The same. Then it becomes the owner of the database, makes what is missing and opens the store.
 * It has printed an error if it fails. */
AUTHP_CHECKED authp_err_t authp_context_open(authp_context_t *context);
/* Like authp_context_open(), but does not contact the store, so the clocks are not compared. The
 * first operation of a store brings its schema up to date. A command that needs an older schema
 * must call authp_store_migrate_to() before any other operation. */
AUTHP_CHECKED authp_err_t authp_context_open_unasked(authp_context_t *context);

/* Prints an error. `missing` is the text for AUTHP_E_NOT_FOUND, or NULL if that cannot occur. For a
 * failure of the store, the database is named. Returns the exit status. */
int authp_context_failure(const authp_context_t *context, authp_err_t err, const char *missing);

const char *authp_context_value(const authp_context_t *context, const char *name);
/* A client without an address. The audit's actor is "cli". */
extern const authp_client_t authp_context_client;
extern const authp_actor_t authp_context_actor;

#endif
