/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators register and sign in in two steps: password, then code. */
#include "api/core/answer.h"
#include "api/core/sign_in.h"
#include "api/profiles/phone/phone_answers.h"
#include "api/profiles/phone/phone_handlers.h"
#include "base/json.h"
#include "service/phone/phone.h"
#include "service/two_step/admin_login.h"
#include "service/two_step/admin_register.h"

#include <string.h>

#define PENDING "pending_verification"

/* Without a provider of codes no step can be taken, so no password is checked either. */
static bool has_codes(const authp_call_t *call)
{
    return call->realm->otp != NULL;
}

static json_t *message(const authp_call_t *call, const char *text)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "message", text);
    return out;
}

/* Sets the members mobile, masked, and status, and answers. */
static void answer_pending(authp_call_t *call, const char *phone, json_t *out)
{
    authp_json_set_str(out, "mobile", authp_phone_masked(call->realm->settings, phone, call->pool));
    authp_json_set_str(out, "status", PENDING);
    authp_answer_json(call, 200, out);
}

authp_err_t authp_h_phone_admins_register(authp_call_t *call)
{
    authp_roles_t admin = authp_roles_bit(call->realm->roles, "admin");
    const char *phone = NULL;
    authp_admin_register_t in = {.email = authp_call_field(call, "email"),
                                 .password = authp_call_field(call, "password"),
                                 .mobile = authp_call_field(call, "mobile"),
                                 .name = authp_call_field(call, "name"),
                                 .invite_code = authp_call_field(call, "invite_code")};
    in.password_len = strlen(in.password);
    if (call->user != NULL && (call->principal.roles & admin) != 0) {
        in.admin_id = call->user->id.hex;
        call->by_admin = true;
    }
    authp_err_t err = has_codes(call) ? authp_admin_register_begin(call->realm, &in, &call->client,
                                                                   &phone, call->pool)
                                      : AUTHP_E_OTP_UNAVAILABLE;
    if (err == AUTHP_OK) {
        answer_pending(call, phone, message(call, "OTP sent for verification"));
    }
    if (err == AUTHP_E_INSUFFICIENT_ROLE && call->user == NULL) {
        call->detail = "An administrator's token or an invite for the role admin is needed";
    }
    return err;
}

authp_err_t authp_h_phone_admins_verify(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_err_t err =
        has_codes(call) ? authp_admin_register_finish(call->realm, authp_call_field(call, "mobile"),
                                                      authp_call_field(call, "otp"), &call->client,
                                                      &user, call->pool)
                        : AUTHP_E_OTP_UNAVAILABLE;
    if (err == AUTHP_OK) {
        json_t *out = message(call, "Registration completed successfully");
        authp_json_set(out, "user", authp_phone_answers_admin(call, user));
        authp_answer_json(call, 200, out);
    }
    if (err == AUTHP_E_INSUFFICIENT_ROLE) {
        call->detail = "The administrator who allowed this registration is none any more";
    }
    return err;
}

authp_err_t authp_h_phone_admins_login(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_err_t err = has_codes(call)
                          ? authp_admin_login_begin(call->realm, authp_call_field(call, "email"),
                                                    authp_call_field(call, "password"),
                                                    &call->client, &user, call->pool)
                          : AUTHP_E_OTP_UNAVAILABLE;
    if (err == AUTHP_E_NOT_FOUND) {
        call->detail = "User not found or not verified";
    }
    if (err == AUTHP_OK) {
        json_t *out = message(call, "OTP sent successfully");
        authp_json_set_str(out, "email", user->email);
        answer_pending(call, user->phone, out);
    }
    return err;
}

authp_err_t authp_h_phone_admins_verify_login(authp_call_t *call)
{
    authp_grant_t grant;
    json_t *token = NULL;
    authp_err_t err =
        authp_admin_login_finish(call->realm, authp_call_field(call, "email"),
                                 authp_call_field(call, "otp"), &call->client, &grant, call->pool);
    if (err == AUTHP_OK) {
        err = authp_sign_in_bearer(call, &grant, &token);
    }
    if (err == AUTHP_OK) {
        json_t *out = message(call, "Login successful");
        (void)json_object_update(out, token);
        authp_json_set(out, "user", authp_phone_answers_admin(call, grant.user));
        authp_answer_json(call, 200, out);
    }
    return err;
}
