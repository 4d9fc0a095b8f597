/* SPDX-License-Identifier: Apache-2.0 */
/* The notice about a sign-in on a device that the account does not know. */
#include "mail_fixture.h"
#include "service/account/device.h"
#include "service/account/new_device.h"
#include "suite.h"

#include <string.h>

#define EMAIL "ada@example.org"

static fixture_t f;
static authp_user_t *row;

static void set_up(void)
{
    fixture_open(&f);
    mail_fixture_on(&f);
    row = mail_fixture_user(&f, EMAIL, "candidate");
    row->email_verified = true;
    row->ver = 2;
}

static void tear_down(void)
{
    fixture_close(&f);
}

/* Signs in from that client, and returns how many notices it has caused. */
static int notices(const authp_client_t *client)
{
    authp_grant_t grant;
    int before = mail_fixture_count(&f);
    f.clock.now += 1000;
    ck_assert_int_eq(authp_session_start(f.realm, row, client, &grant, f.pool), AUTHP_OK);
    authp_new_device_tell(f.realm, &grant, client, f.pool);
    return mail_fixture_count(&f) - before;
}

START_TEST(known_by_a_session)
{
    const authp_client_t laptop = {.ip = "192.0.2.1", .user_agent = "Laptop"};
    const authp_client_t phone = {.ip = "192.0.2.1", .user_agent = "Phone"};
    const authp_client_t named = {.user_agent = "Phone", .device_id = "my phone"};
    const authp_client_t renamed = {.user_agent = "Phone", .device_id = "your phone"};
    const authp_client_t named_other = {.user_agent = "Other", .device_id = "my phone"};
    const authp_client_t silent = {.ip = "192.0.2.1"};
    ck_assert_int_eq(notices(&laptop), 1);
    ck_assert_str_eq(mail_fixture_at(&f, -1).row->kind, "new_device");
    ck_assert_str_eq(mail_fixture_at(&f, -1).letter.to, EMAIL);
    ck_assert_str_eq(mail_fixture_at(&f, -1).letter.name, "Somebody");
    ck_assert_int_eq(notices(&laptop), 0);
    ck_assert_int_eq(notices(&phone), 1);
    ck_assert_int_eq(notices(&named), 1); /* the device_id counts where one is sent */
    ck_assert_int_eq(notices(&named), 0);
    ck_assert_int_eq(notices(&named_other), 0);
    ck_assert_int_eq(notices(&renamed), 1);
    ck_assert_int_eq(notices(&silent), 1);
    ck_assert_int_eq(notices(&silent), 0);
}
END_TEST

START_TEST(a_session_that_has_ended_knows_nothing)
{
    authp_grant_t grant;
    const authp_client_t client = {.user_agent = "Laptop"};
    ck_assert_int_eq(authp_session_start(f.realm, row, &client, &grant, f.pool), AUTHP_OK);
    ck_assert_int_eq(notices(&client), 0);
    ck_assert_int_eq(authp_session_end(f.realm, grant.session, "logout", &client, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(notices(&client), 0); /* by the second one */
    int count = 0;
    const authp_end_t end = {.reason = "logout", .now = f.clock.now};
    ck_assert_int_eq(authp_store_session_end_user(f.store, row->id.hex, &end, &count), AUTHP_OK);
    ck_assert_int_eq(notices(&client), 1);
}
END_TEST

START_TEST(known_by_its_cookie)
{
    authp_device_t device = {.nusers = 1, .users = {row->id}};
    const authp_client_t client = {.user_agent = "Laptop", .device = &device};
    ck_assert_int_eq(notices(&client), 0);
    memset(device.users[0].hex, '0', AUTHP_ID_LEN);
    const authp_client_t other = {.user_agent = "Phone", .device = &device};
    ck_assert_int_eq(notices(&other), 1);
}
END_TEST

START_TEST(a_hundred_sessions)
{
    authp_client_t client = {.user_agent = "Laptop"};
    authp_grant_t grant;
    for (int i = 0; i < 120; i++) {
        f.clock.now += 1;
        client.user_agent = i == 110 ? "Laptop" : "Other";
        ck_assert_int_eq(authp_session_start(f.realm, row, &client, &grant, f.pool), AUTHP_OK);
    }
    client.user_agent = "Laptop";
    ck_assert_int_eq(notices(&client), 0);
}
END_TEST

/* Of many sessions 500 are looked at. */
START_TEST(five_hundred_sessions)
{
    authp_grant_t grant;
    const int place = 499 + _i;
    for (int i = 0; i <= 500; i++) {
        const authp_client_t client = {.user_agent = i == place ? "Laptop" : "Other"};
        f.clock.now += 1000;
        ck_assert_int_eq(authp_session_start(f.realm, row, &client, &grant, f.pool), AUTHP_OK);
    }
    const authp_client_t laptop = {.user_agent = "Laptop"};
    ck_assert_int_eq(notices(&laptop), _i);
}
END_TEST

static void off(void)
{
    f.settings->mail_notices = false;
}

static void no_mail(void)
{
    f.settings->mail_url = NULL;
}

static void unproven(void)
{
    row->email_verified = false;
}

static void no_address(void)
{
    row->email = NULL;
}

/* A provider has just made the account. */
static void just_made(void)
{
    row->ver = 1;
}

static void store_fails(void)
{
    mem_store_fail(f.store, "session_list", 1, AUTHP_E_UNAVAILABLE);
}

static void (*const cases[])(void) = {off, no_mail, unproven, no_address, just_made, store_fails};

START_TEST(no_notice)
{
    const authp_client_t client = {.user_agent = "Laptop"};
    cases[_i]();
    ck_assert_int_eq(notices(&client), 0);
}
END_TEST

/* An account that nobody has changed since it was made is told about later sign-ins. */
START_TEST(made_long_ago)
{
    const authp_client_t client = {.user_agent = "Laptop"};
    row->ver = 1;
    row->created_at = f.clock.now - 119000 - _i; /* notices() adds a second */
    ck_assert_int_eq(notices(&client), _i);
}
END_TEST

Suite *suite_new_device(void)
{
    Suite *suite = suite_create("new_device");
    TCase *tests = tcase_create("new_device");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, known_by_a_session);
    tcase_add_test(tests, a_session_that_has_ended_knows_nothing);
    tcase_add_test(tests, known_by_its_cookie);
    tcase_add_test(tests, a_hundred_sessions);
    tcase_add_loop_test(tests, five_hundred_sessions, 0, 2);
    tcase_add_loop_test(tests, no_notice, 0, 6);
    tcase_add_loop_test(tests, made_long_ago, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
