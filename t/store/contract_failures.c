/* SPDX-License-Identifier: Apache-2.0 */
/* The counts of wrong passwords that the store keeps for all hosts and over restarts. */
#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>

#define NOW CONTRACT_NOW
#define THREADS 16
#define ROUNDS 10
#define WINDOW 60000

static const char one[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char two[] = "2222222222222222222222222222222222222222222222222222222222222222";

static authp_err_t get(const char *key, authp_ms_t now, authp_failures_t *out)
{
    return authp_store_failure_get(contract_store(), key, now, out, contract_pool());
}

static int64_t add(const char *key, authp_ms_t at)
{
    int64_t count = -1;
    const authp_failure_t what = {
        .key = key, .at = at, .forget_before = at - WINDOW, .expires_at = at + 2 * WINDOW};
    ck_assert_int_eq(authp_store_failure_add(contract_store(), &what, &count, contract_pool()),
                     AUTHP_OK);
    return count;
}

START_TEST(failures_are_counted)
{
    authp_failures_t found = {.count = 77};
    ck_assert_int_eq(get(one, NOW, &found), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(found.count, 77);
    ck_assert_int_eq(add(one, NOW), 1);
    ck_assert_int_eq(add(one, NOW + 5), 2);
    ck_assert_int_eq(add(two, NOW + 6), 1);
    ck_assert_int_eq(add(one, NOW + 7), 3);
    ck_assert_int_eq(get(one, NOW + 8, &found), AUTHP_OK);
    ck_assert_int_eq(found.count, 3);
    ck_assert_int_eq(found.last_at, NOW + 7);
    ck_assert_int_eq(get(two, NOW + 8, &found), AUTHP_OK);
    ck_assert_int_eq(found.count, 1);
    /* Clearing removes the count of that key only, and may be repeated. */
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_store_failure_clear(contract_store(), one, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_eq(get(one, NOW + 8, &found), AUTHP_E_NOT_FOUND);
    }
    ck_assert_int_eq(add(one, NOW + 9), 1);
    ck_assert_int_eq(get(two, NOW + 9, &found), AUTHP_OK);
}
END_TEST

START_TEST(old_ones_begin_anew)
{
    authp_failures_t found = {.count = 0};
    ck_assert_int_eq(add(one, NOW), 1);
    ck_assert_int_eq(add(one, NOW + WINDOW), 2); /* exactly one window ago still counts */
    ck_assert_int_eq(add(one, NOW + 2 * WINDOW + 1), 1);
    ck_assert_int_eq(add(one, NOW + 2 * WINDOW + 2), 2);
    ck_assert_int_eq(get(one, NOW + 2 * WINDOW + 2, &found), AUTHP_OK);
    ck_assert_int_eq(found.count, 2);
    ck_assert_int_eq(found.last_at, NOW + 2 * WINDOW + 2);
    /* An expired count is not returned. */
    ck_assert_int_eq(get(one, NOW + 4 * WINDOW + 1, &found), AUTHP_OK);
    ck_assert_int_eq(get(one, NOW + 4 * WINDOW + 2, &found), AUTHP_E_NOT_FOUND);
}
END_TEST

START_TEST(failures_are_purged)
{
    int removed = -1;
    authp_failures_t found = {.count = 0};
    (void)add(one, NOW);
    (void)add(two, NOW + 1);
    const authp_purge_t what = {.failures_before = NOW + 2 * WINDOW + 1, .batch = 10};
    ck_assert_int_eq(authp_store_purge(contract_store(), &what, &removed, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(get(one, NOW, &found), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(get(two, NOW, &found), AUTHP_OK);
}
END_TEST

typedef struct crowd_t {
    authp_ms_t at;
    atomic_int highest;
} crowd_t;

static void *failing(void *data)
{
    crowd_t *crowd = data;
    apr_pool_t *own = NULL;
    int64_t count = 0;
    const authp_failure_t what = {.key = one,
                                  .at = crowd->at,
                                  .forget_before = crowd->at - WINDOW,
                                  .expires_at = crowd->at + 2 * WINDOW};
    apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    if (authp_store_failure_add(contract_store(), &what, &count, own) == AUTHP_OK &&
        count == THREADS) {
        atomic_fetch_add(&crowd->highest, 1);
    }
    apr_pool_destroy(own);
    return NULL;
}

/* No failure is lost when many come at once, whether the row is new or its window has passed. */
START_TEST(failures_at_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        authp_failures_t found = {.count = 0};
        crowd_t crowd = {.at = NOW + (authp_ms_t)round * 3 * WINDOW};
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, failing, &crowd), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        ck_assert_int_ge(crowd.highest, 1);
        ck_assert_int_eq(get(one, crowd.at, &found), AUTHP_OK);
        ck_assert_int_eq(found.count, THREADS);
    }
}
END_TEST

void contract_add_failures(TCase *tests)
{
    tcase_add_test(tests, failures_are_counted);
    tcase_add_test(tests, old_ones_begin_anew);
    tcase_add_test(tests, failures_are_purged);
    tcase_add_test(tests, failures_at_once);
}
