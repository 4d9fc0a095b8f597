/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_ADMIN_H
#define AUTHP_CLI_CMD_ADMIN_H

#include "cli/context.h"

int authp_cmd_admin_purge(authp_context_t *context);
int authp_cmd_admin_check_config(authp_context_t *context);
int authp_cmd_admin_secret(authp_context_t *context);

#endif
