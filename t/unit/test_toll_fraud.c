/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation of toll fraud: strangers have codes sent to made-up numbers, to earn a share of what
 * the messages cost. conf/guides/phone-costs.md has the figures that it prints. */
#include "base/log.h"
#include "service/otp/firewall.h"
#include "suite.h"
#include "support/otp_fixture.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define REQUESTS 10000
#define ADDRESSES 500
#define PREFIXES 40
#define CUSTOMERS 400  /* with an account, in the same prefixes, each at an address of its own */
#define NEW_PEOPLE 100 /* without an account yet */
#define MINUTE 60000

static fixture_t f;
static otp_fixture_t o;

static void set_up(void)
{
    fixture_open(&f);
    otp_fixture_open(&o, &f);
    authp_log_set_sink(NULL, NULL);
}

static void tear_down(void)
{
    fixture_close(&f);
}

/* The wrong code that locks a number says so once, although more checks may be under way. */
START_TEST(locked_once)
{
    const bool locks[] = {false, true, false, false};
    f.settings->otp_limit_wrong.count = 2;
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        bool locked = false;
        ck_assert_int_eq(authp_firewall_wrong(f.realm, OTP_PHONE, &locked, f.pool), AUTHP_OK);
        ck_assert_msg(locked == locks[i], "wrong code %d", (int)i + 1);
    }
}
END_TEST

static int below(int most)
{
    uint32_t bits = 0;
    authp_random_fill(&f.rng.random, (unsigned char *)&bits, sizeof(bits));
    return (int)(bits % (uint32_t)most);
}

/* One request for a random number of a random prefix, from 10.`net`.x.y. Returns 1 if it is sent.
 */
static int ask(int net, int host, bool known)
{
    apr_pool_t *own = NULL;
    ck_assert_int_eq(apr_pool_create(&own, f.pool), APR_SUCCESS);
    const authp_otp_request_t request = {
        .phone = apr_psprintf(own, "+91700%02d%05d", below(PREFIXES), below(100000)),
        .purpose = AUTHP_OTP_ENTER,
        .known = known};
    int retry_after = 0;
    const authp_client_t client = {
        .ip = apr_psprintf(own, "10.%d.%d.%d", net, host / 250, host % 250),
        .retry_after = &retry_after};
    authp_err_t err = authp_otp_send(f.realm, &request, &client, own);
    ck_assert(err == AUTHP_OK || (err == AUTHP_E_RATE_LIMITED && retry_after > 0));
    apr_pool_destroy(own);
    return err == AUTHP_OK;
}

static const struct {
    const char *time;
    int minutes; /* how long it takes, from midnight UTC */
    int fraud;   /* codes that the strangers get */
    int people;  /* codes that new people get */
} rows[] = {
    {"10 minutes", 10, 495, 5},
    {"1 hour", 60, 495, 5},
    {"24 hours", 24 * 60, 495, 5},
};

START_TEST(ten_thousand_requests)
{
    int fraud = 0;
    int customers = 0;
    int people = 0;
    authp_spending_t spending;
    for (int i = 0; i < REQUESTS; i++) {
        fraud += ask(1, below(ADDRESSES), false);
        if (i % (REQUESTS / CUSTOMERS) == 12) {
            customers += ask(2, i / (REQUESTS / CUSTOMERS), true);
        }
        if (i % (REQUESTS / NEW_PEOPLE) == 50) {
            people += ask(3, i / (REQUESTS / NEW_PEOPLE), false);
        }
        fake_clock_advance(&f.clock, (authp_ms_t)rows[_i].minutes * MINUTE / REQUESTS);
    }
    fake_clock_advance(&f.clock, -1);
    ck_assert_int_eq(authp_firewall_spending(f.realm, &spending, f.pool), AUTHP_OK);
    printf("# toll fraud, %s: %d of %d requests got a code; customers %d of %d, new people %d of "
           "%d; %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " spent\n",
           rows[_i].time, fraud, REQUESTS, customers, CUSTOMERS, people, NEW_PEOPLE, spending.spent,
           spending.budget);
    ck_assert_int_eq(spending.spent, fraud + customers + people);
    ck_assert_int_eq(o.sent, fraud + customers + people);
    ck_assert_int_le(spending.spent, f.settings->otp_budget_day);
    ck_assert_int_le(fraud + people, f.settings->otp_budget_day / 2);
    ck_assert_int_eq(customers, CUSTOMERS);
    ck_assert_int_eq(fraud, rows[_i].fraud);
    ck_assert_int_eq(people, rows[_i].people);
}
END_TEST

Suite *suite_toll_fraud(void)
{
    Suite *suite = suite_create("toll_fraud");
    TCase *tests = tcase_create("toll_fraud");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, locked_once);
    tcase_add_loop_test(tests, ten_thousand_requests, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
