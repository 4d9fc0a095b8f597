/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_LIVE_ASK_H
#define AUTHP_SERVICE_LIVE_TABLE_LIVE_ASK_H

#include "service/live_table/live_table.h"

typedef struct authp_live_query_t {
    const char *user_id;
    const char *session_id;
    /* ver of the account when the token was issued, or when the store was asked about it later. */
    int64_t ver;
    int64_t known_at; /* when that was, in seconds of this host's time */
} authp_live_query_t;

typedef enum authp_live_verdict_t {
    /* The session has ended, or ver is below min_ver; this is certain whatever the age of the poll.
     */
    AUTHP_LIVE_DEAD,
    AUTHP_LIVE_GOOD,    /* nothing has changed since the token was issued */
    AUTHP_LIVE_CHANGED, /* the facts replace those of the token */
    AUTHP_LIVE_UNKNOWN  /* not in the table: it is cold, stale or full, or the token is too old */
} authp_live_verdict_t;

typedef struct authp_live_facts_t {
    int64_t ver;
    authp_roles_t roles; /* effective */
    bool email_verified;
} authp_live_facts_t;

/* Asks the table about a token. `now` is this host's time. *facts is set for AUTHP_LIVE_CHANGED,
 * and for AUTHP_LIVE_UNKNOWN if *newer is true. */
authp_live_verdict_t authp_live_ask(const authp_live_table_t *table,
                                    const authp_live_query_t *query, authp_ms_t now,
                                    authp_live_facts_t *facts, bool *newer);

#endif
