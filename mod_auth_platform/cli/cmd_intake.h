/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_INTAKE_H
#define AUTHP_CLI_CMD_INTAKE_H

#include "cli/context.h"

#include <stdio.h>

/* The name of our own format, which is not read here. */
#define AUTHP_CMD_INTAKE_OWN_FORMAT "authplatform"

/* True if --format names another format than our own. */
bool authp_cmd_intake_wanted(const authp_context_t *context);

/* NULL if --format and the parameters of hashes are right, otherwise the sentence that says what is
 * wrong. Contacts nothing. */
const char *authp_cmd_intake_check(const authp_context_t *context);

/* import --format csv, firebase ...: reads accounts of another system from `in`, and puts them into
 * the store, which is open. `bytes` is the size of the file, 0 if it is unknown. Returns the exit
 * status. */
int authp_cmd_intake(authp_context_t *context, FILE *in, int64_t bytes, bool dry_run);

#endif
