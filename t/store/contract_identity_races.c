/* SPDX-License-Identifier: Apache-2.0 */
/* Races for one identity, one login code and one used token: exactly one thread succeeds. Each race
 * runs ten times on new rows. */
#include "base/clock.h"
#include "columns_fixture.h"
#include "contract.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define THREADS 8
#define ROUNDS 10
#define ISSUER "https://accounts.google.com"
#define PATIENCE_MS 20000 /* on a loaded machine the thread that gives up may come late */

typedef struct race_t {
    authp_err_t (*attempt)(struct race_t *race, int number, apr_pool_t *pool);
    authp_user_t users[THREADS]; /* one for each thread */
    authp_user_t holder;         /* of the identity `sub`, where the race needs one */
    authp_login_code_t code;
    const char *sub;
    int round;
    atomic_int next;
    atomic_int won;
    atomic_int lost; /* with AUTHP_E_CONFLICT or AUTHP_E_NOT_FOUND */
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

static void run(race_t *race)
{
    pthread_t threads[THREADS];
    ck_assert_int_eq(pthread_barrier_init(&race->start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, racer, race), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    pthread_barrier_destroy(&race->start);
}

static apr_array_header_t *only(const char *sub, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(list, authp_identity_t) =
        (authp_identity_t){.provider = "google", .issuer = ISSUER, .sub = sub, .linked_at = NOW};
    return list;
}

static const char *address(const race_t *race, int number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "r%d-%d@example.org", race->round, number);
}

/* Two callbacks for one new person whose address differs by provider, or is none. */
static authp_err_t create(race_t *race, int number, apr_pool_t *pool)
{
    authp_user_t user = contract_user(address(race, 100 + number, pool), pool);
    user.identities = only(race->sub, pool);
    return authp_store_user_create(contract_store(), &user, pool);
}

/* Each thread links the identity to an account of its own. */
static authp_err_t link_it(race_t *race, int number, apr_pool_t *pool)
{
    const authp_user_t *before = &race->users[number];
    authp_user_t after = *before;
    after.updated_at++;
    after.identities = only(race->sub, pool);
    return authp_store_user_update(contract_store(), before, &after, pool);
}

static authp_err_t create_or_link(race_t *race, int number, apr_pool_t *pool)
{
    return number % 2 == 0 ? create(race, number, pool) : link_it(race, number, pool);
}

static authp_err_t take_code(race_t *race, int number, apr_pool_t *pool)
{
    authp_login_code_t *code = NULL;
    (void)number;
    return authp_store_login_code_take(contract_store(), race->code.code_hash, race->code.challenge,
                                       NOW, &code, pool);
}

static authp_err_t use_token(race_t *race, int number, apr_pool_t *pool)
{
    return authp_store_used_token_add(contract_store(), race->sub, NOW + number, pool);
}

static authp_err_t (*const attempts[])(race_t *race, int number, apr_pool_t *pool) = {
    create, link_it, create_or_link, take_code, use_token};

static void prepare(race_t *race, int which, int round)
{
    apr_pool_t *pool = contract_pool();
    memset(race, 0, sizeof(*race));
    race->attempt = attempts[which];
    race->round = round;
    race->sub = apr_psprintf(pool, "%064d", round);
    for (int i = 0; i < THREADS; i++) {
        race->users[i] = contract_put_user(address(race, i, pool));
    }
    columns_fixture_fill(&authp_columns_login_code, &race->code, round, pool);
    race->code.used_at = 0;
    race->code.expires_at = NOW + 1;
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &race->code, pool), AUTHP_OK);
}

/* The accounts whose addresses begin as those of the round do, with or without an identity. */
static void count(const race_t *race, int *accounts, int *identities)
{
    apr_array_header_t *list = NULL;
    const authp_user_filter_t filter = {
        .email_prefix = apr_psprintf(contract_pool(), "r%d-", race->round), .limit = 200};
    ck_assert_int_eq(authp_store_user_list(contract_store(), &filter, &list, contract_pool()),
                     AUTHP_OK);
    *accounts = list->nelts;
    *identities = 0;
    for (int i = 0; i < list->nelts; i++) {
        const authp_user_t *user = APR_ARRAY_IDX(list, i, authp_user_t *);
        *identities += authp_identities_count(user->identities);
    }
}

START_TEST(one_wins_each_race)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        int accounts = 0;
        int identities = 0;
        prepare(&race, _i, round);
        run(&race);
        ck_assert_msg(race.won == 1 && race.lost == THREADS - 1, "race %d, round %d: %d, %d", _i,
                      round, race.won, race.lost);
        /* The losing threads left no account and no identity. */
        count(&race, &accounts, &identities);
        ck_assert_int_eq(identities, _i < 3);
        ck_assert_int_ge(accounts, THREADS);
        ck_assert_int_le(accounts, THREADS + 1);
    }
}
END_TEST

/* Thread 0 gives the identity up: it deletes the account, discards it, or unlinks the identity. The
 * other threads link it to their accounts until one has it. */
static authp_err_t give_up_or_take(race_t *race, int number, apr_pool_t *pool)
{
    const authp_user_t *holder = &race->holder;
    authp_user_t after = *holder;
    authp_err_t err = AUTHP_E_CONFLICT;
    after.updated_at++;
    after.identities = NULL;
    if (number == 0) {
        return race->round % 3 == 0 ? authp_store_user_delete(contract_store(), holder, NOW, pool)
               : race->round % 3 == 1
                   ? authp_store_user_discard(contract_store(), holder, pool)
                   : authp_store_user_update(contract_store(), holder, &after, pool);
    }
    authp_ms_t until = authp_clock_now(authp_clock_monotonic()) + PATIENCE_MS;
    while (err == AUTHP_E_CONFLICT && race->won < 2 &&
           authp_clock_now(authp_clock_monotonic()) < until) {
        err = link_it(race, number, pool);
        apr_sleep(1000); /* so that on a busy machine the one who gives up gets his turn */
    }
    return err;
}

START_TEST(a_freed_one_is_taken_once)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        authp_user_t *owner = NULL;
        int accounts = 0;
        int identities = 0;
        prepare(&race, 0, round);
        race.attempt = give_up_or_take;
        race.holder = contract_user("holder@example.org", contract_pool());
        race.holder.email = race.holder.id.hex;
        race.holder.identities = only(race.sub, contract_pool());
        ck_assert_int_eq(authp_store_user_create(contract_store(), &race.holder, contract_pool()),
                         AUTHP_OK);
        run(&race);
        ck_assert_msg(race.won == 2 && race.lost == THREADS - 2, "round %d: %d, %d", round,
                      race.won, race.lost);
        count(&race, &accounts, &identities);
        ck_assert_int_eq(identities, 1);
        ck_assert_int_eq(authp_store_user_by_identity(contract_store(), ISSUER, race.sub, &owner,
                                                      contract_pool()),
                         AUTHP_OK);
        ck_assert_str_ne(owner->id.hex, race.holder.id.hex);
    }
}
END_TEST

void contract_add_identity_races(TCase *tests)
{
    tcase_add_loop_test(tests, one_wins_each_race, 0,
                        (int)(sizeof(attempts) / sizeof(attempts[0])));
    tcase_add_test(tests, a_freed_one_is_taken_once);
}
