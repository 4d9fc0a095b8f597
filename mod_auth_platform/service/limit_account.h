/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_ACCOUNT_H
#define AUTHP_SERVICE_LIMIT_ACCOUNT_H

#include "service/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* Attempts on one account, as this server's shared memory knows them. AUTH_LIMIT_ACCOUNT=5/15m:
 * after 5 attempts that failed, with no quiet 15 minutes between them, the next must come a second
 * after the last one, then two, four, ... at most 15 minutes. All is forgotten when nothing was
 * tried for 15 minutes after the next attempt would have been let in. An attempt counts from its
 * beginning, so that many at once gain nothing. `hash` stands for the account. */
typedef struct authp_limit_attempt_t {
    uint64_t before; /* states, for taking it back */
    uint64_t after;
    int count;       /* how many there have been, this one included */
    int retry_after; /* seconds, if it must wait: then it does not count */
} authp_limit_attempt_t;

/* Are there attempts that count still? */
bool authp_limit_account_known(const authp_limits_t *limits, uint64_t hash);
/* AUTHP_E_RATE_LIMITED: it must wait. */
AUTHP_CHECKED authp_err_t authp_limit_account_begin(const authp_limits_t *limits, uint64_t hash,
                                                    authp_limit_attempt_t *out);
/* The password was right: nothing counts any more. */
void authp_limit_account_clear(const authp_limits_t *limits, uint64_t hash);
/* It was not looked at: this one did not count. */
void authp_limit_account_cancel(const authp_limits_t *limits, uint64_t hash,
                                const authp_limit_attempt_t *attempt);
/* Others know of `count` attempts, the last one so long ago: so there were as many. */
void authp_limit_account_learn(const authp_limits_t *limits, uint64_t hash, int64_t count,
                               int64_t age_ms);

#endif
