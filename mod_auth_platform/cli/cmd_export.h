/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_EXPORT_H
#define AUTHP_CLI_CMD_EXPORT_H

#include "cli/context.h"

int authp_cmd_export(authp_context_t *context);

#endif
