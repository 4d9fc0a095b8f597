/* SPDX-License-Identifier: Apache-2.0 */
/* Signing up, and what an account says about itself. */
#include "api/core/mounts.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define REGISTER "/api/auth/register"
#define ME "/api/auth/me"
#define PROTECTED "/api/protected/me"

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static authp_response_t post(const char *body, int status, const char *code)
{
    http_fake_json(&h, body);
    return http_fake_expect(&h, "POST", REGISTER, status, code);
}

static json_t *user_of(const authp_response_t *out)
{
    return json_object_get(http_fake_body(&h, out), "user");
}

static const char *text(json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static void expect_roles(json_t *object, const char *first, size_t count)
{
    json_t *roles = json_object_get(object, "roles");
    ck_assert(json_is_array(roles));
    ck_assert_uint_eq(json_array_size(roles), count);
    ck_assert(count == 0 || strcmp(json_string_value(json_array_get(roles, 0)), first) == 0);
}

static void expect_user(json_t *user, const char *id, const char *email)
{
    /* The answer has every member that clients rely on, and no other one: no hash and no secret. */
    ck_assert_uint_eq(json_object_size(user), 8);
    ck_assert_str_eq(text(user, "id"), id);
    ck_assert_str_eq(text(user, "email"), email);
    ck_assert(json_is_false(json_object_get(user, "is_recruiter_verified")));
    ck_assert(json_is_false(json_object_get(user, "email_verified")));
    ck_assert(json_is_false(json_object_get(user, "disabled")));
    ck_assert_str_eq(text(user, "created_at"), "2026-11-21T00:00:00.000Z");
    expect_roles(user, "candidate", 1);
}

START_TEST(registration)
{
    authp_response_t out =
        post("{\"email\":\" New.Person@Example.ORG\",\"password\":\"" FIXTURE_PASSWORD
             "\",\"name\":\"N\u00e9w\",\"device_id\":\"phone\"}",
             201, NULL);
    json_t *user = user_of(&out);
    ck_assert_str_eq(http_fake_header(&out, "Content-Type"), "application/json");
    ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "no-store");
    ck_assert_uint_eq(json_object_size(http_fake_body(&h, &out)), 5);
    ck_assert_str_eq(text(user, "name"), "N\xc3\xa9w");
    const authp_user_t *row = mem_store_user(h.f.store, text(user, "id"));
    ck_assert_ptr_nonnull(row);
    expect_user(user, row->id.hex, "new.person@example.org");
    ck_assert_ptr_null(strstr(out.body, row->password_hash));
    ck_assert_ptr_null(strstr(out.body, FIXTURE_PASSWORD));
    ck_assert_str_eq(fixture_audit(&h.f, "register")->ip, "192.0.2.1");
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    out = http_fake_expect(&h, "GET", ME, 200, NULL);
    ck_assert_int_eq(json_equal(http_fake_body(&h, &out), user), 1);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
}
END_TEST

START_TEST(registration_without_a_name)
{
    authp_response_t out = http_fake_register(&h, "a@example.org", false);
    ck_assert(json_is_null(json_object_get(user_of(&out), "name")));
    out = post("{\"email\":\"b@example.org\",\"password\":\"" FIXTURE_PASSWORD
               "\",\"name\":null,\"device_id\":null}",
               201, NULL);
    ck_assert(json_is_null(json_object_get(user_of(&out), "name")));
    expect_user(user_of(&out), text(user_of(&out), "id"), "b@example.org");
}
END_TEST

START_TEST(an_address_has_one_account)
{
    (void)http_fake_register(&h, "ann@example.org", false);
    authp_response_t out = post("{\"email\":\"ANN@example.org\",\"password\":\"another password\"}",
                                409, "email_taken");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    ck_assert_int_eq(fixture_sessions(&h.f), 1);
    /* Fields that would give roles or verification are refused. */
    (void)post("{\"email\":\"eve@example.org\",\"password\":\"" FIXTURE_PASSWORD
               "\",\"roles\":[\"admin\"],\"role\":\"admin\",\"email_verified\":true}",
               422, "validation_failed");
    ck_assert_int_eq(fixture_sessions(&h.f), 1);
}
END_TEST

START_TEST(a_body_that_is_none)
{
    static const char *const malformed[] = {
        "",
        "{",
        "nonsense",
        "{\"email\":\"a@example.org\",\"email\":\"b@example.org\"}",
        "{\"name\":\"\\ud800\"}",
        "{\"name\":\"\xff\"}",
        "[[[[[[[[[1]]]]]]]]]",
        "{} {}",
    };
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        (void)post(malformed[i], 400, "malformed_json");
    }
    (void)post("[]", 422, "validation_failed");
    (void)post("null", 422, "validation_failed");
    http_fake_clear(&h);
    (void)http_fake_expect(&h, "POST", REGISTER, 415, "unsupported_media_type");
    ck_assert_int_eq(fixture_sessions(&h.f), 0);
}
END_TEST

static const char *const types[][2] = {
    /* Content-Type and Content-Encoding. The first five rows are refused, the others accepted. */
    {"text/json", NULL},
    {"application/jsonx", NULL},
    {"application/json; charset=latin1", NULL},
    {"application/json", "gzip"},
    {"application/json, text/plain", NULL},
    {"application/json", "identity"},
    {"Application/JSON ; charset=UTF-8", NULL},
    {"application/json;charset=\"utf-8\"", NULL},
    {"application/json; ", NULL},
    {"application/json\t;\tcharset=utf-8", NULL},
    {"application/json;charset=Utf-8", "Identity"},
};

START_TEST(media_types)
{
    http_fake_json(&h, "{\"email\":\"a@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}");
    apr_table_setn(h.headers, "Content-Type", types[_i][0]);
    if (types[_i][1] != NULL) {
        apr_table_setn(h.headers, "Content-Encoding", types[_i][1]);
    }
    (void)http_fake_expect(&h, "POST", REGISTER, _i < 5 ? 415 : 201, NULL);
    ck_assert_int_eq(h.body_reads, _i < 5 ? 0 : 1);
}
END_TEST

START_TEST(who_may_ask)
{
    static const char *const paths[] = {ME, PROTECTED};
    authp_response_t out = http_fake_register(&h, "ann@example.org", false);
    const char *access = http_fake_text(&h, &out, "access_token");
    for (size_t i = 0; i < 2; i++) {
        http_fake_clear(&h);
        out = http_fake_expect(&h, "GET", paths[i], 401, "token_missing");
        ck_assert_str_eq(http_fake_header(&out, "WWW-Authenticate"),
                         "Bearer realm=\"auth_platform\"");
        apr_table_setn(h.headers, "Authorization", "Basic YTpi");
        (void)http_fake_expect(&h, "GET", paths[i], 401, "token_missing");
        http_fake_bearer(&h, "a.b.c");
        out = http_fake_expect(&h, "GET", paths[i], 401, "token_invalid");
        ck_assert_ptr_nonnull(
            strstr(http_fake_header(&out, "WWW-Authenticate"), "error=\"invalid_token\""));
        /* A bad bearer token is refused even if the request also has a good cookie. */
        apr_table_setn(h.headers, "Cookie",
                       apr_pstrcat(h.f.pool, "__Host-authp_at=", access, NULL));
        (void)http_fake_expect(&h, "GET", paths[i], 401, "token_invalid");
        apr_table_unset(h.headers, "Authorization");
        (void)http_fake_expect(&h, "GET", paths[i], 200, NULL);
        (void)http_fake_expect(&h, "HEAD", paths[i], 200, NULL);
        out = http_fake_expect(&h, "POST", paths[i], 405, "method_not_allowed");
        ck_assert_str_eq(http_fake_header(&out, "Allow"), strcmp(paths[i], ME) == 0
                                                              ? "GET, HEAD, PATCH, DELETE, OPTIONS"
                                                              : "GET, HEAD, OPTIONS");
    }
    fake_clock_advance(&h.f.clock, 16 * 60000);
    out = http_fake_expect(&h, "GET", ME, 401, "token_expired");
    ck_assert_ptr_nonnull(strstr(http_fake_header(&out, "WWW-Authenticate"), "expired"));
}
END_TEST

START_TEST(protected_me_says_the_roles_that_count)
{
    authp_user_t *user = fixture_user(&h.f, "rec@example.org", "recruiter", true);
    authp_grant_t grant = fixture_start(&h.f, user);
    http_fake_bearer(&h, grant.access_token);
    authp_response_t out = http_fake_expect(&h, "GET", PROTECTED, 200, NULL);
    json_t *body = http_fake_body(&h, &out);
    ck_assert_uint_eq(json_object_size(body), 5);
    ck_assert_str_eq(text(body, "id"), user->id.hex);
    ck_assert_str_eq(text(body, "email"), "rec@example.org");
    ck_assert_str_eq(text(body, "name"), "Somebody");
    ck_assert(json_is_true(json_object_get(body, "is_recruiter_verified")));
    expect_roles(body, "recruiter", 1);
    /* A withdrawn verification takes effect at the next request, and not only when the token
     * expires. */
    mem_store_user(h.f.store, user->id.hex)->is_recruiter_verified = false;
    out = http_fake_expect(&h, "GET", PROTECTED, 200, NULL);
    expect_roles(http_fake_body(&h, &out), "", 0);
    out = http_fake_expect(&h, "GET", ME, 200, NULL);
    expect_roles(http_fake_body(&h, &out), "recruiter", 1);
}
END_TEST

START_TEST(a_dead_account_is_signed_out)
{
    authp_response_t out = http_fake_register(&h, "ann@example.org", false);
    authp_user_t *row = mem_store_user(h.f.store, text(user_of(&out), "id"));
    const char *refresh = http_fake_text(&h, &out, "refresh_token");
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    (void)http_fake_expect(&h, "GET", ME, 200, NULL);
    row->disabled = true;
    (void)http_fake_expect(&h, "GET", ME, 401, "token_revoked");
    http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"refresh_token\":\"", refresh, "\"}", NULL));
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 401, "refresh_invalid");
    row->disabled = false;
    row->min_ver = row->ver + 1;
    (void)http_fake_expect(&h, "GET", ME, 401, "token_revoked");
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 401, "refresh_invalid");
}
END_TEST

START_TEST(the_protected_endpoint_is_where_the_mount_says)
{
    authp_response_t out = http_fake_register(&h, "ann@example.org", false);
    http_fake_bearer(&h, http_fake_text(&h, &out, "access_token"));
    (void)http_fake_expect(&h, "GET", "/api/auth/api/protected/me", 404, "not_found");
    /* A sample endpoint inside of the mount takes precedence over the mount's own routes. */
    http_fake_mount(&h, "/api/auth", AUTHP_DELIVERY_ASK, ME);
    out = http_fake_expect(&h, "GET", ME, 200, NULL);
    ck_assert_ptr_null(json_object_get(http_fake_body(&h, &out), "created_at"));
    http_fake_mount(&h, "/api/auth", AUTHP_DELIVERY_ASK, NULL);
    out = http_fake_expect(&h, "GET", ME, 200, NULL);
    ck_assert_ptr_nonnull(json_object_get(http_fake_body(&h, &out), "created_at"));
    (void)http_fake_expect(&h, "GET", PROTECTED, 404, "not_found");
}
END_TEST

static bool owns(const char *path)
{
    return authp_mounts_find(h.mounts, path) != NULL;
}

START_TEST(what_a_mount_owns)
{
    ck_assert(owns("/api/auth"));
    ck_assert(owns("/api/auth/"));
    ck_assert(owns("/api/auth/x/y"));
    ck_assert(owns(PROTECTED));
    ck_assert(!owns("/api/authors"));
    ck_assert(!owns("/api"));
    ck_assert(!owns(PROTECTED "/x"));
    http_fake_mount(&h, "/api/auth", AUTHP_DELIVERY_ASK, NULL);
    ck_assert(!owns(PROTECTED));
    (void)http_fake_expect(&h, "GET", "/api/auth", 404, "not_found");
    (void)http_fake_expect(&h, "GET", "/api/auth/", 404, "not_found");
    (void)http_fake_expect(&h, "GET", "/api/auth/me/", 404, "not_found");
}
END_TEST

Suite *suite_api_account(void)
{
    Suite *suite = suite_create("api_account");
    TCase *tests = tcase_create("api_account");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, registration);
    tcase_add_test(tests, registration_without_a_name);
    tcase_add_test(tests, an_address_has_one_account);
    tcase_add_test(tests, a_body_that_is_none);
    tcase_add_loop_test(tests, media_types, 0, sizeof(types) / sizeof(types[0]));
    tcase_add_test(tests, who_may_ask);
    tcase_add_test(tests, protected_me_says_the_roles_that_count);
    tcase_add_test(tests, a_dead_account_is_signed_out);
    tcase_add_test(tests, the_protected_endpoint_is_where_the_mount_says);
    tcase_add_test(tests, what_a_mount_owns);
    suite_add_tcase(suite, tests);
    return suite;
}
