/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void fill_system(void *ctx, unsigned char *out, size_t len)
{
    (void)ctx;
    size_t done = 0;
    while (done < len) {
        ssize_t got = getrandom(out + done, len - done, 0);
        if (got > 0) {
            done += (size_t)got;
        } else if (errno != EINTR) {
            abort();
        }
    }
}

static const authp_random_t system_random = {fill_system, NULL};

const authp_random_t *authp_random_system(void)
{
    return &system_random;
}

void authp_random_fill(const authp_random_t *random, unsigned char *out, size_t len)
{
    random->fill(random->ctx, out, len);
}
