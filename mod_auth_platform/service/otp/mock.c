/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/mock.h"

#include <string.h>

static authp_err_t send_nothing(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    (void)ctx, (void)message, (void)pool;
    return AUTHP_OK;
}

static authp_err_t leave_nothing(void *ctx, const authp_otp_message_t *message)
{
    (void)ctx, (void)message;
    return AUTHP_OK;
}

static authp_err_t verify(void *ctx, const char *phone, const char *code, apr_pool_t *pool)
{
    (void)ctx, (void)phone, (void)pool;
    return strcmp(code, "1234") == 0 || strcmp(code, "123456") == 0 ? AUTHP_OK
                                                                    : AUTHP_E_INVALID_OTP;
}

const authp_otp_sender_t authp_mock = {.name = "mock",
                                       .makes_all = true,
                                       .send = send_nothing,
                                       .send_later = leave_nothing,
                                       .verify = verify};
