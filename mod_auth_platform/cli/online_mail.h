/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_ONLINE_MAIL_H
#define AUTHP_CLI_ONLINE_MAIL_H

#include "base/json.h"
#include "cli/context.h"

/* Connects to the server of MAIL_URL, with TLS and its account, and sends no mail. Without MAIL_URL
 * does nothing. Adds `mail` to the answer, and a line (const char *) to `errors` if the server
 * cannot be used. Without --json prints a line. */
void authp_online_mail_check(authp_context_t *context, json_t *answer, apr_array_header_t *errors);

#endif
