/* SPDX-License-Identifier: Apache-2.0 */
#include "row_text.h"

#include <apr_strings.h>
#include <check.h>
#include <string.h>

typedef struct lines_t {
    apr_array_header_t *all; /* const char * */
    apr_pool_t *pool;
} lines_t;

static const char *const auths[] = {[AUTHP_AUTH_NONE] = "anybody",
                                    [AUTHP_AUTH_REQUIRED] = "signed in",
                                    [AUTHP_AUTH_OPTIONAL] = "signed in or not",
                                    [AUTHP_AUTH_OWN] = "own credential"};

static const struct {
    unsigned flag;
    const char *name;
} flags[] = {{AUTHP_ROUTE_WAITS, "waits"},
             {AUTHP_ROUTE_SIGNS_IN, "signs-in"},
             {AUTHP_ROUTE_OPTIONAL_BODY, "optional-body"},
             {AUTHP_ROUTE_NO_HEAD, "no-head"},
             {AUTHP_ROUTE_PAGE, "page"},
             {AUTHP_ROUTE_LIMIT_CREDENTIAL, "credential"},
             {AUTHP_ROUTE_LIMIT_REGISTER, "register"},
             {AUTHP_ROUTE_LIMIT_REFRESH, "refresh"},
             {AUTHP_ROUTE_KEPT, "kept"},
             {AUTHP_ROUTE_FORM, "form"},
             {AUTHP_ROUTE_DEVICE, "device"},
             {AUTHP_ROUTE_MAILS, "mails"}};

static const char *const queries[] = {
    [AUTHP_QUERY_LIMIT] = "limit",         [AUTHP_QUERY_CURSOR] = "cursor",
    [AUTHP_QUERY_PREFIX] = "prefix",       [AUTHP_QUERY_ROLE] = "role",
    [AUTHP_QUERY_RETURN_TO] = "return_to", [AUTHP_QUERY_TARGET] = "target",
    [AUTHP_QUERY_ASKED] = "asked",         [AUTHP_QUERY_CHALLENGE] = "challenge",
    [AUTHP_QUERY_DEVICE] = "device",       [AUTHP_QUERY_ANY] = "any"};

static const char *const kinds[] = {
    [AUTHP_FIELD_BOOL] = "bool",
    [AUTHP_FIELD_EMAIL] = "email",
    [AUTHP_FIELD_USERNAME] = "username",
    [AUTHP_FIELD_NAME] = "name",
    [AUTHP_FIELD_FULL_NAME] = "full-name",
    [AUTHP_FIELD_NEW_PASSWORD] = "new-password",
    [AUTHP_FIELD_PASSWORD] = "password",
    [AUTHP_FIELD_LOGIN] = "login",
    [AUTHP_FIELD_DEVICE] = "device",
    [AUTHP_FIELD_TOKEN] = "token",
    [AUTHP_FIELD_JWT] = "jwt",
    [AUTHP_FIELD_TARGET] = "target",
    [AUTHP_FIELD_ASKED] = "asked",
    [AUTHP_FIELD_ID] = "id",
    [AUTHP_FIELD_HOURS] = "hours",
    [AUTHP_FIELD_ROLES] = "roles",
    [AUTHP_FIELD_MOBILE] = "mobile",
    [AUTHP_FIELD_CODE] = "code",
    [AUTHP_FIELD_OWN_ROLE] = "own-role",
    [AUTHP_FIELD_OWN_ROLES] = "own-roles",
    [AUTHP_FIELD_ADMIN_ROLES] = "admin-roles",
    [AUTHP_FIELD_DOCUMENT] = "document",
};

static void push(lines_t *lines, const char *line)
{
    APR_ARRAY_PUSH(lines->all, const char *) = line;
}

/* `text` with `more` at its end, unless `more` is NULL. */
static const char *with(lines_t *lines, const char *text, const char *before, const char *more)
{
    return more != NULL ? apr_pstrcat(lines->pool, text, before, more, NULL) : text;
}

static void add_profile(lines_t *lines, const authp_profile_t *profile)
{
    const authp_terms_t *terms = profile->terms;
    const authp_tag_t *tag = profile->tags;
    const char *const *role = profile->role_names;
    const char *line = profile->name;
    line = with(lines, line, " ", profile->title);
    line = with(lines, line, ", errors ", profile->shape->error_type);
    line = with(lines, line, ", renewal ", profile->renewal);
    line = with(lines, line, ", cookie ", profile->refresh_cookie);
    line = with(lines, line, ", default role ", profile->default_role);
    line = with(lines, line, "", profile->rows_only ? ", rows only" : NULL);
    line = with(lines, line, "", profile->ignores_unknown_fields ? ", any field" : NULL);
    line = with(lines, line, "", profile->bearer_only ? ", bearer only" : NULL);
    if (terms != NULL) {
        line = apr_psprintf(lines->pool, "%s, prf %s, %d of %d minutes, claims %u", line,
                            terms->prf, terms->minutes, terms->most_minutes, terms->claims);
    }
    for (int i = 0; role != NULL && *role != NULL; role++, i++) {
        line = with(lines, line, i == 0 ? ", roles " : " ", *role);
    }
    for (int i = 0; tag != NULL && tag->name != NULL; tag++, i++) {
        line = with(lines, line, i == 0 ? ", tags " : " + ", tag->name);
    }
    push(lines, line);
}

static void add_problems(lines_t *lines, const authp_problem_t *problem)
{
    for (; problem != NULL && problem->err != AUTHP_OK; problem++) {
        push(lines, apr_psprintf(lines->pool, "! %s: %d %s, %s: %s (%d)",
                                 authp_err_name(problem->err), problem->status, problem->code,
                                 problem->title, problem->detail, problem->retry_after));
    }
}

static void add_route(lines_t *lines, const authp_route_t *route)
{
    const authp_parameter_t *parameter = route->query;
    const char *line = apr_pstrcat(lines->pool, route->method, " ", route->path, " [", route->tag,
                                   "] (", auths[route->auth], NULL);
    line = apr_pstrcat(lines->pool, with(lines, line, ", role ", route->role), ")", NULL);
    unsigned left = route->flags;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        line = with(lines, line, " ", (left & flags[i].flag) != 0 ? flags[i].name : NULL);
        left &= ~flags[i].flag;
    }
    ck_assert_uint_eq(left, 0);
    if (route->body != NULL) {
        line = apr_pstrcat(lines->pool, line, " {", route->body->name, "}", NULL);
    }
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        line = apr_pstrcat(lines->pool, line, " ?", parameter->name, "=", queries[parameter->kind],
                           NULL);
    }
    line = apr_psprintf(lines->pool, "%s -> %d", line, route->success);
    line = with(lines, line, " ", route->answer);
    if (route->other_success != 0) {
        line = apr_psprintf(lines->pool, "%s or %d", line, route->other_success);
        line = with(lines, line, " ", route->other_answer);
    }
    for (int i = 0; i < AUTHP_ROUTE_PROBLEMS && route->problems[i] != AUTHP_OK; i++) {
        const authp_problem_t *problem = authp_problem_of(route->problems[i]);
        line = apr_psprintf(lines->pool, "%s%s%d %s", line, i == 0 ? " | " : ", ", problem->status,
                            problem->code);
    }
    push(lines, line);
}

static bool is_there(const lines_t *lines, const char *line)
{
    for (int i = 0; i < lines->all->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(lines->all, i, const char *), line) == 0) {
            return true;
        }
    }
    return false;
}

/* A body that several routes have is one line. */
static void add_body(lines_t *lines, const authp_schema_t *body)
{
    const char *line = apr_pstrcat(lines->pool, "{", body->name, "}", NULL);
    for (const authp_field_t *field = body->fields; field->name != NULL; field++) {
        line = apr_pstrcat(lines->pool, line, field == body->fields ? " " : ", ", field->name,
                           field->required ? "!" : "", field->nullable ? "?" : "", " ",
                           kinds[field->kind], NULL);
    }
    if (body->one_of[0] != NULL) {
        line = apr_pstrcat(lines->pool, line, "; ", body->one_of[0], " or ", body->one_of[1], NULL);
        line = with(lines, line, " ", body->one_of[2]);
    }
    if (!is_there(lines, line)) {
        push(lines, line);
    }
}

static void add_answers(lines_t *lines, const authp_answer_schema_t *answer)
{
    for (; answer != NULL && answer->name != NULL; answer++) {
        const authp_property_t *property = answer->properties;
        const char *line = apr_pstrcat(lines->pool, answer->name, " =", NULL);
        if (answer->any_of[0] != NULL) {
            line = apr_pstrcat(lines->pool, line, " ", answer->any_of[0], " or ", answer->any_of[1],
                               NULL);
        }
        for (; property->name != NULL; property++) {
            line = apr_pstrcat(lines->pool, line, property == answer->properties ? " " : ", ",
                               property->name, " ", property->type, NULL);
        }
        push(lines, line);
    }
}

void row_text_same(const authp_profile_t *profile, const char *const *lines, int count,
                   apr_pool_t *pool)
{
    lines_t made = {apr_array_make(pool, 100, sizeof(const char *)), pool};
    const authp_route_t *route = profile->routes;
    add_profile(&made, profile);
    add_problems(&made, profile->problems);
    for (; route->method != NULL; route++) {
        add_route(&made, route);
    }
    for (route = profile->routes; route->method != NULL; route++) {
        if (route->body != NULL) {
            add_body(&made, route->body);
        }
    }
    add_answers(&made, profile->answers);
    add_answers(&made, profile->shape->schemas);
    for (int i = 0; i < made.all->nelts && i < count; i++) {
        ck_assert_str_eq(APR_ARRAY_IDX(made.all, i, const char *), lines[i]);
    }
    ck_assert_int_eq(made.all->nelts, count);
}
