/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to a refused request: where a browser is redirected, the document for other clients,
 * which user it names, and how it replaces httpd's own error page. */
#include "httpd_fake_io.h"
#include "suite.h"

#include "httpd/way_in.h"

#include <apr_strings.h>
#include <check.h>
#include <http_request.h>
#include <string.h>

/* Other tests of httpd/ use a fake that only notes the refusal. */
#define authp_refuse refuse_it
#include "httpd/refuse.c"

#define ID_LEN 24

static void (*insert_error_filter)(request_rec *r);
static const char *own_text; /* the site's ErrorDocument with a text */
static struct ap_logconf told = {.level = APLOG_INFO};

void ap_hook_insert_error_filter(ap_HOOK_insert_error_filter_t *fn, const char *const *before,
                                 const char *const *after, int order)
{
    (void)before, (void)after;
    httpd_fake_note("insert_error_filter", order);
    insert_error_filter = fn;
}

int ap_index_of_response(int status)
{
    return status - 1;
}

char *ap_response_code_string(request_rec *r, int index)
{
    ck_assert_int_eq(index, r->status - 1);
    return own_text != NULL ? apr_pstrdup(r->pool, own_text) : NULL;
}

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    authp_refuse_register(fake.f.pool);
    authp_way_in_t *page = apr_pcalloc(fake.f.pool, sizeof(*page));
    page->page = "/in";
    page->also = apr_array_make(fake.f.pool, 1, sizeof(const char *));
    fake.dir->sign_in = page;
}

static void tear_down(void)
{
    httpd_fake_close();
}

static request_rec *request(bool navigation)
{
    request_rec *r = fake_io_request();
    r->log = &told;
    r->unparsed_uri = apr_pstrdup(r->pool, "/x?token=secret");
    r->args = apr_pstrdup(r->pool, "token=secret");
    if (navigation) {
        apr_table_setn(r->headers_in, "Sec-Fetch-Mode", "navigate");
    }
    return r;
}

static const char *sent(const request_rec *r, const char *name)
{
    return apr_table_get(r->err_headers_out, name);
}

/* Each refusal: its status for clients that are no browsers, and where a browser is redirected
 * (NULL: it gets a page). */
static const struct {
    authp_err_t err;
    int status;
    const char *to;
    int level;
} refusals[] = {
    {AUTHP_E_TOKEN_MISSING, 401, "/in?return_to=%2Fx%3Ftoken%3Dsecret", APLOG_INFO},
    {AUTHP_E_TOKEN_INVALID, 401, "/in?return_to=%2Fx%3Ftoken%3Dsecret", APLOG_INFO},
    {AUTHP_E_TOKEN_EXPIRED, 401, "/in?return_to=%2Fx%3Ftoken%3Dsecret", APLOG_INFO},
    {AUTHP_E_TOKEN_REVOKED, 401, "/in?return_to=%2Fx%3Ftoken%3Dsecret", APLOG_INFO},
    {AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION, 401, "/in?return_to=%2Fx%3Ftoken%3Dsecret",
     APLOG_INFO},
    {AUTHP_E_INSUFFICIENT_ROLE, 403, NULL, APLOG_INFO},
    {AUTHP_E_ORIGIN_DENIED, 403, NULL, APLOG_NOTICE},
    {AUTHP_E_UNAVAILABLE, 503, NULL, APLOG_INFO},
};
#define REFUSALS ((int)(sizeof(refusals) / sizeof(refusals[0])))

static void expect_line(int which, const char *id)
{
    ck_assert_str_eq(fake.said,
                     apr_psprintf(fake.f.pool, "%d AUTHP0500: refused /x: %s (request %s)\n",
                                  refusals[which].level, authp_err_name(refusals[which].err), id));
}

START_TEST(browsers)
{
    request_rec *r = request(true);
    int status = refuse_it(r, refusals[_i].err);
    const char *id = sent(r, "X-Request-Id");
    ck_assert_uint_eq(strlen(id), ID_LEN);
    ck_assert_str_eq(sent(r, "Cache-Control"), "no-store");
    expect_line(_i, id);
    if (refusals[_i].to != NULL) {
        ck_assert_int_eq(status, HTTP_MOVED_TEMPORARILY);
        ck_assert_str_eq(apr_table_get(r->headers_out, "Location"), refusals[_i].to);
        ck_assert_ptr_null(sent(r, "WWW-Authenticate"));
        ck_assert_ptr_null(authp_context_of(r) != NULL ? authp_context_of(r)->refusal : NULL);
    } else {
        ck_assert_int_eq(status, refusals[_i].status);
        ck_assert_ptr_null(apr_table_get(r->headers_out, "Location"));
        const authp_response_t *page = authp_context_of(r)->refusal;
        ck_assert_str_eq(apr_table_get(page->headers, "Content-Type"), "text/html; charset=utf-8");
        ck_assert_ptr_nonnull(apr_table_get(page->headers, POLICY));
        ck_assert_ptr_nonnull(strstr(page->body, id));
    }
    /* These headers belong to the document, which may not be sent. */
    ck_assert_ptr_null(sent(r, "Content-Type"));
    ck_assert_ptr_null(sent(r, POLICY));
}
END_TEST

START_TEST(clients)
{
    request_rec *r = request(false);
    ck_assert_int_eq(refuse_it(r, refusals[_i].err), refusals[_i].status);
    const authp_response_t *out = authp_context_of(r)->refusal;
    const char *id = sent(r, "X-Request-Id");
    expect_line(_i, id);
    ck_assert_int_eq(out->status, refusals[_i].status);
    ck_assert_str_eq(apr_table_get(out->headers, "Content-Type"), "application/problem+json");
    ck_assert_ptr_nonnull(strstr(out->body, id));
    ck_assert_str_eq(sent(r, "Cache-Control"), "no-store");
    ck_assert_int_eq(sent(r, "WWW-Authenticate") != NULL, refusals[_i].status == 401);
    ck_assert_int_eq(sent(r, "Retry-After") != NULL, refusals[_i].status == 503);
    ck_assert_ptr_null(apr_table_get(r->headers_out, "Location"));
    ck_assert_ptr_null(sent(r, "Content-Type"));
}
END_TEST

/* A session can be renewed, but that does not change the time of its sign-in. */
START_TEST(renewing)
{
    for (int i = 0; i < REFUSALS; i++) {
        request_rec *r = request(true);
        apr_table_setn(r->headers_in, "Cookie", "csrf_token=abc");
        (void)refuse_it(r, refusals[i].err);
        const char *to = apr_table_get(r->headers_out, "Location");
        bool fresh = refusals[i].err == AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION;
        ck_assert_int_eq(to != NULL, refusals[i].to != NULL);
        if (to != NULL) {
            ck_assert_ptr_eq(strstr(to, fresh ? "/in?" : "/api/auth/session/renew?"), to);
        }
    }
}
END_TEST

/* max_age has the value of the Require line. */
START_TEST(how_old)
{
    request_rec *r = request(false);
    authp_context_make(r)->max_age = 90;
    (void)refuse_it(r, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    ck_assert_ptr_nonnull(strstr(sent(r, "WWW-Authenticate"), "max_age=\"90\""));
    r = request(false);
    authp_context_make(r)->max_age = 90;
    (void)refuse_it(r, AUTHP_E_TOKEN_MISSING);
    ck_assert_ptr_null(strstr(sent(r, "WWW-Authenticate"), "max_age"));
}
END_TEST

/* The page names the user only where another account could help, and then has a link to sign in. */
START_TEST(who_is_named)
{
    for (int i = 0; i < REFUSALS * 2; i++) {
        request_rec *r = request(true);
        authp_context_t *context = httpd_fake_admit(r, "candidate");
        context->known = i >= REFUSALS;
        authp_err_t err = refusals[i % REFUSALS].err;
        if (refuse_it(r, err) == HTTP_MOVED_TEMPORARILY) {
            continue;
        }
        const char *page = context->refusal->body;
        bool named = err == AUTHP_E_INSUFFICIENT_ROLE && context->known;
        ck_assert_int_eq(strstr(page, "Ada \xc3\xa9") != NULL, named);
        ck_assert_int_eq(strstr(page, "ada@example.org") != NULL, named);
        ck_assert_int_eq(strstr(page, "signed in") != NULL, named);
        ck_assert_int_eq(strstr(page, "href=\"/in?return_to=%2Fx%3Ftoken%3Dsecret\"") != NULL,
                         named);
    }
}
END_TEST

/* The link leads to a new sign-in, even if the session could be renewed. Without a sign-in page
 * there is no link. */
START_TEST(as_somebody_else)
{
    for (int i = 0; i < 2; i++) {
        request_rec *r = request(true);
        authp_context_t *context = httpd_fake_admit(r, "candidate");
        apr_table_setn(r->headers_in, "Cookie", "csrf_token=abc");
        (void)refuse_it(r, AUTHP_E_INSUFFICIENT_ROLE);
        ck_assert_ptr_null(strstr(context->refusal->body, "/session/renew"));
        ck_assert_int_eq(strstr(context->refusal->body, "somebody else") != NULL, i == 0);
        fake.dir->sign_in = NULL;
    }
}
END_TEST

/* The body of a refused HTTP/2 request is read, because the stream would be reset otherwise. On a
 * connection of HTTP/1.1 it is not. */
START_TEST(bodies_of_streams)
{
    static const fake_io_step_t body[] = {{.data = "abc", .ended = true}};
    static conn_rec master;
    fake_io.body = true;
    fake_io.steps = body;
    fake_io.nsteps = 1;
    for (int i = 0; i < 4; i++) {
        request_rec *r = request(i % 2 == 1);
        r->connection->master = i < 2 ? &master : NULL;
        fake_io.reads = 0;
        ck_assert_int_eq(refuse_it(r, AUTHP_E_TOKEN_MISSING), i % 2 == 1 ? 302 : 401);
        ck_assert_int_eq(fake_io.reads, i < 2 ? 1 : 0);
    }
}
END_TEST

/* Writes core's error page in two parts. Returns what the client gets. */
static const char *write_page(request_rec *r)
{
    apr_bucket_alloc_t *buckets = r->connection->bucket_alloc;
    fake.passed = 0;
    fake.sent = NULL;
    fake.ended = false;
    for (int i = 0; i < 2; i++) {
        apr_bucket_brigade *brigade = apr_brigade_create(r->pool, buckets);
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_immortal_create("<p>core", 7, buckets));
        if (i == 1) {
            APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(buckets));
        }
        if (r->output_filters == NULL) {
            return "<p>core";
        }
        ck_assert_int_eq(r->output_filters->frec->filter_func.out_func(r->output_filters, brigade),
                         APR_SUCCESS);
        ck_assert_uint_eq(fake.passed, (apr_size_t)i); /* nothing is sent before the page ends */
    }
    ck_assert(fake.ended);
    ck_assert_ptr_null(r->output_filters); /* the filter removes itself */
    return fake.sent;
}

/* Core has sent the headers that were set so far, and has made a new table. */
static void answer_with(request_rec *r, int status)
{
    r->status = status;
    r->err_headers_out = apr_table_make(r->pool, 2);
    insert_error_filter(r);
}

START_TEST(the_document_is_sent)
{
    for (int i = 0; i < 2; i++) {
        request_rec *r = request(i == 1);
        int status = refuse_it(r, AUTHP_E_INSUFFICIENT_ROLE);
        const authp_response_t *refusal = authp_context_of(r)->refusal;
        answer_with(r, status);
        ck_assert_str_eq(sent(r, "X-Request-Id"), apr_table_get(refusal->headers, "X-Request-Id"));
        ck_assert_str_eq(sent(r, "Cache-Control"), "no-store");
        ck_assert_ptr_null(sent(r, POLICY));
        ck_assert_str_eq(write_page(r), refusal->body);
        ck_assert_str_eq(r->content_type, apr_table_get(refusal->headers, "Content-Type"));
        ck_assert_pstr_eq(sent(r, POLICY), apr_table_get(refusal->headers, POLICY));
        ck_assert_int_eq(sent(r, POLICY) != NULL, i == 1);
    }
}
END_TEST

/* The site's ErrorDocument (NULL: none), the status, and whether our document is sent. */
static const struct {
    const char *own;
    int status;
    bool ours;
} pages[] = {{NULL, 401, true},        {"\"go away", 401, false},
             {"\"", 401, false},       {"/sorry.html", 401, true},
             {NULL, 403, false},       {NULL, 500, false},
             {"http://x/", 401, true}, {"", 401, true}};

START_TEST(which_page_is_sent)
{
    request_rec *r = request(false);
    (void)refuse_it(r, AUTHP_E_TOKEN_MISSING);
    own_text = pages[_i].own;
    answer_with(r, pages[_i].status);
    ck_assert_int_eq(sent(r, "X-Request-Id") != NULL, pages[_i].ours);
    ck_assert_int_eq(strcmp(write_page(r), "<p>core") != 0, pages[_i].ours);
    ck_assert_int_eq(sent(r, POLICY) != NULL, false);
}
END_TEST

/* Our document replaces core's 403 for a user whom AuthPlatformOptional has signed in, and no other
 * one. */
START_TEST(a_refusal_of_core)
{
    for (int i = 0; i < 16; i++) {
        request_rec *r = request(false);
        authp_context_t *context = httpd_fake_admit(r, "candidate");
        context->known = (i & 1) == 0;
        context->aware = (i & 2) == 0;
        answer_with(r, (i & 4) == 0 ? 403 : 401);
        if ((i & 8) != 0) {
            r->output_filters = NULL;
            answer_with(r, r->status); /* the hook runs twice */
        }
        ck_assert_int_eq(context->refusal != NULL, (i & 7) == 0);
        ck_assert_int_eq(strstr(write_page(r), "insufficient_role") != NULL, (i & 7) == 0);
    }
}
END_TEST

/* A request without a context, and a configuration that does not use the module. */
START_TEST(not_ours)
{
    request_rec *r = request(false);
    answer_with(r, 403);
    ck_assert_ptr_null(authp_context_of(r));
    ck_assert_str_eq(write_page(r), "<p>core");
    (void)refuse_it(r, AUTHP_E_TOKEN_MISSING);
    authp_runtime_set(NULL);
    answer_with(r, 401);
    ck_assert_str_eq(write_page(r), "<p>core");
}
END_TEST

/* mod_dir and others return the status of a subrequest. Its document becomes the answer and lives
 * in the outer request's pool. Its headers stay with the subrequest until the answer is sent. */
START_TEST(subrequests)
{
    request_rec *r = request(_i == 1);
    request_rec *between = httpd_fake_subrequest(r, "/y");
    request_rec *below = httpd_fake_subrequest(between, "/z");
    below->log = &told;
    below->connection = between->connection = r->connection;
    ck_assert_int_eq(refuse_it(below, AUTHP_E_INSUFFICIENT_ROLE), 403);
    const char *id = apr_pstrdup(fake.f.pool, sent(below, "X-Request-Id"));
    ck_assert_int_eq(httpd_fake_told("refused /z: insufficient_role"), 1);
    ck_assert_ptr_null(sent(r, "X-Request-Id"));
    ck_assert_ptr_null(sent(between, "X-Request-Id"));
    apr_pool_destroy(between->pool);
    answer_with(r, 403);
    ck_assert_str_eq(sent(r, "X-Request-Id"), id);
    ck_assert_ptr_nonnull(strstr(write_page(r), id));
}
END_TEST

/* Of two refusals the later one is sent. */
START_TEST(refused_twice)
{
    request_rec *r = request(false);
    (void)refuse_it(r, AUTHP_E_INSUFFICIENT_ROLE);
    const char *first = apr_pstrdup(r->pool, sent(r, "X-Request-Id"));
    (void)refuse_it(r, AUTHP_E_TOKEN_EXPIRED);
    const char *second = sent(r, "X-Request-Id");
    ck_assert_str_ne(first, second);
    answer_with(r, 401);
    const char *page = write_page(r);
    ck_assert_ptr_nonnull(strstr(page, "token_expired"));
    ck_assert_ptr_nonnull(strstr(page, second));
}
END_TEST

Suite *suite_httpd_refuse(void)
{
    Suite *suite = suite_create("httpd_refuse");
    TCase *tests = tcase_create("httpd_refuse");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, browsers, 0, REFUSALS);
    tcase_add_loop_test(tests, clients, 0, REFUSALS);
    tcase_add_test(tests, renewing);
    tcase_add_test(tests, how_old);
    tcase_add_test(tests, who_is_named);
    tcase_add_test(tests, as_somebody_else);
    tcase_add_test(tests, bodies_of_streams);
    tcase_add_test(tests, the_document_is_sent);
    tcase_add_loop_test(tests, which_page_is_sent, 0, (int)(sizeof(pages) / sizeof(pages[0])));
    tcase_add_test(tests, a_refusal_of_core);
    tcase_add_test(tests, not_ours);
    tcase_add_loop_test(tests, subrequests, 0, 2);
    tcase_add_test(tests, refused_twice);
    suite_add_tcase(suite, tests);
    return suite;
}
