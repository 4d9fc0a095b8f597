/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the jobpath back end: one kind of user, by bearer token. */
#include "api/core/profile.h"
#include "api/core/answer.h"
#include "api/core/sign_in.h"
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
            const authp_finding_t *finding = &refusal->findings->at[i];
            json_t *entry = authp_json_append_object(errors);
            authp_json_set_str(entry, "field", finding->field);
            authp_json_set_str(entry, "code", finding->code);
            authp_json_set_str(entry, "detail", finding->detail);
        }
    }
    authp_json_set_int(out, "status_code", problem->status);
}

static const authp_answer_schema_t error_schemas[] = {
    {.name = "FieldError",
     .properties = {{"field", "string", "The name of the field"},
                    {"code", "string", "A stable word for programs"},
                    {"detail", "string", "A sentence for people"}}},
    {.name = "ErrorDetail",
     .properties = {{"message", "string", "A sentence for people"},
                    {"errors", "[#FieldError]*",
                     "With validation_failed: the fields that are wrong, at most 20"}}},
    {.name = "Error",
     .properties = {{"error", "string", "A stable word for programs"},
                    {"detail", "#ErrorDetail", NULL},
                    {"status_code", "integer", "The status"}}},
    {.name = NULL}};

static const authp_shape_t shape = {.error_type = "application/json",
                                    .error = write_error,
                                    .error_schema = "Error",
                                    .schemas = error_schemas};

static const authp_problem_t problems[] = {
    {AUTHP_E_VALIDATION_FAILED, 400, "validation_failed", "Fields not valid",
     "Some fields are wrong: see errors.", 0},
    {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials", "Wrong e-mail or password",
     "Invalid email or password", 0},
    {AUTHP_E_EMAIL_TAKEN, 409, "email_taken", "E-mail address taken", "Email already registered",
     0},
    {.err = AUTHP_OK}};

/* --- bodies and answers ----------------------------------------------------------------------- */
static const authp_schema_t signup_body = {"Signup",
                                           {{"email", AUTHP_FIELD_EMAIL, true, false},
                                            {"password", AUTHP_FIELD_NEW_PASSWORD, true, false}},
                                           {NULL, NULL}};
static const authp_schema_t login_body = {
    "Login",
    {{"email", AUTHP_FIELD_LOGIN, true, false}, {"password", AUTHP_FIELD_PASSWORD, true, false}},
    {NULL, NULL}};

static const authp_answer_schema_t answers[] = {
    {.name = "NewUser",
     .properties = {{"id", "string", "24 hex characters"},
                    {"email", "string?", NULL},
                    {"created_at", "string", "RFC 3339, UTC"}}},
    {.name = "User",
     .properties = {{"id", "string", "24 hex characters"},
                    {"email", "string?", NULL},
                    {"is_active", "boolean", NULL}}},
    {.name = "Token",
     .properties = {{"access_token", "string", "JWT for Authorization: Bearer"},
                    {"token_type", "string", "bearer"},
                    {"user", "#User", NULL}}},
    {.name = "Message", .properties = {{"message", "string", NULL}}},
    {.name = NULL}};

/* --- handlers --------------------------------------------------------------------------------- */
static json_t *user_json(const authp_call_t *call, const authp_user_t *user)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    authp_json_set_bool(out, "is_active", !user->disabled);
    return out;
}

static authp_err_t signup(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = {.email = authp_call_field(call, "email"),
                              .password = authp_call_field(call, "password"),
                              .role = call->request->mount->profile->default_role};
    in.password_len = strlen(in.password);
    authp_err_t err = authp_account_sign_up(call->realm, &in, &call->client, &user, call->pool);
    if (err == AUTHP_OK) {
        json_t *out = authp_json_object(call->pool);
        authp_json_set_str(out, "id", user->id.hex);
        authp_json_set_str(out, "email", user->email);
        authp_json_set_str(out, "created_at", authp_clock_rfc3339(user->created_at, call->pool));
        authp_answer_json(call, 201, out);
    }
    return err;
}

static authp_err_t login(authp_call_t *call)
{
    authp_grant_t grant;
    json_t *out = NULL;
    authp_err_t err = authp_sign_in_by_password(call, AUTHP_DOOR_ANY, &grant);
    if (err == AUTHP_OK) {
        err = authp_sign_in_bearer(call, &grant, &out);
    }
    if (err == AUTHP_OK) {
        authp_json_set(out, "user", user_json(call, grant.user));
        authp_answer_json(call, 200, out);
    }
    return err;
}

static authp_err_t me(authp_call_t *call)
{
    authp_answer_json(call, 200, user_json(call, call->user));
    return AUTHP_OK;
}

static authp_err_t logout(authp_call_t *call)
{
    authp_err_t err = authp_sign_in_end(call);
    if (err == AUTHP_OK) {
        authp_answer_message(call, "Logged out successfully");
    }
    return err;
}

/* --- routes ----------------------------------------------------------------------------------- */
#define AUTH "Authentication"
#define SERVER "Server"
static const authp_tag_t tags[] = {
    {AUTH, "Accounts and access tokens."},
    {SERVER, "The state of the server, and the description of its routes."},
    {.name = NULL}};

static const authp_route_t routes[] = {
    {.method = "POST",
     .path = "/signup",
     .handler = signup,
     .body = &signup_body,
     .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_REGISTER,
     .tag = AUTH,
     .summary = "Sign up",
     .success = 201,
     .answer = "NewUser",
     .problems = {AUTHP_E_EMAIL_TAKEN}},
    {.method = "POST",
     .path = "/login",
     .handler = login,
     .body = &login_body,
     .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_FORM,
     .tag = AUTH,
     .summary = "Sign in",
     .success = 200,
     .answer = "Token",
     .problems = {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_EMAIL_UNVERIFIED,
                  AUTHP_E_RECRUITER_PENDING}},
    {.method = "GET",
     .path = "/me",
     .handler = me,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = AUTH,
     .summary = "The account that is signed in",
     .success = 200,
     .answer = "User"},
    {.method = "POST",
     .path = "/logout",
     .handler = logout,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = AUTH,
     .summary = "End the session of this token",
     .success = 200,
     .answer = "Message"},
    AUTHP_META_ROUTES(SERVER),
    {.method = NULL}};

/* --- the profile ------------------------------------------------------------------------------ */
static const authp_terms_t terms = {.prf = "jobpath",
                                    .minutes = 30,
                                    .most_minutes = AUTHP_TERMS_MOST_MINUTES,
                                    .claims = AUTHP_TERMS_USER_ID};
static const char *const role_names[] = {"user", "admin", NULL};

AUTHP_PROFILE_TEXTS(jobpath);

const authp_profile_t authp_profile_jobpath = {
    .name = "jobpath",
    .title = "Jobpath accounts",
    .about = "Accounts and access tokens. An error is `{\"error\": word, \"detail\": "
             "{\"message\": text}, \"status_code\": status}`; `error` is stable.",
    .routes = routes,
    .shape = &shape,
    .problems = problems,
    .answers = answers,
    .tags = tags,
    .ignores_unknown_fields = true,
    .bearer_only = true,
    .terms = &terms,
    .default_role = "user",
    .role_names = role_names,
    .about_json = authp_profile_jobpath_about,
    .examples_json = authp_profile_jobpath_examples,
};
