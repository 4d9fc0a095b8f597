/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_LIVE_TABLE_LIVE_TELL_H
#define AUTHP_SERVICE_LIVE_TABLE_LIVE_TELL_H

#include "service/live_table/live_table.h"

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
void authp_live_tell_user(authp_live_table_t *table, const authp_live_user_t *user, authp_ms_t at);
void authp_live_tell_session(authp_live_table_t *table, const char *session_id, authp_ms_t at);

#endif
