/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_LIVE_POLL_H
#define AUTHP_SERVICE_LIVE_LIVE_POLL_H

#include "service/realm/realm.h"

/* Reads what other hosts and the command line tool have changed, if the latest poll is
 * old enough and no other child is reading. */
void authp_live_poll(const authp_realm_t *realm, apr_pool_t *pool);

#endif
