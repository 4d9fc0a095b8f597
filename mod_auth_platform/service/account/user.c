/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/user.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

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

void authp_user_remove_role(authp_user_t *user, const char *role, apr_pool_t *pool)
{
    apr_array_header_t *left = apr_array_make(pool, user->roles->nelts, sizeof(const char *));
    for (int i = 0; i < user->roles->nelts; i++) {
        const char *name = APR_ARRAY_IDX(user->roles, i, const char *);
        if (strcmp(name, role) != 0) {
            APR_ARRAY_PUSH(left, const char *) = name;
        }
    }
    user->roles = left;
}

bool authp_user_outgrows_codes(const authp_user_t *before, const authp_user_t *after)
{
    return before->phone != NULL && !authp_user_holds(before, "admin") &&
           authp_user_holds(after, "admin");
}
