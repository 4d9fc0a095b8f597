/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_ONLINE_KEYS_H
#define AUTHP_CLI_ONLINE_KEYS_H

#include "base/json.h"
#include "cli/context.h"

/* Opens the store, and unwraps its data keys. Does nothing without MAIL_URL, or if the database is
 * a file that does not exist yet. Adds `data_keys` to the answer, and a line (const char *) to
 * `errors` if the store does not answer or a data key does not open. Without --json prints a line.
 * The tool becomes the owner of the database, so nothing that needs the caller's rights may follow.
 */
void authp_online_keys_check(authp_context_t *context, json_t *answer, apr_array_header_t *errors);

#endif
