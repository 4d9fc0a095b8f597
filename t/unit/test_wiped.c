/* SPDX-License-Identifier: Apache-2.0 */
/* Which memory is wiped: every copy of a body, of the .env file and of a secret that is not needed
 * any more. Also which memory is left out of core dumps. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/envfile.h"
#include "base/json.h"
#include "base/pages.h"
#include "base/secret.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"
#include "crypto/password/hasher.h"
#include "forge.h"
#include "service/password/password_rules.h"
#include "suite.h"
#include "vault_fixture.h"
#include "wiped.h"

#define SECRET WIPED_SECRET
#define SIZE (1024 * 1024)

static apr_pool_t *pool;
static const char *watched = SECRET;
static atomic_int wiped; /* how many places that held `watched` are zero now */
static char sizes[4096]; /* guarded by `mutex` */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char wiped_token[2048];

static void note_size(size_t len)
{
    pthread_mutex_lock(&mutex);
    const size_t at = strlen(sizes);
    if (at < sizeof(sizes)) {
        (void)snprintf(sizes + at, sizeof(sizes) - at, "%zu ", len);
    }
    pthread_mutex_unlock(&mutex);
}

/* Replaces the C library's function in the test program. */
void explicit_bzero(void *at, size_t len)
{
    void *volatile hidden = at; /* hides the read from the compiler */
    const void *before = hidden;
    volatile unsigned char *bytes = at;
    wiped += len >= strlen(watched) && memmem(before, len, watched, strlen(watched)) != NULL;
    note_size(len);
    if (len > 100 && len < sizeof(wiped_token) && memcmp(before, "eyJ", 3) == 0) {
        memcpy(wiped_token, before, len);
        wiped_token[len] = '\0';
    }
    for (size_t i = 0; i < len; i++) {
        bytes[i] = 0;
    }
}

int wiped_count(void)
{
    return atomic_exchange(&wiped, 0);
}

void wiped_watch(const char *text)
{
    watched = text != NULL ? text : SECRET;
    wiped = 0;
}

const char *wiped_sizes(void)
{
    static char taken[sizeof(sizes)];
    pthread_mutex_lock(&mutex);
    memcpy(taken, sizes, sizeof(sizes));
    sizes[0] = '\0';
    pthread_mutex_unlock(&mutex);
    return taken;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    wiped = 0;
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Bodies that are accepted, that the parser refuses, and that are refused before the parser
 * runs. */
static const struct {
    const char *text;
    bool fine;
} bodies[] = {
    {"{\"password\": \"" SECRET "\"}", true},
    {"{\"password\": \"" SECRET "\", \"password\": 1}", false},
    {"{\"password\": \"" SECRET "\"", false},
    {"{\"password\": \"" SECRET
     "\", \"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
     false},
};

START_TEST(bodies_are_wiped)
{
    json_t *value = NULL;
    const char *text = bodies[_i].text;
    authp_err_t err = authp_json_parse(text, strlen(text), &value, pool);
    ck_assert_int_eq(err == AUTHP_OK, bodies[_i].fine);
    ck_assert_int_eq(wiped, 1);
}
END_TEST

/* The copy of a token is zeroed before it is given back to free(). */
START_TEST(the_copy_of_a_token_is_wiped)
{
    forge_t forge;
    forge_open(&forge);
    ck_assert_str_eq(wiped_token, forge.token);
    forge_close(&forge);
}
END_TEST

static const char *const env_files[] = {"A='" SECRET "'\n", "A='" SECRET "'\nthis is wrong\n"};

START_TEST(the_env_file_is_wiped)
{
    char path[] = "/tmp/authp-wiped-XXXXXX";
    apr_table_t *table = NULL;
    const char *error = NULL;
    int fd = mkstemp(path);
    size_t len = strlen(env_files[_i]);
    ck_assert_int_eq(write(fd, env_files[_i], len), (ssize_t)len);
    close(fd);
    authp_err_t err = authp_envfile_read(path, &table, &error, pool);
    ck_assert_int_eq(err, _i == 0 ? AUTHP_OK : AUTHP_E_MALFORMED);
    ck_assert_int_eq(wiped, 1);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(secrets_are_wiped_with_their_pool)
{
    apr_pool_t *brief = NULL;
    apr_pool_create(&brief, pool);
    (void)authp_secret_make(SECRET, strlen(SECRET), brief);
    ck_assert_int_eq(wiped, 0);
    apr_pool_clear(brief);
    ck_assert_int_eq(wiped, 1);
}
END_TEST

/* The copy that bcrypt works on is wiped, and so is the copy in the waiting line. */
START_TEST(passwords_are_wiped_after_the_hash)
{
    char hash[AUTHP_SCHEME_HASH_LEN + 1];
    const authp_scheme_t scheme = {.rounds = 4};
    bool match = false;
    authp_hasher_bound_t *bound = NULL;
    authp_hasher_t *hasher = NULL;
    const authp_random_t *random = authp_random_system();
    ck_assert_int_eq(authp_bcrypt_hash(SECRET, strlen(SECRET), 4, random, hash), AUTHP_OK);
    ck_assert_int_eq(wiped, 1);
    ck_assert(authp_bcrypt_verify(SECRET, strlen(SECRET), hash));
    ck_assert_int_eq(wiped, 2);
    ck_assert_int_eq(authp_hasher_bound_make(1, 1, &bound), AUTHP_OK);
    ck_assert_int_eq(authp_hasher_make(bound, random, 0, &hasher, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_hasher_hash(hasher, AUTHP_HASH_KNOWN, SECRET, strlen(SECRET), &scheme, hash),
        AUTHP_OK);
    ck_assert_int_eq(wiped, 4);
    ck_assert_int_eq(
        authp_hasher_verify(hasher, AUTHP_HASH_KNOWN, SECRET, strlen(SECRET), hash, &match),
        AUTHP_OK);
    ck_assert(match);
    ck_assert_int_eq(wiped, 6);
}
END_TEST

/* The copies that are made to verify other systems' hashes are wiped. */
START_TEST(passwords_are_wiped_after_other_hashes)
{
    static const char *const rows[] = {
        "$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
        "$sha256$o=ps$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"};
    bool match = false;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_foreign_verify(SECRET, strlen(SECRET), rows[i], &match), AUTHP_OK);
        ck_assert_int_eq(wiped, i + 1);
    }
}
END_TEST

/* The search in a list of refused passwords works on a copy of the password. */
START_TEST(passwords_are_wiped_after_the_search)
{
    const authp_refused_t *refused = authp_password_rules_parse("x\n", 2, pool);
    ck_assert(!authp_password_rules_common(SECRET, strlen(SECRET)));
    ck_assert_int_eq(wiped, 1);
    ck_assert(!authp_password_rules_refused(refused, SECRET, strlen(SECRET)));
    ck_assert_int_eq(wiped, 2);
}
END_TEST

/* Returns the kernel's flags of the mapping at `at`: " rd wr ...", or NULL if nothing is mapped
 * there. */
static const char *flags_of(const void *at)
{
    char line[1024];
    bool here = false;
    const char *flags = NULL;
    FILE *maps = fopen("/proc/self/smaps", "re");
    ck_assert_ptr_nonnull(maps);
    while (flags == NULL && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from = 0;
        unsigned long to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            here = (unsigned long)at >= from && (unsigned long)at < to;
        } else if (here && strncmp(line, "VmFlags:", 8) == 0) {
            flags = apr_pstrdup(pool, line + 8);
        }
    }
    (void)fclose(maps);
    return flags;
}

/* These pages hold passwords of requests that wait for a hash. */
START_TEST(pages_are_not_dumped)
{
    apr_pool_t *brief = NULL;
    void *memory = NULL;
    apr_pool_create(&brief, pool);
    ck_assert_int_eq(authp_pages_make(SIZE, &memory, brief), AUTHP_OK);
    const char *flags = flags_of(memory);
    ck_assert_ptr_nonnull(flags);
    ck_assert_msg(strstr(flags, " dd") != NULL, "in core dumps:%s", flags);
    ck_assert_msg(strstr(flags, " nr") != NULL, "reserved:%s", flags);
    ck_assert_msg(strstr(flags, " sh") == NULL, "shared with children:%s", flags);
    memset(memory, 1, SIZE);
    apr_pool_destroy(brief);
    ck_assert_int_eq(msync(memory, SIZE, MS_ASYNC), -1); /* nothing is mapped there any more */
}
END_TEST

/* A key of 32 bytes that holds SECRET, from a random source. */
static void fill(void *ctx, unsigned char *out, size_t len)
{
    authp_random_fill(authp_random_system(), out, len);
    if (len == 32) {
        memcpy(out, SECRET, strlen(SECRET));
    }
    (void)ctx;
}

/* A data key: the bytes from which it was wrapped, those that were unwrapped, and those that each
 * process keeps. */
START_TEST(data_keys_are_wiped)
{
    const authp_random_t random = {fill, NULL};
    const char *text = NULL;
    vault_fixture_open();
    vault_host_t *maker = vault_fixture_host(VAULT_OLD, NULL);
    maker->realm.random = &random;
    ck_assert_int_eq(vault_fixture_try_close(maker, "x", &text), AUTHP_OK);
    ck_assert_int_eq(wiped, 1);
    vault_host_t *reader = vault_fixture_host(VAULT_OLD, NULL);
    apr_pool_t *request = NULL;
    apr_pool_create(&request, pool);
    ck_assert_int_eq(authp_vault_load(&reader->realm, request), AUTHP_OK);
    wiped = 0;
    apr_pool_destroy(request);
    ck_assert_int_ge(wiped, 1);
    vault_fixture_opens(reader, text, "x");
    wiped = 0;
    apr_pool_destroy(reader->pool);
    ck_assert_int_ge(wiped, 1);
    wiped = 0;
    apr_pool_destroy(maker->pool);
    ck_assert_int_ge(wiped, 1);
    vault_fixture_close();
}
END_TEST

Suite *suite_wiped(void)
{
    Suite *suite = suite_create("wiped");
    TCase *tests = tcase_create("wiped");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_copy_of_a_token_is_wiped);
    tcase_add_loop_test(tests, bodies_are_wiped, 0, (int)(sizeof(bodies) / sizeof(bodies[0])));
    tcase_add_loop_test(tests, the_env_file_is_wiped, 0, 2);
    tcase_add_test(tests, secrets_are_wiped_with_their_pool);
    tcase_add_test(tests, passwords_are_wiped_after_the_hash);
    tcase_add_test(tests, passwords_are_wiped_after_other_hashes);
    tcase_add_test(tests, passwords_are_wiped_after_the_search);
    tcase_add_test(tests, data_keys_are_wiped);
    tcase_add_test(tests, pages_are_not_dumped);
    suite_add_tcase(suite, tests);
    return suite;
}
