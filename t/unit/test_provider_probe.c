/* SPDX-License-Identifier: Apache-2.0 */
/* The request that asks a provider for its sign-in page before anybody signs in, and what each
 * answer shows. */
#include "base/json.h"
#include "base/text.h"
#include "service/provider/provider_check.h"
#include "service/provider/provider_probe.h"
#include "service/provider/provider_set.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define ISSUER "https://id.example"
#define ENDPOINT ISSUER "/authorize"
#define REDIRECT "https://jobs.example.org/api/auth/oidc/corp/callback"
#define TAKES "; it takes client_id and redirect URI"
#define SHOWS "; only a sign-in shows whether it takes client_id and redirect URI"

static apr_pool_t *pool;
static authp_provider_t provider;
static authp_provider_report_t report;
static authp_fetched_t answer; /* to an authorization request */
static authp_err_t failure;
static authp_fetch_t asked;
static int calls;

static authp_err_t fetch(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                         apr_pool_t *scratch)
{
    static const char discovery[] =
        "{\"issuer\":\"" ISSUER "\",\"authorization_endpoint\":\"" ENDPOINT
        "\",\"token_endpoint\":\"" ISSUER "/token\",\"jwks_uri\":\"" ISSUER "/keys\"}";
    static const char keys[] = "{\"keys\":[]}";
    (void)ctx, (void)scratch;
    const char *body = strstr(request->url, "/.well-known/") != NULL ? discovery
                       : strstr(request->url, "/keys") != NULL       ? keys
                                                                     : NULL;
    if (body != NULL) {
        *out = (authp_fetched_t){.status = 200, .body = body, .len = strlen(body)};
        return AUTHP_OK;
    }
    calls++;
    asked = *request;
    asked.url = apr_pstrdup(pool, request->url);
    *out = answer;
    return failure;
}

static const authp_fetcher_t fetcher = {fetch, NULL};

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    provider = (authp_provider_t){.name = "corp",
                                  .kind = AUTHP_PROVIDER_OIDC,
                                  .issuer = ISSUER,
                                  .client_id = "our client",
                                  .redirect_uri = REDIRECT,
                                  .scopes = "openid email"};
    report.errors = apr_array_make(pool, 1, sizeof(const char *));
    report.notes = apr_array_make(pool, 1, sizeof(const char *));
    answer = (authp_fetched_t){.status = 302, .body = ""};
    failure = AUTHP_OK;
    calls = 0;
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static bool probe(void)
{
    return authp_provider_probe(&provider, ENDPOINT, &fetcher, &report, pool);
}

static const char *line(const apr_array_header_t *lines)
{
    ck_assert_int_eq(lines->nelts, 1);
    return APR_ARRAY_IDX(lines, 0, const char *);
}

/* The value of a parameter of the request; "": it has none. */
static const char *sent(const char *name)
{
    const char *value = authp_text_query(strchr(asked.url, '?') + 1, name, pool);
    return value != NULL ? value : "";
}

START_TEST(what_is_asked)
{
    const bool github = _i == 1;
    provider.kind = github ? AUTHP_PROVIDER_GITHUB : AUTHP_PROVIDER_OIDC;
    provider.issuer = github ? "https://github.com" : ISSUER;
    ck_assert(!probe());
    ck_assert_int_eq(calls, 1);
    const char *begin = github ? "https://github.com/login/oauth/authorize?" : ENDPOINT "?";
    ck_assert_int_eq(strncmp(asked.url, begin, strlen(begin)), 0);
    ck_assert_str_eq(sent("response_type"), "code");
    ck_assert_str_eq(sent("client_id"), "our client");
    ck_assert_str_eq(sent("redirect_uri"), REDIRECT);
    ck_assert_str_eq(sent("scope"), "openid email");
    ck_assert_str_eq(sent("code_challenge_method"), "S256");
    ck_assert_str_eq(sent("prompt"), github ? "" : "none");
    ck_assert_uint_eq(strlen(sent("nonce")), github ? 0 : 43);
    ck_assert_uint_eq(strlen(sent("state")), 43);
    ck_assert_uint_eq(strlen(sent("code_challenge")), 43);
    ck_assert_str_ne(sent("state"), sent("code_challenge"));
    ck_assert_str_eq(asked.accept, "text/html");
    ck_assert_int_eq(asked.timeout_ms, AUTHP_PROVIDER_SET_TIMEOUT_MS);
    ck_assert_uint_eq(asked.limit, 1048576);
    ck_assert(asked.form == NULL && asked.json == NULL && asked.user == NULL);
    const char *first = sent("state");
    (void)probe();
    ck_assert_str_ne(sent("state"), first);
}
END_TEST

#define LONG_WORD "abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghij"

static const struct {
    int status;
    const char *location;
    bool takes;
    const char *note; /* NULL: none */
} answers[] = {
    {200, NULL, false, NULL},
    {302, NULL, false, NULL},
    {399, NULL, false, NULL},
    {400, NULL, false,
     "it answers an authorization request with status 400 instead of a sign-in "
     "page or a redirect: perhaps it does not know the client_id, or the "
     "redirect URI is not registered there"},
    {503, REDIRECT "?error=login_required", false,
     "it answers an authorization request with "
     "status 503 instead of a sign-in page or a "
     "redirect: perhaps it does not know the "
     "client_id, or the redirect URI is not "
     "registered there"},
    /* to its own pages */
    {302, ISSUER "/login", false, NULL},
    {302, ISSUER "/login?next=/error", false, NULL},
    {302, ISSUER "/login#/error", false, NULL},
    {302, ISSUER "/v1/error?id=4", false,
     "it answers an authorization request with an error page: "
     "perhaps it does not know the client_id, or the redirect "
     "URI is not registered there"},
    /* not quite the redirect URI */
    {302, REDIRECT "s?error=unauthorized_client", false, NULL},
    {302, "https://jobs.example.org/api/auth/oidc/corp/callbac", false, NULL},
    {302, REDIRECT "/error", false,
     "it answers an authorization request with an error page: "
     "perhaps it does not know the client_id, or the redirect URI "
     "is not registered there"},
    /* back to this host */
    {302, REDIRECT, true, NULL},
    {302, REDIRECT "?code=x", true, NULL},
    {302, REDIRECT "?error=login_required", true, NULL},
    {302, REDIRECT "?error=interaction_required&state=x", true, NULL},
    {302, REDIRECT "?state=x&error=consent_required", true, NULL},
    {302, REDIRECT "#error=account_selection_required", true, NULL},
    {302, REDIRECT "?a=b#error=access_denied", true, NULL},
    {302, REDIRECT "?xerror=unauthorized_client", true, NULL},
    {302, REDIRECT "?errors=unauthorized_client", true, NULL},
    {302, REDIRECT "?error=unauthorized_client", true,
     "it refuses an authorization request: error=unauthorized_client"},
    {303, REDIRECT "?state=x&error=invalid_scope#_", true,
     "it refuses an authorization request: error=invalid_scope"},
    {302, REDIRECT "?error=login_required_", true,
     "it refuses an authorization request: error=login_required_"},
    {302, REDIRECT "?error=", true, "it refuses an authorization request: error=?"},
    {302, REDIRECT "?error=Access", true, "it refuses an authorization request: error=?"},
    {302, REDIRECT "?error=login_required%20", true,
     "it refuses an authorization request: error=?"},
    {302, REDIRECT "?error=" LONG_WORD, true,
     "it refuses an authorization request: error=" LONG_WORD},
    {302, REDIRECT "?error=" LONG_WORD "x", true, "it refuses an authorization request: error=?"},
};

START_TEST(what_an_answer_shows)
{
    ck_assert_uint_eq(strlen(LONG_WORD), 64);
    answer.status = answers[_i].status;
    answer.location = answers[_i].location;
    ck_assert_int_eq(probe(), answers[_i].takes);
    ck_assert_int_eq(report.errors->nelts, 0);
    if (answers[_i].note == NULL) {
        ck_assert_int_eq(report.notes->nelts, 0);
    } else {
        ck_assert_str_eq(line(report.notes), answers[_i].note);
    }
}
END_TEST

/* At GitHub the server itself needs the host, at others browsers alone do. */
START_TEST(no_answer)
{
    failure = AUTHP_E_UNAVAILABLE;
    answer.why = _i < 2 ? "Timeout was reached" : NULL;
    provider.kind = _i == 1 ? AUTHP_PROVIDER_GITHUB : AUTHP_PROVIDER_OIDC;
    ck_assert(!probe());
    ck_assert_str_eq(line(_i == 1 ? report.errors : report.notes),
                     apr_pstrcat(pool, "no answer of " ISSUER " to an authorization request: ",
                                 _i < 2 ? "Timeout was reached" : authp_err_name(failure), NULL));
    ck_assert_int_eq((_i == 1 ? report.notes : report.errors)->nelts, 0);
}
END_TEST

/* --- the whole check -------------------------------------------------------------------------- */

static const struct {
    const char *uri;
    bool foreign; /* an IP address of another host */
} uris[] = {
    {"https://jobs.example.org/callback", false},
    {"http://localhost:8080/callback", false},
    {"http://127.0.0.1/callback", false},
    {"http://127.1.2.3:80/callback", false},
    {"http://[::1]:8080/callback", false},
    {"https://126.0.0.1/callback", true},
    {"https://192.0.2.7:8443/callback", true},
    {"https://[2001:db8::1]/callback", true},
    {"https://[::11]/callback", true},
    {"https://192.0.2.7.example.org/callback", false},
};

/* Google refuses a redirect URI with such an address, so it is an error there. */
START_TEST(addresses_in_redirect_uris)
{
    static const char hint[] = "the host of its redirect URI is an IP address, which many "
                               "providers refuse";
    static const char error[] = "the host of its redirect URI is an IP address, which Google "
                                "refuses: use a name";
    provider.kind = AUTHP_PROVIDER_GITHUB;
    provider.redirect_uri = uris[_i].uri;
    authp_provider_check(&provider, &fetcher, &report, pool);
    ck_assert_int_eq(report.errors->nelts, 0);
    ck_assert_int_eq(report.notes->nelts, uris[_i].foreign);
    if (uris[_i].foreign) {
        ck_assert_str_eq(line(report.notes), hint);
    }
    provider.google = true;
    authp_provider_check(&provider, &fetcher, &report, pool);
    ck_assert_int_eq(report.notes->nelts, 0);
    ck_assert_int_eq(report.errors->nelts, uris[_i].foreign);
    if (uris[_i].foreign) {
        ck_assert_str_eq(line(report.errors), error);
    }
}
END_TEST

/* The last part of the line of a provider says what the request showed. */
START_TEST(the_summary)
{
    answer.location = _i == 0 ? REDIRECT "?error=login_required" : ISSUER "/login";
    authp_provider_check(&provider, &fetcher, &report, pool);
    ck_assert_str_eq(report.checked, apr_pstrcat(pool, "discovery document, 0 usable keys",
                                                 _i == 0 ? TAKES : SHOWS, NULL));
    ck_assert_int_eq(strncmp(asked.url, ENDPOINT "?", strlen(ENDPOINT "?")), 0);
    provider.kind = AUTHP_PROVIDER_GITHUB;
    authp_provider_check(&provider, &fetcher, &report, pool);
    ck_assert_str_eq(report.checked,
                     apr_pstrcat(pool,
                                 "it has no discovery document, so its sign-in page alone was "
                                 "asked",
                                 _i == 0 ? TAKES : SHOWS, NULL));
    /* Without a document there is no address to ask. */
    provider.kind = AUTHP_PROVIDER_OIDC;
    provider.issuer = "https://other.example";
    const int before = calls;
    authp_provider_check(&provider, &fetcher, &report, pool);
    ck_assert_str_eq(report.checked, "no discovery document that can be used");
    ck_assert_str_eq(line(report.errors), "its discovery document is of another issuer: " ISSUER);
    ck_assert_int_eq(calls, before);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

Suite *suite_provider_probe(void)
{
    Suite *suite = suite_create("provider_probe");
    TCase *tests = tcase_create("provider_probe");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, what_is_asked, 0, 2);
    tcase_add_loop_test(tests, what_an_answer_shows, 0, ROWS(answers));
    tcase_add_loop_test(tests, no_answer, 0, 3);
    tcase_add_loop_test(tests, addresses_in_redirect_uris, 0, ROWS(uris));
    tcase_add_loop_test(tests, the_summary, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
