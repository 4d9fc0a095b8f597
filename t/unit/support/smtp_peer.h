/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_SMTP_PEER_H
#define AUTHP_TEST_SMTP_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define SMTP_PEER_RULES 8
#define SMTP_PEER_TEXT 8192

/* What the peer does at one moment: at the greeting (""), at a command ("MAIL"), before it reads a
 * mail ("body"), or at the end of a mail ("."). */
typedef struct smtp_peer_rule_t {
    const char *at;
    int connection;    /* of this connection alone, 1 is the first; 0: of each */
    const char *reply; /* with CRLF; NULL: closes the connection; "": never answers; "flood": bytes
                        * without an end */
} smtp_peer_rule_t;

/* An SMTP server on 127.0.0.1, without TLS and AUTH, that serves one connection at a time. */
typedef struct smtp_peer_t {
    int port;
    int listens;
    pthread_t thread;
    atomic_int stopping;
    atomic_int connections;
    atomic_int mails; /* whose last line was received */
    smtp_peer_rule_t rules[SMTP_PEER_RULES];
    int begin_after;               /* the rules begin when so many mails have been received */
    char commands[SMTP_PEER_TEXT]; /* "1 EHLO\n1 MAIL\n..."; read it after smtp_peer_stop() */
    char hello[256];               /* the last EHLO, as it was sent */
    char mail[SMTP_PEER_TEXT];     /* the bytes of the last mail, as they were sent */
} smtp_peer_t;

void smtp_peer_start(smtp_peer_t *peer);
void smtp_peer_stop(smtp_peer_t *peer);

#endif
