/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_SMTP_SENDER_H
#define AUTHP_SERVICE_MAIL_SMTP_SENDER_H

#include "service/mail/sender.h"
#include "service/settings/settings.h"

/* Makes the SMTP client (net/smtp.h) for the server of MAIL_URL, with MAIL_TLS and MAIL_CA_FILE.
 * `settings` must have MAIL_URL, and must live as long as `pool`. The client names the host of
 * PUBLIC_URL in EHLO. Contacts no server. Call this after the fork. The results are those of
 * authp_smtp_make(). */
AUTHP_CHECKED authp_err_t authp_smtp_sender_client(const authp_settings_t *settings,
                                                   authp_smtp_t **out, apr_pool_t *pool);

/* Makes a sender with such a client. All mails of a round share one connection. */
AUTHP_CHECKED authp_err_t authp_smtp_sender_make(const authp_settings_t *settings,
                                                 authp_mail_sender_t **out, apr_pool_t *pool);

#endif
