/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/ai/ai.h"
#include "api/core/answer.h"
#include "api/core/origin_rule.h"
#include "api/core/profile.h"
#include "api/core/sign_in.h"
#include "api/profiles/ai/pair.h"
#include "base/json.h"
#include "service/account/account.h"
#include "service/session/refresh_token.h"
#include "service/session/session_device.h"
#include "service/session/session_refresh.h"

#include <string.h>

#define GONE "Refresh token revoked or not found"

static void answer_status(authp_call_t *call, const char *status, const char *username)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "status", status);
    if (username != NULL) {
        authp_json_set_str(out, "username", username);
    }
    authp_answer_json(call, 200, out);
}

static void answer_person(authp_call_t *call, const authp_user_t *user)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    authp_json_set_str(out, "full_name", user->name);
    authp_answer_json(call, 201, out);
}

/* With a username the answer is a status, without one the account. */
authp_err_t authp_ai_register(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = {.username = authp_call_field(call, "username"),
                              .email = authp_call_field(call, "email"),
                              .name = authp_call_field(call, "full_name"),
                              .password = authp_call_field(call, "password"),
                              .role = call->request->mount->profile->default_role};
    in.password_len = strlen(in.password);
    authp_err_t err = authp_account_sign_up(call->realm, &in, &call->client, &user, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (user->username != NULL) {
        answer_status(call, "created", user->username);
    } else {
        answer_person(call, user);
    }
    return AUTHP_OK;
}

/* A form neither sets nor reads a cookie. */
static authp_err_t sign_in(authp_call_t *call, const authp_grant_t *grant)
{
    json_t *out = NULL;
    authp_err_t err =
        authp_session_device_end_older(call->realm, grant->session, &call->client, call->pool);
    if (err == AUTHP_OK) {
        err = authp_sign_in_bearer(call, grant, &out);
    }
    if (err == AUTHP_OK && !call->form) {
        authp_pair_replace(call);
        err = authp_pair_set(call, grant);
    }
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, out);
    }
    return err;
}

authp_err_t authp_ai_login(authp_call_t *call)
{
    authp_grant_t grant;
    const authp_request_t *request = call->request;
    authp_err_t err = call->form
                          ? AUTHP_OK
                          : authp_origin_rule_check(call->realm, &request->headers, request->scheme,
                                                    request->host, true, call->pool);
    if (err == AUTHP_OK) {
        err = authp_sign_in_by_password(call, AUTHP_DOOR_ANY, &grant);
    }
    return err == AUTHP_OK ? sign_in(call, &grant) : err;
}

/* AUTHP_E_REFRESH_INVALID: there is no token, it is malformed, or no session has it. In the last
 * case call->detail is GONE. */
static authp_err_t prove(authp_call_t *call, const char *token, authp_proof_t *out)
{
    authp_refresh_token_t parsed;
    authp_err_t err = authp_refresh_token_parse(token, &parsed);
    if (err == AUTHP_OK) {
        call->detail = GONE;
        err = authp_session_prove(call->realm, token, out, call->pool);
    }
    return err;
}

authp_err_t authp_ai_refresh(authp_call_t *call)
{
    authp_proof_t proof;
    authp_grant_t grant;
    const char *token = authp_call_field(call, "refresh_token");
    bool by_cookie = token == NULL;
    authp_err_t err = by_cookie ? authp_pair_check(call) : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = prove(call, by_cookie ? authp_pair_token(call) : token, &proof);
    }
    if (err == AUTHP_OK && by_cookie) {
        err = authp_pair_check_session(call, proof.session->id.hex);
    }
    if (err == AUTHP_OK) {
        err = authp_session_refresh(call->realm, &proof, &call->client, &grant, call->pool);
    }
    if (err == AUTHP_OK && by_cookie) {
        err = authp_pair_set(call, &grant);
    }
    if (err != AUTHP_E_REFRESH_INVALID && err != AUTHP_E_REFRESH_REUSED) {
        call->detail = NULL;
    }
    if (err == AUTHP_OK) {
        json_t *out = authp_json_object(call->pool);
        authp_json_set_str(out, "access_token", grant.access_token);
        authp_json_set_str(out, "token_type", "bearer");
        if (!by_cookie) {
            authp_json_set_str(out, "refresh_token", grant.refresh_token);
        }
        authp_answer_json(call, 200, out);
    }
    return err;
}

/* Ends the session of the refresh token. If no session has it, ends the one that the csrf_token
 * names, because the browser may have lost its refresh token. */
static authp_err_t end_session(authp_call_t *call, const char *token, bool by_cookie)
{
    authp_proof_t proof;
    authp_err_t err = authp_session_prove(call->realm, token, &proof, call->pool);
    if (err == AUTHP_E_REFRESH_INVALID) {
        if (by_cookie) {
            authp_sign_in_end_named(call);
        }
        return AUTHP_OK;
    }
    if (err == AUTHP_OK && by_cookie) {
        err = authp_pair_check_session(call, proof.session->id.hex);
    }
    if (err == AUTHP_OK) {
        err = authp_session_end(call->realm, proof.session, "logout", &call->client, call->pool);
    }
    return err;
}

authp_err_t authp_ai_logout(authp_call_t *call)
{
    const char *token = authp_call_field(call, "refresh_token");
    bool by_cookie = token == NULL;
    authp_err_t err = by_cookie ? authp_pair_check(call) : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = end_session(call, by_cookie ? authp_pair_token(call) : token, by_cookie);
    }
    if (err == AUTHP_OK && by_cookie) {
        authp_pair_clear(call);
    }
    if (err == AUTHP_OK) {
        answer_status(call, "logged_out", NULL);
    }
    return err;
}

authp_err_t authp_ai_me(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", call->user->id.hex);
    authp_json_set_str(out, "username", call->user->username);
    authp_json_set_str(out, "role", authp_token_role_now(call->realm, &call->principal));
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}
