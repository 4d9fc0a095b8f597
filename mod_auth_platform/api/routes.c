/* SPDX-License-Identifier: Apache-2.0 */
#include "api/handlers.h"

/* --- bodies ------------------------------------------------------------------------------------------------------- */
static const authp_schema_t register_body = {"Register",
                                             {{"email", AUTHP_FIELD_EMAIL, true, false},
                                              {"password", AUTHP_FIELD_NEW_PASSWORD, true, false},
                                              {"name", AUTHP_FIELD_NAME, false, true},
                                              {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                             {NULL, NULL}};

static const authp_schema_t login_body = {"Login",
                                          {{"email", AUTHP_FIELD_LOGIN, false, false},
                                           {"username", AUTHP_FIELD_LOGIN, false, false},
                                           {"password", AUTHP_FIELD_PASSWORD, true, false},
                                           {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                          {"email", "username"}};

static const authp_schema_t email_login_body = {"EmailLogin",
                                                {{"email", AUTHP_FIELD_LOGIN, true, false},
                                                 {"password", AUTHP_FIELD_PASSWORD, true, false},
                                                 {"device_id", AUTHP_FIELD_DEVICE, false, true}},
                                                {NULL, NULL}};

static const authp_schema_t refresh_body = {
    "Refresh", {{"refresh_token", AUTHP_FIELD_TOKEN, false, false}}, {NULL, NULL}};

static const authp_schema_t logout_body = {
    "Logout",
    {{"refresh_token", AUTHP_FIELD_TOKEN, false, false}, {"all", AUTHP_FIELD_BOOL, false, false}},
    {NULL, NULL}};

/* --- routes ------------------------------------------------------------------------------------------------------- */
#define SIGN_IN (AUTHP_ROUTE_WAITS | AUTHP_ROUTE_SIGNS_IN)
#define ENDING (AUTHP_ROUTE_WAITS | AUTHP_ROUTE_OPTIONAL_BODY)

static const authp_route_t routes[] = {
    {"POST", "/register", h_register, &register_body, AUTHP_AUTH_NONE, NULL, SIGN_IN,
     "Sign up as a candidate", 201, "Tokens", {AUTHP_E_EMAIL_TAKEN}},
    {"POST", "/login", h_login, &login_body, AUTHP_AUTH_NONE, NULL, SIGN_IN,
     "Sign in with any role", 200, "Tokens", {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_RECRUITER_PENDING}},
    {"POST", "/login/candidate", h_login_candidate, &email_login_body, AUTHP_AUTH_NONE, NULL, SIGN_IN,
     "Sign in as a candidate", 200, "Tokens", {AUTHP_E_INVALID_CREDENTIALS, AUTHP_E_NOT_CANDIDATE}},
    {"POST", "/refresh", h_refresh, &refresh_body, AUTHP_AUTH_OWN, NULL, ENDING,
     "New tokens for a refresh token or cookie", 200, "Tokens",
     {AUTHP_E_TOKEN_MISSING, AUTHP_E_REFRESH_INVALID, AUTHP_E_REFRESH_REUSED, AUTHP_E_CSRF_FAILED, AUTHP_E_ORIGIN_DENIED}},
    {"POST", "/logout", h_logout, &logout_body, AUTHP_AUTH_OWN, NULL, ENDING,
     "End this session, or all of them", 200, "Message",
     {AUTHP_E_TOKEN_MISSING, AUTHP_E_CSRF_FAILED, AUTHP_E_ORIGIN_DENIED}},
    {"GET", "/session/renew", h_session_renew, NULL, AUTHP_AUTH_OWN, NULL, AUTHP_ROUTE_WAITS | AUTHP_ROUTE_NO_HEAD,
     "For browsers: renew the cookies and go back to return_to", 302, NULL,
     {AUTHP_E_TOKEN_MISSING, AUTHP_E_REFRESH_INVALID, AUTHP_E_REFRESH_REUSED}},
    {"GET", "/me", h_me, NULL, AUTHP_AUTH_REQUIRED, NULL, AUTHP_ROUTE_WAITS,
     "The account that is signed in", 200, "User", {AUTHP_OK}},
    {"GET", "/api/protected/me", h_protected_me, NULL, AUTHP_AUTH_REQUIRED, NULL, AUTHP_ROUTE_WAITS | AUTHP_ROUTE_AT_ME,
     "The sample protected endpoint, with effective roles (served at AuthPlatformMe)", 200, "ProtectedUser", {AUTHP_OK}},
    {"GET", "/healthz", h_healthz, NULL, AUTHP_AUTH_NONE, NULL, 0,
     "Is the process alive?", 200, "Status", {AUTHP_OK}},
    {"GET", "/readyz", h_readyz, NULL, AUTHP_AUTH_NONE, NULL, AUTHP_ROUTE_WAITS,
     "Does the account store answer?", 200, "Status", {AUTHP_OK}},
    {"GET", "/openapi.json", h_openapi, NULL, AUTHP_AUTH_NONE, NULL, 0,
     "This document", 200, "Document", {AUTHP_OK}},
};

#define ROUTES ((int)(sizeof(routes) / sizeof(routes[0])))

const authp_route_t *authp_routes_at(int index)
{
    return index >= 0 && index < ROUTES ? &routes[index] : NULL;
}
