/* SPDX-License-Identifier: Apache-2.0 */
/* Signals while libcurl works: the thread gets none, and all but its own SIGPIPE afterwards. */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "net/no_signals.h"
#include "suite.h"

static sigset_t before;
static volatile sig_atomic_t got;

static void note(int number)
{
    got = number;
}

static void set_up(void)
{
    struct sigaction noting = {.sa_handler = note};
    got = 0;
    sigemptyset(&noting.sa_mask);
    ck_assert_int_eq(sigaction(SIGPIPE, &noting, NULL), 0);
    ck_assert_int_eq(sigaction(SIGUSR1, &noting, NULL), 0);
    /* A mask that differs from that of a new thread, and from that of a call. */
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

static void is_as_before(void)
{
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int number = 1; number < 32; number++) {
        ck_assert_int_eq(sigismember(&now, number), sigismember(&before, number));
    }
}

START_TEST(all_are_blocked_meanwhile)
{
    authp_no_signals_t held;
    sigset_t now;
    authp_no_signals_begin(&held);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int number = 1; number < 32; number++) {
        const bool never = number == SIGKILL || number == SIGSTOP;
        ck_assert_int_eq(sigismember(&now, number), never ? 0 : 1);
    }
    authp_no_signals_end(&held);
    is_as_before();
    ck_assert_int_eq(got, 0);
}
END_TEST

/* A connection that was closed does not end a program that does not ignore SIGPIPE. */
START_TEST(its_own_sigpipe_is_taken_away)
{
    authp_no_signals_t held;
    sigset_t pending;
    for (int i = 0; i < 2; i++) {
        authp_no_signals_begin(&held);
        ck_assert_int_eq(pthread_kill(pthread_self(), SIGPIPE), 0);
        authp_no_signals_end(&held);
        ck_assert_int_eq(got, 0);
        sigpending(&pending);
        ck_assert_int_eq(sigismember(&pending, SIGPIPE), 0);
        is_as_before();
    }
}
END_TEST

/* A SIGPIPE that came before is not this client's, and stays. */
START_TEST(an_older_sigpipe_stays)
{
    authp_no_signals_t held;
    sigset_t pending;
    sigaddset(&before, SIGPIPE);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    ck_assert_int_eq(pthread_kill(pthread_self(), SIGPIPE), 0);
    authp_no_signals_begin(&held);
    authp_no_signals_end(&held);
    sigpending(&pending);
    ck_assert_int_eq(sigismember(&pending, SIGPIPE), 1);
    is_as_before();
    sigdelset(&before, SIGPIPE);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    ck_assert_int_eq(got, SIGPIPE);
}
END_TEST

/* The signal that ends a child waits for the end of the call, and then comes. */
START_TEST(others_come_afterwards)
{
    authp_no_signals_t held;
    authp_no_signals_begin(&held);
    ck_assert_int_eq(pthread_kill(pthread_self(), SIGUSR1), 0);
    ck_assert_int_eq(got, 0);
    authp_no_signals_end(&held);
    ck_assert_int_eq(got, SIGUSR1);
    is_as_before();
}
END_TEST

Suite *suite_no_signals(void)
{
    Suite *suite = suite_create("no_signals");
    TCase *tests = tcase_create("no_signals");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, all_are_blocked_meanwhile);
    tcase_add_test(tests, its_own_sigpipe_is_taken_away);
    tcase_add_test(tests, an_older_sigpipe_stays);
    tcase_add_test(tests, others_come_afterwards);
    suite_add_tcase(suite, tests);
    return suite;
}
