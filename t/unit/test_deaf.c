/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are deaf for a while: data that arrives meanwhile is there afterwards,
 * connections are heard again in order, and a large number of them works. */
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/deaf.h"
#include "suite.h"

#define PAUSE_US 60000
#define GAP_US 400 /* a little less than the real pause */
#define PAIRS 20

static apr_pool_t *pool;
static authp_deaf_t *deaf;

typedef struct pair_t {
    int client;
    int server;
} pair_t;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    deaf = authp_deaf_make(pool);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Makes a TCP connection, because other sockets cannot be made deaf. */
static pair_t connect_pair(void)
{
    pair_t pair;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    pair.client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(pair.client, (struct sockaddr *)&at, sizeof(at)), 0);
    pair.server = accept(listener, NULL, NULL);
    ck_assert_int_ge(pair.server, 0);
    close(listener);
    return pair;
}

static void close_pair(pair_t pair)
{
    close(pair.client);
    close(pair.server);
}

static bool hears(pair_t pair, int wait_ms)
{
    struct pollfd at = {.fd = pair.server, .events = POLLIN};
    return poll(&at, 1, wait_ms) == 1;
}

static void say(pair_t pair)
{
    ck_assert_int_eq(write(pair.client, "x", 1), 1);
}

START_TEST(for_a_while)
{
    char heard[8];
    pair_t pair = connect_pair();
    for (int i = 0; i < 3; i++) {
        int64_t began = authp_deaf_now();
        ck_assert(authp_deaf_add(deaf, pair.server, PAUSE_US));
        say(pair);
        ck_assert(hears(pair, 5000));
        ck_assert_int_ge(authp_deaf_now() - began, PAUSE_US - 1000);
        ck_assert_int_eq(read(pair.server, heard, sizeof(heard)), 1);
    }
    say(pair);
    ck_assert(hears(pair, 5000));
    close_pair(pair);
}
END_TEST

static int listens_from(pair_t pair)
{
    int bytes = 0;
    socklen_t len = sizeof(bytes);
    ck_assert_int_eq(getsockopt(pair.server, SOL_SOCKET, SO_RCVLOWAT, &bytes, &len), 0);
    return bytes;
}

/* Neither a whole request wakes a deaf connection, nor is the receive buffer enlarged. Afterwards
 * each byte counts, as on every other connection. */
START_TEST(from_how_many_bytes)
{
    pair_t pair = connect_pair();
    ck_assert(authp_deaf_add(deaf, pair.server, PAUSE_US));
    ck_assert_int_eq(listens_from(pair), 32768);
    say(pair);
    ck_assert(hears(pair, 5000));
    ck_assert_int_eq(listens_from(pair), 1);
    close_pair(pair);
}
END_TEST

START_TEST(one_after_the_other)
{
    pair_t pairs[PAIRS];
    int64_t began = authp_deaf_now();
    for (int i = 0; i < PAIRS; i++) {
        pairs[i] = connect_pair();
        say(pairs[i]);
    }
    for (int i = 0; i < PAIRS; i++) {
        ck_assert(authp_deaf_add(deaf, pairs[i].server, PAUSE_US));
    }
    for (int i = 0; i < PAIRS; i++) {
        ck_assert(hears(pairs[i], 5000));
    }
    ck_assert_int_ge(authp_deaf_now() - began, PAUSE_US + (PAIRS - 1) * GAP_US);
    for (int i = 0; i < PAIRS; i++) {
        close_pair(pairs[i]);
    }
}
END_TEST

/* The thread sleeps meanwhile, and uses almost no processor time. */
START_TEST(costs_nothing)
{
    struct timespec began;
    struct timespec ended;
    pair_t pair = connect_pair();
    ck_assert(authp_deaf_add(deaf, pair.server, 600000));
    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began), 0);
    usleep(400000);
    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended), 0);
    int64_t used_us =
        (ended.tv_sec - began.tv_sec) * 1000000 + (ended.tv_nsec - began.tv_nsec) / 1000;
    ck_assert_int_lt(used_us, 40000);
    close_pair(pair);
}
END_TEST

/* The connection is closed meanwhile and its descriptor's number is used again. */
START_TEST(closed_meanwhile)
{
    pair_t pair = connect_pair();
    ck_assert(authp_deaf_add(deaf, pair.server, PAUSE_US));
    close_pair(pair);
    pair = connect_pair();
    say(pair);
    ck_assert(hears(pair, 5000));
    usleep(2 * PAUSE_US);
    ck_assert(hears(pair, 5000));
    close_pair(pair);
    ck_assert(!authp_deaf_add(deaf, pair.server, PAUSE_US));
}
END_TEST

/* When the table is full, further connections are not made deaf, and those in the table are heard
 * again in time. */
START_TEST(more_than_it_can_hold)
{
    pair_t pair = connect_pair();
    pair_t other = connect_pair();
    for (int i = 0; i < 1024; i++) {
        ck_assert(authp_deaf_add(deaf, pair.server, 30 * (int64_t)PAUSE_US));
    }
    ck_assert(!authp_deaf_add(deaf, other.server, PAUSE_US));
    say(other);
    ck_assert(hears(other, 5000));
    say(pair);
    ck_assert(!hears(pair, 0));
    ck_assert(hears(pair, 10000));
    close_pair(pair);
    close_pair(other);
}
END_TEST

/* The pool is destroyed while connections are deaf, and before the thread was ever started. */
START_TEST(ends_with_its_pool)
{
    pair_t pair = connect_pair();
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    (void)authp_deaf_make(own);
    apr_pool_destroy(own);
    apr_pool_create(&own, NULL);
    ck_assert(authp_deaf_add(authp_deaf_make(own), pair.server, 3600 * (int64_t)1000000));
    int64_t began = authp_deaf_now();
    apr_pool_destroy(own);
    ck_assert_int_lt(authp_deaf_now() - began, 5000000);
    close_pair(pair);
}
END_TEST

Suite *suite_deaf(void)
{
    Suite *suite = suite_create("deaf");
    TCase *tests = tcase_create("deaf");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, for_a_while);
    tcase_add_test(tests, from_how_many_bytes);
    tcase_add_test(tests, one_after_the_other);
    tcase_add_test(tests, costs_nothing);
    tcase_add_test(tests, closed_meanwhile);
    tcase_add_test(tests, more_than_it_can_hold);
    tcase_add_test(tests, ends_with_its_pool);
    suite_add_tcase(suite, tests);
    return suite;
}
