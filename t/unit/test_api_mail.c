/* SPDX-License-Identifier: Apache-2.0 */
/* The routes that write mails and use links: what they refuse, and what of a request gets into a
 * mail. */
#include "mail_fixture.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define MOUNT "/api/auth"
#define EMAIL "ada@example.org"
#define GOOD "three calm words"

static http_fake_t h;
static const char *as_ada;
static const char *as_boss;

static void setup(void)
{
    http_fake_open(&h);
    mail_fixture_on(&h.f);
    as_ada = fixture_start(&h.f, mail_fixture_user(&h.f, EMAIL, "candidate")).access_token;
    as_boss =
        fixture_start(&h.f, mail_fixture_user(&h.f, "boss@example.org", "admin")).access_token;
}

static void teardown(void)
{
    http_fake_close(&h);
}

/* A route with one member of its body that a test chooses. */
typedef struct field_t {
    const char *path;
    const char **token; /* who is signed in; NULL: nobody */
    const char *before; /* the body before the value, and after it */
    const char *after;
    int status; /* of a good value */
} field_t;

static const field_t addresses[] = {
    {MOUNT "/password/forgot", NULL, "{\"email\":\"", "\"}", 202},
    {MOUNT "/me/email", &as_ada, "{\"password\":\"" FIXTURE_PASSWORD "\",\"new_email\":\"", "\"}",
     202},
    {MOUNT "/users", &as_boss, "{\"send\":true,\"email\":\"", "\"}", 201},
    {MOUNT "/recruiter/invites", &as_boss, "{\"send\":true,\"email\":\"", "\"}", 201},
    {MOUNT "/register", NULL, "{\"password\":\"" GOOD "\",\"email\":\"", "\"}", 201},
};
#define ADDRESSES (int)(sizeof(addresses) / sizeof(addresses[0]))

static void post(const field_t *to, const char *value, const char *language, int status,
                 const char *code)
{
    h.f.clock.now += 1000;
    http_fake_clear(&h);
    if (to->token != NULL) {
        http_fake_bearer(&h, *to->token);
    }
    if (language != NULL) {
        apr_table_setn(h.headers, "Accept-Language", language);
    }
    http_fake_json(&h, apr_pstrcat(h.f.pool, to->before, value, to->after, NULL));
    (void)http_fake_expect(&h, "POST", to->path, status, code);
}

static const char *many(const char *text, int count)
{
    const char *out = "";
    for (int i = 0; i < count; i++) {
        out = apr_pstrcat(h.f.pool, out, text, NULL);
    }
    return out;
}

static const char *const no_addresses[] = {
    "eve@example.org\\r\\nBcc: all@example.org",
    "eve@example.org\\nBcc: all@example.org",
    "eve\\r\\n@example.org",
    "eve@example.org\\u0000",
    "\\u0000eve@example.org",
    "eve@example.org, all@example.org",
    "eve@example.org;all@example.org",
    "eve@example.org>",
    "Eve <eve@example.org>",
    "\\\"eve\\r\\n\\\"@example.org",
    "\\\"eve eve\\\"@example.org",
    "eve(all)@example.org",
    "eve@all@example.org",
    "eve@[127.0.0.1]",
    "eve@b\\u00fccher.example",
    "\\u00e9ve@example.org",
    "eve@example\\u2024org",
    "eve@example.org\\u2028",
    "eve@ex ample.org",
    "eve@-example.org",
    "eve@example..org",
    "eve@",
    "@example.org",
    "eve",
    "",
};

/* Nothing but one plain address gets into a mail. */
START_TEST(what_is_no_address)
{
    const field_t *to = &addresses[_i];
    for (size_t i = 0; i < sizeof(no_addresses) / sizeof(no_addresses[0]); i++) {
        post(to, no_addresses[i], NULL, 422, "validation_failed");
    }
    post(to, apr_pstrcat(h.f.pool, many("e", 243), "@example.org", NULL), NULL, 422,
         "validation_failed");
    post(to, apr_pstrcat(h.f.pool, "eve@", many("e", 64), ".org", NULL), NULL, 422,
         "validation_failed");
    post(to, many("eve@example.org", 1000), NULL, 422, "validation_failed");
    post(to, many("eve@example.org", 1200), NULL, 413, "body_too_large");
    ck_assert_int_eq(mail_fixture_count(&h.f), 0);
}
END_TEST

START_TEST(what_is_an_address)
{
    const char *longest = apr_pstrcat(h.f.pool, many("e", 242), "@example.org", NULL);
    const char *const good[] = {"eve@xn--bcher-kva.example", "e'v+e|{}@localhost",
                                " Eve@Example.org\\r\\n", longest};
    const char *const mailed[] = {"eve@xn--bcher-kva.example", "e'v+e|{}@localhost",
                                  "eve@example.org", longest};
    const field_t *to = &addresses[_i];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        post(to, good[i], NULL, to->status, NULL);
        const char *got = mail_fixture_at(&h.f, -1).letter.to;
        if (_i != 0) {
            ck_assert_str_eq(got, mailed[i]);
        } else {
            ck_assert_ptr_null(got);
        }
    }
}
END_TEST

/* --- links ------------------------------------------------------------------------------------ */

static const field_t tokens[] = {
    {MOUNT "/password/reset", NULL, "{\"new_password\":\"" GOOD "\",\"token\":\"", "\"}", 200},
    {MOUNT "/email/verify", NULL, "{\"password\":\"" FIXTURE_PASSWORD "\",\"token\":\"", "\"}",
     200},
};

static const char *asked(int which)
{
    if (which == 0) {
        post(&addresses[0], EMAIL, NULL, 202, NULL);
        return mail_fixture_token(&h.f, "reset_password");
    }
    static const field_t send = {MOUNT "/email/verify/send", &as_ada, "", "", 202};
    post(&send, "", NULL, 202, NULL);
    return mail_fixture_token(&h.f, "verify_email");
}

/* Other texts than the link's own, and the token of the other kind of link, use nothing up. */
START_TEST(what_is_no_link)
{
    const field_t *to = &tokens[_i];
    const char *token = asked(_i);
    char *bent = apr_pstrdup(h.f.pool, token);
    bent[0] = bent[0] == 'A' ? 'B' : 'A';
    char *end = apr_pstrdup(h.f.pool, token);
    /* Other unused bits of the last character: the same bytes, written in another way. */
    end[42] = (char)(end[42] + 1);
    const char *const wrong[] = {asked(1 - _i),
                                 bent,
                                 end,
                                 apr_pstrmemdup(h.f.pool, token, 42),
                                 apr_pstrcat(h.f.pool, token, "A", NULL),
                                 apr_pstrcat(h.f.pool, token, "=", NULL),
                                 apr_pstrcat(h.f.pool, " ", token, NULL),
                                 apr_pstrcat(h.f.pool, "#", token, NULL),
                                 many("+", 43),
                                 many("/", 43),
                                 many("\\u00e9", 43),
                                 many("\\r\\n", 21),
                                 "' OR 1=1 --",
                                 many("A", 2000)};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        post(to, wrong[i], NULL, 400, "link_invalid");
    }
    post(to, many("A", 17000), NULL, 413, "body_too_large");
    post(to, apr_pstrcat(h.f.pool, token, "\\u0000", NULL), NULL, 422, "validation_failed");
    post(to, "", NULL, 400, "link_invalid");
    post(to, token, NULL, 200, NULL);
    post(to, token, NULL, 400, "link_invalid");
}
END_TEST

/* A new password that is refused leaves the link good. */
START_TEST(a_bad_password_uses_nothing_up)
{
    const char *token = asked(0);
    const field_t to = {MOUNT "/password/reset", NULL, "{\"new_password\":\"",
                        apr_pstrcat(h.f.pool, "\",\"token\":\"", token, "\"}", NULL), 200};
    const char *const bad[] = {"", "short", many("x", 73), "three\\u0000calm words"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        post(&to, bad[i], NULL, 422, "validation_failed");
    }
    post(&to, GOOD, NULL, 200, NULL);
}
END_TEST

/* --- languages -------------------------------------------------------------------------------- */

static void lands(const char *language, const char *expected)
{
    post(&addresses[0], EMAIL, language, 202, NULL);
    const char *got = mail_fixture_at(&h.f, -1).letter.language;
    if (expected == NULL) {
        ck_assert_ptr_null(got);
    } else {
        ck_assert_str_eq(got, expected);
    }
}

START_TEST(accept_language)
{
    static const char firefox[] = "de-DE,de;q=0.9, en;q=0.8,*;q=0.1";
    lands(NULL, NULL);
    lands(firefox, firefox);
    /* Two headers, as httpd joins them. */
    lands("hi, de", "hi, de");
    lands(many("de,", 100), apr_pstrmemdup(h.f.pool, many("de,", 100), 100));
    lands("de\r\nBcc: all@example.org", NULL);
    lands("d\xc3\xa9", NULL);
    lands("\xff", NULL);
    lands("<de>", NULL);
}
END_TEST

START_TEST(every_mail_has_the_language)
{
    static const field_t send = {MOUNT "/email/verify/send", &as_ada, "", "", 202};
    static const field_t verify = {MOUNT "/email/verify", &as_ada, "{\"token\":\"", "\"}", 200};
    static const char *const kinds = "reset_password verify_email set_password invite verify_email "
                                     "verify_email address_taken email_changed password_changed";
    for (int i = 0; i < ADDRESSES; i++) {
        const char *email = apr_psprintf(h.f.pool, "person%d@example.org", i);
        post(&addresses[i], i == 0 ? EMAIL : email, "hi", addresses[i].status, NULL);
    }
    post(&send, "", "hi", 202, NULL);
    post(&verify, mail_fixture_token(&h.f, "verify_email"), "hi", 200, NULL);
    post(&addresses[1], "boss@example.org", "hi", 202, NULL);
    post(&verify, mail_fixture_at(&h.f, 1).letter.token, "hi", 200, NULL);
    const field_t own = {MOUNT "/me/password", &as_ada,
                         "{\"current_password\":\"" FIXTURE_PASSWORD "\",\"new_password\":\"",
                         "\"}", 200};
    post(&own, GOOD, "hi", 200, NULL);
    ck_assert_str_eq(mail_fixture_kinds(&h.f), kinds);
    for (int i = 0; i < mail_fixture_count(&h.f); i++) {
        ck_assert_str_eq(mail_fixture_at(&h.f, i).letter.language, "hi");
    }
}
END_TEST

/* Whoever registers, and whoever registers a recruiter. An account without a link has no mail. */
START_TEST(registrations)
{
    static const field_t recruiter = {MOUNT "/register/recruiter", NULL,
                                      "{\"password\":\"" GOOD "\",\"email\":\"", "\"}", 201};
    const field_t of_boss = {recruiter.path, &as_boss, recruiter.before, recruiter.after, 201};
    static const field_t silent = {MOUNT "/users", &as_boss, "{\"email\":\"", "\"}", 201};
    h.f.settings->recruiter_registration = AUTHP_RECRUITERS_OPEN;
    post(&addresses[ADDRESSES - 1], "one@example.org", NULL, 201, NULL);
    post(&recruiter, "two@example.org", NULL, 201, NULL);
    post(&of_boss, "three@example.org", NULL, 201, NULL);
    post(&silent, "four@example.org", NULL, 201, NULL);
    ck_assert_str_eq(mail_fixture_kinds(&h.f), "verify_email verify_email verify_email");
    ck_assert_str_eq(mail_fixture_at(&h.f, 2).letter.to, "three@example.org");
}
END_TEST

/* --- failures --------------------------------------------------------------------------------- */

START_TEST(without_mail)
{
    static const field_t send = {MOUNT "/email/verify/send", &as_ada, "", "", 202};
    h.f.settings->mail_url = NULL;
    for (int i = 0; i < ADDRESSES - 1; i++) {
        post(&addresses[i], "eve@example.org", NULL, 503, "mail_unavailable");
        post(&addresses[i], EMAIL, NULL, 503, "mail_unavailable");
    }
    post(&send, "", NULL, 503, "mail_unavailable");
    for (int i = 0; i < 2; i++) {
        post(&tokens[i], many("A", 43), NULL, 400, "link_invalid");
    }
    post(&addresses[ADDRESSES - 1], "eve@example.org", NULL, 201, NULL);
    static const field_t user = {MOUNT "/users", &as_boss, "{\"email\":\"", "\"}", 201};
    post(&user, "mo@example.org", NULL, 201, NULL);
    ck_assert_int_eq(mail_fixture_count(&h.f), 0);
}
END_TEST

/* The store takes no mail: 503 for the routes whose answer promises one. */
START_TEST(without_the_outbox)
{
    static const field_t send = {MOUNT "/email/verify/send", &as_ada, "", "", 202};
    mem_store_fail(h.f.store, "outbox_add", 0, AUTHP_E_UNAVAILABLE);
    for (int i = 0; i < ADDRESSES - 1; i++) {
        post(&addresses[i], i == 0 ? EMAIL : "eve@example.org", NULL, 503, "store_unavailable");
    }
    post(&addresses[0], "eve@example.org", NULL, 503, "store_unavailable");
    post(&addresses[1], "boss@example.org", NULL, 503, "store_unavailable");
    post(&send, "", NULL, 503, "store_unavailable");
    post(&addresses[ADDRESSES - 1], "eve@example.org", NULL, 201, NULL);
    ck_assert_int_eq(mail_fixture_count(&h.f), 0);
}
END_TEST

Suite *suite_api_mail(void)
{
    Suite *suite = suite_create("api_mail");
    TCase *tests = tcase_create("api_mail");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_is_no_address, 0, ADDRESSES);
    tcase_add_loop_test(tests, what_is_an_address, 0, ADDRESSES);
    tcase_add_loop_test(tests, what_is_no_link, 0, 2);
    tcase_add_test(tests, a_bad_password_uses_nothing_up);
    tcase_add_test(tests, accept_language);
    tcase_add_test(tests, every_mail_has_the_language);
    tcase_add_test(tests, registrations);
    tcase_add_test(tests, without_mail);
    tcase_add_test(tests, without_the_outbox);
    suite_add_tcase(suite, tests);
    return suite;
}
