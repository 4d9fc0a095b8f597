/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_USER_H
#define AUTHP_SERVICE_ACCOUNT_USER_H

#include "store/model.h"

bool authp_user_holds(const authp_user_t *user, const char *role);
/* Does nothing if the account has the role already. `role` is copied to `pool`. */
void authp_user_add_role(authp_user_t *user, const char *role, apr_pool_t *pool);
/* Does nothing if the account does not have the role. The order of the others stays. */
void authp_user_remove_role(authp_user_t *user, const char *role, apr_pool_t *pool);

/* True if `after` has become an administrator, and a one-time code alone may have opened sessions
 * of `before`: `before` has a phone number and not the role admin, `after` has the role. Codes do
 * not open accounts of administrators, so these sessions must end. */
bool authp_user_outgrows_codes(const authp_user_t *before, const authp_user_t *after);

#endif
