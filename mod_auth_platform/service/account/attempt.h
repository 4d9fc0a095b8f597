/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_ATTEMPT_H
#define AUTHP_SERVICE_ACCOUNT_ATTEMPT_H

#include "service/audit/audit.h"

/* One try of a password, at any route. The password is checked between begin and end. Attempts on
 * one login count together (limit_account.h), whether the account exists or not. Attempts from a
 * device that this account has signed in with are counted separately. Failed attempts are also kept
 * in the store, for other hosts and for restarts. If the store does not answer, shared memory alone
 * decides, so nobody is locked out. */
typedef struct authp_attempt_t {
    bool known; /* the attempt is from a known device of this account */
    bool counted;
    uint64_t hash;   /* key in shared memory */
    const char *key; /* key in the store */
    uint64_t before;
    uint64_t after;
    int count;
} authp_attempt_t;

/* The account whose password is tried. */
typedef struct authp_target_t {
    authp_login_kind_t kind;
    const char *login;        /* as it is looked up in the store */
    const authp_user_t *user; /* NULL: there is none, or it has not been looked up */
} authp_target_t;

/* Begins an attempt. AUTHP_E_RATE_LIMITED: it is too early, and *client->retry_after has the
 * seconds to wait. The password must then not be checked. `target->user` matters only if
 * client->device is set. */
AUTHP_CHECKED authp_err_t authp_attempt_begin(const authp_realm_t *realm,
                                              const authp_target_t *target,
                                              const authp_client_t *client, authp_attempt_t *out,
                                              apr_pool_t *pool);
/* A whole attempt at the password of target->user, an account that is not disabled and has a
 * password; the caller has proven it already in another way, so the hash takes a place of a known
 * client. AUTHP_E_WRONG_PASSWORD: it is wrong, which is counted, or the stored hash cannot be
 * verified. AUTHP_E_RATE_LIMITED as above, AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_attempt_password(const authp_realm_t *realm,
                                                 const authp_target_t *target, const char *password,
                                                 const authp_client_t *client, apr_pool_t *pool);
/* Ends an attempt. AUTHP_OK: the password was right. AUTHP_E_INVALID_CREDENTIALS or
 * AUTHP_E_WRONG_PASSWORD: it was wrong. Any other outcome: it was not checked, and the attempt does
 * not count. */
void authp_attempt_end(const authp_realm_t *realm, const authp_attempt_t *attempt,
                       authp_err_t outcome, const authp_client_t *client, apr_pool_t *pool);

#endif
