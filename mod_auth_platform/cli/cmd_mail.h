/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_MAIL_H
#define AUTHP_CLI_CMD_MAIL_H

#include "cli/context.h"

int authp_cmd_mail_test(authp_context_t *context);

#endif
