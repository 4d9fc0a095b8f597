/* SPDX-License-Identifier: Apache-2.0 */
/* The sample protected endpoint (AuthPlatformMe): one route, at the path of the mount itself. */
#include "api/core/answer.h"
#include "api/core/problem_shape.h"
#include "base/json.h"

static authp_err_t protected_me(authp_call_t *call)
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

static const authp_route_t routes[] = {
    {.method = "GET",
     .path = "",
     .handler = protected_me,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = "Own account",
     .summary = "The sample protected endpoint, with effective roles (served at AuthPlatformMe)",
     .success = 200,
     .answer = "ProtectedUser"},
    {.method = NULL}};

static const authp_answer_schema_t answers[] = {
    {.name = "ProtectedUser",
     .properties = {{"id", "string", NULL},
                    {"email", "string?", NULL},
                    {"name", "string?", NULL},
                    {"roles", "[]", "The roles that count now"},
                    {"is_recruiter_verified", "boolean", NULL}}},
    {.name = NULL}};

AUTHP_PROFILE_TEXTS(me);

const authp_profile_t authp_profile_me = {
    .name = "me",
    .routes = routes,
    .shape = &authp_problem_shape,
    .answers = answers,
    .rows_only = true,
    .about_json = authp_profile_me_about,
    .examples_json = authp_profile_me_examples,
};
