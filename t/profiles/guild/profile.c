/* SPDX-License-Identifier: Apache-2.0 */
/* An example for a profile of one's own: conf/guides/own-profile.md explains it. A guild has
 * members with usernames, who get bearer tokens for two hours. The folder needs nothing else of
 * this tree than the headers that it includes, so it may lie anywhere:
 * make MORE_PROFILES=/srv/our/guild. Tests link it too. */
#include "api/core/profile.h"
#include "api/core/answer.h"
#include "api/core/sign_in.h"
#include "api/docs/meta.h"
#include "base/json.h"
#include "service/account/account.h"
#include "service/session/token.h"

#include <string.h>

/* --- the shape: how an error looks ------------------------------------------------------------ */

/* {"reason": CODE, "text": TEXT, "fields": [NAME, ...]}; the list is there if fields are wrong. */
static void write_error(const authp_problem_t *problem, const authp_refusal_t *refusal, json_t *out,
                        apr_pool_t *pool)
{
    (void)pool;
    authp_json_set_str(out, "reason", problem->code);
    authp_json_set_str(out, "text", refusal->detail);
    if (refusal->findings != NULL) {
        json_t *fields = authp_json_set_array(out, "fields");
        for (int i = 0; i < refusal->findings->count; i++) {
            authp_json_append_str(fields, refusal->findings->at[i].field);
        }
    }
}

/* The same for the OpenAPI document. A type that ends in * may be absent, one in ? may be null. */
static const authp_answer_schema_t error_schemas[] = {
    {.name = "Refusal",
     .properties = {{"reason", "string", "A stable word for programs"},
                    {"text", "string", "A sentence for people"},
                    {"fields", "[]*", "The fields that are wrong"}}},
    {.name = NULL}};

/* Without a function `answer` the body of a success is what the handler says. */
static const authp_shape_t shape = {.error_type = "application/json",
                                    .error = write_error,
                                    .error_schema = "Refusal",
                                    .schemas = error_schemas};

/* Own status, code and words for some errors; all others are those of api/core/problem.c. */
static const authp_problem_t problems[] = {
    {AUTHP_E_VALIDATION_FAILED, 400, "wrong_fields", "Wrong fields", "Please look at the fields.",
     0},
    {AUTHP_E_USER_EXISTS, 409, "name_taken", "Taken", "A member has this name.", 0},
    {AUTHP_E_INVALID_CREDENTIALS, 401, "not_let_in", "Not let in", "Wrong name or password.", 0},
    {AUTHP_E_INSUFFICIENT_ROLE, 403, "not_for_you", "Not allowed", "This is for masters.", 0},
    {.err = AUTHP_OK}};

/* --- bodies and answers ----------------------------------------------------------------------- */

/* A field: its name, what it must be (api/core/schema.h), whether it is needed, whether it may be
 * null. */
static const authp_schema_t join_body = {"Join",
                                         {{"username", AUTHP_FIELD_USERNAME, true, false},
                                          {"password", AUTHP_FIELD_NEW_PASSWORD, true, false}},
                                         {NULL, NULL}};
static const authp_schema_t enter_body = {
    "Enter",
    {{"username", AUTHP_FIELD_LOGIN, true, false}, {"password", AUTHP_FIELD_PASSWORD, true, false}},
    {NULL, NULL}};

static const authp_answer_schema_t answers[] = {
    {.name = "Card",
     .properties = {{"number", "string", "24 hex characters"},
                    {"name", "string?", NULL},
                    {"rank", "string?", "The role that the token names"},
                    {"since", "string", "RFC 3339, UTC"}}},
    {.name = "Key",
     .properties = {{"access_token", "string", "JWT for Authorization: Bearer"},
                    {"token_type", "string", "bearer"}}},
    {.name = "Hall", .properties = {{"master", "string?", "The username of the master"}}},
    {.name = "Left", .properties = {{"left", "boolean", NULL}}},
    {.name = NULL}};

/* --- handlers: read the fields, make one call of a service, write the answer ------------------ */

static void answer_card(authp_call_t *call, int status, const authp_user_t *user, const char *rank)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "number", user->id.hex);
    authp_json_set_str(out, "name", user->username);
    authp_json_set_str(out, "rank", rank);
    authp_json_set_str(out, "since", authp_clock_rfc3339(user->created_at, call->pool));
    authp_answer_json(call, status, out);
}

/* An error that a handler returns is written by the shape above. */
static authp_err_t join(authp_call_t *call)
{
    authp_user_t *user = NULL;
    const char *rank = call->request->mount->profile->default_role;
    authp_new_account_t in = {.username = authp_call_field(call, "username"),
                              .password = authp_call_field(call, "password"),
                              .role = rank};
    in.password_len = strlen(in.password);
    authp_err_t err = authp_account_sign_up(call->realm, &in, &call->client, &user, call->pool);
    if (err == AUTHP_OK) {
        answer_card(call, 201, user, rank);
    }
    return err;
}

static authp_err_t enter(authp_call_t *call)
{
    return authp_sign_in_bearer_by_password(call, AUTHP_DOOR_ANY);
}

static authp_err_t card(authp_call_t *call)
{
    answer_card(call, 200, call->user, authp_token_role_now(call->realm, &call->principal));
    return AUTHP_OK;
}

static authp_err_t hall(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "master", call->user->username);
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

static authp_err_t leave(authp_call_t *call)
{
    authp_err_t err = authp_sign_in_end(call);
    if (err == AUTHP_OK) {
        json_t *out = authp_json_object(call->pool);
        authp_json_set_bool(out, "left", 1);
        authp_answer_json(call, 200, out);
    }
    return err;
}

/* --- routes ----------------------------------------------------------------------------------- */
#define MEMBERS "Members"
#define SERVER "Server"
static const authp_tag_t tags[] = {{MEMBERS, "Members of the guild."},
                                   {SERVER, "The state of the server, and its routes."},
                                   {.name = NULL}};

/* A row is all that the server needs for the checks before the handler, and for the document. A
 * route that asks the store or hashes a password has AUTHP_ROUTE_WAITS, and one that takes a
 * password has a limit class, too. */
static const authp_route_t routes[] = {
    {.method = "POST",
     .path = "/join",
     .handler = join,
     .body = &join_body,
     .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_REGISTER,
     .tag = MEMBERS,
     .summary = "Become an apprentice",
     .success = 201,
     .answer = "Card",
     .problems = {AUTHP_E_USER_EXISTS}},
    {.method = "POST",
     .path = "/enter",
     .handler = enter,
     .body = &enter_body,
     .flags = AUTHP_ROUTE_WAITS | AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_FORM,
     .tag = MEMBERS,
     .summary = "Sign in",
     .success = 200,
     .answer = "Key",
     .problems = {AUTHP_E_INVALID_CREDENTIALS}},
    {.method = "GET",
     .path = "/card",
     .handler = card,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = MEMBERS,
     .summary = "One's own card",
     .success = 200,
     .answer = "Card"},
    {.method = "GET",
     .path = "/hall",
     .handler = hall,
     .auth = AUTHP_AUTH_REQUIRED,
     .role = "master",
     .flags = AUTHP_ROUTE_WAITS,
     .tag = MEMBERS,
     .summary = "For masters only",
     .success = 200,
     .answer = "Hall"},
    {.method = "POST",
     .path = "/leave",
     .handler = leave,
     .auth = AUTHP_AUTH_REQUIRED,
     .flags = AUTHP_ROUTE_WAITS,
     .tag = MEMBERS,
     .summary = "Sign out",
     .success = 200,
     .answer = "Left"},
    AUTHP_META_ROUTES(SERVER),
    {.method = NULL}};

/* --- the profile ------------------------------------------------------------------------------ */

/* Tokens live for 120 minutes and carry prf, role and username beside the claims of every token. */
static const authp_terms_t terms = {.prf = "guild",
                                    .minutes = 120,
                                    .most_minutes = AUTHP_TERMS_MOST_MINUTES,
                                    .claims = AUTHP_TERMS_ROLE | AUTHP_TERMS_USERNAME};
/* The role of a token is admin if the account has it, else its first one in the order of ROLES. */
static const char *const role_names[] = {"master", "apprentice", "admin", NULL};

/* The texts of about.json and examples.json. */
AUTHP_PROFILE_TEXTS(guild);

const authp_profile_t authp_profile_guild = {.name = "guild",
                                             .title = "Members of the guild",
                                             .about = "Accounts of the guild. An error is "
                                                      "`{\"reason\": word, \"text\": text}`.",
                                             .routes = routes,
                                             .shape = &shape,
                                             .problems = problems,
                                             .answers = answers,
                                             .tags = tags,
                                             .ignores_unknown_fields = true,
                                             .bearer_only = true,
                                             .terms = &terms,
                                             .default_role = "apprentice",
                                             .role_names = role_names,
                                             .about_json = authp_profile_guild_about,
                                             .examples_json = authp_profile_guild_examples};
