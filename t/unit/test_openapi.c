/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenAPI document contains what the tables contain, and its references are complete. */
#include "api/core/problem.h"
#include "api/core/query.h"
#include "api/openapi/openapi.h"
#include "api/openapi/openapi_examples.h"
#include "json_refs.h"
#include "suite.h"
#include "support/http_fake.h"

#include "base/version.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static http_fake_t h;
static json_t *doc;

static void make(void)
{
    doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
}

static void setup(void)
{
    http_fake_open(&h);
    make();
}

static void teardown(void)
{
    http_fake_close(&h);
}

static const char *text(json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static json_t *operation_of(int index)
{
    const authp_route_t *route = http_fake_route(&h, index);
    json_t *item = json_object_get(json_object_get(doc, "paths"), http_fake_route_path(&h, index));
    char *method = apr_pstrdup(h.f.pool, route->method);
    for (char *c = method; *c != '\0'; c++) {
        *c = (char)apr_tolower(*c);
    }
    json_t *operation = json_object_get(item, method);
    ck_assert_msg(operation != NULL, "%s %s", route->method, route->path);
    return operation;
}

static json_t *response_of(json_t *operation, int status)
{
    return json_object_get(json_object_get(operation, "responses"), apr_itoa(h.f.pool, status));
}

/* Returns the value that a $ref names, or NULL. */
static json_t *resolved(const char *ref)
{
    return json_refs_find(doc, ref, h.f.pool);
}

/* True if the operation has a parameter of that name. */
static bool takes(json_t *operation, const char *parameter)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(operation, "parameters"), i, entry)
    {
        ck_assert_ptr_nonnull(text(entry, "in"));
        ck_assert_ptr_nonnull(text(entry, "description"));
        if (strcmp(text(entry, "name"), parameter) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(its_frame)
{
    json_t *info = json_object_get(doc, "info");
    ck_assert_str_eq(text(doc, "openapi"), "3.1.0");
    ck_assert_str_eq(text(info, "version"), AUTHP_VERSION);
    ck_assert_uint_gt(strlen(text(info, "title")), 0);
    ck_assert_int_gt(json_refs_count(doc, doc, h.f.pool), 50);
    json_t *cookie = resolved("#/components/securitySchemes/cookie");
    ck_assert_str_eq(text(cookie, "name"), "__Host-authp_at");
    ck_assert_str_eq(text(resolved("#/components/securitySchemes/bearer"), "scheme"), "bearer");
}
END_TEST

START_TEST(every_route_is_in_it)
{
    int operations = 0;
    int routes = 0;
    const char *path = NULL;
    json_t *item = NULL;
    for (; http_fake_route(&h, routes) != NULL; routes++) {
        const authp_route_t *route = http_fake_route(&h, routes);
        json_t *operation = operation_of(routes);
        ck_assert_str_eq(text(operation, "summary"), route->summary);
        ck_assert_ptr_nonnull(response_of(operation, route->success));
    }
    /* The document has no other paths. */
    json_object_foreach(json_object_get(doc, "paths"), path, item)
    {
        operations += (int)json_object_size(item);
    }
    ck_assert_int_gt(routes, 9);
    ck_assert_int_eq(operations, routes);
}
END_TEST

START_TEST(operation_ids)
{
    json_t *seen = json_object();
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const char *id = text(operation_of(i), "operationId");
        ck_assert_msg(json_object_get(seen, id) == NULL, "%s twice", id);
        ck_assert_uint_eq(strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                          strlen(id));
        ck_assert_int_eq(json_object_set_new(seen, id, json_true()), 0);
    }
    ck_assert_ptr_nonnull(json_object_get(seen, "postLoginCandidate"));
    ck_assert_ptr_nonnull(json_object_get(seen, "getApiProtectedMe"));
    json_decref(seen);
}
END_TEST

static json_t *examples_of(json_t *response)
{
    json_t *media =
        json_object_get(json_object_get(response, "content"), "application/problem+json");
    return json_object_get(media, "examples");
}

static bool documents(json_t *operation, authp_err_t err)
{
    const authp_problem_t *problem = authp_problem_of(err);
    json_t *response = response_of(operation, problem->status);
    return json_object_get(
               examples_of(response),
               authp_openapi_examples_error(h.mount->profile, problem->err, h.f.pool)) != NULL;
}

START_TEST(what_the_columns_imply)
{
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const authp_route_t *route = http_fake_route(&h, i);
        json_t *operation = operation_of(i);
        bool token = route->auth == AUTHP_AUTH_REQUIRED;
        bool waits = (route->flags & AUTHP_ROUTE_WAITS) != 0;
        bool signs_in = (route->flags & AUTHP_ROUTE_SIGNS_IN) != 0;
        ck_assert_int_eq(documents(operation, AUTHP_E_TOKEN_EXPIRED),
                         token || route->auth == AUTHP_AUTH_OPTIONAL);
        ck_assert_int_eq(documents(operation, AUTHP_E_UNAVAILABLE), waits);
        ck_assert_int_eq(documents(operation, AUTHP_E_VALIDATION_FAILED),
                         route->body != NULL || authp_query_may_fail(route));
        ck_assert(documents(operation, AUTHP_E_INTERNAL));
        ck_assert(!signs_in || documents(operation, AUTHP_E_ORIGIN_DENIED));
        for (int k = 0; k < AUTHP_ROUTE_PROBLEMS && route->problems[k] != AUTHP_OK; k++) {
            ck_assert(documents(operation, route->problems[k]));
        }
        ck_assert_uint_eq(json_array_size(json_object_get(operation, "security")),
                          route->auth == AUTHP_AUTH_NONE ? 0
                          : token                        ? 2
                                                         : 3);
        ck_assert_int_eq(takes(operation, "X-Token-Delivery"), signs_in);
        ck_assert_int_eq(takes(operation, "X-CSRF-Token"),
                         route->auth != AUTHP_AUTH_NONE && strcmp(route->method, "GET") != 0);
        ck_assert_int_eq(takes(operation, "limit") || takes(operation, "code_challenge"),
                         authp_query_may_fail(route));
        ck_assert_int_eq(takes(operation, "id"), strstr(route->path, "{id}") != NULL);
        ck_assert_int_eq(takes(operation, "provider"), strstr(route->path, "{provider}") != NULL);
        bool kept = (route->flags & AUTHP_ROUTE_KEPT) != 0;
        json_t *headers = json_object_get(response_of(operation, route->success), "headers");
        ck_assert_int_eq(json_object_get(headers, "ETag") != NULL, kept);
        ck_assert_int_eq(takes(operation, "return_to"),
                         strcmp(route->path, "/session/renew") == 0 ||
                             takes(operation, "login_hint"));
    }
}
END_TEST

/* True for errors that only other profiles answer. */
static bool is_elsewhere(authp_err_t err)
{
    return err == AUTHP_E_USER_EXISTS ||
           (err >= AUTHP_E_MOBILE_INVALID && err <= AUTHP_E_PASSWORD_REQUIRED);
}

START_TEST(every_documented_code_has_a_row)
{
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const char *status = NULL;
        json_t *response = NULL;
        json_object_foreach(json_object_get(operation_of(i), "responses"), status, response)
        {
            const char *code = NULL;
            json_t *ref = NULL;
            json_t *headers = json_object_get(response, "headers");
            ck_assert_ptr_nonnull(json_object_get(headers, "X-Request-Id"));
            json_object_foreach(examples_of(response), code, ref)
            {
                json_t *value = json_object_get(resolved(text(ref, "$ref")), "value");
                ck_assert_int_eq(strncmp(text(value, "code"), code, strlen(text(value, "code"))),
                                 0);
                ck_assert_int_eq(json_integer_value(json_object_get(value, "status")),
                                 atoi(status));
            }
            ck_assert_int_eq(json_object_get(headers, "WWW-Authenticate") != NULL,
                             strcmp(status, "401") == 0);
            ck_assert_int_eq(json_object_get(headers, "Retry-After") != NULL,
                             strcmp(status, "503") == 0 || strcmp(status, "429") == 0);
            ck_assert_int_eq(json_object_get(headers, "Location") != NULL,
                             strcmp(status, "302") == 0);
        }
    }
    /* Each error has one example, unless no route of this mount answers so. */
    json_t *examples = resolved("#/components/examples");
    for (int i = 0; authp_problem_at(i) != NULL; i++) {
        const authp_problem_t *problem = authp_problem_at(i);
        json_t *example = json_object_get(
            examples, authp_openapi_examples_error(h.mount->profile, problem->err, h.f.pool));
        ck_assert_msg((example != NULL) != is_elsewhere(problem->err), "%s", problem->code);
        ck_assert(example == NULL ||
                  strcmp(text(json_object_get(example, "value"), "title"), problem->title) == 0);
    }
    ck_assert_ptr_nonnull(resolved("#/components/examples/not_found"));
    ck_assert_ptr_nonnull(resolved("#/components/examples/method_not_allowed"));
    ck_assert_ptr_null(resolved("#/components/examples/user_exists"));
}
END_TEST

START_TEST(bodies)
{
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const authp_route_t *route = http_fake_route(&h, i);
        json_t *body = json_object_get(operation_of(i), "requestBody");
        bool optional = (route->flags & AUTHP_ROUTE_OPTIONAL_BODY) != 0;
        ck_assert_int_eq(body != NULL, route->body != NULL);
        if (body == NULL) {
            continue;
        }
        ck_assert_int_eq(json_is_true(json_object_get(body, "required")), !optional);
        json_t *schema =
            resolved(apr_pstrcat(h.f.pool, "#/components/schemas/", route->body->name, NULL));
        for (const authp_field_t *field = route->body->fields; field->name != NULL; field++) {
            ck_assert_ptr_nonnull(
                json_object_get(json_object_get(schema, "properties"), field->name));
        }
    }
}
END_TEST

/* Compares an answer as it is sent with its schema. */
static void expect_fits(json_t *value, const char *schema_name)
{
    json_t *schema = resolved(apr_pstrcat(h.f.pool, "#/components/schemas/", schema_name, NULL));
    const char *why = json_refs_misfit(doc, schema, value, h.f.pool);
    ck_assert_ptr_nonnull(json_object_get(schema, "properties"));
    ck_assert_msg(why == NULL, "%s: %s", schema_name, why);
}

START_TEST(answers_are_as_it_says)
{
    authp_response_t out = http_fake_register(&h, "ann@example.org", false);
    json_t *tokens = http_fake_body(&h, &out);
    expect_fits(tokens, "Tokens");
    expect_fits(json_object_get(tokens, "user"), "User");
    http_fake_bearer(&h, text(tokens, "access_token"));
    out = http_fake_expect(&h, "GET", "/api/protected/me", 200, NULL);
    expect_fits(http_fake_body(&h, &out), "ProtectedUser");
    out = http_fake_expect(&h, "GET", "/api/auth/readyz", 200, NULL);
    expect_fits(http_fake_body(&h, &out), "Status");
    out = http_fake_expect(&h, "GET", "/api/auth/healthz", 200, NULL);
    expect_fits(http_fake_body(&h, &out), "Status");
    out = http_fake_expect(&h, "POST", "/api/auth/logout", 200, NULL);
    expect_fits(http_fake_body(&h, &out), "Message");
    out = http_fake_register(&h, "bob@example.org", true);
    expect_fits(http_fake_body(&h, &out), "Tokens");
    http_fake_json(&h, "{}");
    out = http_fake_expect(&h, "POST", "/api/auth/login", 422, "validation_failed");
    json_t *problem = http_fake_body(&h, &out);
    expect_fits(problem, "Problem");
    expect_fits(json_array_get(json_object_get(problem, "errors"), 0), "FieldError");
}
END_TEST

START_TEST(variants)
{
    const authp_route_t *login = http_fake_route(&h, 0);
    ck_assert_uint_ne(login->flags & AUTHP_ROUTE_SIGNS_IN, 0);
    h.mount->delivery = AUTHP_DELIVERY_JSON;
    make();
    ck_assert(!takes(operation_of(0), "X-Token-Delivery"));
    http_fake_mount(&h, "/accounts", AUTHP_DELIVERY_COOKIE, NULL);
    h.f.settings->secure_cookies = false;
    h.f.settings->password_min_length = 12;
    make();
    ck_assert(!takes(operation_of(0), "X-Token-Delivery"));
    ck_assert_ptr_nonnull(json_object_get(json_object_get(doc, "paths"), "/accounts/login"));
    ck_assert_ptr_null(json_object_get(json_object_get(doc, "paths"), "/api/auth/login"));
    ck_assert_ptr_null(json_object_get(json_object_get(doc, "paths"), "/api/protected/me"));
    ck_assert_str_eq(text(resolved("#/components/securitySchemes/cookie"), "name"), "authp_at");
    json_t *password = resolved("#/components/schemas/Register/properties/password");
    ck_assert_int_eq(json_integer_value(json_object_get(password, "minLength")), 12);
    (void)json_refs_count(doc, doc, h.f.pool);
}
END_TEST

START_TEST(it_is_served)
{
    authp_response_t out = http_fake_expect(&h, "GET", "/api/auth/openapi.json", 200, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Content-Type"), "application/json");
    ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "public, max-age=300");
    ck_assert(json_equal(http_fake_body(&h, &out), doc));
}
END_TEST

Suite *suite_openapi(void)
{
    Suite *suite = suite_create("openapi");
    TCase *tests = tcase_create("openapi");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, its_frame);
    tcase_add_test(tests, every_route_is_in_it);
    tcase_add_test(tests, operation_ids);
    tcase_add_test(tests, what_the_columns_imply);
    tcase_add_test(tests, every_documented_code_has_a_row);
    tcase_add_test(tests, bodies);
    tcase_add_test(tests, answers_are_as_it_says);
    tcase_add_test(tests, variants);
    tcase_add_test(tests, it_is_served);
    suite_add_tcase(suite, tests);
    return suite;
}
