/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_REFRESH_H
#define AUTHP_SERVICE_SESSION_REFRESH_H

#include "store/model.h"

/* Decides what happens with a refresh token whose tag is valid, by the table [state of the
 * row][generation of the token] -> action. It needs no store, so that tests can check every cell.
 */
typedef enum authp_refresh_state_t {
    AUTHP_REFRESH_LIVE,
    AUTHP_REFRESH_ENDED,
    AUTHP_REFRESH_IDLE,    /* expires_at has passed */
    AUTHP_REFRESH_TOO_OLD, /* absolute_expires_at has passed */
    AUTHP_REFRESH_STATES
} authp_refresh_state_t;

typedef enum authp_refresh_distance_t {
    AUTHP_REFRESH_AHEAD, /* newer than the row: a backup was restored */
    AUTHP_REFRESH_CURRENT,
    /* One behind, and the rotation was just now: several tabs, or a lost answer. */
    AUTHP_REFRESH_GRACE,
    AUTHP_REFRESH_LATE,  /* one behind, after the grace time */
    AUTHP_REFRESH_OLDER, /* two or more behind */
    AUTHP_REFRESH_DISTANCES
} authp_refresh_distance_t;

typedef enum authp_refresh_action_t {
    AUTHP_REFRESH_ADVANCE, /* make the conditional update; its outcome decides */
    AUTHP_REFRESH_REPEAT,  /* answer with the row's present generation; nothing is written */
    AUTHP_REFRESH_THEFT,   /* end the session: refresh_reused */
    AUTHP_REFRESH_REFUSE   /* refresh_invalid; the session does not end */
} authp_refresh_action_t;

authp_refresh_state_t authp_session_refresh_state(const authp_session_t *row, authp_ms_t now);
/* `grace` in milliseconds; 0 = none. */
authp_refresh_distance_t authp_session_refresh_distance(const authp_session_t *row,
                                                        int64_t generation, authp_ms_t now,
                                                        authp_ms_t grace);
authp_refresh_action_t authp_session_refresh_decide(authp_refresh_state_t state,
                                                    authp_refresh_distance_t distance);

#endif
