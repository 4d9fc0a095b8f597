/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_IMPL_H
#define AUTHP_SERVICE_LIMIT_IMPL_H

#include "service/limit.h"
#include "service/limit_table.h"

/* What limit.c and limit_account.c share. The layout of what is retained over reloads of the module
 * has a number in httpd/retained.c. */
#define AUTHP_LIMIT_KEY_LEN 32

struct authp_limit_shared_t {
    unsigned char key[AUTHP_LIMIT_KEY_LEN]; /* of the hashes, so that nobody can aim at a bucket */
    authp_ms_t began;                       /* states count from here, so that 44 bits last */
    authp_limit_table_t clients;
    authp_limit_table_t accounts; /* apart, so that a flood of clients does not drive them out */
};

struct authp_limits_t {
    authp_limit_shared_t *shared;
    const authp_clock_t *clock;
    authp_rate_t rates[AUTHP_LIMIT_CLASSES];
    authp_rate_t account;
};

/* Longer than any window: attempts from before the segment was made have a time too. */
#define AUTHP_LIMIT_BEFORE (UINT64_C(1100) * 86400 * 1000)

/* Milliseconds, on from there. */
static inline uint64_t authp_limit_now(const authp_limits_t *limits)
{
    return (uint64_t)(authp_clock_now(limits->clock) - limits->shared->began) + AUTHP_LIMIT_BEFORE;
}

#endif
