/* SPDX-License-Identifier: Apache-2.0 */
/* The checks around bcrypt, the hashing threads and their bound, and key derivation. */
#include "base/random.h"
#include "crypto/digest.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/hasher.h"
#include "suite.h"
#include "support/hasher_look.h"

#include <apr_pools.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static apr_pool_t *pool;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* Published vectors of crypt_blowfish, one for each prefix. */
static const struct {
    const char *hash;
    const char *password;
} vectors[] = {
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
    {"$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
    {"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
};

START_TEST(other_writers_hashes)
{
    const char *password = vectors[_i].password;
    ck_assert(authp_bcrypt_verify(password, strlen(password), vectors[_i].hash));
    ck_assert(!authp_bcrypt_verify("U*V", 3, vectors[_i].hash));
}
END_TEST

static const char *const refused[] = {
    "",
    "x",
    "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe:",
    "{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=",
    "$apr1$abcdefgh$Vq0rZ4kR9VqF1Q3l1oXyM/",
    "rqXexS6ZhobKA",
};

START_TEST(other_formats_are_refused)
{
    ck_assert_int_eq(authp_bcrypt_cost(refused[_i]), 0);
    ck_assert(!authp_bcrypt_verify("U*U", 3, refused[_i]));
}
END_TEST

START_TEST(what_is_made_verifies)
{
    char hash[AUTHP_BCRYPT_HASH_LEN + 1];
    char longest[AUTHP_BCRYPT_MAX_BYTES + 2];
    memset(longest, 'x', sizeof(longest));
    ck_assert_int_eq(authp_bcrypt_hash(longest, 72, 4, authp_random_system(), hash), AUTHP_OK);
    ck_assert_int_eq(authp_bcrypt_cost(hash), 4);
    ck_assert(authp_bcrypt_verify(longest, 72, hash));
    ck_assert(!authp_bcrypt_verify(longest, 71, hash));
    ck_assert(!authp_bcrypt_verify(longest, 73, hash));
    ck_assert_int_eq(authp_bcrypt_hash(longest, 73, 4, authp_random_system(), hash),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_bcrypt_hash("a\0b", 3, 4, authp_random_system(), hash),
                     AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_bcrypt_hash("abc", 3, 3, authp_random_system(), hash),
                     AUTHP_E_MALFORMED);
    for (int cost = 4; cost <= AUTHP_BCRYPT_MAX_COST; cost++) {
        ck_assert_int_eq(authp_bcrypt_cost(authp_bcrypt_dummy(cost)), cost);
    }
    ck_assert(!authp_bcrypt_verify("", 0, authp_bcrypt_dummy(4)));
}
END_TEST

typedef struct crowd_t {
    authp_hasher_t *hasher;
    atomic_int done;
    atomic_int busy;
} crowd_t;

static void *one_of_many(void *data)
{
    crowd_t *crowd = data;
    char hash[AUTHP_SCHEME_HASH_LEN + 1];
    const authp_scheme_t scheme = {.rounds = 7};
    authp_err_t err =
        authp_hasher_hash(crowd->hasher, AUTHP_HASH_STRANGER, "password", 8, &scheme, hash);
    atomic_fetch_add(&crowd->done, err == AUTHP_OK);
    atomic_fetch_add(&crowd->busy, err == AUTHP_E_BUSY);
    return NULL;
}

START_TEST(the_bound_holds)
{
    authp_hasher_bound_t *bound = NULL;
    crowd_t crowd = {.hasher = NULL};
    pthread_t threads[32];
    int running = -1;
    int waiting = -1;
    ck_assert_int_eq(authp_hasher_bound_make(1, 2, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 0, &crowd.hasher, pool),
                     AUTHP_OK);
    for (int i = 0; i < 32; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, one_of_many, &crowd), 0);
    }
    for (int i = 0; i < 32; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_ge(crowd.done, 1);
    ck_assert_int_eq(crowd.done + crowd.busy, 32);
    ck_assert_int_ge(crowd.busy, 1);
    hasher_look(bound, &running, &waiting);
    ck_assert_int_eq(running, 0);
    ck_assert_int_eq(waiting, 0);
}
END_TEST

/* After a reload that lowers the number of places, places in use above that number still count. */
START_TEST(places_of_old_children_count)
{
    authp_hasher_bound_t *bound = NULL;
    int running = 0;
    int waiting = 0;
    ck_assert_int_eq(authp_hasher_bound_make(1, 20, &bound), AUTHP_OK);
    authp_hasher_bound_limit(bound, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_ge(authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER), 0);
    }
    authp_hasher_bound_limit(bound, 2);
    ck_assert_int_lt(authp_hasher_bound_admit(bound, AUTHP_HASH_STRANGER), 0);
    hasher_look(bound, &running, &waiting);
    ck_assert_int_eq(running, 0);
    ck_assert_int_eq(waiting, 4);
}
END_TEST

START_TEST(a_killed_child_gives_back)
{
    authp_hasher_bound_t *bound = NULL;
    authp_hasher_t *hasher = NULL;
    bool match = false;
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    pid_t child = fork();
    if (child == 0) {
        char hash[AUTHP_SCHEME_HASH_LEN + 1];
        const authp_scheme_t scheme = {.rounds = 16};
        if (authp_hasher_make(bound, authp_random_system(), 0, &hasher, pool) == AUTHP_OK) {
            (void)!authp_hasher_hash(hasher, AUTHP_HASH_STRANGER, "password", 8, &scheme, hash);
        }
        _exit(0);
    }
    int running = 0;
    int waiting = 0;
    for (int i = 0; i < 500 && running == 0; i++) {
        usleep(10000);
        hasher_look(bound, &running, &waiting);
    }
    ck_assert_int_eq(running, 1);
    ck_assert_int_eq(authp_hasher_bound_line(bound, AUTHP_HASH_STRANGER), 1);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    /* Nobody has taken its place since then, and it is not counted. */
    ck_assert_int_eq(authp_hasher_bound_line(bound, AUTHP_HASH_STRANGER), 0);
    hasher_look(bound, &running, &waiting);
    ck_assert_int_eq(running, 0);
    ck_assert_int_eq(authp_hasher_make(bound, authp_random_system(), 0, &hasher, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_hasher_verify(hasher, AUTHP_HASH_STRANGER, "U*U", 3, vectors[0].hash, &match),
        AUTHP_OK);
    ck_assert(match);
}
END_TEST

/* RFC 4231 test case 2. */
START_TEST(hmac_vector)
{
    static const unsigned char expected[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
                                             0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
                                             0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
                                             0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
    unsigned char made[AUTHP_SHA256_LEN];
    authp_bytes_t parts[] = {{"what do ya ", 11}, {"want for nothing?", 17}};
    ck_assert_int_eq(authp_digest_hmac("Jefe", 4, parts, 2, made), AUTHP_OK);
    ck_assert_mem_eq(made, expected, sizeof(expected));
}
END_TEST

START_TEST(labels_make_different_keys)
{
    unsigned char a[AUTHP_SHA256_LEN];
    unsigned char b[AUTHP_SHA256_LEN];
    ck_assert_int_eq(authp_digest_hkdf("key", 3, "one", a), AUTHP_OK);
    ck_assert_int_eq(authp_digest_hkdf("key", 3, "two", b), AUTHP_OK);
    ck_assert_mem_ne(a, b, sizeof(a));
    ck_assert_int_eq(authp_digest_hkdf("key", 3, "one", b), AUTHP_OK);
    ck_assert_mem_eq(a, b, sizeof(a));
}
END_TEST

Suite *suite_bcrypt(void)
{
    Suite *suite = suite_create("bcrypt");
    TCase *tests = tcase_create("bcrypt");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, other_writers_hashes, 0,
                        (int)(sizeof(vectors) / sizeof(vectors[0])));
    tcase_add_loop_test(tests, other_formats_are_refused, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_test(tests, what_is_made_verifies);
    tcase_add_test(tests, the_bound_holds);
    tcase_add_test(tests, places_of_old_children_count);
    tcase_add_test(tests, a_killed_child_gives_back);
    tcase_add_test(tests, hmac_vector);
    tcase_add_test(tests, labels_make_different_keys);
    suite_add_tcase(suite, tests);
    return suite;
}
