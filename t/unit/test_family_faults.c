/* SPDX-License-Identifier: Apache-2.0 */
/* A store that fails at each step of the routes that other back ends' front ends use: the answer is
 * 503 or 500, gives no token and sets no cookie. Afterwards the same request works. */
#include "api/core/dispatch.h"
#include "api/core/profiles.h"
#include "sent_codes.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define PASSWORD "\"password\":\"" FIXTURE_PASSWORD "\""
#define PERSON "{\"email\":\"bea@example.org\"," PASSWORD "}"
#define LAPTOP "{\"email\":\"bea@example.org\"," PASSWORD ",\"device_id\":\"laptop\"}"
#define BOSS "{\"email\":\"boss@example.org\"," PASSWORD "}"
#define NEWCOMER "{\"email\":\"new#n@example.org\"," PASSWORD "}"
#define NUMBER "+919876543210"
#define PHONE "{\"phone\":\"" NUMBER "\""
#define MOBILE "{\"mobile\":\"" NUMBER "\",\"roles\":[\"seeker\"]"
#define CODE ",\"otp\":\"#code\""
#define MONA                                                                                       \
    "{\"email\":\"mona@example.org\"," PASSWORD                                                    \
    ",\"mobile\":\"+919876543298\",\"name\":\"Mona\",\"roles\":[\"admin\"]}"
#define MONAS_CODE "{\"mobile\":\"+919876543298\"" CODE "}"
#define TOKEN "{\"refresh_token\":\"#token\"}"
#define DOCUMENT "{\"personal_info\":{\"a\":1}}"
#define PROFILE "/phone/users/#id/profiles/seeker"
#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

/* What a request carries: nothing, a bearer token of Bea or of the administrator, or the cookies of
 * the profile ai. */
typedef enum carries_t { NOTHING, BEA, ADMIN, PAIR } carries_t;

static http_fake_t h;
static authp_user_t
    *bea; /* her row in the store: a candidate, a seeker and a user, with a number */
static const char *bearer[3];
static const char *refresh; /* refresh token and csrf_token of Bea's laptop */
static const char *csrf;
static int number;

/* In targets and bodies: #n is another number each time, #code the last code that was sent, #token
 * the refresh token and #id the id of Bea. */
static const struct {
    const char *method;
    const char *target;
    const char *body; /* NULL: none */
    carries_t carries;
    const char *op;     /* the store's operation that fails */
    const char *before; /* a request that comes before; NULL: none */
    const char *before_body;
} rows[] = {
    {"POST", "/ai/register", "{\"username\":\"new#n\"," PASSWORD "}", NOTHING, "user_create", NULL,
     NULL},
    {"POST", "/ai/login", LAPTOP, NOTHING, "user_by_login", NULL, NULL},
    {"POST", "/ai/login", LAPTOP, NOTHING, "session_create", NULL, NULL},
    {"POST", "/ai/login", LAPTOP, NOTHING, "session_list", NULL, NULL},
    {"POST", "/ai/login", LAPTOP, NOTHING, "session_end", NULL, NULL},
    {"POST", "/ai/refresh", NULL, PAIR, "session_by_id", NULL, NULL},
    {"POST", "/ai/refresh", NULL, PAIR, "user_by_id", NULL, NULL},
    {"POST", "/ai/refresh", NULL, PAIR, "session_rotate", NULL, NULL},
    {"POST", "/ai/refresh", TOKEN, NOTHING, "session_by_id", NULL, NULL},
    {"POST", "/ai/refresh", TOKEN, NOTHING, "session_rotate", NULL, NULL},
    {"POST", "/ai/logout", NULL, PAIR, "session_by_id", NULL, NULL},
    {"POST", "/ai/logout", NULL, PAIR, "session_end", NULL, NULL},
    {"POST", "/ai/logout", TOKEN, NOTHING, "session_by_id", NULL, NULL},
    {"POST", "/ai/logout", TOKEN, NOTHING, "session_end", NULL, NULL},
    {"GET", "/ai/me", NULL, BEA, "user_by_id", NULL, NULL},
    {"POST", "/assess/register", NEWCOMER, NOTHING, "user_create", NULL, NULL},
    {"POST", "/assess/candidate/register", NEWCOMER, NOTHING, "user_create", NULL, NULL},
    {"POST", "/assess/recruiter/register", NEWCOMER, ADMIN, "user_create", NULL, NULL},
    {"POST", "/assess/recruiter/register", NEWCOMER, ADMIN, "session_by_id", NULL, NULL},
    {"POST", "/assess/login", PERSON, NOTHING, "user_by_login", NULL, NULL},
    {"POST", "/assess/login", PERSON, NOTHING, "session_create", NULL, NULL},
    {"POST", "/assess/candidate/login", PERSON, NOTHING, "session_create", NULL, NULL},
    {"GET", "/assess/me", NULL, BEA, "session_by_id", NULL, NULL},
    {"POST", "/assess/logout", NULL, BEA, "session_end", NULL, NULL},
    {"POST", "/jobs/signup", NEWCOMER, NOTHING, "user_create", NULL, NULL},
    {"POST", "/jobs/login", PERSON, NOTHING, "user_by_login", NULL, NULL},
    {"POST", "/jobs/login", PERSON, NOTHING, "session_create", NULL, NULL},
    {"GET", "/jobs/me", NULL, BEA, "user_by_id", NULL, NULL},
    {"POST", "/jobs/logout", NULL, BEA, "session_end", NULL, NULL},
    {"POST", "/phone/auth/login", PHONE "," PASSWORD "}", NOTHING, "user_by_login", NULL, NULL},
    {"POST", "/phone/auth/login", PHONE "," PASSWORD "}", NOTHING, "session_create", NULL, NULL},
    {"POST", "/phone/auth/send-otp", PHONE "}", NOTHING, "user_by_login", NULL, NULL},
    {"POST", "/phone/auth/send-otp", PHONE "}", NOTHING, "otp_put", NULL, NULL},
    {"POST", "/phone/auth/login-otp", PHONE CODE "}", NOTHING, "otp_of", "/phone/auth/send-otp",
     PHONE "}"},
    {"POST", "/phone/auth/login-otp", PHONE CODE "}", NOTHING, "otp_use", "/phone/auth/send-otp",
     PHONE "}"},
    {"POST", "/phone/auth/login-otp", PHONE CODE "}", NOTHING, "session_create",
     "/phone/auth/send-otp", PHONE "}"},
    {"POST", "/phone/auth/register",
     "{\"phone\":\"+919876543211\",\"full_name\":\"A\",\"user_type\":\"seeker\"," PASSWORD CODE "}",
     NOTHING, "user_create", "/phone/auth/send-otp", "{\"phone\":\"+919876543211\"}"},
    {"POST", "/phone/users/register", MOBILE "}", NOTHING, "otp_put", NULL, NULL},
    {"POST", "/phone/auth/logout", NULL, BEA, "session_end", NULL, NULL},
    {"GET", "/phone/auth/me", NULL, BEA, "user_by_id", NULL, NULL},
    {"GET", "/phone/me/seeker", NULL, BEA, "user_by_id", NULL, NULL},
    {"PATCH", "/phone/me/seeker", DOCUMENT, BEA, "user_update", NULL, NULL},
    {"POST", "/phone/delete/seeker", NULL, BEA, "user_update", NULL, NULL},
    {"PUT", PROFILE, DOCUMENT, ADMIN, "user_update", NULL, NULL},
    {"POST", "/phone/admin/login", BOSS, NOTHING, "user_by_login", NULL, NULL},
    {"POST", "/phone/admin/login", BOSS, NOTHING, "otp_put", NULL, NULL},
    {"POST", "/phone/admin/verify-login", "{\"email\":\"boss@example.org\"" CODE "}", NOTHING,
     "session_create", "/phone/admin/login", BOSS},
    {"POST", "/phone/admin/register", MONA, ADMIN, "pending_admin_put", NULL, NULL},
    {"POST", "/phone/admin/verify-registration", MONAS_CODE, NOTHING, "pending_admin_take",
     "/phone/admin/register", MONA},
    {"POST", "/phone/admin/verify-registration", MONAS_CODE, NOTHING, "user_create",
     "/phone/admin/register", MONA},
};

/* `text` with its marks replaced. */
static const char *filled(const char *text)
{
    const char *const marks[][2] = {{"#n", apr_itoa(h.f.pool, number)},
                                    {"#code", sent_codes.code},
                                    {"#token", refresh},
                                    {"#id", bea->id.hex}};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *at = strstr(text, marks[i][0]);
        if (at != NULL) {
            text = apr_pstrcat(h.f.pool, apr_pstrmemdup(h.f.pool, text, (apr_size_t)(at - text)),
                               marks[i][1], at + strlen(marks[i][0]), NULL);
        }
    }
    return text;
}

static authp_response_t send_it(const char *method, const char *target, const char *body,
                                carries_t carries)
{
    authp_response_t out = {0};
    http_fake_clear(&h);
    apr_table_setn(h.headers, "Origin", HTTP_FAKE_ORIGIN);
    if (body != NULL) {
        http_fake_json(&h, filled(body));
    }
    if (carries == PAIR) {
        apr_table_setn(
            h.headers, "Cookie",
            apr_pstrcat(h.f.pool, "refresh_token=", refresh, "; csrf_token=", csrf, NULL));
        apr_table_setn(h.headers, "X-CSRF-Token", csrf);
    } else if (carries != NOTHING) {
        http_fake_bearer(&h, bearer[carries]);
    }
    authp_request_t request = http_fake_request(&h, method, filled(target));
    authp_dispatch(h.f.realm, &request, &out, h.f.pool);
    return out;
}

static void mount(const char *path, const char *profile)
{
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make(path, authp_profiles_find(profile), AUTHP_DELIVERY_COOKIE);
}

static void set_up(void)
{
    http_fake_open(&h);
    sent_codes_open(&h.f);
    mount("/ai", "ai");
    mount("/assess", "assessment");
    mount("/jobs", "jobpath");
    mount("/phone", "phone");
    bea = fixture_user(&h.f, "bea@example.org", "candidate", false);
    authp_user_t *boss = fixture_user(&h.f, "boss@example.org", "admin", false);
    authp_user_t *row = mem_store_user(h.f.store, bea->id.hex);
    row->phone = NUMBER;
    APR_ARRAY_PUSH(row->roles, const char *) = "seeker";
    mem_store_user(h.f.store, boss->id.hex)->phone = "+919876543299";
    bearer[BEA] = fixture_start(&h.f, bea).access_token;
    bearer[ADMIN] = fixture_start(&h.f, boss).access_token;
    authp_response_t out = send_it("POST", "/ai/login", LAPTOP, NOTHING);
    ck_assert_msg(out.status == 200, "%s", out.body);
    refresh = http_fake_cookie_value(&h, &out, "refresh_token");
    csrf = http_fake_cookie_value(&h, &out, "csrf_token");
}

static void tear_down(void)
{
    http_fake_close(&h);
}

/* Sends the request of row `i`, and before it the one that it needs. */
static authp_response_t try_row(int i, const char *op, authp_err_t err)
{
    number++;
    fake_clock_advance(&h.f.clock, 1000);
    if (rows[i].before != NULL) {
        authp_response_t out = send_it("POST", rows[i].before, rows[i].before_body, ADMIN);
        ck_assert_msg(out.status == 200, "%s: %s", rows[i].before, out.body);
    }
    mem_store_fail(h.f.store, op, 0, err);
    authp_response_t out = send_it(rows[i].method, rows[i].target, rows[i].body, rows[i].carries);
    mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
    return out;
}

START_TEST(each_step)
{
    static const authp_err_t faults[] = {AUTHP_E_UNAVAILABLE, AUTHP_E_INTERNAL};
    for (int i = 0; i < ROWS(faults); i++) {
        authp_response_t out = try_row(_i, rows[_i].op, faults[i]);
        ck_assert_msg(out.status == (i == 0 ? 503 : 500), "%s %s, %s: %d %s", rows[_i].method,
                      rows[_i].target, rows[_i].op, out.status, out.body);
        ck_assert_ptr_null(strstr(out.body, "token\":"));
        ck_assert_ptr_null(http_fake_header(&out, "Set-Cookie"));
    }
    authp_response_t out = try_row(_i, NULL, AUTHP_OK);
    ck_assert_msg(out.status < 300, "%s %s: %d %s", rows[_i].method, rows[_i].target, out.status,
                  out.body);
}
END_TEST

/* An audit that cannot be written keeps nobody out. */
START_TEST(without_the_audit)
{
    authp_response_t out = try_row(_i, "audit_append", AUTHP_E_UNAVAILABLE);
    ck_assert_msg(out.status < 300, "%s %s: %d %s", rows[_i].method, rows[_i].target, out.status,
                  out.body);
}
END_TEST

Suite *suite_family_faults(void)
{
    Suite *suite = suite_create("family_faults");
    TCase *tests = tcase_create("family_faults");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_step, 0, ROWS(rows));
    tcase_add_loop_test(tests, without_the_audit, 0, ROWS(rows));
    suite_add_tcase(suite, tests);
    return suite;
}
