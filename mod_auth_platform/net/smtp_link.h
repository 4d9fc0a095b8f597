/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_SMTP_LINK_H
#define AUTHP_NET_SMTP_LINK_H

#include "base/clock.h"
#include "base/err.h"
#include "net/certificates.h"
#include "net/smtp_types.h"

#include <curl/curl.h>
#include <stdatomic.h>

/* The connection of an authp_smtp_t (not a link in a mail). Only files of net/ include this file.
 * All waits are polls of at most 100 ms. */

#define AUTHP_SMTP_LINK_LINE 512 /* bytes of a reply's line that are looked at */

#define AUTHP_SMTP_LINK_NO_TIME "no answer in time"
#define AUTHP_SMTP_LINK_LOST "the connection was closed"
#define AUTHP_SMTP_LINK_NO_REPLY "the answer is not one of SMTP"

typedef struct authp_smtp_link_t {
    const authp_smtp_server_t *server;
    authp_certificates_t *certificates;
    CURLM *multi;    /* NULL: closed */
    CURL *easy;      /* in `multi` */
    bool used;       /* a call before this one opened it */
    bool asked_auth; /* AUTH was sent */
    bool shook;      /* a TLS handshake has begun */
    bool has_byte;   /* `byte` was received, and is not read yet */
    char byte;
    authp_smtp_stage_t stage; /* while libcurl connects: from the commands that it sends */
    authp_smtp_reply_t reply; /* while libcurl connects: to the last command */
} authp_smtp_link_t;

/* How long a call may take. */
typedef struct authp_smtp_wait_t {
    authp_ms_t until; /* of the monotonic clock */
    const atomic_bool *cancel;
    authp_ms_t patience;    /* milliseconds that a canceled wait still goes on */
    authp_ms_t canceled_at; /* 0: not yet */
} authp_smtp_wait_t;

/* AUTHP_OK: a wait may go on for *left milliseconds, at most 100. Otherwise *why says why not:
 * AUTHP_E_UNAVAILABLE: the time is over. AUTHP_E_ABORTED: canceled. */
AUTHP_CHECKED authp_err_t authp_smtp_link_may_wait(authp_smtp_wait_t *wait, int *left,
                                                   const char **why);
/* AUTHP_E_UNAVAILABLE, AUTHP_E_ABORTED: not all bytes were sent, *why says why. */
AUTHP_CHECKED authp_err_t authp_smtp_link_send(authp_smtp_link_t *link, const char *bytes,
                                               size_t len, authp_smtp_wait_t *wait,
                                               const char **why);
/* Reads one reply, of any code. AUTHP_E_UNAVAILABLE, AUTHP_E_ABORTED: there was none, *why says
 * why. */
AUTHP_CHECKED authp_err_t authp_smtp_link_reply(authp_smtp_link_t *link, authp_smtp_wait_t *wait,
                                                authp_smtp_reply_t *reply, const char **why);
/* True if bytes of a reply are here already. Does not wait. */
bool authp_smtp_link_has_reply(authp_smtp_link_t *link);
/* Closes it at once, if it is open. */
void authp_smtp_link_close(authp_smtp_link_t *link);

#endif
