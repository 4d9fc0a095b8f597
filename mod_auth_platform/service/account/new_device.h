/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_NEW_DEVICE_H
#define AUTHP_SERVICE_ACCOUNT_NEW_DEVICE_H

#include "service/session/session.h"

/* Mails the owner of the account a notice if `grant`, which a sign-in has just given, is for a
 * device that neither the device cookie nor another live session knows. A session knows the device
 * if both have the same device_id, or, if the sign-in sent none, the same User-Agent. Only proven
 * addresses get the notice, and none is sent with MAIL_NOTICES=off or for an account that this
 * sign-in has made. A failure is logged. */
void authp_new_device_tell(const authp_realm_t *realm, const authp_grant_t *grant,
                           const authp_client_t *client, apr_pool_t *pool);

#endif
