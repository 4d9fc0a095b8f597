/* SPDX-License-Identifier: Apache-2.0 */
/* The routes by which administrators change accounts. */
#include "api/core/answer.h"
#include "api/core/query.h"
#include "api/profiles/platform/handlers.h"
#include "base/json.h"
#include "base/text.h"
#include "service/account/admin.h"
#include "service/account/shape.h"
#include "service/address/made_account.h"

#include <apr_strings.h>
#include <string.h>

static authp_actor_t actor_of(const authp_call_t *call)
{
    return (authp_actor_t){.id = call->user->id.hex, .client = &call->client};
}

static json_t *user_item(const authp_call_t *call, const void *row)
{
    return authp_answer_user(row, call->pool);
}

/* The parameter in lower case, as addresses and usernames are stored. NULL if it is absent or
 * empty.
 */
static const char *prefix_of(const authp_call_t *call, const char *name)
{
    const char *prefix = authp_call_query(call, name);
    if (prefix == NULL || *prefix == '\0') {
        return NULL;
    }
    char *lower = apr_pstrdup(call->pool, prefix);
    authp_text_lower(lower);
    return lower;
}

authp_err_t authp_h_users_list(authp_call_t *call)
{
    apr_array_header_t *users = NULL;
    authp_page_t page = authp_query_page(call);
    const authp_user_filter_t filter = {.email_prefix = prefix_of(call, "email"),
                                        .username_prefix = prefix_of(call, "username"),
                                        .role = authp_call_query(call, "role"),
                                        .after_id = page.after_id,
                                        .limit = page.limit};
    authp_err_t err = authp_store_user_list(call->realm->store, &filter, &users, call->pool);
    if (err == AUTHP_OK) {
        authp_query_answer(call, users, user_item);
    }
    return err;
}

authp_err_t authp_h_users_get(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_err_t err =
        authp_store_user_by_id(call->realm->store, authp_call_id(call), &user, call->pool);
    if (err == AUTHP_OK) {
        json_t *out = authp_answer_user(user, call->pool);
        authp_json_set(out, "identities", authp_shape_identities(user, call->pool));
        authp_answer_json(call, 200, out);
    }
    return err;
}

static const apr_array_header_t *roles_of(const authp_call_t *call, const json_t *list)
{
    size_t i = 0;
    json_t *role = NULL;
    apr_array_header_t *roles =
        apr_array_make(call->pool, (int)json_array_size(list), sizeof(const char *));
    json_array_foreach(list, i, role)
    {
        APR_ARRAY_PUSH(roles, const char *) = json_string_value(role);
    }
    return roles;
}

authp_err_t authp_h_users_make(authp_call_t *call)
{
    authp_user_t *user = NULL;
    const authp_actor_t actor = actor_of(call);
    const json_t *roles = json_object_get(call->body, "roles");
    const authp_made_account_t in = {.email = authp_call_field(call, "email"),
                                     .name = authp_call_field(call, "name"),
                                     .roles = roles != NULL ? roles_of(call, roles) : NULL,
                                     .send = json_is_true(json_object_get(call->body, "send"))};
    authp_err_t err = authp_made_account_make(call->realm, &actor, &in, &user, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_json(call, 201, authp_answer_user(user, call->pool));
    }
    return err;
}

authp_err_t authp_h_users_patch(authp_call_t *call)
{
    authp_user_t *user = NULL;
    const authp_actor_t actor = actor_of(call);
    const json_t *roles = json_object_get(call->body, "roles");
    const json_t *disabled = json_object_get(call->body, "disabled");
    const json_t *verified = json_object_get(call->body, "is_recruiter_verified");
    const authp_user_patch_t patch = {.has_roles = roles != NULL,
                                      .has_disabled = disabled != NULL,
                                      .has_name = json_object_get(call->body, "name") != NULL,
                                      .has_verified = verified != NULL,
                                      .roles = roles != NULL ? roles_of(call, roles) : NULL,
                                      .disabled = json_is_true(disabled),
                                      .name = authp_call_field(call, "name"),
                                      .verified = json_is_true(verified)};
    authp_err_t err =
        authp_admin_patch(call->realm, &actor, authp_call_id(call), &patch, &user, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, authp_answer_user(user, call->pool));
    }
    return err;
}

authp_err_t authp_h_users_delete(authp_call_t *call)
{
    const authp_actor_t actor = actor_of(call);
    call->out->status = 204;
    return authp_admin_delete(call->realm, &actor, authp_call_id(call), call->pool);
}

static json_t *session_item(const authp_call_t *call, const void *row)
{
    return authp_answer_session(call, row);
}

authp_err_t authp_h_users_sessions(authp_call_t *call)
{
    authp_user_t *user = NULL;
    apr_array_header_t *sessions = NULL;
    const authp_page_t page = authp_query_page(call);
    authp_err_t err =
        authp_store_user_by_id(call->realm->store, authp_call_id(call), &user, call->pool);
    if (err == AUTHP_OK) {
        err = authp_store_session_list(call->realm->store, authp_call_id(call),
                                       authp_realm_now(call->realm), &page, &sessions, call->pool);
    }
    if (err == AUTHP_OK) {
        authp_query_answer(call, sessions, session_item);
    }
    return err;
}

authp_err_t authp_h_users_end_sessions(authp_call_t *call)
{
    const authp_actor_t actor = actor_of(call);
    call->out->status = 204;
    return authp_admin_end_sessions(call->realm, &actor, authp_call_id(call), NULL, call->pool);
}

authp_err_t authp_h_users_verify_recruiter(authp_call_t *call)
{
    authp_user_t *user = NULL;
    const authp_actor_t actor = actor_of(call);
    const authp_verdict_t verdict = {.id = authp_call_field(call, "user_id"),
                                     .email = authp_call_field(call, "email"),
                                     .verified =
                                         !json_is_false(json_object_get(call->body, "verified"))};
    authp_err_t err = authp_admin_verify(call->realm, &actor, &verdict, &user, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, authp_answer_user(user, call->pool));
    }
    return err;
}
