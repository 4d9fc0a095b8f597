/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/sign_in.h"
#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "base/json.h"
#include "service/session/csrf.h"

#include <string.h>

void authp_sign_in_end_named(const authp_call_t *call)
{
    authp_id_t sid;
    const char *csrf = authp_cookie_value(call, AUTHP_CSRF_COOKIE);
    authp_err_t err = authp_csrf_read_named(call->realm, csrf, &sid);
    if (err == AUTHP_OK) {
        err = authp_session_end_by_id(call->realm, sid.hex, &call->client, call->pool);
    }
    (void)err;
}

/* Every sign-in ends the session whose cookies came with the request. The new session exists
 * already. So if ending the old one fails, the only effect is one more session in the list. */
static void end_replaced(const authp_call_t *call, const authp_grant_t *grant)
{
    authp_sign_in_end_named(call);
    const char *refresh = authp_cookie_refresh(call);
    authp_proof_t before;
    if (refresh == NULL ||
        authp_session_prove(call->realm, refresh, &before, call->pool) != AUTHP_OK ||
        strcmp(before.session->id.hex, grant->session->id.hex) == 0) {
        return;
    }
    authp_err_t err =
        authp_session_end(call->realm, before.session, "logout", &call->client, call->pool);
    (void)err;
}

authp_err_t authp_sign_in_answer(authp_call_t *call, int status, const authp_grant_t *grant)
{
    end_replaced(call, grant);
    authp_err_t err = authp_cookie_set_device(call, grant);
    if (err != AUTHP_OK) {
        return err;
    }
    return authp_answer_tokens(call, status, grant, authp_cookie_wanted(call));
}

authp_err_t authp_sign_in_redirect(authp_call_t *call, const authp_grant_t *grant,
                                   const char *location)
{
    end_replaced(call, grant);
    authp_err_t err = authp_cookie_set_device(call, grant);
    if (err == AUTHP_OK) {
        err = authp_cookie_set(call, grant);
    }
    if (err == AUTHP_OK) {
        authp_answer_redirect(call, location);
    }
    return err;
}

authp_err_t authp_sign_in_bearer(authp_call_t *call, const authp_grant_t *grant, json_t **out)
{
    authp_err_t err = call->form ? AUTHP_OK : authp_cookie_set_device(call, grant);
    if (err == AUTHP_OK) {
        *out = authp_json_object(call->pool);
        authp_json_set_str(*out, "access_token", grant->access_token);
        authp_json_set_str(*out, "token_type", "bearer");
    }
    return err;
}

authp_err_t authp_sign_in_by_password(authp_call_t *call, authp_door_t door, authp_grant_t *out)
{
    const char *email = authp_call_field(call, "email");
    authp_login_t in = {.kind = email != NULL ? AUTHP_LOGIN_EMAIL : AUTHP_LOGIN_USERNAME,
                        .login = email != NULL ? email : authp_call_field(call, "username"),
                        .password = authp_call_field(call, "password"),
                        .door = door,
                        .invite_code = authp_call_field(call, "invite_code")};
    in.password_len = strlen(in.password);
    return authp_login_by_password(call->realm, &in, &call->client, out, call->pool);
}

authp_err_t authp_sign_in_end(const authp_call_t *call)
{
    return authp_session_end(call->realm, call->session, "logout", &call->client, call->pool);
}

authp_err_t authp_sign_in_bearer_by_password(authp_call_t *call, authp_door_t door)
{
    authp_grant_t grant;
    json_t *out = NULL;
    authp_err_t err = authp_sign_in_by_password(call, door, &grant);
    if (err == AUTHP_OK) {
        err = authp_sign_in_bearer(call, &grant, &out);
    }
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, out);
    }
    return err;
}
