/* SPDX-License-Identifier: Apache-2.0 */
/* The page /docs, and the examples and groups of the OpenAPI document that it shows. */
#include "api/core/profile.h"
#include "api/core/profiles.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi.h"
#include "api/openapi/openapi_text.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <string.h>

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

START_TEST(it_is_served)
{
    authp_response_t out = http_fake_expect(&h, "GET", "/api/auth/docs", 200, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Content-Type"), "text/html; charset=utf-8");
    ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "public, max-age=300");
    ck_assert_str_eq(http_fake_header(&out, "Content-Security-Policy"),
                     authp_docs_text_page_policy);
    ck_assert_str_eq(http_fake_header(&out, "X-Request-Id"), HTTP_FAKE_REQUEST_ID);
    ck_assert_uint_eq(out.body_len, strlen(out.body));
    ck_assert_int_eq(strncmp(out.body, "<!doctype html>", 15), 0);
    out = http_fake_expect(&h, "HEAD", "/api/auth/docs", 200, NULL);
    ck_assert_str_eq(http_fake_header(&out, "Content-Type"), "text/html; charset=utf-8");
    out = http_fake_expect(&h, "POST", "/api/auth/docs", 405, "method_not_allowed");
    ck_assert_str_eq(http_fake_header(&out, "Allow"), "GET, HEAD, OPTIONS");
    (void)http_fake_expect(&h, "GET", "/api/auth/docs/", 404, "not_found");
}
END_TEST

/* Returns how many texts between <tag> and </tag> there are. Each must be allowed by its hash. */
static int allowed(const char *page, const char *tag)
{
    const char *open = apr_pstrcat(h.f.pool, "<", tag, ">", NULL);
    const char *close = apr_pstrcat(h.f.pool, "</", tag, ">", NULL);
    int count = 0;
    for (const char *at = strstr(page, open); at != NULL; at = strstr(at, open)) {
        unsigned char sum[AUTHP_SHA256_LEN];
        char text[64] = "";
        at += strlen(open);
        const char *end = strstr(at, close);
        ck_assert_ptr_nonnull(end);
        ck_assert_int_eq(authp_digest_sha256(at, (size_t)(end - at), sum), AUTHP_OK);
        (void)apr_base64_encode_binary(text, sum, sizeof(sum));
        ck_assert_ptr_nonnull(strstr(authp_docs_text_page_policy,
                                     apr_pstrcat(h.f.pool, "'sha256-", text, "'", NULL)));
        count++;
    }
    return count;
}

START_TEST(its_policy)
{
    const char *page = (const char *)authp_docs_text_page;
    ck_assert_int_ge(allowed(page, "script"), 1);
    ck_assert_int_ge(allowed(page, "style"), 1);
    ck_assert_int_eq(strncmp(authp_docs_text_page_policy, "default-src 'none'; ", 20), 0);
    ck_assert_ptr_nonnull(strstr(authp_docs_text_page_policy, "frame-ancestors 'none'"));
    ck_assert_ptr_null(strstr(authp_docs_text_page_policy, "unsafe"));
    /* The page loads nothing from other hosts and has no script or style outside of these texts. */
    ck_assert_ptr_null(strstr(page, " src="));
    ck_assert_ptr_null(strstr(page, " style="));
    ck_assert_ptr_null(strstr(page, " on"
                                    "click="));
    ck_assert_ptr_null(strstr(page, "https:"));
}
END_TEST

static json_t *media_of(json_t *with_content)
{
    json_t *content = json_object_get(with_content, "content");
    return json_object_iter_value(json_object_iter(content));
}

static json_t *operation_of(json_t *doc, int index)
{
    const authp_route_t *route = http_fake_route(&h, index);
    const char *path = http_fake_route_path(&h, index);
    char *method = apr_pstrdup(h.f.pool, route->method);
    for (char *c = method; *c != '\0'; c++) {
        *c = (char)(*c + ('a' - 'A'));
    }
    json_t *item = json_object_get(json_object_get(doc, "paths"), path);
    json_t *operation = json_object_get(item, method);
    ck_assert_msg(operation != NULL, "%s %s", route->method, path);
    return operation;
}

static json_t *success_of(json_t *operation, const authp_route_t *route)
{
    return json_object_get(json_object_get(operation, "responses"),
                           apr_itoa(h.f.pool, route->success));
}

START_TEST(every_body_and_answer_has_examples)
{
    json_t *doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const authp_route_t *route = http_fake_route(&h, i);
        json_t *operation = operation_of(doc, i);
        if (route->body != NULL) {
            json_t *media = media_of(json_object_get(operation, "requestBody"));
            ck_assert_msg(json_object_size(json_object_get(media, "examples")) > 0, "body of %s %s",
                          route->method, route->path);
        }
        if (route->answer != NULL) {
            json_t *media = media_of(success_of(operation, route));
            ck_assert_msg(json_object_size(json_object_get(media, "examples")) > 0,
                          "answer of %s %s", route->method, route->path);
        }
    }
}
END_TEST

/* The examples fit the mount's delivery. */
START_TEST(examples_of_a_delivery)
{
    static const struct {
        authp_delivery_t delivery;
        bool json;
        bool cookies;
    } rows[] = {{AUTHP_DELIVERY_ASK, true, true},
                {AUTHP_DELIVERY_JSON, true, false},
                {AUTHP_DELIVERY_COOKIE, false, true}};
    const authp_route_t *sign_up = http_fake_route(&h, 0);
    ck_assert_str_eq(sign_up->answer, "Tokens");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        h.mount->delivery = rows[i].delivery;
        json_t *doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
        json_t *success = success_of(operation_of(doc, 0), sign_up);
        json_t *named = json_object_get(media_of(success), "examples");
        json_t *all = json_object_get(json_object_get(doc, "components"), "examples");
        ck_assert_int_eq(json_object_get(named, "candidate_tokens") != NULL, rows[i].json);
        ck_assert_int_eq(json_object_get(all, "candidate_tokens") != NULL, rows[i].json);
        ck_assert_int_eq(json_object_get(named, "candidate_cookies") != NULL, rows[i].cookies);
        ck_assert_int_eq(json_object_get(all, "candidate_cookies") != NULL, rows[i].cookies);
        ck_assert_int_eq(json_object_get(json_object_get(success, "headers"), "Set-Cookie") != NULL,
                         rows[i].cookies);
    }
}
END_TEST

/* Adds the members of one folder's texts, which is a JSON object. */
static void add_prose(json_t *all, const char *text)
{
    json_t *own = NULL;
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &own, h.f.pool), AUTHP_OK);
    ck_assert_int_eq(json_object_update(all, own), 0);
}

/* Each route has a text, and there is no text for a route that does not exist. */
START_TEST(every_route_is_explained)
{
    json_t *all = authp_json_object(h.f.pool);
    int routes = 0;
    json_t *doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    add_prose(all, (const char *)authp_docs_text_about);
    for (int i = 0; i < h.mounts->nelts; i++) {
        add_prose(all, APR_ARRAY_IDX(h.mounts, i, authp_mount_t).profile->about_json);
    }
    for (; http_fake_route(&h, routes) != NULL; routes++) {
        const authp_route_t *route = http_fake_route(&h, routes);
        const char *path = *route->path != '\0' ? route->path : "/";
        const char *name = apr_pstrcat(h.f.pool, route->method, " ", path, NULL);
        const char *said =
            json_string_value(json_object_get(operation_of(doc, routes), "description"));
        json_t *prose = json_object_get(all, name);
        ck_assert_msg(json_array_size(prose) > 0, "%s", name);
        for (size_t i = 0; i < json_array_size(prose); i++) {
            ck_assert_ptr_nonnull(strstr(said, json_string_value(json_array_get(prose, i))));
        }
    }
    ck_assert_int_eq((int)json_object_size(all), routes);
}
END_TEST

static bool is_tag(json_t *tags, const char *name)
{
    size_t i = 0;
    json_t *tag = NULL;
    json_array_foreach(tags, i, tag)
    {
        if (strcmp(json_string_value(json_object_get(tag, "name")), name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *text_of(json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

START_TEST(groups)
{
    json_t *doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    json_t *role = json_object_get(operation_of(doc, 0), "description");
    json_t *info = json_object_get(doc, "info");
    ck_assert_str_eq(text_of(info, "title"), h.mount->profile->title);
    ck_assert_str_eq(text_of(info, "description"), h.mount->profile->about);
    const authp_tag_t *tag = h.mount->profile->tags;
    for (size_t i = 0; tag[i].name != NULL; i++) {
        json_t *entry = json_array_get(json_object_get(doc, "tags"), i);
        ck_assert_str_eq(text_of(entry, "name"), tag[i].name);
        ck_assert_str_eq(text_of(entry, "description"), tag[i].about);
    }
    ck_assert_int_eq(strncmp(json_string_value(role), "For everybody.\n\n", 16), 0);
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const authp_route_t *route = http_fake_route(&h, i);
        json_t *tags = json_object_get(operation_of(doc, i), "tags");
        json_t *security = json_object_get(operation_of(doc, i), "security");
        json_t *roles = json_object_get(json_array_get(security, 0), "bearer");
        const char *needed = json_string_value(json_array_get(roles, 0));
        ck_assert_uint_eq(json_array_size(tags), 1);
        ck_assert_str_eq(json_string_value(json_array_get(tags, 0)), route->tag);
        ck_assert(is_tag(json_object_get(doc, "tags"), route->tag));
        ck_assert_int_eq(needed != NULL, route->role != NULL);
        ck_assert(needed == NULL || strcmp(needed, route->role) == 0);
    }
}
END_TEST

/* What the document says of an answer: a sentence made of the titles of its errors, and the cookies
 * that a success sets. */
static const struct {
    const char *profile;
    authp_delivery_t delivery;
    const char *path;
    const char *method;
    const char *status;
    const char *says;
    const char *cookies; /* the component; NULL: none */
} answers[] = {
    {"platform", AUTHP_DELIVERY_ASK, "/login", "post", "200", "Done", "Cookies"},
    {"platform", AUTHP_DELIVERY_COOKIE, "/login", "post", "200", "Done", "Cookies"},
    {"platform", AUTHP_DELIVERY_JSON, "/login", "post", "200", "Done", NULL},
    {"platform", AUTHP_DELIVERY_ASK, "/me", "get", "200", "Done", NULL},
    {"platform", AUTHP_DELIVERY_ASK, "/session/renew", "get", "302", "Go to Location", NULL},
    {"platform", AUTHP_DELIVERY_ASK, "/register", "post", "202", "Done", NULL},
    {"platform", AUTHP_DELIVERY_ASK, "/register", "post", "409", "E-mail address taken", NULL},
    {"platform", AUTHP_DELIVERY_ASK, "/login", "post", "403",
     "Origin not allowed · E-mail address not verified · Verification pending", NULL},
    {"assessment", AUTHP_DELIVERY_ASK, "/login", "post", "200", "Done", "DeviceCookie"},
    {"assessment", AUTHP_DELIVERY_ASK, "/me", "get", "200", "Done", NULL},
    {"phone", AUTHP_DELIVERY_ASK, "/auth/login", "post", "200", "Done", "DeviceCookie"},
    {"phone", AUTHP_DELIVERY_ASK, "/auth/send-otp", "post", "200", "Done", NULL},
    {"ai", AUTHP_DELIVERY_ASK, "/login", "post", "200", "Done", "RefreshCookies"},
    {"ai", AUTHP_DELIVERY_ASK, "/refresh", "post", "200", "Done", "RefreshCookies"},
    {"ai", AUTHP_DELIVERY_ASK, "/register", "post", "201", "Done", NULL},
};

START_TEST(answers_in_words)
{
    apr_array_clear(h.mounts);
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("", authp_profiles_find(answers[_i].profile), answers[_i].delivery);
    h.mount = &APR_ARRAY_IDX(h.mounts, 0, authp_mount_t);
    json_t *doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    json_t *path = json_object_get(json_object_get(doc, "paths"), answers[_i].path);
    json_t *responses = json_object_get(json_object_get(path, answers[_i].method), "responses");
    json_t *response = json_object_get(responses, answers[_i].status);
    json_t *cookie = json_object_get(json_object_get(response, "headers"), "Set-Cookie");
    ck_assert_pstr_eq(text_of(response, "description"), answers[_i].says);
    ck_assert_pstr_eq(text_of(cookie, "$ref"), answers[_i].cookies != NULL
                                                   ? apr_pstrcat(h.f.pool, "#/components/headers/",
                                                                 answers[_i].cookies, NULL)
                                                   : NULL);
}
END_TEST

/* A second status of success has an answer of its own, with its own examples, or no content. */
START_TEST(second_successes)
{
    int contents = 0;
    json_t *doc = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    for (int i = 0; http_fake_route(&h, i) != NULL; i++) {
        const authp_route_t *route = http_fake_route(&h, i);
        if (route->other_success == 0) {
            continue;
        }
        json_t *response = json_object_get(json_object_get(operation_of(doc, i), "responses"),
                                           apr_itoa(h.f.pool, route->other_success));
        json_t *media = media_of(response);
        ck_assert_int_eq(media != NULL, route->other_answer != NULL);
        if (media != NULL) {
            ck_assert_ptr_nonnull(
                json_object_get(json_object_get(media, "examples"), "mail_to_prove"));
            ck_assert_str_eq(
                text_of(json_object_get(media, "schema"), "$ref"),
                apr_pstrcat(h.f.pool, "#/components/schemas/", route->other_answer, NULL));
            contents++;
        }
    }
    ck_assert_int_eq(contents, 2);
}
END_TEST

Suite *suite_docs(void)
{
    Suite *suite = suite_create("docs");
    TCase *tests = tcase_create("docs");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, it_is_served);
    tcase_add_test(tests, its_policy);
    tcase_add_test(tests, every_body_and_answer_has_examples);
    tcase_add_test(tests, examples_of_a_delivery);
    tcase_add_test(tests, every_route_is_explained);
    tcase_add_test(tests, groups);
    tcase_add_loop_test(tests, answers_in_words, 0, (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tests, second_successes);
    suite_add_tcase(suite, tests);
    return suite;
}
