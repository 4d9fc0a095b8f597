/* SPDX-License-Identifier: Apache-2.0 */
/* A second profile beside the platform's: its routes, its shape of answers and errors, its
 * document. */
#include "api/core/dispatch.h"
#include "api/core/mounts.h"
#include "api/core/profiles.h"
#include "api/docs/document.h"
#include "api/openapi/openapi.h"
#include "suite.h"
#include "support/http_fake.h"

#include <string.h>

#define PERSON "{\"email\":\"ann@example.org\",\"password\":\"" FIXTURE_PASSWORD "\",\"other\":1}"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("/tiny", authp_profiles_find("tiny"), AUTHP_DELIVERY_JSON);
    h.mount = &APR_ARRAY_IDX(h.mounts, 0, authp_mount_t);
    http_fake_documents(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static json_t *ask(const char *method, const char *target, int status)
{
    authp_response_t out = {0};
    authp_request_t request = http_fake_request(&h, method, target);
    authp_dispatch(h.f.realm, &request, &out, h.f.pool);
    ck_assert_msg(out.status == status, "%s %s: %d %s", method, target, out.status, out.body);
    ck_assert_str_eq(http_fake_header(&out, "Content-Type"), "application/json");
    return http_fake_body(&h, &out);
}

static const char *text(json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

/* Checks an error {error, detail: {message}, status_code}. Returns the number of fields in
 * detail.errors. */
static size_t expect_error(const char *method, const char *target, int status, const char *code)
{
    json_t *body = ask(method, target, status);
    json_t *detail = json_object_get(body, "detail");
    ck_assert_uint_eq(json_object_size(body), 3);
    ck_assert_str_eq(text(body, "error"), code);
    ck_assert_int_eq(json_integer_value(json_object_get(body, "status_code")), status);
    ck_assert_uint_gt(strlen(text(detail, "message")), 0);
    return json_array_size(json_object_get(detail, "errors"));
}

START_TEST(its_answers)
{
    http_fake_json(&h, PERSON);
    json_t *body = ask("POST", "/tiny/signup", 201);
    ck_assert(json_is_true(json_object_get(body, "ok")));
    ck_assert_str_eq(text(json_object_get(body, "data"), "email"), "ann@example.org");
    body = ask("GET", "/tiny/healthz", 200);
    ck_assert_str_eq(text(json_object_get(body, "data"), "status"), "ok");
    /* A token from one mount is valid at another. */
    authp_response_t out = http_fake_register(&h, "bob@example.org", false);
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    body = ask("GET", "/tiny/me", 200);
    ck_assert_str_eq(text(json_object_get(body, "data"), "email"), "bob@example.org");
}
END_TEST

START_TEST(its_errors)
{
    http_fake_json(&h, PERSON);
    (void)ask("POST", "/tiny/signup", 201);
    json_t *body = ask("POST", "/tiny/signup", 409);
    ck_assert_str_eq(text(json_object_get(body, "detail"), "message"), "Email already registered");
    ck_assert_uint_eq(expect_error("POST", "/tiny/signup", 409, "email_taken"), 0);
    http_fake_json(&h, "{\"email\":1,\"other\":2}");
    ck_assert_uint_eq(expect_error("POST", "/tiny/signup", 400, "validation_failed"), 2);
    http_fake_json(&h, "{");
    (void)expect_error("POST", "/tiny/signup", 400, "malformed_json");
    (void)expect_error("PUT", "/tiny/signup", 405, "method_not_allowed");
    (void)expect_error("GET", "/tiny/none", 404, "not_found");
    /* a route of the platform profile only */
    (void)expect_error("GET", "/tiny/login", 404, "not_found");
    (void)expect_error("GET", "/tiny/me", 401, "token_missing");
    /* Answers of the platform profile keep their own shape. */
    http_fake_json(&h, "{\"email\":1}");
    (void)http_fake_expect(&h, "POST", "/api/auth/register", 422, "validation_failed");
}
END_TEST

START_TEST(its_paths_and_queries)
{
    json_t *body = ask("GET", "/tiny/roles/admin/of/ann?after=65f0c0ffee00000000000a01&x=%", 200);
    json_t *data = json_object_get(body, "data");
    ck_assert_str_eq(text(data, "role"), "admin");
    ck_assert_str_eq(text(data, "name"), "ann");
    ck_assert_str_eq(text(data, "cursor"), "65f0c0ffee00000000000a01");
    ck_assert_uint_eq(
        expect_error("GET", "/tiny/roles/admin/of/ann?after=x", 400, "validation_failed"), 1);
    (void)expect_error("GET", "/tiny/roles/Admin/of/ann", 404, "not_found");
}
END_TEST

/* The profile's document has its own routes, schemas and codes, and nothing of another profile. */
START_TEST(its_document)
{
    const authp_mount_t *mount = authp_mounts_find(h.mounts, "/tiny");
    json_t *doc = authp_openapi_make(h.f.settings, h.mounts, mount, h.f.pool);
    json_t *paths = json_object_get(doc, "paths");
    json_t *schemas = json_object_get(json_object_get(doc, "components"), "schemas");
    ck_assert_str_eq(text(json_object_get(doc, "info"), "title"), "A tiny profile");
    ck_assert_uint_eq(json_object_size(paths), 7);
    json_t *signup = json_object_get(json_object_get(paths, "/tiny/signup"), "post");
    json_t *responses = json_object_get(signup, "responses");
    json_t *refused = json_object_get(responses, "400");
    ck_assert_ptr_null(json_object_get(responses, "422"));
    json_t *media = json_object_get(json_object_get(refused, "content"), "application/json");
    ck_assert_str_eq(text(json_object_get(media, "schema"), "$ref"), "#/components/schemas/Error");
    ck_assert_ptr_nonnull(json_object_get(json_object_get(media, "examples"), "validation_failed"));
    ck_assert(
        json_is_true(json_object_get(json_object_get(schemas, "Signup"), "additionalProperties")));
    ck_assert_ptr_null(json_object_get(schemas, "Tokens"));
    ck_assert_ptr_null(json_object_get(schemas, "Problem"));
    json_t *echo = json_object_get(json_object_get(paths, "/tiny/roles/{role}/of/{name}"), "get");
    ck_assert_uint_eq(json_array_size(json_object_get(echo, "parameters")), 3);
    ck_assert_ptr_eq(http_fake_request(&h, "GET", "/tiny/docs").mount, mount);
    (void)ask("GET", "/tiny/openapi.json", 200);
    /* The platform's document has nothing of the tiny profile. */
    doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    ck_assert_ptr_null(json_object_get(json_object_get(doc, "paths"), "/tiny/signup"));
    ck_assert_ptr_nonnull(json_object_get(json_object_get(doc, "paths"), "/api/protected/me"));
}
END_TEST

START_TEST(profiles_by_name)
{
    ck_assert_str_eq(authp_profiles_find("platform")->name, "platform");
    ck_assert_ptr_null(authp_profiles_find("nothing"));
    ck_assert_ptr_null(authp_profiles_at(-1));
    int count = 0;
    for (; authp_profiles_at(count) != NULL; count++) {
        ck_assert_ptr_eq(authp_profiles_find(authp_profiles_at(count)->name),
                         authp_profiles_at(count));
    }
    ck_assert_int_ge(count, 3);
    ck_assert_ptr_null(authp_profiles_at(count + 1));
}
END_TEST

static bool answers(const authp_route_t *route, authp_err_t err)
{
    bool found = false;
    for (size_t i = 0; i < sizeof(route->problems) / sizeof(route->problems[0]); i++) {
        found = found || route->problems[i] == err;
    }
    return found;
}

/* With EMAIL_VERIFICATION=required, each sign-in with an address and a password may be refused
 * until the address is confirmed, and says so in its document. */
START_TEST(sign_ins_tell_of_unconfirmed_addresses)
{
    int count = 0;
    for (int i = 0; authp_profiles_at(i) != NULL; i++) {
        const authp_route_t *route = authp_profiles_at(i)->routes;
        for (; route->method != NULL; route++) {
            const authp_field_t *field = route->body != NULL ? route->body->fields : NULL;
            while (field != NULL && field->name != NULL && strcmp(field->name, "email") != 0) {
                field++;
            }
            if (field != NULL && field->name != NULL &&
                answers(route, AUTHP_E_INVALID_CREDENTIALS)) {
                ck_assert_msg(answers(route, AUTHP_E_EMAIL_UNVERIFIED), "%s: %s",
                              authp_profiles_at(i)->name, route->path);
                count++;
            }
        }
    }
    ck_assert_int_ge(count, 8);
}
END_TEST

Suite *suite_profile(void)
{
    Suite *suite = suite_create("profile");
    TCase *tests = tcase_create("profile");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, its_answers);
    tcase_add_test(tests, its_errors);
    tcase_add_test(tests, its_paths_and_queries);
    tcase_add_test(tests, its_document);
    tcase_add_test(tests, profiles_by_name);
    tcase_add_test(tests, sign_ins_tell_of_unconfirmed_addresses);
    suite_add_tcase(suite, tests);
    return suite;
}
