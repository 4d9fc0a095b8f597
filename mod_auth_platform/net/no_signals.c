/* SPDX-License-Identifier: Apache-2.0 */
#include "net/no_signals.h"

#include <pthread.h>
#include <time.h>

void authp_no_signals_begin(authp_no_signals_t *held)
{
    sigset_t all;
    sigfillset(&all);
    sigemptyset(&held->pending);
    pthread_sigmask(SIG_SETMASK, &all, &held->before);
    sigpending(&held->pending);
}

void authp_no_signals_end(const authp_no_signals_t *held)
{
    sigset_t pipe;
    const struct timespec at_once = {0, 0};
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (sigismember(&held->pending, SIGPIPE) != 1) {
        (void)sigtimedwait(&pipe, NULL, &at_once);
    }
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
