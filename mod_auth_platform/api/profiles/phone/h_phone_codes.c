/* SPDX-License-Identifier: Apache-2.0 */
/* The routes that send a code to a number. */
#include "api/core/answer.h"
#include "api/profiles/phone/phone_answers.h"
#include "api/profiles/phone/phone_handlers.h"
#include "base/json.h"
#include "service/account/find.h"
#include "service/account/phone_account.h"
#include "service/otp/otp.h"
#include "service/phone/phone.h"

/* Parses the number `typed` and looks for its account. *user is NULL if nobody has it. */
static authp_err_t find(const authp_call_t *call, const char *typed, const char **phone,
                        authp_user_t **user)
{
    authp_err_t err = authp_phone_parse(call->realm->settings, typed, phone, call->pool);
    if (err == AUTHP_OK) {
        err = authp_find_if_any(call->realm, AUTHP_LOGIN_PHONE, *phone, user, call->pool);
    }
    return err;
}

static void answer_sent(authp_call_t *call, const char *typed)
{
    json_t *data = authp_json_object(call->pool);
    authp_json_set_str(data, "phone", typed);
    authp_phone_answers_success(call, "OTP sent successfully", data);
}

static authp_err_t send_now(authp_call_t *call, const char *typed, authp_otp_purpose_t purpose)
{
    const char *phone = NULL;
    authp_user_t *user = NULL;
    authp_err_t err = find(call, typed, &phone, &user);
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_otp_request_t request = {.phone = phone, .purpose = purpose, .known = user != NULL};
    return authp_otp_send(call->realm, &request, &call->client, call->pool);
}

authp_err_t authp_h_phone_codes_send(authp_call_t *call)
{
    const char *typed = authp_call_field(call, "phone");
    authp_err_t err = send_now(call, typed, AUTHP_OTP_ENTER);
    if (err == AUTHP_OK) {
        answer_sent(call, typed);
    }
    return err;
}

/* The answer is the same whether the number has an account or not, and so is the time until it:
 * the code is sent afterwards. */
authp_err_t authp_h_phone_codes_forgot(authp_call_t *call)
{
    const char *phone = NULL;
    authp_user_t *user = NULL;
    const char *typed = authp_call_field(call, "phone");
    authp_err_t err = find(call, typed, &phone, &user);
    if (err == AUTHP_OK) {
        bool real = user != NULL && authp_phone_account_may_open(user);
        const authp_otp_request_t request = {
            .phone = phone, .purpose = AUTHP_OTP_RESET, .known = user != NULL};
        err = authp_otp_send_later(call->realm, &request, real, &call->client, call->pool);
    }
    if (err == AUTHP_OK) {
        answer_sent(call, typed);
    }
    return err;
}

authp_err_t authp_h_phone_codes_users(authp_call_t *call)
{
    authp_err_t err = send_now(call, authp_call_field(call, "mobile"), AUTHP_OTP_USER);
    if (err == AUTHP_OK) {
        authp_answer_message(call, "OTP sent to mobile");
    }
    return err;
}
