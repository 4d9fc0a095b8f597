/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_KEYS_H
#define AUTHP_CLI_CMD_KEYS_H

#include "cli/context.h"

int authp_cmd_keys_status(authp_context_t *context);
int authp_cmd_keys_wrap(authp_context_t *context);
int authp_cmd_keys_forget(authp_context_t *context);

#endif
