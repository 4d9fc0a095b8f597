/* SPDX-License-Identifier: Apache-2.0 */
/* The answer that httpd sends: its status, its headers, each in its table, and its body. Also the
 * log lines of several threads. */
#include "httpd_fake_io.h"
#include "suite.h"

#include "base/log.h"
#include "httpd/log_bridge.h"
#include "httpd/respond.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
}

static const struct {
    int status;
    const char *body;
    const char *length; /* NULL: no header */
} answers[] = {{200, "hello", "5"}, {200, "", "0"},  {201, "x", "1"},
               {204, "", NULL},     {304, "", NULL}, {401, "{}", "2"}};

START_TEST(what_goes_out)
{
    request_rec *r = fake_io_request();
    authp_response_t out = {.status = answers[_i].status,
                            .headers = apr_table_make(r->pool, 8),
                            .body = answers[_i].body,
                            .body_len = strlen(answers[_i].body)};
    apr_table_addn(out.headers, "content-type", "text/plain");
    apr_table_addn(out.headers, "Set-Cookie", "a=1");
    apr_table_addn(out.headers, "Set-Cookie", "b=2");
    apr_table_addn(out.headers, "content-security-policy", "default-src 'none'");
    apr_table_addn(out.headers, "ETag", "\"e\"");
    ck_assert_int_eq(authp_respond_write(r, &out), OK);
    ck_assert_int_eq(r->status, answers[_i].status);
    ck_assert_int_eq(r->no_local_copy, 1);
    ck_assert_str_eq(r->content_type, "text/plain");
    ck_assert_ptr_null(apr_table_get(r->headers_out, "Content-Type"));
    ck_assert_str_eq(apr_table_get(r->headers_out, "ETag"), "\"e\"");
    ck_assert_str_eq(apr_table_getm(r->pool, r->headers_out, "Set-Cookie"), "a=1,b=2");
    ck_assert_ptr_null(apr_table_get(r->headers_out, "Content-Security-Policy"));
    ck_assert_str_eq(apr_table_get(r->err_headers_out, "Content-Security-Policy"),
                     "default-src 'none'");
    ck_assert_pstr_eq(apr_table_get(r->headers_out, "Content-Length"), answers[_i].length);
    ck_assert_str_eq(fake.sent, answers[_i].body);
    ck_assert_uint_eq(fake.passed, 1);
    ck_assert(fake.ended);
}
END_TEST

static void *log_without_a_request(void *data)
{
    (void)data;
    authp_log(AUTHP_LOG_ERROR, "AUTHP0999", "of no request");
    return NULL;
}

/* Each thread serves a request of its own, or none. */
START_TEST(a_line_of_another_thread)
{
    pthread_t thread;
    request_rec *r = fake_io_request();
    authp_log_bridge_start(&fake.main);
    (void)authp_log_bridge_enter((authp_log_scope_t){r, "id1"});
    ck_assert_int_eq(pthread_create(&thread, NULL, log_without_a_request, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    authp_log(AUTHP_LOG_ERROR, "AUTHP0999", "of a request");
    (void)authp_log_bridge_enter((authp_log_scope_t){NULL, NULL});
    authp_log_set_sink(NULL, NULL);
    ck_assert_str_eq(fake.said, apr_psprintf(fake.f.pool,
                                             "%d AUTHP0999: of no request\n"
                                             "%d AUTHP0999: of a request (request id1)\n",
                                             APLOG_ERR, APLOG_ERR));
}
END_TEST

Suite *suite_httpd_respond(void)
{
    Suite *suite = suite_create("httpd_respond");
    TCase *tests = tcase_create("httpd_respond");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_loop_test(tests, what_goes_out, 0, (int)(sizeof(answers) / sizeof(answers[0])));
    tcase_add_test(tests, a_line_of_another_thread);
    suite_add_tcase(suite, tests);
    return suite;
}
