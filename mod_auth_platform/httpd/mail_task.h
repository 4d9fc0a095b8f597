/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAIL_TASK_H
#define AUTHP_HTTPD_MAIL_TASK_H

#include "httpd/runtime.h"

/* Sends the mails of the outbox (service/mail/postman.h), on a thread of mod_watchdog in each child
 * that is for mails alone. Each of these threads looks every 0.25 s whether a round is due, which
 * is cheap; one of all children does it. Without MAIL_URL there is no such thread. Without
 * mod_watchdog no mail is sent.
 *
 * A child that ends cancels its round first: as soon as a thread of mod_watchdog sees that the MPM
 * stops, or when the child's pools are destroyed, whichever is earlier. */

/* Prepares the rounds of one child. Call it in child_init, before authp_lifecycle_ready(). When
 * `pchild` is destroyed, the present round is canceled and waited for, before any pool of the child
 * is destroyed. A child that cannot send mails logs that. */
void authp_mail_task_child(authp_runtime_t *runtime, apr_pool_t *pchild, server_rec *server);

/* Registers the hook that gives the rounds to mod_watchdog. */
void authp_mail_task_register(apr_pool_t *pool);

#endif
