/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_H
#define AUTHP_SERVICE_LIVE_TABLE_H

#include "base/err.h"
#include "base/id.h"
#include "service/roles.h"

/* The shared part of live authorization (architecture.md): which sessions ended and which accounts
 * changed within the life of a token, in memory that all children of this httpd see, old ones of a
 * graceful restart included. Readers take no lock; writers take one that survives its holder. */
typedef struct authp_live_shared_t authp_live_shared_t; /* the memory */
typedef struct authp_live_table_t authp_live_table_t;   /* one generation's view of it */

#define AUTHP_LIVE_ENTRIES 65536
#define AUTHP_LIVE_STORE_ID_LEN 32

/* Room for about `entries` at a time. Empty, of no store. */
AUTHP_CHECKED authp_err_t authp_live_table_make(int entries, authp_live_shared_t **out);

/* What a generation of the server, before its children are forked, says about itself. */
typedef struct authp_live_terms_t {
    unsigned char store_id[AUTHP_LIVE_STORE_ID_LEN]; /* another store empties the table */
    const apr_array_header_t *roles;                 /* const char *: ROLES */
    int64_t token_ms;                                /* how long an access token lives */
    int64_t max_lag_ms;                              /* news older than this are as good as none */
} authp_live_terms_t;

AUTHP_CHECKED authp_err_t authp_live_table_open(authp_live_shared_t *shared,
                                                const authp_live_terms_t *terms,
                                                authp_live_table_t **out, apr_pool_t *pool);

/* --- asking -------------------------------------------------------------------------------------
 */

typedef struct authp_live_query_t {
    const char *user_id;
    const char *session_id;
    int64_t ver; /* the token's */
    int64_t iat; /* seconds */
} authp_live_query_t;

typedef enum authp_live_verdict_t {
    AUTHP_LIVE_DEAD, /* ended, or older than the account's min_ver: certain, however old the news */
    AUTHP_LIVE_GOOD, /* nothing happened since it was issued */
    AUTHP_LIVE_CHANGED, /* facts count instead of the token's */
    AUTHP_LIVE_UNKNOWN /* the table cannot say: cold, stale, full, or the token is too old for it */
} authp_live_verdict_t;

typedef struct authp_live_facts_t {
    int64_t ver;
    authp_roles_t roles; /* effective */
    bool email_verified;
} authp_live_facts_t;

/* `now` is wall time. *facts is set for CHANGED, and for UNKNOWN if *newer says so. */
authp_live_verdict_t authp_live_table_ask(const authp_live_table_t *table,
                                          const authp_live_query_t *query, authp_ms_t now,
                                          authp_live_facts_t *facts, bool *newer);

/* Another number once the table was emptied: what was found out before says nothing any more about
 * changes that the table has forgotten. */
uint64_t authp_live_table_era(const authp_live_table_t *table);

/* --- telling ------------------------------------------------------------------------------------
 */

typedef struct authp_live_user_t {
    const char *id;
    int64_t ver;
    int64_t min_ver;
    authp_roles_t roles; /* effective */
    bool email_verified;
} authp_live_user_t;

/* `at` is the store's time of the change. Of two changes of one account the higher ver counts. If a
 * change cannot be stored, the table turns cold, so that no change is missed. */
void authp_live_table_put_user(authp_live_table_t *table, const authp_live_user_t *user,
                               authp_ms_t at);
void authp_live_table_put_session(authp_live_table_t *table, const char *session_id, authp_ms_t at);

/* --- the poll (live_poll.c) ----------------------------------------------------------------------
 */

typedef struct authp_live_round_t {
    uint64_t state; /* of the table when the round began */
    bool cold;      /* everything from `from` on has to be read */
    int64_t began;  /* monotonic ms */
    authp_ms_t from;
    authp_ms_t users_since;
    authp_ms_t sessions_since;
    authp_ms_t users_newest; /* stamps seen */
    authp_ms_t sessions_newest;
} authp_live_round_t;

/* False if another child is at it or was a moment ago. */
bool authp_live_table_begin(authp_live_table_t *table, authp_live_round_t *round);
/* From where to read: `now` is the store's time. */
void authp_live_round_set(const authp_live_table_t *table, authp_live_round_t *round,
                          authp_ms_t now);
/* Still there: a round that has not been heard of for some time is taken over. */
void authp_live_table_beat(authp_live_table_t *table);
/* `complete`: all of it has been put: the table is warm, its news as old as the round's beginning.
 */
void authp_live_table_end(authp_live_table_t *table, const authp_live_round_t *round,
                          bool complete);

/* Each process stamps changes in the store's time; whoever polls has measured it for all. */
void authp_live_table_set_clock(authp_live_table_t *table, int64_t offset_ms);
bool authp_live_table_clock(const authp_live_table_t *table, int64_t *offset_ms);

/* --- looking at it
 * -------------------------------------------------------------------------------- */

typedef struct authp_live_status_t {
    bool warm;        /* complete, and young enough */
    int64_t age_ms;   /* of the news; -1 = there never were any */
    int64_t worst_ms; /* the oldest they got since the table was last warm, between two rounds */
    int64_t dropped;  /* changes that found no room: those keys ask the store */
} authp_live_status_t;

void authp_live_table_status(const authp_live_table_t *table, authp_live_status_t *out);

#endif
