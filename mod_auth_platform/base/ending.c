/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ending.h"

#include <signal.h>
#include <stddef.h>

bool authp_ending_in_handler(void)
{
    sigset_t blocked;
    return pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 &&
           (sigismember(&blocked, SIGTERM) == 1 || sigismember(&blocked, SIGHUP) == 1 ||
            sigismember(&blocked, SIGINT) == 1);
}
