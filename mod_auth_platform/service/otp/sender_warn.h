/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_SENDER_WARN_H
#define AUTHP_SERVICE_OTP_SENDER_WARN_H

#include "service/settings/settings.h"

/* Adds sentences for operators (const char *) about settings that are allowed, but with which codes
 * are not sent, numbers are refused or nobody can register by number. */
void authp_sender_warn(const authp_settings_t *settings, apr_array_header_t *warnings,
                       apr_pool_t *pool);

#endif
