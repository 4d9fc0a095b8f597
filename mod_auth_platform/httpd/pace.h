/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_PACE_H
#define AUTHP_HTTPD_PACE_H

#include "httpd/module.h"

#include <stdbool.h>

/* A refusal costs next to nothing, so who does not care about Retry-After asks again at once, from
 * many connections, and pages and hashes share the processor with all that. So a connection gets
 * one refusal in 50 ms and no more. Where it is kept open, it is not listened to for that long
 * after the answer, which takes no thread (or, where the connection has a thread of its own, that
 * waits). Where it is not, the answer comes that much later, as far as threads are free for that.
 */
typedef struct authp_pacer_t authp_pacer_t;

/* Of one child, which has so many threads; asks the MPM whether open connections take any. */
authp_pacer_t *authp_pace_make(int threads, apr_pool_t *pool);

/* Before an answer of `status` is written; true if authp_pace_after() is called after that. */
bool authp_pace_before(authp_pacer_t *pacer, request_rec *r, int status);
void authp_pace_after(authp_pacer_t *pacer, const request_rec *r);

void authp_pace_register(apr_pool_t *pool);

#endif
