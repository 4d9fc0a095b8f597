/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of tallies. */
#include "contract.h"
#include "store/model.h"

#define NOW CONTRACT_NOW
#define WINDOW 60000

static const char other[] = "2222222222222222222222222222222222222222222222222222222222222222";
static const char one[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char two[] = "2222222222222222222222222222222222222222222222222222222222222222";

/* Takes one, and checks the outcome and what the count and the end of the window are then. */
static void take(const char *key, int64_t most, authp_ms_t now, authp_err_t err, int64_t count,
                 authp_ms_t until)
{
    authp_tallied_t out = {.count = -1, .until = -1};
    const authp_tally_t tally = {.key = key, .most = most, .window_ms = WINDOW, .now = now};
    ck_assert_int_eq(authp_store_tally_take(contract_store(), &tally, &out, contract_pool()), err);
    ck_assert_int_eq(out.count, count);
    ck_assert_int_eq(out.until, until);
}

static void give(const char *key, authp_ms_t now)
{
    ck_assert_int_eq(authp_store_tally_give(contract_store(), key, now, contract_pool()), AUTHP_OK);
}

/* The count; -1 if there is none. */
static int64_t count(const char *key, authp_ms_t now)
{
    authp_tallied_t out = {.count = -1};
    authp_err_t err = authp_store_tally_get(contract_store(), key, now, &out, contract_pool());
    ck_assert(err == AUTHP_OK || err == AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(out.count >= 0, err == AUTHP_OK);
    return out.count;
}

static int purged(authp_ms_t before, int batch)
{
    int removed = -1;
    const authp_purge_t what = {.tokens_before = before, .batch = batch};
    ck_assert_int_eq(authp_store_purge(contract_store(), &what, &removed, contract_pool()),
                     AUTHP_OK);
    return removed;
}

START_TEST(a_window_fills)
{
    ck_assert_int_eq(count(one, NOW), -1);
    take(one, 3, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 3, NOW + 5, AUTHP_OK, 2, NOW + WINDOW);
    take(two, 1, NOW + 6, AUTHP_OK, 1, NOW + 6 + WINDOW);
    take(one, 3, NOW + WINDOW - 1, AUTHP_OK, 3, NOW + WINDOW);
    take(one, 3, NOW + WINDOW - 1, AUTHP_E_CONFLICT, 3, NOW + WINDOW);
    take(two, 1, NOW + 7, AUTHP_E_CONFLICT, 1, NOW + 6 + WINDOW);
    ck_assert_int_eq(count(one, NOW + WINDOW - 1), 3);
    ck_assert_int_eq(count(one, NOW + WINDOW), -1);
    ck_assert_int_eq(count(two, NOW + WINDOW), 1);
    /* A higher limit of the same window, then a lower one. */
    take(one, 4, NOW + 8, AUTHP_OK, 4, NOW + WINDOW);
    take(one, 2, NOW + 9, AUTHP_E_CONFLICT, 4, NOW + WINDOW);
}
END_TEST

START_TEST(a_new_window_begins)
{
    take(one, 1, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 1, NOW + WINDOW - 1, AUTHP_E_CONFLICT, 1, NOW + WINDOW);
    take(one, 1, NOW + WINDOW, AUTHP_OK, 1, NOW + 2 * WINDOW);
    ck_assert_int_eq(count(one, NOW + 2 * WINDOW - 1), 1);
    take(one, 1, NOW + WINDOW, AUTHP_E_CONFLICT, 1, NOW + 2 * WINDOW);
    take(one, 1, NOW + 9 * WINDOW, AUTHP_OK, 1, NOW + 10 * WINDOW);
    take(one, 3, NOW + 10 * WINDOW, AUTHP_OK, 1, NOW + 11 * WINDOW); /* one that was not full */
}
END_TEST

/* A window of a host or store whose clock was ahead does not count until that time. */
START_TEST(a_window_of_the_future)
{
    const authp_ms_t year = INT64_C(366) * 86400 * 1000;
    take(one, 1, NOW + year, AUTHP_OK, 1, NOW + year + WINDOW);
    take(one, 1, NOW + year, AUTHP_E_CONFLICT, 1, NOW + year + WINDOW);
    take(one, 1, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 1, NOW + 1, AUTHP_E_CONFLICT, 1, NOW + WINDOW);
    /* One that is a little ahead counts. */
    take(other, 1, NOW + WINDOW, AUTHP_OK, 1, NOW + 2 * WINDOW);
    take(other, 1, NOW, AUTHP_E_CONFLICT, 1, NOW + 2 * WINDOW);
    take(other, 1, NOW - 1, AUTHP_OK, 1, NOW - 1 + WINDOW);
}
END_TEST

START_TEST(none_at_all)
{
    take(one, 0, NOW, AUTHP_E_CONFLICT, 0, NOW + WINDOW);
    ck_assert_int_eq(count(one, NOW), -1);
    take(one, 2, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 0, NOW + 1, AUTHP_E_CONFLICT, 1, NOW + WINDOW);
    take(one, 0, NOW + WINDOW, AUTHP_E_CONFLICT, 0, NOW + 2 * WINDOW);
    ck_assert_int_eq(count(one, NOW), 1);
}
END_TEST

START_TEST(what_is_given_back)
{
    give(one, NOW);
    ck_assert_int_eq(count(one, NOW), -1);
    take(one, 2, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 2, NOW, AUTHP_OK, 2, NOW + WINDOW);
    take(two, 2, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 2, NOW, AUTHP_E_CONFLICT, 2, NOW + WINDOW);
    give(one, NOW + WINDOW - 1);
    ck_assert_int_eq(count(one, NOW), 1);
    give(one, NOW + WINDOW);
    ck_assert_int_eq(count(one, NOW), 1);
    take(one, 2, NOW + 9, AUTHP_OK, 2, NOW + WINDOW);
    for (int i = 0; i < 4; i++) {
        give(one, NOW + 10);
    }
    ck_assert_int_eq(count(one, NOW), 0);
    ck_assert_int_eq(count(two, NOW), 1);
    take(one, 1, NOW + 11, AUTHP_OK, 1, NOW + WINDOW);
    take(one, 1, NOW + 11, AUTHP_E_CONFLICT, 1, NOW + WINDOW);
}
END_TEST

/* The setting changes while a window runs. */
START_TEST(another_length)
{
    authp_tallied_t out = {.count = -1, .until = -1};
    authp_tally_t tally = {.key = one, .most = 2, .window_ms = WINDOW, .now = NOW};
    ck_assert_int_eq(authp_store_tally_take(contract_store(), &tally, &out, contract_pool()),
                     AUTHP_OK);
    tally.window_ms = 2 * WINDOW;
    tally.now = NOW + WINDOW;
    ck_assert_int_eq(authp_store_tally_take(contract_store(), &tally, &out, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(out.count, 2);
    ck_assert_int_eq(out.until, NOW + 2 * WINDOW);
    tally.window_ms = WINDOW / 2;
    tally.now = NOW + WINDOW / 2;
    ck_assert_int_eq(authp_store_tally_take(contract_store(), &tally, &out, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(out.count, 1);
    ck_assert_int_eq(out.until, NOW + WINDOW);
}
END_TEST

START_TEST(tallies_are_purged)
{
    take(one, 1, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(two, 1, NOW, AUTHP_OK, 1, NOW + WINDOW);
    ck_assert_int_eq(purged(NOW + WINDOW, 10), 0);
    ck_assert_int_eq(purged(NOW + WINDOW + 1, 1), 1);
    ck_assert_int_eq(purged(NOW + WINDOW + 1, 1), 1);
    take(one, 1, NOW, AUTHP_OK, 1, NOW + WINDOW);
    take(two, 1, NOW, AUTHP_OK, 1, NOW + WINDOW);
}
END_TEST

void contract_add_tallies(TCase *tests)
{
    tcase_add_test(tests, a_window_fills);
    tcase_add_test(tests, a_new_window_begins);
    tcase_add_test(tests, a_window_of_the_future);
    tcase_add_test(tests, none_at_all);
    tcase_add_test(tests, what_is_given_back);
    tcase_add_test(tests, another_length);
    tcase_add_test(tests, tallies_are_purged);
}
