/* SPDX-License-Identifier: Apache-2.0 */
/* What sends the outbox, in a process that cannot open what the mails need. */
#include "postman_fixture.h"
#include "suite.h"

#define EMAIL "ada@example.org"

static postman_fixture_t p;

static void set_up(void)
{
    postman_fixture_open(&p);
}

static void tear_down(void)
{
    postman_fixture_close(&p);
}

START_TEST(a_lost_data_key_may_come_back)
{
    struct authp_vault_t *vault = p.f.realm->vault;
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    postman_fixture_other_vault(&p);
    p.f.clock.now += 15000;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.calls, 0);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->due_at, p.f.clock.now + 10000);
    ck_assert_str_eq(postman_fixture_row(&p, 0)->error, "its letter cannot be read now");
    p.f.realm->vault = vault;
    p.f.clock.now += 10000;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

/* Another host, which can read the letter, is to send it at once. */
START_TEST(without_data_keys_mails_are_left_to_others)
{
    struct authp_vault_t *vault = p.f.realm->vault;
    postman_fixture_notice(&p, AUTHP_MAIL_INVITE, EMAIL);
    authp_ms_t due = postman_fixture_row(&p, 0)->due_at;
    postman_fixture_other_vault(&p);
    p.f.clock.now += 14999;
    postman_fixture_round(&p);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->due_at, due);
    ck_assert_int_eq(postman_fixture_row(&p, 0)->tries, 0);
    p.f.realm->vault = vault;
    p.f.clock.now += 1000;
    postman_fixture_round(&p);
    ck_assert_int_eq(p.sent, 1);
}
END_TEST

Suite *suite_postman_keys(void)
{
    Suite *s = suite_create("postman_keys");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_lost_data_key_may_come_back);
    tcase_add_test(tc, without_data_keys_mails_are_left_to_others);
    suite_add_tcase(s, tc);
    return s;
}
