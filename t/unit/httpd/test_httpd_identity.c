/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables and headers an app gets, which it never gets, and what a subrequest takes
 * over. */
#include "base/text.h"
#include "httpd/identity.h"
#include "httpd_fake.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static const char *const variables[] = {"AUTH_USER_ID",  "AUTH_EMAIL", "AUTH_EMAIL_VERIFIED",
                                        "AUTH_NAME",     "AUTH_ROLES", "AUTH_SESSION_ID",
                                        "AUTH_USERNAME", "AUTH_PHONE"};
static const char *const headers[] = {"X-Auth-User-Id",  "X-Auth-Email", "X-Auth-Email-Verified",
                                      "X-Auth-Name",     "X-Auth-Roles", "X-Auth-Session-Id",
                                      "X-Auth-Username", "X-Auth-Phone"};
#define NAMES ((int)(sizeof(variables) / sizeof(variables[0])))

static const char *in(const request_rec *r, const char *name)
{
    return apr_table_get(r->headers_in, name);
}

static const char *env(const request_rec *r, const char *name)
{
    return apr_table_get(r->subprocess_env, name);
}

static request_rec *somebody(authp_context_t **context)
{
    request_rec *r = httpd_fake_request("/app");
    *context = httpd_fake_admit(r, "candidate");
    (*context)->principal.email = "ad\xc3\xa9@example.org";
    (*context)->principal.username = "ad\xc3\xa9";
    (*context)->principal.phone = "+919876543210\n";
    return r;
}

static void expect_told(const request_rec *r, const authp_principal_t *who, const char *roles)
{
    const char *const values[] = {who->user_id, who->email,      "false",       who->name,
                                  roles,        who->session_id, who->username, who->phone};
    for (int i = 0; i < NAMES; i++) {
        ck_assert_str_eq(env(r, variables[i]), values[i]);
        ck_assert_str_eq(in(r, headers[i]), authp_text_header_safe(values[i], r->pool));
    }
}

static void expect_told_nothing(const request_rec *r)
{
    for (int i = 0; i < NAMES; i++) {
        ck_assert_ptr_null(env(r, variables[i]));
        ck_assert_ptr_null(in(r, headers[i]));
    }
}

START_TEST(everything_is_told)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    httpd_fake_fixups(r);
    expect_told(r, &context->principal, "candidate");
    ck_assert_str_eq(r->user, context->principal.user_id);
    ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, NAMES);
    ck_assert_str_eq(in(r, "X-Auth-Name"), "Ada %C3%A9");
}
END_TEST

/* An app splits the list of roles at commas. */
START_TEST(two_roles)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    context->principal.roles |= authp_roles_bit(fake.f.realm->roles, "admin");
    httpd_fake_fixups(r);
    expect_told(r, &context->principal, "candidate,admin");
}
END_TEST

/* A variable without a value is not set at all. */
START_TEST(who_has_no_address_and_no_name)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    context->principal.email = NULL;
    context->principal.name = NULL;
    context->principal.username = NULL;
    context->principal.phone = NULL;
    context->principal.email_verified = true;
    fake.dir->remote_user = AUTHP_REMOTE_USER_EMAIL;
    httpd_fake_fixups(r);
    ck_assert_str_eq(r->user, context->principal.user_id);
    ck_assert_ptr_null(env(r, "AUTH_EMAIL"));
    ck_assert_ptr_null(env(r, "AUTH_NAME"));
    ck_assert_ptr_null(in(r, "X-Auth-Email"));
    ck_assert_ptr_null(in(r, "X-Auth-Name"));
    ck_assert_ptr_null(env(r, "AUTH_USERNAME"));
    ck_assert_ptr_null(in(r, "X-Auth-Username"));
    ck_assert_ptr_null(env(r, "AUTH_PHONE"));
    ck_assert_ptr_null(in(r, "X-Auth-Phone"));
    ck_assert_str_eq(env(r, "AUTH_EMAIL_VERIFIED"), "false");
    ck_assert_str_eq(in(r, "X-Auth-Email-Verified"), "false");
}
END_TEST

START_TEST(nobody_is_told_of)
{
    request_rec *r = httpd_fake_request("/open");
    httpd_fake_fixups(r);
    expect_told_nothing(r);
    /* A user whom another AuthType has authenticated. */
    r = httpd_fake_request("/open");
    r->user = apr_pstrdup(r->pool, "basic");
    httpd_fake_fixups(r);
    expect_told_nothing(r);
    /* Another module has replaced the user. */
    authp_context_t *context = NULL;
    r = somebody(&context);
    r->user = apr_pstrdup(r->pool, context->user);
    httpd_fake_fixups(r);
    expect_told_nothing(r);
}
END_TEST

/* A subrequest gets the variables and headers of its parent, in tables of its own. */
START_TEST(a_subrequest_is_told_too)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    httpd_fake_fixups(r);
    request_rec *below = httpd_fake_subrequest(httpd_fake_subrequest(r, "/a"), "/b");
    httpd_fake_fixups(below);
    expect_told(below, &context->principal, "candidate");
    apr_pool_destroy(below->main->pool);
    expect_told(r, &context->principal, "candidate");
}
END_TEST

/* A subrequest to an unguarded page gets nothing of its guarded parent: no variables, no headers,
 * and no variables that mod_include makes of headers. */
START_TEST(an_open_subrequest_of_a_guarded_page)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    httpd_fake_fixups(r);
    for (int i = 0; i < NAMES; i++) {
        char *made = apr_pstrcat(r->pool, "HTTP_", headers[i], NULL);
        for (char *at = made; *at != '\0'; at++) {
            *at = (char)(*at == '-' ? '_' : *at >= 'a' && *at <= 'z' ? *at - 32 : *at);
        }
        apr_table_setn(r->subprocess_env, made, "of the page");
    }
    apr_table_setn(r->subprocess_env, "PATH", "/bin");
    request_rec *below = httpd_fake_subrequest(r, "/open");
    below->user = NULL;
    httpd_fake_fixups(below);
    expect_told_nothing(below);
    ck_assert_int_eq(apr_table_elts(below->subprocess_env)->nelts, 1);
    ck_assert_str_eq(env(below, "PATH"), "/bin");
    ck_assert_ptr_nonnull(env(r, "HTTP_X_AUTH_ROLES"));
}
END_TEST

/* Subrequests and redirected requests still know the user after the credentials were removed. */
START_TEST(credentials_are_taken_away_and_remembered)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    apr_table_set(r->headers_in, "Authorization", "Bearer a.b.c");
    apr_table_set(r->headers_in, "Cookie", "__Host-authp_at=x; mine=1; csrf_token=y");
    httpd_fake_fixups(r);
    ck_assert_ptr_null(in(r, "Authorization"));
    ck_assert_str_eq(in(r, "Cookie"), "mine=1");
    request_rec *below = httpd_fake_subrequest(r, "/b");
    request_rec *redirected = httpd_fake_subrequest(r, "/c");
    redirected->main = NULL;
    redirected->prev = r;
    request_rec *const all[] = {r, below, redirected};
    for (int i = 0; i < 3; i++) {
        authp_headers_t sent = authp_context_headers(all[i]);
        ck_assert_str_eq(sent.get(sent.ctx, "Authorization"), "Bearer a.b.c");
        ck_assert_str_eq(sent.get(sent.ctx, "Cookie"), "__Host-authp_at=x; mine=1; csrf_token=y");
        ck_assert_ptr_null(sent.get(sent.ctx, "Origin"));
    }
}
END_TEST

START_TEST(a_cookie_header_of_ours_alone_goes)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    context->via = AUTHP_VIA_COOKIE;
    apr_table_set(r->headers_in, "Cookie", "__Host-authp_at=x");
    apr_table_set(r->headers_in, "Authorization", "Basic dTpw");
    httpd_fake_fixups(r);
    ck_assert_ptr_null(in(r, "Cookie"));
    /* This header did not authenticate anybody, so it stays. */
    ck_assert_str_eq(in(r, "Authorization"), "Basic dTpw");
}
END_TEST

/* What another module has set under our names is replaced, in whatever case, and other names that
 * begin alike stay. */
START_TEST(others_are_replaced)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    apr_table_setn(r->subprocess_env, "APP", "a");
    apr_table_setn(r->headers_in, "X-Other", "x");
    for (int i = 0; i < NAMES; i++) {
        char *lower = apr_pstrdup(r->pool, variables[i]);
        for (char *at = lower; *at != '\0'; at++) {
            *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
        }
        apr_table_addn(r->subprocess_env, lower, "old");
        apr_table_addn(r->subprocess_env, variables[i], "older");
        apr_table_addn(r->headers_in, headers[i], "old");
        apr_table_addn(r->headers_in, headers[i], "older");
    }
    httpd_fake_fixups(r);
    expect_told(r, &context->principal, "candidate");
    ck_assert_int_eq(apr_table_elts(r->subprocess_env)->nelts, NAMES + 1);
    ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, NAMES + 1);
    ck_assert_str_eq(env(r, "APP"), "a");
    ck_assert_str_eq(in(r, "X-Other"), "x");
}
END_TEST

/* mod_include makes variables of the headers of a page, and a program that the page includes gets
 * a copy of them. So a variable goes with its header, and one whose header stays is kept. */
START_TEST(variables_go_with_their_headers)
{
    for (int i = 0; i < 2; i++) {
        authp_context_t *context = NULL;
        request_rec *r = somebody(&context);
        const char *bearer = i == 0 ? "Bearer a.b.c" : "Basic dTpw";
        const char *cookie = i == 0 ? "mine=1; csrf_token=y" : "mine=1";
        context->via = i == 0 ? AUTHP_VIA_BEARER : AUTHP_VIA_COOKIE;
        apr_table_set(r->headers_in, "Authorization", bearer);
        apr_table_set(r->headers_in, "Cookie", cookie);
        apr_table_set(r->subprocess_env, "HTTP_AUTHORIZATION", bearer);
        apr_table_set(r->subprocess_env, "HTTP_COOKIE", cookie);
        httpd_fake_fixups(r);
        ck_assert_pstr_eq(env(r, "HTTP_AUTHORIZATION"), i == 0 ? NULL : bearer);
        ck_assert_pstr_eq(env(r, "HTTP_COOKIE"), i == 0 ? NULL : cookie);
        ck_assert_str_eq(in(r, "Cookie"), "mine=1");
    }
}
END_TEST

/* mod_proxy obeys every Connection header. A trailer of the parent's body may have added one. */
START_TEST(no_second_connection_header)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    httpd_fake_fixups(r);
    request_rec *below = httpd_fake_subrequest(r, "/b");
    apr_table_add(below->headers_in, "Connection", "te");
    apr_table_add(below->headers_in, "Connection", "X-Auth-Roles, upgrade");
    httpd_fake_fixups(below);
    ck_assert_str_eq(in(below, "Connection"), "te,upgrade");
    apr_table_unset(below->headers_in, "Connection");
    expect_told(below, &context->principal, "candidate");
    ck_assert_int_eq(apr_table_elts(below->headers_in)->nelts, NAMES);
}
END_TEST

/* AuthPlatformForwardAuthorization: unset, off, on. */
START_TEST(forwarding)
{
    static const char *const values[] = {NULL, "off", "on"};
    authp_context_t *context = NULL;
    if (values[_i] != NULL) {
        ck_assert_ptr_null(
            httpd_fake_line(FAKE_SECTION, "AuthPlatformForwardAuthorization", values[_i], NULL));
    }
    request_rec *r = somebody(&context);
    apr_table_set(r->headers_in, "Authorization", "Bearer a.b.c");
    apr_table_set(r->headers_in, "Cookie", "csrf_token=y");
    httpd_fake_fixups(r);
    ck_assert_pstr_eq(in(r, "Authorization"), _i == 2 ? "Bearer a.b.c" : NULL);
    ck_assert_ptr_null(in(r, "Cookie"));
}
END_TEST

/* Our cookies are also removed where nobody is signed in. On a host without account routes they
 * stay, because other programs may use these names. */
START_TEST(cookies_on_an_open_page)
{
    request_rec *r = httpd_fake_request("/open");
    apr_table_set(r->headers_in, "Cookie", "csrf_token=y; a=1");
    httpd_fake_fixups(r);
    ck_assert_str_eq(in(r, "Cookie"), "a=1");
    authp_config_server(&fake.main)->served->nelts = 0;
    r = httpd_fake_request("/open");
    apr_table_set(r->headers_in, "Cookie", "csrf_token=y; a=1");
    httpd_fake_fixups(r);
    ck_assert_str_eq(in(r, "Cookie"), "csrf_token=y; a=1");
    (void)httpd_fake_admit(r, "candidate"); /* except for a person whom this host knows */
    httpd_fake_fixups(r);
    ck_assert_str_eq(in(r, "Cookie"), "a=1");
}
END_TEST

/* The account routes read the credentials themselves. */
START_TEST(the_mount_keeps_its_credentials)
{
    static const char *const paths[] = {"/api/auth/me", "/api/protected/me"};
    for (int i = 0; i < 2; i++) {
        request_rec *r = httpd_fake_request(paths[i]);
        apr_table_set(r->headers_in, "Cookie", "csrf_token=y");
        apr_table_set(r->headers_in, "Authorization", "Bearer a.b.c");
        httpd_fake_fixups(r);
        ck_assert_str_eq(in(r, "Cookie"), "csrf_token=y");
        ck_assert_str_eq(in(r, "Authorization"), "Bearer a.b.c");
    }
}
END_TEST

/* The value of AuthPlatformRemoteUser, whether the address is proven, and whether REMOTE_USER is
 * the address. */
static const struct {
    const char *value;
    bool verified;
    bool by_email;
} users[] = {{NULL, true, false},
             {"id", true, false},
             {"email", true, true},
             {"email", false, false},
             {"Email", true, true}};

START_TEST(remote_user)
{
    authp_context_t *context = NULL;
    if (users[_i].value != NULL) {
        ck_assert_ptr_null(
            httpd_fake_line(FAKE_SECTION, "AuthPlatformRemoteUser", users[_i].value, NULL));
    }
    request_rec *r = somebody(&context);
    context->principal.email_verified = users[_i].verified;
    httpd_fake_fixups(r);
    const authp_principal_t *who = &context->principal;
    ck_assert_str_eq(r->user, users[_i].by_email ? who->email : who->user_id);
    ck_assert_ptr_eq(authp_identity_of(r), context);
    ck_assert_str_eq(env(r, "AUTH_USER_ID"), who->user_id);
    /* The user of a subrequest does not change the user of its parent. */
    request_rec *below = httpd_fake_subrequest(r, "/b");
    httpd_fake_fixups(below);
    ck_assert_ptr_eq(authp_identity_of(below), context);
    ck_assert_ptr_eq(authp_identity_of(r), context);
}
END_TEST

/* AuthPlatformRemoteUser is email in the subrequest and id in its parent. The parent's REMOTE_USER
 * does not change. */
START_TEST(remote_user_of_a_subrequest_alone)
{
    authp_context_t *context = NULL;
    request_rec *r = somebody(&context);
    context->principal.email_verified = true;
    httpd_fake_fixups(r);
    ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformRemoteUser", "email", NULL));
    request_rec *below = httpd_fake_subrequest(r, "/b");
    httpd_fake_fixups(below);
    ck_assert_ptr_eq(authp_identity_of(below), context);
    ck_assert_ptr_eq(authp_identity_of(r), context);
    ck_assert_str_eq(r->user, context->principal.user_id);
}
END_TEST

Suite *suite_httpd_identity(void)
{
    Suite *suite = suite_create("httpd_identity");
    TCase *tests = tcase_create("httpd_identity");
    tcase_add_checked_fixture(tests, httpd_fake_open, httpd_fake_close);
    tcase_add_test(tests, everything_is_told);
    tcase_add_test(tests, two_roles);
    tcase_add_test(tests, who_has_no_address_and_no_name);
    tcase_add_test(tests, nobody_is_told_of);
    tcase_add_test(tests, a_subrequest_is_told_too);
    tcase_add_test(tests, an_open_subrequest_of_a_guarded_page);
    tcase_add_test(tests, credentials_are_taken_away_and_remembered);
    tcase_add_test(tests, a_cookie_header_of_ours_alone_goes);
    tcase_add_test(tests, others_are_replaced);
    tcase_add_test(tests, variables_go_with_their_headers);
    tcase_add_test(tests, no_second_connection_header);
    tcase_add_loop_test(tests, forwarding, 0, 3);
    tcase_add_test(tests, cookies_on_an_open_page);
    tcase_add_test(tests, the_mount_keeps_its_credentials);
    tcase_add_loop_test(tests, remote_user, 0, (int)(sizeof(users) / sizeof(users[0])));
    tcase_add_test(tests, remote_user_of_a_subrequest_alone);
    suite_add_tcase(suite, tests);
    return suite;
}
