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
 * to 1 s at a time, and such a wait cannot be ended in time when a child of httpd exits.
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

/* Makes a client without a connection. `server` is not copied and must live as long as `pool`.
 * Contacts no server. AUTHP_E_MALFORMED: ca_file cannot be used, or `host` or `name` is not the
 * name of a host. AUTHP_E_INTERNAL: libcurl does not work. Both are logged. */
AUTHP_CHECKED authp_err_t authp_smtp_make(const authp_smtp_server_t *server, authp_smtp_t **out,
                                          apr_pool_t *pool);

/* Sends one mail, on the connection of the mail before if it still works, else on a new one. A mail
 * for which the kept connection fails before DATA is tried once more on a new one. Afterwards the
 * connection stays open if the server kept it. If *cancel becomes true (`cancel` NULL: never), the
 * call ends: within 100 ms if the end of the message was not sent yet, else after
 * AUTHP_SMTP_LAST_WORD_MS without an answer.
 * AUTHP_OK: the server has taken the mail. AUTHP_E_UNAVAILABLE: the server has not taken the mail,
 * or did not say so. AUTHP_E_ABORTED: canceled. AUTHP_E_MALFORMED: `mail` is not as
 * authp_smtp_mail_t says, and *verdict does not change. Otherwise *verdict is set. */
AUTHP_CHECKED authp_err_t authp_smtp_send(authp_smtp_t *smtp, const authp_smtp_mail_t *mail,
                                          const atomic_bool *cancel, authp_smtp_verdict_t *verdict);

/* Connects, with TLS and AUTH as `server` says, and sends no mail. The results are those of
 * authp_smtp_send(). */
AUTHP_CHECKED authp_err_t authp_smtp_try(authp_smtp_t *smtp, const atomic_bool *cancel,
                                         authp_smtp_verdict_t *verdict);

/* Closes the connection, if one is open. Sends QUIT before, and waits at most 200 ms for the
 * answer. */
void authp_smtp_end(authp_smtp_t *smtp);

/* "rcpt: 550 5.1.1" or "connect: Timeout was reached": the stage and the reply's codes or the
 * reason, for logs and for people. */
const char *authp_smtp_words(const authp_smtp_verdict_t *verdict, apr_pool_t *pool);

#endif
