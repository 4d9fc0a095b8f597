/* SPDX-License-Identifier: Apache-2.0 */
/* The code for a front end on another origin: once, for a minute, for its verifier alone, and only
 * while the account is as it was. */
#include "crypto/digest.h"
#include "fixture.h"
#include "service/account/admin.h"
#include "service/provider/login_code.h"
#include "service/provider/pending.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define VERIFIER "verifier-verifier-verifier-verifier-verifier"

static fixture_t f;
static authp_user_t *ada;

static void set_up(void)
{
    fixture_open(&f);
    ada = fixture_user(&f, "ada@example.org", "candidate", false);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const char *made(const char *device_id)
{
    const char *challenge = NULL;
    const char *code = NULL;
    ck_assert_int_eq(authp_pending_challenge(VERIFIER, &challenge, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_login_code_make(f.realm, ada, challenge, device_id, &code, f.pool),
                     AUTHP_OK);
    return code;
}

static authp_err_t redeem(const char *code, const char *verifier, authp_grant_t *out)
{
    authp_client_t client = fixture_client;
    client.device_id = NULL;
    *out = (authp_grant_t){.expires_in = -1};
    authp_err_t err = authp_login_code_redeem(f.realm, code, verifier, &client, out, f.pool);
    ck_assert_int_eq(err != AUTHP_OK, out->expires_in == -1);
    return err;
}

static void refused(const char *code, const char *verifier)
{
    authp_grant_t grant;
    int before = fixture_sessions(&f);
    ck_assert_int_eq(redeem(code, verifier, &grant), AUTHP_E_INVALID_CREDENTIALS);
    ck_assert_int_eq(fixture_sessions(&f), before);
    const authp_audit_t *event = fixture_audit(&f, "login");
    ck_assert_str_eq(event->outcome, "denied");
    ck_assert_str_eq(event->reason, authp_err_name(AUTHP_E_INVALID_CREDENTIALS));
    ck_assert_ptr_null(event->actor_id);
    ck_assert_ptr_null(event->session_id);
}

static void taken(const char *code)
{
    authp_grant_t grant;
    ck_assert_int_eq(redeem(code, VERIFIER, &grant), AUTHP_OK);
    ck_assert_str_eq(grant.user->id.hex, ada->id.hex);
}

START_TEST(a_code_starts_a_session_once)
{
    authp_grant_t grant;
    const char *code = made(NULL);
    ck_assert_uint_eq(strlen(code), 43);
    ck_assert_int_eq(fixture_sessions(&f), 0);
    ck_assert_int_eq(redeem(code, VERIFIER, &grant), AUTHP_OK);
    ck_assert_int_eq(fixture_sessions(&f), 1);
    const authp_session_t *session = fixture_session_of(&f, grant.refresh_token);
    ck_assert_str_eq(session->user_id.hex, ada->id.hex);
    ck_assert_str_eq(session->ip, fixture_client.ip);
    ck_assert_int_eq(session->auth_time, FAKE_CLOCK_START);
    const authp_audit_t *event = fixture_audit(&f, "login");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_str_eq(event->reason, "login_code");
    ck_assert_str_eq(event->actor_id, ada->id.hex);
    ck_assert_str_eq(event->subject_id, ada->id.hex);
    ck_assert_str_eq(event->session_id, grant.session->id.hex);
    refused(code, VERIFIER);
    ck_assert_ptr_null(fixture_audit(&f, "login")->subject_id);
    ck_assert_str_ne(code, made(NULL));
}
END_TEST

START_TEST(one_minute)
{
    static const struct {
        authp_ms_t age;
        bool good;
    } ages[] = {{59999, true}, {60000, false}, {60001, false}};
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        const char *code = made(NULL);
        fake_clock_advance(&f.clock, ages[i].age);
        if (ages[i].good) {
            taken(code);
        } else {
            refused(code, VERIFIER);
        }
    }
}
END_TEST

/* A wrong verifier does not use the code up: whoever reads the URL alone cannot spoil it. */
START_TEST(only_with_its_verifier)
{
    const char *code = made(NULL);
    const char *challenge = NULL;
    ck_assert_int_eq(authp_pending_challenge(VERIFIER, &challenge, f.pool), AUTHP_OK);
    refused(code, "");
    refused(code, challenge);
    refused(code, VERIFIER "x");
    refused(code, "Verifier-verifier-verifier-verifier-verifier");
    taken(code);
}
END_TEST

START_TEST(wrong_codes)
{
    const char *code = made(NULL);
    char *other = apr_pstrdup(f.pool, code);
    other[0] = other[0] == 'A' ? 'B' : 'A';
    refused("", VERIFIER);
    refused(other, VERIFIER);
    refused(apr_pstrcat(f.pool, code, "x", NULL), VERIFIER);
    refused(apr_pstrmemdup(f.pool, code, 42), VERIFIER);
    taken(code);
}
END_TEST

static void is_disabled(authp_user_t *row)
{
    row->disabled = true;
}

static void has_another_password(authp_user_t *row)
{
    row->ver++;
    row->min_ver = row->ver;
}

static void is_deleted(authp_user_t *row)
{
    const authp_actor_t actor = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};
    ck_assert_int_eq(authp_admin_delete(f.realm, &actor, row->id.hex, f.pool), AUTHP_OK);
}

START_TEST(an_account_that_changed_meanwhile)
{
    static void (*const changes[])(authp_user_t *) = {is_disabled, has_another_password,
                                                      is_deleted};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        const char *code = made(NULL);
        const char *later = NULL;
        authp_user_t *row = mem_store_user(f.store, ada->id.hex);
        changes[i](row);
        refused(code, VERIFIER);
        row = mem_store_user(f.store, ada->id.hex);
        if (row != NULL) {
            ck_assert_str_eq(fixture_audit(&f, "login")->subject_id, ada->id.hex);
            row->disabled = false;
            *ada = *row;
            later = made(NULL);
        }
        refused(code, VERIFIER); /* it is used up */
        if (later != NULL) {
            taken(later);
        }
    }
}
END_TEST

/* Other changes do not matter. */
START_TEST(a_change_that_ends_no_session)
{
    const char *code = made(NULL);
    authp_user_t *row = mem_store_user(f.store, ada->id.hex);
    row->name = "Ada L.";
    row->ver++;
    taken(code);
}
END_TEST

START_TEST(names_of_devices)
{
    static const char *const names[][3] = {{NULL, NULL, NULL},
                                           {"made", NULL, "made"},
                                           {NULL, "sent", "sent"},
                                           {"made", "sent", "sent"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        authp_grant_t grant;
        authp_client_t client = fixture_client;
        client.device_id = names[i][1];
        ck_assert_int_eq(
            authp_login_code_redeem(f.realm, made(names[i][0]), VERIFIER, &client, &grant, f.pool),
            AUTHP_OK);
        ck_assert_pstr_eq(fixture_session_of(&f, grant.refresh_token)->device_id, names[i][2]);
    }
}
END_TEST

/* The store has the hash of the code and the challenge, neither the code nor the verifier. */
START_TEST(what_is_stored)
{
    const char *code = made("phone");
    const char *hash = NULL;
    const char *challenge = NULL;
    authp_login_code_t *row = NULL;
    ck_assert_int_eq(authp_digest_sha256_hex(code, strlen(code), &hash, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_pending_challenge(VERIFIER, &challenge, f.pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_login_code_take(f.store, hash, challenge, FAKE_CLOCK_START, &row, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(row->code_hash, hash);
    ck_assert_str_eq(row->challenge, challenge);
    ck_assert_str_eq(row->user_id.hex, ada->id.hex);
    ck_assert_int_eq(row->ver, ada->ver);
    ck_assert_str_eq(row->device_id, "phone");
    ck_assert_int_eq(row->created_at, FAKE_CLOCK_START);
    ck_assert_int_eq(row->expires_at, FAKE_CLOCK_START + 60000);
}
END_TEST

/* A store that fails is no wrong code. */
START_TEST(faults)
{
    static const char *const ops[] = {"login_code_take", "user_by_id", "session_create"};
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        authp_grant_t grant;
        const char *code = made(NULL);
        mem_store_fail(f.store, ops[i], 1, AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(redeem(code, VERIFIER, &grant), AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(fixture_live_sessions(&f), 0);
    }
    const char *code = NULL;
    mem_store_fail(f.store, "login_code_create", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_login_code_make(f.realm, ada, "c", NULL, &code, f.pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(code);
}
END_TEST

Suite *suite_login_code(void)
{
    Suite *suite = suite_create("login_code");
    TCase *tests = tcase_create("login_code");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_code_starts_a_session_once);
    tcase_add_test(tests, one_minute);
    tcase_add_test(tests, only_with_its_verifier);
    tcase_add_test(tests, wrong_codes);
    tcase_add_test(tests, an_account_that_changed_meanwhile);
    tcase_add_test(tests, a_change_that_ends_no_session);
    tcase_add_test(tests, names_of_devices);
    tcase_add_test(tests, what_is_stored);
    tcase_add_test(tests, faults);
    suite_add_tcase(suite, tests);
    return suite;
}
