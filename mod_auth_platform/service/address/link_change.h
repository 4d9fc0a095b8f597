/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADDRESS_LINK_CHANGE_H
#define AUTHP_SERVICE_ADDRESS_LINK_CHANGE_H

#include "service/account/user_change.h"
#include "service/mail/link.h"

/* For files of service/address. Uses `link` up, and changes the account by `edit`, whose function
 * must call authp_link_still_fits(). Of parallel requests with the same link one succeeds. If the
 * change fails, the link is given back, so that the person can try again, unless the edit returned
 * AUTHP_E_LINK_INVALID.
 * AUTHP_E_LINK_INVALID: the link was used meanwhile, the account is gone, or the edit says so. The
 * other errors of the edit and of authp_user_change(). */
AUTHP_CHECKED authp_err_t authp_link_change(const authp_realm_t *realm, authp_link_t *link,
                                            authp_user_edit_t *edit, authp_user_t **out,
                                            apr_pool_t *pool);

/* Makes the link unused again, after a later step has failed. A failure of this is logged. */
void authp_link_change_give_back(const authp_realm_t *realm, authp_link_t *link, apr_pool_t *pool);

#endif
