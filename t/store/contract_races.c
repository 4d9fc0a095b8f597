/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads make the same change at the same moment, and exactly one may succeed. A single race
 * seldom shows a store that lets several succeed, so each race runs ten times on new rows. */
#include "contract.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define THREADS 32
#define ROUNDS 10

/* The operation that all threads of a race try. */
typedef struct race_t {
    authp_err_t (*attempt)(struct race_t *race, int number, apr_pool_t *pool);
    authp_err_t lost_by; /* the error that the losing threads get */
    authp_user_t user;
    authp_session_t session;
    authp_invite_t invite;
    const char *text;
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
    atomic_fetch_add(&race->lost, err == race->lost_by);
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

static authp_err_t rotate(race_t *race, int number, apr_pool_t *pool)
{
    return authp_store_session_rotate(contract_store(), race->session.id.hex, 0, NOW + number,
                                      NOW + 900, pool);
}

static authp_err_t end_one(race_t *race, int number, apr_pool_t *pool)
{
    return authp_store_session_end(contract_store(), race->session.id.hex,
                                   number % 2 ? "logout" : "admin", NOW + 1 + number, pool);
}

static authp_err_t take_address(race_t *race, int number, apr_pool_t *pool)
{
    (void)number;
    authp_user_t user = contract_user(race->text, pool);
    return authp_store_user_create(contract_store(), &user, pool);
}

static authp_user_t changed(const authp_user_t *before, int number)
{
    authp_user_t after = *before;
    after.ver++;
    after.updated_at = before->updated_at + 1 + number;
    after.auth_changed_at = NOW;
    return after;
}

static authp_err_t update(race_t *race, int number, apr_pool_t *pool)
{
    authp_user_t after = changed(&race->user, number);
    after.name = apr_psprintf(pool, "winner %d", number);
    return authp_store_user_update(contract_store(), &race->user, &after, pool);
}

static authp_err_t upgrade(race_t *race, int number, apr_pool_t *pool)
{
    const char *hash = apr_psprintf(pool, "$2y$05$number%d", number);
    return authp_store_user_upgrade_hash(contract_store(), &race->user, hash, NOW + 1 + number,
                                         pool);
}

static authp_err_t delete_it(race_t *race, int number, apr_pool_t *pool)
{
    return authp_store_user_delete(contract_store(), &race->user, NOW + number, pool);
}

/* One thread deletes the account, one updates it, and one discards its registration. */
static authp_err_t change_in_some_way(race_t *race, int number, apr_pool_t *pool)
{
    if (number % 3 == 0) {
        return delete_it(race, number, pool);
    }
    return number % 3 == 1 ? update(race, number, pool)
                           : authp_store_user_discard(contract_store(), &race->user, pool);
}

static authp_err_t claim(race_t *race, int number, apr_pool_t *pool)
{
    (void)number;
    authp_id_t id;
    contract_next_id(&id);
    return authp_store_invite_claim(contract_store(), race->invite.id.hex, id.hex, 1, NOW + 1,
                                    pool);
}

static authp_err_t claim_or_revoke(race_t *race, int number, apr_pool_t *pool)
{
    if (number % 2 == 0) {
        return claim(race, number, pool);
    }
    authp_err_t err =
        authp_store_invite_revoke(contract_store(), race->invite.id.hex, NOW + 1, pool);
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_CONFLICT : err;
}

static authp_err_t make_the_same_invite(race_t *race, int number, apr_pool_t *pool)
{
    (void)number;
    authp_invite_t invite = race->invite;
    contract_next_id(&invite.id);
    invite.code_hash = race->text;
    return authp_store_invite_create(contract_store(), &invite, pool);
}

static const struct {
    const char *name;
    authp_err_t (*attempt)(race_t *race, int number, apr_pool_t *pool);
    authp_err_t lost_by;
} races[] = {
    {"rotations", rotate, AUTHP_E_CONFLICT},
    {"ends", end_one, AUTHP_E_NOT_FOUND},
    {"addresses", take_address, AUTHP_E_CONFLICT},
    {"updates", update, AUTHP_E_CONFLICT},
    {"hash upgrades", upgrade, AUTHP_E_CONFLICT},
    {"deletions", delete_it, AUTHP_E_CONFLICT},
    {"changes of every kind", change_in_some_way, AUTHP_E_CONFLICT},
    {"claims", claim, AUTHP_E_CONFLICT},
    {"claims and withdrawals", claim_or_revoke, AUTHP_E_CONFLICT},
    {"codes", make_the_same_invite, AUTHP_E_CONFLICT},
};

/* Makes new rows for one round. */
static void prepare(race_t *race, int which, int round)
{
    apr_pool_t *pool = contract_pool();
    *race = (race_t){.attempt = races[which].attempt, .lost_by = races[which].lost_by};
    race->text = apr_psprintf(pool, "%060d%04d", which, round);
    race->user = contract_put_user(apr_psprintf(pool, "r%d-%d@example.org", which, round));
    race->session = contract_put_session(&race->user);
    race->invite = (authp_invite_t){.email = "grace@example.org",
                                    .code_hash = apr_psprintf(pool, "%064d", 1 + round),
                                    .created_at = NOW,
                                    .expires_at = NOW + 1000,
                                    .created_by = "6b0000000000000000000001"};
    contract_next_id(&race->invite.id);
    ck_assert_int_eq(authp_store_invite_create(contract_store(), &race->invite, pool), AUTHP_OK);
}

START_TEST(one_wins_each_race)
{
    for (int round = 0; round < ROUNDS; round++) {
        race_t race;
        prepare(&race, _i, round);
        run(&race);
        ck_assert_msg(race.won == 1 && race.lost == THREADS - 1, "%s, round %d: %d won, %d lost",
                      races[_i].name, round, race.won, race.lost);
    }
}
END_TEST

/* The row that is left must be the one that the winning thread wrote. */
START_TEST(what_is_left)
{
    apr_pool_t *pool = contract_pool();
    for (int round = 0; round < ROUNDS; round++) {
        authp_user_t *user = NULL;
        authp_session_t *session = NULL;
        race_t race;
        prepare(&race, 3, round);
        run(&race);
        ck_assert_int_eq(authp_store_user_by_id(contract_store(), race.user.id.hex, &user, pool),
                         AUTHP_OK);
        ck_assert_int_eq(user->ver, race.user.ver + 1);
        ck_assert_str_eq(
            user->name,
            apr_psprintf(pool, "winner %d", (int)(user->updated_at - race.user.updated_at - 1)));
        race.attempt = rotate;
        race.next = race.won = race.lost = 0;
        run(&race);
        ck_assert_int_eq(
            authp_store_session_by_id(contract_store(), race.session.id.hex, &session, pool),
            AUTHP_OK);
        ck_assert_int_eq(session->generation, 1);
        ck_assert_int_eq(session->rotated_at, session->last_used_at);
    }
}
END_TEST

void contract_add_races(TCase *tests)
{
    tcase_add_loop_test(tests, one_wins_each_race, 0, (int)(sizeof(races) / sizeof(races[0])));
    tcase_add_test(tests, what_is_left);
}
