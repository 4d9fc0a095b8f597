/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_LIVE_CHANGE_H
#define AUTHP_SERVICE_LIVE_LIVE_CHANGE_H

#include "service/realm/realm.h"

/* All changes that make tokens invalid: each changes the store as its operation of the same name
 * does, and then tells the live table, before the request is answered. */

/* AUTHP_E_NOT_FOUND: there is none, or it has ended already. */
AUTHP_CHECKED authp_err_t authp_live_change_session_end(const authp_realm_t *realm, const char *sid,
                                                        const char *reason, apr_pool_t *pool);
/* `except_sid` is not ended; NULL: all are. *count, which may be NULL, gets the number of ended
 * sessions. */
AUTHP_CHECKED authp_err_t authp_live_change_session_end_user(const authp_realm_t *realm,
                                                             const char *user_id,
                                                             const char *except_sid,
                                                             const char *reason, int *count,
                                                             apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_live_change_user_update(const authp_realm_t *realm,
                                                        const authp_user_t *before,
                                                        const authp_user_t *after,
                                                        apr_pool_t *pool);
/* Tells the table the account's present state, which another host may have made and the table may
 * not have yet. */
void authp_live_change_user_note(const authp_realm_t *realm, const authp_user_t *user);
AUTHP_CHECKED authp_err_t authp_live_change_user_delete(const authp_realm_t *realm,
                                                        const authp_user_t *before,
                                                        apr_pool_t *pool);

#endif
