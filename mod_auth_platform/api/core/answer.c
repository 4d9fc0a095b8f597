/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "api/core/profile.h"
#include "base/json.h"
#include "service/account/shape.h"

#include <string.h>

void authp_answer_json(authp_call_t *call, int status, json_t *body)
{
    const authp_shape_t *shape = call->request->mount->profile->shape;
    if (shape->answer != NULL) {
        body = shape->answer(call->route, body, call->pool);
    }
    call->out->status = status;
    apr_table_setn(call->out->headers, "Content-Type", "application/json");
    call->out->body = authp_json_text(body, &call->out->body_len, call->pool);
}

void authp_answer_roles(json_t *object, const apr_array_header_t *names)
{
    json_t *roles = authp_json_set_array(object, "roles");
    for (int i = 0; i < names->nelts; i++) {
        authp_json_append_str(roles, APR_ARRAY_IDX(names, i, const char *));
    }
}

void authp_answer_message(authp_call_t *call, const char *message)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "message", message);
    authp_answer_json(call, 200, out);
}

json_t *authp_answer_user(const authp_user_t *user, apr_pool_t *pool)
{
    return authp_shape_user(user, pool);
}

json_t *authp_answer_session(const authp_call_t *call, const authp_session_t *session)
{
    bool current = strcmp(session->id.hex, call->session->id.hex) == 0;
    return authp_shape_session(session, current, call->pool);
}

authp_err_t authp_answer_tokens(authp_call_t *call, int status, const authp_grant_t *grant,
                                bool cookies)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "access_token", grant->access_token);
    if (cookies) {
        authp_err_t err = authp_cookie_set(call, grant);
        if (err != AUTHP_OK) {
            return err;
        }
    } else {
        authp_json_set_str(out, "refresh_token", grant->refresh_token);
    }
    authp_json_set_str(out, "token_type", "bearer");
    authp_json_set_int(out, "expires_in", grant->expires_in);
    authp_json_set(out, "user", authp_answer_user(grant->user, call->pool));
    authp_answer_json(call, status, out);
    return AUTHP_OK;
}

void authp_answer_redirect(authp_call_t *call, const char *location)
{
    call->out->status = 302;
    apr_table_setn(call->out->headers, "Location", location);
}
