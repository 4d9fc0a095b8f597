/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a refusal: a document for programs, and a page for browsers. */
#include "api/core/findings.h"
#include "api/core/problem.h"
#include "api/core/profiles.h"
#include "api/core/refusal.h"
#include "api/core/refusal_page.h"
#include "suite.h"
#include "support/fixture.h"

#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *header(const authp_response_t *out, const char *name)
{
    return apr_table_get(out->headers, name);
}

/* These errors never reach a client: services turn them into others, or no answer is written. */
static bool is_internal(authp_err_t err)
{
    return err == AUTHP_E_CONFLICT || err == AUTHP_E_ABORTED || err == AUTHP_E_CLOCKS_DIFFER;
}

START_TEST(every_error_has_a_row)
{
    authp_err_t err = (authp_err_t)_i;
    const authp_problem_t *problem = authp_problem_of(err);
    ck_assert_ptr_nonnull(problem);
    ck_assert_int_eq(problem->err, is_internal(err) ? AUTHP_E_INTERNAL : err);
    ck_assert_int_ge(problem->status, 400);
    ck_assert_int_lt(problem->status, 600);
    ck_assert_uint_gt(strlen(problem->title), 0);
    ck_assert_uint_gt(strlen(problem->detail), 0);
    ck_assert_uint_eq(
        strspn(problem->code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
        strlen(problem->code));
    /* The texts have no markup, because authp_refusal_page() writes them without escaping. */
    ck_assert_ptr_null(strpbrk(problem->title, "<>&\""));
    ck_assert_ptr_null(strpbrk(problem->detail, "<>&\""));
    ck_assert_int_eq(problem->retry_after > 0, problem->status == 429 || problem->status == 503);
}
END_TEST

START_TEST(no_row_twice)
{
    int rows = 0;
    for (; authp_problem_at(rows) != NULL; rows++) {
        ck_assert_ptr_eq(authp_problem_of(authp_problem_at(rows)->err), authp_problem_at(rows));
        for (int i = 0; i < rows; i++) {
            /* One code has two rows: 403 about oneself, 422 about another account. */
            ck_assert(authp_problem_at(i)->status != authp_problem_at(rows)->status ||
                      strcmp(authp_problem_at(i)->code, authp_problem_at(rows)->code) != 0);
        }
    }
    /* There is a row for every error except AUTHP_OK and the three internal ones. */
    ck_assert_int_eq(rows, AUTHP_E_COUNT - 4);
    ck_assert_ptr_null(authp_problem_at(-1));
    ck_assert_ptr_null(authp_problem_at(AUTHP_E_COUNT));
    ck_assert_str_eq(authp_problem_of(AUTHP_E_COUNT)->code, "internal_error");
}
END_TEST

static const struct {
    authp_err_t err;
    int status;
    const char *code;
    /* the parameters of WWW-Authenticate besides the realm; NULL = no header */
    const char *challenge;
    const char *retry_after;
} rows[] = {
    {AUTHP_E_TOKEN_MISSING, 401, "token_missing", "", NULL},
    {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials", "", NULL},
    {AUTHP_E_TOKEN_INVALID, 401, "token_invalid",
     ", error=\"invalid_token\", error_description=\"not valid\"", NULL},
    {AUTHP_E_REFRESH_INVALID, 401, "refresh_invalid",
     ", error=\"invalid_token\", error_description=\"not valid\"", NULL},
    {AUTHP_E_REFRESH_REUSED, 401, "refresh_reused",
     ", error=\"invalid_token\", error_description=\"not valid\"", NULL},
    {AUTHP_E_TOKEN_EXPIRED, 401, "token_expired",
     ", error=\"invalid_token\", error_description=\"expired\"", NULL},
    {AUTHP_E_TOKEN_REVOKED, 401, "token_revoked",
     ", error=\"invalid_token\", error_description=\"revoked\"", NULL},
    {AUTHP_E_INSUFFICIENT_ROLE, 403, "insufficient_role", NULL, NULL},
    {AUTHP_E_RECRUITER_PENDING, 403, "recruiter_pending", NULL, NULL},
    {AUTHP_E_EMAIL_TAKEN, 409, "email_taken", NULL, NULL},
    {AUTHP_E_USER_EXISTS, 409, "user_exists", NULL, NULL},
    {AUTHP_E_MOBILE_INVALID, 400, "MOBILE_INVALID", NULL, NULL},
    {AUTHP_E_INVALID_OTP, 400, "INVALID_OTP", NULL, NULL},
    {AUTHP_E_OTP_EXPIRED, 400, "OTP_EXPIRED", NULL, NULL},
    {AUTHP_E_OTP_USED, 400, "OTP_ALREADY_VERIFIED", NULL, NULL},
    {AUTHP_E_OTP_SEND_FAILED, 500, "OTP_SEND_FAILED", NULL, NULL},
    {AUTHP_E_OTP_UNAVAILABLE, 503, "otp_unavailable", NULL, "60"},
    {AUTHP_E_PASSWORD_REQUIRED, 401, "password_required", "", NULL},
    {AUTHP_E_UNAVAILABLE, 503, "store_unavailable", NULL, "2"},
    {AUTHP_E_BUSY, 503, "busy", NULL, "1"},
    {AUTHP_E_INTERNAL, 500, "internal_error", NULL, NULL},
    {AUTHP_E_CONFLICT, 500, "internal_error", NULL, NULL},
};

static void expect_headers(const authp_response_t *out, int row)
{
    static const char realm[] = "Bearer realm=\"auth_platform\"";
    const char *challenge = header(out, "WWW-Authenticate");
    ck_assert_int_eq(out->status, rows[row].status);
    ck_assert_str_eq(header(out, "Cache-Control"), "no-store");
    ck_assert_pstr_eq(header(out, "Retry-After"), rows[row].retry_after);
    ck_assert_int_eq(challenge != NULL, rows[row].challenge != NULL);
    if (challenge != NULL) {
        ck_assert_int_eq(strncmp(challenge, realm, sizeof(realm) - 1), 0);
        ck_assert_str_eq(challenge + sizeof(realm) - 1, rows[row].challenge);
    }
}

static json_t *document(const authp_response_t *out)
{
    json_t *parsed = NULL;
    ck_assert_int_eq(authp_json_parse(out->body, out->body_len, &parsed, pool), AUTHP_OK);
    return parsed;
}

static const char *member(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void refuse(authp_err_t err, const char *request_id, authp_response_t *out)
{
    const authp_refusal_t refusal = {.err = err, .request_id = request_id};
    authp_refusal_write(authp_profiles_find("platform"), &refusal, out, pool);
}

START_TEST(a_document)
{
    authp_response_t out = {0};
    const authp_problem_t *problem = authp_problem_of(rows[_i].err);
    refuse(rows[_i].err, "65f0", &out);
    expect_headers(&out, _i);
    ck_assert_str_eq(header(&out, "Content-Type"), "application/problem+json");
    ck_assert_str_eq(header(&out, "X-Request-Id"), "65f0");
    ck_assert_ptr_null(header(&out, "Content-Security-Policy"));
    json_t *body = document(&out);
    ck_assert_uint_eq(json_object_size(body), 6);
    ck_assert_str_eq(member(body, "code"), rows[_i].code);
    ck_assert_str_eq(member(body, "title"), problem->title);
    ck_assert_str_eq(member(body, "detail"), problem->detail);
    ck_assert_str_eq(member(body, "request_id"), "65f0");
    ck_assert_int_eq(strncmp(member(body, "type"), "urn:auth-platform:problem:", 26), 0);
    ck_assert_str_eq(member(body, "type") + 26, rows[_i].code);
    ck_assert_int_eq(json_integer_value(json_object_get(body, "status")), rows[_i].status);
}
END_TEST

/* The document of a refused subrequest is kept for the outer request. The request id that it
 * contains is freed before the document is sent, so it must be copied. */
static const authp_refusal_page_reader_t nobody;

START_TEST(the_request_id_is_copied)
{
    char id[] = "65f0";
    authp_response_t problem = {0};
    authp_response_t page = {0};
    refuse(AUTHP_E_TOKEN_MISSING, id, &problem);
    authp_refusal_page(AUTHP_E_INSUFFICIENT_ROLE, id, &nobody, &page, pool);
    memset(id, 'x', sizeof(id) - 1);
    ck_assert_str_eq(header(&problem, "X-Request-Id"), "65f0");
    ck_assert_str_eq(header(&page, "X-Request-Id"), "65f0");
    ck_assert_ptr_nonnull(strstr(page.body, "Request 65f0"));
}
END_TEST

START_TEST(a_document_with_more_to_say)
{
    authp_response_t out = {.headers = apr_table_make(pool, 2)};
    authp_findings_t *findings = authp_findings_make(pool);
    authp_findings_add(findings, "name", "invalid", "A finding.");
    apr_table_setn(out.headers, "Allow", "GET");
    const authp_refusal_t refusal = {
        .err = AUTHP_E_VALIDATION_FAILED, .detail = "In \"other\" <words>.", .findings = findings};
    authp_refusal_write(authp_profiles_find("platform"), &refusal, &out, pool);
    json_t *body = document(&out);
    ck_assert_str_eq(header(&out, "Allow"), "GET");
    ck_assert_ptr_null(header(&out, "X-Request-Id"));
    ck_assert_str_eq(member(body, "detail"), "In \"other\" <words>.");
    json_t *errors = json_object_get(body, "errors");
    ck_assert_uint_eq(json_array_size(errors), 1);
    ck_assert_uint_eq(json_object_size(json_array_get(errors, 0)), 3);
    ck_assert_str_eq(member(json_array_get(errors, 0), "field"), "name");
    ck_assert_str_eq(member(json_array_get(errors, 0), "code"), "invalid");
    ck_assert_str_eq(member(json_array_get(errors, 0), "detail"), "A finding.");
    ck_assert_ptr_null(json_object_get(body, "more"));
    ck_assert_str_eq(authp_problem_of(AUTHP_E_RECRUITER_PENDING)->detail,
                     "Recruiter pending verification");
}
END_TEST

/* Their codes are not spelled out here, so that build/guards/problems.sh still reports codes
 * without a test of their route. */
START_TEST(codes_without_a_route_yet)
{
    authp_response_t out = {0};
    const authp_problem_t *problem = authp_problem_of(AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    refuse(problem->err, NULL, &out);
    ck_assert_int_eq(out.status, 401);
    ck_assert_str_eq(
        header(&out, "WWW-Authenticate"),
        apr_pstrcat(pool, "Bearer realm=\"auth_platform\", error=\"", problem->code, "\"", NULL));
    out = (authp_response_t){0};
    refuse(AUTHP_E_RATE_LIMITED, NULL, &out);
    ck_assert_int_eq(out.status, 429);
    ck_assert_str_eq(header(&out, "Retry-After"), "60");
    ck_assert_ptr_null(header(&out, "WWW-Authenticate"));
}
END_TEST

START_TEST(a_page)
{
    authp_response_t out = {0};
    const authp_problem_t *problem = authp_problem_of(rows[_i].err);
    authp_refusal_page(rows[_i].err, "65f0c0ffee", &nobody, &out, pool);
    expect_headers(&out, _i);
    ck_assert_str_eq(header(&out, "Content-Type"), "text/html; charset=utf-8");
    /* The site's own policy would block the <style> element. */
    /* The sign-in page looks at the Referer of the page's link. */
    ck_assert_ptr_null(header(&out, "Referrer-Policy"));
    ck_assert_str_eq(header(&out, "Content-Security-Policy"),
                     "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                     "form-action 'none'; frame-ancestors 'none'");
    ck_assert_uint_eq(out.body_len, strlen(out.body));
    ck_assert_int_eq(strncmp(out.body, "<!DOCTYPE html>\n", 16), 0);
    ck_assert_ptr_nonnull(
        strstr(out.body, apr_pstrcat(pool, "<title>", problem->title, "</title>", NULL)));
    ck_assert_ptr_nonnull(
        strstr(out.body, apr_pstrcat(pool, "<h1>", problem->title, "</h1>\n<p>", problem->detail,
                                     "</p>\n<p><a href=\"/\">Back to the front page</a></p>\n"
                                     "<p><small>Request 65f0c0ffee</small></p>\n</main>",
                                     NULL)));
    ck_assert_ptr_null(strstr(out.body, "<script"));
    ck_assert_ptr_null(strstr(out.body, "style="));
    ck_assert_ptr_null(strstr(out.body, "://"));
}
END_TEST

START_TEST(a_page_escapes)
{
    authp_response_t out = {0};
    authp_refusal_page(AUTHP_E_INSUFFICIENT_ROLE, "<b>\"&'", &nobody, &out, pool);
    ck_assert_ptr_null(strstr(out.body, "<b>"));
    ck_assert_ptr_nonnull(strstr(out.body, "Request &lt;b&gt;"));
    ck_assert_ptr_nonnull(strstr(out.body, "&amp;"));
    out = (authp_response_t){0};
    authp_refusal_page(AUTHP_E_INSUFFICIENT_ROLE, NULL, &nobody, &out, pool);
    ck_assert_ptr_null(strstr(out.body, "Request"));
    ck_assert_ptr_null(header(&out, "X-Request-Id"));
}
END_TEST

/* The page shows the name of the signed-in user and a link to sign in as another one. */
START_TEST(a_page_for_somebody)
{
    static const struct {
        authp_refusal_page_reader_t reader;
        const char *says;
    } readers[] = {
        {{true, "Ada", "ada@example.org", NULL},
         "<p>You are signed in as <strong><bdi>Ada</bdi></strong> (<bdi>ada@example.org</bdi>).</p>"},
        {{true, NULL, "a&b@example.org", NULL},
         "<strong><bdi>a&amp;b@example.org</bdi></strong>.</p>"},
        {{true, NULL, NULL, NULL}, "<p>You are signed in.</p>"},
        {{true, "<script>x</script>\"'&", NULL, "/in.html?a=\"&return_to=%2Fx"},
         "<bdi>&lt;script&gt;x&lt;/script&gt;&quot;'&amp;</bdi></strong>.</p>\n"
         "<p><a href=\"/in.html?a=&quot;&amp;return_to=%2Fx\">Sign in as somebody else</a></p>"},
    };
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        authp_response_t out = {0};
        authp_refusal_page(AUTHP_E_INSUFFICIENT_ROLE, NULL, &readers[i].reader, &out, pool);
        ck_assert_msg(strstr(out.body, readers[i].says) != NULL, "%s", out.body);
        ck_assert_ptr_null(strstr(out.body, "<script"));
        ck_assert_int_eq(strstr(out.body, "somebody else") != NULL,
                         readers[i].reader.sign_in != NULL);
    }
    authp_response_t out = {0};
    authp_refusal_page(AUTHP_E_INSUFFICIENT_ROLE, NULL, &nobody, &out, pool);
    ck_assert_ptr_null(strstr(out.body, "signed in"));
}
END_TEST

Suite *suite_problem(void)
{
    Suite *suite = suite_create("problem");
    TCase *tests = tcase_create("problem");
    const int count = sizeof(rows) / sizeof(rows[0]);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, every_error_has_a_row, AUTHP_OK + 1, AUTHP_E_COUNT);
    tcase_add_test(tests, no_row_twice);
    tcase_add_loop_test(tests, a_document, 0, count);
    tcase_add_test(tests, the_request_id_is_copied);
    tcase_add_test(tests, a_document_with_more_to_say);
    tcase_add_test(tests, codes_without_a_route_yet);
    tcase_add_loop_test(tests, a_page, 0, count);
    tcase_add_test(tests, a_page_escapes);
    tcase_add_test(tests, a_page_for_somebody);
    suite_add_tcase(suite, tests);
    return suite;
}
