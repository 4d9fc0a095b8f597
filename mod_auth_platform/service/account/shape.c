/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/shape.h"

#include "store/identities.h"

static void set_time(json_t *out, const char *key, authp_ms_t at, apr_pool_t *pool)
{
    authp_json_set_str(out, key, at != 0 ? authp_clock_rfc3339(at, pool) : NULL);
}

json_t *authp_shape_user(const authp_user_t *user, apr_pool_t *pool)
{
    json_t *out = authp_json_object(pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    if (user->username != NULL) {
        authp_json_set_str(out, "username", user->username);
    }
    if (user->phone != NULL) {
        authp_json_set_str(out, "phone", user->phone);
    }
    authp_json_set_str(out, "name", user->name);
    json_t *roles = authp_json_set_array(out, "roles");
    for (int i = 0; i < user->roles->nelts; i++) {
        authp_json_append_str(roles, APR_ARRAY_IDX(user->roles, i, const char *));
    }
    authp_json_set_bool(out, "is_recruiter_verified", user->is_recruiter_verified);
    authp_json_set_bool(out, "email_verified", user->email_verified);
    authp_json_set_bool(out, "disabled", user->disabled);
    authp_json_set_str(out, "created_at", authp_clock_rfc3339(user->created_at, pool));
    return out;
}

json_t *authp_shape_identities(const authp_user_t *user, apr_pool_t *pool)
{
    json_t *list = authp_json_array(pool);
    for (int i = 0; i < authp_identities_count(user->identities); i++) {
        const authp_identity_t *identity = authp_identities_at(user->identities, i);
        json_t *out = authp_json_append_object(list);
        authp_json_set_str(out, "provider", identity->provider);
        authp_json_set_str(out, "email", identity->email);
        authp_json_set_str(out, "picture", identity->picture);
        set_time(out, "last_login", identity->last_login, pool);
        set_time(out, "linked_at", identity->linked_at, pool);
    }
    return list;
}

json_t *authp_shape_session(const authp_session_t *session, bool current, apr_pool_t *pool)
{
    json_t *out = authp_json_object(pool);
    authp_json_set_str(out, "id", session->id.hex);
    authp_json_set_str(out, "device_id", session->device_id);
    authp_json_set_str(out, "ip", session->ip);
    authp_json_set_str(out, "user_agent", session->user_agent);
    authp_json_set_str(out, "created_at", authp_clock_rfc3339(session->created_at, pool));
    authp_json_set_str(out, "last_used_at", authp_clock_rfc3339(session->last_used_at, pool));
    authp_json_set_bool(out, "current", current);
    return out;
}

static json_t *start_invite(const authp_invite_t *invite, apr_pool_t *pool)
{
    json_t *out = authp_json_object(pool);
    authp_json_set_str(out, "id", invite->id.hex);
    authp_json_set_str(out, "email", invite->email);
    set_time(out, "created_at", invite->created_at, pool);
    set_time(out, "expires_at", invite->expires_at, pool);
    return out;
}

/* Invites of recruiters have no member `role`. */
static void put_role(json_t *out, const authp_invite_t *invite)
{
    if (invite->role != NULL) {
        authp_json_set_str(out, "role", invite->role);
    }
}

json_t *authp_shape_invite(const authp_invite_t *invite, apr_pool_t *pool)
{
    json_t *out = start_invite(invite, pool);
    authp_json_set_str(out, "created_by", invite->created_by);
    set_time(out, "used_at", invite->used_at, pool);
    authp_json_set_str(out, "used_by", invite->used_by);
    set_time(out, "revoked_at", invite->revoked_at, pool);
    put_role(out, invite);
    return out;
}

json_t *authp_shape_audit(const authp_audit_t *entry, apr_pool_t *pool)
{
    json_t *out = authp_json_object(pool);
    authp_json_set_str(out, "id", entry->id.hex);
    set_time(out, "at", entry->at, pool);
    authp_json_set_str(out, "event", entry->event);
    authp_json_set_str(out, "outcome", entry->outcome);
    authp_json_set_str(out, "reason", entry->reason);
    authp_json_set_str(out, "actor_id", entry->actor_id);
    authp_json_set_str(out, "subject_id", entry->subject_id);
    authp_json_set_str(out, "session_id", entry->session_id);
    authp_json_set_str(out, "ip", entry->ip);
    authp_json_set_str(out, "request_id", entry->request_id);
    return out;
}

json_t *authp_shape_new_invite(const authp_invite_t *invite, const char *code, apr_pool_t *pool)
{
    json_t *out = start_invite(invite, pool);
    authp_json_set_str(out, "code", code);
    put_role(out, invite);
    return out;
}
