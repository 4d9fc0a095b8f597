/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/mail_stop.h"

#include <time.h>

#define STEP_MS 20

void authp_mail_stop_soon(authp_runtime_t *runtime)
{
    atomic_store(&runtime->mail_cancel, true);
}

/* A round sets mail_busy and then reads mail_cancel. This function sets mail_cancel and then reads
 * mail_busy. So this function waits for the round, or the round does not begin. */
void authp_mail_stop_wait(authp_runtime_t *runtime, int most_ms)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    authp_mail_stop_soon(runtime);
    for (int waited = 0; atomic_load(&runtime->mail_busy) && waited < most_ms; waited += STEP_MS) {
        (void)nanosleep(&step, NULL);
    }
}
