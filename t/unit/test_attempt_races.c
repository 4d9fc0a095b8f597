/* SPDX-License-Identifier: Apache-2.0 */
/* Guessing on many connections at once gains nothing, because an attempt counts before the password
 * is checked. */
#include <pthread.h>
#include <stdatomic.h>

#include "crypto/password/hasher.h"
#include "fixture.h"
#include "service/sign_in/login.h"
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

static _Atomic authp_err_t last_err;

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
    authp_err_t err = authp_login_by_password(f.realm, &in, &mine, &grant, own);
    last_err = err;
    if (err != AUTHP_E_RATE_LIMITED) {
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

/* Replaces the hasher by one without room for another hash. */
static void fill_the_hasher(void *ctx)
{
    authp_hasher_bound_t *bound = ctx;
    while (authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER) >= 0) {
    }
    ck_assert_int_eq(authp_hasher_make(bound, &f.rng.random, 0, &f.realm->hasher, f.pool),
                     AUTHP_OK);
}

/* A wrong password for a hash of lower cost takes additional hashes. The failure must be counted
 * before them, because there may be no room for them. */
START_TEST(a_guess_counts_before_the_extra_hashes)
{
    authp_hasher_bound_t *bound = NULL;
    atomic_int looked_at = 0;
    (void)fixture_user(&f, ADA, "admin", false);
    f.settings->bcrypt_rounds = 6;
    for (int i = 0; i < 3; i++) {
        authp_hasher_t *roomy = f.realm->hasher;
        ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
        mem_store_before(f.store, "failure_add", fill_the_hasher, bound);
        (void)guess(&looked_at);
        ck_assert_int_eq(last_err, AUTHP_E_BUSY); /* the additional hashes came after the count */
        ck_assert_ptr_ne(f.realm->hasher, roomy); /* the failure was counted */
        ck_assert_int_eq(mem_store_audit_count(f.store, "login"), i + 1);
        f.realm->hasher = roomy;
    }
    ck_assert_int_eq(looked_at, 3);
    (void)guess(&looked_at);
    ck_assert_int_eq(looked_at, 3); /* attempts that found no room count as well */
}
END_TEST

Suite *suite_attempt_races(void)
{
    Suite *suite = suite_create("attempt_races");
    TCase *tests = tcase_create("attempt_races");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, sixty_four_guesses);
    tcase_add_test(tests, a_guess_counts_before_the_extra_hashes);
    suite_add_tcase(suite, tests);
    return suite;
}
