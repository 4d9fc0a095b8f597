/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_SESSION_DEVICE_H
#define AUTHP_SERVICE_SESSION_SESSION_DEVICE_H

#include "service/audit/audit.h"

/* Ends the older sessions of the same account that have the device_id of `session`. Nothing happens
 * if it has none. Of two sign-ins at one moment the later one stays. */
AUTHP_CHECKED authp_err_t authp_session_device_end_older(const authp_realm_t *realm,
                                                         const authp_session_t *session,
                                                         const authp_client_t *client,
                                                         apr_pool_t *pool);

#endif
