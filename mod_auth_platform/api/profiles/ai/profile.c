/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the ai back end: usernames, bearer tokens, and a refresh token in a cookie. */
#include "api/core/profile.h"
#include "api/core/detail_shape.h"
#include "api/docs/meta.h"
#include "api/profiles/ai/ai.h"
#include "api/profiles/ai/pair.h"

/* --- words ------------------------------------------------------------------------------------ */
#define NOT_SIGNED_IN(err, code)                                                                   \
    {                                                                                              \
        err, 401, code, "Sign-in needed", "Invalid authorization", 0                               \
    }
#define TAKEN(err)                                                                                 \
    {                                                                                              \
        err, 400, "user_exists", "Taken", "User already exists", 0                                 \
    }

static const authp_problem_t problems[] = {
    NOT_SIGNED_IN(AUTHP_E_TOKEN_MISSING, "token_missing"),
    NOT_SIGNED_IN(AUTHP_E_TOKEN_INVALID, "token_invalid"),
    NOT_SIGNED_IN(AUTHP_E_TOKEN_EXPIRED, "token_expired"),
    NOT_SIGNED_IN(AUTHP_E_TOKEN_REVOKED, "token_revoked"),
    {AUTHP_E_INSUFFICIENT_ROLE, 403, "insufficient_role", "Not allowed", "Insufficient privileges",
     0},
    {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials", "Wrong name or password",
     "Invalid credentials", 0},
    TAKEN(AUTHP_E_EMAIL_TAKEN),
    TAKEN(AUTHP_E_USER_EXISTS),
    {AUTHP_E_CSRF_FAILED, 401, "csrf_failed", "CSRF check failed", "CSRF verification failed", 0},
    {AUTHP_E_REFRESH_INVALID, 401, "refresh_invalid", "Session over", "Invalid refresh token", 0},
    {AUTHP_E_REFRESH_REUSED, 401, "refresh_reused", "Session ended",
     "Refresh token revoked or not found", 0},
    {.err = AUTHP_OK}};

/* --- bodies and answers ----------------------------------------------------------------------- */
static const authp_schema_t register_body = {"Register",
                                             {{"username", AUTHP_FIELD_USERNAME, false, false},
                                              {"email", AUTHP_FIELD_EMAIL, false, true},
                                              {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
                                              {"full_name", AUTHP_FIELD_NAME, false, true}},
                                             {"username", "email", AUTHP_SCHEMA_OR_BOTH}};
static const authp_schema_t login_body = {"Login",
                                          {{"username", AUTHP_FIELD_LOGIN, false, false},
                                           {"email", AUTHP_FIELD_LOGIN, false, false},
                                           {"password", AUTHP_FIELD_PASSWORD, true, false},
                                           {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                          {"username", "email"}};
static const authp_schema_t refresh_body = {
    "Refresh", {{"refresh_token", AUTHP_FIELD_TOKEN, false, true}}, {NULL, NULL}};

static const authp_answer_schema_t answers[] = {
    {.name = "Created",
     .properties = {{"status", "string", "created"}, {"username", "string", "In lower case"}}},
    {.name = "Person",
     .properties = {{"id", "string", "24 hex characters"},
                    {"email", "string?", NULL},
                    {"full_name", "string?", NULL}}},
    {.name = "Token",
     .properties = {{"access_token", "string", "JWT for Authorization: Bearer"},
                    {"token_type", "string", "bearer"}}},
    {.name = "Tokens",
     .properties = {{"access_token", "string", "JWT for Authorization: Bearer"},
                    {"refresh_token", "string*", "Only if the old one was in the body"},
                    {"token_type", "string", "bearer"}}},
    {.name = "LoggedOut", .properties = {{"status", "string", "logged_out"}}},
    {.name = "Me",
     .properties = {{"id", "string", "24 hex characters"},
                    {"username", "string?", "null: the account has an e-mail address instead"},
                    {"role", "string?", "One role: that of the token while it is held"}}},
    {.name = NULL}};

/* --- routes ----------------------------------------------------------------------------------- */
#define AUTH "Authentication"
#define SERVER "Server"
static const authp_tag_t tags[] = {
    {AUTH, "Accounts, access tokens and the refresh token in its cookie."},
    {SERVER, "The state of the server, and the description of its routes."},
    {.name = NULL}};

#define ENDING (AUTHP_ROUTE_WAITS | AUTHP_ROUTE_OPTIONAL_BODY | AUTHP_ROUTE_LIMIT_REFRESH)

static const authp_route_t routes[] = {
    {.method = "POST",
     .path = "/register",
     .handler = authp_ai_register,
     .body = &register_body,
     .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_REGISTER,
     .tag = AUTH,
     .summary = "Sign up, with a username or an e-mail address",
     .success = 200,
     .answer = "Created",
     .other_success = 201,
     .other_answer = "Person",
     .problems = {AUTHP_E_USER_EXISTS}},
    {.method = "POST",
     .path = "/login",
     .handler = authp_ai_login,
     .body = &login_body,
     .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_FORM,
     .tag = AUTH,
     .summary = "Sign in",
     .success = 200,
     .answer = "Token",
     .problems = {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_EMAIL_UNVERIFIED, AUTHP_E_RECRUITER_PENDING,
                  AUTHP_E_ORIGIN_DENIED}},
    {.method = "POST",
     .path = "/refresh",
     .handler = authp_ai_refresh,
     .body = &refresh_body,
     .auth = AUTHP_AUTH_OWN,
     .flags = ENDING,
     .tag = AUTH,
     .summary = "New tokens for the refresh token",
     .success = 200,
     .answer = "Tokens",
     .problems = {AUTHP_E_CSRF_FAILED, AUTHP_E_ORIGIN_DENIED, AUTHP_E_REFRESH_INVALID,
                  AUTHP_E_REFRESH_REUSED}},
    {.method = "POST",
     .path = "/logout",
     .handler = authp_ai_logout,
     .body = &refresh_body,
     .auth = AUTHP_AUTH_OWN,
     .flags = ENDING,
     .tag = AUTH,
     .summary = "End the session",
     .success = 200,
     .answer = "LoggedOut",
     .problems = {AUTHP_E_CSRF_FAILED, AUTHP_E_ORIGIN_DENIED}},
    {.method = "GET",
     .path = "/me",
     .handler = authp_ai_me,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = AUTH,
     .summary = "The account that is signed in",
     .success = 200,
     .answer = "Me"},
    AUTHP_META_ROUTES(SERVER),
    {.method = NULL}};

/* --- the profile ------------------------------------------------------------------------------ */
static const authp_terms_t terms = {.prf = "ai",
                                    .minutes = 15,
                                    .most_minutes = AUTHP_TERMS_MOST_MINUTES,
                                    .claims = AUTHP_TERMS_ROLE | AUTHP_TERMS_USERNAME};
static const char *const role_names[] = {"user", "admin", NULL};

AUTHP_PROFILE_TEXTS(ai);

const authp_profile_t authp_profile_ai = {
    .name = "ai",
    .title = "AI accounts",
    .about = "Accounts with usernames, and their tokens. An error is "
             "`{\"detail\": text, \"code\": word}`; `code` is stable.",
    .routes = routes,
    .shape = &authp_detail_shape,
    .problems = problems,
    .answers = answers,
    .tags = tags,
    .ignores_unknown_fields = true,
    .bearer_only = true,
    .refresh_cookie = AUTHP_AI_REFRESH_COOKIE,
    .terms = &terms,
    .default_role = "user",
    .role_names = role_names,
    .about_json = authp_profile_ai_about,
    .examples_json = authp_profile_ai_examples,
};
