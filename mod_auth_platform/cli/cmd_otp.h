/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_CMD_OTP_H
#define AUTHP_CLI_CMD_OTP_H

#include "cli/context.h"

int authp_cmd_otp_status(authp_context_t *context);

#endif
