/* SPDX-License-Identifier: Apache-2.0 */
/* A store that fails, at each operation of each handler: the answer is 503 or 500, sets no cookie,
 * and nothing is half done. */
#include "service/live/live.h"
#include "service/live_table/live_layout.h"
#include "service/vault/vault.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define ANN "ann@example.org"
#define BODY(email) "{\"email\":\"" email "\",\"password\":\"" FIXTURE_PASSWORD "\"}"

static http_fake_t h;
static authp_response_t ann; /* signed in by cookies */
static const authp_user_t *row;
static authp_user_t before; /* the row as it was */
static const char *sid;

static void setup(void)
{
    http_fake_open(&h);
    ann = http_fake_register(&h, ANN, true);
    const char *refresh = http_fake_cookie_value(&h, &ann, "__Secure-authp_rt");
    const authp_session_t *session = fixture_session_of(&h.f, refresh);
    sid = apr_pstrdup(h.f.pool, session->id.hex);
    row = mem_store_user(h.f.store, session->user_id.hex);
    before = *row;
}

static void teardown(void)
{
    http_fake_close(&h);
}

/* The credential and token that a request sends. */
typedef enum carries_t { NOTHING, COOKIES, BEARER, TOKEN } carries_t;

static const struct {
    const char *method;
    const char *target;
    const char *body; /* NULL: none */
    carries_t carries;
    const char *op; /* the store's operation that fails */
    int nth;        /* the number of the call that fails */
} faults[] = {
    {"POST", "/api/auth/register", BODY("new@example.org"), NOTHING, "user_create", 1},
    {"POST", "/api/auth/register", BODY("new@example.org"), COOKIES, "user_create", 1},
    {"POST", "/api/auth/login", BODY(ANN), NOTHING, "user_by_login", 1},
    {"POST", "/api/auth/login", BODY(ANN), NOTHING, "session_create", 1},
    {"POST", "/api/auth/login", BODY(ANN), COOKIES, "session_create", 1},
    {"POST", "/api/auth/login/candidate", BODY(ANN), NOTHING, "user_by_login", 1},
    {"POST", "/api/auth/login/candidate", BODY(ANN), NOTHING, "session_create", 1},
    {"POST", "/api/auth/refresh", NULL, COOKIES, "session_by_id", 1},
    {"POST", "/api/auth/refresh", NULL, COOKIES, "user_by_id", 1},
    {"POST", "/api/auth/refresh", NULL, COOKIES, "session_rotate", 1},
    {"POST", "/api/auth/refresh", NULL, TOKEN, "session_by_id", 1},
    {"POST", "/api/auth/refresh", NULL, TOKEN, "user_by_id", 1},
    {"POST", "/api/auth/refresh", NULL, TOKEN, "session_rotate", 1},
    {"POST", "/api/auth/logout", NULL, COOKIES, "session_by_id", 1},
    {"POST", "/api/auth/logout", NULL, COOKIES, "session_end", 1},
    {"POST", "/api/auth/logout", NULL, BEARER, "session_end", 1},
    {"POST", "/api/auth/logout", NULL, TOKEN, "session_by_id", 1},
    {"POST", "/api/auth/logout", NULL, TOKEN, "session_end", 1},
    {"POST", "/api/auth/logout", "{\"all\":true}", COOKIES, "user_by_id", 1},
    {"POST", "/api/auth/logout", "{\"all\":true}", COOKIES, "session_end_user", 1},
    {"GET", "/api/auth/session/renew?return_to=/x", NULL, COOKIES, "session_by_id", 1},
    {"GET", "/api/auth/session/renew?return_to=/x", NULL, COOKIES, "user_by_id", 1},
    {"GET", "/api/auth/session/renew?return_to=/x", NULL, COOKIES, "session_rotate", 1},
    {"GET", "/api/auth/me", NULL, BEARER, "session_by_id", 1},
    {"GET", "/api/auth/me", NULL, COOKIES, "user_by_id", 1},
    {"GET", "/api/protected/me", NULL, BEARER, "session_by_id", 1},
    {"GET", "/api/protected/me", NULL, BEARER, "user_by_id", 1},
};

static void prepare(int i)
{
    http_fake_clear(&h);
    apr_table_setn(h.headers, "X-Token-Delivery", "cookie");
    if (faults[i].body != NULL) {
        http_fake_json(&h, faults[i].body);
    }
    if (faults[i].carries == COOKIES) {
        http_fake_browser(&h, &ann);
    } else if (faults[i].carries == BEARER) {
        http_fake_bearer(&h, http_fake_text(&h, &ann, "access_token"));
    } else if (faults[i].carries == TOKEN) {
        http_fake_json(&h, apr_pstrcat(h.f.pool, "{\"refresh_token\":\"",
                                       http_fake_cookie_value(&h, &ann, "__Secure-authp_rt"), "\"}",
                                       NULL));
    }
}

/* Nothing of Ann's rows has changed, and no row was added or removed. */
static void expect_untouched(int i)
{
    authp_session_t *session = mem_store_session(h.f.store, sid);
    ck_assert_int_eq(session->generation, 0);
    ck_assert_int_eq(session->ended_at, 0);
    ck_assert_int_eq(row->ver, before.ver);
    ck_assert_int_eq(row->updated_at, before.updated_at);
    ck_assert_str_eq(row->password_hash, before.password_hash);
    ck_assert_int_eq(fixture_sessions(&h.f), 1);
    ck_assert_int_eq(fixture_live_sessions(&h.f), 1);
    if (strcmp(faults[i].op, "user_create") == 0) {
        authp_user_t *nobody = NULL;
        ck_assert_int_eq(authp_store_user_by_login(h.f.store, AUTHP_LOGIN_EMAIL, "new@example.org",
                                                   &nobody, h.f.pool),
                         AUTHP_E_NOT_FOUND);
    }
    ck_assert_ptr_null(fixture_audit(&h.f, "logout"));
    ck_assert_ptr_null(fixture_audit(&h.f, "login"));
    ck_assert_ptr_null(fixture_audit(&h.f, "refresh_reuse"));
}

static void expect_fault(int i, authp_err_t err, int status, const char *code)
{
    prepare(i);
    mem_store_fail(h.f.store, faults[i].op, faults[i].nth, err);
    authp_response_t out = http_fake_expect(&h, faults[i].method, faults[i].target, status, code);
    /* http_fake_ask() checks Retry-After of a 503. No cookie is set or removed. */
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    ck_assert_ptr_null(http_fake_header(&out, "Location"));
    ck_assert_ptr_null(strstr(out.body, "token\""));
    mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    expect_untouched(i);
}

START_TEST(each_operation_of_each_handler)
{
    expect_fault(_i, AUTHP_E_UNAVAILABLE, 503, "store_unavailable");
    expect_fault(_i, AUTHP_E_INTERNAL, 500, "internal_error");
    expect_fault(_i, AUTHP_E_BUSY, 503, "busy");
    /* Afterwards the same request works. */
    prepare(_i);
    authp_response_t out = http_fake_ask(&h, faults[_i].method, faults[_i].target);
    ck_assert_msg(out.status < 400, "%d %s", out.status, out.body);
}
END_TEST

START_TEST(an_account_without_its_first_session)
{
    /* The account is complete, so its owner can sign in. */
    http_fake_json(&h, BODY("new@example.org"));
    apr_table_setn(h.headers, "X-Token-Delivery", "cookie");
    mem_store_fail(h.f.store, "session_create", 1, AUTHP_E_UNAVAILABLE);
    authp_response_t out =
        http_fake_expect(&h, "POST", "/api/auth/register", 503, "store_unavailable");
    ck_assert_int_eq(http_fake_set_cookies(&out), 0);
    ck_assert_int_eq(fixture_sessions(&h.f), 1);
    (void)http_fake_expect(&h, "POST", "/api/auth/register", 409, "email_taken");
    out = http_fake_expect(&h, "POST", "/api/auth/login", 200, NULL);
    ck_assert_int_eq(http_fake_set_cookies(&out), 3);
}
END_TEST

START_TEST(what_does_not_need_to_work)
{
    /* Failures of the audit, and of ending the session that the sign-in replaces, do not fail a
     * sign-in. */
    static const char *const ops[] = {"audit_append", "session_end", "session_by_id"};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        http_fake_browser(&h, &ann);
        apr_table_setn(h.headers, "X-Token-Delivery", "cookie");
        http_fake_json(&h, BODY(ANN));
        mem_store_fail(h.f.store, ops[i], 0, AUTHP_E_UNAVAILABLE);
        ann = http_fake_expect(&h, "POST", "/api/auth/login", 200, NULL);
        ck_assert_int_eq(http_fake_set_cookies(&ann), 3);
        mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    }
}
END_TEST

START_TEST(theft_that_cannot_be_ended_is_not_called_so)
{
    http_fake_browser(&h, &ann);
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 200, NULL);
    fake_clock_advance(&h.f.clock, 11000);
    mem_store_fail(h.f.store, "session_end", 1, AUTHP_E_UNAVAILABLE);
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 503, "store_unavailable");
    ck_assert_ptr_null(fixture_audit(&h.f, "refresh_reuse"));
    /* The next attempt ends the session. */
    (void)http_fake_expect(&h, "POST", "/api/auth/refresh", 401, "refresh_reused");
    ck_assert_int_eq(fixture_live_sessions(&h.f), 0);
}
END_TEST

/* A data key that another secret has wrapped: /readyz names it, and asks for the keys once although
 * it is asked all the time. */
START_TEST(readiness_of_data_keys)
{
    fake_clock_t monotonic;
    const authp_data_key_t key = {.id = {"665f1c2e9b1d4a0012345678"},
                                  .wrapped = "AAAA",
                                  .wrapped_by = "0123456789abcdef",
                                  .created_at = 1};
    fake_clock_init(&monotonic);
    ck_assert_int_eq(authp_vault_make(h.f.settings, &monotonic.clock, &h.f.realm->vault, h.f.pool),
                     AUTHP_OK);
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 200, NULL);
    ck_assert_int_eq(authp_store_data_key_add(h.f.store, &key, h.f.pool), AUTHP_OK);
    fake_clock_advance(&monotonic, 600000);
    (void)mem_store_calls(h.f.store, h.f.pool);
    for (int i = 0; i < 3; i++) {
        authp_response_t out =
            http_fake_expect(&h, "GET", "/api/auth/readyz", 503, "store_unavailable");
        ck_assert_ptr_nonnull(strstr(http_fake_text(&h, &out, "detail"), key.id.hex));
        ck_assert_str_eq(mem_store_calls(h.f.store, h.f.pool),
                         i == 0 ? "ping data_key_list" : "ping");
    }
    ck_assert_int_eq(authp_store_data_key_remove(h.f.store, &key, h.f.pool), AUTHP_OK);
    fake_clock_advance(&monotonic, 5000);
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 200, NULL);
}
END_TEST

START_TEST(readiness)
{
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 200, NULL);
    mem_store_fail(h.f.store, "ping", 0, AUTHP_E_UNAVAILABLE);
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 503, "store_unavailable");
    mem_store_fail(h.f.store, "ping", 0, AUTHP_E_INTERNAL);
    (void)http_fake_expect(&h, "GET", "/api/auth/readyz", 503, "store_unavailable");
    /* Routes that need no store. */
    mem_store_fail(h.f.store, NULL, 0, AUTHP_E_UNAVAILABLE);
    (void)http_fake_expect(&h, "GET", "/api/auth/healthz", 200, NULL);
    (void)http_fake_expect(&h, "GET", "/api/auth/openapi.json", 200, NULL);
    (void)http_fake_expect(&h, "GET", "/api/auth/me", 401, "token_missing");
}
END_TEST

#define FILLING                                                                                    \
    "Not known yet: the live table is being filled; until then guarded pages ask the store."
#define NO_NEWS "The live table has no recent news of revocations; guarded pages ask the store."
#define DIFFER "The clocks of this host and of the store differ by more than 20 seconds."

/* The live table: whether it is complete, the age of its news (-1: none), the offset of the store's
 * clock (0: not known), and what /readyz says (NULL: the host is ready). */
static const struct {
    bool warm;
    int64_t age;
    int64_t offset;
    const char *says;
} tables[] = {
    {false, -1, 0, FILLING},   {false, -1, 1, FILLING},    {false, 1, 0, FILLING},
    {false, 1, 1, NO_NEWS},    {true, -1, 1, FILLING},     {true, 60000, 0, FILLING},
    {true, 60000, 1, NO_NEWS}, {true, 1, 0, NULL},         {true, 1, 1, NULL},
    {true, 1, 20000, NULL},    {true, 1, -20000, NULL},    {true, 1, 20001, DIFFER},
    {true, 1, -20001, DIFFER}, {false, 1, 20001, NO_NEWS},
};

START_TEST(readiness_of_the_live_table)
{
    authp_live_shared_t *shared = NULL;
    authp_live_table_t *table = NULL;
    const authp_live_terms_t terms = {
        .roles = h.f.settings->roles, .token_ms = 60000, .max_lag_ms = 30000};
    ck_assert_int_eq(authp_live_table_make(1024, &shared), AUTHP_OK);
    ck_assert_int_eq(authp_live_table_open(shared, &terms, &table, h.f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_live_make(table, 2, &h.f.realm->live, h.f.pool), AUTHP_OK);
    if (tables[_i].warm) {
        atomic_fetch_or(&shared->state, LIVE_WARM);
    }
    atomic_store(&shared->worst_ms, 987654);
    if (tables[_i].age >= 0) {
        atomic_store(&shared->news_at, authp_clock_now(authp_clock_monotonic()) - tables[_i].age);
    }
    if (tables[_i].offset != 0) {
        authp_live_table_set_clock(table, tables[_i].offset);
    }
    if (tables[_i].says != NULL) {
        authp_response_t out =
            http_fake_expect(&h, "GET", "/api/auth/readyz", 503, "store_unavailable");
        ck_assert_str_eq(http_fake_text(&h, &out, "detail"), tables[_i].says);
        return;
    }
    authp_response_t out = http_fake_expect(&h, "GET", "/api/auth/readyz", 200, NULL);
    json_t *body = http_fake_body(&h, &out);
    ck_assert_str_eq(http_fake_text(&h, &out, "status"), "ready");
    ck_assert_str_eq(http_fake_text(&h, &out, "store"), "ok");
    ck_assert_int_eq(json_integer_value(json_object_get(body, "clock_offset_ms")),
                     tables[_i].offset);
    ck_assert_int_ge(json_integer_value(json_object_get(body, "revocation_lag_ms")), 1);
    ck_assert_int_lt(json_integer_value(json_object_get(body, "revocation_lag_ms")), 60000);
    ck_assert_int_eq(json_integer_value(json_object_get(body, "revocation_lag_worst_ms")), 987654);
    /* A store that fails is the reason that counts. */
    mem_store_fail(h.f.store, "ping", 0, AUTHP_E_UNAVAILABLE);
    out = http_fake_expect(&h, "GET", "/api/auth/readyz", 503, "store_unavailable");
    ck_assert_ptr_null(strstr(http_fake_text(&h, &out, "detail"), "live table"));
}
END_TEST

Suite *suite_api_faults(void)
{
    Suite *suite = suite_create("api_faults");
    TCase *tests = tcase_create("api_faults");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, each_operation_of_each_handler, 0,
                        sizeof(faults) / sizeof(faults[0]));
    tcase_add_test(tests, an_account_without_its_first_session);
    tcase_add_test(tests, what_does_not_need_to_work);
    tcase_add_test(tests, theft_that_cannot_be_ended_is_not_called_so);
    tcase_add_test(tests, readiness);
    tcase_add_test(tests, readiness_of_data_keys);
    tcase_add_loop_test(tests, readiness_of_the_live_table, 0, sizeof(tables) / sizeof(tables[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
