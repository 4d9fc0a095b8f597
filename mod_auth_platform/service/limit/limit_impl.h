/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_LIMIT_IMPL_H
#define AUTHP_SERVICE_LIMIT_LIMIT_IMPL_H

#include "base/clock.h"
#include "service/limit/limit_class.h"
#include "service/limit/limit_table.h"
#include "service/settings/settings.h"

/* What limit.c and limit_account.c share. The memory outlives reloads of the module: a new layout
 * needs a new number in httpd/retained.c. */
#define AUTHP_LIMIT_KEY_LEN 32

typedef struct authp_limit_shared_t {
    unsigned char key[AUTHP_LIMIT_KEY_LEN]; /* for the hashes, so that nobody can choose a bucket */
    /* States count from this time, so that 44 bits suffice. */
    authp_ms_t began;
    authp_limit_table_t clients;
    /* A table of its own, so that a flood of clients does not displace accounts. */
    authp_limit_table_t accounts;
} authp_limit_shared_t;

typedef struct authp_limits_t {
    authp_limit_shared_t *shared;
    const authp_clock_t *clock;
    authp_rate_t rates[AUTHP_LIMIT_CLASSES];
    authp_rate_t account;
} authp_limits_t;

/* Longer than any window. So attempts from before the memory was made have a positive time, too. */
#define AUTHP_LIMIT_BEFORE (UINT64_C(1100) * 86400 * 1000)

/* Milliseconds since `began`, plus AUTHP_LIMIT_BEFORE. */
static inline uint64_t authp_limit_now(const authp_limits_t *limits)
{
    return (uint64_t)(authp_clock_now(limits->clock) - limits->shared->began) + AUTHP_LIMIT_BEFORE;
}

#endif
