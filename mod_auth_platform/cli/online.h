/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_ONLINE_H
#define AUTHP_CLI_ONLINE_H

#include "base/json.h"
#include "cli/context.h"

/* Runs authp_provider_check() for each identity provider of the settings. Adds `providers` to the
 * answer and a line (const char *) for each error to `errors`. Prints notes, and without --json a
 * line for each provider. */
void authp_online_check(authp_context_t *context, json_t *answer, apr_array_header_t *errors);

#endif
