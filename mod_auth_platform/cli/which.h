/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_WHICH_H
#define AUTHP_CLI_WHICH_H

#include "cli/context.h"

/* Finds the user that --email, --username, --phone or --id names. Exactly one must be given.
 * Opens the store. Returns the exit status, and has printed an error if it is not 0. */
int authp_which_user(authp_context_t *context, authp_user_t **out);
/* How many of them are given. */
int authp_which_count(const authp_context_t *context);
/* The text for AUTHP_E_NOT_FOUND, for a user who was named in this way. */
const char *authp_which_missing(const authp_context_t *context);

#endif
