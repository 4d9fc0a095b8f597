/* SPDX-License-Identifier: Apache-2.0 */
/* The routes by which people change their own account and devices. */
#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "api/core/query.h"
#include "api/profiles/platform/handlers.h"
#include "service/account/own.h"

static authp_self_t self_of(const authp_call_t *call)
{
    return (authp_self_t){.user = call->user,
                          .session = call->session,
                          .client = &call->client,
                          .auth_time = call->principal.auth_time};
}

authp_err_t authp_h_own_patch(authp_call_t *call)
{
    authp_user_t *user = call->user;
    const authp_self_t self = self_of(call);
    authp_err_t err = AUTHP_OK;
    if (json_object_get(call->body, "name") != NULL) {
        err =
            authp_own_rename(call->realm, &self, authp_call_field(call, "name"), &user, call->pool);
    }
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, authp_answer_user(user, call->pool));
    }
    return err;
}

authp_err_t authp_h_own_password(authp_call_t *call)
{
    authp_grant_t grant;
    const authp_self_t self = self_of(call);
    const authp_password_change_t change = {.current = authp_call_field(call, "current_password"),
                                            .wanted = authp_call_field(call, "new_password")};
    authp_err_t err = authp_own_password(call->realm, &self, &change, &grant, call->pool);
    return err == AUTHP_OK
               ? authp_answer_tokens(call, 200, &grant, call->credential.via == AUTHP_VIA_COOKIE)
               : err;
}

authp_err_t authp_h_own_delete(authp_call_t *call)
{
    const authp_self_t self = self_of(call);
    bool cookies =
        call->credential.via == AUTHP_VIA_COOKIE || authp_cookie_is_of(call, call->session->id.hex);
    authp_err_t err =
        authp_own_delete(call->realm, &self, authp_call_field(call, "password"), call->pool);
    if (err == AUTHP_OK && cookies) {
        authp_cookie_clear(call);
    }
    call->out->status = 204;
    return err;
}

static json_t *session_item(const authp_call_t *call, const void *row)
{
    return authp_answer_session(call, row);
}

authp_err_t authp_h_own_sessions(authp_call_t *call)
{
    apr_array_header_t *sessions = NULL;
    const authp_page_t page = authp_query_page(call);
    authp_err_t err =
        authp_store_session_list(call->realm->store, call->user->id.hex,
                                 authp_realm_now(call->realm), &page, &sessions, call->pool);
    if (err == AUTHP_OK) {
        authp_query_answer(call, sessions, session_item);
    }
    return err;
}

authp_err_t authp_h_own_end_session(authp_call_t *call)
{
    const authp_self_t self = self_of(call);
    authp_err_t err = authp_own_end_session(call->realm, &self, authp_call_id(call), call->pool);
    if (err == AUTHP_OK && authp_cookie_is_of(call, authp_call_id(call))) {
        authp_cookie_clear(call);
    }
    call->out->status = 204;
    return err;
}

authp_err_t authp_h_own_end_others(authp_call_t *call)
{
    const authp_self_t self = self_of(call);
    call->out->status = 204;
    return authp_own_end_others(call->realm, &self, call->pool);
}
