/* SPDX-License-Identifier: Apache-2.0 */
/* Linking an identity to one's account: ticket and link code work once, for a minute, for one
 * session and one provider, and only soon after a sign-in. */
#include "mail_fixture.h"
#include "person_fixture.h"
#include "service/provider/provider_link.h"
#include "store/identities.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define EVE "eve@example.org"
#define RECENT_MS 300000

static fixture_t f;
static authp_user_t *ada;
static authp_grant_t grant;
static authp_self_t self;

static authp_self_t self_of(const authp_grant_t *of)
{
    return (authp_self_t){.user = of->user,
                          .session = of->session,
                          .client = &fixture_client,
                          .auth_time = of->session->auth_time / 1000};
}

static void set_up(void)
{
    fixture_open(&f);
    ada = fixture_user(&f, "ada.account@example.org", "candidate", false);
    grant = fixture_start(&f, ada);
    self = self_of(&grant);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const char *ticket_to(const char *return_to)
{
    const char *ticket = NULL;
    ck_assert_int_eq(
        authp_provider_link_ticket(f.realm, &self, "google", return_to, &ticket, f.pool), AUTHP_OK);
    return ticket;
}

static authp_err_t begin(const char *ticket, const char *provider)
{
    const char *session = NULL;
    const char *return_to = "untouched";
    authp_err_t err =
        authp_provider_link_begin(f.realm, ticket, provider, &session, &return_to, f.pool);
    ck_assert_int_eq(err == AUTHP_OK, session != NULL);
    if (err == AUTHP_OK) {
        ck_assert_str_eq(session, self.session->id.hex);
    }
    return err;
}

static const char *code_for(const char *session)
{
    const char *code = NULL;
    ck_assert_int_eq(authp_provider_link_code(f.realm, session, &person_fixture_ada, &code, f.pool),
                     AUTHP_OK);
    return code;
}

static const char *code_of_mine(void)
{
    return code_for(self.session->id.hex);
}

static authp_err_t finish(const char *code)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_provider_link_finish(f.realm, &self, code, &user, f.pool);
    ck_assert_int_eq(err == AUTHP_OK, user != NULL);
    return err;
}

static int linked(const authp_user_t *user)
{
    return authp_identities_count(mem_store_user(f.store, user->id.hex)->identities);
}

/* A refusal leaves the account as it is. */
static void refused(const char *code, authp_err_t expected)
{
    int before = linked(ada);
    int events = mem_store_audit_count(f.store, "identity_link");
    ck_assert_int_eq(finish(code), expected);
    ck_assert_int_eq(linked(ada), before);
    ck_assert_int_eq(mem_store_audit_count(f.store, "identity_link"), events);
}

START_TEST(a_ticket_works_once)
{
    const char *ticket = ticket_to("/me");
    const char *session = NULL;
    const char *return_to = NULL;
    ck_assert_ptr_null(strstr(ticket, self.session->id.hex));
    ck_assert_int_eq(
        authp_provider_link_begin(f.realm, ticket, "google", &session, &return_to, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(session, self.session->id.hex);
    ck_assert_str_eq(return_to, "/me");
    ck_assert_int_eq(begin(ticket, "google"), AUTHP_E_OAUTH_STATE_INVALID);
    ck_assert_int_eq(
        authp_provider_link_begin(f.realm, ticket_to(NULL), "google", &session, &return_to, f.pool),
        AUTHP_OK);
    ck_assert_ptr_null(return_to);
}
END_TEST

/* A refusal for another provider does not use the ticket up. */
START_TEST(a_ticket_is_for_one_provider)
{
    const char *ticket = ticket_to(NULL);
    ck_assert_int_eq(begin(ticket, "corp"), AUTHP_E_OAUTH_STATE_INVALID);
    ck_assert_int_eq(begin(ticket, "googl"), AUTHP_E_OAUTH_STATE_INVALID);
    ck_assert_int_eq(begin(ticket, "google"), AUTHP_OK);
}
END_TEST

static const struct {
    authp_ms_t age;
    bool good;
} ages[] = {{59999, true}, {60000, false}, {60001, false}};

START_TEST(one_minute)
{
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        const char *ticket = ticket_to(NULL);
        const char *code = code_of_mine();
        fake_clock_advance(&f.clock, ages[i].age);
        authp_err_t expected = ages[i].good ? AUTHP_OK : AUTHP_E_OAUTH_STATE_INVALID;
        mem_store_user(f.store, ada->id.hex)->identities = NULL;
        ck_assert_int_eq(begin(ticket, "google"), expected);
        ck_assert_int_eq(finish(code), expected);
        ck_assert_int_eq(linked(ada), ages[i].good);
        grant = fixture_start(&f, ada);
        self = self_of(&grant);
    }
}
END_TEST

START_TEST(texts_that_are_none)
{
    const char *const texts[] = {
        "", "x", "eyJ9", ticket_to(NULL) + 1, code_of_mine() + 1, "\xc3\xa4", "A A=", NULL};
    for (int i = 0; texts[i] != NULL; i++) {
        ck_assert_int_eq(begin(texts[i], "google"), AUTHP_E_OAUTH_STATE_INVALID);
        refused(texts[i], AUTHP_E_OAUTH_STATE_INVALID);
    }
    /* A ticket is no link code, and a link code is no ticket. */
    ck_assert_int_eq(begin(code_of_mine(), "google"), AUTHP_E_OAUTH_STATE_INVALID);
    refused(ticket_to(NULL), AUTHP_E_OAUTH_STATE_INVALID);
    char *changed = apr_pstrdup(f.pool, code_of_mine());
    changed[20] = changed[20] == 'A' ? 'B' : 'A';
    refused(changed, AUTHP_E_OAUTH_STATE_INVALID);
}
END_TEST

START_TEST(a_link_code_links_once)
{
    const char *code = code_of_mine();
    authp_user_t *user = NULL;
    ck_assert_int_eq(linked(ada), 0);
    ck_assert_int_eq(authp_provider_link_finish(f.realm, &self, code, &user, f.pool), AUTHP_OK);
    ck_assert_str_eq(user->id.hex, ada->id.hex);
    ck_assert_int_eq(authp_identities_count(user->identities), 1);
    const authp_user_t *row = mem_store_user(f.store, ada->id.hex);
    const authp_identity_t *identity = authp_identities_of(row->identities, "google");
    ck_assert_str_eq(identity->issuer, PERSON_ISSUER);
    ck_assert_str_eq(identity->sub, PERSON_SUB);
    ck_assert_str_eq(identity->email, PERSON_EMAIL);
    ck_assert_str_eq(identity->picture, "https://img.example/a.png");
    ck_assert_int_eq(identity->linked_at, FAKE_CLOCK_START);
    ck_assert_int_eq(identity->last_login, 0);
    ck_assert_str_eq(row->email, "ada.account@example.org");
    const authp_audit_t *event = fixture_audit(&f, "identity_link");
    ck_assert_str_eq(event->outcome, "ok");
    ck_assert_str_eq(event->reason, "google");
    ck_assert_str_eq(event->actor_id, ada->id.hex);
    ck_assert_str_eq(event->subject_id, ada->id.hex);
    refused(code, AUTHP_E_OAUTH_STATE_INVALID);
}
END_TEST

/* A refusal of another session does not use the code up. */
/* A notice, if the account's own address is proven. A second link of the same identity changes
 * nothing. */
START_TEST(the_owner_is_told)
{
    mem_store_user(f.store, ada->id.hex)->email_verified = _i == 1;
    mail_fixture_on(&f);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(finish(code_of_mine()), AUTHP_OK);
        ck_assert_str_eq(mail_fixture_kinds(&f), _i == 1 ? "identity_linked" : "");
    }
    if (_i == 1) {
        ck_assert_str_eq(mail_fixture_at(&f, 0).letter.to, "ada.account@example.org");
    }
}
END_TEST

START_TEST(a_link_code_is_for_one_session)
{
    const authp_grant_t second = fixture_start(&f, ada);
    authp_user_t *eve = fixture_user(&f, EVE, "candidate", false);
    const authp_grant_t hers = fixture_start(&f, eve);
    const char *code = code_of_mine();
    const authp_self_t mine = self;
    self = self_of(&second);
    refused(code, AUTHP_E_OAUTH_STATE_INVALID);
    self = self_of(&hers);
    refused(code, AUTHP_E_OAUTH_STATE_INVALID);
    ck_assert_int_eq(linked(eve), 0);
    self = mine;
    ck_assert_int_eq(finish(code), AUTHP_OK);
}
END_TEST

/* The session's sign-in and that of the access token count, at both ends. */
START_TEST(five_minutes_after_the_sign_in)
{
    const char *ticket = NULL;
    const authp_self_t fresh = self;
    fake_clock_advance(&f.clock, RECENT_MS);
    const char *code = code_of_mine();
    const char *late = code_of_mine();
    (void)ticket_to(NULL);
    self.auth_time--;
    ck_assert_int_eq(authp_provider_link_ticket(f.realm, &self, "google", NULL, &ticket, f.pool),
                     AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    refused(code, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    ck_assert_int_eq(authp_provider_link_remove(f.realm, &self, "google", f.pool),
                     AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    self = fresh;
    ck_assert_int_eq(finish(code), AUTHP_OK);
    ck_assert_int_eq(authp_provider_link_remove(f.realm, &self, "google", f.pool), AUTHP_OK);
    fake_clock_advance(&f.clock, 1);
    self.auth_time += 60;
    ck_assert_int_eq(authp_provider_link_ticket(f.realm, &self, "google", NULL, &ticket, f.pool),
                     AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    ck_assert_ptr_null(ticket);
    refused(late, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    ck_assert_int_eq(authp_provider_link_remove(f.realm, &self, "google", f.pool),
                     AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
}
END_TEST

START_TEST(an_identity_of_another_account)
{
    authp_user_t *eve = fixture_user(&f, EVE, "candidate", false);
    person_fixture_put(&f, mem_store_user(f.store, eve->id.hex), "other", PERSON_ISSUER,
                       PERSON_SUB);
    const char *code = code_of_mine();
    refused(code, AUTHP_E_IDENTITY_CONFLICT);
    ck_assert_int_eq(linked(eve), 1);
    refused(code, AUTHP_E_OAUTH_STATE_INVALID); /* it is used up */
}
END_TEST

/* One identity per provider. The same again changes nothing, and is no new link. */
START_TEST(a_second_identity_of_the_provider)
{
    authp_user_t *row = mem_store_user(f.store, ada->id.hex);
    person_fixture_put(&f, row, "google", PERSON_ISSUER, "2002");
    refused(code_of_mine(), AUTHP_E_IDENTITY_CONFLICT);
    row = mem_store_user(f.store, ada->id.hex);
    row->identities = NULL;
    person_fixture_put(&f, row, "google", "https://other.example", PERSON_SUB);
    refused(code_of_mine(), AUTHP_E_IDENTITY_CONFLICT);
    row = mem_store_user(f.store, ada->id.hex);
    row->identities = NULL;
    person_fixture_put(&f, row, "google", PERSON_ISSUER, PERSON_SUB);
    ck_assert_int_eq(finish(code_of_mine()), AUTHP_OK);
    ck_assert_int_eq(linked(ada), 1);
    ck_assert_int_eq(mem_store_audit_count(f.store, "identity_link"), 0);
    row = mem_store_user(f.store, ada->id.hex);
    row->identities = NULL;
    person_fixture_put(&f, row, "corp", "https://corp.example", "7");
    ck_assert_int_eq(finish(code_of_mine()), AUTHP_OK);
    ck_assert_int_eq(linked(ada), 2);
}
END_TEST

static void eve_is_faster(void *ctx)
{
    authp_user_t *eve = ctx;
    person_fixture_put(&f, mem_store_user(f.store, eve->id.hex), "google", PERSON_ISSUER,
                       PERSON_SUB);
}

START_TEST(another_account_gets_it_meanwhile)
{
    authp_user_t *eve = fixture_user(&f, EVE, "candidate", false);
    mem_store_before(f.store, "user_update", eve_is_faster, eve);
    refused(code_of_mine(), AUTHP_E_IDENTITY_CONFLICT);
    ck_assert_int_eq(linked(eve), 1);
}
END_TEST

static void another_code_is_faster(void *ctx)
{
    authp_user_t *row = mem_store_user(f.store, ((authp_user_t *)ctx)->id.hex);
    person_fixture_put(&f, row, "google", PERSON_ISSUER, PERSON_SUB);
    row->ver++;
}

/* Two codes for the same identity at once: it is linked once, and one event says so. */
START_TEST(the_same_account_gets_it_meanwhile)
{
    mem_store_before(f.store, "user_update", another_code_is_faster, ada);
    ck_assert_int_eq(finish(code_of_mine()), AUTHP_OK);
    ck_assert_int_eq(linked(ada), 1);
    ck_assert_int_eq(mem_store_audit_count(f.store, "identity_link"), 0);
}
END_TEST

START_TEST(faults)
{
    const char *code = code_of_mine();
    mem_store_fail(f.store, "used_token_add", 1, AUTHP_E_UNAVAILABLE);
    refused(code, AUTHP_E_UNAVAILABLE);
    mem_store_fail(f.store, "user_by_identity", 1, AUTHP_E_UNAVAILABLE);
    refused(code, AUTHP_E_UNAVAILABLE);
    const char *ticket = ticket_to(NULL);
    mem_store_fail(f.store, "used_token_add", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(begin(ticket, "google"), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(begin(ticket, "google"), AUTHP_OK);
}
END_TEST

Suite *suite_provider_link(void)
{
    Suite *suite = suite_create("provider_link");
    TCase *tests = tcase_create("provider_link");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_ticket_works_once);
    tcase_add_test(tests, a_ticket_is_for_one_provider);
    tcase_add_test(tests, one_minute);
    tcase_add_test(tests, texts_that_are_none);
    tcase_add_test(tests, a_link_code_links_once);
    tcase_add_loop_test(tests, the_owner_is_told, 0, 2);
    tcase_add_test(tests, a_link_code_is_for_one_session);
    tcase_add_test(tests, five_minutes_after_the_sign_in);
    tcase_add_test(tests, an_identity_of_another_account);
    tcase_add_test(tests, a_second_identity_of_the_provider);
    tcase_add_test(tests, another_account_gets_it_meanwhile);
    tcase_add_test(tests, the_same_account_gets_it_meanwhile);
    tcase_add_test(tests, faults);
    suite_add_tcase(suite, tests);
    return suite;
}
