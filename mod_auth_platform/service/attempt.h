/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ATTEMPT_H
#define AUTHP_SERVICE_ATTEMPT_H

#include "service/audit.h"

/* One try of a password, wherever it is tried: between begin and end the password is checked.
 * Attempts on one account count together (limit_account.h), known or not, by the login that was
 * named; those from a device that this account has signed in with count by themselves. What failed
 * is kept in the store too, for other hosts and restarts. Where it does not answer, shared memory
 * alone decides: it locks nobody out. */
typedef struct authp_attempt_t {
    bool known; /* from a known device of this account */
    bool counted;
    uint64_t hash;   /* in shared memory */
    const char *key; /* in the store */
    uint64_t before;
    uint64_t after;
    int count;
} authp_attempt_t;

/* What is tried. */
typedef struct authp_target_t {
    authp_login_kind_t kind;
    const char *login;        /* as it is looked up */
    const authp_user_t *user; /* NULL: there is none, or nobody has looked */
} authp_target_t;

/* AUTHP_E_RATE_LIMITED: too early; *client->retry_after says when. The password must not be looked
 * at. `target->user` matters only where client->device is set. */
AUTHP_CHECKED authp_err_t authp_attempt_begin(const authp_realm_t *realm,
                                              const authp_target_t *target,
                                              const authp_client_t *client, authp_attempt_t *out,
                                              apr_pool_t *pool);
/* AUTHP_OK: the password was right. AUTHP_E_INVALID_CREDENTIALS and AUTHP_E_WRONG_PASSWORD: it was
 * wrong. Anything else: it was not looked at, and the attempt does not count. */
void authp_attempt_end(const authp_realm_t *realm, const authp_attempt_t *attempt,
                       authp_err_t outcome, const authp_client_t *client, apr_pool_t *pool);

#endif
