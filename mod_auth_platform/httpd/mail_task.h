/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAIL_TASK_H
#define AUTHP_HTTPD_MAIL_TASK_H

#include "httpd/runtime.h"

/* Sends the mails of the outbox (service/mail/postman.h). In each child mod_watchdog has a thread
 * for mails alone, which looks every 0.25 s in shared memory whether a round is due. One child at a
 * time does a round. Without MAIL_URL there is no such thread. Without mod_watchdog no mail is
 * sent.
 *
 * A child that ends cancels its round first: as soon as a thread of mod_watchdog sees that the MPM
 * stops, or when the child's pools are destroyed, whichever is earlier. */

/* Prepares the rounds of one child. Call it in child_init, before authp_lifecycle_ready(). When
 * `pchild` is destroyed, the present round is canceled and waited for, before any pool of the child
 * is destroyed. If this child cannot send mails, that is logged. */
void authp_mail_task_child(authp_runtime_t *runtime, apr_pool_t *pchild, server_rec *server);

/* Registers the hook (post_config) that lets mod_watchdog call the rounds. */
void authp_mail_task_register(apr_pool_t *pool);

#endif
