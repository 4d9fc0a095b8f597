/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes on every store, with threads: a right code opens once, guesses get five attempts,
 * and what is counted is exact. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "contract.h"
#include "service/otp/otp.h"
#include "service/otp/sender.h"

#include <apr_strings.h>

#define THREADS 32
#define PHONE "+919876543210"
#define NEVER_RIGHT "no code" /* takes an attempt like a wrong one */

/* What the test's own sender got. */
static struct {
    pthread_mutex_t mutex;
    char code[AUTHP_SENDER_LENGTH_MOST + 1];
    atomic_int sent;
} last = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static authp_realm_t *realm;
static authp_settings_t *settings;

static authp_err_t keep(void *ctx, const authp_otp_message_t *message, apr_pool_t *pool)
{
    (void)ctx, (void)pool;
    pthread_mutex_lock(&last.mutex);
    apr_cpystrn(last.code, message->code, sizeof(last.code));
    pthread_mutex_unlock(&last.mutex);
    atomic_fetch_add(&last.sent, 1);
    return AUTHP_OK;
}

static const char *setting(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "JWT_SECRET_KEY") == 0   ? "first-key-first-key-first-key-first-key"
           : strcmp(name, "AUTH_STATE_DIR") == 0 ? "/nonexistent"
                                                 : NULL;
}

static authp_ms_t stand_still(void *ctx)
{
    (void)ctx;
    return CONTRACT_NOW;
}

/* Makes a realm on the contract's store, with the limits of the defaults. */
static void begin(void)
{
    static authp_otp_sender_t sender = {.name = "test", .send = keep};
    static const authp_clock_t clock = {stand_still, NULL};
    const authp_settings_env_t env = {setting, NULL};
    apr_array_header_t *errors = NULL;
    apr_pool_t *pool = contract_pool();
    ck_assert_int_eq(authp_settings_load(NULL, &env, &settings, &errors, pool), AUTHP_OK);
    ck_assert_int_eq(authp_realm_make(settings, &realm, pool), AUTHP_OK);
    realm->settings = settings; /* a test may change them */
    realm->store = contract_store();
    realm->otp = &sender;
    realm->clock = &clock;
    atomic_store(&last.sent, 0);
}

/* A request of one of the threads. Returns what it got. */
typedef authp_err_t ask_fn(int serial, apr_pool_t *pool);

typedef struct crowd_t {
    ask_fn *ask;
    int each; /* requests of one thread */
    atomic_int started;
    pthread_barrier_t start;
    atomic_int got[AUTHP_E_COUNT];
} crowd_t;

static void *work(void *data)
{
    crowd_t *crowd = data;
    int me = atomic_fetch_add(&crowd->started, 1);
    (void)pthread_barrier_wait(&crowd->start);
    for (int i = 0; i < crowd->each; i++) {
        apr_pool_t *own = NULL;
        apr_pool_create_unmanaged_ex(&own, NULL, NULL);
        atomic_fetch_add(&crowd->got[crowd->ask(me * crowd->each + i, own)], 1);
        apr_pool_destroy(own);
    }
    return NULL;
}

static void run(crowd_t *crowd)
{
    pthread_t threads[THREADS];
    ck_assert_int_eq(pthread_barrier_init(&crowd->start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, crowd), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&crowd->start);
}

static authp_err_t send_to(const char *phone, const char *ip, bool known, apr_pool_t *pool)
{
    const authp_otp_request_t request = {
        .phone = phone, .purpose = AUTHP_OTP_ENTER, .known = known};
    const authp_client_t client = {.ip = ip};
    return authp_otp_send(realm, &request, &client, pool);
}

static authp_err_t enter(const char *code, apr_pool_t *pool)
{
    static const authp_client_t client = {.ip = "192.0.2.7"};
    authp_otp_code_t *right = NULL;
    authp_err_t err = authp_otp_check(realm, &(authp_otp_try_t){PHONE, AUTHP_OTP_ENTER, code},
                                      &client, &right, pool);
    return err == AUTHP_OK ? authp_otp_use(realm, right, pool) : err;
}

static authp_err_t enter_right(int serial, apr_pool_t *pool)
{
    (void)serial;
    return enter(last.code, pool);
}

static int attempts(void)
{
    authp_otp_code_t *row = NULL;
    ck_assert_int_eq(authp_store_otp_of(contract_store(), PHONE, &row, contract_pool()), AUTHP_OK);
    return (int)row->attempts;
}

START_TEST(right_answers)
{
    crowd_t crowd = {.ask = enter_right, .each = 1};
    begin();
    ck_assert_int_eq(send_to(PHONE, "192.0.2.7", true, contract_pool()), AUTHP_OK);
    run(&crowd);
    ck_assert_int_eq(crowd.got[AUTHP_OK], 1);
    ck_assert_int_eq(crowd.got[AUTHP_E_OTP_USED] + crowd.got[AUTHP_E_INVALID_OTP], THREADS - 1);
    ck_assert_int_le(attempts(), 5);
    ck_assert_int_eq(enter(last.code, contract_pool()), AUTHP_E_OTP_USED);
}
END_TEST

static authp_err_t enter_wrong(int serial, apr_pool_t *pool)
{
    char code[AUTHP_SENDER_LENGTH_MOST + 1];
    /* Each thread guesses other codes, none of which is right. */
    snprintf(code, sizeof(code), "%06d", serial);
    return enter(strcmp(code, last.code) != 0 ? code : NEVER_RIGHT, pool);
}

START_TEST(a_thousand_guesses)
{
    crowd_t crowd = {.ask = enter_wrong, .each = 32};
    begin();
    ck_assert_int_eq(send_to(PHONE, "192.0.2.7", true, contract_pool()), AUTHP_OK);
    run(&crowd);
    ck_assert_int_eq(crowd.got[AUTHP_E_INVALID_OTP], THREADS * 32);
    ck_assert_int_eq(attempts(), 5);
    ck_assert_int_eq(enter(last.code, contract_pool()), AUTHP_E_INVALID_OTP);
}
END_TEST

static char old_code[AUTHP_SENDER_LENGTH_MOST + 1];

/* One request sends a newer code, all others send the old one. */
static authp_err_t old_or_newer(int serial, apr_pool_t *pool)
{
    return serial == 7 ? send_to(PHONE, "192.0.2.7", true, pool) : enter(old_code, pool);
}

/* The old code opens at most once, and the newer one is not harmed by that. */
START_TEST(a_newer_code_in_between)
{
    crowd_t crowd = {.ask = old_or_newer, .each = 1};
    begin();
    settings->limits = false;
    ck_assert_int_eq(send_to(PHONE, "192.0.2.7", true, contract_pool()), AUTHP_OK);
    apr_cpystrn(old_code, last.code, sizeof(old_code));
    run(&crowd);
    ck_assert_int_eq(last.sent, 2);
    ck_assert_int_le(crowd.got[AUTHP_OK], 2);
    ck_assert_int_ge(crowd.got[AUTHP_OK], 1);
    ck_assert_int_eq(crowd.got[AUTHP_OK] + crowd.got[AUTHP_E_OTP_USED] +
                         crowd.got[AUTHP_E_INVALID_OTP],
                     THREADS);
    if (strcmp(old_code, last.code) != 0) {
        ck_assert_int_eq(enter(old_code, contract_pool()), AUTHP_E_INVALID_OTP);
        ck_assert_int_eq(attempts() < 5 ? enter(last.code, contract_pool()) : AUTHP_OK, AUTHP_OK);
    }
    ck_assert_int_ne(enter(old_code, contract_pool()), AUTHP_OK);
}
END_TEST

static authp_err_t send_here(int serial, apr_pool_t *pool)
{
    return send_to(PHONE, apr_psprintf(pool, "10.0.0.%d", serial), true, pool);
}

/* Of parallel requests for one number one is sent. */
START_TEST(sends_to_one_number)
{
    crowd_t crowd = {.ask = send_here, .each = 1};
    begin();
    run(&crowd);
    ck_assert_int_eq(crowd.got[AUTHP_OK], 1);
    ck_assert_int_eq(crowd.got[AUTHP_E_RATE_LIMITED], THREADS - 1);
    ck_assert_int_eq(last.sent, 1);
}
END_TEST

/* Each from another address and to another prefix. */
static authp_err_t send_around(int serial, apr_pool_t *pool)
{
    return send_to(apr_psprintf(pool, "+9198%03d12345", serial),
                   apr_psprintf(pool, "10.0.1.%d", serial), serial % 2 == 0, pool);
}

/* Parallel requests come neither above the budget nor above the half of strangers. */
START_TEST(sends_of_one_day)
{
    crowd_t crowd = {.ask = send_around, .each = 4};
    begin();
    settings->otp_budget_day = 40;
    run(&crowd);
    ck_assert_int_eq(crowd.got[AUTHP_OK], last.sent);
    ck_assert_int_eq(crowd.got[AUTHP_OK] + crowd.got[AUTHP_E_RATE_LIMITED], THREADS * 4);
    ck_assert_int_eq(crowd.got[AUTHP_OK], 40);
}
END_TEST

void contract_add_codes(TCase *tests)
{
    tcase_add_test(tests, right_answers);
    tcase_add_test(tests, a_thousand_guesses);
    tcase_add_test(tests, a_newer_code_in_between);
    tcase_add_test(tests, sends_to_one_number);
    tcase_add_test(tests, sends_of_one_day);
}
