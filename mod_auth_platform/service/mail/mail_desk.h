/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_DESK_H
#define AUTHP_SERVICE_MAIL_MAIL_DESK_H

#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The desk: shared memory of the processes of one httpd that says which process sends mails, and
 * when the next round begins. All times are of the monotonic clock. In zeroed memory no process has
 * the lease, and a round is due. No member protects a mail from being sent twice: each mail is
 * claimed in the store, also against the processes of other hosts. The desk saves the processes
 * needless questions to the store, and limits how many mails are sent in a second. */
typedef struct authp_mail_desk_t {
    _Atomic uint64_t holder;     /* the authp_process_t that has the lease; 0: none */
    _Atomic int64_t held_until;  /* when the lease lapses although the holder lives */
    _Atomic int64_t look_at;     /* when the store is asked next what is due */
    _Atomic int64_t pause_until; /* no mail is sent before, because the mail server failed */
    _Atomic int64_t send_at;     /* when the next mail may be sent */
    atomic_bool news;            /* a mail was written: a round is due before look_at */
    atomic_bool failing;         /* the mail server fails, and this was logged */
    atomic_int store_failures;   /* rounds in a row in which the store failed */
} authp_mail_desk_t;

#define AUTHP_MAIL_DESK_LEASE_MS 60000
#define AUTHP_MAIL_DESK_LOOK_MS 1000 /* how often the store is asked while nothing is due */
#define AUTHP_MAIL_DESK_PAUSE_MS 5000
#define AUTHP_MAIL_DESK_GAP_MS 50 /* between two mails: 20 in a second */

/* Tells the processes that a mail was written. The next tick of any of them begins a round. */
void authp_mail_desk_news(authp_mail_desk_t *desk);

/* Takes the lease for this process. False: no round is due, or another process has the lease. The
 * lease of a process that has ended is free at once. One thread of a process may call this. */
bool authp_mail_desk_take(authp_mail_desk_t *desk, authp_ms_t now);
/* Makes the lease last AUTHP_MAIL_DESK_LEASE_MS from now on. */
void authp_mail_desk_keep(authp_mail_desk_t *desk, authp_ms_t now);
/* Gives the lease back. The next round begins at `look_at`, or when a mail is written. */
void authp_mail_desk_give(authp_mail_desk_t *desk, authp_ms_t look_at);

/* Takes the next turn to send one mail. Returns how many milliseconds the caller must wait until
 * the turn comes. */
int authp_mail_desk_turn(authp_mail_desk_t *desk, authp_ms_t now);
/* Lets no round begin for AUTHP_MAIL_DESK_PAUSE_MS. */
void authp_mail_desk_pause(authp_mail_desk_t *desk, authp_ms_t now);
/* Notes whether the store failed in this round. Returns after how many milliseconds the store is
 * asked again: AUTHP_MAIL_DESK_LOOK_MS, doubled with each further round in a row in which the store
 * failed, up to 32 times as many. */
int authp_mail_desk_store(authp_mail_desk_t *desk, bool fails);

#endif
