/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests the handler serves, the request that a route gets, and how its answer is sent. */
#include "faults.h"
#include "httpd_fake_io.h"
#include "suite.h"

#include "base/log.h"
#include "httpd/handler.h"
#include "httpd/log_bridge.h"
#include "httpd/pace.h"
#include "service/limit/limit.h"

#include <apr_portable.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOUNT "/api/auth"
#define ID_LEN 24

static struct {
    int (*translate_name)(request_rec *r);
    int (*map_to_storage)(request_rec *r);
    int (*type_checker)(request_rec *r);
    int (*handler)(request_rec *r);
} hooks;

#define HOOK(name, type)                                                                           \
    void ap_hook_##name(type *fn, const char *const *before, const char *const *after, int order)  \
    {                                                                                              \
        (void)before, (void)after;                                                                 \
        httpd_fake_note(#name, order);                                                             \
        ck_assert_int_eq(order, APR_HOOK_REALLY_FIRST); /* runs before ProxyPass and others */     \
        hooks.name = fn;                                                                           \
    }

HOOK(translate_name, ap_HOOK_translate_name_t)
HOOK(map_to_storage, ap_HOOK_map_to_storage_t)
HOOK(type_checker, ap_HOOK_type_checker_t)
HOOK(handler, ap_HOOK_handler_t)

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    authp_handler_register(fake.f.pool);
    authp_gate_size(&fake.runtime.gate, 64, apr_pcalloc(fake.f.pool, sizeof(authp_crowd_t)));
    atomic_store(&fake.runtime.ready, true);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    httpd_fake_close();
}

static request_rec *request(const char *method, const char *uri)
{
    request_rec *r = fake_io_request();
    r->uri = apr_pstrdup(r->pool, uri);
    r->method = method;
    r->useragent_ip = apr_pstrdup(r->pool, "192.0.2.99");
    r->handler = "other";
    apr_table_setn(r->headers_in, "Host", "jobs.example.org");
    fake.passed = 0;
    fake.sent = NULL;
    fake.ended = false;
    return r;
}

static int serve(request_rec *r)
{
    ck_assert_int_eq(hooks.translate_name(r), OK);
    return hooks.handler(r);
}

/* --- which requests the handler serves ----------------------------------------------------------
 */

static const struct {
    const char *uri;
    int proxyreq;
    bool ours;
} uris[] = {
    {MOUNT, PROXYREQ_NONE, true},
    {MOUNT "/login", PROXYREQ_NONE, true},
    {MOUNT "/", PROXYREQ_NONE, true},
    {MOUNT "/a/b.php", PROXYREQ_REVERSE, true},
    {MOUNT "x", PROXYREQ_NONE, false},
    {"/", PROXYREQ_NONE, false},
    {"/x" MOUNT, PROXYREQ_NONE, false},
    {"/API/auth/login", PROXYREQ_NONE, false},
    {MOUNT "/login", PROXYREQ_PROXY, false},
};

/* Both hooks claim the request, so that neither ProxyPass nor a folder serves it. */
START_TEST(which_are_ours)
{
    int (*const claims[])(request_rec *) = {hooks.translate_name, hooks.map_to_storage};
    for (size_t i = 0; i < 2; i++) {
        request_rec *r = request("GET", uris[_i].uri);
        r->proxyreq = uris[_i].proxyreq;
        ck_assert_int_eq(claims[i](r), uris[_i].ours ? OK : DECLINED);
        ck_assert_str_eq(r->handler, uris[_i].ours ? "auth-platform" : "other");
        ck_assert_int_eq(r->proxyreq, uris[_i].ours ? PROXYREQ_NONE : uris[_i].proxyreq);
        ck_assert_int_eq(strncmp(r->filename, "/", 1) != 0, uris[_i].ours);
        ck_assert_int_eq(hooks.type_checker(r), uris[_i].ours ? OK : DECLINED);
        if (uris[_i].ours) {
            ck_assert_str_eq(authp_context_of(r)->mount->path, MOUNT);
        } else {
            ck_assert_int_eq(hooks.handler(r), DECLINED);
            ck_assert_uint_eq(fake.passed, 0);
        }
    }
}
END_TEST

START_TEST(without_the_module)
{
    request_rec *r = request("GET", MOUNT "/login");
    ck_assert_int_eq(hooks.translate_name(r), OK);
    authp_runtime_set(NULL);
    ck_assert_int_eq(hooks.handler(r), DECLINED);
    ck_assert_int_eq(hooks.translate_name(request("GET", MOUNT)), DECLINED);
    ck_assert_int_eq(hooks.map_to_storage(request("GET", MOUNT)), DECLINED);
}
END_TEST

/* --- what is served -----------------------------------------------------------------------------
 */

static const char *problem(void)
{
    return fake.sent != NULL && fake.sent[0] == '{' ? fake.sent : "";
}

START_TEST(an_answer)
{
    request_rec *r = request("GET", MOUNT "/nothing");
    ck_assert_int_eq(serve(r), OK);
    ck_assert_int_eq(r->status, 404);
    ck_assert_ptr_nonnull(strstr(problem(), "not_found"));
    ck_assert(fake.ended);
    const char *id = apr_table_get(r->headers_out, "X-Request-Id");
    ck_assert_uint_eq(strlen(id), ID_LEN);
    ck_assert_ptr_nonnull(strstr(fake.sent, id));
    r = request("GET", MOUNT "/nothing");
    (void)serve(r);
    ck_assert_str_ne(apr_table_get(r->headers_out, "X-Request-Id"), id);
}
END_TEST

/* The store of the child cannot be opened. */
START_TEST(not_ready)
{
    for (int i = 0; i < 2; i++) {
        request_rec *r = request("GET", MOUNT "/me");
        atomic_store(&fake.runtime.ready, i == 1);
        ck_assert_int_eq(serve(r), OK);
        ck_assert_int_eq(r->status, i == 0 ? 503 : 401);
        ck_assert_int_eq(strstr(problem(), "store_unavailable") != NULL, i == 0);
        ck_assert_int_eq(apr_table_get(r->headers_out, "Retry-After") != NULL, i == 0);
        ck_assert_ptr_nonnull(apr_table_get(r->headers_out, "X-Request-Id"));
    }
}
END_TEST

static const fake_io_step_t sign_in[] = {
    {.data = "{\"email\":\"ada@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}",
     .ended = true}};

static request_rec *login(void)
{
    request_rec *r = request("POST", MOUNT "/login");
    apr_table_setn(r->headers_in, "Content-Type", "application/json");
    apr_table_setn(r->headers_in, "User-Agent", "Browser/1");
    fake_io.body = true;
    fake_io.steps = sign_in;
    fake_io.nsteps = 1;
    fake_io.reads = 0;
    return r;
}

/* The route gets the body, the client's address and the headers. */
START_TEST(what_a_route_is_told)
{
    (void)fixture_user(&fake.f, "ada@example.org", "candidate", false);
    request_rec *r = login();
    ck_assert_int_eq(serve(r), OK);
    ck_assert_int_eq(r->status, 200);
    ck_assert_int_eq(fake_io.reads, 1); /* the body is not read again */
    ck_assert_ptr_nonnull(strstr(fake.sent, "access_token"));
    const authp_audit_t *entry = fixture_audit(&fake.f, "login");
    ck_assert_str_eq(entry->ip, "192.0.2.99");
    ck_assert_str_eq(entry->request_id, apr_table_get(r->headers_out, "X-Request-Id"));
    /* No place of the gate stays taken. */
    ck_assert_int_eq(atomic_load(&fake.runtime.gate.used), 0);
    ck_assert_int_eq(atomic_load(&fake.runtime.gate.strangers), 0);
}
END_TEST

/* The route gets the query, also one that a RewriteRule has made, and the page of the place. */
START_TEST(the_query_and_the_page)
{
    static const char *const args[][2] = {{NULL, "%2F"}, {"return_to=%2Fx", "%2Fx"}};
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage",
                                           i == 0 ? "/in" : "/other", NULL));
        request_rec *r = request("GET", MOUNT "/session/renew");
        r->args = apr_pstrdup(r->pool, args[i][0]);
        r->parsed_uri.query = apr_pstrdup(r->pool, "return_to=%2Fsent");
        ck_assert_int_eq(serve(r), OK);
        ck_assert_int_eq(r->status, 302);
        ck_assert_str_eq(
            apr_table_get(r->headers_out, "Location"),
            apr_pstrcat(r->pool, i == 0 ? "/in" : "/other", "?return_to=", args[i][1], NULL));
    }
}
END_TEST

/* The route gets the scheme and the host, which are the origin of this site. */
START_TEST(the_own_origin)
{
    static const struct {
        const char *server_scheme; /* ServerName https://... */
        const char *host;
        int status;
    } sites[] = {{NULL, "jobs.example.org", 200},
                 {NULL, "other.example.org", 403},
                 {"https", "jobs.example.org", 403}};
    (void)fixture_user(&fake.f, "ada@example.org", "candidate", false);
    authp_config_server(&fake.main)->delivery = AUTHP_DELIVERY_COOKIE;
    ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        request_rec *r = login();
        apr_table_setn(r->headers_in, "Origin", "http://jobs.example.org");
        apr_table_setn(r->headers_in, "Host", sites[i].host);
        fake.main.server_scheme = sites[i].server_scheme;
        ck_assert_int_eq(serve(r), OK);
        ck_assert_int_eq(r->status, sites[i].status);
    }
}
END_TEST

/* The route uses the gate of this child. */
START_TEST(the_gate_is_asked)
{
    (void)fixture_user(&fake.f, "ada@example.org", "candidate", false);
    fake.runtime.gate.limit = 0;
    fake.runtime.gate.burst = 0;
    request_rec *r = login();
    ck_assert_int_eq(serve(r), OK);
    ck_assert_int_eq(r->status, 503);
    ck_assert_ptr_nonnull(strstr(problem(), "busy"));
}
END_TEST

/* If a body does not arrive, httpd answers, and the answer must not be cached. */
static const struct {
    fake_io_step_t step;
    int status;
} broken[] = {{{.status = APR_EOF}, HTTP_BAD_REQUEST},
              {{.status = APR_TIMEUP}, HTTP_REQUEST_TIME_OUT},
              {{.status = AP_FILTER_ERROR}, AP_FILTER_ERROR}};

START_TEST(a_body_that_does_not_come)
{
    request_rec *r = login();
    fake_io.steps = &broken[_i].step;
    ck_assert_int_eq(serve(r), broken[_i].status);
    ck_assert_uint_eq(fake.passed, 0);
    ck_assert_str_eq(apr_table_get(r->err_headers_out, "Cache-Control"), "no-store");
    ck_assert_uint_eq(strlen(apr_table_get(r->err_headers_out, "X-Request-Id")), ID_LEN);
}
END_TEST

/* A body that no route reads is dropped after the status was set, so that httpd sends no "100
 * Continue". */
START_TEST(a_body_that_nobody_reads)
{
    request_rec *r = request("POST", MOUNT "/nothing");
    fake_io.body = true;
    fake_io.watched = r;
    fake_io.steps = sign_in;
    fake_io.nsteps = 1;
    ck_assert_int_eq(serve(r), OK);
    ck_assert_int_eq(r->status, 404);
    ck_assert_int_eq(fake_io.reads, 1);
    ck_assert_int_eq(fake_io.status_then, 404);
    ck_assert(fake.ended);
}
END_TEST

/* --- the pace -----------------------------------------------------------------------------------
 */

static void expect_no_answer(void)
{
    ck_assert_uint_eq(fake.passed, 0);
}

/* The answer to a client that exceeds a limit comes at the pace of refusals. Other answers do not.
 */
START_TEST(who_is_slowed)
{
    int ends[2];
    fake_io.mpm[AP_MPMQ_IS_ASYNC] = 1;
    authp_pace_register(fake.f.pool);
    fake.runtime.pacer = authp_pace_make(64, fake.f.pool);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(apr_os_sock_put(&fake_io.socket, &ends[0], fake.f.pool), APR_SUCCESS);
    const authp_rate_t one = {.count = 1, .seconds = 3600};
    const authp_rate_t many = {.count = 100, .seconds = 3600};
    fixture_limits(&fake.f, one, many, many);
    for (int i = 0; i < 3; i++) {
        fake_io.looks = 0;
        request_rec *r = login();
        ck_assert_int_eq(serve(r), OK);
        ck_assert_int_eq(r->status, i == 0 ? 401 : 429);
        ck_assert_int_eq(fake_io.looks, i == 0 ? 0 : 1);
        ck_assert_int_eq(fake_io.added, i); /* each of these connections is deaf afterwards */
    }
    close(ends[0]);
    close(ends[1]);
    /* Where a thread waits, it does so before the answer. */
    fake_io.mpm[AP_MPMQ_IS_ASYNC] = 0;
    fake.runtime.pacer = authp_pace_make(64, fake.f.pool);
    faults_open();
    faults.awake = true;
    faults.on_sleep = expect_no_answer;
    ck_assert_int_eq(serve(login()), OK);
    ck_assert_int_eq(faults.sleeps, 1);
    ck_assert_uint_eq(fake.passed, 1);
    faults_open();
}
END_TEST

/* --- the log ------------------------------------------------------------------------------------
 */

/* Log lines have the id of their request, and only until it ends. */
START_TEST(lines_of_a_request)
{
    static struct ap_logconf told = {.level = APLOG_DEBUG};
    request_rec *r = httpd_fake_request("/x");
    r->log = &told;
    authp_log_bridge_start(&fake.main);
    authp_log_scope_t before = authp_log_bridge_enter((authp_log_scope_t){r, "id1"});
    ck_assert_ptr_null(before.r);
    authp_log(AUTHP_LOG_WARNING, "AUTHP0999", "one");
    authp_log_scope_t outer = authp_log_bridge_enter((authp_log_scope_t){r, "id2"});
    authp_log(AUTHP_LOG_INFO, "AUTHP0999", "two");
    (void)authp_log_bridge_enter(outer);
    authp_log(AUTHP_LOG_NOTICE, "AUTHP0999", "three");
    authp_log(AUTHP_LOG_DEBUG, "AUTHP0999", "details");
    (void)authp_log_bridge_enter(before);
    authp_log(AUTHP_LOG_ERROR, "AUTHP0999", "four %s", "%s");
    ck_assert_str_eq(fake.said,
                     apr_psprintf(fake.f.pool,
                                  "%d AUTHP0999: one (request id1)\n"
                                  "%d AUTHP0999: two (request id2)\n"
                                  "%d AUTHP0999: three (request id1)\n"
                                  "%d AUTHP0999: details (request id1)\n"
                                  "%d AUTHP0999: four %%s\n",
                                  APLOG_WARNING, APLOG_INFO, APLOG_NOTICE, APLOG_DEBUG, APLOG_ERR));
    /* After the request its id is not used any more. */
    fake.said[0] = '\0';
    (void)serve(request("GET", MOUNT "/nothing"));
    authp_log(AUTHP_LOG_ERROR, "AUTHP0999", "five");
    ck_assert_str_eq(fake.said, apr_psprintf(fake.f.pool, "%d AUTHP0999: five\n", APLOG_ERR));
}
END_TEST

Suite *suite_httpd_handler(void)
{
    Suite *suite = suite_create("httpd_handler");
    TCase *tests = tcase_create("httpd_handler");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, which_are_ours, 0, (int)(sizeof(uris) / sizeof(uris[0])));
    tcase_add_test(tests, without_the_module);
    tcase_add_test(tests, an_answer);
    tcase_add_test(tests, not_ready);
    tcase_add_test(tests, what_a_route_is_told);
    tcase_add_test(tests, the_query_and_the_page);
    tcase_add_test(tests, the_own_origin);
    tcase_add_test(tests, the_gate_is_asked);
    tcase_add_loop_test(tests, a_body_that_does_not_come, 0, 3);
    tcase_add_test(tests, a_body_that_nobody_reads);
    tcase_add_test(tests, who_is_slowed);
    tcase_add_test(tests, lines_of_a_request);
    suite_add_tcase(suite, tests);
    return suite;
}
