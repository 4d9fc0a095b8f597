/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_REFRESH_H
#define AUTHP_SERVICE_SESSION_REFRESH_H

#include "store/model.h"

/* What becomes of a refresh token that is ours, decided without a store: [state of the row][where
 * the token's generation stands] -> action. Apart, so that every cell is tested. */
typedef enum authp_refresh_state_t {
    AUTHP_REFRESH_LIVE,
    AUTHP_REFRESH_ENDED,
    AUTHP_REFRESH_IDLE,    /* expires_at has passed */
    AUTHP_REFRESH_TOO_OLD, /* absolute_expires_at has passed */
    AUTHP_REFRESH_STATES
} authp_refresh_state_t;

typedef enum authp_refresh_distance_t {
    AUTHP_REFRESH_AHEAD, /* of the row: a restored backup */
    AUTHP_REFRESH_CURRENT,
    AUTHP_REFRESH_GRACE, /* one behind, the rotation was just now: several tabs, a lost answer */
    AUTHP_REFRESH_LATE,  /* one behind, past the grace window */
    AUTHP_REFRESH_OLDER, /* two or more behind */
    AUTHP_REFRESH_DISTANCES
} authp_refresh_distance_t;

typedef enum authp_refresh_action_t {
    AUTHP_REFRESH_ADVANCE, /* the one conditional update, then its outcome */
    AUTHP_REFRESH_REPEAT,  /* the row's present generation again, nothing is written */
    AUTHP_REFRESH_THEFT,   /* end the session */
    AUTHP_REFRESH_REFUSE   /* refresh_invalid; ends nothing */
} authp_refresh_action_t;

authp_refresh_state_t authp_session_refresh_state(const authp_session_t *row, authp_ms_t now);
/* `grace` in milliseconds; 0 = none. */
authp_refresh_distance_t authp_session_refresh_distance(const authp_session_t *row,
                                                        int64_t generation, authp_ms_t now,
                                                        authp_ms_t grace);
authp_refresh_action_t authp_session_refresh_decide(authp_refresh_state_t state,
                                                    authp_refresh_distance_t distance);

#endif
