/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/find.h"

#include "service/account/account_rules.h"
#include "service/phone/phone.h"

#include <string.h>

const char *authp_find_normal(const authp_realm_t *realm, authp_login_kind_t kind,
                              const char *login, apr_pool_t *pool)
{
    const char *phone = login;
    authp_err_t err = AUTHP_OK;
    switch (kind) {
    case AUTHP_LOGIN_EMAIL:
        return authp_account_rules_normal_email(login, pool);
    case AUTHP_LOGIN_USERNAME:
        return authp_account_rules_normal_username(login, pool);
    case AUTHP_LOGIN_PHONE:
        err = authp_phone_parse(realm->settings, login, &phone, pool);
        break;
    }
    return err == AUTHP_OK ? phone : login;
}

authp_err_t authp_find_by_login(const authp_realm_t *realm, authp_login_kind_t kind,
                                const char *login, authp_user_t **out, apr_pool_t *pool)
{
    const char *normal = authp_find_normal(realm, kind, login, pool);
    authp_err_t err = authp_store_user_by_login(realm->store, kind, normal, out, pool);
    if (err == AUTHP_E_NOT_FOUND && kind == AUTHP_LOGIN_USERNAME && strcmp(normal, login) != 0) {
        err = authp_store_user_by_login(realm->store, kind, login, out, pool);
    }
    return err;
}

authp_err_t authp_find_if_any(const authp_realm_t *realm, authp_login_kind_t kind,
                              const char *login, authp_user_t **out, apr_pool_t *pool)
{
    *out = NULL;
    authp_err_t err = authp_find_by_login(realm, kind, login, out, pool);
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

authp_err_t authp_find_free(const authp_realm_t *realm, const char *phone, const char *email,
                            apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = AUTHP_OK;
    if (phone != NULL) {
        err = authp_find_if_any(realm, AUTHP_LOGIN_PHONE, phone, &user, pool);
    }
    if (err == AUTHP_OK && user == NULL && email != NULL) {
        err = authp_find_if_any(realm, AUTHP_LOGIN_EMAIL, email, &user, pool);
    }
    return err == AUTHP_OK && user != NULL ? AUTHP_E_USER_EXISTS : err;
}
