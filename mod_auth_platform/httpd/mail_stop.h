/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAIL_STOP_H
#define AUTHP_HTTPD_MAIL_STOP_H

#include "httpd/runtime.h"

/* The end of the rounds of httpd/mail_task.h, before their child ends. Nothing here takes a lock,
 * because prefork ends a child inside a signal handler. */

/* Ends the present round soon, and prevents later ones. */
void authp_mail_stop_soon(authp_runtime_t *runtime);

/* The same, and waits until no round is at work, at most `most_ms`. Safe in a signal handler. A
 * round may need a lock that the interrupted thread holds, so a handler that ends the process must
 * not wait for ever. What the round has not done then is as after a crash. */
void authp_mail_stop_wait(authp_runtime_t *runtime, int most_ms);

#endif
