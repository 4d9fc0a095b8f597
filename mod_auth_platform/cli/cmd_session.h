/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_SESSION_H
#define AUTHP_CLI_CMD_SESSION_H

#include "cli/context.h"

int authp_cmd_session_list(authp_context_t *context);
int authp_cmd_session_end(authp_context_t *context);

#endif
