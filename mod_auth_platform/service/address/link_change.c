/* SPDX-License-Identifier: Apache-2.0 */
#include "service/address/link_change.h"

#include "base/log.h"

void authp_link_change_give_back(const authp_realm_t *realm, authp_link_t *link, apr_pool_t *pool)
{
    authp_err_t err = authp_link_give_back(realm, link, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0393",
                  "user %s: nothing was changed, but the link of the mail counts as used: %s",
                  link->user->id.hex, authp_err_name(err));
    }
}

authp_err_t authp_link_change(const authp_realm_t *realm, authp_link_t *link,
                              authp_user_edit_t *edit, authp_user_t **out, apr_pool_t *pool)
{
    authp_err_t err = authp_link_use(realm, link, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_user_change(realm, link->user->id.hex, edit, out, pool);
    err = err == AUTHP_E_NOT_FOUND ? AUTHP_E_LINK_INVALID : err;
    if (err != AUTHP_OK && err != AUTHP_E_LINK_INVALID) {
        authp_link_change_give_back(realm, link, pool);
    }
    return err;
}
