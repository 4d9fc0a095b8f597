/* SPDX-License-Identifier: Apache-2.0 */
#include "api/answer.h"
#include "api/cookie.h"
#include "base/json.h"

#include <string.h>

void authp_answer_json(authp_call_t *call, int status, json_t *body)
{
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

json_t *authp_answer_user(const authp_user_t *user, apr_pool_t *pool)
{
    json_t *out = authp_json_object(pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    authp_json_set_str(out, "name", user->name);
    authp_answer_roles(out, user->roles);
    authp_json_set_bool(out, "is_recruiter_verified", user->is_recruiter_verified);
    authp_json_set_bool(out, "email_verified", user->email_verified);
    authp_json_set_bool(out, "disabled", user->disabled);
    authp_json_set_str(out, "created_at", authp_clock_rfc3339(user->created_at, pool));
    return out;
}

json_t *authp_answer_session(const authp_call_t *call, const authp_session_t *session)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", session->id.hex);
    authp_json_set_str(out, "device_id", session->device_id);
    authp_json_set_str(out, "ip", session->ip);
    authp_json_set_str(out, "user_agent", session->user_agent);
    authp_json_set_str(out, "created_at", authp_clock_rfc3339(session->created_at, call->pool));
    authp_json_set_str(out, "last_used_at", authp_clock_rfc3339(session->last_used_at, call->pool));
    authp_json_set_bool(out, "current", strcmp(session->id.hex, call->session->id.hex) == 0);
    return out;
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
