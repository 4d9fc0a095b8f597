/* SPDX-License-Identifier: Apache-2.0 */
/* Each refusal is written to the audit with actor, subject and reason. */
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ANN "ann@example.org"
#define PASSWORD "\"password\":\"" FIXTURE_PASSWORD "\""
#define WRONG "\"password\":\"wrong password\""
#define VERIFY "/api/auth/recruiter/verify"

typedef enum who_t { NOBODY, ANN_HERSELF, BOSS } who_t;

/* In targets and bodies, @ann and @boss are the ids of the accounts. */
static const struct {
    who_t who;
    const char *method;
    const char *target;
    const char *body;
    const char *code;
    const char *event;
    who_t subject;
    const char *reason; /* NULL: the code */
} rows[] = {
    {BOSS, "PATCH", "/api/auth/users/@boss", "{\"disabled\":true}", "last_admin", "user_change",
     BOSS, NULL},
    {BOSS, "PATCH", "/api/auth/users/@boss", "{\"roles\":[]}", "last_admin", "user_change", BOSS,
     NULL},
    {BOSS, "DELETE", "/api/auth/users/@boss", NULL, "last_admin", "user_delete", BOSS, NULL},
    {BOSS, "DELETE", "/api/auth/me", "{" PASSWORD "}", "last_admin", "user_delete", BOSS, NULL},
    {ANN_HERSELF, "DELETE", "/api/auth/me", "{" WRONG "}", "invalid_credentials", "user_delete",
     ANN_HERSELF, NULL},
    {ANN_HERSELF, "POST", "/api/auth/me/password",
     "{\"current_password\":\"x\",\"new_password\":\"another calm one\"}", "invalid_credentials",
     "password_change", ANN_HERSELF, NULL},
    {ANN_HERSELF, "GET", "/api/auth/users", NULL, "insufficient_role", "access", NOBODY, NULL},
    {BOSS, "POST", VERIFY, "{\"user_id\":\"@ann\"}", "not_recruiter", "recruiter_verify",
     ANN_HERSELF, NULL},
    {BOSS, "POST", VERIFY, "{\"user_id\":\"@ann\",\"verified\":false}", "not_recruiter",
     "recruiter_withdraw", ANN_HERSELF, NULL},
    {BOSS, "POST", "/api/auth/register/recruiter", "{\"email\":\"" ANN "\"," PASSWORD "}",
     "email_taken", "user_create", NOBODY, NULL},
    {NOBODY, "POST", "/api/auth/register", "{\"email\":\"" ANN "\"," PASSWORD "}", "email_taken",
     "register", NOBODY, NULL},
    {NOBODY, "POST", "/api/auth/register/recruiter",
     "{\"email\":\"eve@example.org\"," PASSWORD ",\"invite_code\":\"guess\"}", "invite_invalid",
     "register", NOBODY, NULL},
    {NOBODY, "POST", "/api/auth/login", "{\"email\":\"" ANN "\"," WRONG "}", "invalid_credentials",
     "login", ANN_HERSELF, NULL},
    {NOBODY, "POST", "/api/auth/login/candidate", "{\"email\":\"boss@example.org\"," PASSWORD "}",
     "not_candidate", "login", BOSS, NULL},
    {NOBODY, "POST", "/api/auth/login/recruiter", "{\"email\":\"" ANN "\"," PASSWORD "}",
     "not_recruiter", "login", ANN_HERSELF, NULL},
};

static http_fake_t h;
static const char *ids[3];
static const char *token[3];
static const char *session_of_ann;

static void set_up(void)
{
    http_fake_open(&h);
    authp_user_t *boss = fixture_user(&h.f, "boss@example.org", "admin", false);
    authp_user_t *ann = fixture_user(&h.f, ANN, "candidate", false);
    ids[BOSS] = boss->id.hex;
    ids[ANN_HERSELF] = ann->id.hex;
    token[BOSS] = fixture_start(&h.f, boss).access_token;
    const authp_grant_t grant = fixture_start(&h.f, ann);
    token[ANN_HERSELF] = grant.access_token;
    session_of_ann = grant.session->id.hex;
}

static void tear_down(void)
{
    http_fake_close(&h);
}

static const char *filled(const char *text)
{
    const char *at = text != NULL ? strchr(text, '@') : NULL;
    if (at == NULL || strncmp(at, "@example", 8) == 0) {
        return text;
    }
    bool boss = strncmp(at, "@boss", 5) == 0;
    return apr_pstrcat(h.f.pool, apr_pstrmemdup(h.f.pool, text, (apr_size_t)(at - text)),
                       ids[boss ? BOSS : ANN_HERSELF], at + (boss ? 5 : 4), NULL);
}

START_TEST(it_is_recorded)
{
    const who_t who = rows[_i].who;
    const int before = mem_store_audit_count(h.f.store, rows[_i].event);
    if (rows[_i].body != NULL) {
        http_fake_json(&h, filled(rows[_i].body));
    }
    if (who != NOBODY) {
        http_fake_bearer(&h, token[who]);
    }
    authp_response_t out = http_fake_ask(&h, rows[_i].method, filled(rows[_i].target));
    ck_assert_int_ge(out.status, 400);
    ck_assert_str_eq(http_fake_text(&h, &out, "code"), rows[_i].code);
    ck_assert_int_eq(mem_store_audit_count(h.f.store, rows[_i].event), before + 1);
    const authp_audit_t *entry = fixture_audit(&h.f, rows[_i].event);
    ck_assert_str_eq(entry->outcome, "denied");
    ck_assert_str_eq(entry->reason, rows[_i].reason != NULL ? rows[_i].reason : rows[_i].code);
    ck_assert_pstr_eq(entry->actor_id, ids[who]);
    ck_assert_pstr_eq(entry->subject_id, ids[rows[_i].subject]);
    if (strcmp(rows[_i].event, "access") == 0) {
        ck_assert_str_eq(entry->session_id, session_of_ann);
    }
    ck_assert_str_eq(entry->request_id, HTTP_FAKE_REQUEST_ID);
}
END_TEST

Suite *suite_refused(void)
{
    Suite *suite = suite_create("refused");
    TCase *tests = tcase_create("refused");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, it_is_recorded, 0, COUNT(rows));
    suite_add_tcase(suite, tests);
    return suite;
}
