/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_LIVE_ROUND_H
#define AUTHP_SERVICE_LIVE_TABLE_LIVE_ROUND_H

#include "service/live_table/live_table.h"

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
bool authp_live_round_begin(authp_live_table_t *table, authp_live_round_t *round);
/* Sets the times to read from. `now` is in the store's time. */
void authp_live_round_set(const authp_live_table_t *table, authp_live_round_t *round,
                          authp_ms_t now);
/* Shows that the round is at work. After 2.5 s without this call another child may begin a round.
 */
void authp_live_round_beat(authp_live_table_t *table);
/* Ends a round. `complete` means that every change was put. Then the table is warm, and its age
 * counts from the beginning of the round. */
void authp_live_round_end(authp_live_table_t *table, const authp_live_round_t *round,
                          bool complete);

#endif
