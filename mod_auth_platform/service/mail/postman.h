/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_POSTMAN_H
#define AUTHP_SERVICE_MAIL_POSTMAN_H

#include "service/mail/mail_desk.h"
#include "service/mail/sender.h"
#include "service/realm/realm.h"

#include <stdatomic.h>

#define AUTHP_POSTMAN_CLAIM_MS 60000 /* longer than AUTHP_SMTP_TOTAL_MS */

/* The postman sends the mails of the outbox. One thread uses a postman. */
typedef struct authp_postman_t {
    const authp_realm_t *realm; /* with a store, a vault, texts and MAIL_URL */
    const authp_mail_sender_t *sender;
    authp_mail_desk_t *desk;
    const authp_clock_t *monotonic;
    void (*wait)(void *ctx, int ms); /* lets that many milliseconds pass */
    void *ctx;                       /* of `wait` */
    /* True: the process ends. A round then ends within about 1 s, or when the store has answered or
     * failed: at a locked SQLite database that takes up to 1.6 s more. */
    const atomic_bool *cancel;
} authp_postman_t;

/* Does one round, if one is due and no other process of this httpd does one: sends the mails that
 * are due, oldest first and at most 20 in a second, until none is due, the mail server or the store
 * fails, or *cancel is true. `pool` gets what the round needs.
 *
 * A mail is claimed in the store for AUTHP_POSTMAN_CLAIM_MS before it is sent, so that no other
 * process sends it. Afterwards the row of the mail says what came of it:
 * - Sent: the server has taken the mail, or it is a decoy, or its link was used already. If the
 *   store does not note that, the round tries again as long as the claim lasts, because a mail
 *   whose claim lapses is sent again. While the process ends, it tries at most twice more, and not
 *   after a try that took 0.5 s.
 * - Given up, with one error line: the server answered RCPT with 5xx, or the row or its text cannot
 *   be used, or give_up_at or link_until has passed.
 * - Put off, in all other cases: for 10 s after the first try, doubling with each try, at most
 *   15 min. If the server itself failed, no other mail is tried for AUTHP_MAIL_DESK_PAUSE_MS.
 *
 * If *cancel becomes true before the end of a mail was sent, the mail is canceled and its claim is
 * given back, so that another process can send it at once. If *cancel becomes true later, the round
 * waits AUTHP_SMTP_LAST_WORD_MS for the server's answer. Without an answer nobody knows whether the
 * server has taken the mail. The claim then stays and lapses, and the mail is sent again: it may
 * come twice, with the same Message-ID (RFC 5321 section 6.1), but it does not get lost. */
void authp_postman_round(const authp_postman_t *postman, apr_pool_t *pool);

#endif
