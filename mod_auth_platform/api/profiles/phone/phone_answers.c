/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/phone/phone_answers.h"
#include "api/core/answer.h"
#include "base/json.h"
#include "service/phone/phone.h"
#include "service/session/token.h"

#define ID                                                                                         \
    {                                                                                              \
        "id", "string", "24 hex characters"                                                        \
    }
#define TOKEN                                                                                      \
    {"access_token", "string", "JWT for Authorization: Bearer"},                                   \
    {                                                                                              \
        "token_type", "string", "bearer"                                                           \
    }
#define MESSAGE                                                                                    \
    {                                                                                              \
        "message", "string", NULL                                                                  \
    }
#define SUCCESS                                                                                    \
    {"success", "boolean", "true"},                                                                \
    {                                                                                              \
        "message", "string", NULL                                                                  \
    }
#define PENDING                                                                                    \
    {"mobile", "string", "The first three and the last four digits"},                              \
    {                                                                                              \
        "status", "string", "pending_verification"                                                 \
    }
#define OWN                                                                                        \
    {"user_id", "string", "24 hex characters"}, {"mobile", "string?", "The national digits"},      \
    {                                                                                              \
        "personal_info", "object", "What its owner has written"                                    \
    }
#define JOB                                                                                        \
    {                                                                                              \
        "job_id", "string*", "Only if the app has written one"                                     \
    }

const authp_answer_schema_t authp_phone_answers[] = {
    {.name = "User",
     .properties = {ID,
                    {"full_name", "string?", NULL},
                    {"phone", "string?", "As the request had it; at /auth/me the national digits"},
                    {"email", "string?", NULL},
                    {"user_type", "string?", "One role: that of the token while it is held"},
                    {"is_verified", "boolean", "True if the account has a number"}}},
    {.name = "Phone", .properties = {{"phone", "string", "As the request had it"}}},
    {.name = "Session", .properties = {TOKEN, {"user", "#User", NULL}}},
    {.name = "UserData", .properties = {{"user", "#User", NULL}}},
    {.name = "Sent", .properties = {SUCCESS, {"data", "#Phone", NULL}}},
    {.name = "SignedIn", .properties = {SUCCESS, {"data", "#Session", NULL}}},
    {.name = "Done", .properties = {SUCCESS, {"data", "null", NULL}}},
    {.name = "Me", .properties = {SUCCESS, {"data", "#UserData", NULL}}},
    {.name = "Token", .properties = {TOKEN}},
    {.name = "Message", .properties = {MESSAGE}},
    {.name = "Role",
     .properties = {{"name", "string", "admin"}, {"permissions", "[]", "ROLE_PERMISSIONS"}}},
    {.name = "Admin",
     .properties = {ID,
                    {"email", "string?", NULL},
                    {"name", "string?", NULL},
                    {"mobile", "string?", "The first three and the last four digits"},
                    {"role", "#Role", NULL}}},
    {.name = "AdminPending", .properties = {MESSAGE, PENDING}},
    {.name = "AdminLoginPending", .properties = {MESSAGE, {"email", "string?", NULL}, PENDING}},
    {.name = "AdminMade", .properties = {MESSAGE, {"user", "#Admin", NULL}}},
    {.name = "AdminSignedIn", .properties = {MESSAGE, TOKEN, {"user", "#Admin", NULL}}},
    {.name = "Provider",
     .properties = {OWN, {"provider_stats", "object", "What the app has written"}, JOB}},
    {.name = "Seeker",
     .properties = {OWN, {"seeker_stats", "object", "What the app has written"}, JOB}},
    {.name = "AnyProfile", .any_of = {"Provider", "Seeker"}},
    {.name = NULL}};

void authp_phone_answers_success(authp_call_t *call, const char *message, json_t *data)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_bool(out, "success", 1);
    authp_json_set_str(out, "message", message);
    if (data != NULL) {
        authp_json_set(out, "data", data);
    } else {
        authp_json_set_str(out, "data", NULL);
    }
    authp_answer_json(call, 200, out);
}

void authp_phone_answers_mobile(const authp_call_t *call, const authp_user_t *user, json_t *out)
{
    authp_json_set_str(out, "mobile",
                       authp_phone_national(call->realm->settings, user->phone, call->pool));
}

json_t *authp_phone_answers_user(const authp_call_t *call, const authp_user_t *user,
                                 const char *phone, const char *user_type)
{
    json_t *out = authp_json_object(call->pool);
    if (phone == NULL) {
        phone = authp_phone_national(call->realm->settings, user->phone, call->pool);
    }
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "full_name", user->name);
    authp_json_set_str(out, "phone", phone);
    authp_json_set_str(out, "email", user->email);
    authp_json_set_str(out, "user_type", user_type);
    authp_json_set_bool(out, "is_verified", user->phone != NULL);
    return out;
}

json_t *authp_phone_answers_admin(const authp_call_t *call, const authp_user_t *user)
{
    const authp_realm_t *realm = call->realm;
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    authp_json_set_str(out, "name", user->name);
    authp_json_set_str(out, "mobile", authp_phone_masked(realm->settings, user->phone, call->pool));
    json_t *role = authp_json_set_object(out, "role");
    authp_json_set_str(role, "name", "admin");
    json_t *list = authp_json_set_array(role, "permissions");
    const apr_array_header_t *names =
        authp_token_permissions(realm, authp_roles_bit(realm->roles, "admin"), call->pool);
    for (int i = 0; i < names->nelts; i++) {
        authp_json_append_str(list, APR_ARRAY_IDX(names, i, const char *));
    }
    return out;
}
