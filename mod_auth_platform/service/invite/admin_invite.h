/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INVITE_ADMIN_INVITE_H
#define AUTHP_SERVICE_INVITE_ADMIN_INVITE_H

#include "service/audit/audit.h"

/* Invites for the role admin (authp_new_invite_t with that role). They work only where an
 * administrator registers in two steps (service/two_step/admin_register.h). The functions of
 * invite.h, which make recruiters, do not find them, and these find no others. */

/* Finds the open invite with this code for the address `email` (lower case).
 * AUTHP_E_INVITE_INVALID: there is none, or it has expired or was used or revoked. */
AUTHP_CHECKED authp_err_t authp_admin_invite_find(const authp_realm_t *realm, const char *code,
                                                  const char *email, authp_invite_t **out,
                                                  apr_pool_t *pool);

/* Uses an invite that authp_admin_invite_find() has found, for an account that is about to be made
 * with this id. AUTHP_E_INVITE_INVALID: it is not open any more. */
AUTHP_CHECKED authp_err_t authp_admin_invite_claim(const authp_realm_t *realm, const char *id,
                                                   const char *user_id,
                                                   const authp_client_t *client, apr_pool_t *pool);

#endif
