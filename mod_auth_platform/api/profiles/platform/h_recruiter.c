/* SPDX-License-Identifier: Apache-2.0 */
/* The routes that make recruiters. */
#include "api/core/answer.h"
#include "api/core/query.h"
#include "api/core/sign_in.h"
#include "api/profiles/platform/handlers.h"
#include "api/profiles/platform/quiet_answer.h"
#include "service/account/shape.h"
#include "service/invite/invite.h"
#include "service/invite/recruiter.h"

#include <string.h>

static bool by_admin(const authp_call_t *call)
{
    authp_roles_t admin = authp_roles_bit(call->realm->roles, "admin");
    return call->user != NULL && (call->principal.roles & admin) != 0;
}

static authp_err_t make_by_admin(authp_call_t *call, authp_new_account_t *in)
{
    authp_user_t *user = NULL;
    call->by_admin = true;
    in->role = "recruiter";
    in->verified = !json_is_false(json_object_get(call->body, "verified"));
    authp_err_t err =
        authp_account_create(call->realm, in, call->user->id.hex, &call->client, &user, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_json(call, 201, authp_answer_user(user, call->pool));
    }
    return err;
}

authp_err_t authp_h_recruiter_register(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_grant_t grant;
    const char *code = authp_call_field(call, "invite_code");
    authp_new_account_t in = {.email = authp_call_field(call, "email"),
                              .name = authp_call_field(call, "name"),
                              .password = authp_call_field(call, "password")};
    in.password_len = strlen(in.password);
    if (code == NULL && by_admin(call)) {
        return make_by_admin(call, &in);
    }
    if (call->realm->settings->email_verification_required) {
        const authp_quiet_sign_up_t quiet = {.account = &in, .recruiter = true, .code = code};
        return authp_quiet_answer(call, &quiet);
    }
    authp_err_t err =
        authp_recruiter_register(call->realm, &in, code, &call->client, &user, call->pool);
    if (err == AUTHP_OK && !user->is_recruiter_verified) {
        authp_answer_json(call, 201, authp_answer_user(user, call->pool));
        return AUTHP_OK;
    }
    if (err == AUTHP_OK) {
        err = authp_session_start(call->realm, user, &call->client, &grant, call->pool);
    }
    return err == AUTHP_OK ? authp_sign_in_answer(call, 201, &grant) : err;
}

authp_err_t authp_h_recruiter_invite(authp_call_t *call)
{
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    const json_t *hours = json_object_get(call->body, "expires_in_hours");
    const authp_actor_t actor = {.id = call->user->id.hex, .client = &call->client};
    const authp_new_invite_t in = {.email = authp_call_field(call, "email"),
                                   .hours = hours != NULL ? (int)json_number_value(hours)
                                                          : AUTHP_INVITE_HOURS,
                                   .send = json_is_true(json_object_get(call->body, "send"))};
    authp_err_t err = authp_invite_make(call->realm, &actor, &in, &invite, &code, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_json(call, 201, authp_shape_new_invite(invite, code, call->pool));
    }
    return err;
}

static json_t *invite_item(const authp_call_t *call, const void *row)
{
    return authp_shape_invite(row, call->pool);
}

authp_err_t authp_h_recruiter_invites(authp_call_t *call)
{
    apr_array_header_t *invites = NULL;
    const authp_page_t page = authp_query_page(call);
    authp_err_t err = authp_store_invite_list(call->realm->store, &page, &invites, call->pool);
    if (err == AUTHP_OK) {
        authp_query_answer(call, invites, invite_item);
    }
    return err;
}

authp_err_t authp_h_recruiter_revoke(authp_call_t *call)
{
    const authp_actor_t actor = {.id = call->user->id.hex, .client = &call->client};
    call->out->status = 204;
    return authp_invite_revoke(call->realm, &actor, authp_call_id(call), call->pool);
}
