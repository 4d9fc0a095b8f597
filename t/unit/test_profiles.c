/* SPDX-License-Identifier: Apache-2.0 */
/* What each profile of this build must have: its tables name what is there, and its document has a
 * text and examples for each route. A new profile is tested here without a change of this file. */
#include "api/core/profiles.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi.h"
#include "base/json.h"
#include "json_refs.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_lib.h>
#include <apr_strings.h>
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

static void check_row(const authp_profile_t *profile, json_t *doc, const authp_route_t *route)
{
    const char *name = apr_pstrcat(h.f.pool, profile->name, ": ", route->method, " ",
                                   *route->path != '\0' ? route->path : "/", NULL);
    json_t *operation = operation_of(doc, route);
    ck_assert_msg(route->handler != NULL && route->summary != NULL, "%s: summary", name);
    ck_assert_msg(route->tag != NULL && is_tag(profile, route->tag), "%s: its tag is none", name);
    ck_assert_msg(route->body == NULL || has_examples(json_object_get(operation, "requestBody")),
                  "%s: no example of the body", name);
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
        if (profile->title == NULL) {
            continue; /* the document of another profile has its routes: test_openapi.c */
        }
        json_t *doc = document_of(profile);
        ck_assert_int_gt(json_refs_count(doc, doc, h.f.pool), 0);
        for (const authp_route_t *route = profile->routes; route->method != NULL; route++) {
            check_row(profile, doc, route);
        }
        documented++;
    }
    ck_assert_int_ge(documented, 2);
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
