/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_SMTP_CONNECT_H
#define AUTHP_NET_SMTP_CONNECT_H

#include "net/smtp_link.h"

/* Opens `link`, which is closed, with TLS and AUTH as link->server says. AUTHP_E_UNAVAILABLE or
 * AUTHP_E_ABORTED: it is closed again, and *verdict says why. */
AUTHP_CHECKED authp_err_t authp_smtp_connect(authp_smtp_link_t *link, authp_smtp_wait_t *wait,
                                             authp_smtp_verdict_t *verdict);

#endif
