/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_PACE_H
#define AUTHP_HTTPD_PACE_H

#include "httpd/module.h"

#include <stdbool.h>

/* Gives each connection at most one refusal in 50 ms. A refusal costs a client almost nothing. A
 * client that ignores Retry-After repeats its request at once, on many connections, and takes
 * processor time from pages and hashes. If the connection stays open, it is not listened to for 50
 * ms after the answer. That takes no thread, except where each connection has a thread of its own:
 * there the thread waits before the answer. If the connection does not stay open, the answer is
 * delayed by 50 ms, as long as threads are free for that. */
typedef struct authp_pacer_t authp_pacer_t;

/* Makes the object of one child, which has `threads` threads. Asks the MPM whether an open
 * connection takes a thread. */
authp_pacer_t *authp_pace_make(int threads, apr_pool_t *pool);

/* Call it before an answer of `status` is written. If it returns true, call authp_pace_after()
 * after that. */
bool authp_pace_before(authp_pacer_t *pacer, request_rec *r, int status);
void authp_pace_after(authp_pacer_t *pacer, const request_rec *r);

void authp_pace_register(apr_pool_t *pool);

#endif
