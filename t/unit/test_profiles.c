/* SPDX-License-Identifier: Apache-2.0 */
/* What each profile of this build must have: its tables name what is there, and its document has a
 * text and examples for each route. A new profile is tested here without a change of this file. */
#include "api/core/form.h"
#include "api/core/profiles.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi.h"
#include "api/openapi/openapi_examples.h"
#include "base/json.h"
#include "json_refs.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define MOUNT "/mount"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static json_t *document_of(const authp_profile_t *profile)
{
    apr_array_clear(h.mounts);
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) = authp_mount_make(MOUNT, profile, AUTHP_DELIVERY_ASK);
    h.mount = &APR_ARRAY_IDX(h.mounts, 0, authp_mount_t);
    return authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
}

static json_t *operation_of(json_t *doc, const authp_route_t *route)
{
    char *method = apr_pstrdup(h.f.pool, route->method);
    const char *path = apr_pstrcat(h.f.pool, MOUNT, route->path, NULL);
    for (char *c = method; *c != '\0'; c++) {
        *c = (char)apr_tolower(*c);
    }
    json_t *item = json_object_get(json_object_get(doc, "paths"), path);
    ck_assert_msg(json_object_get(item, method) != NULL, "%s %s", route->method, path);
    return json_object_get(item, method);
}

static bool is_tag(const authp_profile_t *profile, const char *name)
{
    const authp_tag_t *tag = profile->tags;
    while (tag != NULL && tag->name != NULL && strcmp(tag->name, name) != 0) {
        tag++;
    }
    return tag != NULL && tag->name != NULL;
}

/* True for a route that the folder api/docs/ explains for all profiles. */
static bool is_of_docs(const char *name)
{
    json_t *texts = NULL;
    ck_assert_int_eq(authp_json_parse((const char *)authp_docs_text_about,
                                      strlen((const char *)authp_docs_text_about), &texts,
                                      h.f.pool),
                     AUTHP_OK);
    return json_object_get(texts, name) != NULL;
}

static bool has_examples(json_t *with_content)
{
    json_t *content = json_object_get(with_content, "content");
    json_t *media = json_object_iter_value(json_object_iter(content));
    return json_object_size(json_object_get(media, "examples")) > 0;
}

static json_t *media_of(json_t *with_content, const char *type)
{
    return json_object_get(json_object_get(with_content, "content"), type);
}

/* Each example of a body or an answer fits its schema. */
static void check_examples(json_t *doc, json_t *with_content, const char *name)
{
    const char *type = NULL;
    const char *key = NULL;
    json_t *media = NULL;
    json_t *example = NULL;
    json_object_foreach(json_object_get(with_content, "content"), type, media)
    {
        json_object_foreach(json_object_get(media, "examples"), key, example)
        {
            const char *ref = json_string_value(json_object_get(example, "$ref"));
            json_t *shown = ref != NULL ? json_refs_find(doc, ref, h.f.pool) : example;
            const char *why = json_refs_misfit(doc, json_object_get(media, "schema"),
                                               json_object_get(shown, "value"), h.f.pool);
            ck_assert_msg(why == NULL, "%s: example %s: %s", name, key, why);
        }
    }
}

/* A route that takes forms describes them. Any other one does not. */
static void check_form(json_t *doc, json_t *operation, const authp_route_t *route)
{
    json_t *media = media_of(json_object_get(operation, "requestBody"), AUTHP_FORM_TYPE);
    ck_assert_int_eq(media != NULL, (route->flags & AUTHP_ROUTE_FORM) != 0);
    if (media == NULL) {
        return;
    }
    ck_assert_ptr_nonnull(media_of(json_object_get(operation, "requestBody"), "application/json"));
    const char *ref = json_string_value(json_object_get(json_object_get(media, "schema"), "$ref"));
    json_t *schema = json_refs_find(doc, ref, h.f.pool);
    ck_assert_uint_gt(json_object_size(json_object_get(media, "examples")), 0);
    json_t *required = json_object_get(schema, "required");
    ck_assert_uint_eq(json_array_size(required), 2);
    ck_assert_str_eq(json_string_value(json_array_get(required, 0)), "username");
    ck_assert_str_eq(json_string_value(json_array_get(required, 1)), "password");
    ck_assert_ptr_null(json_object_get(json_object_get(schema, "properties"), "email"));
}

static bool has_member(json_t *list, const char *name)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(list, i, entry)
    {
        if (json_object_get(entry, name) != NULL) {
            return true;
        }
    }
    return false;
}

static bool takes(json_t *operation, const char *parameter)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(operation, "parameters"), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "name")), parameter) == 0) {
            return true;
        }
    }
    return false;
}

/* True if an example of the answer has an access token. */
static bool gives_token(json_t *doc, json_t *answer)
{
    const char *name = NULL;
    json_t *example = NULL;
    json_t *examples = json_object_get(media_of(answer, "application/json"), "examples");
    json_object_foreach(examples, name, example)
    {
        const char *ref = json_string_value(json_object_get(example, "$ref"));
        json_t *shown = ref != NULL ? json_refs_find(doc, ref, h.f.pool) : example;
        if (strstr(authp_json_text(shown, NULL, h.f.pool), "\"access_token\":") != NULL) {
            return true;
        }
    }
    return false;
}

/* At a profile that takes bearer tokens only, a cookie is named only where its own pair counts, and
 * no other route answers about CSRF. */
static void check_security(const authp_profile_t *profile, json_t *doc, const authp_route_t *route)
{
    json_t *operation = operation_of(doc, route);
    json_t *security = json_object_get(operation, "security");
    json_t *responses = json_object_get(operation, "responses");
    bool own = route->auth == AUTHP_AUTH_OWN;
    bool pair = profile->bearer_only && own && profile->refresh_cookie != NULL;
    ck_assert_int_eq(has_member(security, "bearer"),
                     route->auth != AUTHP_AUTH_NONE && !(profile->bearer_only && own));
    ck_assert_int_eq(has_member(security, "cookie"),
                     route->auth != AUTHP_AUTH_NONE && !profile->bearer_only);
    ck_assert_int_eq(has_member(security, "refreshCookie"), pair);
    ck_assert_int_eq(has_member(security, "csrfToken"), pair);
    if (profile->bearer_only) {
        ck_assert_int_eq(takes(operation, "X-CSRF-Token"), pair);
        json_t *refusals = media_of(json_object_get(responses, "403"), profile->shape->error_type);
        ck_assert_ptr_null(json_object_get(json_object_get(refusals, "examples"), "csrf_failed"));
    }
    json_t *done = json_object_get(responses, apr_itoa(h.f.pool, route->success));
    bool sets = json_object_get(json_object_get(done, "headers"), "Set-Cookie") != NULL;
    bool signs_in = (route->flags & (AUTHP_ROUTE_FORM | AUTHP_ROUTE_DEVICE)) != 0;
    ck_assert(!profile->bearer_only || sets == (pair || signs_in));
    /* Each sign-in sets the device cookie. Only the answer to a sign-in has a new token, apart from
     * that of the pair's route. */
    bool token = gives_token(doc, done);
    ck_assert_msg(!profile->bearer_only || pair || token == signs_in, "%s: %s %s: a token: %d",
                  profile->name, route->method, route->path, token);
}

/* Each error has the schema of errors with a list, that of all others, or that of both if its
 * status has both. */
static void check_errors(const authp_profile_t *profile, json_t *responses, const char *name)
{
    const char *status = NULL;
    json_t *response = NULL;
    const authp_shape_t *shape = profile->shape;
    const char *list = authp_openapi_examples_error(profile, AUTHP_E_VALIDATION_FAILED, h.f.pool);
    json_object_foreach(responses, status, response)
    {
        json_t *media = media_of(response, shape->error_type);
        json_t *examples = json_object_get(media, "examples");
        bool lists = json_object_get(examples, list) != NULL;
        const char *own = !lists                            ? shape->plain_schema
                          : json_object_size(examples) == 1 ? shape->findings_schema
                                                            : NULL;
        if (atoi(status) >= 400 && media != NULL) {
            const char *ref =
                json_string_value(json_object_get(json_object_get(media, "schema"), "$ref"));
            ck_assert_msg(strcmp(strrchr(ref, '/') + 1, own != NULL ? own : shape->error_schema) ==
                              0,
                          "%s: %s: %s", name, status, ref);
        }
    }
}

/* Whoever has a credential, or sends one, makes the server ask the store, which needs a place at
 * the gate. Whoever is not signed in may send only so often. */
static void check_flags(const authp_route_t *route, const char *name)
{
    if (route->auth == AUTHP_AUTH_NONE && strcmp(route->method, "GET") == 0) {
        return;
    }
    ck_assert_msg((route->flags & AUTHP_ROUTE_WAITS) != 0, "%s: no place at the gate", name);
    ck_assert_msg(route->auth == AUTHP_AUTH_REQUIRED || (route->flags & AUTHP_ROUTE_LIMITS) != 0,
                  "%s: no limit", name);
}

/* Front ends send null for a field that a person left empty. So each optional text may be null, but
 * for those of which one must be there. Truth values, lists and numbers are never null. */
static void check_nulls(const authp_profile_t *profile, const authp_schema_t *body)
{
    for (const authp_field_t *field = body->fields; field->name != NULL; field++) {
        bool text = field->kind != AUTHP_FIELD_BOOL && field->kind != AUTHP_FIELD_ID &&
                    field->kind != AUTHP_FIELD_HOURS && field->kind != AUTHP_FIELD_ROLES &&
                    field->kind != AUTHP_FIELD_LOGIN && field->kind != AUTHP_FIELD_USERNAME;
        if (strcmp(field->name, "refresh_token") != 0) {
            ck_assert_msg(field->nullable == (text && !field->required), "%s: %s: %s",
                          profile->name, body->name, field->name);
        }
    }
}

/* Of what an answer has, only texts may be null. */
static void check_answers(const authp_profile_t *profile)
{
    for (const authp_answer_schema_t *answer = profile->answers;
         answer != NULL && answer->name != NULL; answer++) {
        for (const authp_property_t *one = answer->properties; one->name != NULL; one++) {
            ck_assert_msg(strchr(one->type, '?') == NULL || strcmp(one->type, "string?") == 0,
                          "%s: %s: %s is %s", profile->name, answer->name, one->name, one->type);
        }
    }
}

static void check_row(const authp_profile_t *profile, json_t *doc, const authp_route_t *route)
{
    const char *name = apr_pstrcat(h.f.pool, profile->name, ": ", route->method, " ",
                                   *route->path != '\0' ? route->path : "/", NULL);
    json_t *operation = operation_of(doc, route);
    ck_assert_msg(route->handler != NULL && route->summary != NULL, "%s: summary", name);
    ck_assert_msg(route->tag != NULL && is_tag(profile, route->tag), "%s: its tag is none", name);
    ck_assert_msg(route->body == NULL || has_examples(json_object_get(operation, "requestBody")),
                  "%s: no example of the body", name);
    check_examples(doc, json_object_get(operation, "requestBody"), name);
    const char *status = NULL;
    json_t *response = NULL;
    json_object_foreach(json_object_get(operation, "responses"), status, response)
    {
        check_examples(doc, response, apr_pstrcat(h.f.pool, name, " ", status, NULL));
    }
    if (route->answer != NULL) {
        json_t *list = json_refs_find(doc,
                                      apr_pstrcat(h.f.pool, "#/components/schemas/", route->answer,
                                                  "/properties/next_cursor", NULL),
                                      h.f.pool);
        ck_assert_msg(takes(operation, "limit") == (list != NULL) &&
                          takes(operation, "cursor") == (list != NULL),
                      "%s: the pages of a list", name);
    }
    check_flags(route, name);
    if (route->body != NULL) {
        check_nulls(profile, route->body);
    }
    check_form(doc, operation, route);
    check_security(profile, doc, route);
    check_errors(profile, json_object_get(operation, "responses"), name);
    json_t *success = json_object_get(json_object_get(operation, "responses"),
                                      apr_itoa(h.f.pool, route->success));
    ck_assert_msg(route->answer == NULL || has_examples(success), "%s: no example of the answer",
                  name);
}

/* about.json has a text for each route of the profile's own, and for nothing else. */
static void check_texts(const authp_profile_t *profile)
{
    json_t *texts = NULL;
    size_t own = 0;
    ck_assert_msg(profile->about_json != NULL, "%s: no about.json", profile->name);
    ck_assert_int_eq(
        authp_json_parse(profile->about_json, strlen(profile->about_json), &texts, h.f.pool),
        AUTHP_OK);
    for (const authp_route_t *route = profile->routes; route->method != NULL; route++) {
        const char *path = *route->path != '\0' ? route->path : "/";
        const char *name = apr_pstrcat(h.f.pool, route->method, " ", path, NULL);
        if (!is_of_docs(name)) {
            ck_assert_msg(json_array_size(json_object_get(texts, name)) > 0,
                          "%s: about.json has no text for %s", profile->name, name);
            own++;
        }
    }
    ck_assert_msg(json_object_size(texts) == own, "%s: about.json explains more than its routes",
                  profile->name);
}

START_TEST(they_are_whole)
{
    int documented = 0;
    for (int i = 0; authp_profiles_at(i) != NULL; i++) {
        const authp_profile_t *profile = authp_profiles_at(i);
        ck_assert_msg(profile->shape != NULL && profile->routes != NULL, "%s", profile->name);
        check_texts(profile);
        check_answers(profile);
        if (profile->title == NULL) {
            continue; /* the document of another profile has its routes: test_openapi.c */
        }
        json_t *doc = document_of(profile);
        ck_assert_int_gt(json_refs_count(doc, doc, h.f.pool), 0);
        json_t *schemes = json_object_get(json_object_get(doc, "components"), "securitySchemes");
        ck_assert_int_eq(json_object_get(schemes, "cookie") != NULL, !profile->bearer_only);
        ck_assert_int_eq(json_object_get(schemes, "refreshCookie") != NULL,
                         profile->refresh_cookie != NULL);
        for (const authp_route_t *route = profile->routes; route->method != NULL; route++) {
            check_row(profile, doc, route);
        }
        documented++;
    }
    ck_assert_int_ge(documented, 5);
}
END_TEST

static const char *only_the_key(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "JWT_SECRET_KEY") == 0 ? "three calm words and a few more bytes" : NULL;
}

/* The tool sees no mounts. With ROLES unset it must know the roles of all profiles. */
START_TEST(the_tool_knows_their_roles)
{
    const authp_settings_env_t env = {only_the_key, NULL};
    authp_settings_t *settings = NULL;
    apr_array_header_t *errors = NULL;
    int names = 0;
    ck_assert_int_eq(authp_settings_load(NULL, &env, &settings, &errors, h.f.pool), AUTHP_OK);
    const authp_roles_map_t *known = authp_roles_map_make(settings->roles, h.f.pool);
    for (int i = 0; authp_profiles_at(i) != NULL; i++) {
        const authp_profile_t *profile = authp_profiles_at(i);
        const char *const *name = profile->role_names;
        if (strcmp(profile->name, "guild") == 0) {
            continue; /* a profile from outside of the source: its roles must be in ROLES */
        }
        for (; name != NULL && *name != NULL; name++, names++) {
            ck_assert_msg(authp_roles_bit(known, *name) != 0, "%s of %s", *name, profile->name);
        }
        ck_assert_msg(profile->default_role == NULL ||
                          authp_roles_bit(known, profile->default_role) != 0,
                      "%s of %s", profile->default_role, profile->name);
    }
    ck_assert_int_gt(names, 5);
}
END_TEST

Suite *suite_profiles(void)
{
    Suite *suite = suite_create("profiles");
    TCase *tests = tcase_create("profiles");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, they_are_whole);
    tcase_add_test(tests, the_tool_knows_their_roles);
    suite_add_tcase(suite, tests);
    return suite;
}
