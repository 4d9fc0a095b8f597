/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_MSG91_H
#define AUTHP_SERVICE_OTP_MSG91_H

#include "net/fetch.h"
#include "net/places.h"
#include "service/otp/sender.h"
#include "service/settings/settings.h"

/* MSG91's API for one-time codes, version 5. The key goes in a header of each request and nowhere
 * else. */
#define AUTHP_MSG91_TIMEOUT_MS 3000

/* Contacts nothing. `share` bounds the callers that wait (net/places.h). Messages of send_later()
 * need no place; the fetcher must allow one request more than the share has places. Needs the
 * settings MSG91_AUTH_KEY, MSG91_TEMPLATE_ID and MSG91_BASE_URL. */
authp_otp_sender_t *authp_msg91_make(const authp_settings_t *settings,
                                     const authp_fetcher_t *fetcher, authp_places_t *share,
                                     apr_pool_t *pool);

#endif
