/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_MAIL_STOP_H
#define AUTHP_HTTPD_MAIL_STOP_H

#include "httpd/runtime.h"

/* Ends the rounds of httpd/mail_task.h before their child ends. No function here takes a lock,
 * because prefork ends a child inside a signal handler. */

/* Cancels the present round, which then ends within about 1 s, and prevents later rounds. Does not
 * wait. */
void authp_mail_stop_soon(authp_runtime_t *runtime);

/* Does the same, and waits at most `most_ms` milliseconds until no round is at work. Safe in a
 * signal handler. A round may need a lock that the interrupted thread holds, so a signal handler
 * must give a bound. If the process ends before the round, the claim of the mail lapses, as after a
 * crash. */
void authp_mail_stop_wait(authp_runtime_t *runtime, int most_ms);

#endif
