/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/find.h"

#include "service/account/account_rules.h"

#include <string.h>

const char *authp_find_normal(authp_login_kind_t kind, const char *login, apr_pool_t *pool)
{
    return kind == AUTHP_LOGIN_EMAIL ? authp_account_rules_normal_email(login, pool)
                                     : authp_account_rules_normal_username(login, pool);
}

authp_err_t authp_find_by_login(const authp_realm_t *realm, authp_login_kind_t kind,
                                const char *login, authp_user_t **out, apr_pool_t *pool)
{
    const char *normal = authp_find_normal(kind, login, pool);
    authp_err_t err = authp_store_user_by_login(realm->store, kind, normal, out, pool);
    if (err == AUTHP_E_NOT_FOUND && kind == AUTHP_LOGIN_USERNAME && strcmp(normal, login) != 0) {
        err = authp_store_user_by_login(realm->store, kind, login, out, pool);
    }
    return err;
}
