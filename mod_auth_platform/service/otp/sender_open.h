/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_SENDER_OPEN_H
#define AUTHP_SERVICE_OTP_SENDER_OPEN_H

#include "net/places.h"
#include "service/otp/sender.h"
#include "service/settings/settings.h"

/* Makes realm->otp of a process: what OTP_PROVIDER names. *out is NULL if it is not set. `all` are
 * the places of threads that wait for other servers; MSG91 gets a share of them. Contacts nothing
 * and starts no thread. Call it after the fork. AUTHP_E_INTERNAL, logged: libcurl does not work. */
AUTHP_CHECKED authp_err_t authp_sender_open(const authp_settings_t *settings, authp_places_t *all,
                                            const authp_otp_sender_t **out, apr_pool_t *pool);

/* Says in one sentence why no codes are sent, for people. NULL: codes are sent. */
const char *authp_sender_open_why(const authp_settings_t *settings, apr_pool_t *pool);

#endif
