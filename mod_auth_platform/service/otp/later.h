/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_OTP_LATER_H
#define AUTHP_SERVICE_OTP_LATER_H

#include "base/clock.h"
#include "service/otp/sender.h"

#include <stdatomic.h>

/* A queue of messages, and the one thread of a process that sends them, so that an answer does not
 * wait for a message. Messages are lost if the process is killed. */
typedef struct authp_later_t authp_later_t;

#define AUTHP_LATER_MOST 64       /* messages that wait at a time */
#define AUTHP_LATER_DRAIN_MS 1000 /* how long messages are still sent while the process ends */
/* A message that has waited longer is dropped. It is shorter than the pause between two codes of a
 * number (firewall.h), so that a message never arrives after the next code of its number, which
 * another thread or host may have sent. MSG91 would also take the older code for the valid one. */
#define AUTHP_LATER_LATE_MS 25000

/* Sends one message and logs a failure. Must return soon after *cancel has become true. `pool` is
 * destroyed after it. */
typedef void authp_later_send_t(void *ctx, const authp_otp_message_t *message,
                                const atomic_bool *cancel, apr_pool_t *pool);

/* Starts no thread yet: the first message does, so an object may be made before a fork. The cleanup
 * of `pool` takes no more messages and sends those that wait for AUTHP_LATER_DRAIN_MS. It then
 * cancels the present one, drops the others, waits until the thread has ended, and wipes all codes.
 * `clock`, a monotonic one, tells for how long a message has waited. */
authp_later_t *authp_later_make(authp_later_send_t *send, void *ctx, const authp_clock_t *clock,
                                apr_pool_t *pool);

/* Adds a copy of `message`, which has a code, and returns at once. It replaces an older message to
 * the same number that still waits, because a newer code makes the older one invalid.
 * AUTHP_E_MALFORMED: it has no code, or a text is too long. AUTHP_E_BUSY, logged: AUTHP_LATER_MOST
 * messages wait, or the process ends, or a thread cannot be started. */
AUTHP_CHECKED authp_err_t authp_later_add(authp_later_t *later, const authp_otp_message_t *message);

#endif
