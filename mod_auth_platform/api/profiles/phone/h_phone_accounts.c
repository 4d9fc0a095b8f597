/* SPDX-License-Identifier: Apache-2.0 */
/* The routes by which people get an account, sign in and sign out. */
#include "api/core/answer.h"
#include "api/core/sign_in.h"
#include "api/profiles/phone/phone_answers.h"
#include "api/profiles/phone/phone_handlers.h"
#include "base/json.h"
#include "service/code_sign_in/code_sign_in.h"
#include "service/phone/phone.h"

#include <string.h>

/* The number in the field `name`, and the code and the password of the body. */
static authp_err_t read_proof(const authp_call_t *call, const char *name, authp_code_proof_t *out)
{
    *out = (authp_code_proof_t){.code = authp_call_field(call, "otp"),
                                .password = authp_call_field(call, "password")};
    return authp_phone_parse(call->realm->settings, authp_call_field(call, name), &out->phone,
                             call->pool);
}

/* Answers a sign-in with {access_token, token_type, user}. */
static authp_err_t answer_session(authp_call_t *call, const char *message,
                                  const authp_grant_t *grant)
{
    json_t *data = NULL;
    authp_err_t err = authp_sign_in_bearer(call, grant, &data);
    if (err == AUTHP_OK) {
        const char *type = authp_token_role_of(call->realm, grant->user, call->client.door_role);
        authp_json_set(
            data, "user",
            authp_phone_answers_user(call, grant->user, authp_call_field(call, "phone"), type));
        authp_phone_answers_success(call, message, data);
    }
    return err;
}

authp_err_t authp_h_phone_accounts_register(authp_call_t *call)
{
    authp_grant_t grant;
    authp_code_proof_t proof;
    authp_err_t err = read_proof(call, "phone", &proof);
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_new_account_t in = {.phone = proof.phone,
                                    .email = authp_call_field(call, "email"),
                                    .name = authp_call_field(call, "full_name"),
                                    .password = proof.password,
                                    .password_len = strlen(proof.password),
                                    .role = authp_call_field(call, "user_type")};
    err = authp_code_sign_in_register(call->realm, &in, proof.code, &call->client, &grant,
                                      call->pool);
    return err == AUTHP_OK ? answer_session(call, "Registration successful", &grant) : err;
}

authp_err_t authp_h_phone_accounts_login(authp_call_t *call)
{
    authp_grant_t grant;
    authp_code_proof_t proof;
    authp_err_t err = read_proof(call, "phone", &proof);
    if (err == AUTHP_OK) {
        const authp_login_t in = {.kind = AUTHP_LOGIN_PHONE,
                                  .login = proof.phone,
                                  .password = proof.password,
                                  .password_len = strlen(proof.password),
                                  .door = AUTHP_DOOR_NOT_ADMIN};
        err = authp_login_by_password(call->realm, &in, &call->client, &grant, call->pool);
    }
    return err == AUTHP_OK ? answer_session(call, "Login successful", &grant) : err;
}

authp_err_t authp_h_phone_accounts_login_otp(authp_call_t *call)
{
    authp_grant_t grant;
    authp_code_proof_t proof;
    authp_err_t err = read_proof(call, "phone", &proof);
    if (err == AUTHP_OK) {
        err = authp_code_sign_in_login(call->realm, &proof, &call->client, &grant, call->pool);
    }
    if (err == AUTHP_E_NOT_FOUND) {
        call->detail = "User not found";
    }
    return err == AUTHP_OK ? answer_session(call, "Login successful", &grant) : err;
}

static apr_array_header_t *roles_of(const authp_call_t *call)
{
    const json_t *list = json_object_get(call->body, "roles");
    apr_array_header_t *roles = apr_array_make(call->pool, 4, sizeof(const char *));
    for (size_t i = 0; i < json_array_size(list); i++) {
        APR_ARRAY_PUSH(roles, const char *) = json_string_value(json_array_get(list, i));
    }
    return roles;
}

authp_err_t authp_h_phone_accounts_users_auth(authp_call_t *call)
{
    authp_grant_t grant;
    authp_code_proof_t proof;
    json_t *out = NULL;
    authp_err_t err = read_proof(call, "mobile", &proof);
    if (err == AUTHP_OK) {
        err = authp_code_sign_in_user(call->realm, &proof, roles_of(call), &call->client, &grant,
                                      call->pool);
    }
    if (err == AUTHP_E_OTP_SEND_FAILED) {
        call->detail = "Failed to verify OTP";
    }
    if (err == AUTHP_OK) {
        err = authp_sign_in_bearer(call, &grant, &out);
    }
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, out);
    }
    return err;
}

authp_err_t authp_h_phone_accounts_reset(authp_call_t *call)
{
    authp_code_proof_t proof;
    authp_err_t err = read_proof(call, "phone", &proof);
    if (err == AUTHP_OK) {
        proof.password = authp_call_field(call, "new_password");
        err = authp_code_sign_in_reset(call->realm, &proof, &call->client, call->pool);
    }
    if (err == AUTHP_OK) {
        authp_phone_answers_success(call, "Password reset successful", NULL);
    }
    return err;
}

authp_err_t authp_h_phone_accounts_logout(authp_call_t *call)
{
    authp_err_t err = authp_sign_in_end(call);
    if (err == AUTHP_OK) {
        authp_phone_answers_success(call, "Logged out successfully", NULL);
    }
    return err;
}

authp_err_t authp_h_phone_accounts_me(authp_call_t *call)
{
    json_t *data = authp_json_object(call->pool);
    const char *type = authp_token_role_now(call->realm, &call->principal);
    authp_json_set(data, "user", authp_phone_answers_user(call, call->user, NULL, type));
    authp_phone_answers_success(call, "User details retrieved successfully", data);
    return AUTHP_OK;
}
