/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_REFRESH_RULES_H
#define AUTHP_SERVICE_SESSION_REFRESH_RULES_H

#include "store/model.h"

/* What happens with a refresh token whose tag is valid. */
typedef enum authp_refresh_action_t {
    /* The token has the row's generation: make the conditional update. */
    AUTHP_REFRESH_ADVANCE,
    /* One generation behind, and the rotation was just now (several tabs, or a lost answer): answer
     * with the row's present generation. Nothing is written. */
    AUTHP_REFRESH_REPEAT,
    /* An older token, or one behind after the grace time: end the session, refresh_reused. */
    AUTHP_REFRESH_THEFT,
    /* The session has ended or expired, or the token is newer than the row (a backup was restored):
     * refresh_invalid. The session does not end. */
    AUTHP_REFRESH_REFUSE
} authp_refresh_action_t;

/* Decides by the table [state of the session `row` at `now`][distance of the token's `generation`]
 * -> action. `now` is the store's time. `grace` is the grace time after a rotation, in seconds;
 * 0 = none. Needs no store, so that tests can check every cell. */
authp_refresh_action_t authp_refresh_rules_decide(const authp_session_t *row, int64_t generation,
                                                  authp_ms_t now, int grace);

#endif
