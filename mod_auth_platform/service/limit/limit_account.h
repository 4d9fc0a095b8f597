/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIMIT_LIMIT_ACCOUNT_H
#define AUTHP_SERVICE_LIMIT_LIMIT_ACCOUNT_H

#include "service/limit/limit.h"

#include <stdbool.h>
#include <stdint.h>

/* The attempts on one account, in the shared memory of this server. AUTH_LIMIT_ACCOUNT=5/15m means:
 * after 5 failed attempts, with no pause of 15 minutes between them, the next one must come a
 * second after the latest one, then two, four, and so on, at most 15 minutes. All is forgotten if
 * nothing is tried for 15 minutes after the time at which the next attempt is allowed. An attempt
 * counts from its beginning, so that many at the same time gain nothing. `hash` stands for the
 * account. */
typedef struct authp_limit_attempt_t {
    uint64_t before; /* this and the next: states, for taking the attempt back */
    uint64_t after;
    int count;       /* number of attempts, this one included */
    int retry_after; /* seconds to wait; if not 0, the attempt does not count */
} authp_limit_attempt_t;

/* True if there are attempts that still count. */
bool authp_limit_account_known(const authp_limits_t *limits, uint64_t hash);
/* Counts an attempt. AUTHP_E_RATE_LIMITED: it must wait. */
AUTHP_CHECKED authp_err_t authp_limit_account_begin(const authp_limits_t *limits, uint64_t hash,
                                                    authp_limit_attempt_t *out);
/* The password was right: forgets all attempts. */
void authp_limit_account_clear(const authp_limits_t *limits, uint64_t hash);
/* The password was not checked: takes the attempt back. */
void authp_limit_account_cancel(const authp_limits_t *limits, uint64_t hash,
                                const authp_limit_attempt_t *attempt);
/* The store knows of `count` attempts, the latest one `age_ms` ago. Raises the count to that number
 * if it is lower. */
void authp_limit_account_learn(const authp_limits_t *limits, uint64_t hash, int64_t count,
                               int64_t age_ms);

#endif
