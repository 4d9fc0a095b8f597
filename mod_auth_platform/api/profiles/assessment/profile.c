/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of the assessment back end: candidates and recruiters, by bearer token. */
#include "api/core/profile.h"
#include "api/core/detail_shape.h"
#include "api/docs/meta.h"
#include "api/profiles/assessment/assessment.h"

/* --- words ------------------------------------------------------------------------------------ */
#define NOT_SIGNED_IN(err, code)                                                                   \
    {                                                                                              \
        err, 401, code, "Sign-in needed", "Could not validate credentials", 0                      \
    }
#define NOT_PERMITTED(err, code)                                                                   \
    {                                                                                              \
        err, 403, code, "Not allowed", "Operation not permitted", 0                                \
    }

static const authp_problem_t problems[] = {
    NOT_SIGNED_IN(AUTHP_E_TOKEN_MISSING, "token_missing"),
    NOT_SIGNED_IN(AUTHP_E_TOKEN_INVALID, "token_invalid"),
    NOT_SIGNED_IN(AUTHP_E_TOKEN_EXPIRED, "token_expired"),
    NOT_SIGNED_IN(AUTHP_E_TOKEN_REVOKED, "token_revoked"),
    NOT_PERMITTED(AUTHP_E_INSUFFICIENT_ROLE, "insufficient_role"),
    NOT_PERMITTED(AUTHP_E_NOT_CANDIDATE, "not_candidate"),
    NOT_PERMITTED(AUTHP_E_NOT_RECRUITER, "not_recruiter"),
    {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials", "Wrong e-mail or password",
     "Incorrect email or password", 0},
    {AUTHP_E_EMAIL_TAKEN, 409, "email_taken", "E-mail address taken", "Email already registered",
     0},
    {.err = AUTHP_OK}};

/* --- bodies and answers ----------------------------------------------------------------------- */
static const authp_schema_t register_body = {"Register",
                                             {{"email", AUTHP_FIELD_EMAIL, true, false},
                                              {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
                                              {"name", AUTHP_FIELD_NAME, false, true}},
                                             {NULL, NULL}};
static const authp_schema_t register_recruiter_body = {
    "RegisterRecruiter",
    {{"email", AUTHP_FIELD_EMAIL, true, false},
     {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
     {"name", AUTHP_FIELD_NAME, false, true},
     {"invite_code", AUTHP_FIELD_TOKEN, false, true}},
    {NULL, NULL}};
static const authp_schema_t login_body = {
    "Login",
    {{"email", AUTHP_FIELD_LOGIN, true, false}, {"password", AUTHP_FIELD_PASSWORD, true, false}},
    {NULL, NULL}};
static const authp_schema_t login_recruiter_body = {
    "LoginRecruiter",
    {{"email", AUTHP_FIELD_LOGIN, true, false},
     {"password", AUTHP_FIELD_PASSWORD, true, false},
     {"invite_code", AUTHP_FIELD_TOKEN, false, true}},
    {NULL, NULL}};

#define ROLE                                                                                       \
    {                                                                                              \
        "role", "string?",                                                                         \
            "One role: admin if it is held, else that of the sign-in, else the first"              \
    }
static const authp_answer_schema_t answers[] = {
    {.name = "User",
     .properties = {{"id", "string", "24 hex characters"},
                    {"email", "string?", NULL},
                    {"name", "string?", NULL},
                    ROLE,
                    {"roles", "[]", "The stored roles"},
                    {"created_at", "string", "RFC 3339, UTC"}}},
    {.name = "Me",
     .properties = {{"id", "string", "24 hex characters"},
                    {"email", "string?", NULL},
                    {"name", "string?", NULL},
                    ROLE,
                    {"roles", "[]", "The stored roles"},
                    {"is_recruiter_verified", "boolean", NULL},
                    {"created_at", "string", "RFC 3339, UTC"}}},
    {.name = "Token",
     .properties = {{"access_token", "string", "JWT for Authorization: Bearer"},
                    {"token_type", "string", "bearer"}}},
    {.name = "Message", .properties = {{"message", "string", NULL}}},
    {.name = NULL}};

/* --- routes ----------------------------------------------------------------------------------- */
#define SIGN_IN (AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_FORM)
#define REGISTER (AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_REGISTER)

#define AUTH "Authentication"
#define SERVER "Server"
static const authp_tag_t tags[] = {
    {AUTH, "Accounts and access tokens."},
    {SERVER, "The state of the server, and the description of its routes."},
    {.name = NULL}};

static const authp_route_t routes[] = {
    {.method = "POST",
     .path = "/candidate/register",
     .handler = authp_assessment_register,
     .body = &register_body,
     .flags = REGISTER,
     .tag = AUTH,
     .summary = "Sign up as a candidate",
     .success = 201,
     .answer = "User",
     .problems = {AUTHP_E_EMAIL_TAKEN}},
    {.method = "POST",
     .path = "/candidate/login",
     .handler = authp_assessment_login_candidate,
     .body = &login_body,
     .flags = SIGN_IN,
     .tag = AUTH,
     .summary = "Sign in as a candidate",
     .success = 200,
     .answer = "Token",
     .problems = {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_EMAIL_UNVERIFIED, AUTHP_E_NOT_CANDIDATE}},
    {.method = "POST",
     .path = "/recruiter/register",
     .handler = authp_assessment_register_recruiter,
     .body = &register_recruiter_body,
     .auth = AUTHP_AUTH_OPTIONAL,
     .flags = REGISTER,
     .tag = AUTH,
     .summary = "Sign up as a recruiter",
     .success = 201,
     .answer = "User",
     .problems = {AUTHP_E_INVITE_REQUIRED, AUTHP_E_INVITE_INVALID, AUTHP_E_EMAIL_TAKEN}},
    {.method = "POST",
     .path = "/recruiter/login",
     .handler = authp_assessment_login_recruiter,
     .body = &login_recruiter_body,
     .flags = SIGN_IN,
     .tag = AUTH,
     .summary = "Sign in as a verified recruiter",
     .success = 200,
     .answer = "Token",
     .problems = {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_EMAIL_UNVERIFIED, AUTHP_E_RECRUITER_PENDING,
                  AUTHP_E_NOT_RECRUITER, AUTHP_E_INVITE_INVALID}},
    {.method = "POST",
     .path = "/register",
     .handler = authp_assessment_register,
     .body = &register_body,
     .flags = REGISTER,
     .tag = AUTH,
     .summary = "The same as /candidate/register",
     .success = 201,
     .answer = "User",
     .problems = {AUTHP_E_EMAIL_TAKEN}},
    {.method = "POST",
     .path = "/login",
     .handler = authp_assessment_login,
     .body = &login_body,
     .flags = SIGN_IN,
     .tag = AUTH,
     .summary = "Sign in with any role",
     .success = 200,
     .answer = "Token",
     .problems = {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_EMAIL_UNVERIFIED,
                  AUTHP_E_RECRUITER_PENDING}},
    {.method = "GET",
     .path = "/me",
     .handler = authp_assessment_me,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = AUTH,
     .summary = "The account that is signed in",
     .success = 200,
     .answer = "Me"},
    {.method = "POST",
     .path = "/logout",
     .handler = authp_assessment_logout,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = AUTH,
     .summary = "End the session of this token",
     .success = 200,
     .answer = "Message"},
    AUTHP_META_ROUTES(SERVER),
    {.method = NULL}};

/* --- the profile ------------------------------------------------------------------------------ */
static const authp_terms_t terms = {.prf = "assessment",
                                    .minutes = 60,
                                    .most_minutes = AUTHP_TERMS_MOST_MINUTES,
                                    .claims = AUTHP_TERMS_ROLE};
static const char *const role_names[] = {"candidate", "recruiter", "admin", NULL};

AUTHP_PROFILE_TEXTS(assessment);

const authp_profile_t authp_profile_assessment = {
    .name = "assessment",
    .title = "Assessment accounts",
    .about = "Accounts and access tokens of candidates and recruiters. An error is "
             "`{\"detail\": text, \"code\": word}`; `code` is stable.",
    .routes = routes,
    .shape = &authp_detail_shape,
    .problems = problems,
    .answers = answers,
    .tags = tags,
    .ignores_unknown_fields = true,
    .bearer_only = true,
    .terms = &terms,
    .default_role = "candidate",
    .role_names = role_names,
    .about_json = authp_profile_assessment_about,
    .examples_json = authp_profile_assessment_examples,
};
