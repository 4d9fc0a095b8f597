/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_NO_SIGNALS_H
#define AUTHP_NET_NO_SIGNALS_H

#include <signal.h>

/* Calls of libcurl run with all signals blocked. A thread that libcurl starts for a name lookup
 * inherits that, so signals stay with httpd's own threads. OpenSSL may write to a closed
 * connection: the SIGPIPE of this thread is taken away before it can end a program that does not
 * ignore it. */
typedef struct authp_no_signals_t {
    sigset_t before;
    sigset_t pending;
} authp_no_signals_t;

/* Blocks all signals of the calling thread. */
void authp_no_signals_begin(authp_no_signals_t *held);
/* Takes away a SIGPIPE that came since then, and sets the signals as they were. */
void authp_no_signals_end(const authp_no_signals_t *held);

#endif
