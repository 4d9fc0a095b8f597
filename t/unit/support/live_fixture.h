/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_LIVE_FIXTURE_H
#define AUTHP_TEST_LIVE_FIXTURE_H

#include "fixture.h"
#include "service/live/live.h"

/* The realm of fixture.h with a live table, a signed-in recruiter, and her token. */
typedef struct live_fixture_t {
    fixture_t f;
    authp_live_shared_t *shared;
    authp_live_table_t *table;
    authp_user_t *user;
    authp_grant_t grant;
    authp_principal_t who; /* the principal of that token, as it was issued */
} live_fixture_t;

void live_fixture_open(live_fixture_t *live);
void live_fixture_close(live_fixture_t *live);
/* Runs a whole round of the poll, even if the latest one was a moment ago. */
void live_fixture_poll(live_fixture_t *live);
authp_principal_t live_fixture_principal(live_fixture_t *live, const authp_grant_t *grant);

#endif
