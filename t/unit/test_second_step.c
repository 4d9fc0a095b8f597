/* SPDX-License-Identifier: Apache-2.0 */
/* Every request that changes something in several steps: the store fails at each step, a twin of
 * the request comes first at each step, or the account goes at each step. One row for each request,
 * one answer for each operation of the store. */
#include "service/account/admin.h"
#include "service/invite/invite.h"
#include "suite.h"
#include "support/http_fake.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ANN "ann@example.org"
#define LIZ "liz@example.org"
#define PASSWORD "\"password\":\"" FIXTURE_PASSWORD "\""
#define STEPS 16

typedef enum who_t { NOBODY, ANN_HERSELF, BOSS } who_t;

/* In texts, <ann> and <there> are Ann's id and that of her other session, <invite> and <code> those
 * of an invite for Ann, <liz> the code of one for an address without an account. The answers belong
 * to the operations in `calls`, in that order. */
typedef struct row_t {
    who_t who;
    const char *method;
    const char *target;
    const char *body;
    const char *calls;
    const char *failing;  /* while this operation fails */
    const char *again;    /* the same request after that */
    const char *twin;     /* while the same request is served right before the operation */
    const char *gone;     /* while Ann's account is deleted right before the operation */
    const char *recorded; /* how many entries the audit has after a failure */
    const char *events;   /* what is recorded if nothing fails: event(actor, subject) */
} row_t;

static const row_t rows[] = {
    {ANN_HERSELF, "PATCH", "/api/auth/me", "{\"name\":\"Ann\"}",
     "session_by_id user_by_id user_by_id user_update", "503 503 503 503", "200 200 200 200",
     "200 200 200 200", "401 401 401 401", "0 0 0 0", ""},
    {ANN_HERSELF, "POST", "/api/auth/me/password",
     "{\"current_password\":\"" FIXTURE_PASSWORD "\",\"new_password\":\"another calm one\"}",
     "session_by_id user_by_id user_by_id user_update audit_append session_set_ver session_by_id session_rotate session_end_user",
     "503 503 503 503 200 503 503 503 200", "200 200 200 200 401 401 401 401 401",
     "401 401 403 403 200 200 200 200 200", "401 401 401 401 401 401 401 401 200",
     "0 0 0 0 0 1 1 1 1", "password_change(<ann>, <ann>)"},
    {ANN_HERSELF, "DELETE", "/api/auth/me", "{" PASSWORD "}",
     "session_by_id user_by_id user_by_id user_delete audit_append session_end_user user_forget",
     "503 503 503 503 204 204 204", "204 204 204 204 401 401 401", "401 401 401 401 204 204 204",
     "401 401 401 401 204 204 204", "0 0 0 0 0 1 1", "user_delete(<ann>, <ann>)"},
    {ANN_HERSELF, "DELETE", "/api/auth/sessions", NULL,
     "session_by_id user_by_id session_end_user audit_append", "503 503 503 204", "204 204 204 204",
     "204 204 204 204", "401 401 204 204", "0 0 0 0", "sessions_end(<ann>, <ann>)"},
    {ANN_HERSELF, "DELETE", "/api/auth/sessions/<there>", NULL,
     "session_by_id user_by_id session_by_id session_end audit_append", "503 503 503 503 204",
     "204 204 204 204 404", "404 404 404 404 204", "401 401 404 404 204", "0 0 0 0 0",
     "session_end(<ann>, <ann>)"},
    {ANN_HERSELF, "POST", "/api/auth/logout", "{\"all\":true}",
     "session_by_id user_by_id session_end_user audit_append", "503 503 503 200", "200 200 200 200",
     "200 200 200 200", "200 200 200 200", "0 0 0 0", "logout(<ann>, <ann>)"},
    {BOSS, "PATCH", "/api/auth/users/<ann>", "{\"disabled\":true}",
     "session_by_id user_by_id user_by_id user_update session_end_user audit_append",
     "503 503 503 503 200 200", "200 200 200 200 200 200", "200 200 200 200 200 200",
     "404 404 404 404 200 200", "0 0 0 0 1 0", "user_change(boss, <ann>)"},
    {BOSS, "PATCH", "/api/auth/users/<ann>", "{\"roles\":[\"admin\"]}",
     "session_by_id user_by_id user_by_id user_update audit_append", "503 503 503 503 200",
     "200 200 200 200 200", "200 200 200 200 200", "404 404 404 404 200", "0 0 0 0 0",
     "user_change(boss, <ann>)"},
    {BOSS, "DELETE", "/api/auth/users/<ann>", NULL,
     "session_by_id user_by_id user_by_id user_delete audit_append session_end_user user_forget",
     "503 503 503 503 204 204 204", "204 204 204 204 404 404 404", "404 404 404 404 204 204 204",
     "404 404 404 404 204 204 204", "0 0 0 0 0 1 1", "user_delete(boss, <ann>)"},
    {BOSS, "DELETE", "/api/auth/users/<ann>/sessions", NULL,
     "session_by_id user_by_id user_by_id session_end_user audit_append", "503 503 503 503 204",
     "204 204 204 204 204", "204 204 204 204 204", "404 404 404 204 204", "0 0 0 0 0",
     "sessions_end(boss, <ann>)"},
    {BOSS, "POST", "/api/auth/recruiter/verify", "{\"user_id\":\"<ann>\"}",
     "session_by_id user_by_id user_by_id user_update audit_append", "503 503 503 503 200",
     "200 200 200 200 200", "200 200 200 200 200", "404 404 404 404 200", "0 0 0 0 0",
     "recruiter_verify(boss, <ann>)"},
    {BOSS, "POST", "/api/auth/recruiter/verify", "{\"email\":\" Ann@Example.ORG \"}",
     "session_by_id user_by_id user_by_login user_by_id user_update audit_append",
     "503 503 503 503 503 200", "200 200 200 200 200 200", "200 200 200 200 200 200",
     "404 404 404 404 404 200", "0 0 0 0 0 0", "recruiter_verify(boss, <ann>)"},
    {BOSS, "POST", "/api/auth/recruiter/invites", "{\"email\":\"" LIZ "\"}",
     "session_by_id user_by_id invite_create audit_append", "503 503 503 201", "201 201 201 201",
     "201 201 201 201", "201 201 201 201", "0 0 0 0", "invite_create(boss, new)"},
    {BOSS, "DELETE", "/api/auth/recruiter/invites/<invite>", NULL,
     "session_by_id user_by_id invite_revoke audit_append", "503 503 503 204", "204 204 204 404",
     "404 404 404 204", "204 204 204 204", "0 0 0 0", "invite_revoke(boss, <invite>)"},
    {BOSS, "POST", "/api/auth/register/recruiter", "{\"email\":\"" LIZ "\"," PASSWORD "}",
     "session_by_id user_by_id user_create audit_append", "503 503 503 201", "201 201 201 409",
     "409 409 409 201", "201 201 201 201", "0 0 0 0", "user_create(boss, new)"},
    {NOBODY, "POST", "/api/auth/register/recruiter",
     "{\"email\":\"" LIZ "\"," PASSWORD ",\"invite_code\":\"<liz>\"}",
     "invite_by_code user_create invite_claim user_by_id user_update audit_append audit_append session_create",
     "503 503 503 503 503 201 201 503", "201 201 409 403 403 403 403 403",
     "403 409 201 201 201 201 201 201", "201 201 201 201 201 201 201 201", "0 0 1 1 1 1 1 2",
     "invite_use(new, new) register(new, new)"},
    {NOBODY, "POST", "/api/auth/login/recruiter",
     "{\"email\":\"" ANN "\"," PASSWORD ",\"invite_code\":\"<code>\"}",
     "user_by_login invite_by_code invite_claim user_by_id user_update audit_append session_create audit_append",
     "503 503 503 503 503 200 503 200", "200 200 200 200 200 200 200 200",
     "200 200 200 200 200 200 200 200", "401 403 403 403 403 200 200 200", "0 0 0 0 0 1 1 1",
     "invite_use(<ann>, <invite>) login(<ann>, <ann>)"},
    {NOBODY, "POST", "/api/auth/login", "{\"email\":\"" ANN "\"," PASSWORD "}",
     "user_by_login session_create audit_append", "503 503 200", "200 200 200", "200 200 200",
     "401 200 200", "0 0 0", "login(<ann>, <ann>)"},
};

static http_fake_t h;
static const row_t *row;
static authp_user_t *boss;
static authp_user_t *ann;
static const char *token;
static const char *names[5][2];
static int recorded; /* entries of the audit that set_up() has made */

static const apr_array_header_t *entries(void)
{
    const authp_audit_filter_t all = {.limit = 100};
    apr_array_header_t *list = NULL;
    ck_assert_int_eq(authp_store_audit_list(h.f.store, &all, &list, h.f.pool), AUTHP_OK);
    return list;
}

static const char *invite_for(const char *email, const char **id)
{
    const authp_actor_t actor = {.id = boss->id.hex, .client = &fixture_client};
    const authp_new_invite_t wanted = {.email = email, .hours = 1};
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    ck_assert_int_eq(authp_invite_make(h.f.realm, &actor, &wanted, &invite, &code, h.f.pool),
                     AUTHP_OK);
    *id = invite->id.hex;
    return code;
}

static void set_up(void)
{
    const char *id = NULL;
    http_fake_open(&h);
    boss = fixture_user(&h.f, "boss@example.org", "admin", false);
    ann = fixture_user(&h.f, ANN, "candidate", false);
    ann->recruiter_requested_at = 0;
    mem_store_user(h.f.store, ann->id.hex)->recruiter_requested_at = 5;
    token = row->who == BOSS          ? fixture_start(&h.f, boss).access_token
            : row->who == ANN_HERSELF ? fixture_start(&h.f, ann).access_token
                                      : NULL;
    const char *of_ann = invite_for(ANN, &id);
    const char *const made[COUNT(names)][2] = {
        {"<ann>", ann->id.hex},
        {"<there>", fixture_start(&h.f, ann).session->id.hex},
        {"<code>", of_ann},
        {"<invite>", id},
        {"<liz>", invite_for(LIZ, &id)}};
    memcpy(names, made, sizeof(names));
    recorded = entries()->nelts;
    fake_clock_advance(&h.f.clock, 1); /* entries are listed by time, and these come first */
}

static const char *filled(const char *text)
{
    for (int i = 0; i < COUNT(names); i++) {
        for (const char *at = strstr(text, names[i][0]); at != NULL;
             at = strstr(text, names[i][0])) {
            text = apr_pstrcat(h.f.pool, apr_pstrmemdup(h.f.pool, text, (apr_size_t)(at - text)),
                               names[i][1], at + strlen(names[i][0]), NULL);
        }
    }
    return text;
}

static int ask(void)
{
    http_fake_clear(&h);
    if (row->body != NULL) {
        http_fake_json(&h, filled(row->body));
    }
    if (token != NULL) {
        http_fake_bearer(&h, token);
    }
    return http_fake_ask(&h, row->method, filled(row->target)).status;
}

static const char *calls_of_a_good_one(void)
{
    (void)mem_store_calls(h.f.store, h.f.pool);
    ck_assert_int_lt(ask(), 300);
    return mem_store_calls(h.f.store, h.f.pool);
}

static const char *name_of(const char *id)
{
    const char *known = id == NULL ? "-" : strcmp(id, boss->id.hex) == 0 ? "boss" : "new";
    for (int i = 0; id != NULL && i < COUNT(names); i++) {
        known = strcmp(id, names[i][1]) == 0 ? names[i][0] : known;
    }
    return known;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The order of entries of one millisecond is random, so they are sorted by their text. */
static const char *events(void)
{
    apr_array_header_t *texts = apr_array_make(h.f.pool, 4, sizeof(const char *));
    const apr_array_header_t *list = entries();
    for (int i = recorded; i < list->nelts; i++) {
        const authp_audit_t *each = APR_ARRAY_IDX(list, i, const authp_audit_t *);
        ck_assert_str_eq(each->outcome, "ok");
        APR_ARRAY_PUSH(texts, const char *) =
            apr_pstrcat(h.f.pool, each->event, "(", name_of(each->actor_id), ", ",
                        name_of(each->subject_id), ")", NULL);
    }
    qsort(texts->elts, (size_t)texts->nelts, sizeof(const char *), by_text);
    return apr_array_pstrcat(h.f.pool, texts, ' ');
}

static void note(char *line, int status)
{
    size_t len = strlen(line);
    apr_snprintf(line + len, 4 * STEPS + 1 - len, "%s%d", len > 0 ? " " : "", status);
}

static int steps(void)
{
    int count = 1;
    for (const char *at = row->calls; (at = strchr(at, ' ')) != NULL; at++) {
        count++;
    }
    ck_assert_int_le(count, STEPS);
    return count;
}

START_TEST(the_calls)
{
    row = &rows[_i];
    set_up();
    ck_assert_str_eq(calls_of_a_good_one(), row->calls);
    ck_assert_str_eq(events(), row->events);
    http_fake_close(&h);
}
END_TEST

START_TEST(each_step_fails)
{
    char failing[4 * STEPS + 1] = "";
    char again[4 * STEPS + 1] = "";
    char audited[4 * STEPS + 1] = "";
    row = &rows[_i];
    for (int step = 1; step <= steps(); step++) {
        set_up();
        mem_store_fail(h.f.store, NULL, step, AUTHP_E_UNAVAILABLE);
        note(failing, ask());
        mem_store_fail(h.f.store, NULL, 0, AUTHP_OK);
        note(audited, entries()->nelts - recorded);
        note(again, ask());
        http_fake_close(&h);
    }
    ck_assert_str_eq(failing, row->failing);
    ck_assert_str_eq(again, row->again);
    ck_assert_str_eq(audited, row->recorded);
}
END_TEST

/* What happens right before one operation. The hook counts the calls of that operation's name. */
typedef struct turn_t {
    const char *op;
    int before; /* calls of that name before it */
    void (*fn)(void);
} turn_t;

static void wait_for_turn(void *ctx)
{
    turn_t *turn = ctx;
    if (turn->before-- > 0) {
        mem_store_before(h.f.store, turn->op, wait_for_turn, turn);
    } else {
        turn->fn();
    }
}

static turn_t turn_at(int step, void (*fn)(void))
{
    turn_t turn = {.before = 0, .fn = fn};
    char *state = NULL;
    char *calls = apr_pstrdup(h.f.pool, row->calls);
    const char *all[STEPS];
    int count = 0;
    for (char *op = apr_strtok(calls, " ", &state); op != NULL;
         op = apr_strtok(NULL, " ", &state)) {
        all[count++] = op;
    }
    turn.op = all[step];
    for (int i = 0; i < step; i++) {
        turn.before += strcmp(all[i], turn.op) == 0;
    }
    return turn;
}

static void twin(void)
{
    (void)ask(); /* behind the step that counts, it is the second one itself */
}

static void goes(void)
{
    const authp_actor_t actor = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};
    authp_err_t err = authp_admin_delete(h.f.realm, &actor, ann->id.hex, h.f.pool);
    ck_assert(err == AUTHP_OK || err == AUTHP_E_NOT_FOUND); /* the request itself may delete her */
}

static void expect_between(void (*fn)(void), const char *want)
{
    char line[4 * STEPS + 1] = "";
    for (int step = 0; step < steps(); step++) {
        set_up();
        turn_t turn = turn_at(step, fn);
        mem_store_before(h.f.store, turn.op, wait_for_turn, &turn);
        note(line, ask());
        http_fake_close(&h);
    }
    ck_assert_str_eq(line, want);
}

START_TEST(a_twin_at_each_step)
{
    row = &rows[_i];
    expect_between(twin, row->twin);
}
END_TEST

START_TEST(the_account_goes_at_each_step)
{
    row = &rows[_i];
    expect_between(goes, row->gone);
}
END_TEST

Suite *suite_second_step(void)
{
    Suite *suite = suite_create("second_step");
    TCase *tests = tcase_create("second_step");
    tcase_add_loop_test(tests, the_calls, 0, COUNT(rows));
    tcase_add_loop_test(tests, each_step_fails, 0, COUNT(rows));
    tcase_add_loop_test(tests, a_twin_at_each_step, 0, COUNT(rows));
    tcase_add_loop_test(tests, the_account_goes_at_each_step, 0, COUNT(rows));
    suite_add_tcase(suite, tests);
    return suite;
}
