/* SPDX-License-Identifier: Apache-2.0 */
/* How people become recruiters. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/query.h"
#include "base/json.h"
#include "service/invite.h"

#include <string.h>

static bool by_admin(const authp_call_t *call)
{
    authp_roles_t admin = authp_roles_bit(call->realm->roles, "admin");
    return call->user != NULL && (call->principal.roles & admin) != 0;
}

static authp_err_t make_by_admin(authp_call_t *call, authp_new_account_t *in)
{
    authp_user_t *user = NULL;
    in->role = "recruiter";
    in->verified = !json_is_false(json_object_get(call->body, "verified"));
    authp_err_t err =
        authp_account_create(call->realm, in, call->user->id.hex, &call->client, &user, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_json(call, 201, authp_answer_user(user, call->pool));
    }
    return err;
}

authp_err_t h_register_recruiter(authp_call_t *call)
{
    authp_grant_t grant;
    const char *code = authp_route_field(call, "invite_code");
    authp_new_account_t in = {.email = authp_route_field(call, "email"),
                              .name = authp_route_field(call, "name"),
                              .password = authp_route_field(call, "password")};
    in.password_len = strlen(in.password);
    if (code == NULL && by_admin(call)) {
        return make_by_admin(call, &in);
    }
    if (code == NULL) {
        return AUTHP_E_INVITE_REQUIRED;
    }
    authp_err_t err =
        authp_invite_register(call->realm, &in, code, &call->client, &grant, call->pool);
    return err == AUTHP_OK ? authp_answer_signed_in(call, 201, &grant) : err;
}

static void set_time(json_t *out, const char *key, authp_ms_t at, apr_pool_t *pool)
{
    authp_json_set_str(out, key, at != 0 ? authp_clock_rfc3339(at, pool) : NULL);
}

static json_t *invite_of(const authp_call_t *call, const authp_invite_t *invite)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", invite->id.hex);
    authp_json_set_str(out, "email", invite->email);
    set_time(out, "created_at", invite->created_at, call->pool);
    set_time(out, "expires_at", invite->expires_at, call->pool);
    return out;
}

authp_err_t h_invite_make(authp_call_t *call)
{
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    const json_t *hours = json_object_get(call->body, "expires_in_hours");
    const authp_actor_t actor = {.id = call->user->id.hex, .client = &call->client};
    const authp_new_invite_t in = {.email = authp_route_field(call, "email"),
                                   .hours = hours != NULL ? (int)json_integer_value(hours)
                                                          : AUTHP_INVITE_HOURS};
    authp_err_t err = authp_invite_make(call->realm, &actor, &in, &invite, &code, call->pool);
    if (err == AUTHP_OK) {
        json_t *out = invite_of(call, invite);
        authp_json_set_str(out, "code", code);
        authp_answer_json(call, 201, out);
    }
    return err;
}

static json_t *invite_item(const authp_call_t *call, const void *row)
{
    const authp_invite_t *invite = row;
    json_t *out = invite_of(call, invite);
    authp_json_set_str(out, "created_by", invite->created_by);
    set_time(out, "used_at", invite->used_at, call->pool);
    authp_json_set_str(out, "used_by", invite->used_by);
    set_time(out, "revoked_at", invite->revoked_at, call->pool);
    return out;
}

authp_err_t h_invites(authp_call_t *call)
{
    apr_array_header_t *invites = NULL;
    const authp_page_t page = authp_query_page(call);
    authp_err_t err = authp_store_invite_list(call->realm->store, &page, &invites, call->pool);
    if (err == AUTHP_OK) {
        authp_query_answer(call, invites, invite_item);
    }
    return err;
}

authp_err_t h_invite_revoke(authp_call_t *call)
{
    const authp_actor_t actor = {.id = call->user->id.hex, .client = &call->client};
    call->out->status = 204;
    return authp_invite_revoke(call->realm, &actor, call->id, call->pool);
}
