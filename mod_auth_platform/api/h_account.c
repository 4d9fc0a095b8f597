/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer.h"
#include "api/cookie.h"
#include "api/handlers.h"
#include "base/json.h"
#include "service/account.h"

#include <string.h>

/* Every sign-in ends the session whose cookies came with the request. The new session exists
 * already. So if ending the old one fails, the only effect is one more session in the list. */
static void end_replaced(const authp_call_t *call, const authp_grant_t *grant)
{
    const char *refresh = authp_cookie_refresh(call);
    authp_proof_t before;
    if (refresh == NULL ||
        authp_session_prove(call->realm, refresh, &before, call->pool) != AUTHP_OK ||
        strcmp(before.session->id.hex, grant->session->id.hex) == 0) {
        return;
    }
    const authp_leaving_t leaving = {.user_id = before.session->user_id.hex,
                                     .session_id = before.session->id.hex,
                                     .ver = before.session->ver,
                                     .session = before.session};
    authp_err_t err = authp_session_logout(call->realm, &leaving, false, &call->client, call->pool);
    (void)err;
}

authp_err_t authp_answer_signed_in(authp_call_t *call, int status, const authp_grant_t *grant)
{
    end_replaced(call, grant);
    authp_err_t err = authp_cookie_set_device(call, grant);
    if (err != AUTHP_OK) {
        return err;
    }
    return authp_answer_tokens(call, status, grant, authp_cookie_wanted(call));
}

authp_err_t h_register(authp_call_t *call)
{
    authp_grant_t grant;
    authp_new_account_t in = {.email = authp_route_field(call, "email"),
                              .name = authp_route_field(call, "name"),
                              .password = authp_route_field(call, "password")};
    in.password_len = strlen(in.password);
    authp_err_t err = authp_account_register(call->realm, &in, &call->client, &grant, call->pool);
    return err == AUTHP_OK ? authp_answer_signed_in(call, 201, &grant) : err;
}

static authp_err_t sign_in(authp_call_t *call, authp_door_t door)
{
    authp_grant_t grant;
    const char *email = authp_route_field(call, "email");
    authp_login_t in = {.kind = email != NULL ? AUTHP_LOGIN_EMAIL : AUTHP_LOGIN_USERNAME,
                        .login = email != NULL ? email : authp_route_field(call, "username"),
                        .password = authp_route_field(call, "password"),
                        .door = door,
                        .invite_code = authp_route_field(call, "invite_code")};
    in.password_len = strlen(in.password);
    authp_err_t err = authp_account_login(call->realm, &in, &call->client, &grant, call->pool);
    return err == AUTHP_OK ? authp_answer_signed_in(call, 200, &grant) : err;
}

authp_err_t h_login(authp_call_t *call)
{
    return sign_in(call, AUTHP_DOOR_ANY);
}

authp_err_t h_login_candidate(authp_call_t *call)
{
    return sign_in(call, AUTHP_DOOR_CANDIDATE);
}

authp_err_t h_login_recruiter(authp_call_t *call)
{
    return sign_in(call, AUTHP_DOOR_RECRUITER);
}

authp_err_t h_me(authp_call_t *call)
{
    authp_answer_json(call, 200, authp_answer_user(call->user, call->pool));
    return AUTHP_OK;
}

authp_err_t h_protected_me(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", call->user->id.hex);
    authp_json_set_str(out, "email", call->user->email);
    authp_json_set_str(out, "name", call->user->name);
    authp_answer_roles(out,
                       authp_roles_names(call->realm->roles, call->principal.roles, call->pool));
    authp_json_set_bool(out, "is_recruiter_verified", call->user->is_recruiter_verified);
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}
