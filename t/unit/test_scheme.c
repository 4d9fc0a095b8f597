/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes that are made, and the threads that verify hashes of any form. */
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"
#include "crypto/password/hasher.h"
#include "crypto/password/scheme.h"
#include "suite.h"

#include <string.h>
#include <time.h>

static apr_pool_t *pool;
static authp_hasher_bound_t *bound;
static authp_hasher_t *hasher;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(authp_hasher_bound_make(1, 4, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 0, &hasher, pool), AUTHP_OK);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const authp_scheme_t bcrypt = {.rounds = 5};
static const authp_scheme_t argon2id = {.argon2id = true, .rounds = 5};

#define BCRYPT_TAIL "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
#define ARGON2_TAIL "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *hash;
    bool bcrypt;
    bool argon2id;
} held[] = {
    {"$2y$05$" BCRYPT_TAIL, true, false},
    {"$2b$06$" BCRYPT_TAIL, true, false},
    {"$2a$04$" BCRYPT_TAIL, false, false},
    {"$argon2id$v=19$m=19456,t=2,p=1$" ARGON2_TAIL, false, true},
    {"$argon2id$v=19$m=19455,t=2,p=1$" ARGON2_TAIL, false, false},
    {"$argon2id$v=19$m=65536,t=2,p=1$" ARGON2_TAIL, false, false},
    {"$argon2id$v=19$m=19456,t=3,p=1$" ARGON2_TAIL, false, false},
    {"$argon2id$v=19$m=19456,t=2,p=2$" ARGON2_TAIL, false, false},
    {"$argon2i$v=19$m=19456,t=2,p=1$" ARGON2_TAIL, false, false},
    {"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     false, false},
    {"$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", false, false},
    {"$sha256$$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", false, false},
    {"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", false, false},
};

START_TEST(which_hashes_stay)
{
    ck_assert_int_eq(authp_scheme_holds(&bcrypt, held[_i].hash), held[_i].bcrypt);
    ck_assert_int_eq(authp_scheme_holds(&argon2id, held[_i].hash), held[_i].argon2id);
}
END_TEST

START_TEST(what_a_scheme_makes)
{
    const authp_scheme_t *const both[] = {&bcrypt, &argon2id};
    static const char longer[AUTHP_FOREIGN_PASSWORD_MOST + 1] = {'x'};
    for (size_t i = 0; i < 2; i++) {
        char hash[AUTHP_SCHEME_HASH_LEN + 1];
        bool match = false;
        ck_assert_int_eq(authp_hasher_hash(hasher, AUTHP_HASH_KNOWN, "password", 8, both[i], hash),
                         AUTHP_OK);
        ck_assert(authp_scheme_holds(both[i], hash));
        ck_assert(!authp_scheme_holds(both[1 - i], hash));
        ck_assert_int_eq(authp_hasher_verify(hasher, AUTHP_HASH_KNOWN, "password", 8, hash, &match),
                         AUTHP_OK);
        ck_assert(match);
        ck_assert_int_eq(authp_hasher_verify(hasher, AUTHP_HASH_KNOWN, "passwore", 8, hash, &match),
                         AUTHP_OK);
        ck_assert(!match);
        ck_assert_int_eq(
            authp_hasher_hash(hasher, AUTHP_HASH_KNOWN, "pass\0word", 9, both[i], hash),
            AUTHP_E_MALFORMED);
        ck_assert_int_eq(
            authp_hasher_hash(hasher, AUTHP_HASH_KNOWN, longer, sizeof(longer), both[i], hash),
            AUTHP_E_MALFORMED);
        ck_assert(authp_scheme_holds(both[i], authp_scheme_dummy(both[i])));
        ck_assert_int_eq(authp_hasher_verify(hasher, AUTHP_HASH_KNOWN, "", 0,
                                             authp_scheme_dummy(both[i]), &match),
                         AUTHP_OK);
        ck_assert(!match);
    }
}
END_TEST

/* A password of 1,024 bytes reaches the hash whole. One byte more makes it wrong. */
START_TEST(long_passwords)
{
    char password[AUTHP_FOREIGN_PASSWORD_MOST + 1];
    static const char sha[] =
        "$sha256$$49abd65bbf7f7e40c7055093ed2e3fd75f2f602f2c5fcf955c213e3135eb03f7";
    memset(password, 'x', sizeof(password));
    for (size_t len = 1023; len <= 1025; len++) {
        bool match = len != 1024;
        ck_assert_int_eq(authp_hasher_verify(hasher, AUTHP_HASH_KNOWN, password, len, sha, &match),
                         AUTHP_OK);
        ck_assert_int_eq(match, len == 1024);
    }
}
END_TEST

static int64_t cpu_us(void)
{
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t cost_of_spending(int64_t spent_us)
{
    int64_t began = cpu_us();
    ck_assert_int_eq(authp_hasher_spend(hasher, AUTHP_HASH_KNOWN, spent_us), AUTHP_OK);
    return cpu_us() - began;
}

START_TEST(the_rest_of_the_time_is_spent)
{
    ck_assert_int_lt(cost_of_spending(0), 5000); /* it is not known how much */
    authp_hasher_bound_assume(bound, 100000);
    ck_assert_int_ge(cost_of_spending(0),
                     95000); /* to half a hash of 1 ms, or more with sanitizers */
    int64_t rest = cost_of_spending(80000);
    ck_assert_int_ge(rest, 15000);
    ck_assert_int_lt(rest, 60000);
    ck_assert_int_lt(cost_of_spending(100000), 5000);
    ck_assert_int_lt(cost_of_spending(500000), 5000);
}
END_TEST

START_TEST(the_time_of_a_verification)
{
    authp_hash_verdict_t quick = {.match = true};
    authp_hash_verdict_t slow = {.match = true};
    ck_assert_int_eq(authp_hasher_verify_timed(hasher, AUTHP_HASH_KNOWN, "x", 1,
                                               "$sha256$$" BCRYPT_TAIL, &quick),
                     AUTHP_OK);
    ck_assert_int_eq(
        authp_hasher_verify_timed(hasher, AUTHP_HASH_KNOWN, "x", 1, authp_bcrypt_dummy(8), &slow),
        AUTHP_OK);
    ck_assert(!quick.match && !slow.match);
    ck_assert_int_lt(quick.spent_us, 2000);
    ck_assert_int_ge(slow.spent_us, 2000);
    /* The measure at the start of a server is about the time of one hash. */
    int measured = authp_hasher_bound_probe(&argon2id);
    ck_assert_int_eq(
        authp_hasher_verify_timed(hasher, AUTHP_HASH_KNOWN, "x", 1, authp_argon2id_dummy(), &slow),
        AUTHP_OK);
    ck_assert_int_ge(measured, 2000);
    ck_assert_int_le(measured, 2 * slow.spent_us);
    ck_assert_int_ge(4 * (int64_t)measured, slow.spent_us);
}
END_TEST

START_TEST(all_slots)
{
    ck_assert_int_eq(authp_hasher_bound_all_slots(1), 2);
    ck_assert_int_eq(authp_hasher_bound_all_slots(8), 10);
    ck_assert_int_eq(authp_hasher_bound_all_slots(1000), 80);
    ck_assert_int_eq(authp_hasher_bound_all_slots(1),
                     authp_hasher_bound_slots(bound, AUTHP_HASH_KNOWN));
}
END_TEST

Suite *suite_scheme(void)
{
    Suite *suite = suite_create("scheme");
    TCase *tests = tcase_create("scheme");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, which_hashes_stay, 0, (int)(sizeof(held) / sizeof(held[0])));
    tcase_add_test(tests, what_a_scheme_makes);
    tcase_add_test(tests, long_passwords);
    tcase_add_test(tests, the_rest_of_the_time_is_spent);
    tcase_add_test(tests, the_time_of_a_verification);
    tcase_add_test(tests, all_slots);
    suite_add_tcase(suite, tests);
    return suite;
}
