/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out who sends a request, from which origin, and where a browser is sent: credentials,
 * cookies, origins, navigations. */
#include "api/core/guard.h"
#include "api/core/navigation.h"
#include "api/core/origin_rule.h"
#include "api/core/profiles.h"
#include "net/origin.h"
#include "suite.h"
#include "support/fixture.h"

#include <apr_strings.h>
#include <string.h>

static fixture_t f;
static apr_table_t *headers;

static const char *get_header(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

static void setup(void)
{
    fixture_open(&f);
    headers = apr_table_make(f.pool, 4);
}

static void teardown(void)
{
    fixture_close(&f);
}

static authp_guard_request_t request(const char *method)
{
    static authp_mount_t mount;
    mount = authp_mount_make("/api/auth", authp_profiles_find("platform"), AUTHP_DELIVERY_ASK);
    return (authp_guard_request_t){.method = method,
                                   .target = "/jobs?a=b",
                                   .headers = {get_header, headers},
                                   .scheme = "https",
                                   .host = "jobs.example.org",
                                   .renewing = &mount,
                                   .sign_in_page = "/signin.html"};
}

static const struct {
    const char *authorization;
    const char *cookie;
    authp_via_t via;
    const char *token;
} found[] = {
    {NULL, NULL, AUTHP_VIA_NONE, ""},
    {"Bearer abc", NULL, AUTHP_VIA_BEARER, "abc"},
    {"bEARER   abc", NULL, AUTHP_VIA_BEARER, "abc"},
    {"Bearer", NULL, AUTHP_VIA_BEARER, ""},
    {"Bearer a, Bearer b", NULL, AUTHP_VIA_BEARER, ""},
    {"Bearerabc", NULL, AUTHP_VIA_NONE, ""},
    /* Not the cookie instead: two headers, of which the first is empty, and a tab. */
    {"Bearer, Bearer b", "__Host-authp_at=tok", AUTHP_VIA_BEARER, ""},
    {"Bearer\tabc", "__Host-authp_at=tok", AUTHP_VIA_BEARER, ""},
    {"Bearer a b", NULL, AUTHP_VIA_BEARER, ""},
    {"Bearer a,b", NULL, AUTHP_VIA_BEARER, ""},
    {"Bearer a\tb", NULL, AUTHP_VIA_BEARER, ""},
    {"Basic abc", "x=1; __Host-authp_at=tok ; y=2", AUTHP_VIA_COOKIE, "tok"},
    {NULL, "authp_at=tok", AUTHP_VIA_NONE, ""},
    {NULL, "__Host-authp_at=", AUTHP_VIA_NONE, ""},
    {NULL, "x__Host-authp_at=tok", AUTHP_VIA_NONE, ""},
    {"Bearer bad", "__Host-authp_at=tok", AUTHP_VIA_BEARER, "bad"},
    /* Text that a sibling host puts into a cookie of its own is no credential. */
    {NULL, "theme=1,__Host-authp_at=a; __Host-authp_at=b", AUTHP_VIA_COOKIE, "b"},
    {NULL, "theme=1, __Host-authp_at=a;__Host-authp_at=b , x=1", AUTHP_VIA_COOKIE, "b"},
    {NULL, "__Host-authp_at=b,__Host-authp_at=a", AUTHP_VIA_COOKIE, "b"},
    {NULL, "__Host-authp_at=b \t,__Host-authp_at=a", AUTHP_VIA_COOKIE, "b"},
    {NULL, "\t__Host-authp_at=b\t; x=1", AUTHP_VIA_COOKIE, "b"},
    {NULL, "theme=1,__Host-authp_at=a", AUTHP_VIA_NONE, ""},
    {NULL, "__Host-authp_at=,__Host-authp_at=a", AUTHP_VIA_NONE, ""},
    {NULL, "__Host-authp_at =a", AUTHP_VIA_NONE, ""},
    {NULL, "\"__Host-authp_at\"=a", AUTHP_VIA_NONE, ""},
    {NULL, "theme=1 __Host-authp_at=a", AUTHP_VIA_NONE, ""},
};

START_TEST(credentials)
{
    authp_credential_t credential;
    authp_headers_t from = {get_header, headers};
    if (found[_i].authorization != NULL) {
        apr_table_set(headers, "Authorization", found[_i].authorization);
    }
    if (found[_i].cookie != NULL) {
        apr_table_set(headers, "Cookie", found[_i].cookie);
    }
    authp_credential_find(&from, true, &credential);
    ck_assert_int_eq(credential.via, found[_i].via);
    ck_assert_uint_eq(credential.len, strlen(found[_i].token));
    ck_assert(credential.len == 0 ||
              strncmp(credential.token, found[_i].token, credential.len) == 0);
}
END_TEST

START_TEST(our_cookies_are_stripped)
{
    static const char *const cases[][2] = {
        {"a=1; b=2", "a=1; b=2"},
        {"a=1; csrf_token=x; b=2", "a=1; b=2"},
        {"__Host-authp_at=x;__Secure-authp_rt=y;a=1", "a=1"},
        {"authp_device=x; mine=authp_at=1", "mine=authp_at=1"},
        {"a=1,__Host-authp_at=x; b=2,3", "a=1; b=2,3"},
        {"__Host-authp_at=x,a=1, 2", "a=1, 2"},
        {"a=1; authp_at=x,b=2", "a=1; b=2"},
        {"authp_at =x; a=1", "a=1"},
        {"a=1; authp_at\t =x", "a=1"},
        {"a=1; \"authp_at\"=x; b=\"2\"", "a=1; b=\"2\""},
        {"a=\"1\" csrf_token=\"x\"; b=2", "a=\"1\"; b=2"},
        {";;AUTHP_RT=x;;a=1;;csrf_token=y;;", "a=1"},
        {"a=1;;b=2,,c=3;", "a=1;;b=2,,c=3;"},
        {"myauthp_at=1; authp_atx=2; csrf_tokens=3", "myauthp_at=1; authp_atx=2; csrf_tokens=3"},
        {"authp_at", "authp_at"},
        {"a=1; csrf_token", "a=1; csrf_token"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(authp_credential_strip(cases[i][0], f.pool), cases[i][1]);
    }
    ck_assert_ptr_null(authp_credential_strip("csrf_token=x; __Host-authp_at=y", f.pool));
    ck_assert_ptr_null(authp_credential_strip(" , csrf_token=x,authp_at =y; ", f.pool));
}
END_TEST

/* No app gets one of our cookies, with SECURE_COOKIES or without it. */
START_TEST(each_of_our_cookies_is_stripped)
{
    for (int secure = 0; secure < 2; secure++) {
        const char *const names[] = {authp_credential_access_cookie(secure),
                                     authp_credential_refresh_cookie(secure),
                                     authp_credential_device_cookie(secure),
                                     authp_credential_pending_cookie(secure), AUTHP_CSRF_COOKIE};
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            const char *header = apr_pstrcat(f.pool, "a=1; ", names[i], "=x; b=2", NULL);
            ck_assert_str_eq(authp_credential_strip(header, f.pool), "a=1; b=2");
        }
        ck_assert_str_eq(names[0], secure ? "__Host-authp_at" : "authp_at");
        ck_assert_str_eq(names[1], secure ? "__Secure-authp_rt" : "authp_rt");
        ck_assert_str_eq(names[2], secure ? "__Secure-authp_device" : "authp_device");
        ck_assert_str_eq(names[3], secure ? "__Host-authp_oauth" : "authp_oauth");
    }
}
END_TEST

static const struct {
    const char *method;
    const char *mode;
    const char *accept;
    bool navigates;
} navigations[] = {
    {"GET", "navigate", NULL, true},
    {"HEAD", "navigate", NULL, true},
    {"POST", "navigate", "text/html", false},
    {"GET", "cors", "text/html", false},
    {"GET", NULL, NULL, false},
    {"GET", NULL, "*/*", false},
    {"GET", NULL, "text/html", true},
    {"GET", NULL, "application/xml, text/html;q=0.9, */*;q=0.8", true},
    {"GET", NULL, "application/json, text/html;q=0.5", false},
    {"GET", NULL, "application/problem+json, text/html;q=0.9", false},
    {"GET", NULL, "application/problem+json;q=0.9, text/html", true},
    {"GET", NULL, "application/json;q=0.5, text/html; q=0.4", false},
    {"GET", NULL, "application/json; Q=0.4, text/html;q=0.5", true},
    {"GET", NULL, "application/json, text/html", true},
    {"OPTIONS", "navigate", NULL, false},
    {"GET", NULL, "text/html;q=0", false},
    {"GET", NULL, "text/htmlx", false},
    /* With equal quality the page wins. */
    {"GET", NULL, "application/problem+json, text/html", true},
    {"GET", NULL, "application/problem+json;q=0.5, text/html;q=0.5", true},
    {"GET", NULL, "application/json; q=0.5, text/html;q=0.5", true},
    {"GET", NULL, "text/html;level=1;q=0.4, application/json;q=0.5", false},
    {"GET", NULL, "text/html;seq=1, application/json", true},
    {"GET", NULL, " ,\t, TEXT/HTML", true},
};

START_TEST(navigation)
{
    authp_guard_request_t r = request(navigations[_i].method);
    if (navigations[_i].mode != NULL) {
        apr_table_set(headers, "Sec-Fetch-Mode", navigations[_i].mode);
    }
    if (navigations[_i].accept != NULL) {
        apr_table_set(headers, "Accept", navigations[_i].accept);
    }
    ck_assert_int_eq(authp_navigation_is(r.method, &r.headers), navigations[_i].navigates);
}
END_TEST

START_TEST(redirects)
{
    authp_guard_request_t r = request("GET");
    ck_assert_ptr_null(authp_guard_redirect(f.realm, &r, false, f.pool));
    apr_table_set(headers, "Sec-Fetch-Mode", "navigate");
    ck_assert_str_eq(authp_guard_redirect(f.realm, &r, false, f.pool),
                     "/signin.html?return_to=%2Fjobs%3Fa%3Db");
    apr_table_set(headers, "Cookie", "csrf_token=x");
    ck_assert_ptr_nonnull(strstr(authp_guard_redirect(f.realm, &r, false, f.pool),
                                 "/api/auth/session/renew?return_to="));
    ck_assert_ptr_nonnull(strstr(authp_guard_redirect(f.realm, &r, true, f.pool), "/signin.html?"));
    /* A csrf_token that is empty, or that names a session, is none of a session of the platform. */
    static const char *const others[] = {"csrf_token=", "csrf_token=a.x.y", "x=csrf_token=x"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        apr_table_set(headers, "Cookie", others[i]);
        ck_assert_ptr_nonnull(
            strstr(authp_guard_redirect(f.realm, &r, false, f.pool), "/signin.html?"));
    }
    apr_table_set(headers, "Cookie", "csrf_token=x");
    const authp_mount_t *renewing = r.renewing;
    r.renewing = NULL;
    ck_assert_ptr_nonnull(
        strstr(authp_guard_redirect(f.realm, &r, false, f.pool), "/signin.html?"));
    r.renewing = renewing;
    apr_table_unset(headers, "Cookie");
    r.sign_in_page = NULL;
    ck_assert_ptr_null(authp_guard_redirect(f.realm, &r, false, f.pool));
}
END_TEST

START_TEST(cookies_need_the_origin)
{
    authp_user_t *user = fixture_user(&f, "g@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, user);
    authp_principal_t who;
    authp_via_t via;
    authp_guard_request_t get = request("GET");
    authp_guard_request_t post = request("POST");
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &get, &who, &via, f.pool),
                     AUTHP_E_TOKEN_MISSING);
    apr_table_set(headers, "Cookie",
                  apr_pstrcat(f.pool, "__Host-authp_at=", grant.access_token, NULL));
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &get, &who, &via, f.pool), AUTHP_OK);
    ck_assert_int_eq(via, AUTHP_VIA_COOKIE);
    ck_assert_str_eq(who.user_id, user->id.hex);
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &post, &who, &via, f.pool),
                     AUTHP_E_ORIGIN_DENIED);
    apr_table_set(headers, "Origin", "https://evil.example");
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &post, &who, &via, f.pool),
                     AUTHP_E_ORIGIN_DENIED);
    apr_table_set(headers, "Origin", "https://jobs.example.org");
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &post, &who, &via, f.pool), AUTHP_OK);
    apr_table_set(headers, "Origin", "http://jobs.example.org");
    apr_table_set(headers, "Upgrade", "websocket");
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &get, &who, &via, f.pool),
                     AUTHP_E_ORIGIN_DENIED);
    apr_table_set(headers, "Authorization",
                  apr_pstrcat(f.pool, "Bearer ", grant.access_token, NULL));
    ck_assert_int_eq(authp_guard_authenticate(f.realm, &post, &who, &via, f.pool), AUTHP_OK);
}
END_TEST

static authp_err_t guarded(const char *method, const char *cookie)
{
    authp_principal_t who;
    authp_via_t via;
    authp_guard_request_t r = request(method);
    apr_table_set(headers, "Cookie", cookie);
    return authp_guard_authenticate(f.realm, &r, &who, &via, f.pool);
}

/* Requests without Origin and without Sec-Fetch-Site. Methods are case-sensitive. */
START_TEST(methods_by_cookie)
{
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    static const char *const unsafe[] = {"POST", "PUT", "PATCH", "DELETE", "get", "MKCOL", ""};
    authp_user_t *user = fixture_user(&f, "m@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, user);
    const char *cookie = apr_pstrcat(f.pool, "__Host-authp_at=", grant.access_token, NULL);
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++) {
        ck_assert_int_eq(guarded(safe[i], cookie), AUTHP_OK);
    }
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        ck_assert_int_eq(guarded(unsafe[i], cookie), AUTHP_E_ORIGIN_DENIED);
    }
}
END_TEST

/* Origins in BACKEND_CORS_ORIGINS may use the account routes by cookie, but not a guarded app. */
START_TEST(apps_take_their_own_origin_alone)
{
    static const char *const front_ends[] = {"https://front.example.org",
                                             "https://cors.example.org"};
    authp_user_t *user = fixture_user(&f, "o@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, user);
    const char *cookie = apr_pstrcat(f.pool, "__Host-authp_at=", grant.access_token, NULL);
    authp_headers_t from = {get_header, headers};
    f.settings->frontend_origin = front_ends[0];
    APR_ARRAY_PUSH(f.settings->cors_origins, const char *) = front_ends[1];
    for (size_t i = 0; i < sizeof(front_ends) / sizeof(front_ends[0]); i++) {
        apr_table_set(headers, "Origin", front_ends[i]);
        ck_assert_int_eq(
            authp_origin_rule_check(f.realm, &from, "https", "jobs.example.org", false, f.pool),
            AUTHP_OK);
        ck_assert_int_eq(guarded("POST", cookie), AUTHP_E_ORIGIN_DENIED);
        apr_table_set(headers, "Sec-Fetch-Site", "same-origin");
        ck_assert_int_eq(guarded("DELETE", cookie), AUTHP_E_ORIGIN_DENIED);
        ck_assert_int_eq(guarded("GET", cookie), AUTHP_OK);
        apr_table_set(headers, "Upgrade", "websocket");
        ck_assert_int_eq(guarded("GET", cookie), AUTHP_E_ORIGIN_DENIED);
        apr_table_clear(headers);
    }
    apr_table_set(headers, "Sec-Fetch-Site", "same-site");
    ck_assert_int_eq(guarded("POST", cookie), AUTHP_E_ORIGIN_DENIED);
    apr_table_set(headers, "Sec-Fetch-Site", "same-origin");
    ck_assert_int_eq(guarded("POST", cookie), AUTHP_OK);
    apr_table_set(headers, "Origin", "null");
    ck_assert_int_eq(guarded("POST", cookie), AUTHP_E_ORIGIN_DENIED);
}
END_TEST

START_TEST(ways_back)
{
    static const char *const cases[][2] = {
        {"/a?b=c", "/a?b=c"},
        {"//evil.example", "/"},
        {"/%2Fevil.example", "/"},
        {"https://evil.example", "/"},
        {"/\\evil", "/"},
        {"/%5cevil", "/"},
        {"", "/"},
        {"a", "/"},
        {"/a%0d%0ab", "/"},
        {"/%zz", "/"},
        {"/a/b", "/a/b"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(authp_origin_return_to(cases[i][0], f.pool), cases[i][1]);
    }
    ck_assert_str_eq(authp_origin_return_to(NULL, f.pool), "/");
}
END_TEST

Suite *suite_guard(void)
{
    Suite *suite = suite_create("guard");
    TCase *tests = tcase_create("guard");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, credentials, 0, (int)(sizeof(found) / sizeof(found[0])));
    tcase_add_test(tests, our_cookies_are_stripped);
    tcase_add_test(tests, each_of_our_cookies_is_stripped);
    tcase_add_loop_test(tests, navigation, 0, (int)(sizeof(navigations) / sizeof(navigations[0])));
    tcase_add_test(tests, redirects);
    tcase_add_test(tests, cookies_need_the_origin);
    tcase_add_test(tests, methods_by_cookie);
    tcase_add_test(tests, apps_take_their_own_origin_alone);
    tcase_add_test(tests, ways_back);
    suite_add_tcase(suite, tests);
    return suite;
}
