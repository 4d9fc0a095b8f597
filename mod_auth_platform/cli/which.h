/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_WHICH_H
#define AUTHP_CLI_WHICH_H

#include "cli/context.h"

/* The user that --email or --id names, exactly one of them; opens the store on the way. Returns the
 * exit status; what is wrong has been said. */
int authp_which_user(authp_context_t *context, authp_user_t **out);
/* What AUTHP_E_NOT_FOUND means for a user named like that. */
const char *authp_which_missing(const authp_context_t *context);

#endif
