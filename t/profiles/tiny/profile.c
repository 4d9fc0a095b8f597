/* SPDX-License-Identifier: Apache-2.0 */
/* A small profile for tests. Its answers and errors have another shape than those of the platform
 * profile, it ignores fields that it does not know, and its paths have values of several types. It
 * is linked into the module that tests run, and not into the installed module. */
#include "api/core/profile.h"
#include "api/core/answer.h"
#include "api/docs/meta.h"
#include "base/json.h"
#include "service/account/account.h"

#include <string.h>

/* --- the shape -------------------------------------------------------------------------------- */

/* {error, detail: {message, errors?}, status_code} */
static void write_error(const authp_problem_t *problem, const authp_refusal_t *refusal, json_t *out,
                        apr_pool_t *pool)
{
    (void)pool;
    authp_json_set_str(out, "error", problem->code);
    json_t *detail = authp_json_set_object(out, "detail");
    authp_json_set_str(detail, "message", refusal->detail);
    if (refusal->findings != NULL) {
        json_t *errors = authp_json_set_array(detail, "errors");
        for (int i = 0; i < refusal->findings->count; i++) {
            authp_json_append_str(errors, refusal->findings->at[i].field);
        }
    }
    authp_json_set_int(out, "status_code", problem->status);
}

/* {ok: true, data} */
static json_t *wrap(const authp_route_t *route, json_t *data, apr_pool_t *pool)
{
    json_t *out = authp_json_object(pool);
    (void)route;
    authp_json_set_bool(out, "ok", 1);
    authp_json_set(out, "data", data);
    return out;
}

static const authp_answer_schema_t error_schemas[] = {
    {.name = "Message",
     .properties = {{"message", "string", NULL}, {"errors", "[]*", "Fields that are wrong"}}},
    {.name = "Error",
     .properties = {{"error", "string", "A stable word for programs"},
                    {"detail", "#Message", NULL},
                    {"status_code", "integer", NULL}}},
    {.name = NULL}};

static const authp_shape_t shape = {.error_type = "application/json",
                                    .error = write_error,
                                    .error_schema = "Error",
                                    .schemas = error_schemas,
                                    .answer = wrap};

/* The profile's own words for some problems, and status 400 for wrong fields. */
static const authp_problem_t problems[] = {
    {AUTHP_E_VALIDATION_FAILED, 400, "validation_failed", "Fields not valid", "Look at errors.", 0},
    {AUTHP_E_EMAIL_TAKEN, 409, "email_taken", "Taken", "Email already registered", 0},
    {.err = AUTHP_OK}};

/* --- the routes ------------------------------------------------------------------------------- */

static const authp_schema_t signup_body = {"Signup",
                                           {{"email", AUTHP_FIELD_EMAIL, true, false},
                                            {"password", AUTHP_FIELD_NEW_PASSWORD, true, false}},
                                           {NULL, NULL}};

static void answer_user(authp_call_t *call, int status, const authp_user_t *user)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    authp_answer_json(call, status, out);
}

static authp_err_t signup(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = {.email = authp_call_field(call, "email"),
                              .password = authp_call_field(call, "password"),
                              .role = "candidate"};
    in.password_len = strlen(in.password);
    authp_err_t err =
        authp_account_create(call->realm, &in, NULL, &call->client, &user, call->pool);
    if (err == AUTHP_OK) {
        answer_user(call, 201, user);
    }
    return err;
}

static authp_err_t me(authp_call_t *call)
{
    answer_user(call, 200, call->user);
    return AUTHP_OK;
}

/* Answers the values of the path and of the query. */
static authp_err_t echo(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "role", authp_path_value(&call->path, "role"));
    authp_json_set_str(out, "name", authp_path_value(&call->path, "name"));
    authp_json_set_str(out, "cursor", authp_call_query(call, "after"));
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

static const authp_parameter_t after[] = {{"after", AUTHP_QUERY_CURSOR, "An id."}, {.name = NULL}};

#define ALL "All"
static const authp_tag_t tags[] = {{ALL, "Everything there is."}, {.name = NULL}};

static const authp_route_t routes[] = {{.method = "POST",
                                        .path = "/signup",
                                        .handler = signup,
                                        .body = &signup_body,
                                        .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_REGISTER,
                                        .tag = ALL,
                                        .summary = "Sign up",
                                        .success = 201,
                                        .answer = "Person",
                                        .problems = {AUTHP_E_EMAIL_TAKEN}},
                                       {.method = "GET",
                                        .path = "/me",
                                        .handler = me,
                                        .auth = AUTHP_AUTH_REQUIRED,
                                        .flags = AUTHP_ROUTE_WAITS,
                                        .tag = ALL,
                                        .summary = "Who is it?",
                                        .success = 200,
                                        .answer = "Person"},
                                       {.method = "GET",
                                        .path = "/roles/{role}/of/{name}",
                                        .handler = echo,
                                        .query = after,
                                        .tag = ALL,
                                        .summary = "What the path says",
                                        .success = 200,
                                        .answer = "Echo"},
                                       AUTHP_META_ROUTES(ALL),
                                       {.method = NULL}};

static const authp_answer_schema_t answers[] = {
    {.name = "Person", .properties = {{"ok", "boolean", NULL}, {"data", "object", NULL}}},
    {.name = "Echo", .properties = {{"ok", "boolean", NULL}, {"data", "object", NULL}}},
    {.name = NULL}};

AUTHP_PROFILE_TEXTS(tiny);

static const char *const role_names[] = {"candidate", "recruiter", "admin", NULL};

const authp_profile_t authp_profile_tiny = {.name = "tiny",
                                            .title = "A tiny profile",
                                            .about = "For tests.",
                                            .routes = routes,
                                            .shape = &shape,
                                            .problems = problems,
                                            .answers = answers,
                                            .tags = tags,
                                            .ignores_unknown_fields = true,
                                            .role_names = role_names,
                                            .about_json = authp_profile_tiny_about,
                                            .examples_json = authp_profile_tiny_examples};
