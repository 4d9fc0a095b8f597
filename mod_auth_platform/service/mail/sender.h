/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_SENDER_H
#define AUTHP_SERVICE_MAIL_SENDER_H

#include "net/smtp.h"
#include "service/mail/message.h"

#include <stdatomic.h>

/* A sender sends single mails. It is a table of functions: smtp_sender.h makes the one that uses
 * SMTP, and tests have others, which follow a script. One thread at a time uses a sender. No
 * function logs an address or a text of a server. */
typedef struct authp_mail_sender_t {
    /* Sends one mail, and waits for it at most AUTHP_SMTP_TOTAL_MS. The results are those of
     * authp_smtp_send(). `pool` holds what the call needs meanwhile. AUTHP_E_MALFORMED: the message
     * can never be sent; *verdict does not change. */
    authp_err_t (*send)(void *ctx, const authp_message_t *message, const atomic_bool *cancel,
                        authp_smtp_verdict_t *verdict, apr_pool_t *pool);
    /* Ends a round of mails: closes the connection, if one is open. */
    void (*end_round)(void *ctx);
    void *ctx;
} authp_mail_sender_t;

#endif
