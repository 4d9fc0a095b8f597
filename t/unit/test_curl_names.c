/* SPDX-License-Identifier: Apache-2.0 */
/* Names that take long to look up. getaddrinfo() is replaced: it sleeps for one name, and does what
 * it always does for all others. */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_pools.h>

#include "base/clock.h"
#include "base/log.h"
#include "child.h"
#include "net/curl.h"
#include "suite.h"

#define SLOW "slow.authp.test"
#define SLEEP_S 5
#define BRIEF_MS 400

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out);

static atomic_int lookups;
static atomic_int unblocked; /* signals that the looking thread would get */

static void note_signals(void)
{
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < 32; number++) {
        if (number != SIGKILL && number != SIGSTOP && sigismember(&blocked, number) != 1) {
            unblocked++;
        }
    }
}

__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out)
{
    const struct timespec pause = {SLEEP_S, 0};
    if (name != NULL && strcmp(name, SLOW) == 0) {
        note_signals();
        lookups++;
        nanosleep(&pause, NULL);
        return EAI_NONAME;
    }
    lookup_fn *real = NULL;
    void *found = dlsym(RTLD_NEXT, "getaddrinfo");
    memcpy(&real, &found, sizeof(real));
    return real(name, service, hints, out);
}

static authp_ms_t fetch_slowly(authp_err_t *err)
{
    lookups = 0;
    unblocked = 0;
    apr_pool_t *pool = NULL;
    authp_fetcher_t *fetcher = NULL;
    authp_fetched_t out = {0};
    const authp_fetch_t request = {
        .url = "https://" SLOW "/", .timeout_ms = BRIEF_MS, .limit = 1000};
    const authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    apr_pool_create(&pool, NULL);
    if (authp_curl_make(NULL, 1, &fetcher, pool) != AUTHP_OK) {
        abort();
    }
    *err = authp_fetch(fetcher, &request, &out, pool);
    apr_pool_destroy(pool);
    return authp_clock_now(authp_clock_monotonic()) - began;
}

/* The time-out counts for names, too. The request's memory is released at once. The lookup that
 * goes on gets no signals and touches no released memory. */
START_TEST(time_out_of_a_lookup)
{
    authp_err_t err = AUTHP_OK;
    const struct timespec pause = {SLEEP_S, 500000000};
    const authp_ms_t took = fetch_slowly(&err);
    ck_assert_int_eq(err, AUTHP_E_UNAVAILABLE);
    ck_assert_int_lt(took, SLEEP_S * 1000 - 1000);
    ck_assert_int_eq(lookups, 1);
    ck_assert_int_eq(unblocked, 0);
    nanosleep(&pause, NULL); /* the lookup returns into libcurl, under ASan */
}
END_TEST

static void end_meanwhile(void)
{
    authp_err_t err = AUTHP_OK;
    (void)fetch_slowly(&err);
    if (err != AUTHP_E_UNAVAILABLE || lookups != 1) {
        abort();
    }
    exit(0); /* with its handlers, as a child of httpd ends */
}

START_TEST(process_ends_during_a_lookup)
{
    child_finish(child_start(end_meanwhile));
}
END_TEST

Suite *suite_curl_names(void)
{
    Suite *suite = suite_create("curl_names");
    TCase *tests = tcase_create("curl_names");
    tcase_add_test(tests, time_out_of_a_lookup);
    tcase_add_test(tests, process_ends_during_a_lookup);
    suite_add_tcase(suite, tests);
    return suite;
}
