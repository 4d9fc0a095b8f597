/* SPDX-License-Identifier: Apache-2.0 */
/* Threads in a server's process, and the signals that come meanwhile: threads of ours get none and
 * may be told to yield to others, and a call of a library leaves the signals as they were. */
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/ending.h"
#include "base/thread.h"
#include "net/no_signals.h"
#include "suite.h"

#define BATCH 3 /* SCHED_BATCH */

typedef struct seen_t {
    sigset_t blocked;
    int nice_before;
    int nice_after;
    int policy;
} seen_t;

static int niceness(void)
{
    return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
}

static void *look(void *data)
{
    seen_t *seen = data;
    pthread_sigmask(SIG_BLOCK, NULL, &seen->blocked);
    seen->nice_before = niceness();
    authp_thread_stand_back();
    seen->nice_after = niceness();
    seen->policy = (int)syscall(SYS_sched_getscheduler, 0);
    return NULL;
}

START_TEST(no_signals)
{
    pthread_t thread;
    seen_t seen;
    sigset_t before;
    sigset_t after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    ck_assert_int_eq(authp_thread_start(&thread, look, &seen), 0);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int number = 1; number < 32; number++) {
        ck_assert_int_eq(sigismember(&seen.blocked, number),
                         number != SIGKILL && number != SIGSTOP);
        ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
    }
}
END_TEST

START_TEST(stands_back_alone)
{
    pthread_t thread;
    seen_t seen;
    const int own = niceness();
    ck_assert_int_eq(authp_thread_start(&thread, look, &seen), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(seen.nice_before, own);
    ck_assert_int_eq(seen.nice_after, 10);
    ck_assert_int_eq(seen.policy, BATCH);
    ck_assert_int_eq(niceness(), own);
}
END_TEST

static const struct {
    int number;
    bool ends;
} signals[] = {{SIGTERM, true},  {SIGHUP, true},   {SIGINT, true},
               {SIGUSR1, false}, {SIGCHLD, false}, {SIGALRM, false}};
static volatile sig_atomic_t in_handler;

static void notice(int number)
{
    (void)number;
    in_handler = authp_ending_in_handler() ? 1 : 0;
}

/* httpd's prefork tells its children to end by a signal, and cleanups run inside of the handler. A
 * handler of another signal does not end the process. */
START_TEST(ends_in_a_handler)
{
    struct sigaction action = {.sa_handler = notice};
    in_handler = -1;
    ck_assert(!authp_ending_in_handler());
    ck_assert_int_eq(sigaction(signals[_i].number, &action, NULL), 0);
    ck_assert_int_eq(raise(signals[_i].number), 0);
    ck_assert_int_eq(in_handler, signals[_i].ends);
    ck_assert(!authp_ending_in_handler());
}
END_TEST

static volatile sig_atomic_t pipes;

static void count_pipe(int number)
{
    (void)number;
    pipes++;
}

static bool is_pending(int number)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, number) == 1;
}

/* libcurl and OpenSSL may write to a closed connection. The SIGPIPE of that call reaches nobody. */
START_TEST(a_closed_connection_ends_nobody)
{
    struct sigaction action = {.sa_handler = count_pipe};
    authp_no_signals_t held;
    ck_assert_int_eq(sigaction(SIGPIPE, &action, NULL), 0);
    pipes = 0;
    authp_no_signals_begin(&held);
    ck_assert_int_eq(raise(SIGPIPE), 0);
    ck_assert(is_pending(SIGPIPE));
    authp_no_signals_end(&held);
    ck_assert_int_eq(pipes, 0);
    ck_assert(!is_pending(SIGPIPE));
    ck_assert_int_eq(raise(SIGPIPE), 0); /* one of the server's own arrives */
    ck_assert_int_eq(pipes, 1);
}
END_TEST

/* A SIGPIPE that the server had before, and will take by itself, stays. */
START_TEST(a_sigpipe_from_before_stays)
{
    sigset_t pipe;
    authp_no_signals_t held;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    ck_assert_int_eq(raise(SIGPIPE), 0);
    authp_no_signals_begin(&held);
    authp_no_signals_end(&held);
    ck_assert(is_pending(SIGPIPE));
    const struct timespec at_once = {0, 0};
    ck_assert_int_eq(sigtimedwait(&pipe, NULL, &at_once), SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &pipe, NULL);
}
END_TEST

/* The signal that ends a child waits for the end of the call. The thread then blocks what it has
 * blocked before, and nothing else. */
START_TEST(other_signals_come_afterwards)
{
    struct sigaction action = {.sa_handler = count_pipe};
    authp_no_signals_t held;
    sigset_t before;
    sigset_t now;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    ck_assert_int_eq(sigaction(SIGTERM, &action, NULL), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pipes = 0;
    authp_no_signals_begin(&held);
    ck_assert_int_eq(raise(SIGTERM), 0);
    ck_assert_int_eq(pipes, 0);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int number = 1; number < 32; number++) {
        ck_assert_int_eq(sigismember(&now, number), number != SIGKILL && number != SIGSTOP);
    }
    authp_no_signals_end(&held);
    ck_assert_int_eq(pipes, 1);
    pthread_sigmask(SIG_BLOCK, NULL, &now);
    for (int number = 1; number < 32; number++) {
        ck_assert_int_eq(sigismember(&now, number), number == SIGUSR2);
    }
}
END_TEST

Suite *suite_thread(void)
{
    Suite *suite = suite_create("thread");
    TCase *tests = tcase_create("thread");
    tcase_add_test(tests, no_signals);
    tcase_add_test(tests, stands_back_alone);
    tcase_add_loop_test(tests, ends_in_a_handler, 0, (int)(sizeof(signals) / sizeof(signals[0])));
    tcase_add_test(tests, a_closed_connection_ends_nobody);
    tcase_add_test(tests, a_sigpipe_from_before_stays);
    tcase_add_test(tests, other_signals_come_afterwards);
    suite_add_tcase(suite, tests);
    return suite;
}
