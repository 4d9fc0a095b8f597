/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_MAIL_TEMPLATES_H
#define AUTHP_CLI_CMD_MAIL_TEMPLATES_H

#include "cli/context.h"

int authp_cmd_mail_templates(authp_context_t *context);

#endif
