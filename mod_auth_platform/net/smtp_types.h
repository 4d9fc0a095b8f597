/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_SMTP_TYPES_H
#define AUTHP_NET_SMTP_TYPES_H

#include "base/secret.h"
#include "net/smtp_reply.h"

#include <stdbool.h>

/* What the client of net/smtp.h connects to, and what came of it. */

#define AUTHP_SMTP_TOTAL_MS 45000   /* the most that one call takes */
#define AUTHP_SMTP_CONNECT_MS 10000 /* the most of it for name lookup and connection */
#define AUTHP_SMTP_LAST_WORD_MS 700 /* how long a canceled call waits for the answer to a mail */

typedef struct authp_smtp_server_t {
    const char *host; /* a name, an IPv4 address, or an IPv6 address in brackets */
    int port;
    bool tls;         /* TLS from the first byte (smtps) */
    bool no_tls;      /* no TLS at all. Without `tls` and `no_tls` STARTTLS is required */
    const char *user; /* NULL: without AUTH. Else AUTH PLAIN or LOGIN is required */
    const authp_secret_t *password; /* of `user` */
    const char *ca_file;            /* PEM, trusted beside the system's; NULL: none */
    const char *name;               /* of this client, for EHLO */
} authp_smtp_server_t;

/* At which step a call ended. */
typedef enum authp_smtp_stage_t {
    AUTHP_SMTP_CONNECT, /* name, connection, greeting, EHLO */
    AUTHP_SMTP_TLS,     /* certificate, STARTTLS */
    AUTHP_SMTP_AUTH,
    AUTHP_SMTP_MAIL,
    AUTHP_SMTP_RCPT,
    AUTHP_SMTP_DATA, /* the command, and the message without its end */
    /* The end of the message was sent. If reply.code is 0, the server may have taken the mail. */
    AUTHP_SMTP_AFTER_DATA
} authp_smtp_stage_t;

/* What came of a call. */
typedef struct authp_smtp_verdict_t {
    authp_smtp_stage_t stage; /* of the last command */
    authp_smtp_reply_t reply; /* the server's reply that decided; code 0: there was none */
    const char *why;          /* without a reply: the reason, a constant text; else NULL */
} authp_smtp_verdict_t;

#endif
