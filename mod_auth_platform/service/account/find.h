/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_FIND_H
#define AUTHP_SERVICE_ACCOUNT_FIND_H

#include "service/realm/realm.h"

/* The e-mail address, username or phone number `login`, which somebody has typed, in the form in
 * which the store has it. A text that is no phone number stays as it is: no account has it. */
const char *authp_find_normal(const authp_realm_t *realm, authp_login_kind_t kind,
                              const char *login, apr_pool_t *pool);

/* Finds the account with this e-mail address, username or phone number, whatever the case of
 * `login` and the spelling of a number. Older
 * versions imported usernames as they were: such a username is found if `login` is exactly like it
 * and no other account has it in lower case. AUTHP_E_NOT_FOUND */
AUTHP_CHECKED authp_err_t authp_find_by_login(const authp_realm_t *realm, authp_login_kind_t kind,
                                              const char *login, authp_user_t **out,
                                              apr_pool_t *pool);

/* The same, but that there is no such account is no error: *out is NULL then. */
AUTHP_CHECKED authp_err_t authp_find_if_any(const authp_realm_t *realm, authp_login_kind_t kind,
                                            const char *login, authp_user_t **out,
                                            apr_pool_t *pool);

/* Returns AUTHP_E_USER_EXISTS if an account has the phone number `phone` or the e-mail address
 * `email`. Either may be NULL, and is then not looked for. */
AUTHP_CHECKED authp_err_t authp_find_free(const authp_realm_t *realm, const char *phone,
                                          const char *email, apr_pool_t *pool);

#endif
