/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_USER_H
#define AUTHP_CLI_CMD_USER_H

#include "cli/context.h"

int authp_cmd_user_create(authp_context_t *context);
int authp_cmd_user_list(authp_context_t *context);
int authp_cmd_user_show(authp_context_t *context);

#endif
