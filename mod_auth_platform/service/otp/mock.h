/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_MOCK_H
#define AUTHP_SERVICE_OTP_MOCK_H

#include "service/otp/sender.h"

/* Sends nothing, and takes 1234 and 123456 for the code of each number. Settings with
 * OTP_PROVIDER=mock are refused unless APP_ENV=development. */
extern const authp_otp_sender_t authp_mock;

#endif
