/* SPDX-License-Identifier: Apache-2.0 */
/* Routes for administrators and for becoming a recruiter, with a store that fails at each step. */
#include "service/invite/invite.h"
#include "service/sign_in/login.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define USERS "/api/auth/users"
#define INVITES "/api/auth/recruiter/invites"
#define RECRUITS "/api/auth/register/recruiter"
#define VERIFY "/api/auth/recruiter/verify"

static http_fake_t h;
static authp_user_t *boss;
static const char *token;

static void setup(void)
{
    http_fake_open(&h);
    boss = fixture_user(&h.f, "boss@example.org", "admin", false);
    token = fixture_start(&h.f, boss).access_token;
}

static void teardown(void)
{
    http_fake_close(&h);
}

static authp_response_t as_boss(const char *method, const char *target, const char *body,
                                int status, const char *code)
{
    http_fake_clear(&h);
    http_fake_bearer(&h, token);
    if (body != NULL) {
        http_fake_json(&h, body);
    }
    return http_fake_expect(&h, method, target, status, code);
}

static authp_response_t anybody(const char *target, const char *body, int status, const char *code)
{
    http_fake_clear(&h);
    http_fake_json(&h, body);
    return http_fake_expect(&h, "POST", target, status, code);
}

static const char *at(const char *base, const char *id, const char *more)
{
    return apr_pstrcat(h.f.pool, base, "/", id, more, NULL);
}

static size_t items(const authp_response_t *out)
{
    return json_array_size(json_object_get(http_fake_body(&h, out), "items"));
}

START_TEST(the_longest_prefix_in_characters)
{
    char *path = apr_pstrdup(h.f.pool, USERS "?email=");
    for (int i = 0; i < 254; i++) {
        path = apr_pstrcat(h.f.pool, path, "%C3%A4", NULL);
    }
    (void)as_boss("GET", path, NULL, 200, NULL);
    (void)as_boss("GET", apr_pstrcat(h.f.pool, path, "a", NULL), NULL, 422, "validation_failed");
}
END_TEST

START_TEST(lists)
{
    for (int i = 0; i < 4; i++) {
        (void)fixture_user(&h.f, apr_psprintf(h.f.pool, "p%d@example.org", i), "candidate", false);
    }
    authp_response_t out = as_boss("GET", USERS, NULL, 200, NULL);
    ck_assert_uint_eq(items(&out), 5);
    ck_assert(json_is_null(json_object_get(http_fake_body(&h, &out), "next_cursor")));
    out = as_boss("GET", USERS "?email=P&limit=3", NULL, 200, NULL);
    ck_assert_uint_eq(items(&out), 3);
    const char *next = http_fake_text(&h, &out, "next_cursor");
    out = as_boss("GET", apr_pstrcat(h.f.pool, USERS "?email=p&cursor=", next, NULL), NULL, 200,
                  NULL);
    ck_assert_uint_eq(items(&out), 1);
    out = as_boss("GET", USERS "?role=admin&email=", NULL, 200, NULL);
    ck_assert_uint_eq(items(&out), 1);
    out = as_boss("GET", USERS "?limit=201&cursor=x&role=none&email=%ff", NULL, 422,
                  "validation_failed");
    ck_assert_uint_eq(json_array_size(json_object_get(http_fake_body(&h, &out), "errors")), 4);
    static const char *const wrong[] = {
        "limit=0",   "limit=",     "limit=05", "limit=1000",    "limit=-1",
        "limit=%zz", "cursor=%zz", "cursor=",  "email=a%00b",   "role=%zz",
        "role=",     "limit=2x",   "cursor=0", "limit=5&role=x"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        out = as_boss("GET", apr_pstrcat(h.f.pool, USERS "?", wrong[i], NULL), NULL, 422,
                      "validation_failed");
        ck_assert_uint_eq(json_array_size(json_object_get(http_fake_body(&h, &out), "errors")), 1);
    }
    (void)as_boss("GET", USERS "/xyz", NULL, 404, "not_found");
    (void)as_boss("GET", USERS "/00000000000000000000000G", NULL, 404, "not_found");
    mem_store_fail(h.f.store, "user_list", 0, AUTHP_E_UNAVAILABLE);
    (void)as_boss("GET", USERS, NULL, 503, "store_unavailable");
}
END_TEST

/* A list returns as many rows as `limit` says, 50 without it, and at most 200. */
START_TEST(pages)
{
    static const struct {
        const char *query;
        size_t count;
        bool more;
    } rows[] = {{"", 50, true},
                {"?limit=1", 1, true},
                {"?limit=200", 200, true},
                {"?limit=199", 199, true},
                {"?email=q1&limit=99", 99, true},
                {"?email=q1&limit=100", 100, false}};
    for (int i = 0; i < 201; i++) {
        (void)fixture_user(&h.f, apr_psprintf(h.f.pool, "q%03d@example.org", i), "candidate",
                           false);
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        authp_response_t out =
            as_boss("GET", apr_pstrcat(h.f.pool, USERS, rows[i].query, NULL), NULL, 200, NULL);
        ck_assert_uint_eq(items(&out), rows[i].count);
        ck_assert_int_eq(json_is_string(json_object_get(http_fake_body(&h, &out), "next_cursor")),
                         rows[i].more);
    }
}
END_TEST

START_TEST(changes)
{
    authp_user_t *ada = fixture_user(&h.f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&h.f, ada);
    const char *path = at(USERS, ada->id.hex, "");
    (void)as_boss("PATCH", path,
                  "{\"name\":\"Ada\",\"roles\":[\"recruiter\"],\"is_recruiter_verified\":true}",
                  200, NULL);
    const authp_user_t *row = mem_store_user(h.f.store, ada->id.hex);
    ck_assert_str_eq(row->name, "Ada");
    ck_assert(row->is_recruiter_verified);
    ck_assert_int_eq(row->ver, 2);
    ck_assert_int_eq(row->min_ver, 0);
    (void)as_boss("PATCH", path, "{\"name\":null}", 200, NULL);
    ck_assert_ptr_null(row->name);
    ck_assert_int_eq(row->ver, 2);
    (void)as_boss("PATCH", path, "{\"disabled\":true}", 200, NULL);
    ck_assert_int_eq(mem_store_user(h.f.store, ada->id.hex)->min_ver, 3);
    ck_assert_str_eq(mem_store_session(h.f.store, grant.session->id.hex)->end_reason, "disabled");
    (void)as_boss("PATCH", path, "{\"disabled\":false}", 200, NULL);
    ck_assert_int_eq(mem_store_user(h.f.store, ada->id.hex)->min_ver, 3);
    (void)as_boss("PATCH", path, "{\"roles\":[\"x\"]}", 422, "validation_failed");
    (void)as_boss("PATCH", path, "{\"roles\":7}", 422, "validation_failed");
    (void)as_boss("PATCH", at(USERS, boss->id.hex, ""), "{\"roles\":[]}", 409, "last_admin");
    (void)as_boss("PATCH", at(USERS, "ffffffffffffffffffffffff", ""), "{}", 404, "not_found");
    mem_store_fail(h.f.store, "user_update", 0, AUTHP_E_CONFLICT);
    (void)as_boss("PATCH", path, "{\"name\":\"never\"}", 503, "busy");
    mem_store_fail(h.f.store, "session_end_user", 0, AUTHP_E_UNAVAILABLE);
    (void)as_boss("PATCH", path, "{\"disabled\":true}", 200, NULL);
    ck_assert(mem_store_user(h.f.store, ada->id.hex)->disabled);
}
END_TEST

static void change_her(void *ctx)
{
    authp_user_t *row = mem_store_user(h.f.store, ctx);
    row->ver++;
    row->updated_at++;
    row->email_verified = true;
}

START_TEST(a_change_in_between_is_kept)
{
    authp_user_t *ada = fixture_user(&h.f, "ada@example.org", "candidate", false);
    mem_store_before(h.f.store, "user_update", change_her, ada->id.hex);
    (void)as_boss("PATCH", at(USERS, ada->id.hex, ""), "{\"roles\":[]}", 200, NULL);
    const authp_user_t *row = mem_store_user(h.f.store, ada->id.hex);
    ck_assert(row->email_verified);
    ck_assert_int_eq(row->roles->nelts, 0);
    ck_assert_int_eq(row->ver, 3);
}
END_TEST

START_TEST(deletes_and_signs_out)
{
    authp_user_t *ada = fixture_user(&h.f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&h.f, ada);
    authp_response_t out = as_boss("GET", at(USERS, ada->id.hex, "/sessions"), NULL, 200, NULL);
    ck_assert_uint_eq(items(&out), 1);
    (void)as_boss("DELETE", at(USERS, ada->id.hex, "/sessions"), NULL, 204, NULL);
    ck_assert_str_eq(mem_store_session(h.f.store, grant.session->id.hex)->end_reason, "admin");
    (void)as_boss("GET", at(USERS, "ffffffffffffffffffffffff", "/sessions"), NULL, 404,
                  "not_found");
    (void)as_boss("DELETE", at(USERS, "ffffffffffffffffffffffff", "/sessions"), NULL, 404,
                  "not_found");
    (void)as_boss("GET", at(USERS, ada->id.hex, ""), NULL, 200, NULL);
    (void)as_boss("DELETE", at(USERS, boss->id.hex, ""), NULL, 409, "last_admin");
    mem_store_fail(h.f.store, "user_delete", 0, AUTHP_E_CONFLICT);
    (void)as_boss("DELETE", at(USERS, ada->id.hex, ""), NULL, 503, "busy");
    mem_store_fail(h.f.store, "user_forget", 0, AUTHP_E_UNAVAILABLE);
    (void)as_boss("DELETE", at(USERS, ada->id.hex, ""), NULL, 204, NULL);
    ck_assert_ptr_null(mem_store_user(h.f.store, ada->id.hex));
    ck_assert_str_eq(fixture_audit(&h.f, "user_delete")->outcome, "ok");
}
END_TEST

START_TEST(verifies)
{
    authp_user_t *ada = fixture_user(&h.f, "ada@example.org", "candidate", false);
    const char *by_id = apr_psprintf(h.f.pool, "{\"user_id\":\"%s\"}", ada->id.hex);
    (void)as_boss("POST", VERIFY, by_id, 422, "not_recruiter");
    mem_store_user(h.f.store, ada->id.hex)->recruiter_requested_at = 5;
    (void)as_boss("POST", VERIFY, by_id, 200, NULL);
    const authp_user_t *row = mem_store_user(h.f.store, ada->id.hex);
    ck_assert(row->is_recruiter_verified);
    ck_assert_int_eq(row->recruiter_requested_at, 0);
    ck_assert_int_eq(row->roles->nelts, 2);
    (void)as_boss("POST", VERIFY, "{\"email\":\"ADA@example.org\",\"verified\":false}", 200, NULL);
    ck_assert(!mem_store_user(h.f.store, ada->id.hex)->is_recruiter_verified);
    (void)as_boss("POST", VERIFY, "{\"email\":\"no@example.org\"}", 404, "not_found");
    (void)as_boss("POST", VERIFY, "{\"user_id\":\"x\"}", 422, "validation_failed");
}
END_TEST

/* Makes an invite and returns its code. */
static const char *invite(const char *email)
{
    authp_response_t out =
        as_boss("POST", INVITES, apr_psprintf(h.f.pool, "{\"email\":\"%s\"}", email), 201, NULL);
    authp_ms_t until = authp_realm_now(h.f.realm) + INT64_C(3600000) * AUTHP_INVITE_HOURS;
    ck_assert_uint_eq(strlen(http_fake_text(&h, &out, "code")), 24);
    ck_assert_str_eq(http_fake_text(&h, &out, "expires_at"), authp_clock_rfc3339(until, h.f.pool));
    return apr_pstrdup(h.f.pool, http_fake_text(&h, &out, "code"));
}

static const char *with_code(const char *email, const char *code)
{
    return apr_psprintf(
        h.f.pool, "{\"email\":\"%s\",\"password\":\"" FIXTURE_PASSWORD "\",\"invite_code\":\"%s\"}",
        email, code);
}

START_TEST(an_invite_makes_a_recruiter)
{
    const char *code = invite("Eve@example.org");
    (void)anybody(RECRUITS, with_code("mal@example.org", code), 403, "invite_invalid");
    (void)as_boss("POST", RECRUITS, with_code("mal@example.org", code), 403, "invite_invalid");
    /* Interrupted between claim and change of the account. A sign-in with the code completes it. */
    mem_store_fail(h.f.store, "user_update", 1, AUTHP_E_UNAVAILABLE);
    (void)anybody(RECRUITS, with_code("eve@example.org", code), 503, "store_unavailable");
    (void)anybody(RECRUITS, with_code("eve@example.org", code), 403, "invite_invalid");
    authp_response_t out =
        anybody("/api/auth/login/recruiter", with_code("eve@example.org", code), 200, NULL);
    json_t *user = json_object_get(http_fake_body(&h, &out), "user");
    ck_assert(json_is_true(json_object_get(user, "is_recruiter_verified")));
    /* After an admin has withdrawn the verification, the same code does not give it back. */
    (void)as_boss("POST", VERIFY, "{\"email\":\"eve@example.org\",\"verified\":false}", 200, NULL);
    (void)anybody("/api/auth/login/recruiter", with_code("eve@example.org", code), 403,
                  "invite_invalid");
    fake_clock_advance(&h.f.clock, 1000);
    code = invite("late@example.org");
    fake_clock_advance(&h.f.clock, INT64_C(3600000) * AUTHP_INVITE_HOURS);
    (void)anybody(RECRUITS, with_code("late@example.org", code), 403, "invite_invalid");
}
END_TEST

static void claimed_by_another(void *ctx)
{
    apr_array_header_t *all = NULL;
    const authp_page_t page = {.limit = 10};
    (void)ctx;
    ck_assert_int_eq(authp_store_invite_list(h.f.store, &page, &all, h.f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_claim(h.f.store,
                                              APR_ARRAY_IDX(all, 0, authp_invite_t *)->id.hex,
                                              "6b0000000000000000000001", 1,
                                              authp_clock_now(h.f.realm->clock), h.f.pool),
                     AUTHP_OK);
}

START_TEST(a_lost_claim_leaves_nobody)
{
    authp_user_t *none = NULL;
    const char *code = invite("eve@example.org");
    mem_store_before(h.f.store, "user_create", claimed_by_another, NULL);
    (void)anybody(RECRUITS, with_code("eve@example.org", code), 403, "invite_invalid");
    ck_assert_int_eq(
        authp_store_user_by_login(h.f.store, AUTHP_LOGIN_EMAIL, "eve@example.org", &none, h.f.pool),
        AUTHP_E_NOT_FOUND);
}
END_TEST

/* Repeats the whole sign-in. `ctx` is the code. */
static void somebody_clicks_again(void *ctx)
{
    authp_grant_t grant = {0};
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = "ada@example.org",
                              .password = FIXTURE_PASSWORD,
                              .password_len = strlen(FIXTURE_PASSWORD),
                              .door = AUTHP_DOOR_RECRUITER,
                              .invite_code = ctx};
    ck_assert_int_eq(authp_login_by_password(h.f.realm, &in, &fixture_client, &grant, h.f.pool),
                     AUTHP_OK);
}

START_TEST(a_double_click_is_no_mistake)
{
    static const char *const moments[] = {"invite_by_code", "invite_claim", "user_update"};
    (void)http_fake_register(&h, "ada@example.org", false);
    char *code = apr_pstrdup(h.f.pool, invite("ada@example.org"));
    mem_store_before(h.f.store, moments[_i], somebody_clicks_again, code);
    (void)anybody("/api/auth/login/recruiter", with_code("ada@example.org", code), 200, NULL);
    ck_assert_int_eq(mem_store_audit_count(h.f.store, "invite_use"), 1);
    authp_user_t *ada = NULL;
    ck_assert_int_eq(
        authp_store_user_by_login(h.f.store, AUTHP_LOGIN_EMAIL, "ada@example.org", &ada, h.f.pool),
        AUTHP_OK);
    ck_assert_int_eq(ada->ver, 2);
    ck_assert(ada->is_recruiter_verified);
}
END_TEST

START_TEST(invites_are_kept)
{
    (void)invite("a@example.org");
    (void)invite("b@example.org");
    authp_response_t out = as_boss("GET", INVITES "?limit=1", NULL, 200, NULL);
    ck_assert_uint_eq(items(&out), 1);
    const char *id = http_fake_text(&h, &out, "next_cursor");
    (void)as_boss("DELETE", at(INVITES, id, ""), NULL, 204, NULL);
    (void)as_boss("DELETE", at(INVITES, id, ""), NULL, 404, "not_found");
    (void)as_boss("POST", INVITES, "{\"email\":\"c@example.org\",\"expires_in_hours\":8761}", 422,
                  "validation_failed");
    (void)as_boss("POST", INVITES, "{\"email\":\"c@example.org\",\"expires_in_hours\":8760}", 201,
                  NULL);
    mem_store_fail(h.f.store, "invite_create", 0, AUTHP_E_UNAVAILABLE);
    (void)as_boss("POST", INVITES, "{\"email\":\"d@example.org\"}", 503, "store_unavailable");
    mem_store_fail(h.f.store, "invite_list", 0, AUTHP_E_INTERNAL);
    (void)as_boss("GET", INVITES, NULL, 500, "internal_error");
}
END_TEST

START_TEST(an_admin_makes_one)
{
    static const char body[] =
        "{\"email\":\"r@example.org\",\"password\":\"" FIXTURE_PASSWORD "\"}";
    (void)anybody(RECRUITS, body, 403, "invite_required");
    authp_response_t out = as_boss("POST", RECRUITS, body, 201, NULL);
    ck_assert_ptr_null(json_object_get(http_fake_body(&h, &out), "access_token"));
    ck_assert(json_is_true(json_object_get(http_fake_body(&h, &out), "is_recruiter_verified")));
    for (int verified = 0; verified < 2; verified++) {
        out = as_boss("POST", RECRUITS,
                      apr_psprintf(h.f.pool,
                                   "{\"email\":\"v%d@example.org\",\"verified\":%s,"
                                   "\"password\":\"" FIXTURE_PASSWORD "\"}",
                                   verified, verified ? "true" : "false"),
                      201, NULL);
        ck_assert_int_eq(
            json_is_true(json_object_get(http_fake_body(&h, &out), "is_recruiter_verified")),
            verified);
    }
    (void)as_boss("POST", RECRUITS, body, 409, "email_taken");
    /* Cookies without their CSRF token authenticate nobody. */
    out = http_fake_register(&h, "c@example.org", true);
    http_fake_browser(&h, &out);
    http_fake_json(&h, body);
    (void)http_fake_expect(&h, "POST", RECRUITS, 403, "invite_required");
    apr_table_unset(h.headers, "X-CSRF-Token");
    (void)http_fake_expect(&h, "POST", RECRUITS, 403, "invite_required");
    http_fake_clear(&h);
    http_fake_bearer(&h, "a.b.c");
    http_fake_json(&h, body);
    (void)http_fake_expect(&h, "POST", RECRUITS, 401, "token_invalid");
}
END_TEST

Suite *suite_api_users(void)
{
    Suite *suite = suite_create("api_users");
    TCase *tests = tcase_create("api_users");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, lists);
    tcase_add_test(tests, the_longest_prefix_in_characters);
    tcase_add_test(tests, pages);
    tcase_add_test(tests, changes);
    tcase_add_test(tests, a_change_in_between_is_kept);
    tcase_add_test(tests, deletes_and_signs_out);
    tcase_add_test(tests, verifies);
    tcase_add_test(tests, an_invite_makes_a_recruiter);
    tcase_add_test(tests, a_lost_claim_leaves_nobody);
    tcase_add_loop_test(tests, a_double_click_is_no_mistake, 0, 3);
    tcase_add_test(tests, invites_are_kept);
    tcase_add_test(tests, an_admin_makes_one);
    suite_add_tcase(suite, tests);
    return suite;
}
