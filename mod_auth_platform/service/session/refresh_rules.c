/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/refresh_rules.h"

typedef enum state_t {
    STATE_LIVE,
    STATE_ENDED,
    STATE_IDLE,    /* expires_at has passed */
    STATE_TOO_OLD, /* absolute_expires_at has passed */
    STATES
} state_t;

typedef enum distance_t {
    DISTANCE_AHEAD, /* newer than the row: a backup was restored */
    DISTANCE_CURRENT,
    DISTANCE_GRACE, /* one behind, and the rotation was just now */
    DISTANCE_LATE,  /* one behind, after the grace time */
    DISTANCE_OLDER, /* two or more behind */
    DISTANCES
} distance_t;

/* A session that has ended or expired refuses every token. There is nothing to steal or to end. */
static const authp_refresh_action_t actions[STATES][DISTANCES] = {
    [STATE_LIVE] = {[DISTANCE_AHEAD] = AUTHP_REFRESH_REFUSE,
                    [DISTANCE_CURRENT] = AUTHP_REFRESH_ADVANCE,
                    [DISTANCE_GRACE] = AUTHP_REFRESH_REPEAT,
                    [DISTANCE_LATE] = AUTHP_REFRESH_THEFT,
                    [DISTANCE_OLDER] = AUTHP_REFRESH_THEFT},
    [STATE_ENDED] = {AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE,
                     AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE},
    [STATE_IDLE] = {AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE,
                    AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE},
    [STATE_TOO_OLD] = {AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE,
                       AUTHP_REFRESH_REFUSE, AUTHP_REFRESH_REFUSE},
};

static state_t state_of(const authp_session_t *row, authp_ms_t now)
{
    if (row->ended_at != 0) {
        return STATE_ENDED;
    }
    if (row->absolute_expires_at <= now) {
        return STATE_TOO_OLD;
    }
    return row->expires_at <= now ? STATE_IDLE : STATE_LIVE;
}

static distance_t distance_of(const authp_session_t *row, int64_t generation, authp_ms_t now,
                              int grace)
{
    if (generation >= row->generation) {
        return generation == row->generation ? DISTANCE_CURRENT : DISTANCE_AHEAD;
    }
    if (generation != row->generation - 1) {
        return DISTANCE_OLDER;
    }
    /* rotated_at is in the future if another host, whose clock is ahead, has rotated. */
    bool recent = grace > 0 && now - row->rotated_at <= (authp_ms_t)grace * 1000;
    return recent ? DISTANCE_GRACE : DISTANCE_LATE;
}

authp_refresh_action_t authp_refresh_rules_decide(const authp_session_t *row, int64_t generation,
                                                  authp_ms_t now, int grace)
{
    return actions[state_of(row, now)][distance_of(row, generation, now, grace)];
}
