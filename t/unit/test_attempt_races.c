/* SPDX-License-Identifier: Apache-2.0 */
/* Guessing at many connections at once gains nothing: attempts count before they are looked at. */
#include <pthread.h>
#include <stdatomic.h>

#include "fixture.h"
#include "suite.h"

#define ADA "ada@example.org"
#define WRONG "wrong password"

static fixture_t f;

static void set_up(void)
{
    const authp_rate_t account_rate = {3, 60};
    const authp_rate_t address_rate = {1000, 60};
    fixture_open(&f);
    fixture_limits(&f, address_rate, address_rate, account_rate);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static void *guess(void *data)
{
    atomic_int *looked_at = data;
    apr_pool_t *own = NULL;
    int wait = 0;
    authp_grant_t grant;
    authp_client_t mine = fixture_client;
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = ADA,
                              .password = WRONG,
                              .password_len = sizeof(WRONG) - 1};
    mine.retry_after = &wait;
    apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    if (authp_account_login(f.realm, &in, &mine, &grant, own) != AUTHP_E_RATE_LIMITED) {
        atomic_fetch_add(looked_at, 1);
    }
    apr_pool_destroy(own);
    return NULL;
}

START_TEST(sixty_four_guesses)
{
    pthread_t threads[64];
    atomic_int looked_at = 0;
    (void)fixture_user(&f, ADA, "admin", false);
    for (int i = 0; i < 64; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, guess, &looked_at), 0);
    }
    for (int i = 0; i < 64; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(looked_at, 3);
}
END_TEST

Suite *suite_attempt_races(void)
{
    Suite *suite = suite_create("attempt_races");
    TCase *tests = tcase_create("attempt_races");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, sixty_four_guesses);
    suite_add_tcase(suite, tests);
    return suite;
}
