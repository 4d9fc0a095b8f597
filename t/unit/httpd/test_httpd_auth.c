/* SPDX-License-Identifier: Apache-2.0 */
/* Authentication and authorization in httpd's hooks: who is let in, what subrequests take over, and
 * how core's decision is changed. */
#include "httpd_fake.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

static const char *token;
static const char *user_id;

static void set_up(void)
{
    httpd_fake_open();
    authp_user_t *user = fixture_user(&fake.f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&fake.f, user);
    user_id = user->id.hex;
    token = grant.access_token;
    fake.auth_type = "Platform";
}

static request_rec *with_bearer(const char *value)
{
    request_rec *r = httpd_fake_request("/x");
    if (value != NULL) {
        apr_table_set(r->headers_in, "Authorization", apr_pstrcat(r->pool, "Bearer ", value, NULL));
    }
    return r;
}

static void expect_let_in(request_rec *r)
{
    const authp_context_t *context = authp_context_of(r);
    ck_assert_int_eq(fake.refusals, 0);
    ck_assert_str_eq(r->user, user_id);
    ck_assert_str_eq(r->ap_auth_type, "Platform");
    ck_assert(context->known && context->guarded && !context->exempt);
    ck_assert_str_eq(context->user, user_id);
}

START_TEST(who_has_a_token)
{
    request_rec *r = with_bearer(token);
    ck_assert_int_eq(httpd_fake_authn(r), OK);
    expect_let_in(r);
    ck_assert_int_eq(authp_context_of(r)->via, AUTHP_VIA_BEARER);
    r = httpd_fake_request("/x");
    apr_table_set(r->headers_in, "Cookie", apr_pstrcat(r->pool, "__Host-authp_at=", token, NULL));
    ck_assert_int_eq(httpd_fake_authn(r), OK);
    expect_let_in(r);
    ck_assert_int_eq(authp_context_of(r)->via, AUTHP_VIA_COOKIE);
}
END_TEST

/* The AuthType in force (NULL: none), AuthPlatformOptional, and whether our hooks handle the
 * request. */
START_TEST(which_auth_types_are_ours)
{
    static const struct {
        const char *type;
        int optional;
        bool ours;
    } cases[] = {{"Platform", AUTHP_UNSET, true},
                 {"platform", 0, true},
                 {"Basic", AUTHP_UNSET, false},
                 {"Basic", 1, false},
                 {"Platforms", 0, false},
                 {NULL, AUTHP_UNSET, false},
                 {NULL, 0, false},
                 {NULL, 1, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake.auth_type = cases[i].type;
        fake.dir->optional = cases[i].optional;
        request_rec *r = with_bearer(NULL);
        int refusals = fake.refusals;
        ck_assert_int_eq(httpd_fake_authn(r), cases[i].ours ? HTTP_UNAUTHORIZED : DECLINED);
        ck_assert_int_eq(fake.refusals - refusals, cases[i].ours ? 1 : 0);
        ck_assert_int_eq(authp_context_of(r) != NULL, cases[i].ours);
    }
}
END_TEST

START_TEST(who_has_none)
{
    request_rec *outer = with_bearer(NULL);
    request_rec *r = httpd_fake_subrequest(outer, "/y");
    ck_assert_int_eq(httpd_fake_authn(r), HTTP_UNAUTHORIZED);
    ck_assert_int_eq(fake.refused, AUTHP_E_TOKEN_MISSING);
    ck_assert_ptr_null(r->user);
    ck_assert(!authp_context_of(r)->known);
    /* The client gets the answer of the outer request, so that one is marked as guarded too. */
    ck_assert(authp_context_of(r)->guarded && authp_context_of(outer)->guarded);
    ck_assert_int_eq(httpd_fake_authn(with_bearer("a.b.c")), HTTP_UNAUTHORIZED);
    ck_assert_int_eq(fake.refused, AUTHP_E_TOKEN_INVALID);
    fake_clock_advance(&fake.f.clock, 3600000);
    ck_assert_int_eq(httpd_fake_authn(with_bearer(token)), HTTP_UNAUTHORIZED);
    ck_assert_int_eq(fake.refused, AUTHP_E_TOKEN_EXPIRED);
    ck_assert_int_eq(fake.refusals, 3);
}
END_TEST

/* Subrequests and redirected requests have no credentials, because the fixups hook has removed
 * them. */
START_TEST(below_and_behind_somebody)
{
    request_rec *r = with_bearer(token);
    ck_assert_int_eq(httpd_fake_authn(r), OK);
    apr_table_clear(r->headers_in);
    request_rec *below = httpd_fake_subrequest(r, "/y");
    request_rec *deeper = httpd_fake_subrequest(below, "/z");
    request_rec *behind = httpd_fake_subrequest(deeper, "/w");
    behind->prev = deeper; /* an internal redirect within a subrequest */
    behind->main = r;
    request_rec *const all[] = {deeper, behind};
    for (int i = 0; i < 2; i++) {
        all[i]->user = NULL;
        ck_assert_int_eq(httpd_fake_authn(all[i]), OK);
        expect_let_in(all[i]);
        ck_assert_int_eq(authp_context_of(all[i])->via, AUTHP_VIA_BEARER);
    }
}
END_TEST

/* With AuthPlatformOptional on: the header, the cookie, and the refusal; 0 = the request goes
 * on. */
static const struct {
    const char *header;
    const char *cookie;
    authp_err_t refused;
} optional[] = {
    {NULL, NULL, AUTHP_OK},
    {"Basic dTpw", NULL, AUTHP_OK},
    {NULL, "__Host-authp_at=a.b.c", AUTHP_OK},
    {NULL, "__Host-authp_at=", AUTHP_OK},
    {"Bearer a.b.c", NULL, AUTHP_E_TOKEN_INVALID},
    {"Bearer a.b.c", "__Host-authp_at=TOKEN", AUTHP_E_TOKEN_INVALID},
};

START_TEST(optional_for_nobody)
{
    request_rec *r = httpd_fake_request("/x");
    fake.dir->optional = 1;
    if (optional[_i].header != NULL) {
        apr_table_set(r->headers_in, "Authorization", optional[_i].header);
    }
    if (optional[_i].cookie != NULL) {
        apr_table_set(r->headers_in, "Cookie", optional[_i].cookie);
    }
    bool refused = optional[_i].refused != AUTHP_OK;
    ck_assert_int_eq(httpd_fake_access(r), refused ? HTTP_UNAUTHORIZED : DECLINED);
    ck_assert_int_eq(fake.refusals, refused ? 1 : 0);
    ck_assert_int_eq(fake.refused, optional[_i].refused);
    ck_assert_ptr_null(r->user);
    ck_assert(authp_context_of(r)->aware && !authp_context_of(r)->known);
    ck_assert(!authp_context_of(r)->guarded);
}
END_TEST

/* With AuthPlatformOptional, a bearer token that is not valid is refused; with a cookie that is not
 * valid the request goes on as signed out. */
START_TEST(optional_for_one_whose_time_is_over)
{
    fake.dir->optional = 1;
    fake_clock_advance(&fake.f.clock, 3600000);
    ck_assert_int_eq(httpd_fake_access(with_bearer(token)), HTTP_UNAUTHORIZED);
    ck_assert_int_eq(fake.refused, AUTHP_E_TOKEN_EXPIRED);
    request_rec *r = httpd_fake_request("/x");
    apr_table_set(r->headers_in, "Cookie", apr_pstrcat(r->pool, "__Host-authp_at=", token, NULL));
    ck_assert_int_eq(httpd_fake_access(r), DECLINED);
    ck_assert_ptr_null(r->user);
}
END_TEST

START_TEST(optional_for_somebody)
{
    fake.dir->optional = 1;
    request_rec *r = with_bearer(token);
    ck_assert_int_eq(httpd_fake_access(r), DECLINED); /* httpd evaluates Require later */
    expect_let_in(r);
    /* A cookie that came from another site is refused and not just ignored. */
    r = httpd_fake_request("/x");
    r->method = "POST";
    apr_table_set(r->headers_in, "Cookie", apr_pstrcat(r->pool, "__Host-authp_at=", token, NULL));
    ck_assert_int_eq(httpd_fake_access(r), HTTP_FORBIDDEN);
    ck_assert_int_eq(fake.refused, AUTHP_E_ORIGIN_DENIED);
}
END_TEST

/* AuthPlatformOptional does nothing where it is unset or off, and at the account routes, which look
 * at credentials themselves. */
START_TEST(where_it_is_not_optional)
{
    static const int values[] = {AUTHP_UNSET, 0, 1};
    for (int i = 0; i < 3; i++) {
        fake.dir->optional = values[i];
        request_rec *r = with_bearer("a.b.c");
        r->uri = values[i] == 1 ? apr_pstrdup(r->pool, "/api/auth/login") : r->uri;
        ck_assert_int_eq(httpd_fake_access(r), DECLINED);
        ck_assert_ptr_null(authp_context_of(r));
    }
    ck_assert_int_eq(fake.refusals, 0);
}
END_TEST

/* A guarded page includes a page of AuthPlatformOptional, or the other way round. The answer is
 * that of both. */
START_TEST(marks_add_up)
{
    for (int first = 0; first < 2; first++) {
        request_rec *outer = with_bearer(token);
        request_rec *below = httpd_fake_subrequest(outer, "/y");
        for (int i = 0; i < 2; i++) {
            request_rec *r = i == 0 ? outer : below;
            bool guarded = i == first;
            fake.dir->optional = guarded ? 0 : 1;
            (void)(guarded ? httpd_fake_authn(r) : httpd_fake_access(r));
        }
        ck_assert(authp_context_of(outer)->guarded && authp_context_of(outer)->aware);
    }
}
END_TEST

/* The sign-in page and the mount stay open while everything else is guarded. */
START_TEST(ways_in)
{
    static const char *const paths[] = {"/in", "/api/auth/login"};
    ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage", "/in only", NULL));
    for (int i = 0; i < 2; i++) {
        request_rec *r = httpd_fake_request(paths[i]);
        ck_assert_int_eq(httpd_fake_authn(r), OK);
        ck_assert_str_eq(r->user, ""); /* httpd needs a user here */
        ck_assert(authp_context_of(r)->exempt && !authp_context_of(r)->known);
        ck_assert_int_eq(httpd_fake_authz(r), OK);
        ck_assert_ptr_null(r->user);
    }
    ck_assert_int_eq(fake.refusals, 0);
}
END_TEST

static int asked;
static int answers[2]; /* core's answers: as things are, and if the sign-in were fresh */
static int max_age;

static int core(request_rec *r)
{
    authp_context_t *context = authp_context_of(r);
    asked++;
    ck_assert(context->in_authz);
    /* our own hook runs among those that are called */
    ck_assert_int_eq(httpd_fake_authz(r), DECLINED);
    context->max_age = max_age;
    return answers[context->assume_fresh ? 1 : 0];
}

static const struct {
    int core;
    int fresh; /* core's answer if the sign-in were fresh */
    int max_age;
    int status;
    authp_err_t refused;
} decisions[] = {
    {OK, OK, 0, OK, AUTHP_OK},
    {DECLINED, OK, 0, DECLINED, AUTHP_OK},
    {HTTP_INTERNAL_SERVER_ERROR, OK, 60, HTTP_INTERNAL_SERVER_ERROR, AUTHP_OK},
    {HTTP_UNAUTHORIZED, HTTP_UNAUTHORIZED, 0, HTTP_FORBIDDEN, AUTHP_E_INSUFFICIENT_ROLE},
    {HTTP_UNAUTHORIZED, HTTP_UNAUTHORIZED, 60, HTTP_FORBIDDEN, AUTHP_E_INSUFFICIENT_ROLE},
    /* without Require auth-age a new sign-in helps nobody */
    {HTTP_UNAUTHORIZED, OK, 0, HTTP_FORBIDDEN, AUTHP_E_INSUFFICIENT_ROLE},
    {HTTP_UNAUTHORIZED, OK, 60, HTTP_UNAUTHORIZED, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION},
    /* AuthzSendForbiddenOnFailure on */
    {HTTP_FORBIDDEN, OK, 60, HTTP_UNAUTHORIZED, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION},
    {HTTP_FORBIDDEN, HTTP_FORBIDDEN, 0, HTTP_FORBIDDEN, AUTHP_OK},
    {HTTP_FORBIDDEN, HTTP_FORBIDDEN, 60, HTTP_FORBIDDEN, AUTHP_OK},
};

START_TEST(decisions_of_core)
{
    request_rec *r = httpd_fake_request("/x");
    authp_context_t *context = httpd_fake_admit(r, "admin");
    fake.checker = core;
    answers[0] = decisions[_i].core;
    answers[1] = decisions[_i].fresh;
    max_age = decisions[_i].max_age;
    asked = 0;
    ck_assert_int_eq(httpd_fake_authz(r), decisions[_i].status);
    ck_assert_int_eq(fake.refused, decisions[_i].refused);
    bool denied = answers[0] == HTTP_UNAUTHORIZED || answers[0] == HTTP_FORBIDDEN;
    ck_assert_int_eq(asked, denied && max_age > 0 ? 2 : 1);
    ck_assert(!context->in_authz && !context->assume_fresh);
}
END_TEST

START_TEST(nobody_of_ours_is_for_core)
{
    request_rec *r = httpd_fake_request("/x");
    ck_assert_int_eq(httpd_fake_authz(r), DECLINED);
    (void)authp_context_make(r);
    ck_assert_int_eq(httpd_fake_authz(r), DECLINED);
}
END_TEST

/* If httpd.conf does not use the module, no hook does anything, although a .htaccess file may use
 * it. */
START_TEST(not_in_use)
{
    static ap_filter_rec_t includes = {.name = "includes"};
    ap_filter_t filter = {.frec = &includes};
    request_rec *r = with_bearer(token);
    apr_table_set(r->headers_in, "Cookie", "csrf_token=y");
    apr_table_set(r->headers_in, "X-Auth-Roles", "admin");
    apr_table_set(r->subprocess_env, "AUTH_NAME", "x");
    request_rec *below = httpd_fake_subrequest(r, "/y");
    r->output_filters = &filter;
    fake.dir->optional = 1;
    authp_runtime_set(NULL);
    ck_assert_int_eq(httpd_fake_post_read(r), DECLINED);
    ck_assert_int_eq(httpd_fake_access(r), DECLINED);
    ck_assert_int_eq(httpd_fake_authn(r), DECLINED);
    httpd_fake_fixups(r);
    httpd_fake_fixups(below);
    httpd_fake_answer(r);
    ck_assert_int_eq(apr_table_elts(r->headers_in)->nelts, 3);
    ck_assert_int_eq(apr_table_elts(below->headers_in)->nelts, 3);
    ck_assert_int_eq(apr_table_elts(below->subprocess_env)->nelts, 1);
    ck_assert_int_eq(apr_table_elts(r->headers_out)->nelts, 0);
    ck_assert_int_eq(fake.refusals, 0);
    ck_assert_ptr_null(authp_context_of(r));
}
END_TEST

Suite *suite_httpd_auth(void)
{
    Suite *suite = suite_create("httpd_auth");
    TCase *tests = tcase_create("httpd_auth");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_test(tests, who_has_a_token);
    tcase_add_test(tests, which_auth_types_are_ours);
    tcase_add_test(tests, who_has_none);
    tcase_add_test(tests, below_and_behind_somebody);
    tcase_add_loop_test(tests, optional_for_nobody, 0,
                        (int)(sizeof(optional) / sizeof(optional[0])));
    tcase_add_test(tests, optional_for_one_whose_time_is_over);
    tcase_add_test(tests, optional_for_somebody);
    tcase_add_test(tests, where_it_is_not_optional);
    tcase_add_test(tests, marks_add_up);
    tcase_add_test(tests, ways_in);
    tcase_add_loop_test(tests, decisions_of_core, 0,
                        (int)(sizeof(decisions) / sizeof(decisions[0])));
    tcase_add_test(tests, nobody_of_ours_is_for_core);
    tcase_add_test(tests, not_in_use);
    suite_add_tcase(suite, tests);
    return suite;
}
