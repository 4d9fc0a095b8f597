/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_PHONE_ACCOUNT_H
#define AUTHP_SERVICE_ACCOUNT_PHONE_ACCOUNT_H

#include "service/account/admin.h"

/* Accounts whose owners sign in with a phone number.
 *
 * A number that nobody has used for PHONE_IDLE_DAYS may belong to another person by now, because
 * telephone companies give unused numbers to other people. So a one-time code alone does not open
 * an idle account that has a password. A sign-in by a code, and one by number and password, count
 * as use.
 */

/* False: a one-time code never opens this account, because it holds the role admin (its owner signs
 * in with password and code, see service/two_step/) or is disabled. */
bool authp_phone_account_may_open(const authp_user_t *user);

/* Checks what an idle account needs besides a right code. Call it before the code is used up.
 * AUTHP_OK: the number is not idle, the account has no password, or `password` is right.
 * AUTHP_E_PASSWORD_REQUIRED: it is idle, and `password` is NULL. AUTHP_E_INVALID_CREDENTIALS:
 * `password` is wrong; that counts as an attempt (attempt.h). AUTHP_E_RATE_LIMITED, AUTHP_E_BUSY.
 */
AUTHP_CHECKED authp_err_t authp_phone_account_prove(const authp_realm_t *realm,
                                                    const authp_user_t *user, const char *password,
                                                    const authp_client_t *client, apr_pool_t *pool);

/* Notes that the owner has signed in by number, at most once a day. The sign-in has succeeded
 * already, so a failure is only logged. */
void authp_phone_account_used(const authp_realm_t *realm, const authp_user_t *user,
                              apr_pool_t *pool);

/* Adds the roles (const char *) that the account lacks. AUTHP_E_VALIDATION_FAILED: one of them is
 * not in SELF_SERVICE_ROLES. AUTHP_E_INSUFFICIENT_ROLE: authp_phone_account_may_open() is false.
 * AUTHP_E_NOT_FOUND, AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_phone_account_add_roles(const authp_realm_t *realm, const char *id,
                                                        const apr_array_header_t *roles,
                                                        const authp_client_t *client,
                                                        authp_user_t **out, apr_pool_t *pool);

/* Removes a role from the account of `self`, who asks for it, with the profile document of that
 * role. The role is gone at the next request with any of the account's tokens.
 * AUTHP_E_NOT_FOUND: the account does not have it. AUTHP_E_LAST_ADMIN, AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_phone_account_remove_role(const authp_realm_t *realm,
                                                          const authp_user_t *self,
                                                          const char *role,
                                                          const authp_client_t *client,
                                                          apr_pool_t *pool);

/* Sets the hash of a new password after a right code. All sessions of the account end. `user` is
 * the account as it was read when the code was checked. AUTHP_E_INVALID_OTP: it has changed since,
 * or authp_phone_account_may_open() is false. AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_phone_account_reset_password(const authp_realm_t *realm,
                                                             const authp_user_t *user,
                                                             const char *hash,
                                                             const authp_client_t *client,
                                                             apr_pool_t *pool);

/* Sets the number (E.164), or removes it (NULL), for the tool. The number counts as used now.
 * AUTHP_E_USER_EXISTS: another account has it. AUTHP_E_NOT_FOUND, AUTHP_E_BUSY. */
AUTHP_CHECKED authp_err_t authp_phone_account_set(const authp_realm_t *realm,
                                                  const authp_actor_t *actor, const char *id,
                                                  const char *phone, authp_user_t **out,
                                                  apr_pool_t *pool);

#endif
