/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_OUTBOX_H
#define AUTHP_CLI_CMD_OUTBOX_H

#include "cli/context.h"

int authp_cmd_outbox_status(authp_context_t *context);
int authp_cmd_outbox_retry(authp_context_t *context);

#endif
