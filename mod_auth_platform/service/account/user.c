/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/user.h"

#include "base/text.h"

#include <apr_strings.h>

bool authp_user_holds(const authp_user_t *user, const char *role)
{
    return authp_text_listed(role, user->roles);
}

void authp_user_add_role(authp_user_t *user, const char *role, apr_pool_t *pool)
{
    if (!authp_user_holds(user, role)) {
        APR_ARRAY_PUSH(user->roles, const char *) = apr_pstrdup(pool, role);
    }
}
