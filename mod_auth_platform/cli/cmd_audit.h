/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_AUDIT_H
#define AUTHP_CLI_CMD_AUDIT_H

#include "cli/context.h"

int authp_cmd_audit_list(authp_context_t *context);

#endif
