/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of the token cache: one that another thread is writing is neither read nor written, and a
 * token keeps the one it has. */
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

/* The other tests use the functions of the library. */
#define authp_token_cache_make tested_make
#define authp_token_cache_find tested_find
#define authp_token_cache_put tested_put
#include "service/realm/token_cache.c"

#include "fixed_rng.h"

static apr_pool_t *pool;
static authp_token_cache_t *cache;

static void open_with(size_t bytes)
{
    static fixed_rng_t rng;
    fixed_rng_init(&rng, 1);
    ck_assert_int_eq(tested_make(bytes, &rng.random, &cache, pool), AUTHP_OK);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    open_with(4096);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *token(int n)
{
    return apr_psprintf(pool, "header.payload.signature-of-token-number-%d", n);
}

static void put_with(int n, int64_t ver, int64_t now)
{
    const authp_token_hit_t hit = {.principal = {.user_id = "65f0c0ffee00000000000001",
                                                 .session_id = "65f0c0ffee00000000000002",
                                                 .ver = ver}};
    tested_put(cache, token(n), strlen(token(n)), &hit, now);
}

static void put(int n, int64_t now)
{
    put_with(n, n, now);
}

/* The `ver` of the remembered token; -1 if it is not found. */
static int64_t found(int n)
{
    authp_token_hit_t hit;
    return tested_find(cache, token(n), strlen(token(n)), &hit, pool) ? hit.principal.ver : -1;
}

/* Adds to the turn of each slot, as a thread does that begins or ends to write it. */
static void turn_all(void)
{
    for (size_t i = 0; i < (cache->mask + 1) * WAYS; i++) {
        atomic_fetch_add(&cache->slots[i].turn, 1);
    }
}

START_TEST(a_slot_that_is_written)
{
    const size_t slots = (cache->mask + 1) * WAYS;
    put(1, 100);
    ck_assert_int_eq(found(1), 1);
    turn_all();
    ck_assert_int_eq(found(1), -1);
    for (int n = 2; n < 40; n++) {
        put(n, 200);
        ck_assert_int_eq(found(n), -1);
    }
    for (size_t i = 0; i < slots; i++) {
        ck_assert_uint_eq(atomic_load(&cache->slots[i].turn) % 2, 1);
        ck_assert_int_ne(atomic_load(&cache->tags[i].written), 200);
    }
    turn_all();
    ck_assert_int_eq(found(1), 1);
    put(50, 300);
    ck_assert_int_eq(found(50), 50);
}
END_TEST

/* A token whose answer of the store is noted is put again. It stays in its slot, although the other
 * slot of the set was written earlier: the token there must not go for it. */
START_TEST(put_again)
{
    open_with(2 * sizeof(slot_t)); /* one set */
    put(1, 100);
    put(2, 101);
    put_with(2, 22, 102);
    ck_assert_int_eq(found(1), 1);
    ck_assert_int_eq(found(2), 22);
    put_with(1, 21, 102);
    ck_assert_int_eq(found(1), 21);
    ck_assert_int_eq(found(2), 22);
}
END_TEST

Suite *suite_token_cache_slot(void)
{
    Suite *suite = suite_create("token_cache_slot");
    TCase *tests = tcase_create("token_cache_slot");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_slot_that_is_written);
    tcase_add_test(tests, put_again);
    suite_add_tcase(suite, tests);
    return suite;
}
