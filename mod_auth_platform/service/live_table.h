/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_H
#define AUTHP_SERVICE_LIVE_TABLE_H

#include "base/err.h"
#include "base/id.h"
#include "service/roles.h"

/* The shared part of live authorization: the sessions that ended and the accounts that changed
 * within the life of a token. It is in memory that all children of this httpd use, also old ones
 * during a graceful restart. Readers take no lock. Writers take a lock that becomes free if its
 * holder dies. */
typedef struct authp_live_shared_t authp_live_shared_t; /* the shared memory */
typedef struct authp_live_table_t authp_live_table_t;   /* one generation's view of it */

#define AUTHP_LIVE_ENTRIES 65536
#define AUTHP_LIVE_STORE_ID_LEN 32

/* Makes an empty table with room for about `entries` entries. It belongs to no store yet. */
AUTHP_CHECKED authp_err_t authp_live_table_make(int entries, authp_live_shared_t **out);

/* The settings of one generation of the server. They are given before its children are forked. */
typedef struct authp_live_terms_t {
    unsigned char store_id[AUTHP_LIVE_STORE_ID_LEN]; /* a table of another store is emptied */
    const apr_array_header_t *roles;                 /* const char *: ROLES */
    int64_t token_ms;                                /* how long an access token lives */
    /* If the latest poll is older, the table's answers do not count. */
    int64_t max_lag_ms;
} authp_live_terms_t;

AUTHP_CHECKED authp_err_t authp_live_table_open(authp_live_shared_t *shared,
                                                const authp_live_terms_t *terms,
                                                authp_live_table_t **out, apr_pool_t *pool);

/* --- asking ----------------------------------------------------------------------------------- */

typedef struct authp_live_query_t {
    const char *user_id;
    const char *session_id;
    int64_t ver; /* ver of the token */
    int64_t iat; /* iat of the token, in seconds */
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
authp_live_verdict_t authp_live_table_ask(const authp_live_table_t *table,
                                          const authp_live_query_t *query, authp_ms_t now,
                                          authp_live_facts_t *facts, bool *newer);

/* A number that changes whenever the table is emptied. Answers cached under another era must be
 * dropped. */
uint64_t authp_live_table_era(const authp_live_table_t *table);

/* --- telling ---------------------------------------------------------------------------------- */

typedef struct authp_live_user_t {
    const char *id;
    int64_t ver;
    int64_t min_ver;
    authp_roles_t roles; /* effective */
    bool email_verified;
} authp_live_user_t;

/* Both functions put a change into the table. `at` is its time in the store's time. Of two changes
 * of one account the one with the higher ver counts. If a change cannot be stored, the table turns
 * cold, so that no change is missed. */
void authp_live_table_put_user(authp_live_table_t *table, const authp_live_user_t *user,
                               authp_ms_t at);
void authp_live_table_put_session(authp_live_table_t *table, const char *session_id, authp_ms_t at);

/* --- the poll (live_poll.c) ------------------------------------------------------------------- */

typedef struct authp_live_round_t {
    uint64_t state; /* state of the table when the round began */
    bool cold;      /* everything since `from` has to be read */
    int64_t began;  /* monotonic ms */
    authp_ms_t from;
    authp_ms_t users_since;
    authp_ms_t sessions_since;
    authp_ms_t users_newest; /* this and the next: latest times that were read */
    authp_ms_t sessions_newest;
} authp_live_round_t;

/* Begins a round. False if another child is in a round, or began one less than 0.9 s ago. */
bool authp_live_table_begin(authp_live_table_t *table, authp_live_round_t *round);
/* Sets the times to read from. `now` is in the store's time. */
void authp_live_round_set(const authp_live_table_t *table, authp_live_round_t *round,
                          authp_ms_t now);
/* Shows that the round is at work. After 2.5 s without this call another child may begin a round.
 */
void authp_live_table_beat(authp_live_table_t *table);
/* Ends a round. `complete` means that every change was put. Then the table is warm, and its age
 * counts from the beginning of the round. */
void authp_live_table_end(authp_live_table_t *table, const authp_live_round_t *round,
                          bool complete);

/* The offset of the store's clock. The polling child measures it for all processes, which need it
 * for the times of their changes. */
void authp_live_table_set_clock(authp_live_table_t *table, int64_t offset_ms);
bool authp_live_table_clock(const authp_live_table_t *table, int64_t *offset_ms);

/* --- looking at it ---------------------------------------------------------------------------- */

typedef struct authp_live_status_t {
    bool warm;        /* complete, and not older than max_lag_ms */
    int64_t age_ms;   /* age of the latest round; -1 = there was none */
    int64_t worst_ms; /* greatest age so far, without rounds that began cold */
    int64_t dropped;  /* changes that found no room; the store is asked about them */
} authp_live_status_t;

void authp_live_table_status(const authp_live_table_t *table, authp_live_status_t *out);

#endif
