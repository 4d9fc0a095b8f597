/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads send, check and use codes of one number, and count under one key, at the same
 * moment. Each race runs several times on new rows, because a single one seldom shows a fault. */
#include "contract.h"
#include "store/model.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define WINDOW 60000
#define THREADS 32
#define ROUNDS 8
#define MOST 5

typedef struct race_t {
    authp_err_t (*attempt)(struct race_t *race, int number, apr_pool_t *pool);
    const char *text; /* a phone number or a key of this round */
    authp_otp_code_t code;
    authp_user_t users[THREADS];
    int64_t most;
    authp_ms_t now;
    atomic_int next;
    atomic_int won;
    atomic_int lost;
    atomic_int count_of[THREADS + 1]; /* how many were told of that count */
    pthread_barrier_t start;
} race_t;

static void *racer(void *data)
{
    race_t *race = data;
    apr_pool_t *own = NULL;
    apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    int number = atomic_fetch_add(&race->next, 1);
    (void)pthread_barrier_wait(&race->start);
    authp_err_t err = race->attempt(race, number, own);
    atomic_fetch_add(&race->won, err == AUTHP_OK);
    atomic_fetch_add(&race->lost, err == AUTHP_E_CONFLICT || err == AUTHP_E_NOT_FOUND);
    apr_pool_destroy(own);
    return NULL;
}

static void run(race_t *race, int won)
{
    pthread_t threads[THREADS];
    race->next = race->won = race->lost = 0;
    ck_assert_int_eq(pthread_barrier_init(&race->start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, racer, race), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&race->start);
    ck_assert_msg(race->won == won && race->lost == THREADS - won, "%s: %d won, %d lost, not %d",
                  race->text, race->won, race->lost, won);
}

static authp_otp_code_t code_of(const race_t *race, const char *hmac)
{
    authp_otp_code_t code = {.phone = race->text,
                             .purpose = "enter",
                             .code_hmac = hmac,
                             .created_at = NOW,
                             .expires_at = NOW + WINDOW};
    contract_next_id(&code.id);
    contract_next_id(&code.code_id);
    return code;
}

/* A round with a code of its own. */
static void prepare(race_t *race, int round)
{
    memset(race, 0, sizeof(*race));
    race->text = apr_psprintf(contract_pool(), "+91987654%04d", round);
    race->most = MOST;
    race->now = NOW;
    race->code = code_of(race, "old");
    ck_assert_int_eq(authp_store_otp_put(contract_store(), &race->code, contract_pool()), AUTHP_OK);
}

static authp_otp_code_t *get(const race_t *race)
{
    authp_otp_code_t *got = NULL;
    ck_assert_int_eq(authp_store_otp_of(contract_store(), race->text, &got, contract_pool()),
                     AUTHP_OK);
    return got;
}

static authp_err_t take_attempt(race_t *race, int number, apr_pool_t *pool)
{
    (void)number;
    return authp_store_otp_attempt(contract_store(), race->text, race->code.code_id.hex, race->most,
                                   NOW, pool);
}

static authp_err_t use(race_t *race, int number, apr_pool_t *pool)
{
    return authp_store_otp_use(contract_store(), race->text, race->code.code_id.hex, "old",
                               NOW + number, pool);
}

/* One thread's code, whose parts all say which thread it was. */
static authp_err_t put(race_t *race, int number, apr_pool_t *pool)
{
    authp_otp_code_t code = code_of(race, apr_psprintf(pool, "hmac-%d", number));
    code.bound_ip = number % 2 == 0 ? apr_psprintf(pool, "ip-%d", number) : NULL;
    code.provider = number % 2 == 0 ? NULL : apr_psprintf(pool, "provider-%d", number);
    code.created_at = NOW + number;
    return authp_store_otp_put(contract_store(), &code, pool);
}

static void check_whole(const authp_otp_code_t *got)
{
    int number = (int)(got->created_at - NOW);
    const bool even = number % 2 == 0;
    apr_pool_t *pool = contract_pool();
    ck_assert_str_eq(got->code_hmac, apr_psprintf(pool, "hmac-%d", number));
    ck_assert_str_eq(even ? got->bound_ip : got->provider,
                     apr_psprintf(pool, even ? "ip-%d" : "provider-%d", number));
    ck_assert_ptr_null(even ? got->provider : got->bound_ip);
}

/* 32 guesses get as many attempts as there are. */
START_TEST(attempts_are_bounded)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = take_attempt;
        run(&race, MOST);
        ck_assert_int_eq(get(&race)->attempts, MOST);
    }
}
END_TEST

static authp_err_t take_and_give(race_t *race, int number, apr_pool_t *pool)
{
    authp_err_t err = take_attempt(race, number, pool);
    return err == AUTHP_OK ? authp_store_otp_attempt_undo(contract_store(), race->text,
                                                          race->code.code_id.hex, pool)
                           : AUTHP_OK;
}

START_TEST(attempts_given_back_are_all_there)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = take_and_give;
        run(&race, THREADS);
        ck_assert_int_eq(get(&race)->attempts, 0);
    }
}
END_TEST

/* 32 right answers use the code once. */
START_TEST(one_use)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = use;
        run(&race, 1);
        ck_assert_int_ne(get(&race)->used_at, 0);
    }
}
END_TEST

/* 32 sends leave one whole row. The first round of each inserts it. */
START_TEST(one_row_after_many_sends)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        int removed = 0;
        const authp_purge_t all = {.codes_before = NOW + WINDOW + 1, .batch = 100};
        prepare(&race, round);
        if (round % 2 == 0) {
            ck_assert_int_eq(authp_store_purge(contract_store(), &all, &removed, contract_pool()),
                             AUTHP_OK);
            ck_assert_int_eq(removed, 1);
        }
        race.attempt = put;
        run(&race, THREADS);
        check_whole(get(&race));
        ck_assert_int_eq(authp_store_purge(contract_store(), &all, &removed, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_eq(removed, 1);
    }
}
END_TEST

/* One thread sends a new code while the others use the old one. */
static authp_err_t put_or_use(race_t *race, int number, apr_pool_t *pool)
{
    authp_err_t err = number == THREADS / 2 ? put(race, number, pool) : use(race, number, pool);
    if (number == THREADS / 2) {
        return err == AUTHP_OK ? AUTHP_E_CONFLICT : AUTHP_E_INTERNAL; /* only uses are counted */
    }
    atomic_fetch_add(&race->count_of[0], err == AUTHP_OK);
    return err == AUTHP_OK ? AUTHP_E_CONFLICT : err;
}

START_TEST(a_newer_code_in_between)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = put_or_use;
        run(&race, 0);
        ck_assert_int_le(race.count_of[0], 1);
        const authp_otp_code_t *got = get(&race);
        check_whole(got);
        ck_assert_int_eq(got->used_at, 0);
        ck_assert_int_eq(got->attempts, 0);
    }
}
END_TEST

static authp_err_t take(race_t *race, int number, apr_pool_t *pool)
{
    authp_tallied_t out = {.count = 0};
    const authp_tally_t tally = {
        .key = race->text, .most = race->most, .window_ms = WINDOW, .now = race->now};
    (void)number;
    authp_err_t err = authp_store_tally_take(contract_store(), &tally, &out, pool);
    bool fits = out.count >= 0 && out.count <= race->most && out.until == race->now + WINDOW;
    if (!fits) {
        return AUTHP_E_INTERNAL;
    }
    if (err == AUTHP_OK) {
        atomic_fetch_add(&race->count_of[out.count], 1);
    }
    return err;
}

static int64_t tallied(const race_t *race)
{
    authp_tallied_t out = {.count = -1};
    ck_assert_int_eq(
        authp_store_tally_get(contract_store(), race->text, race->now, &out, contract_pool()),
        AUTHP_OK);
    return out.count;
}

/* First without a row, then after its window. Each place is given to one thread. The test server of
 * MongoDB answers with the row as it is a moment later, so the threads may see greater counts. */
START_TEST(tallies_are_exact)
{
    static const int mosts[] = {1, MOST, THREADS - 1, THREADS};
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = take;
        race.most = mosts[_i];
        for (int window = 0; window < 2; window++) {
            race.now = NOW + window * WINDOW;
            memset(race.count_of, 0, sizeof(race.count_of));
            run(&race, mosts[_i]);
            ck_assert_int_eq(tallied(&race), mosts[_i]);
            const bool told = strcmp(contract_store()->ops->name, "mongodb") != 0;
            for (int count = 1; told && count <= mosts[_i]; count++) {
                ck_assert_int_eq(race.count_of[count], 1);
            }
        }
    }
}
END_TEST

static authp_err_t take_and_give_tally(race_t *race, int number, apr_pool_t *pool)
{
    authp_err_t err = take(race, number, pool);
    if (err == AUTHP_OK) {
        err = authp_store_tally_give(contract_store(), race->text, race->now, pool);
    }
    return err == AUTHP_E_CONFLICT ? AUTHP_OK : err;
}

START_TEST(tallies_given_back_are_all_there)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = take_and_give_tally;
        run(&race, THREADS);
        ck_assert_int_eq(tallied(&race), 0);
    }
}
END_TEST

static authp_err_t put_pending(race_t *race, int number, apr_pool_t *pool)
{
    authp_pending_admin_t admin = {.email = apr_psprintf(pool, "a%d@example.org", number),
                                   .phone = race->text,
                                   .password_hash = apr_psprintf(pool, "hash-%d", number),
                                   .created_at = NOW + number,
                                   .expires_at = NOW + WINDOW};
    contract_next_id(&admin.id);
    return authp_store_pending_admin_put(contract_store(), &admin, pool);
}

static authp_err_t take_pending(race_t *race, int number, apr_pool_t *pool)
{
    authp_pending_admin_t *got = NULL;
    (void)number;
    authp_err_t err = authp_store_pending_admin_take(contract_store(), race->text, NOW, &got, pool);
    bool whole = err != AUTHP_OK ||
                 strcmp(got->email,
                        apr_psprintf(pool, "a%d@example.org", (int)(got->created_at - NOW))) == 0;
    return whole ? err : AUTHP_E_INTERNAL;
}

START_TEST(a_request_is_completed_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = put_pending;
        run(&race, THREADS);
        race.attempt = take_pending;
        run(&race, 1);
        run(&race, 0);
    }
}
END_TEST

/* Each thread has an account of its own, and gives it the same number. */
static authp_err_t take_phone(race_t *race, int number, apr_pool_t *pool)
{
    const authp_user_t *before = &race->users[number];
    authp_user_t after = *before;
    after.phone = race->text;
    after.updated_at++;
    return authp_store_user_update(contract_store(), before, &after, pool);
}

static authp_err_t register_phone(race_t *race, int number, apr_pool_t *pool)
{
    authp_user_t user = contract_user(NULL, pool);
    (void)number;
    user.phone = race->text;
    return authp_store_user_create(contract_store(), &user, pool);
}

START_TEST(one_owner_of_a_number)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, round);
        race.attempt = register_phone;
        if (_i != 0) {
            race.attempt = take_phone;
            for (int i = 0; i < THREADS; i++) {
                race.users[i] = contract_user(NULL, contract_pool());
                ck_assert_int_eq(
                    authp_store_user_create(contract_store(), &race.users[i], contract_pool()),
                    AUTHP_OK);
            }
        }
        run(&race, 1);
    }
}
END_TEST

void contract_add_phone_races(TCase *tests)
{
    tcase_add_test(tests, attempts_are_bounded);
    tcase_add_test(tests, attempts_given_back_are_all_there);
    tcase_add_test(tests, one_use);
    tcase_add_test(tests, one_row_after_many_sends);
    tcase_add_test(tests, a_newer_code_in_between);
    tcase_add_loop_test(tests, tallies_are_exact, 0, 4);
    tcase_add_test(tests, tallies_given_back_are_all_there);
    tcase_add_test(tests, a_request_is_completed_once);
    tcase_add_loop_test(tests, one_owner_of_a_number, 0, 2);
}
