/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads claim a mail, mark it as sent, use its link or insert its token at the same moment.
 * Each race runs several times on new rows, because a single one seldom shows a fault. */
#include "contract.h"
#include "store/model.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>

#define NOW CONTRACT_NOW
#define DAY_MS 86400000
#define THREADS 32
#define ROUNDS 8

static authp_store_t *store(void)
{
    return contract_store();
}

static authp_mail_row_t put(authp_ms_t due_at)
{
    authp_mail_row_t mail = {.kind = "verify_email",
                             .sealed = "sealed",
                             .due_at = due_at,
                             .created_at = NOW,
                             .give_up_at = NOW + DAY_MS,
                             .expires_at = NOW + DAY_MS,
                             .link_until = NOW + DAY_MS};
    contract_next_id(&mail.id);
    mail.token_hash = apr_pstrcat(contract_pool(), "hash-", mail.id.hex, NULL);
    ck_assert_int_eq(authp_store_outbox_add(contract_store(), &mail, contract_pool()), AUTHP_OK);
    return mail;
}

typedef struct race_t {
    authp_err_t (*attempt)(const struct race_t *race, int number, apr_pool_t *pool);
    authp_mail_row_t mail;
    atomic_int next;
    atomic_int won;
    atomic_int lost;
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
    atomic_fetch_add(&race->lost, err == AUTHP_E_CONFLICT);
    apr_pool_destroy(own);
    return NULL;
}

static authp_err_t race_claim(const race_t *race, int number, apr_pool_t *p)
{
    return authp_store_outbox_claim(store(), race->mail.id.hex, NOW, NOW + 60 + number, p);
}

static authp_err_t race_sent(const race_t *race, int number, apr_pool_t *p)
{
    return authp_store_outbox_sent(store(), race->mail.id.hex, NOW, NOW + number, p);
}

static authp_err_t race_use(const race_t *race, int number, apr_pool_t *p)
{
    return authp_store_outbox_use(store(), race->mail.id.hex, NOW + number, p);
}

static authp_err_t race_add(const race_t *race, int number, apr_pool_t *p)
{
    authp_mail_row_t twin = race->mail;
    (void)number;
    contract_next_id(&twin.id);
    twin.token_hash = apr_pstrcat(p, race->mail.token_hash, "-twin", NULL);
    return authp_store_outbox_add(store(), &twin, p);
}

/* Of 32 threads that claim a mail, mark it as sent, use its link or insert its token, one wins. */
START_TEST(one_wins)
{
    static authp_err_t (*const attempts[])(const race_t *, int, apr_pool_t *) = {
        race_claim, race_sent, race_use, race_add};
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        race_t race = {.attempt = attempts[_i], .mail = put(NOW)};
        ck_assert_int_eq(pthread_barrier_init(&race.start, NULL, THREADS), 0);
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_create(&threads[i], NULL, racer, &race), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], NULL);
        }
        pthread_barrier_destroy(&race.start);
        ck_assert_int_eq(race.won, 1);
        ck_assert_int_eq(race.lost, THREADS - 1);
    }
}
END_TEST

void contract_add_mail_races(TCase *tests)
{
    tcase_add_loop_test(tests, one_wins, 0, 4);
}
