/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ending.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t abrupt;

bool authp_ending_in_handler(void)
{
    sigset_t blocked;
    return pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 &&
           (sigismember(&blocked, SIGTERM) == 1 || sigismember(&blocked, SIGHUP) == 1 ||
            sigismember(&blocked, SIGINT) == 1);
}

void authp_ending_begin(void)
{
    abrupt = 1;
}

bool authp_ending_abrupt(void)
{
    return abrupt != 0;
}
