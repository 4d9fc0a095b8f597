/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_INVITE_H
#define AUTHP_CLI_CMD_INVITE_H

#include "cli/context.h"

int authp_cmd_invite_create(authp_context_t *context);
int authp_cmd_invite_list(authp_context_t *context);
int authp_cmd_invite_revoke(authp_context_t *context);

#endif
