/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_SMTP_H
#define AUTHP_NET_SMTP_H

#include "base/err.h"
#include "net/smtp_types.h"

#include <apr_pools.h>
#include <stdatomic.h>
#include <stddef.h>

/* The SMTP client (RFC 5321). libcurl connects: name, TCP, TLS, EHLO, AUTH. The few commands after
 * that are written here, because libcurl 7.88 waits for the answer to a mail inside of one call, up
 * to a second at a time, and such a wait cannot be ended in time when httpd's child exits.
 *
 * An authp_smtp_t has at most one connection, which the mails of one round share. One thread at a
 * time uses it. Make it after the fork. No text of the server, no address and no part of AUTH is
 * logged or returned. */

/* A mail. The addresses have no CR, LF, space, '<' or '>', and only ASCII. */
typedef struct authp_smtp_mail_t {
    const char *from;
    const char *to;
    const char *bytes; /* the whole message. Each line ends with CRLF, the last one too */
    size_t len;
} authp_smtp_mail_t;

typedef struct authp_smtp_t authp_smtp_t;

/* Copies nothing: `server` must live as long as `pool`. Contacts nothing. AUTHP_E_MALFORMED:
 * ca_file cannot be used, or `name` is not one of a host. AUTHP_E_INTERNAL: libcurl does not work.
 * Both are logged. */
AUTHP_CHECKED authp_err_t authp_smtp_make(const authp_smtp_server_t *server, authp_smtp_t **out,
                                          apr_pool_t *pool);

/* Sends one mail, on the connection of the mail before if it still works, else on a new one. A mail
 * for which the kept connection fails before DATA is tried once more on a new one. Afterwards the
 * connection stays open if the server kept it. `cancel` (NULL: never) ends the call: within 100 ms
 * before the end of the message was sent, else after AUTHP_SMTP_LAST_WORD_MS without an answer.
 * *verdict is set in all cases but the last.
 * AUTHP_OK: the server has taken the mail. AUTHP_E_UNAVAILABLE: it has not, or did not say so.
 * AUTHP_E_ABORTED: canceled. AUTHP_E_MALFORMED: `mail` is not as authp_smtp_mail_t says. */
AUTHP_CHECKED authp_err_t authp_smtp_send(authp_smtp_t *smtp, const authp_smtp_mail_t *mail,
                                          const atomic_bool *cancel, authp_smtp_verdict_t *verdict);

/* Connects, with TLS and AUTH as `server` says, and sends no mail. The results are those of
 * authp_smtp_send(). */
AUTHP_CHECKED authp_err_t authp_smtp_try(authp_smtp_t *smtp, const atomic_bool *cancel,
                                         authp_smtp_verdict_t *verdict);

/* Ends the round: takes leave of the server, at most 200 ms, and closes the connection, if there is
 * one. */
void authp_smtp_end(authp_smtp_t *smtp);

/* "rcpt: 550 5.1.1" or "connect: Timeout was reached": the stage and the reply's codes or the
 * reason, for logs and for people. */
const char *authp_smtp_words(const authp_smtp_verdict_t *verdict, apr_pool_t *pool);

#endif
