/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_CHANGE_H
#define AUTHP_CLI_CMD_CHANGE_H

#include "cli/context.h"

/* The commands `user ...` that change existing accounts. */
int authp_cmd_change_roles(authp_context_t *context);
int authp_cmd_change_disable(authp_context_t *context);
int authp_cmd_change_enable(authp_context_t *context);
int authp_cmd_change_verify(authp_context_t *context);
int authp_cmd_change_email(authp_context_t *context);
int authp_cmd_change_withdraw(authp_context_t *context);
int authp_cmd_change_password(authp_context_t *context);
int authp_cmd_change_phone(authp_context_t *context);
int authp_cmd_change_unlink(authp_context_t *context);
int authp_cmd_change_delete(authp_context_t *context);

#endif
